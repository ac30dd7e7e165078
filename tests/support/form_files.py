"""Plain form definitions for tests: a test states only what matters to it."""

from typing import Any

import forms


def definition(*components: dict[str, Any], **head: Any) -> dict[str, Any]:
    """Return the JSON of a form with these components."""
    return {
        "type": "default",
        "id": "example",
        "schemaVersion": 19,
        "components": list(components),
    } | head


def form(*components: dict[str, Any], **head: Any) -> forms.Form:
    return forms.load(definition(*components, **head))


def question(kind: str, key: str, label: str = "", **more: Any) -> dict[str, Any]:
    """Return a component with a key; ``properties`` are added to its class C1."""
    properties = {"class": "C1"} | more.pop("properties", {})
    hide = more.pop("hide", None)
    component = {"type": kind, "key": key, "properties": properties} | more
    component["dateLabel" if kind == "datetime" else "label"] = label or key.replace("_", " ")
    return component | ({"conditional": {"hide": hide}} if hide else {})


def choice(kind: str, key: str, *values: str, label: str = "", **more: Any) -> dict[str, Any]:
    """Return a choice among ``values``; their labels are capitalised."""
    options = [{"value": value, "label": value.capitalize()} for value in values]
    return question(kind, key, label, values=options, **more)


def rows(path: str, label: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "dynamiclist",
        "path": path,
        "label": label,
        "components": list(components),
    } | more


def group(label: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "group", "label": label, "components": list(components)} | more


REQUIRED = {"required": True}
