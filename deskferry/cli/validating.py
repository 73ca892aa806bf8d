"""The command that checks the store: validate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
import orjson

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_csv, show_table
from deskferry.config import Config
from deskferry.redaction import redact
from deskferry.toml_table import Table
from deskferry.validate import Severity, settings_of
from deskferry.validate import validate as check_store
from deskferry.validate.history import Compared, compared
from deskferry.validate.rule_results import RuleResult, results_of
from deskferry.validate.settings import Settings
from deskferry.validate.validation import known_rules

_EXAMPLES = 3
_HEADINGS = ("rule", "severity", "dimension", "state", "connection", "kind", "record_id", "detail", "advice")
FORMAT = "deskferry.validate/1"


@cli.command()
@click.argument("connection", required=False)
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True,
    help="From which severity on the exit code is 1.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.pass_obj
def validate(app: App, connection: str | None, fail_on: str, form: str, engine: str) -> int:
    """Check the store: schema, references, what vendors declared, and some dozens of rules."""
    config = app.bench.config
    names = [config.connection(connection).name] if connection else list(config.connections)
    settings = configured(config)
    with app.bench.run("validate", connection) as record:
        counted = check_store(
            app.bench.store, names, record.id, settings, engine=engine, say=lambda words: click.echo(words, err=True)
        )
        failing = _failing(counted, fail_on)
        record.exit_code = 1 if failing else 0
        _FORMS[form](app, record.id, counted)
    return 1 if failing else 0


def configured(config: Config) -> Settings:
    """Return what the configuration says of validation."""
    section = Table(config.sections.get("validate", {}), f"{config.file}: [validate]", config.directory)
    return settings_of(section, known_rules())


def _failing(counted: Counter[tuple[str, Severity]], fail_on: str) -> bool:
    weights = {"error": {Severity.ERROR}, "warning": {Severity.ERROR, Severity.WARNING}, "never": set()}
    return any(severity in weights[fail_on] for _rule, severity in counted)


def _rows(app: App, run_id: str) -> Iterator[dict[str, Any]]:
    dimensions = {one.rule: one.dimension.value for one in results_of(app.bench.store, run_id)}
    for one in compared(app.bench.store, run_id):
        told = {**asdict(one.finding), "severity": one.finding.severity.value}
        yield {
            name: {**told, "dimension": dimensions.get(told["rule"]), "state": one.state}[name] for name in _HEADINGS
        }


def _show_csv(app: App, run_id: str, _counted: Counter[tuple[str, Severity]]) -> None:
    show_csv(_HEADINGS, (list(row.values()) for row in _rows(app, run_id)))


def _show_json(app: App, run_id: str, _counted: Counter[tuple[str, Severity]]) -> None:
    """Print one document, a finding at a time: there can be a million."""
    rules = [asdict(one) for one in results_of(app.bench.store, run_id)]
    head = orjson.dumps({"format": FORMAT, "run": run_id, "rules": rules}, option=orjson.OPT_INDENT_2).decode()
    click.echo(redact(head.removesuffix("\n}")) + ',\n  "findings": [', nl=False)
    between = "\n"
    for row in _rows(app, run_id):
        click.echo(f"{between}    {redact(orjson.dumps(row).decode())}", nl=False)
        between = ",\n"
    click.echo("\n  ]\n}")


def _show_table(app: App, run_id: str, counted: Counter[tuple[str, Severity]]) -> None:
    results = results_of(app.bench.store, run_id)
    if counted:
        changed = _changes(results)
        ranked = sorted(counted.items(), key=lambda item: (list(Severity).index(item[0][1]), -item[1], item[0][0]))
        show_table(
            ("severity", "rule", "findings", "new", "gone"),
            [(severity, rule, count, *changed.get(rule, (None, None))) for (rule, severity), count in ranked],
        )
        _show_examples(app, run_id, ranked)
        click.echo()
    else:
        click.echo("No findings.")
    if any(one.gone is not None for one in results):
        appeared, lost = (sum(getattr(one, name) or 0 for one in results) for name in ("appeared", "gone"))
        click.echo(f"Since the run before: {appeared} new, {lost} gone.")


def _changes(results: list[RuleResult]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for one in results:
        if one.appeared is not None or one.gone is not None:
            new, lost = found.get(one.rule, (0, 0))
            found[one.rule] = (new + (one.appeared or 0), lost + (one.gone or 0))
    return found


def _show_examples(app: App, run_id: str, ranked: list[tuple[tuple[str, Severity], int]]) -> None:
    examples: dict[tuple[str, Severity], list[Compared]] = {}
    for one in compared(app.bench.store, run_id):
        held = examples.setdefault((one.finding.rule, one.finding.severity), [])
        if len(held) < _EXAMPLES:
            held.append(one)
    for key, count in ranked:
        shown = [one.finding for one in examples.get(key, [])]
        for example in shown[:1]:
            click.echo(f"\n{example.rule}: {example.advice}")
        for example in shown:
            click.echo(f"  {example.record_id or example.connection}: {example.detail}")
        if count > _EXAMPLES:
            click.echo(f"  ... and {count - _EXAMPLES} more (--format csv has them all)")


_FORMS = {"table": _show_table, "json": _show_json, "csv": _show_csv}
