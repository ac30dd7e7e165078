"""The words between questions: headings, paragraphs, lists, bold and links. No HTML, no templates.

form-js writes its `text` components in Markdown. What is not in the list above stays as typed;
what could run, fetch or leak (tags, templates, links to other places) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

# Where the text of a form may lead staff: guidance that is the public's, over HTTPS.
ALLOWED_HOSTS = frozenset(
    {
        "www.gov.uk",
        "assets.publishing.service.gov.uk",
        "www.legislation.gov.uk",
        "www.nhs.uk",
        "www.cps.gov.uk",
        "www.college.police.uk",
        "safelives.org.uk",
        "ico.org.uk",
    }
)

_HEADING = re.compile(r"(#{1,4})\s+(.+)")
_BULLET = re.compile(r"[-*]\s+(.+)")
_NUMBERED = re.compile(r"\d{1,3}[.)]\s+(.+)")
_INLINE = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|\[(?P<words>[^\]\[]+)\]\((?P<href>[^()\s]+)\)")
_TAG = re.compile(r"<[a-zA-Z/!?]")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text, perhaps bold, perhaps a link."""

    text: str
    bold: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (``level`` 1 to 4), paragraph, bullet list or numbered list of ``lines``."""

    kind: str  # "heading", "paragraph", "bullets" or "numbered"
    lines: tuple[tuple[Span, ...], ...]
    level: int = 0


def blocks(text: str) -> tuple[Block, ...]:
    """Return ``text`` as blocks, in order."""
    found: list[Block] = []
    for line in text.splitlines():
        line = line.strip()
        kind, level, words = _line_kind(line)
        spans = tuple(_spans(words))
        if not line:
            found.append(Block("gap", ()))
        elif kind != "heading" and found and found[-1].kind == kind:
            found[-1] = _joined(found[-1], spans)
        else:
            found.append(Block(kind, (spans,), level))
    return tuple(block for block in found if block.kind != "gap")


def faults(text: str) -> list[str]:
    """Return why ``text`` is refused; empty when it is not."""
    wrong = plain_faults(text)
    for match in _INLINE.finditer(text):
        href = match["href"]
        if href and not _is_allowed(href):
            wrong.append(
                f"links to {href}. Links may lead to a page of this product (/...) or over https "
                "to " + ", ".join(sorted(ALLOWED_HOSTS))
            )
    return wrong


def plain_faults(text: str) -> list[str]:
    """Return what makes words active: expressions, templates, tags, invisible characters."""
    wrong = []
    if text.lstrip().startswith("="):
        wrong.append("begins with =, which is an expression. Write plain words")
    if "{{" in text or "}}" in text:
        wrong.append("holds a template {{ }}. Write plain words")
    if _TAG.search(text):
        wrong.append("holds an HTML tag. Use plain words, # headings, - lists and **bold**")
    if any(_is_invisible(character) for character in text):
        wrong.append("holds invisible control characters. Type it again")
    return wrong


def _line_kind(line: str) -> tuple[str, int, str]:
    if match := _HEADING.fullmatch(line):
        return "heading", len(match[1]), match[2]
    if match := _BULLET.fullmatch(line):
        return "bullets", 0, match[1]
    if match := _NUMBERED.fullmatch(line):
        return "numbered", 0, match[1]
    return "paragraph", 0, line


def _joined(block: Block, spans: tuple[Span, ...]) -> Block:
    if block.kind == "paragraph":
        return Block(block.kind, ((*block.lines[0], Span(" "), *spans),))
    return Block(block.kind, (*block.lines, spans))


def _spans(text: str) -> Iterator[Span]:
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            yield Span(text[end : match.start()])
        if match["bold"]:
            yield Span(match["bold"], bold=True)
        else:
            yield Span(match["words"], href=match["href"] if _is_allowed(match["href"]) else "")
        end = match.end()
    if end < len(text):
        yield Span(text[end:])


def _is_allowed(href: str) -> bool:
    if href.startswith("/"):
        return not href.startswith(("//", "/\\"))
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.netloc in ALLOWED_HOSTS


def _is_invisible(character: str) -> bool:
    """Controls, zero-width and bidirectional marks: what can make words look like others."""
    point = ord(character)
    return (
        (point < 32 and character not in "\n\t\r")
        or 0x7F <= point <= 0x9F
        or 0x200B <= point <= 0x200F
        or 0x202A <= point <= 0x202E
        or 0x2060 <= point <= 0x2069
        or point == 0xFEFF
        or 0xD800 <= point <= 0xDFFF
    )
