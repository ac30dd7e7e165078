"""What the core may ask of the database shell while it drives (`engine.changes.Ports`)."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import operations, providers
from engine.db import may_be_repeated
from engine.definitions import Definitions
from engine.operations import OperationContext
from feel.calendars import Calendars


class DatabasePorts:
    """The ports of one unit of work. Settings and calendars are read when first asked for."""

    def __init__(
        self,
        session: Session,
        definitions: Definitions,
        *,
        instance_id: UUID,
        tenant_id: UUID,
        service_id: UUID | None,
        business_key: UUID | None,
        by: str,
        now: datetime,
    ) -> None:
        self._session = session
        self._definitions = definitions
        self._instance_id = instance_id
        self._tenant_id = tenant_id
        self._service_id = service_id
        self._business_key = business_key
        self._by = by
        self._now = now
        self._lost: DBAPIError | None = None

    def call_operation(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Run an operation; whatever it wrote is undone when it raises."""
        try:
            with self._session.begin_nested():
                return operations.call(self._context, name, parameters)
        except DBAPIError as fault:
            if may_be_repeated(fault):
                self._lost = fault
            raise

    def require_nothing_lost(self) -> None:
        """Raise what stopped an operation if it was no fault of its own.

        A deadlock or a lost connection is not to become an incident: the unit of work is undone
        and begun again from the start.
        """
        if self._lost is not None:
            raise self._lost

    def settings(self) -> Mapping[str, Any]:
        return self._settings

    def calendars(self) -> Calendars:
        return self._calendars

    @cached_property
    def _context(self) -> OperationContext:
        return OperationContext(
            session=self._session,
            now=self._now,
            instance_id=self._instance_id,
            actor=self._by,
            tenant_id=self._tenant_id,
            service_id=self._service_id,
            business_key=self._business_key,
            definitions=self._definitions,
            settings=self._settings,
            calendars=self._calendars,
        )

    @cached_property
    def _settings(self) -> Mapping[str, Any]:
        return providers.settings(
            self._session, self._tenant_id, self._service_id, self._definitions
        )

    @cached_property
    def _calendars(self) -> Calendars:
        return providers.calendars(
            self._session, self._tenant_id, self._definitions, self._settings
        )
