"""The words of the interface. Every string goes through `gettext` from the first day."""

import gettext as catalogues
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, g

DEFAULT = "en-GB"
FOLDER = Path(__file__).parent / "translations"


@cache
def catalogue(language: str) -> catalogues.NullTranslations:
    """Return the translations into ``language``; English is what the sources say."""
    return catalogues.translation("signpost", FOLDER, [language.replace("-", "_")], fallback=True)


def language() -> str:
    found: str = g.get("language", DEFAULT)
    return found


def gettext(words: str) -> str:
    return catalogue(language()).gettext(words)


def ngettext(one: str, many: str, number: int) -> str:
    return catalogue(language()).ngettext(one, many, number)


def say(words: str, **values: Any) -> str:
    """Translate ``words`` and put ``values`` into their ``%(name)s`` places."""
    return gettext(words) % values if values else gettext(words)


def install(app: Flask) -> None:
    """Give the templates ``_()``."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
