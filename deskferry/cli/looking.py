"""Commands that look at what there is: init, connectors, runs."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_json, show_table
from deskferry.config import commented_template
from deskferry.connectors.files.propose import propose
from deskferry.connectors.registry import connector, connectors
from deskferry.errors import ConfigError
from deskferry.store.state import runs as stored_runs


@cli.command()
@click.option(
    "--layout",
    "sample",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Propose a layout for a CSV, NDJSON or Parquet file instead.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where the layout goes, if not to stdout."
)
@click.pass_obj
def init(app: App, sample: Path | None, output: Path | None) -> None:
    """Write a commented deskferry.toml; or, with --layout, a commented layout of a file."""
    if sample is not None:
        _propose(sample, output)
        return
    path = Path(app.options["config"])
    if path.exists():
        raise ConfigError(f"{path} is there already.", "Remove it, or name another one with --config.")
    path.write_text(commented_template(), encoding="utf-8")
    click.echo(f"{path} is written. Put your connections into it, then run `deskferry check CONNECTION`.")


def _propose(sample: Path, output: Path | None) -> None:
    text = propose(sample)
    if output is None:
        click.echo(text, nl=False)
        return
    if output.exists():
        raise ConfigError(f"{output} is there already.", "Remove it, or name another one with --output.")
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output} is written. Check kind, key and words, then name it as `layout` of a connection.", err=True)


@cli.command("connectors")
@click.argument("vendor", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_connectors(vendor: str | None, form: str) -> None:
    """What each vendor's connector can, per kind and direction, and why not where it cannot."""
    chosen = [connector(vendor)] if vendor else list(connectors())
    if form == "json":
        show_json({one.name: {"title": one.title, "capabilities": one.capabilities.to_rows()} for one in chosen})
        return
    for one in chosen:
        rows = one.capabilities.to_rows()
        headings = list(rows[0]) if rows else []
        click.echo(one.title)
        show_table(headings, [[row.get(heading) for heading in headings] for row in rows])
        click.echo()


@cli.command()
@click.argument("run", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def runs(app: App, run: str | None, form: str) -> None:
    """The latest runs; or one of them with its counts and notes."""
    with app.bench.store.read() as database:
        found = stored_runs(database, run_id=run)
    if run and not found:
        raise ConfigError(f"There is no run {run}.", "`deskferry runs` lists the latest.")
    if form == "json":
        show_json(found[0] if run else found)
    elif run:
        show_json({name: value for name, value in found[0].items() if value is not None})
    else:
        headings = ("id", "command", "connection", "started_at", "ended_at", "exit_code")
        show_table(headings, [[one[name] for name in headings] for one in found])
