"""One embedded PostgreSQL for the whole run, one database a worker, emptied after each test."""

import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import fasteners
import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from api.embedded import get_server
from engine.clock import TravellingClock
from engine.db import WORKER_ROLE, connect
from engine.releases import shipped_files
from migrations.run import upgrade

pytest_plugins = ["given"]

# A busy machine is no fault: speed is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FOLDER = "SIGNPOST_TEST_FOLDER"  # set by the first process, inherited by the workers of xdist
TEMPLATE = "signpost_template"

# Faster than TRUNCATE on many small tables. `replica` switches off foreign keys and the triggers
# that keep history append-only: only the owner may do that, and only here.
EMPTY_ALL = """
DO $$ DECLARE t text; filled boolean; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT format('%I', tablename) FROM pg_tables
           WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'file_content') LOOP
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || t || ')' INTO filled;
    IF filled THEN EXECUTE 'DELETE FROM ' || t; END IF;
  END LOOP;
  DELETE FROM file_content WHERE sha256 NOT IN (SELECT sha256 FROM kept.shipped);
END $$
"""
# As where another organisation is at work: the bytes of the shipped files are there already.
SHIP = "INSERT INTO file_content VALUES (encode(sha256(:content), 'hex'), :content)"
KEEP_SHIPPED = "CREATE SCHEMA kept; CREATE TABLE kept.shipped AS SELECT sha256 FROM file_content"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("SIGNPOST_MASTER_KEY", b64encode(bytes(range(32))).decode())
    os.environ.setdefault("SIGNPOST_ARGON2", "8,1,1")  # a real hash costs 64 MiB and half a second
    if FOLDER not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="signpost-test-"))
        folder.chmod(0o755)  # started by root, the server drops to a user who must get in
        os.environ[FOLDER] = str(folder)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of an empty database's server, as its owner."""
    folder = Path(os.environ[FOLDER])
    with fasteners.InterProcessLock(folder / "lock"):
        server = get_server(folder / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        if not (folder / "ready").exists():
            owner = create_engine(url, isolation_level="AUTOCOMMIT")
            with owner.connect() as connection:
                for setting in ("fsync = off", "full_page_writes = off", "max_connections = 200"):
                    connection.execute(text(f"ALTER SYSTEM SET {setting}"))
                connection.execute(text("SELECT pg_reload_conf()"))
                connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            owner.dispose()
            make_template(str_url(url, TEMPLATE))
            (folder / "ready").touch()
    yield url
    with fasteners.InterProcessLock(folder / "lock"):
        server.cleanup()


def make_template(url: str) -> None:
    upgrade(url)
    owner = create_engine(url)
    shipped = {f if isinstance(f, bytes) else f.encode() for f in shipped_files().values()}
    with owner.begin() as connection:
        connection.execute(text(SHIP), [{"content": content} for content in shipped])
        connection.execute(text(KEEP_SHIPPED))
    owner.dispose()


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    """A migrated database of this worker's own, as its owner."""
    name = f"test_{uuid4().hex}"
    owner = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with fasteners.InterProcessLock(Path(os.environ[FOLDER]) / "lock"), owner.connect() as c:
        c.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield str_url(server_url, name)
    with owner.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    owner.dispose()


@pytest.fixture(scope="session")
def owner_database(database_url: str) -> Iterator[Engine]:
    """As the owner of the schema: for tests that tamper. The product never acts as this."""
    database = create_engine(database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def application_database(database_url: str) -> Iterator[Engine]:
    # last in, first out: the connection just used knows the tables and the statements already
    database = connect(database_url, pool_size=20, pool_use_lifo=True)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def database_of_workers(database_url: str) -> Iterator[Engine]:
    database = connect(database_url, role=WORKER_ROLE, pool_use_lifo=True)
    yield database
    database.dispose()


@pytest.fixture
def database(application_database: Engine, owner_database: Engine) -> Iterator[Engine]:
    """An empty, migrated database, as the application's role."""
    yield application_database
    with owner_database.begin() as connection:
        connection.execute(text(EMPTY_ALL))


@pytest.fixture
def worker_database(database: Engine, database_of_workers: Engine) -> Engine:
    """The same database as the worker's role."""
    return database_of_workers


@pytest.fixture
def clock() -> TravellingClock:
    """Thursday 14 January 2027, 10:05 in London."""
    return TravellingClock(datetime(2027, 1, 14, 10, 5, tzinfo=UTC))


def str_url(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
