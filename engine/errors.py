"""Refusals: what the product answers when it will not do what was asked."""

import re
from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """The request was refused."""

    # The docstring of a subclass is the title people read (RFC 9457 `title`), the class name makes
    # the problem type, `status` is the HTTP status, `extra` are further members of the problem.
    status = 409

    def __init__(self, detail: str | None = None, **extra: Any):
        super().__init__(detail or self.title())
        self.extra: Mapping[str, Any] = extra

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or "").strip().splitlines()[0]

    @classmethod
    def problem_type(cls) -> str:
        return "/problems/" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class NotFound(Refusal):
    """This does not exist or you may not see it."""

    status = 404


class Forbidden(Refusal):
    """You may see this but not do it."""

    status = 403
