"""The documentation cannot rot: it is compared with the tree, the code and the machine."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLES = runpy.run_path(str(ROOT / "script" / "support_tables.py"))


@pytest.mark.parametrize("page", TABLES["PAGES"])
def test_a_generated_page_is_what_the_script_writes(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == TABLES["text_of"](page), "run script/support_tables"


def test_every_function_of_feel_has_an_example() -> None:
    assert [name for name, texts in TABLES["examples"]().items() if not texts] == []
