"""What a worker keeps has a bound, whatever it has moved and however long it runs."""

import ast
import gc
import tracemalloc
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from desk import Desk
from diagrams import diagram, end, many, process, start, user
from rehearsing import not_linted, step

import engine
import feel
import forms
from engine import instances, kept, releases, routing, runtime, specs
from engine.changes import Start
from engine.codec import unpacked_size
from engine.db import snapshot
from engine.definitions import check
from engine.kept import Cache
from engine.models import ProcessInstance
from feel import expressions

ASK = process(start("begin"), user("ask"), end("done"), flows="begin > ask > done")
MANY_STEPS = (start("begin"), user("ask", many(times="how_many")), end("done"))
MANY_FLOWS = "begin > ask > done"
MANY = process(*MANY_STEPS, flows=MANY_FLOWS)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Cache:
    made = Cache(most=3, most_bytes=20_000)
    monkeypatch.setattr(instances, "_cache", made)
    return made


def size_of(desk: Desk, instance_id: UUID) -> int:
    with snapshot(desk.database, desk.tenant_id) as session:
        return unpacked_size(bytes(session.get_one(ProcessInstance, instance_id).state))


def test_so_many_instances_are_kept_and_the_oldest_go_first(desk: Desk, cache: Cache) -> None:
    desk.publish({"p.bpmn": diagram(ASK)})
    ids = [desk.start() for _ in range(5)]
    assert [instance_id in cache for instance_id in ids] == [False, False, True, True, True]
    assert cache.bytes == sum(size_of(desk, instance_id) for instance_id in ids[2:])
    desk.complete(desk.task(ids[3]))  # it has ended: nobody needs it any more
    assert (len(cache), ids[3] in cache) == (2, False)
    assert cache.bytes == size_of(desk, ids[2]) + size_of(desk, ids[4])


def test_large_instances_drive_out_others_by_their_size(desk: Desk, cache: Cache) -> None:
    desk.publish({"p.bpmn": diagram(MANY)})
    ids = [desk.start(variables={"how_many": 30}) for _ in range(3)]
    assert 20_000 / 3 < size_of(desk, ids[0]) < 20_000 / 2
    assert [instance_id in cache for instance_id in ids] == [False, True, True]
    assert cache.bytes <= 20_000


def test_one_that_is_too_large_is_not_kept_and_moves_all_the_same(
    desk: Desk, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LARGEST_BYTES", 1_000)
    desk.publish({"p.bpmn": diagram(MANY)})
    instance_id = desk.start(variables={"how_many": 10})
    assert (instance_id in cache, len(cache), cache.bytes) == (False, 0, 0)
    desk.complete(desk.open_tasks(instance_id)[0].id)
    assert len(desk.open_tasks(instance_id)) == 9
    assert desk.is_consistent()


def test_what_is_kept_holds_no_session(desk: Desk, cache: Cache) -> None:
    desk.publish({"p.bpmn": diagram(ASK)})
    instance_id = desk.start()
    run = cache._runs[instance_id].run
    assert not hasattr(run, "step")
    assert run.recorder.changes.tasks_opened == []


def test_an_object_takes_no_more_than_its_bound_says() -> None:
    """Some ten times what its state unpacks to, and a few kilobytes."""
    definitions = not_linted(*MANY_STEPS, flows=MANY_FLOWS)
    variables = {"how_many": 20, **{f"v_{n}": n for n in range(20)}}
    runtime.start(definitions, Start("p", variables), step())  # what is shared is there now
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    made = []
    for _ in range(50):
        run, _ = runtime.start(definitions, Start("p", dict(variables)), step())
        run.rest()
        made.append((run, unpacked_size(run.state())))
    gc.collect()
    taken = (tracemalloc.get_traced_memory()[0] - before) / len(made)
    tracemalloc.stop()
    assert taken < 12 * made[0][1] + 8_192, (taken, made[0][1])


def test_specs_releases_and_receivers_have_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs, "MOST_KEPT", 3)
    monkeypatch.setattr(routing, "MOST_KEPT", 3)
    cache = releases._Cache(size=3, names=4)
    for number in range(6):
        drawn = process(
            start("begin"), user(f"ask_{number}"), end("done"), flows=f"begin > ask_{number} > done"
        )
        definitions = check({"p.bpmn": diagram(drawn)})
        specs.spec_of(definitions, "p")
        routing.receivers(definitions)
        cache.put(uuid4(), definitions)
    assert len(specs._kept) <= 3
    assert len(routing._receivers) <= 3
    assert (len(cache._by_hash), len(cache._hashes)) == (3, 4)


def unbounded(path: Path) -> list[str]:
    """Return the functions that remember an answer for every argument they were ever given."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        takes = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        for decorator in node.decorator_list:
            text = ast.unparse(decorator).rpartition("functools.")[2]
            if takes and (text == "cache" or text == "lru_cache(maxsize=None)"):
                found.append(f"{path.name}: {node.name}")
    return found


def test_nothing_is_remembered_without_a_bound() -> None:
    """Texts of expressions, forms and patterns come from outside: there is no end to them."""
    packages = (engine, feel, forms)
    files = [path for package in packages for path in Path(package.__path__[0]).rglob("*.py")]
    assert len(files) > 50
    assert [each for path in files for each in unbounded(path)] == []


def test_expressions_are_forgotten_again() -> None:
    caches = [each for each in vars(expressions).values() if hasattr(each, "cache_info")]
    assert caches
    for each in caches:
        most = each.cache_info().maxsize
        assert most is not None
    for number in range(expressions._CACHED + 10):
        feel.parse(f"{number} + 1")
    for each in caches:
        assert each.cache_info().currsize <= expressions._CACHED
