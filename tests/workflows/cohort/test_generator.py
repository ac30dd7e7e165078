"""The sample file holds what real files hold, and is the same for everybody."""

import io
from datetime import UTC, datetime
from pathlib import Path

from workflows.cohort.generator import generate
from workflows.cohort.reading import read

SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "daily_cohort.csv"
MADE_AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_the_shipped_sample_is_what_the_generator_makes() -> None:
    assert SAMPLE.read_text(encoding="utf-8") == generate(200, seed=2026, now=MADE_AT)


def test_of_the_sample_eight_rows_come_back() -> None:
    rows = list(read(io.BytesIO(SAMPLE.read_bytes()), now=MADE_AT))

    assert len(rows) == 200
    assert sum(not row.is_good for row in rows) == 8
