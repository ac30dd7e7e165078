"""From a form-js component with a key to a question, or to the reasons why not."""

from collections.abc import Callable, Mapping
from typing import Any

from forms import patterns
from forms.definition import LONGEST_SELECT, Kind, Option, Question
from forms.reading import Reader

LONGEST_TEXT, LONGEST_AREA = 2000, 20_000
MOST_OPTIONS = 500
VALIDATED = {
    "textfield": {"required", "minLength", "maxLength", "pattern", "validationType"},
    "textarea": {"required", "minLength", "maxLength"},
    "number": {"required", "min", "max"},
}
CLASSES = frozenset({"C0", "C1", "C2", "C3", "C4"})
OTHER_OPTIONS = {"valuesKey", "valuesExpression"}
INPUT_MODES = frozenset({"text", "tel", "email", "numeric", "decimal", "url", "search"})
OF_EVERY_QUESTION = {"class", "reveal", "error_required"}
TYPED = OF_EVERY_QUESTION | {"error_format", "autocomplete", "inputmode"}
CUSTOM = {
    "textfield": TYPED,
    "textarea": TYPED - {"inputmode"},
    "number": TYPED | {"variable"},
    "datetime": TYPED - {"inputmode"} | {"variable", "dates"},
    "radio": OF_EVERY_QUESTION | {"variable", "list"},
    "select": OF_EVERY_QUESTION | {"variable", "list", "autocomplete"},
    "checklist": OF_EVERY_QUESTION | {"list"},
    "checkbox": OF_EVERY_QUESTION | {"variable"},
    "filepicker": OF_EVERY_QUESTION,
}
KINDS = {
    "textfield": Kind.TEXT,
    "textarea": Kind.LONG_TEXT,
    "number": Kind.NUMBER,
    "radio": Kind.RADIO,
    "select": Kind.SELECT,
    "checklist": Kind.CHECKLIST,
    "checkbox": Kind.CHECKBOX,
    "filepicker": Kind.FILES,
}
MOMENTS = {"date": Kind.DATE, "time": Kind.TIME, "datetime": Kind.DATETIME}


def read_question(reader: Reader, *, repeated: bool) -> Question:
    """Read one component of a type in ``CUSTOM``. ``repeated``: it lies in a dynamic list."""
    kind = str(reader.raw["type"])
    rules = reader.inner("validate")
    rules.only(VALIDATED.get(kind, {"required"}))
    custom = reader.inner("properties", loose=True)
    custom.only(CUSTOM[kind])
    _never_inert(reader)
    of_kind = _OF_KIND[kind](reader, rules, custom)
    label = of_kind.pop("label", None) or reader.words("label")
    if not label:
        reader.refuse("has no label. A question needs words")
    return Question(
        key=reader.key("key"),
        kind=of_kind.pop("kind", None) or KINDS[kind],
        label=label,
        hint=reader.words("description", 1000),
        required=rules.flag("required"),
        data_class=_data_class(custom),
        reveal=custom.one_of("reveal", {"press"}) == "press",
        error_required=custom.words("error_required", 200),
        error_format=custom.words("error_format", 200),
        autocomplete=custom.text("autocomplete", 60) or "off",
        inputmode=custom.one_of("inputmode", INPUT_MODES),
        variable="variable" in CUSTOM[kind] and _variable(custom, repeated),
        **of_kind,
    )


def _data_class(custom: Reader) -> str:
    value = custom.one_of("class", CLASSES)
    if not value and not custom.raw.get("class"):
        custom.refuse(
            "has no property class. Say how sensitive the answer is: C0 operational, C1 personal, "
            "C2 special category, C3 safety-critical, C4 restricted"
        )
    return value or "C4"


def _variable(custom: Reader, repeated: bool) -> bool:
    variable = custom.flag("variable")
    if variable and custom.raw.get("class") != "C0":
        custom.refuse("is a variable of the process, which only an answer of class C0 may be")
    if variable and repeated:
        custom.refuse("is repeated, so it cannot be a variable of the process")
    return variable


def _never_inert(reader: Reader) -> None:
    for name in ("disabled", "readonly"):
        if reader.raw.get(name, False) is not False:
            reader.refuse(f"is {name}, so nobody could answer it. Use a text component")


def _text_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    is_area = reader.raw.get("type") == "textarea"
    limit = LONGEST_AREA if is_area else LONGEST_TEXT
    longest = rules.whole("maxLength", 1, limit) or (5000 if is_area else 500)
    shortest = rules.whole("minLength", 0, longest) or 0
    found: dict[str, Any] = {"longest": longest, "shortest": shortest}
    found["default"] = reader.words("defaultValue", longest) or None
    if not is_area:
        found |= _adorners(reader)
        shape = rules.one_of("validationType", {"email", "phone", "custom"})
        found["shape"] = "" if shape == "custom" else shape
        found["pattern"] = _pattern(rules, longest)
    return found


def _pattern(rules: Reader, longest: int) -> str:
    pattern = rules.text("pattern", 10_000)
    if pattern and (problem := patterns.fault(pattern, longest)):
        rules.refuse(problem)
        return ""
    return pattern


def _adorners(reader: Reader) -> dict[str, Any]:
    appearance = reader.inner("appearance")
    appearance.only({"prefixAdorner", "suffixAdorner"})
    return {
        "prefix": appearance.words("prefixAdorner", 40),
        "suffix": appearance.words("suffixAdorner", 40),
    }


def _number_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    lowest, highest = rules.number("min"), rules.number("max")
    if lowest is not None and highest is not None and lowest > highest:
        rules.refuse(f"has a lowest number ({lowest}) above its highest ({highest})")
    default = reader.number("defaultValue")
    return {
        "lowest": lowest,
        "highest": highest,
        "digits": reader.whole("decimalDigits", 0, 10),
        "default": default,
        **_adorners(reader),
    }


def _moment_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    subtype = reader.one_of("subtype", frozenset(MOMENTS)) or "date"
    date, time = reader.words("dateLabel"), reader.words("timeLabel")
    dates = custom.one_of("dates", {"past", "future"})
    if reader.flag("disallowPassedDates"):
        dates = "future"
    if subtype == "time" and dates:
        reader.refuse("asks for a time alone, which is neither past nor future")
    return {
        "kind": MOMENTS[subtype],
        "label": (time if subtype == "time" else date) or reader.words("label") or date or time,
        "time_label": time if subtype == "datetime" else "",
        "dates": dates,
    }


def _choice_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    list_name = custom.text("list", 64)
    options = _options(reader)
    for name, source in (("valuesKey", "from data"), ("valuesExpression", "by expression")):
        if name in reader.raw:
            reader.refuse(
                f"takes its options {source} ({name}). List them, or name a list of the "
                "catalogue in the property list"
            )
    if list_name and options:
        reader.refuse(f"has options of its own and the list {list_name}. Keep one of them")
    if not list_name and not (reader.raw.get("values") or OTHER_OPTIONS & reader.raw.keys()):
        reader.refuse("has no options. Give it values, or the property list")
    kind = KINDS[str(reader.raw["type"])]
    if kind is Kind.SELECT and len(options) > LONGEST_SELECT:
        _typed_options(reader, options)
    return {
        "options": options,
        "list_name": list_name,
        "default": _chosen_default(reader, kind, {option.value for option in options}),
    }


def _options(reader: Reader) -> tuple[Option, ...]:
    found: dict[str, Option] = {}
    for number, raw in enumerate(reader.items("values", MOST_OPTIONS), 1):
        if not isinstance(raw, Mapping):
            reader.refuse(f"has an option ({number}) that is not an object")
            continue
        option = Reader(raw, reader.component, reader.findings, where=f"values.{number}")
        option.only({"label", "value"})
        value, label = option.words("value", 200), option.words("label", 500)
        if not value or not label:
            reader.refuse(f"has an option ({number}) without a value or without a label")
        elif value in found:
            reader.refuse(f"has two options of the value “{value}”")
        else:
            found[value] = Option(value, label)
    return tuple(found.values())


def _typed_options(reader: Reader, options: tuple[Option, ...]) -> None:
    """A long list is typed, so that its labels must tell the options apart."""
    seen: dict[str, str] = {}
    for option in options:
        for word in {option.label.casefold(), option.value.casefold()}:
            if seen.setdefault(word, option.value) != option.value:
                reader.refuse(f"has two options that read “{option.label}”")


def _chosen_default(reader: Reader, kind: Kind, values: set[str]) -> Any:
    default = reader.raw.get("defaultValue")
    if default is None or default == "" or default == []:
        return None
    chosen = default if kind is Kind.CHECKLIST else [default]
    if not isinstance(chosen, list) or not all(isinstance(c, str) for c in chosen):
        reader.refuse("has a defaultValue that is not one of its options")
        return None
    if unknown := [c for c in chosen if c not in values]:
        reader.refuse(f"has the defaultValue “{unknown[0]}”, which is not one of its options")
        return None
    return default


def _checkbox_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    return {"default": reader.flag("defaultValue") or None}


def _file_rules(reader: Reader, rules: Reader, custom: Reader) -> dict[str, Any]:
    return {"multiple": reader.flag("multiple"), "accept": reader.text("accept", 200)}


_OF_KIND: dict[str, Callable[[Reader, Reader, Reader], dict[str, Any]]] = {
    "textfield": _text_rules,
    "textarea": _text_rules,
    "number": _number_rules,
    "datetime": _moment_rules,
    "radio": _choice_rules,
    "select": _choice_rules,
    "checklist": _choice_rules,
    "checkbox": _checkbox_rules,
    "filepicker": _file_rules,
}
