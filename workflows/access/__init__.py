"""Who may see and do what: one policy for lists, counts, search, exports and single objects.

`actor_for` reads who somebody is; the `visible_*` conditions go into every query; `require_*`
let single objects through or say that there is no such thing; `shown` masks fields; `record_read`
leaves the trace. Declaring a conflict is `conflicts`, sealing and break-glass are `sealing`.
"""

from workflows.access.actor import Actor, Grant, NotSignedIn, actor_for
from workflows.access.policy import (
    findable_people,
    offered_to,
    visible_cases,
    visible_contacts,
    visible_tasks,
)
from workflows.access.reading import (
    NotAllowed,
    PurposeNeeded,
    ReasonNeeded,
    Shown,
    may,
    record_read,
    require,
    require_case,
    require_contact,
    require_task,
    shown,
)

__all__ = [
    "Actor",
    "Grant",
    "NotAllowed",
    "NotSignedIn",
    "PurposeNeeded",
    "ReasonNeeded",
    "Shown",
    "actor_for",
    "findable_people",
    "may",
    "offered_to",
    "record_read",
    "require",
    "require_case",
    "require_contact",
    "require_task",
    "shown",
    "visible_cases",
    "visible_contacts",
    "visible_tasks",
]
