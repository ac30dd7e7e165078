"""FEEL text to tokens.

What a context-free grammar cannot decide is decided here:

* names may hold spaces. Words that stand side by side are one name, because nothing else in
  FEEL lets two names touch (``monthly income * 12``). A name with an operator or a keyword in
  it (``date and time``, ``Pre-bankruptcy risk``) is recognised when it is declared: the longest
  declared name wins. Built-ins, keys of contexts in the text, and the caller's names count.
* ``[`` opens a list where an operand is expected, filters after one, and ends an open range
  (``]1..5[``); ``]`` closes, or starts an open range.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from lark import Token
from lark.common import LexerConf
from lark.lexer import Lexer

from feel.errors import FeelSyntaxError

MAX_SOURCE = 4_000  # characters
MAX_NESTING = 64  # open brackets

START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
PART = START + "0-9\u00b7\u0300-\u036f\u203f-\u2040'\u2019"
SPACE = "\\s\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"

KEYWORDS = {
    "if": "IF",
    "then": "THEN",
    "else": "ELSE",
    "for": "FOR",
    "return": "RETURN",
    "some": "SOME",
    "every": "EVERY",
    "satisfies": "SATISFIES",
    "in": "IN",
    "between": "BETWEEN",
    "and": "AND",
    "or": "OR",
    "function": "FUNCTION",
    "external": "EXTERNAL",
    "true": "TRUE",
    "false": "FALSE",
    "null": "NULL",
}
SYMBOLS = {
    "..": "DOTS",
    "**": "POWER",
    "->": "ARROW",
    "<=": "COMPARE",
    ">=": "COMPARE",
    "!=": "COMPARE",
    "=": "COMPARE",
    "<": "LESS",
    ">": "MORE",
    "+": "PLUS",
    "-": "MINUS",
    "*": "TIMES",
    "/": "DIVIDE",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "COMMA",
    ":": "COLON",
    ".": "DOT",
}
# after these an operand stands complete; after anything else one is expected
OPERAND_ENDS = frozenset("NAME STRING AT NUMBER TRUE FALSE NULL RPAR RSQB RBRACE OPEN_END".split())
NOT_MERGED = frozenset(KEYWORDS)
BUILT_IN_NAMES = ("date and time", "years and months duration", "days and time duration")

TOKEN = re.compile(
    rf"""(?P<space>[{SPACE}]+|//[^\n]*|/\*.*?\*/)
    |(?P<AT>@\s*"(?:[^"\\]|\\.)*")
    |(?P<STRING>"(?:[^"\\]|\\.)*")
    |(?P<symbol>\.\.|\*\*|->|<=|>=|!=)
    |(?P<NUMBER>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<INSTANCE_OF>instance[{SPACE}]+of(?![{PART}]))
    |(?P<word>[?{START}][?{PART}]*)
    |(?P<single>[-+*/=<>()\[\]{{}},:.])""",
    re.VERBOSE | re.DOTALL,
)
KEY = re.compile(r'[^:"{}\[\](),]+(?=:)')
MERGED = re.compile(rf"[{SPACE}]+([{START}][{PART}]*)")
BLANKS = re.compile(rf"[{SPACE}]+")
# what may follow a range that an opening bracket ends: nothing that could be an index
AFTER_RANGE = re.compile(
    rf"[{SPACE}]*(?:$|[)\]}},=<>!+*/.]|(?:and|or|then|else|return|satisfies|in)(?![{PART}]))"
)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


class TokenStream(Lexer):
    """Hands lark the tokens that `tokenize` made."""

    def __init__(self, lexer_conf: LexerConf):
        pass

    def lex(self, data: list[Token]) -> Iterator[Token]:  # type: ignore[override]
        # lark's own lexers take two arguments; one that takes the data alone is wrapped by lark
        return iter(data)


def normal_name(name: str) -> str:
    """Return the name with every run of white space as one space."""
    return BLANKS.sub(" ", name).strip()


def is_plain(name: str) -> bool:
    """Say whether a name is recognised without having been declared."""
    words = name.split(" ")
    return all(_is_word(word) and word not in NOT_MERGED for word in words)


@lru_cache(maxsize=4096)
def _is_word(word: str) -> bool:
    return re.fullmatch(rf"[?{START}][?{PART}]*", word) is not None


@lru_cache(maxsize=4096)
def _declared_pattern(name: str) -> re.Pattern[str]:
    blank = f"[{SPACE}]+"
    body = blank.join(re.escape(word) for word in name.split(" "))
    return re.compile(rf"{body}(?![{PART}])")


def unescape(body: str, where: "Source", position: int) -> str:
    """Return the characters that the inside of a string literal stands for."""
    if "\\" not in body:
        return body

    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code is None:
            if match[3] in "uU":
                raise where.error("An escape \\u needs four hexadecimal digits", position)
            # an escape that FEEL does not know stays as it is, as in a pattern: "\\d+"
            return ESCAPES.get(match[3], match[0])
        if int(code, 16) > 0x10FFFF:
            raise where.error("This escape is beyond the last character of Unicode", position)
        return chr(int(code, 16))

    text = ESCAPE.sub(character, body)
    # two escapes may be the halves of one character
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Source:
    """The text, and how a position in it is said to people."""

    def __init__(self, text: str):
        self.text = text

    def error(self, message: str, position: int) -> FeelSyntaxError:
        before = self.text[:position]
        line = before.count("\n") + 1
        return FeelSyntaxError(message, line, position - (before.rfind("\n") + 1) + 1)


def tokenize(text: str, names: Iterable[str] = ()) -> list[Token]:
    """Split ``text`` into tokens; ``names`` are declared names that hold operators or keywords."""
    if len(text) > MAX_SOURCE:
        raise FeelSyntaxError(f"An expression has at most {MAX_SOURCE:,} characters")
    return _Tokenizer(text, names).run()


class _Tokenizer:
    def __init__(self, text: str, names: Iterable[str]):
        self.source = Source(text)
        self.text = text
        self.position = 0
        self.tokens: list[Token] = []
        self.brackets: list[list] = []  # [symbol, position, whether ".." was seen in it]
        self.declared: dict[str, list[str]] = {}
        for name in (*BUILT_IN_NAMES, *names):
            self.declare(normal_name(name))

    def declare(self, name: str) -> None:
        if name and not is_plain(name):
            known = self.declared.setdefault(name[0], [])
            if name not in known:
                known.append(name)
                known.sort(key=len, reverse=True)

    def run(self) -> list[Token]:
        text, match_at = self.text, TOKEN.match
        while self.position < len(text):
            if self.key_expected() and self.read_key():
                continue
            if text[self.position] in self.declared and self.read_declared():
                continue
            match = match_at(text, self.position)
            if match is None:
                raise self.source.error(self.unreadable(), self.position)
            kind = match.lastgroup
            if kind != "space":
                self.take(kind or "", match)
            else:
                self.position = match.end()
        if self.brackets:
            symbol, position, _ = self.brackets[-1]
            raise self.source.error(f"'{symbol}' is never closed", position)
        return self.tokens

    def unreadable(self) -> str:
        character = self.text[self.position]
        if character == '"':
            return "The text that begins here has no closing quotation mark"
        return f"'{character}' has no meaning here"

    def add(self, kind: str, value: str, end: int) -> None:
        self.tokens.append(Token(kind, value, self.position))
        self.position = end

    def last(self) -> str:
        return self.tokens[-1].type if self.tokens else ""

    def take(self, kind: str, match: re.Match[str]) -> None:
        value, end = match[0], match.end()
        if kind == "word":
            self.take_word(value, end)
        elif kind == "symbol" or kind == "single":
            self.take_symbol(value, end)
        elif kind == "STRING":
            self.add(kind, unescape(value[1:-1], self.source, self.position), end)
        elif kind == "AT":
            inside = value[value.index('"') + 1 : -1]
            self.add(kind, unescape(inside, self.source, self.position), end)
        else:
            self.add(kind, value, end)

    def take_word(self, word: str, end: int) -> None:
        keyword = None if self.last() == "DOT" else KEYWORDS.get(word)
        if keyword is not None:
            self.add(keyword, word, end)
            return
        words = [word]
        while match := MERGED.match(self.text, end):
            if match[1] in NOT_MERGED or TOKEN.match(self.text, match.start(1))[0] != match[1]:  # type: ignore[index]
                break
            if self.starts_declared(match.start(1)):
                break
            words.append(match[1])
            end = match.end()
        self.add("NAME", " ".join(words), end)

    def starts_declared(self, position: int) -> str | None:
        for name in self.declared.get(self.text[position], ()):
            if _declared_pattern(name).match(self.text, position):
                return name
        return None

    def read_declared(self) -> bool:
        if self.position and _is_word("a" + self.text[self.position - 1]):
            return False  # in the middle of a word
        name = self.starts_declared(self.position)
        if name is None:
            return False
        match = _declared_pattern(name).match(self.text, self.position)
        assert match is not None
        self.add("NAME", name, match.end())
        return True

    # -- keys of contexts ---------------------------------------------------------------------

    def key_expected(self) -> bool:
        return bool(self.brackets) and self.brackets[-1][0] == "{" and self.key_follows()

    def key_follows(self) -> bool:
        return self.tokens[-1].type in ("LBRACE", "COMMA")

    def read_key(self) -> bool:
        """Read the key of an entry, a name or a text, and declare it for what follows."""
        match = TOKEN.match(self.text, self.position)
        if match is None or match.lastgroup == "space" or match[0] == "}":
            return False
        if match.lastgroup == "STRING":
            name = unescape(match[0][1:-1], self.source, self.position)
        else:
            match = KEY.match(self.text, self.position)
            if match is None:
                return False
            name = normal_name(match[0])
        self.declare(name)
        self.add("KEY", name, match.end())
        return True

    # -- brackets -----------------------------------------------------------------------------

    def take_symbol(self, symbol: str, end: int) -> None:
        kind = SYMBOLS[symbol]
        if symbol in "([{":
            if symbol == "[" and self.ends_open_range(end):
                kind = "OPEN_END"
                self.brackets.pop()
            else:
                self.open(symbol)
        elif symbol == "]" and self.starts_open_range():
            kind = "OPEN_START"
            self.open(symbol)
        elif symbol in ")]}":
            self.close(symbol)
        elif symbol == ".." and self.brackets:
            self.brackets[-1][2] = True
        self.add(kind, symbol, end)

    def open(self, symbol: str) -> None:
        if len(self.brackets) >= MAX_NESTING:
            raise self.source.error("This is nested too deeply", self.position)
        self.brackets.append([symbol, self.position, False])

    def close(self, symbol: str) -> None:
        if not self.brackets:
            raise self.source.error(f"'{symbol}' closes nothing", self.position)
        opened, _, is_range = self.brackets.pop()
        fits = {"(": ")", "[": "]", "{": "}", "]": "]"}[opened] == symbol
        if not fits and not (is_range and opened != "{" and symbol != "}"):
            raise self.source.error(f"'{symbol}' does not close '{opened}'", self.position)

    def starts_open_range(self) -> bool:
        # behind "[" it closes an empty list, behind ">" a type has ended: list<number>
        return self.last() not in OPERAND_ENDS and self.last() not in ("LSQB", "MORE")

    def ends_open_range(self, end: int) -> bool:
        return (
            bool(self.brackets)
            and bool(self.brackets[-1][2])
            and self.last() in OPERAND_ENDS
            and AFTER_RANGE.match(self.text, end) is not None
        )
