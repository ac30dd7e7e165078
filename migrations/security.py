"""Rights and row-level security: the second lock behind the product's own policy.

Two roles act on the data: `signpost_app` for people and `signpost_worker` for timers and
deliveries. Neither owns a table, may change the schema or pass row-level security.
"""

from alembic import op

from engine.db import APPLICATION_ROLE, WORKER_ROLE

TENANT = "nullif(current_setting('signpost.tenant', true), '')::uuid"
ROLES = f"{APPLICATION_ROLE}, {WORKER_ROLE}"


def create_roles() -> None:
    """Create the two roles where they do not exist; the owner may act as either."""
    for role in (APPLICATION_ROLE, WORKER_ROLE):
        # two databases of one cluster may be migrated at the same moment; roles are the cluster's
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    op.execute(
        f"DO $$ BEGIN IF NOT pg_has_role(current_user, '{APPLICATION_ROLE}', 'SET') "
        f"THEN GRANT {ROLES} TO CURRENT_USER; END IF; "
        "EXCEPTION WHEN unique_violation THEN NULL; END $$"
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLES}")


def protect(
    table: str,
    *,
    rights: str = "SELECT, INSERT, UPDATE, DELETE",
    column: str = "tenant_id",
    worker_reads_all: bool = False,
) -> None:
    """Show a transaction only the rows of its own tenant, whoever asks.

    ``rights`` are what both roles may do at all. ``worker_reads_all`` lets the worker find due
    rows of every tenant; what it does with them it does as that tenant.
    """
    op.execute(f"GRANT {rights} ON {table} TO {ROLES}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON {table} "
        f"USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT})"
    )
    if worker_reads_all:
        op.execute(f"CREATE POLICY find_due ON {table} FOR SELECT TO {WORKER_ROLE} USING (true)")


def open_table(table: str, *, rights: str = "SELECT") -> None:
    """Give both roles ``rights`` on a table that belongs to no tenant."""
    op.execute(f"GRANT {rights} ON {table} TO {ROLES}")
