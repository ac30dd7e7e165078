"""``script/tck`` runs a folder in the layout of the public compatibility suite and counts."""

import subprocess
import sys
from pathlib import Path

import dmn
import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAD = (
    '<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"><modelName>calls.dmn</modelName>'
)
NIL = '<value xsi:nil="true"/>'


def run(folder: Path, *groups: str) -> tuple[int, list[str]]:
    command = [sys.executable, ROOT / "script" / "tck.py", folder, *groups]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, [" ".join(line.split()) for line in done.stdout.splitlines()]


def typed(kind: str, text: str) -> str:
    return f'<value xsi:type="xsd:{kind}">{text}</value>'


def result(name: str, expected: str, more: str = "") -> str:
    return f'<resultNode name="{name}"{more}><expected>{expected}</expected></resultNode>'


def case(*parts: str, more: str = "") -> str:
    return f'<testCase id="1"{more}>{"".join(parts)}</testCase>'


def write(root: Path, group: str, elements: list[str], *cases: str) -> None:
    folder = root / "TestCases" / "compliance-level-3" / group
    folder.mkdir(parents=True)
    (folder / "calls.dmn").write_text(dmn.model(*elements), encoding="utf-8")
    text = f"{HEAD}{''.join(cases)}</testCases>"
    (folder / "calls-test-01.xml").write_text(text, encoding="utf-8")


def decision(text: str, name: str = "d") -> str:
    return dmn.decision(name, dmn.literal(text))


VALUES = [
    ("7 / 3", typed("decimal", "2.3333333333")),
    ('"Amina"', typed("string", "Amina")),
    ('""', typed("string", "")),
    ("1 < 2", typed("boolean", "true")),
    ('date("2027-03-25")', typed("date", "2027-03-25")),
    ('time("09:30:00Z")', typed("time", "09:30:00Z")),
    ('date and time("2027-03-25T09:30:00")', typed("dateTime", "2027-03-25T09:30:00")),
    ('duration("P1Y")', typed("duration", "P12M")),
    ('duration("PT90M")', typed("duration", "PT1H30M")),
    ("null", NIL),
    ("null", "<value/>"),
    ("3", "<value>3.0</value>"),
    ("true", "<value>true</value>"),
    ("[]", "<list/>"),
    ('[1, ["a"]]', f"<list><item>{typed('decimal', '1')}</item><item><list><item>"
     f"{typed('string', 'a')}</item></list></item></list>"),
    ("{a: 1, b: {c: null}}", f'<component name="a">{typed("decimal", "1")}</component>'
     f'<component name="b"><component name="c">{NIL}</component></component>'),
]  # fmt: skip


@pytest.fixture(scope="module")
def agreeing(tmp_path_factory) -> list[str]:
    root = tmp_path_factory.mktemp("agreeing")
    names = [f"d{index}" for index in range(len(VALUES))]
    elements = [decision(text, name) for name, (text, _) in zip(names, VALUES, strict=True)]
    results = [result(name, said) for name, (_, said) in zip(names, VALUES, strict=True)]
    write(root, "0001-values", elements, case(*results))
    status, lines = run(root)
    assert status == 0, lines
    return lines


def test_every_kind_of_value_is_read_and_counted_by_level_and_group(agreeing):
    count = len(VALUES)
    assert agreeing[1:] == [
        f"compliance-level-3, 1 groups {count} {count} 0 0",
        f"0001-values {count} {count} 0 0",
        f"all {count} {count} 0 0",
    ]


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("2", typed("decimal", "2.001"), "expected 2.001, got 2"),
        ("2", typed("string", "2"), 'expected "2", got 2'),
        ("null", typed("decimal", "0"), "expected 0, got null"),
        ("[1]", typed("decimal", "1"), "expected 1, got [1]"),
        ("{a: 1}", '<component name="b"><value>1</value></component>', "expected {b: 1}, got {a:"),
        ("count(for x in 1..1000000 return x)", NIL, "expected null: A list has more"),
    ],
)
def test_a_result_that_differs_is_named_with_both_values(tmp_path, text, expected, said):
    write(tmp_path, "0002-odd", [decision(text)], case(result("d", expected)))
    status, lines = run(tmp_path)
    assert status == 1
    assert lines[-2] == "all 1 0 1 0"
    assert lines[-1].startswith(f"differ: 0002-odd 1 d: {said}")


def test_a_decision_that_is_refused_leaves_the_others_of_its_model(tmp_path):
    elements = [decision("1 +", "bad"), decision("1 + 1", "good"), decision("2 +", "worse")]
    error = ' errorResult="true"'
    results = [result("good", "<value>2</value>"), result("bad", NIL), result("worse", NIL, error)]
    write(tmp_path, "0003-refused", elements, case(*results))
    status, lines = run(tmp_path)
    assert status == 1
    assert lines[-2] == "all 3 2 0 1"
    assert lines[-1].startswith("refused: 0003-refused 1 bad: An expression is not FEEL")


def test_an_expected_error_is_null_or_an_error_and_nothing_else(tmp_path):
    elements = [
        decision("1 + null", "null"),
        decision("count(for x in 1..1000000 return x)", "budget"),
        decision("5", "five"),
    ]
    error = ' errorResult="true"'
    results = [result(name, NIL, error) for name in ("null", "budget", "five")]
    write(tmp_path, "0004-errors", elements, case(*results))
    assert run(tmp_path)[1][-2:] == [
        "all 3 2 1 0",
        "differ: 0004-errors 1 five: expected null, got 5",
    ]


def test_inputs_services_and_knowledge_models_are_given_what_a_case_says(tmp_path):
    elements = [
        dmn.input_data("hours", "number"),
        dmn.input_data("day", "date"),
        dmn.decision("twice", dmn.literal("hours * 2"), inputs="hours"),
        dmn.decision("year", dmn.literal("day.year"), inputs="day"),
        '<decisionService id="s" name="s"><outputDecision href="#twice"/>'
        '<outputDecision href="#year"/><inputData href="#hours"/><inputData href="#day"/>'
        "</decisionService>",
        '<businessKnowledgeModel id="k" name="k"><encapsulatedLogic><formalParameter name="x"/>'
        f"{dmn.literal('x + 1')}</encapsulatedLogic></businessKnowledgeModel>",
    ]
    given = '<inputNode name="hours"><value>4</value></inputNode>'
    given += '<inputNode name="day"><value>2027-03-25</value></inputNode>'
    service = ' type="decisionService" invocableName="s"'
    results = [result("twice", "<value>8</value>"), result("year", "<value>2027</value>")]
    known = f'<inputNode name="x">{typed("decimal", "1")}</inputNode>'
    write(
        tmp_path,
        "0005-calls",
        elements,
        case(given, *results),
        case(given, *results, more=service),
        case(known, result("k", "<value>2</value>"), more=' type="bkm" invocableName="k"'),
    )
    assert run(tmp_path)[1][-1] == "all 5 5 0 0"


def test_what_says_no_type_is_taken_as_the_model_declares_it(tmp_path):
    elements = [
        '<itemDefinition name="codes" isCollection="true"><typeRef>string</typeRef>'
        "</itemDefinition>",
        '<itemDefinition name="call"><itemComponent name="at"><typeRef>date and time</typeRef>'
        '</itemComponent><itemComponent name="codes"><typeRef>codes</typeRef></itemComponent>'
        "</itemDefinition>",
        dmn.input_data("call", "call"),
        dmn.decision("hour", dmn.literal("call.at.hour"), inputs="call"),
        dmn.decision("first", dmn.literal("call.codes[1]"), inputs="call"),
    ]
    codes = "<list><item><value>007</value></item><item><value>8</value></item></list>"
    given = (
        '<inputNode name="call"><component name="at"><value>2027-03-25T09:30:00</value>'
        f'</component><component name="codes">{codes}</component></inputNode>'
    )
    results = [result("hour", typed("decimal", "9")), result("first", typed("string", "007"))]
    write(tmp_path, "0007-untyped", elements, case(given, *results))
    assert run(tmp_path)[1][-1] == "all 2 2 0 0"


def test_groups_are_chosen_by_the_beginnings_of_their_names(tmp_path):
    for group in ("0006-one", "1006-two"):
        write(tmp_path, group, [decision("1")], case(result("d", "<value>1</value>")))
    assert run(tmp_path, "10")[1][1:] == [
        "compliance-level-3, 1 groups 1 1 0 0",
        "1006-two 1 1 0 0",
        "all 1 1 0 0",
    ]
    assert run(tmp_path, "2")[0] == 1, "no result at all is no success"
