"""Every trap of SpiffWorkflow 3.2.0 that we know of has its test, and its number in the name.

So the list can be read off the run: `script/test tests/engine -k trap -v`. The numbers are those of
the engine notes: tree and stepping 1-11, data 12-22, time 23-30, events 31-46, diagrams 47-60,
expressions and decision tables 61-67.
"""

import re
from pathlib import Path

TRAPS = range(1, 68)
NAMED = re.compile(r"^def test_trap_(\d\d)_", re.MULTILINE)


def test_no_trap_is_without_its_test() -> None:
    files = sorted(Path(__file__).parent.rglob("test_*traps*.py"))
    tested = {int(n) for path in files for n in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert sorted(set(TRAPS) - tested) == []
    assert sorted(tested - set(TRAPS)) == []
