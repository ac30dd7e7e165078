"""Tables of the engine."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.security import ROLES, TENANT, create_roles, protect

revision = "0001"
down_revision = None

OPEN_TASK = sa.text("completed_at IS NULL")


def upgrade() -> None:
    create_roles()
    _releases()
    _instances()
    _messages()
    _records()
    _deliveries()
    _protect_releases()
    _protect_history()
    _protect_work()
    _tune()


def _releases() -> None:
    op.create_table(
        "file_content",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sha256"),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String()),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("effective_from", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "number"),
    )
    op.create_index(
        "ix_release_tenant_id_effective_from", "release", ["tenant_id", "effective_from"]
    )
    op.create_table(
        "release_file",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"]),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file_content.sha256"], initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("release_id", "name"),
    )
    op.create_index("ix_release_file_sha256", "release_file", ["sha256"])


def _instances() -> None:
    op.create_table(
        "process_instance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("business_key", sa.Uuid()),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("risk_rank", sa.SmallInteger(), nullable=False),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"]),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_process_instance_tenant_id_business_key",
        "process_instance",
        ["tenant_id", "business_key"],
    )
    op.create_index(
        "ix_process_instance_tenant_id_process_id",
        "process_instance",
        ["tenant_id", "process_id"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "user_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("business_key", sa.Uuid()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("element_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lane", sa.String()),
        sa.Column("form_id", sa.String()),
        sa.Column("potential_owners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("excluded_owners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("actual_owner", sa.String()),
        sa.Column("team", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("risk_rank", sa.SmallInteger(), nullable=False),
        sa.Column("safety_critical", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("follow_up_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("completed_by", sa.String()),
        sa.Column("closed_reason", sa.String()),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_user_task_instance_id", "user_task", ["instance_id"])
    op.create_index(
        "ix_user_task_done",
        "user_task",
        ["completed_by", "completed_at"],
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_user_task_open_own",
        "user_task",
        ["tenant_id", "actual_owner", sa.text("risk_rank DESC"), "due_at"],
        postgresql_where=OPEN_TASK,
    )
    op.create_index(
        "ix_user_task_tenant_id_business_key", "user_task", ["tenant_id", "business_key"]
    )
    op.create_index(
        "ix_user_task_open_all",
        "user_task",
        ["tenant_id", sa.text("risk_rank DESC"), "due_at"],
        postgresql_where=OPEN_TASK,
    )
    op.create_index(
        "ix_user_task_open_late",
        "user_task",
        ["tenant_id", "due_at"],
        postgresql_where=OPEN_TASK,
    )
    op.create_index(
        "ix_user_task_open_queue",
        "user_task",
        ["tenant_id", "service_id", sa.text("risk_rank DESC"), "due_at"],
        postgresql_where=OPEN_TASK,
    )
    op.create_table(
        "timer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("user_task_id", sa.Uuid()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("element_id", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("risk_rank", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.ForeignKeyConstraint(["user_task_id"], ["user_task.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_timer_due_at", "timer", ["due_at"])
    op.create_index("ix_timer_instance_id", "timer", ["instance_id"])


def _messages() -> None:
    op.create_table(
        "message_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("correlation", postgresql.JSONB()),
        sa.Column("correlation_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_message_subscription_instance_id", "message_subscription", ["instance_id"])
    op.create_index(
        "ix_message_subscription_tenant_id_name_correlation_key",
        "message_subscription",
        ["tenant_id", "name", "correlation_key"],
    )
    op.create_table(
        "message_inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("correlation", postgresql.JSONB()),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("origin_id", sa.Uuid()),
        sa.Column("target_id", sa.Uuid()),
        sa.Column("start_process", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("consumed_by", sa.Uuid()),
        sa.Column("consumed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "message_id"),
    )
    op.create_index(
        "ix_message_inbox_expires_at",
        "message_inbox",
        ["expires_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_message_inbox_received_at",
        "message_inbox",
        ["received_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_message_inbox_tenant_id_name",
        "message_inbox",
        ["tenant_id", "name"],
        postgresql_where=sa.text("state IN ('waiting', 'unclaimed')"),
    )


def _records() -> None:
    op.create_table(
        "decision_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("business_key", sa.Uuid()),
        sa.Column("element_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("inputs", postgresql.JSONB()),
        sa.Column("inputs_encrypted", sa.LargeBinary()),
        sa.Column("matched_rows", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("outputs", postgresql.JSONB(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String()),
        sa.Column("overridden_by", sa.String()),
        sa.Column("overridden_at", sa.DateTime(timezone=True)),
        sa.Column("override_reason", sa.String()),
        sa.Column("override_outputs", postgresql.JSONB()),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decision_record_instance_id", "decision_record", ["instance_id"])
    op.create_index(
        "ix_decision_record_tenant_id_business_key",
        "decision_record",
        ["tenant_id", "business_key"],
    )
    op.create_table(
        "history_event",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "seq"),
        sa.CheckConstraint("octet_length(hash) = 32", name="ck_history_event_hash"),
    )
    op.create_table(
        "history_head",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("stream_id"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("business_key", sa.Uuid()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("element_id", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("operation", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_by", sa.String()),
        sa.Column("reason", sa.String()),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"]),
        sa.ForeignKeyConstraint(["message_id"], ["message_inbox.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incident_instance_id", "incident", ["instance_id"])
    op.create_index(
        "ix_incident_tenant_id_created_at",
        "incident",
        ["tenant_id", "created_at"],
        postgresql_where=sa.text("state = 'open'"),
    )


def _deliveries() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.String()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_outbox_next_at", "outbox", ["next_at"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_table(
        "idempotency_key",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("headers", postgresql.JSONB()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "actor", "route", "key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def _protect_releases() -> None:
    """A release is immutable: only what publishing sets may be updated."""
    protect("release", rights="SELECT, INSERT")
    op.execute(
        f"GRANT UPDATE (state, reviewer, note, published_at, effective_from) ON release TO {ROLES}"
    )
    protect("release_file", rights="SELECT, INSERT")
    # The bytes are shared between tenants, but only who names them in a release may read them.
    op.execute(f"GRANT SELECT, INSERT ON file_content TO {ROLES}")
    op.execute("ALTER TABLE file_content ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE file_content FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY store ON file_content FOR INSERT WITH CHECK (true)")
    op.execute(
        "CREATE POLICY named ON file_content FOR SELECT USING (EXISTS (SELECT 1 FROM release_file "
        f"WHERE release_file.sha256 = file_content.sha256 AND release_file.tenant_id = {TENANT}))"
    )


def _protect_history() -> None:
    """History is only ever appended to; the trigger stops the owner of the schema as well."""
    protect("history_event", rights="SELECT, INSERT")
    protect("history_head", rights="SELECT, INSERT, UPDATE")
    op.execute(
        "CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'history is only ever appended to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()"
    )


def _protect_work() -> None:
    for table in ("process_instance", "user_task", "incident"):
        protect(table, rights="SELECT, INSERT, UPDATE")
    protect("decision_record", rights="SELECT, INSERT")
    op.execute(
        "GRANT UPDATE (overridden_by, overridden_at, override_reason, override_outputs) "
        f"ON decision_record TO {ROLES}"
    )
    protect("message_subscription")
    for table in ("message_inbox", "outbox"):
        protect(table, rights="SELECT, INSERT, UPDATE", worker_reads_all=True)
    protect("timer", worker_reads_all=True)
    protect("idempotency_key", worker_reads_all=True)


def _tune() -> None:
    # `state` comes compressed and is read and written whole at every step: a second compression
    # would find nothing, and a second table would double the writes.
    op.execute("ALTER TABLE process_instance ALTER COLUMN state SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE process_instance SET (toast_tuple_target = 8160)")


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
