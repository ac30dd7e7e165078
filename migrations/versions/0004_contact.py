"""Tables of the cases, contacts and follow-up."""

import sqlalchemy as sa
from alembic import op

from migrations.security import protect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _cases()
    _contacts()
    _follow_up()
    for table in ("case_file", "case_party", "support_option", "number_series", "contact"):
        protect(table, rights="SELECT, INSERT, UPDATE")
    # what was noted, tried and decided is never rewritten
    for table in ("case_note", "contact_attempt", "attempt_decision", "agreed_window"):
        protect(table, rights="SELECT, INSERT")
    protect("suspended_number", rights="SELECT, INSERT, UPDATE")


def _cases() -> None:
    op.create_table(
        "case_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("risk_level", sa.String(), nullable=True),
        sa.Column("grade_origin", sa.String(), nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("outbound_stopped", sa.Boolean(), nullable=False),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("opened_by_contact_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merged_into_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "case_number"),
    )
    op.create_index(
        "ix_case_file_tenant_id_opened_by_contact_id",
        "case_file",
        ["tenant_id", "opened_by_contact_id"],
        unique=True,
    )
    op.create_index(
        "ix_case_file_tenant_id_owner_id",
        "case_file",
        ["tenant_id", "owner_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_case_file_sealed", "case_file", ["tenant_id"], postgresql_where=sa.text("sealed")
    )
    op.create_index("ix_case_file_tenant_id_person_id", "case_file", ["tenant_id", "person_id"])
    op.create_index(
        "ix_case_file_tenant_id_service_id_status",
        "case_file",
        ["tenant_id", "service_id", "status"],
    )
    op.create_index(
        "ix_case_file_tenant_id_team_id",
        "case_file",
        ["tenant_id", "team_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "case_party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "person_id", "role"),
    )
    op.create_index(
        "ix_case_party_tenant_id_person_id_role", "case_party", ["tenant_id", "person_id", "role"]
    )
    op.create_table(
        "case_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_case_note_tenant_id_case_id_at", "case_note", ["tenant_id", "case_id", "at"]
    )
    op.create_table(
        "support_option",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.LargeBinary(), nullable=True),
        sa.Column("user_task_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_support_option_tenant_id_case_id", "support_option", ["tenant_id", "case_id"]
    )
    op.create_table(
        "number_series",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "year"),
    )


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handler_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("first_response_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("danger_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("matches", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant_id", "reference"),
    )
    op.create_index(
        "ix_contact_tenant_id_case_id_received_at",
        "contact",
        ["tenant_id", "case_id", "received_at"],
    )
    op.create_index(
        "ix_contact_tenant_id_external_id", "contact", ["tenant_id", "external_id"], unique=True
    )
    op.create_index(
        "ix_contact_tenant_id_handler_id_received_at",
        "contact",
        ["tenant_id", "handler_id", "received_at"],
    )
    op.create_index("ix_contact_tenant_id_person_id", "contact", ["tenant_id", "person_id"])
    op.create_index(
        "ix_contact_tenant_id_service_id_received_at",
        "contact",
        ["tenant_id", "service_id", "received_at"],
        postgresql_where=sa.text("status <> 'closed'"),
    )


def _follow_up() -> None:
    op.create_table(
        "contact_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("user_task_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("window_id", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("daypart", sa.String(), nullable=False),
        sa.Column("card_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=True),
        sa.Column("identity_verified", sa.Boolean(), nullable=False),
        sa.Column("outside_window", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_contact_attempt_tenant_id_case_id_ended_at",
        "contact_attempt",
        ["tenant_id", "case_id", "ended_at"],
    )
    op.create_index(
        "ix_contact_attempt_tenant_id_person_id_ended_at",
        "contact_attempt",
        ["tenant_id", "person_id", "ended_at"],
    )
    op.create_index(
        "ix_contact_attempt_user_task_id", "contact_attempt", ["user_task_id"], unique=True
    )
    op.create_table(
        "attempt_decision",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("next_action", sa.String(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("risk_changed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["contact_attempt.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    op.create_index("ix_attempt_decision_case_id", "attempt_decision", ["case_id"])
    op.create_table(
        "suspended_number",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number_token", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_by", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["contact_attempt.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_suspended_number_tenant_id_person_id_number_token",
        "suspended_number",
        ["tenant_id", "person_id", "number_token"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "agreed_window",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String(), nullable=False),
        sa.Column("times", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_agreed_window_tenant_id_person_id_agreed_at",
        "agreed_window",
        ["tenant_id", "person_id", "agreed_at"],
    )


def downgrade() -> None:
    raise NotImplementedError("A release is never taken back over data; restore a backup.")
