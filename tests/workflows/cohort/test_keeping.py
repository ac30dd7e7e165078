"""A file is kept between its dry run and its import: sealed, for a day, and for its owner alone."""

import csv
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from people import Organisation, make_ark, make_oak
from sqlalchemy import Engine, func, select, text

from engine import history, releases
from engine.clock import TravellingClock
from workflows import keys, registry
from workflows.cohort import keeping
from workflows.cohort.generator import generate
from workflows.cohort.importing import State
from workflows.cohort.keeping import FileGone, Summary
from workflows.cohort.models import CohortFile, CohortRow
from workflows.cohort.reading import CohortRefused
from workflows.contact.models import Contact

NOW = datetime(2027, 1, 14, 6, 30, tzinfo=UTC)
SAMPLE = (Path(__file__).parents[3] / "docs" / "samples" / "daily_cohort.csv").read_bytes()
SMALL = generate(40, seed=7, now=NOW).encode()


@dataclass(frozen=True)
class Office:
    """Vic and Ines at the page of the cohort, each deed a unit of work."""

    org: Organisation
    clock: TravellingClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def keep(self, who: str = "vic", content: bytes = SMALL) -> UUID:
        with self.org.work() as session:
            return keeping.keep(
                session,
                self.org.tenant_id,
                self.org.services["victim_care"],
                content,
                staff_id=self.org.staff[who],
                now=self.now,
            )

    def summary(self, file_id: UUID, who: str = "vic") -> Summary:
        with self.org.work() as session:
            return keeping.summary(session, file_id, self.org.staff[who], now=self.now)

    def take_next(self, file_id: UUID, who: str = "vic") -> None:
        with self.org.work() as session:
            keeping.take_next(session, file_id, staff_id=self.org.staff[who], now=self.now)

    def take_all(self, file_id: UUID, who: str = "vic") -> Summary:
        while self.summary(file_id, who).waiting:
            self.take_next(file_id, who)
        return self.summary(file_id, who)

    def contacts(self) -> int:
        return self.count(Contact)

    def count(self, model: Any) -> int:
        with self.org.work() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def office(database: Engine) -> Office:
    registry.load()
    org = make_ark(database, NOW)
    with org.work() as session:
        releases.install_shipped(session, org.tenant_id, now=NOW)
    return Office(org, TravellingClock(NOW))


def test_a_dry_run_says_of_every_row_what_would_happen_and_does_nothing(office: Office) -> None:
    found = office.summary(office.keep(content=SAMPLE))

    assert found.rows == 200
    assert found.states[State.BROKEN] == 8
    assert found.waiting == found.states[State.TAKEN] > 150
    assert found.states[State.EXCLUDED] > 0
    assert (found.done, office.contacts()) == (0, 0)


def test_the_good_rows_come_in_some_at_a_time(office: Office) -> None:
    file_id = office.keep(content=SAMPLE)
    good = office.summary(file_id).waiting

    office.take_next(file_id)
    half_way = office.summary(file_id)
    done = office.take_all(file_id)

    assert (half_way.done, half_way.waiting) == (100, good - 100)
    assert (done.waiting, office.contacts()) == (0, good)
    assert done.file.finished_at == NOW


def test_the_next_step_of_a_finished_file_does_nothing(office: Office) -> None:
    file_id = office.keep()
    before = office.take_all(file_id)

    office.take_next(file_id)

    assert office.contacts() == before.states[State.TAKEN]
    assert office.summary(file_id).states == before.states


def test_the_same_file_again_is_known(office: Office) -> None:
    first = office.take_all(office.keep())
    again = office.summary(office.keep())

    assert again.waiting == 0
    assert again.states[State.KNOWN] == first.states[State.TAKEN]


def test_a_file_that_somebody_else_has_brought_in_meanwhile_adds_nothing(office: Office) -> None:
    hers = office.keep("vic")
    his = office.keep("ines")
    taken = office.take_all(hers, "vic").states[State.TAKEN]

    done = office.take_all(his, "ines")

    assert done.states[State.KNOWN] == taken == office.contacts()


def test_two_windows_at_once_bring_in_every_row_once(office: Office) -> None:
    file_id = office.keep(content=SAMPLE)
    good = office.summary(file_id).waiting

    at_once(*[lambda: office.take_next(file_id)] * 4)

    assert office.contacts() == good == office.summary(file_id).done


def test_two_people_with_the_same_file_at_once_bring_in_every_row_once(office: Office) -> None:
    hers, his = office.keep("vic"), office.keep("ines")
    good = office.summary(hers).waiting

    at_once(lambda: office.take_next(hers, "vic"), lambda: office.take_next(his, "ines"))

    assert office.contacts() == good
    assert sorted(
        found.states[State.TAKEN]
        for found in (office.summary(hers, "vic"), office.summary(his, "ines"))
    ) == [0, good]


def test_two_presses_on_the_button_keep_one_file(office: Office) -> None:
    ids: list[UUID] = []

    at_once(*[lambda: ids.append(office.keep())] * 2)

    with office.org.work() as session:
        assert session.scalars(select(CohortFile.id)).one() in ids


def test_nobody_else_has_the_file(office: Office, database: Engine) -> None:
    file_id = office.keep("vic")
    oak = make_oak(database, NOW)

    with pytest.raises(FileGone):
        office.take_next(file_id, "ines")
    with pytest.raises(FileGone):
        office.summary(file_id, "ines")
    with oak.work() as session:
        assert session.scalars(select(CohortRow)).all() == []


def test_nothing_said_in_the_file_stands_in_the_database(
    office: Office, owner_database: Engine
) -> None:
    office.keep(content=SAMPLE)
    with owner_database.connect() as owner:
        rows = owner.execute(text("SELECT r::text FROM cohort_row r")).scalars()
        files = owner.execute(text("SELECT f::text FROM cohort_file f")).scalars()
        # bytea is written in hexadecimal digits
        stored = "\n".join([*rows, *files])
    # no piece so short that it could stand in what is sealed by chance
    for said in ("Siobhán", "42/1/26", "07700 900716", "07700900716", "Mill Lane"):
        assert said not in stored
        assert said.encode().hex() not in stored


def test_a_row_has_no_content_any_more_once_it_is_in(office: Office) -> None:
    file_id = office.keep()
    office.take_all(file_id)

    with office.org.work() as session:
        left = session.scalars(select(CohortRow.state).where(CohortRow.content.is_not(None)))
        assert set(left) == {State.BROKEN}


def test_broken_rows_can_be_fetched_also_after_the_import(office: Office) -> None:
    file_id = office.keep()
    done = office.take_all(file_id)

    with office.org.work() as session:
        returned = list(csv.DictReader(io.StringIO(keeping.broken_csv(session, done.file))))

    assert len(returned) == done.states[State.BROKEN] == 8
    assert all(row["reasons"] and row["row"] for row in returned)
    assert "ask her mother" in {row["phone"] for row in returned}


def test_the_key_goes_with_the_last_row_that_anybody_needs(office: Office) -> None:
    good = b"\n".join(
        [
            b"crime_ref,recorded_at,offence_group,victim_kind,family_name",
            b"42/1/27,13/01/2027 10:00,robbery,person,Pryce",
        ]
    )
    file_id = office.keep(content=good)
    office.take_all(file_id)

    with office.org.work() as session:
        assert keys.is_erased(session, file_id)


def test_after_a_day_the_file_is_gone(office: Office, worker_database: Engine) -> None:
    file_id = office.keep()
    office.clock.advance(timedelta(hours=23, minutes=59))
    keeping.forget_old(worker_database, office.now)
    assert office.summary(file_id).rows == 40

    office.clock.advance(timedelta(minutes=1))
    with pytest.raises(FileGone):  # also before the worker has come to it
        office.summary(file_id)
    keeping.forget_old(worker_database, office.now)

    assert (office.count(CohortFile), office.count(CohortRow)) == (0, 0)
    with office.org.work() as session:
        assert keys.is_erased(session, file_id)


def test_it_can_be_let_go_of_at_once(office: Office) -> None:
    file_id = office.keep()

    with office.org.work() as session:
        keeping.drop(session, file_id, staff_id=office.org.vic, now=NOW)

    assert office.count(CohortRow) == 0


def test_of_many_files_the_oldest_makes_room(office: Office) -> None:
    ids = []
    for seed in range(keeping.MOST_FILES + 1):
        office.clock.advance(timedelta(minutes=1))
        ids.append(office.keep(content=generate(27, seed=seed, now=NOW).encode()))

    with office.org.work() as session:
        kept = [s.file.id for s in keeping.summaries(session, office.org.vic, now=office.now)]
    assert kept == ids[:0:-1]


def test_the_record_says_what_a_file_brought(office: Office) -> None:
    done = office.take_all(office.keep())

    with office.org.work() as session:
        lines = [entry.payload for entry in history.read(session, "admin", limit=1000)]
    (line,) = [line for line in lines if line["concept_name"] == "cohort.taken_in"]
    assert line["org_resource"] == str(office.org.vic)
    assert line["rows"] == {str(state): number for state, number in done.states.items()}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"crime_ref,recorded_at,offence_group,victim_kind\n", "no rows"),
        (b"name,phone\nA,1\n", "lacks"),
        (generate(20, seed=1, now=NOW).encode("utf-16"), "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_kept(
    office: Office, content: bytes, said: str
) -> None:
    with pytest.raises(CohortRefused, match=said):
        office.keep(content=content)
    assert office.count(CohortFile) == 0


def test_a_file_too_long_for_a_page_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_ROWS", 30)
    with pytest.raises(CohortRefused, match="more than 30 rows"):
        office.keep(content=SMALL)


def at_once(*deeds: Callable[[], None]) -> None:
    """Do everything at the same moment; raise the first fault."""
    start = threading.Barrier(len(deeds))
    faults: list[BaseException] = []

    def run(deed: Callable[[], None]) -> None:
        start.wait()
        try:
            deed()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
