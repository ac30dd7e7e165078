"""Reads a render model as a browser would post it."""

from collections.abc import Iterator

from forms.model import Field, Item, RenderModel, RowGroup, Section


def fields(model: RenderModel) -> dict[str, Field]:
    """Return every field by its name on the page."""
    found = [field for page in model.pages for item in page.items for field in _in(item)]
    assert len({field.name for field in found}) == len(found)
    return {field.name: field for field in found}


def posted(model: RenderModel) -> list[tuple[str, str]]:
    """Return the pairs of an untouched page: browsers leave unticked boxes out."""
    return [pair for field in fields(model).values() for pair in _pairs(field)]


def items(model: RenderModel) -> list[Item]:
    return [item for page in model.pages for item in page.items]


def _in(item: Item) -> Iterator[Field]:
    match item:
        case Field():
            yield item
        case Section():
            for inner in item.items:
                yield from _in(inner)
        case RowGroup():
            for row in item.rows:
                for inner in row.items:
                    yield from _in(inner)


def _pairs(field: Field) -> Iterator[tuple[str, str]]:
    if field.parts:
        yield from ((part.name, part.value) for part in field.parts)
    elif field.kind == "checkbox":
        if field.value:
            yield field.name, "true"
    elif field.kind in ("radio", "checklist"):
        yield from ((field.name, o.value) for o in field.options if o.chosen)
    elif field.kind == "select":
        chosen = [option.value for option in field.options if option.chosen]
        yield field.name, chosen[0] if chosen else ""
    elif field.kind == "files":
        yield from ((field.name, upload) for upload in field.value)
    else:
        yield field.name, field.value
