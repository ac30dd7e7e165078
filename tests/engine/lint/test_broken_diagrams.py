"""Whatever is broken in a diagram, the linter answers with findings and never with a crash."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.definitions import ReleaseRefused, check
from engine.releases import shipped_files

SHIPPED = {
    name: content.encode() if isinstance(content, str) else content
    for name, content in shipped_files().items()
    if name.endswith(".bpmn")
}
VALUES = [
    "",
    "nope",
    "true",
    "-1",
    "flow_1",
    "tns:x",
    "begin",
    "P1H",
    "a b c",
    "\u202e",
    "{",
    "x" * 600,
]


def answer(content: bytes) -> None:
    """Check a file; every answer but a list of findings is a failure."""
    try:
        check({"broken.bpmn": content})
    except ReleaseRefused as refused:
        assert refused.findings
        for finding in refused.findings:
            assert finding.message.endswith((".", "?", ")")), finding.message
            assert "line None" not in finding.message and "'None'" not in finding.message


def broken(content: bytes, chance: random.Random) -> bytes:
    """Break one to four things of a diagram."""
    root = etree.fromstring(content)
    for _ in range(chance.randint(1, 4)):
        inside = list(root.iterdescendants(etree.Element))
        if inside:
            chance.choice(WAYS)(inside, chance.choice(inside), chance)
    return etree.tostring(root)


def remove(inside, element, chance) -> None:
    element.getparent().remove(element)


def double(inside, element, chance) -> None:
    element.getparent().append(etree.fromstring(etree.tostring(element)))


def move(inside, element, chance) -> None:
    target = chance.choice(inside)
    if element not in (target, *target.iterancestors()):
        target.append(element)


def rename(inside, element, chance) -> None:
    name = etree.QName(chance.choice(inside)).localname
    element.tag = f"{{{etree.QName(element).namespace}}}{name}"


def change(inside, element, chance) -> None:
    if element.attrib:
        value = chance.choice([*VALUES, *(other.get("id") or "" for other in inside[:50])])
        element.set(chance.choice(list(element.attrib)), value)


def forget(inside, element, chance) -> None:
    if element.attrib:
        del element.attrib[chance.choice(list(element.attrib))]


WAYS = [remove, double, move, rename, change, forget]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SHIPPED)), st.integers(0, 2**32))
def test_a_broken_diagram_gets_findings(name, seed):
    answer(broken(SHIPPED[name], random.Random(seed)))


@pytest.mark.nightly
@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SHIPPED)), st.integers(0, 2**32))
def test_thousands_of_broken_diagrams_get_findings(name, seed):
    answer(broken(SHIPPED[name], random.Random(seed)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SHIPPED)), st.integers(0, 2**32))
def test_a_file_cut_or_with_bytes_changed_is_answered(name, seed):
    chance = random.Random(seed)
    content = bytearray(SHIPPED[name])
    if chance.random() < 0.5:
        content = content[: chance.randrange(len(content))]
    for _ in range(chance.randint(1, 5)):
        if content:
            content[chance.randrange(len(content))] = chance.randrange(256)
    answer(bytes(content))
