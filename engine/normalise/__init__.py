"""The XML pass: a diagram as drawn becomes one that draws every step of its meaning.

It works on a copy; what the author stored, foreign extensions and layout included, stays as it is.
Afterwards every flow and node has an id, every event holds its definitions, link events are
joined by a flow, and what BPMN leaves implicit (the start, end or gateway that a diagram may leave
out) is drawn. The map of made ids keeps messages and history in the author's words.
Sources: BPMN 2.0.2 (formal/13-12-09) 10.3.1, 10.4, 10.5, 10.6 and 13.
"""

import copy
from dataclasses import dataclass, field

from lxml import etree

from engine import xml
from engine.findings import Finding
from engine.normalise import data, events, flows, pools, starts
from engine.normalise.ids import Ids, rename_reserved, strip_prefixes


@dataclass
class Normalised:
    """``root`` is the copy; ``author_ids`` maps made and renamed ids to the author's (or None);

    ``made`` are the ids of elements that the author did not draw at all, ``left_out`` those of
    processes that only document. ``findings`` are warnings about what is left out because it has
    no meaning for execution.
    """

    root: etree._Element
    author_ids: dict[str, str | None]
    made: frozenset[str]
    left_out: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)


def normalise(root: etree._Element, file: str, called: frozenset[str] = frozenset()) -> Normalised:
    """Return the drawn-out copy of ``root``; broken references are left for the linter.

    ``called`` are the processes that some diagram of the release calls.
    """
    root = copy.deepcopy(root)
    ids = Ids(root)
    findings: list[Finding] = []
    strip_prefixes(root)
    left_out, of_pools = pools.documentation_only(root, file, called)
    findings += of_pools
    starts.global_tasks(root, ids)
    events.inline_definitions(root, ids)
    findings += data.drop_stores(root, file)
    findings += data.drop_unresolved_associations(root, file)
    events.bare_expressions(root)
    for scope in flows.scopes(root):
        flows.name_all(scope, ids)
        if xml.is_bpmn(scope, "process"):
            starts.receive_starts(scope)
        flows.join_links(scope, ids)
        flows.draw_starts(scope, ids)
        flows.draw_splits(scope, ids)
        flows.draw_ends(scope, ids)
    rename_reserved(root, ids)
    for scope in flows.scopes(root):
        flows.list_flows_on_nodes(scope)
    return Normalised(root, ids.author_ids, frozenset(ids.made), left_out, findings)
