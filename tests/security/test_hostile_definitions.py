"""Files that were made to harm: refused in a moment, with reasons, and nothing else notices."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from browsing import Browser
from diagrams import catch, diagram, element, end, process, start, text, timer, user
from stories import AMARA
from story import Story

from engine import instances, releases
from engine.definitions import ReleaseRefused, check
from engine.models import Incident, Release
from workflows.releases.checks import casework_checks

WRITTEN = {**AMARA, "immediate_danger": "no", "route": "victim_support"}
LONGEST = 20.0  # seconds, on a busy machine; most take milliseconds
DRAWN = diagram(process(start("begin"), end("done"), flows="begin > done"))
HEAD = DRAWN[: DRAWN.index("<bpmn:process")]
SPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
DMN = f'<definitions xmlns="{SPACE}" id="d" name="d" namespace="n">'


def script(expression: str) -> str:
    return diagram(
        process(
            start("begin"),
            element("scriptTask", "s", text("script", expression)),
            end("done"),
            flows="begin > s > done",
        )
    )


def diamonds(kind: str) -> str:
    """Two ways at each of 300 branchings: more paths than atoms."""
    nodes, flows = [start("begin")], ["begin > g0"]
    for i in range(300):
        nodes += [element(kind, f"g{i}"), element("task", f"a{i}"), element("task", f"b{i}")]
        nodes.append(element(kind, f"j{i}"))
        behind = f"g{i + 1}" if i < 299 else "done"
        flows += [f"g{i} > a{i} [x = 1]", f"g{i} > b{i}", f"a{i} > j{i}", f"b{i} > j{i}"]
        flows.append(f"j{i} > {behind}")
    return diagram(process(*nodes, end("done"), flows="; ".join(flows)))


def table(rows: int, columns: int, cell: str) -> str:
    inputs = "".join(
        f'<input id="i{i}"><inputExpression id="ie{i}" typeRef="number"><text>x{i}</text>'
        "</inputExpression></input>"
        for i in range(columns)
    )
    rules = "".join(
        f'<rule id="r{r}">'
        + "".join(
            f'<inputEntry id="r{r}i{i}"><text>{cell.format(r=r)}</text></inputEntry>'
            for i in range(columns)
        )
        + f'<outputEntry id="r{r}o"><text>{r}</text></outputEntry></rule>'
        for r in range(rows)
    )
    head = f'{DMN}<decision id="t" name="t"><decisionTable id="dt" hitPolicy="UNIQUE">{inputs}'
    output = '<output id="o" name="o" typeRef="number"/>'
    return f"{head}{output}{rules}</decisionTable></decision></definitions>"


def cycle(length: int) -> str:
    decisions = "".join(
        f'<decision id="t{i}" name="t{i}"><informationRequirement id="r{i}">'
        f'<requiredDecision href="#t{(i + 1) % length}"/></informationRequirement>'
        f'<literalExpression id="l{i}"><text>t{(i + 1) % length}</text></literalExpression>'
        "</decision>"
        for i in range(length)
    )
    return f"{DMN}{decisions}</definitions>"


def form(*parts: dict[str, Any]) -> str:
    return json.dumps(
        {"type": "default", "id": "f", "schemaVersion": 19, "components": list(parts)}
    )


FIELD = {"type": "textfield", "key": "x", "label": "X", "properties": {"class": "C1"}}
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
READS = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
YAML_LAUGHS = "a: &a [x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)},*{chr(97 + i)}]\n"
    for i in range(20)
)
HOSTILE: dict[str, tuple[str, str | bytes]] = {
    "entities": ("x.bpmn", LAUGHS + DRAWN.partition("?>")[2]),
    "a file of the server": ("x.bpmn", READS + DRAWN.partition("?>")[2]),
    "a document type behind a comment": ("x.bpmn", f"<!-- -->{LAUGHS}<a/>"),
    "depth": ("x.bpmn", HEAD + "<a>" * 50_000 + "</a>" * 50_000 + "</bpmn:definitions>"),
    "width": ("x.bpmn", HEAD + "<a/>" * 60_000 + "</bpmn:definitions>"),
    "a name of two megabytes": ("x.bpmn", DRAWN.replace("begin", "b" * 900_000)),
    "an address of two megabytes": ("x.bpmn", DRAWN.replace("begin", "a@" * 450_000)),
    "a NUL": ("x.bpmn", DRAWN.replace("begin", "be\0gin")),
    "another encoding": ("x.bpmn", b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-'),
    "noise": ("x.bpmn", bytes(range(256)) * 50),
    "an archive": ("x.bpmn", b"PK\x03\x04" + b"\0" * 100),
    "half a file": ("x.bpmn", DRAWN[:300]),
    "nothing": ("x.bpmn", b""),
    "branchings": ("x.bpmn", diamonds("exclusiveGateway")),
    "forks": ("x.bpmn", diamonds("parallelGateway")),
    "perhaps forks": ("x.bpmn", diamonds("inclusiveGateway")),
    "Python": ("x.bpmn", script("__import__('os').system('id')")),
    "parentheses": ("x.bpmn", script("{x: " + "(" * 20_000 + "1" + ")" * 20_000 + "}")),
    "a sum without end": ("x.bpmn", script("{x: 1" + "+1" * 200_000 + "}")),
    "ifs": ("x.bpmn", script("{x: " + "if true then " * 5000 + "1" + " else 2" * 5000 + "}")),
    "a long text": ("x.bpmn", script('{x: "' + "x" * 1_500_000 + '"}')),
    "a circle of decisions": ("x.dmn", cycle(300)),
    "a form of 20,000 questions": (
        "x.form",
        form(*[{**FIELD, "key": f"x{i}"} for i in range(20_000)]),
    ),
    "a condition without end": (
        "x.form",
        form({**FIELD, "conditional": {"hide": "=" + "(" * 5000 + "1" + ")" * 5000}}),
    ),
    "a loop in a condition": (
        "x.form",
        form({**FIELD, "conditional": {"hide": "=for i in 1..9999999 return i"}}),
    ),
    "HTML": ("x.form", form({**FIELD, "label": "<script>alert(1)</script>"})),
    "brackets": ("x.json", "[" * 100_000),
    "a number of 100,000 digits": ("x.json", '{"components": [], "id": 1' + "0" * 100_000 + "}"),
    "aliases": ("x.yaml", YAML_LAUGHS + "sets: {x: *u}\n"),
    "objects": ("x.yaml", "sets: !!python/object/apply:os.system ['id']"),
    "a zone that is a path": (
        "x.json",
        json.dumps({"key": "cal_x", "zone": "../../etc/passwd", "hours": {"monday": []}}),
    ),
}


@pytest.fixture
def moment() -> Iterator[None]:
    """What is refused is refused soon."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LONGEST


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_in_a_moment_with_reasons(what: str, moment: None) -> None:
    name, content = HOSTILE[what]

    with pytest.raises(ReleaseRefused) as refused:
        check({name: content}, extra_checks=casework_checks())

    assert refused.value.findings
    for finding in refused.value.findings:
        assert len(finding.message) < 2000
        assert "root:" not in finding.message


def test_a_large_table_is_looked_through_in_a_moment(moment: None) -> None:
    found = check({"x.dmn": table(1200, 6, "[{r}..{r}]")}, extra_checks=casework_checks())

    assert found.findings  # it has gaps


def test_every_hostile_file_is_told_of_at_once(story: Story) -> None:
    files = [
        {"name": f"{n:02}-{name}", "base64": base64.b64encode(as_bytes(content)).decode()}
        for n, (name, content) in enumerate(HOSTILE.values())
        if len(content) < 100_000 and name == "x.bpmn" and content
    ]

    answer = story["owner"].post("/releases", {"files": files})

    assert answer.status_code == 422
    found = {finding["file"] for finding in answer.json["findings"]}
    assert {file["name"] for file in files} <= found


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def test_what_was_refused_by_page_or_programme_leaves_everything_as_it_was(
    story: Story, sign_in: Callable[[str], Browser]
) -> None:
    owner = sign_in("owner")
    before = story.gets("owner", "/releases")["items"]
    for name, content in list(HOSTILE.values())[::4]:
        sent = as_bytes(content)
        file = {"name": f"bpmn/processes/{name}", "base64": base64.b64encode(sent).decode()}
        assert story["owner"].post("/releases", {"files": [file]}).status_code == 422
        uploaded = {"files": (BytesIO(sent), name)}
        refused = owner.post("/library/upload", uploaded, content_type="multipart/form-data")
        assert refused.status_code == 422, name
        refused.request.environ["wsgi.input"].close()  # the client keeps a large one on disk

    assert story.gets("owner", "/releases")["items"] == before
    assert owner.get("/library").status_code == 200
    story.refer("ines", WRITTEN, channel="agency_referral", external_id="1")
    assert story.tasks("ines")


BOMBS = {
    "a loop without end": diagram(
        process(
            start("begin"),
            element("exclusiveGateway", "g"),
            element("scriptTask", "s", text("script", "{x: x + 1}")),
            element("exclusiveGateway", "h"),
            end("done"),
            flows="begin > g; g > s; s > h; h > g [x > 0]; h > done [x < 0]",
        )
    ),
    "a text that doubles": diagram(
        process(
            start("begin"),
            element("exclusiveGateway", "g"),
            element("scriptTask", "s", text("script", "{t: t + t}")),
            element("exclusiveGateway", "h"),
            end("done"),
            flows='begin > g; g > s; s > h; h > g [t != ""]; h > done [t = ""]',
        )
    ),
    "a list of a million": script("{x: for i in 1..1000000 return i}"),
    "a function that calls itself": script("{x: {f: function(n) f(n), r: f(1)}.r}"),
    "a pattern that never ends": script('{x: matches("' + "a" * 40 + '!", "^(a+)+$")}'),
    "a call of itself": diagram(
        process(
            start("begin"),
            element("callActivity", "c", calledElement="p"),
            end("done"),
            flows="begin > c > done",
        )
    ),
    "a timer of no time": diagram(
        process(
            start("begin"),
            element("exclusiveGateway", "g"),
            catch("t", timer("PT0S")),
            element("exclusiveGateway", "h"),
            end("done"),
            flows="begin > g; g > t; t > h; h > g [x > 0]; h > done [x < 0]",
        )
    ),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_step_without_end_is_an_incident_and_others_go_on(
    what: str, story: Story, moment: None
) -> None:
    org = story.org
    good = diagram(
        process(
            start("begin"),
            user("task_do", potentialOwners="spoc_admin"),
            end("done"),
            flows="begin > task_do > done",
            id="good",
        )
    )
    with org.work() as session:
        releases.install_shipped(
            session, org.tenant_id, now=story.now, files={"p.bpmn": BOMBS[what], "good.bpmn": good}
        )
        for process_id in ("p", "good"):
            instances.start(
                session,
                org.tenant_id,
                process_id,
                {"x": 1, "t": "xxxxxxxx"},
                by="system",
                now=story.now,
                service_id=org.services["support"],
            )
    story.travel(story.now)

    with org.work() as session:
        faults = [(i.element_id, i.error) for i in session.query(Incident)]
    assert len(faults) == (0 if "pattern" in what else 1), faults
    story.does("ines", "task_do")


def test_a_release_that_newer_checks_would_refuse_goes_on(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    with story.org.work() as session:
        release = session.query(Release).one()
        files = releases.export(session, release.id)
    strict = ReleaseRefused([])

    def refuse(*_: object) -> None:
        raise strict

    monkeypatch.setattr("engine.definitions.lint", refuse)
    monkeypatch.setattr("engine.releases._cache", releases._Cache())
    with pytest.raises(ReleaseRefused):
        check(files)
    story.refer("ines", WRITTEN, channel="agency_referral", external_id="1")
    assert story.tasks("ines")
