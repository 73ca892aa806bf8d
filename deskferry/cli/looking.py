"""Commands that look at what there is: init, connectors, validate, runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_csv, show_json, show_table
from deskferry.config import commented_template
from deskferry.connectors.files.propose import propose
from deskferry.connectors.registry import connector, connectors
from deskferry.errors import ConfigError
from deskferry.store.state import runs as stored_runs
from deskferry.validate import Finding, Severity, findings_of
from deskferry.validate import validate as check_store

_EXAMPLES = 3


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
@click.argument("connection", required=False)
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True,
    help="From which severity on the exit code is 1.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_obj
def validate(app: App, connection: str | None, fail_on: str, form: str) -> int:
    """Check the store: schema, references, what vendors declared, rejects."""
    names = [app.config.connection(connection).name] if connection else list(app.bench.config.connections)
    with app.bench.run("validate", connection) as record:
        counted = check_store(app.bench.store, names, record.id)
        failing = _failing(counted, fail_on)
        record.counts = {rule: count for (rule, _severity), count in sorted(counted.items())}
        record.exit_code = 1 if failing else 0
        _show_findings(app, record.id, counted, form)
    return 1 if failing else 0


def _failing(counted: Counter[tuple[str, Severity]], fail_on: str) -> bool:
    weights = {"error": {Severity.ERROR}, "warning": {Severity.ERROR, Severity.WARNING}, "never": set()}
    return any(severity in weights[fail_on] for _rule, severity in counted)


def _show_findings(app: App, run_id: str, counted: Counter[tuple[str, Severity]], form: str) -> None:
    found = findings_of(app.bench.store, run_id)
    if form == "json":
        show_json({"run": run_id, "findings": [_finding_json(one) for one in found]})
        return
    if form == "csv":
        headings = ("rule", "severity", "connection", "kind", "record_id", "detail", "advice")
        show_csv(headings, ([getattr(one, name) for name in headings] for one in found))
        return
    if not counted:
        click.echo("No findings.")
        return
    examples: dict[str, list[Finding]] = {}
    for one in found:
        if len(examples.setdefault(one.rule, [])) < _EXAMPLES:
            examples[one.rule].append(one)
    ranked = sorted(counted.items(), key=lambda item: (list(Severity).index(item[0][1]), -item[1], item[0][0]))
    show_table(("severity", "rule", "records"), [(severity, rule, count) for (rule, severity), count in ranked])
    for (rule, _severity), count in ranked:
        click.echo(f"\n{rule}: {examples[rule][0].advice}")
        for one in examples[rule]:
            click.echo(f"  {one.record_id}: {one.detail}")
        if count > _EXAMPLES:
            click.echo(f"  ... and {count - _EXAMPLES} more (--format csv has them all)")


def _finding_json(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule, "severity": one.severity.value, "connection": one.connection, "kind": one.kind,
        "record_id": one.record_id, "detail": one.detail, "advice": one.advice,
    }  # fmt: skip


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
