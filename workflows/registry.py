"""Everything that casework registers with the engine and the forms, loaded at one word.

An operation, a handler of answers, a named list or a provider is known once its module has been
imported. Every edge (the web application, the worker, a command) says `load()` before it begins;
a module takes part by its name.
"""

import importlib
import pkgutil
from functools import cache

import workflows

TAKE_PART = frozenset({"answers", "operations", "lists", "providers"})


@cache
def load() -> None:
    """Import every module of `workflows` that registers something."""
    for module in pkgutil.walk_packages(workflows.__path__, f"{workflows.__name__}."):
        if module.name.rpartition(".")[2] in TAKE_PART:
            importlib.import_module(module.name)
