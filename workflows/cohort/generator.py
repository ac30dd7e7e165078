"""Make a cohort file of invented people, with the awkward rows that real files have.

Deterministic: the same seed gives the same file. Numbers come from Ofcom's range for drama.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from workflows.cohort.columns import COLUMNS, LOCAL

GIVEN = (
    "Amara", "Bethan", "Callum", "Dawn", "Ewa", "Farah", "Gwen", "Harjit", "Imran", "Jelena",
    "Kai", "Layla", "Mairéad", "Nadia", "Oisín", "Priti", "Rhys", "Siân", "Tomasz", "Yusuf",
)  # fmt: skip
FAMILY = (
    "Okafor", "Pryce", "Haddad", "Rahman", "Pike", "Kowalska", "O'Dowd", "Singh", "Nguyễn",
    "Featherstonehaugh-Cholmondeley", "Łukasik", "Mac Giolla", "Achterberg", "Shah", "Bell",
)  # fmt: skip
BUSINESSES = ("Corner Shop Ltd", "The Anchor", "Moor Lane Garage", "St Oswald's Primary School")
ORDINARY = (
    "violence_injury", "burglary_dwelling", "vehicle", "criminal_damage_low", "robbery",
    "other_personal", "fraud", "violence_other",
)  # fmt: skip
STREETS = ("Mill Lane", "Station Road", "High Street", "Bootham Crescent")

Cells = dict[str, str]


def generate(rows: int, *, seed: int, now: datetime) -> str:
    """Return a cohort file of ``rows`` rows recorded in the day before ``now``."""
    chance = random.Random(seed)
    out = io.StringIO()
    names = [column.name for column in COLUMNS]
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    awkward = list(_awkward(chance, now))[:rows]
    ordinary = [_ordinary(chance, now, number) for number in range(rows - len(awkward))]
    everything = [*awkward, *ordinary]
    chance.shuffle(everything)
    writer.writerows(everything)
    return out.getvalue()


def _ordinary(chance: random.Random, now: datetime, number: int) -> Cells:
    return {
        **_person(chance),
        **_crime(chance, now, f"42/{10_000 + number}/{now:%y}"),
        "offence_group": chance.choice(ORDINARY),
        "phone_safe": chance.choice(("yes", "unknown", "unknown", "")),
        "vulnerable_intimidated": chance.choice(("no", "no", "no", "yes")),
        "repeat_12m": str(chance.choice((0, 0, 0, 1, 2))),
        "digital_opt_in": chance.choice(("no", "yes")),
    }


def _person(chance: random.Random) -> Cells:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(365 * 76))
    return {
        "victim_kind": "person",
        "given_name": chance.choice(GIVEN),
        "family_name": chance.choice(FAMILY),
        "dob": f"{born:%d/%m/%Y}",
        "phone": f"07700 900{chance.randrange(1000):03}",
        "address": f"{chance.randrange(1, 200)} {chance.choice(STREETS)}",
        "postcode": f"YO{chance.randrange(1, 32)} {chance.randrange(1, 10)}AA",
    }


def _crime(chance: random.Random, now: datetime, reference: str) -> Cells:
    recorded = now.astimezone(LOCAL) - timedelta(minutes=chance.randrange(5, 24 * 60))
    return {"crime_ref": reference, "recorded_at": f"{recorded:%d/%m/%Y %H:%M}"}


def _awkward(chance: random.Random, now: datetime) -> Iterator[Cells]:
    """One of each thing that goes wrong with people's names, days, numbers and circumstances."""
    base = {**_person(chance), "offence_group": "violence_other", "phone_safe": "unknown"}

    def row(reference: int, **changed: str) -> Cells:
        return {**base, **_crime(chance, now, f"42/{reference}/{now:%y}"), **changed}

    # the same woman three times: as written, as heard, with day and month the other way round
    her = {"given_name": "Siobhán", "family_name": "Ní Dhomhnaill", "dob": "03/12/1985"}
    yield row(1, **her, offence_group="stalking", da_level="high")
    yield row(2, **{**her, "given_name": "Shivaun", "family_name": "O'Donnell"})
    yield row(3, **{**her, "dob": "12/03/1985"})
    yield from _circumstances(row, chance, now)
    yield from _broken(row, now)
    yield row(1, **her)  # the first row once more
    yield row(27, family_name='=HYPERLINK("evil")')


def _circumstances(
    row: Callable[..., Cells], chance: random.Random, now: datetime
) -> Iterator[Cells]:
    """Rows that are good and must not be treated like the others."""
    # two people behind one telephone
    yield row(4, given_name="Harjit", family_name="Kaur", phone="07700 900777")
    yield row(5, given_name="Gurpreet", family_name="Kaur", phone="07700 900777", dob="")
    yield row(6, victim_kind="business", business_name=chance.choice(BUSINESSES), given_name="",
              family_name="", dob="", offence_group="criminal_damage_low")  # fmt: skip
    yield row(7, given_name="Owen", family_name="Pryce", deceased="yes", offence_group="homicide",
              next_of_kin_name="Gwen Pryce", next_of_kin_phone="07700 900612")  # fmt: skip
    yield row(8, deceased="yes", offence_group="other_personal")
    yield row(9, given_name="Kai", dob=f"{now.date() - timedelta(days=15 * 366):%d/%m/%Y}",
              offence_group="hate", hate_flag="yes")  # fmt: skip
    yield row(10, phone="", email="", offence_group="burglary_dwelling")
    yield row(11, phone_safe="no", da_level="high", offence_group="domestic_abuse")
    yield row(12, phone_safe="unknown", phone_given_as_safe_by="PC Lee, from her", da_level="high",
              offence_group="domestic_abuse")  # fmt: skip
    yield row(13, offence_group="domestic_abuse", da_level="medium", opted_out="yes")
    yield row(14, officer_on_duty="yes")
    yield row(15, sensitive_investigation="yes", offence_group="serious_sexual")
    yield row(16, out_of_area="yes", postcode="LS1 4DY")
    yield row(17, victimless="yes", given_name="", family_name="", dob="")
    yield row(18, language="Polish", given_name="Agnieszka", family_name="Wiśniewska-Łabędź")
    yield row(19, given_name="", family_name="Madonna", dob="")


def _broken(row: Callable[..., Cells], now: datetime) -> Iterator[Cells]:
    """Rows that come back with reasons while everybody else goes on."""
    yield row(20, dob="31/02/1990")
    yield row(21, phone="ask her mother")
    yield row(22, offence_group="mischief")
    yield row(23, recorded_at=f"{now + timedelta(days=4000):%d/%m/%Y %H:%M}")
    yield row(24, given_name="", family_name="")
    yield {**row(25), "crime_ref": ""}
    yield row(26, hate_flag="perhaps", repeat_12m="a few")
