"""The schema, step by step: numbered Alembic migrations, run by the owner of the database."""
