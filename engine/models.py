"""What the engine keeps: releases, instances, user tasks, timers, messages, history.

Every row belongs to a tenant. `service_id` and `business_key` are opaque here: the unit inside
the tenant, and what the work is about. Nothing in these tables names a person who is helped.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base
from engine.states import (
    IncidentState,
    InstanceStatus,
    MessageState,
    OutboxState,
    ReleaseState,
    UserTaskState,
)

# Not by `state`: a list of bound values does not let PostgreSQL prove that the index fits.
OPEN_TASK = text("completed_at IS NULL")

HIGH_RISK_FIRST = text("risk_rank DESC")

# Rows of these are updated at every step, but not in what is indexed: with room on the page the
# new version lies beside the old one and no index is touched.
OFTEN_UPDATED = {"fillfactor": 80}


class FileContent(Base):
    """The bytes of a file, stored once however many releases and tenants hold it."""

    __tablename__ = "file_content"
    __table_args__ = (
        # nobody can store other bytes under a hash that somebody else's release names
        CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class Release(Base):
    """Definitions that were checked together; immutable but for the act of publishing."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "effective_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    number: Mapped[int]  # counts from 1 within the tenant
    sha256: Mapped[str]  # over the names and hashes of all files
    state: Mapped[str] = mapped_column(default=ReleaseState.DRAFT)
    # the published release it was made from; what it does not change is as there
    base_id: Mapped[UUID | None] = mapped_column(ForeignKey("release.id"))
    note: Mapped[str] = mapped_column(default="")
    author: Mapped[str]
    reviewer: Mapped[str | None]
    findings: Mapped[list[Any]]  # engine.findings.Finding as objects
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    effective_from: Mapped[datetime | None]


class ReleaseFile(Base):
    """One named file of a release."""

    __tablename__ = "release_file"

    release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    kind: Mapped[str]
    # deferred: the row must be there before its bytes may be seen (migration 0001)
    sha256: Mapped[str] = mapped_column(
        ForeignKey(FileContent.sha256, deferrable=True, initially="DEFERRED"), index=True
    )


class ProcessInstance(Base):
    """One run of a process, pinned to the release it started on."""

    __tablename__ = "process_instance"
    __table_args__ = (
        Index(None, "tenant_id", "business_key"),
        Index(None, "tenant_id", "process_id", postgresql_where=text("status = 'active'")),
        Index(
            "ix_process_instance_tenant_id_release_id",
            "tenant_id",
            "release_id",
            "process_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"postgresql_with": OFTEN_UPDATED},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    business_key: Mapped[UUID | None]
    release_id: Mapped[UUID] = mapped_column(ForeignKey(Release.id))
    process_id: Mapped[str]
    status: Mapped[str] = mapped_column(default=InstanceStatus.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)  # guards every write of `state`
    state: Mapped[bytes]  # engine.codec: packed, compacted, compressed; it begins with its version
    risk_rank: Mapped[int] = mapped_column(SmallInteger, default=0)  # higher first
    # as `engine/ranks.py` was told it; none once the instance has come to another by itself
    told_rank: Mapped[int | None] = mapped_column(SmallInteger)
    history_seq: Mapped[int] = mapped_column(default=0)  # head of the stream `instance:<id>`
    history_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def _open_tasks(name: str, *columns: Any) -> Index:
    return Index(f"ix_user_task_open_{name}", "tenant_id", *columns, postgresql_where=OPEN_TASK)


class UserTask(Base):
    """Work offered to people: a user task that has been reached, or a message nobody took.

    `id` is SpiffWorkflow's task id. Without `instance_id` the task is about `message_id`, a
    message that expired in the inbox (`engine/messages.py`).
    """

    __tablename__ = "user_task"
    __table_args__ = (
        # The inbox reads these alone: a person's own work, the queues of a service, a manager's
        # view over all, each in the order in which it is shown; and what is late.
        _open_tasks("own", "actual_owner", HIGH_RISK_FIRST, "due_at"),
        _open_tasks("queue", "service_id", HIGH_RISK_FIRST, "due_at"),
        _open_tasks("all", HIGH_RISK_FIRST, "due_at"),
        _open_tasks("late", "due_at"),
        # what somebody has done today
        Index(
            "ix_user_task_done",
            "completed_by",
            "completed_at",
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
        Index(None, "tenant_id", "business_key"),
        Index(None, "instance_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    business_key: Mapped[UUID | None]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey(ProcessInstance.id))
    message_id: Mapped[UUID | None]  # the row of message_inbox that nobody took
    process_id: Mapped[str]  # the called process, when the task lies in one
    element_id: Mapped[str]
    name: Mapped[str]
    lane: Mapped[str | None]
    form_id: Mapped[str | None]
    potential_owners: Mapped[list[str]]  # role keys and rota positions
    excluded_owners: Mapped[list[str]]  # ids of people
    actual_owner: Mapped[str | None]
    team: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=UserTaskState.READY)
    suspended_from: Mapped[str | None]  # its state before the instance was suspended
    priority: Mapped[int] = mapped_column(SmallInteger, default=2)  # 0 is urgent, 3 can wait
    risk_rank: Mapped[int] = mapped_column(SmallInteger, default=0)  # higher first
    safety_critical: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None]  # put aside until then; never hides `due_at`
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]  # or became obsolete: open as long as there is none
    completed_by: Mapped[str | None]
    closed_reason: Mapped[str | None]  # the element that cancelled it

    @property
    def is_open(self) -> bool:
        return UserTaskState(self.state).is_open


class Timer(Base):
    """When something falls due. One row per armed timer event, one per due time of a task."""

    __tablename__ = "timer"
    __table_args__ = (Index(None, "due_at"), Index(None, "instance_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)  # of the arming; of the task if overdue
    tenant_id: Mapped[UUID]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey(ProcessInstance.id))
    user_task_id: Mapped[UUID | None] = mapped_column(ForeignKey(UserTask.id))
    kind: Mapped[str]
    element_id: Mapped[str]
    due_at: Mapped[datetime]  # the truth: never overwritten by a back-off
    retry_at: Mapped[datetime | None]  # not before, after a failure
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    risk_rank: Mapped[int] = mapped_column(SmallInteger, default=0)
    # its instance is suspended: it counts on and fires when that is over
    held: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class MessageSubscription(Base):
    """A catcher that waits: of a message exactly one takes it, of a signal all do."""

    __tablename__ = "message_subscription"
    __table_args__ = (
        Index(None, "tenant_id", "name", "correlation_key"),
        Index(None, "instance_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    instance_id: Mapped[UUID] = mapped_column(ForeignKey(ProcessInstance.id))
    element_id: Mapped[str]
    kind: Mapped[str]  # "message" or "signal"
    name: Mapped[str]
    correlation: Mapped[dict[str, Any] | None]  # none: any message of the name matches
    correlation_key: Mapped[str]  # the same in canonical text, "" for none


class MessageInbox(Base):
    """Every message, from its sending until one instance took it or a person dealt with it."""

    __tablename__ = "message_inbox"
    __table_args__ = (
        UniqueConstraint("tenant_id", "message_id"),  # delivered twice, handled once
        Index(None, "received_at", postgresql_where=text("state = 'pending'")),
        Index(
            None, "tenant_id", "name", postgresql_where=text("state IN ('waiting', 'unclaimed')")
        ),
        Index(None, "expires_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    kind: Mapped[str]  # "message" or "signal"
    name: Mapped[str]
    message_id: Mapped[str]  # the sender's own id of it
    payload: Mapped[dict[str, Any]]
    correlation: Mapped[dict[str, Any] | None]  # "" as the only name: a bare value
    sent_by: Mapped[str]
    origin_id: Mapped[UUID | None]  # the instance that threw it
    target_id: Mapped[UUID | None]  # a signal's instance; a message finds its own
    start_process: Mapped[str | None]  # a signal that starts a process: which one
    state: Mapped[str] = mapped_column(default=MessageState.PENDING)
    received_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    consumed_by: Mapped[UUID | None]  # the instance started or resumed
    consumed_at: Mapped[datetime | None]


class DecisionRecord(Base):
    """One evaluation of a decision table: on what, by which version, which rows, with what result.

    `inputs` hold declared decision variables; a decision over personal inputs keeps them in
    `inputs_encrypted`, under the subject's key, which `workflows` alone can open.
    """

    __tablename__ = "decision_record"
    __table_args__ = (Index(None, "tenant_id", "business_key"), Index(None, "instance_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey(ProcessInstance.id))
    business_key: Mapped[UUID | None]
    element_id: Mapped[str]
    decision_id: Mapped[str]
    file_sha256: Mapped[str]  # which version of the table
    inputs: Mapped[dict[str, Any] | None]
    inputs_encrypted: Mapped[bytes | None]
    matched_rows: Mapped[list[str]]
    outputs: Mapped[Any] = mapped_column(JSONB(none_as_null=False))
    decided_at: Mapped[datetime]
    actor: Mapped[str | None]
    overridden_by: Mapped[str | None]
    overridden_at: Mapped[datetime | None]
    override_reason: Mapped[str | None]
    override_outputs: Mapped[Any | None] = mapped_column(JSONB)


class HistoryEvent(Base):
    """What one transaction said in a stream of the audit trail: one entry or several.

    Only ever inserted: no role may change or delete it. `engine/history.py` says what was hashed.
    """

    __tablename__ = "history_event"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32", name="hash"),)

    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    # of the last entry; entries are numbered from 1 without gaps
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[UUID]
    at: Mapped[datetime]
    entries: Mapped[str]  # a list in canonical JSON
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class HistoryHead(Base):
    """The last row of a stream; those of instances stand on the instance's own row."""

    __tablename__ = "history_head"
    __table_args__ = ({"postgresql_with": OFTEN_UPDATED},)

    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    stream: Mapped[str]
    seq: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Incident(Base):
    """A step that failed, or a message that two could take. The rest goes on around it."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(None, "tenant_id", "created_at", postgresql_where=text("state = 'open'")),
        Index(None, "instance_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    business_key: Mapped[UUID | None]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey(ProcessInstance.id))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey(MessageInbox.id))
    delivery_id: Mapped[UUID | None] = mapped_column(ForeignKey("outbox.id"))  # a dead letter
    element_id: Mapped[str]
    error: Mapped[str]  # the class of the fault
    cause: Mapped[str]  # a sentence; never the value of a variable
    operation: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=IncidentState.OPEN)
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    reason: Mapped[str | None]


class Outbox(Base):
    """What must leave the building: sent after the commit, at least once, with one delivery id."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "next_at", postgresql_where=text("state = 'pending'")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)  # the delivery id
    tenant_id: Mapped[UUID]
    kind: Mapped[str]  # which sender: "mail", "sms", "webhook", "partner"
    payload: Mapped[dict[str, Any]]  # ids only; what is personal is read when it is sent
    state: Mapped[str] = mapped_column(default=OutboxState.PENDING)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]  # the class of the last fault


class IdempotencyKey(Base):
    """The answer given to a request, so that its repetition gets the same one."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created_at"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)  # none: still being answered
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]
