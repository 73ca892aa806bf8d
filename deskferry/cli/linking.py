"""The command that tells where everything of the old desk is now."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click
import orjson

from deskferry.cli.app import App, cli
from deskferry.migrate.url_map import KINDS, Moved

_COLUMNS = ("kind", "record_id", "number", "old_url", "new_id", "new_url")


@cli.command()
@click.argument("source")
@click.argument("destination", metavar="DEST")
@click.option("--kind", type=click.Choice(KINDS), multiple=True, help="These kinds; all that have a page by default.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to a file.")
@click.pass_obj
def links(app: App, source: str, destination: str, kind: tuple[str, ...], form: str, output: Path | None) -> int:
    """Old address → new address of every ticket, article, person and organization that crossed."""
    moved = app.bench.url_map(source, destination, kind or KINDS)
    with _opened(output) as out:
        (_write_json if form == "json" else _write_csv)(moved, out)
    return 0


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """Open a file that is there whole or not at all, or the standard output."""
    if output is None:
        yield sys.stdout
        return
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as out:
            yield out
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _write_csv(moved: Iterator[Moved], out: TextIO) -> None:
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for one in moved:
        writer.writerow(["" if value is None else value for value in one.as_json().values()])


def _write_json(moved: Iterator[Moved], out: TextIO) -> None:
    """Write one document of a row a record, without holding them all."""
    out.write('{"links": [')
    out.writelines(
        (",\n" if number else "\n") + orjson.dumps(one.as_json()).decode() for number, one in enumerate(moved)
    )
    out.write("\n]}\n")
