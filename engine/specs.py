"""Specs, parsed once per release and process and shared by every instance and thread."""

from collections import OrderedDict
from threading import Lock

from engine.core.nodes import ScopeSpec
from engine.definitions import Definitions
from engine.parser import DiagramParser

MOST_KEPT = 500  # processes; a release has some dozens

_kept: OrderedDict[tuple[str, str], ScopeSpec] = OrderedDict()
_lock = Lock()


def spec_of(definitions: Definitions, process_id: str) -> ScopeSpec:
    """Return the spec of a process; raises ``KeyError`` if the release has none of that id.

    A release is named by the hash of its contents, so equal keys mean equal diagrams.
    """
    process = definitions.processes[process_id]
    key = (definitions.sha256, process_id)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    spec = DiagramParser(process).parse()
    with _lock:
        _kept[key] = spec
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return spec
