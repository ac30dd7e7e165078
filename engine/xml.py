"""Reading XML that strangers wrote: BPMN and DMN files of a release.

Parsed once, here and nowhere else. A file with a document type is refused before a parser sees
it, because a document type can fetch, expand and include; sizes are bounded before and after.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, Severity

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
DMN_PREFIXES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 100
MAX_ELEMENTS = 50_000
MAX_NAME = 500  # characters of an id or a name; a longer one is a text in the wrong place

# Encodings whose decoding can only give characters; UTF-7 and the like can hide markup.
ENCODINGS = {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "cp1252", "ascii"}
DECLARED = re.compile(rb"^<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)


class XmlRefused(ValueError):
    """The file is not read at all; ``finding`` says why."""

    def __init__(self, finding: Finding):
        super().__init__(finding.message)
        self.finding = finding


def refuse(file: str, rule: str, message: str, remedy: str, line: int | None = None) -> XmlRefused:
    return XmlRefused(Finding(rule, Severity.CANNOT_EXECUTE, message, remedy, file, None, line))


def parse(content: bytes, file: str) -> etree._Element:
    """Return the root element of ``content``; raises `XmlRefused`."""
    if len(content) > MAX_BYTES:
        raise refuse(
            file,
            "file_too_large",
            f"The file '{file}' has {len(content):,} bytes; a file may have {MAX_BYTES:,}.",
            "Move a part of it into a file of its own.",
        )
    text = decode(content, file)
    refuse_document_type(text, file)
    parser = etree.XMLParser(
        encoding="utf-8",  # the text was decoded above, whatever its declaration says
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise refuse(
            file,
            "not_xml",
            f"The file '{file}' is not well-formed XML: {error.msg}.",
            "Export the diagram again from the tool that made it.",
            error.lineno or None,
        ) from error
    refuse_excess(root, file)
    return root


def decode(content: bytes, file: str) -> str:
    """Return the characters of an XML file, by its byte order mark, else by its declaration."""
    encoding = "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif declared := DECLARED.match(content):
        encoding = declared.group(1).decode("ascii")
    try:
        if codecs.lookup(encoding).name not in ENCODINGS:
            raise LookupError(encoding)
        return content.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise refuse(
            file,
            "encoding",
            f"The file '{file}' cannot be read as text in the encoding '{encoding}'.",
            "Save it as UTF-8.",
        ) from error


def refuse_document_type(text: str, file: str) -> None:
    """A document type can stand only before the root element, after blanks and comments."""
    at = 0
    while skipped := PROLOG.match(text, at):
        at = skipped.end()
    if text.startswith("<!", at):
        raise refuse(
            file,
            "document_type",
            f"The file '{file}' declares a document type (<!DOCTYPE ...>), which is never read.",
            "Remove the declaration; BPMN and DMN files do not need one.",
            text.count("\n", 0, at) + 1,
        )


def refuse_excess(root: etree._Element, file: str) -> None:
    """Bound the number of elements and their depth."""
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_ELEMENTS:,} elements"
            raise refuse(
                file,
                "file_too_complex",
                f"The file '{file}' has more than {limit}.",
                "Move a part of the process into a called process in a file of its own.",
                line(element),
            )


# -- elements ---------------------------------------------------------------------------------


def local(element: etree._Element) -> str:
    """Return the tag without its namespace; empty for comments and entities."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: etree._Element) -> str:
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def is_bpmn(element: etree._Element, *names: str) -> bool:
    """Say whether the element is one of BPMN's, and one of ``names`` if any are given."""
    return namespace(element) == BPMN and (not names or local(element) in names)


def line(element: etree._Element) -> int | None:
    at = element.sourceline
    return at if isinstance(at, int) else None


def bpmn_children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    return (child for child in element if is_bpmn(child, *names))


def bpmn_descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    tags = [f"{{{BPMN}}}{name}" for name in names] or [f"{{{BPMN}}}*"]
    return element.iter(*tags)


def child_text(element: etree._Element, name: str) -> str | None:
    """Return the text of the first child of that name, stripped; None without one."""
    child = next(bpmn_children(element, name), None)
    return None if child is None else text_of(child)


def text_of(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def label(element: etree._Element) -> str:
    """Name an element as its author knows it: 'Call back the client' (task_call_back)."""
    return label_of(element, element.get("id"))


def label_of(element: etree._Element, element_id: str | None) -> str:
    name = " ".join((element.get("name") or "").split())
    if name and element_id and name != element_id:
        return f"'{name}' ({element_id})"
    if name or element_id:
        return f"'{name or element_id}'"
    at = line(element)
    return f"the {local(element)} on line {at}" if at else f"the implicit {local(element)}"


def properties(element: etree._Element) -> dict[str, str]:
    """Return the extension properties (``spiffworkflow:properties``) of an element."""
    found: dict[str, str] = {}
    for extensions in bpmn_children(element, "extensionElements"):
        for item in extensions.iterfind(f"{{{SPIFF}}}properties/{{{SPIFF}}}property"):
            found[item.get("name") or ""] = item.get("value") or ""
    found.pop("", None)
    return found


def extension(element: etree._Element, name: str) -> etree._Element | None:
    """Return the extension element ``spiffworkflow:<name>``, if there is one."""
    for extensions in bpmn_children(element, "extensionElements"):
        found = extensions.find(f"{{{SPIFF}}}{name}")
        if found is not None:
            return found
    return None


# -- characters -------------------------------------------------------------------------------


def hidden_characters(text: str) -> list[str]:
    """Return the characters that a reader cannot see, as U+202E: bidi, zero width, control.

    Line breaks and tabs are not among them: modellers write them into names.
    """
    return [
        f"U+{ord(character):04X}"
        for character in dict.fromkeys(text)
        if unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
        and character not in "\n\r\t"
    ]


def mixes_scripts(text: str) -> bool:
    """Say whether letters of several alphabets stand in one word, as in a Cyrillic 'a' in 'task'.

    Source: Unicode Technical Standard 39, single-script restriction, for the alphabets that
    have look-alikes of Latin letters.
    """
    scripts = {
        unicodedata.name(character, "").split(" ")[0] for character in text if character.isalpha()
    }
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH"}) > 1
