"""What is wrong with a definition, said to the person who drew it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How far a finding goes."""

    CANNOT_EXECUTE = "cannot_execute"  # refused everywhere, in a rehearsal too
    UNSAFE = "unsafe"  # may be rehearsed, may not be published
    WARNING = "warning"  # worth a look; stops nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: where it is, which rule it breaks, why that matters and what to do.

    ``message`` is a whole sentence that names the element as the author drew it;
    ``remedy`` says what to do instead. ``line`` counts from 1 in ``file``. ``path`` is a
    counter-example: element ids in order, so that an editor can draw it.
    """

    rule: str
    severity: Severity
    message: str
    remedy: str = ""
    file: str | None = None
    element_id: str | None = None
    line: int | None = None
    path: tuple[str, ...] = ()
