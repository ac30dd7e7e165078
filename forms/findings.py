"""What is wrong with a form, said to the person who drew it."""

from collections.abc import Sequence
from typing import NamedTuple


class Finding(NamedTuple):
    """One mistake: the component as its author knows it, and what is wrong and what to do."""

    component: str
    reason: str

    def __str__(self) -> str:
        return f"{self.component}: {self.reason}"


class FormRefused(Exception):
    """The form cannot be used; ``findings`` lists every reason."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = tuple(findings)
