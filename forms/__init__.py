"""What is asked: form definitions, and what makes schemas and pages of them."""

from forms.definition import Form, Kind, Option
from forms.findings import Finding, FormRefused
from forms.keeping import AsTyped, Kept, keep_all
from forms.loading import canonical, findings, load, warnings
from forms.model import RenderModel
from forms.post import add_row, from_post, remove_row
from forms.render import render, render_row, with_defaults
from forms.schema import check_answers
from forms.shown import to_json
from forms.twin import text_twin, variables
from forms.values import UNITED_KINGDOM
from forms.visibility import MissingList, dropped

__all__ = [
    "AsTyped",
    "Finding",
    "Form",
    "FormRefused",
    "Kept",
    "Kind",
    "MissingList",
    "Option",
    "RenderModel",
    "UNITED_KINGDOM",
    "add_row",
    "canonical",
    "check_answers",
    "dropped",
    "findings",
    "from_post",
    "keep_all",
    "load",
    "remove_row",
    "render",
    "render_row",
    "text_twin",
    "to_json",
    "variables",
    "warnings",
    "with_defaults",
]
