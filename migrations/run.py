"""Bring a database to the newest schema."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine


def configuration(url: str = "") -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    # ConfigParser reads % as the start of a reference
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Run every migration that ``url`` has not seen. ``url`` names the owner of the schema."""
    database = create_engine(url)
    try:
        with database.connect() as connection:
            config = configuration(url)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.dispose()


@cache
def newest() -> str | None:
    """Return the revision that this code expects of a database."""
    return ScriptDirectory.from_config(configuration()).get_current_head()
