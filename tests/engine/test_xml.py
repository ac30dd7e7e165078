"""Files that strangers wrote: what is read, and what is refused unread."""

import pytest
from drawing import bpmn, straight

from engine import xml
from engine.definitions import ReleaseRefused, check

BOMB = (
    '<?xml version="1.0"?>\n<!-- hello -->\n<!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{"&" + a + ";" * 1}{("&" + a + ";") * 9}">' for a, b in ("ab", "bc"))
    + "]>\n<definitions>&c;</definitions>"
)
REMOTE = (
    '<!DOCTYPE definitions SYSTEM "http://example.org/evil.dtd">'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
)
FILE = (
    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<d xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" name="&x;"/>'
)


def refusal(content: str | bytes) -> str:
    with pytest.raises(xml.XmlRefused) as refused:
        xml.parse(content.encode() if isinstance(content, str) else content, "a.bpmn")
    return refused.value.finding.rule


@pytest.mark.parametrize("hostile", [BOMB, REMOTE, FILE], ids=["bomb", "remote", "file"])
def test_a_document_type_is_refused_before_a_parser_sees_it(hostile):
    assert refusal(hostile) == "document_type"


def test_a_document_type_is_found_in_other_encodings():
    assert refusal(REMOTE.encode("utf-16")) == "document_type"
    assert refusal(b"\xef\xbb\xbf" + REMOTE.encode()) == "document_type"


def test_the_line_of_a_document_type_is_told():
    with pytest.raises(xml.XmlRefused) as refused:
        xml.parse(BOMB.encode(), "a.bpmn")
    assert refused.value.finding.line == 3


def test_a_comment_or_text_may_speak_of_document_types():
    root = xml.parse(b"<?xml version='1.0'?><!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE]]></a>", "a")
    assert root.text == "<!DOCTYPE"


@pytest.mark.parametrize(
    "text", ["", "no xml at all", "<a><b></a>", "<a>&undefined;</a>", "<a/><b/>"]
)
def test_what_is_not_xml_is_refused_with_words(text):
    assert refusal(text) == "not_xml"


def test_a_huge_file_is_refused():
    assert refusal(b"<a>" + b" " * xml.MAX_BYTES + b"</a>") == "file_too_large"


def test_a_deep_file_is_refused():
    assert refusal("<a>" * 150 + "</a>" * 150) == "file_too_complex"
    assert refusal("<a>" * 5_000 + "</a>" * 5_000) == "not_xml"  # the parser stops by itself


def test_a_file_of_very_many_elements_is_refused():
    assert refusal("<a>" + "<b/>" * xml.MAX_ELEMENTS + "</a>") == "file_too_complex"


def test_an_attribute_bomb_is_refused():
    assert refusal("<a " + " ".join(f'x{n}="1"' for n in range(5)) + ' x0="2"/>') == "not_xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_declared_encoding_is_read(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<a name="Zoë"/>'
    assert xml.parse(text.encode(encoding), "a").get("name") == "Zoë"


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "base64", "no-such-thing", "utf-16"])
def test_an_encoding_that_could_hide_markup_is_refused(encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode()
    assert refusal(declared) in ("encoding", "not_xml")


def test_bytes_that_are_not_of_the_encoding_are_refused():
    assert refusal(b"<a name='\xff\xfe\xff'/>") == "encoding"


def test_lines_are_counted_as_in_the_file():
    root = xml.parse(b"<?xml version='1.0'?>\n<a>\n<b/>\n\n<c/></a>", "a")
    assert [xml.line(child) for child in root] == [3, 5]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "empty_file"),
        ("  \n", "empty_file"),
        ('<definitions xmlns="http://example.org/other"/>', "unknown_xml"),
        ('<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/DI"/>', "unknown_xml"),
        ("{", "not_json"),
        ("[" * 100_000, "file_too_complex"),
        ('{"anything": 1}', "unknown_file"),
        ("[1, 2]", "unknown_file"),
        ("just a sentence", "unknown_file"),
        ("a: [", "not_yaml"),
        ("a: &x [1]\nb: [*x, *x]", "not_yaml"),
        ("story: !!python/object/apply:os.system ['true']", "not_yaml"),
        (b"\xff\xff\xff\xff", "encoding"),
        ('{"components": []}', "form_id"),
        ("sets: [a, b]", "roles"),
        ("settings: 3", "settings"),
        ('{"zone": "Nowhere/Town", "hours": {}}', "calendar"),
    ],
)
def test_files_that_cannot_be_used_are_refused_by_name(content, rule):
    with pytest.raises(ReleaseRefused) as refused:
        check({"folder/odd": content})
    assert [finding.rule for finding in refused.value.findings] == [rule]
    assert refused.value.findings[0].file == "folder/odd"
    assert refused.value.status == 422


def test_a_nested_yaml_file_is_refused():
    with pytest.raises(ReleaseRefused) as refused:
        check({"deep.yaml": "a: " + "[" * 5_000})
    assert refused.value.findings[0].rule == "not_yaml"


def test_two_forms_of_one_id_are_refused():
    form = '{"id": "contact", "components": []}'
    with pytest.raises(ReleaseRefused) as refused:
        check({"a.form": form, "b.form": form})
    assert refused.value.findings[0].rule == "duplicate_form"


def test_layout_and_foreign_extensions_stay_in_the_stored_file():
    text = bpmn(
        straight("a") + '<bpmn:task id="a" camunda:asyncBefore="true"><bpmn:extensionElements>'
        "<camunda:properties><camunda:property/></camunda:properties>"
        "</bpmn:extensionElements></bpmn:task>"
    ).replace("</bpmn:definitions>", '<bpmndi:BPMNDiagram id="d"/></bpmn:definitions>')
    assert check({"a.bpmn": text}).files["a.bpmn"].content == text.encode()
