"""Ids in the order of time."""

from engine.ids import new_id


def test_an_id_is_of_version_seven() -> None:
    found = {new_id() for _ in range(1000)}
    assert len(found) == 1000
    assert {(each.version, each.variant) for each in found} == {(7, "specified in RFC 4122")}


def test_what_is_made_later_stands_behind_in_an_index() -> None:
    first = new_id()
    parts = first.int >> 64  # milliseconds, version, 4,096ths of a millisecond
    while (later := new_id()).int >> 64 == parts:
        pass
    assert later > first


def test_what_is_made_with_some_work_between_is_in_order() -> None:
    made = [(new_id(), sum(range(500)))[0] for _ in range(200)]
    assert made == sorted(made)
