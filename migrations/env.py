"""Alembic's entry: one connection, one migration run at a time."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from migrations.models import metadata

# Several nodes may start at once: the first to take this lock migrates, the others wait for it.
MIGRATION_LOCK = 7_446_678


def migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.commit()
    try:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
    else:
        url = context.config.get_main_option("sqlalchemy.url")
        with create_engine(url or "").connect() as connection:
            migrate(connection)
