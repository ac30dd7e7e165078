"""The state of an instance as bytes: what is alive, exactly, and nothing that could run.

Layout: format version (1 byte), BLAKE2b of all the rest (8 bytes), the first 8 bytes of the
release's hash, zstd of JSON. Values keep their types (1, 1.0, true and a Decimal stay different);
what JSON has not is ``{"$": [kind, text]}``, and a context of the author's that has a key ``$`` is
wrapped likewise, so no value can pass itself off as another kind. Any damage raises
`StateUnreadable`. Specs are never stored; nodes are named.

To change the layout: raise `VERSION`, say in `UPGRADES` how the rows of the one before become the
new ones, and add a golden file (`tests/engine/golden`). Whatever was stored once stays readable;
it is written anew in the newest format when its instance moves.
"""

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import zstandard

from engine.core.nodes import ScopeSpec
from engine.core.refusals import StateTooNew, StateUnreadable
from engine.core.tokens import Instance, Scope, Token
from feel.values import Range, YearsMonths

SpecOf = Callable[[str], ScopeSpec]

VERSION = 2
MARK = "$"
DIGEST, RELEASE = 8, 8
HEADER = 1 + DIGEST + RELEASE
LARGEST = 64 * 1024 * 1024  # bytes unpacked; a state has a few thousand
DEEPEST = 500  # of the tree of tokens, which has three levels


class _Zstd(threading.local):
    """What compresses, kept by each thread: to make one costs more than to use it."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def pack(instance: Instance, release: str) -> bytes:
    """Return the state of ``instance``; ``release`` is the hash of its definitions."""
    rows = [
        instance.spec.process_id,
        head(instance),
        [scope_row(scope) for scope in instance.scopes()],  # a host comes before its inside
    ]
    return sealed(rows, release)


def sealed(rows: Any, release: str) -> bytes:
    packed = _zstd.compressor.compress(orjson.dumps(rows))
    body = bytes.fromhex(release)[:RELEASE] + packed
    return bytes([VERSION]) + digest(VERSION, body) + body


def unpack(state: bytes, release: str, spec_of: SpecOf) -> Instance:
    """Return the instance that was packed; raises `StateUnreadable`."""
    rows = read(state, release)
    try:
        process_id, kept, scopes = rows
        instance = Instance(spec_of(process_id))
        fill(instance, scopes[0])
        for row in scopes[1:]:
            host = instance.find(UUID(row[0]))
            if host is None:
                raise ValueError("a scope without its activity")
            fill(Scope(inner_spec(host, spec_of), host), row)
        set_head(instance, kept)
        return instance
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise StateUnreadable(f"The state does not fit its release: {error!r}") from error


def read(state: bytes, release: str) -> Any:
    """Check and decompress; what comes out is what went in, or `StateUnreadable` is raised.

    Rows of an older format come out as those of the newest.
    """
    version = state[0] if len(state) > HEADER else 0
    if version > VERSION:
        raise StateTooNew(
            f"The state has format version {version}, which a newer Signpost has written; this one "
            f"reads up to {VERSION}. Let the newer one run here as well.",
            retry_after=5,
        )
    body = state[1 + DIGEST :]
    if version < 1 or digest(version, body) != state[1 : 1 + DIGEST]:
        raise StateUnreadable("The state is damaged.")
    if body[:RELEASE] != bytes.fromhex(release)[:RELEASE]:
        raise StateUnreadable("The state belongs to another release.")
    try:
        packed = _zstd.decompressor.decompress(body[RELEASE:], max_output_size=LARGEST)
        return upgraded(orjson.loads(packed), version)
    except (zstandard.ZstdError, ValueError, TypeError, MemoryError) as error:
        raise StateUnreadable("The state is damaged.") from error


def unpacked_size(state: bytes) -> int:
    """Return how many bytes a state is unpacked, without unpacking it."""
    return zstandard.frame_content_size(state[HEADER:])


def digest(version: int, body: bytes) -> bytes:
    """Return the checksum. In the first format it left out the version itself."""
    signed = body if version == 1 else bytes([version]) + body
    return hashlib.blake2b(signed, digest_size=DIGEST).digest()


def upgraded(rows: Any, version: int) -> Any:
    """Return rows of format ``version`` as rows of the newest, one format after the other."""
    for older in range(version, VERSION):
        rows = UPGRADES[older](rows)
    return rows


def with_named_head(rows: Any) -> Any:
    """The first format kept what is said of an instance as a list, where nothing can be added."""
    process_id, (seq, ended, risk, key, incidents), scopes = rows
    head = {"seq": seq, "ended": ended, "risk": risk, "key": key, "incidents": incidents}
    return [process_id, head, scopes]


# From that format to the next one.
UPGRADES: dict[int, Callable[[Any], Any]] = {1: with_named_head}


# -- instances, scopes, tokens ----------------------------------------------------------------


def head(instance: Instance) -> dict[str, Any]:
    key = instance.business_key
    return {
        "seq": instance.seq,
        "ended": instance.has_ended,
        "risk": instance.risk_rank,
        "key": str(key) if key else None,
        "incidents": {str(id): to_json(kept) for id, kept in instance.incidents.items()},
    }


def set_head(instance: Instance, kept: dict[str, Any]) -> None:
    key = kept["key"]
    instance.seq, instance.has_ended, instance.risk_rank = kept["seq"], kept["ended"], kept["risk"]
    instance.business_key = UUID(key) if key else None
    incidents = kept["incidents"].items()
    instance.incidents = {UUID(id): from_json(incident) for id, incident in incidents}


def scope_row(scope: Instance | Scope) -> list[Any]:
    root = scope.task_tree
    return [
        scope.host.id.hex if isinstance(scope, Scope) else None,
        scope.interrupted,
        to_json(scope.data),
        to_json(scope.undo),
        [token_row(token, root) for token in scope.tasks.values() if token is not root],
    ]


def token_row(token: Token, root: Token) -> list[Any]:
    if token.depth >= DEEPEST:
        raise AssertionError(f"the tree of tokens is {token.depth} deep")
    parent = token._parent
    return [
        token.id.hex,
        None if parent is None or parent == root.id else parent.hex,
        token._state,
        token.task_spec.name,
        token.seq,
        int(token.triggered),
        to_json(token.data),
        to_json(token.internal_data),
    ]


def fill(scope: Instance | Scope, row: list[Any]) -> None:
    _, scope.interrupted, data, undo, rows = row
    scope.data, scope.undo = from_json(data), from_json(undo)
    tokens = [(restored(scope, each), each[1]) for each in rows]
    root = scope.task_tree
    for token, parent_id in tokens:
        parent = scope.tasks[UUID(parent_id)] if parent_id else root
        token._parent = parent.id
        parent._children.append(token.id)


def restored(scope: Instance | Scope, row: list[Any]) -> Token:
    id, _, state, name, seq, triggered, data, internal = row
    token = Token(scope, scope.spec.task_specs[name], state=state, id=UUID(id))
    token.seq = seq
    token.triggered = bool(triggered)
    token.data = from_json(data)
    token.internal_data = from_json(internal)
    return token


def inner_spec(host: Token, spec_of: SpecOf) -> Any:
    """The spec of what runs inside ``host``: its own inside, or the process it calls."""
    node = host.task_spec
    if hasattr(node, "inner_spec"):
        return node.inner_spec(host)
    called = getattr(node, "called", None)
    return spec_of(called) if called is not None else node.inner


# -- values -----------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """Return ``value`` as JSON that `from_json` turns back into exactly the same."""
    kind = type(value)
    if kind in NATIVE:
        return value
    if kind is dict:
        inside = {key: to_json(item) for key, item in value.items()}
        return {MARK: ["m", inside]} if MARK in inside else inside
    if kind is list:
        return [to_json(item) for item in value]
    if kind not in WRITERS:
        raise TypeError(f"{kind.__name__} has no place in a state")
    tag, write = WRITERS[kind]
    return {MARK: [tag, write(value)]}


def from_json(value: Any) -> Any:
    """Return what `to_json` was given."""
    if type(value) is list:
        return [from_json(item) for item in value]
    if type(value) is not dict:
        return value
    if MARK not in value:
        return {key: from_json(item) for key, item in value.items()}
    tag, inside = value[MARK]
    if tag == "m":
        return {key: from_json(item) for key, item in inside.items()}
    return READERS[tag](inside)


def zone_text(zone: tzinfo | None) -> str | None:
    """Name a zone: one of the database by its key, an offset by its seconds."""
    if zone is None or isinstance(zone, ZoneInfo):
        return None if zone is None else zone.key
    offset = zone.utcoffset(None)
    if offset is None:
        raise TypeError(f"the zone {zone!r} has no place in a state")
    return f"{offset.total_seconds():g}"


def zone_of(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[-1:].isdigit() and text.lstrip("-").replace(".", "").isdigit():
        return timezone(timedelta(seconds=float(text))) if float(text) else UTC
    return ZoneInfo(text)


def moment(value: datetime | time) -> list[Any]:
    return [value.replace(tzinfo=None).isoformat(), zone_text(value.tzinfo), value.fold]


def moment_of(reader: Callable[[str], Any], stored: list[Any]) -> Any:
    text, zone, fold = stored
    return reader(text).replace(tzinfo=zone_of(zone), fold=fold)


def interval(value: Range) -> list[Any]:
    return [to_json(value.start), to_json(value.end), value.start_included, value.end_included]


def interval_of(stored: list[Any]) -> Range:
    start, end, start_included, end_included = stored
    return Range(from_json(start), from_json(end), start_included, end_included)


def span(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


NATIVE = (str, bool, int, float, type(None))
KINDS: tuple[tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    ("n", Decimal, str, Decimal),
    ("u", UUID, lambda value: value.hex, UUID),
    ("t", datetime, moment, partial(moment_of, datetime.fromisoformat)),
    ("d", date, date.isoformat, date.fromisoformat),
    ("h", time, moment, partial(moment_of, time.fromisoformat)),
    ("s", timedelta, span, lambda stored: timedelta(*stored)),
    ("y", YearsMonths, lambda value: value.months, YearsMonths),
    ("r", Range, interval, interval_of),
)
WRITERS = {python: (tag, write) for tag, python, write, _ in KINDS}
READERS = {tag: read for tag, _, _, read in KINDS}
