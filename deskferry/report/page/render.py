"""A template and its values → one HTML page without anything from elsewhere; every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deskferry.report.wording import Words


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("deskferry.report.page", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def render(template: str, words: Words, values: Mapping[str, Any]) -> str:
    """Return the page; templates call the language's words as `t`, and show data by the macros of `parts.html.j2`."""
    style = resources.files("deskferry.report.page").joinpath("style.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(t=words, style=Markup(style), **values)  # noqa: S704 - our file
