"""Results on stdout: plain tables, one JSON document, CSV that no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
import orjson

from deskferry.canonical_schema import time_text
from deskferry.redaction import redact

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show_json(document: Any) -> None:
    """Print one JSON document."""

    def plain(value: Any) -> Any:
        return time_text(value) if isinstance(value, datetime) else str(value)

    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=plain).decode()
    click.echo(redact(text))


def show_table(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Print a table in columns as wide as their content."""
    cells = [[_cell(value) for value in line] for line in lines]
    widths = [max([len(heading), *(len(line[n]) for line in cells)]) for n, heading in enumerate(headings)]
    numeric = [bool(cells) and all(_is_number(line[n]) for line in cells) for n in range(len(headings))]

    def laid_out(line: Sequence[str]) -> str:
        return "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()

    click.echo(laid_out(list(headings)))
    click.echo("  ".join("-" * width for width in widths))
    for line in cells:
        click.echo(redact(laid_out(line)))


def show_csv(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Print CSV; texts that a spreadsheet would run as a formula get an apostrophe before them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    for line in lines:
        writer.writerow([_safe(value) for value in line])
    sys.stdout.write(redact(out.getvalue()))


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return time_text(value)[:19] + "Z"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(str(value).split())


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit() or text == ""
