"""Context functions (10.3.4.10)."""

from typing import Any

from feel.functions import standard
from feel.scope import Run
from feel.values import MAX_DEPTH, Value


@standard("get value", "m: context, key: string")
def get_value(m: dict, key: str) -> Value:
    return m.get(key)


@standard("get value", "context: context, keys: list")
def get_value_at(m: dict, keys: list) -> Value:
    value: Any = m
    if not keys:
        return None
    for key in keys:
        if type(value) is not dict or type(key) is not str:
            return None
        value = value.get(key)
    return value


@standard("get entries", "m: context")
def get_entries(run: Run, m: dict) -> list:
    return run.items([{"key": key, "value": value} for key, value in m.items()])


@standard("context", "entries: list")
def context(run: Run, entries: list) -> dict | None:
    result: dict[str, Value] = {}
    for entry in entries:
        run.spend_part()
        if type(entry) is not dict or not {"key", "value"} <= entry.keys():
            return None
        key = entry["key"]
        if type(key) is not str or key in result:
            return None
        result[key] = entry["value"]
    return result


@standard("context put", "context: context, key: string, value: any")
def context_put(run: Run, m: dict, key: str, value: Value) -> dict:
    run.spend(1 + len(m) // 100)
    return {**m, key: value}


@standard("context put", "context: context, keys: list, value: any")
def context_put_at(run: Run, m: dict, keys: list, value: Value) -> dict | None:
    if not keys or not all(type(key) is str for key in keys) or len(keys) > MAX_DEPTH:
        return None
    return _put(run, m, keys, value)


def _put(run: Run, m: Value, keys: list, value: Value) -> dict | None:
    if type(m) is not dict:
        return None
    if len(keys) == 1:
        return context_put(run, m, keys[0], value)
    inner = _put(run, m.get(keys[0]), keys[1:], value)
    return None if inner is None else context_put(run, m, keys[0], inner)


@standard("context merge", "contexts: list")
def context_merge(run: Run, contexts: list) -> dict | None:
    result: dict[str, Value] = {}
    for item in contexts:
        if type(item) is not dict:
            return None
        run.spend(1 + len(item) // 100)
        result.update(item)
    return result
