"""Every table of the product in one place, for Alembic and for the test that compares."""

import importlib
import pkgutil

import engine
import workflows
from engine.db import Base


def load_models() -> None:
    """Import each `models` module of `engine` and `workflows`, so that the metadata is whole."""
    for package in (engine, workflows):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.rsplit(".", 1)[-1] == "models":
                importlib.import_module(module.name)


load_models()
metadata = Base.metadata
