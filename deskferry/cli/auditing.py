"""The command that audits: a validation, and the report that says what its findings are worth."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.cli.app import App, cli
from deskferry.cli.validating import configured
from deskferry.errors import ConfigError
from deskferry.migrate.verify import Subset, parse_subset
from deskferry.report.audit.facts import facts_of
from deskferry.report.audit.write import form_of, write_audit
from deskferry.report.wording import LANGUAGES
from deskferry.store.snapshot import needed
from deskferry.toml_table import Table
from deskferry.validate import validate as check_store
from deskferry.validate.duplicates.search import KINDS, find_duplicates
from deskferry.validate.duplicates.verdict import Verdict
from deskferry.validate.reconcile import Comparison, compare_source, planned_calls
from deskferry.validate.validation import known_rules, missing_extra

_FAILING = {"error": {"bad"}, "warning": {"bad", "warn"}, "never": set[str]()}
"""What is to fail → the tones of a verdict that do."""


@cli.command()
@click.argument("connection", required=False)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE",
    help="Where it goes; the suffix says in what form: .html, .json or .md.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(list(_FAILING)), default="error", show_default=True,
    help="From which severity on the exit code is 1.",
)  # fmt: skip
@click.option(
    "--compare-source",
    "with_source",
    is_flag=True,
    help="Ask the vendor what it has, and name what is missing or differs.",
)
@click.option("--subset", metavar="N/T", help="With --compare-source: read the N-th of T parts anew, field by field.")
@click.option(
    "--no-duplicates", "known_only", is_flag=True, help="Do not look for duplicates; show those found earlier."
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.pass_obj
def audit(
    app: App, connection: str | None, output: Path, fail_on: str, with_source: bool, subset: str | None,
    known_only: bool, lang: str,
) -> int:  # fmt: skip
    """Check the store and write a report for people: scores, findings, trend, coverage, what was not checked."""
    form_of(output)
    if subset and not with_source:
        raise click.UsageError("--subset goes with --compare-source.")
    part = parse_subset(subset) if subset else None
    config, store = app.bench.config, app.bench.store
    names = [config.connection(connection).name] if connection else list(config.connections)
    settings = configured(config)
    with app.bench.run("audit", connection) as record:
        comparisons = [_compared(app, name, part) for name in names] if with_source else []
        check_store(store, names, record.id, settings, say=_tell)
        if not known_only:
            _look_for_duplicates(app, connection, names)
        facts = facts_of(
            store, record.id, names, app.bench.now(), timezone=_timezone(app), comparisons=comparisons,
            without_extra=missing_extra() is not None,
        )  # fmt: skip
        verdict = write_audit(facts, (*known_rules(), *settings.own), output, lang)
        record.exit_code = 1 if verdict["tone"] in _FAILING[fail_on] else 0
    click.echo(verdict["text"])
    for one in verdict["against"]:
        click.echo(f"  {one['text']}")
    _tell(f"{output} is written.")
    return record.exit_code


def _tell(words: str) -> None:
    click.echo(words, err=True)


def _compared(app: App, name: str, subset: Subset | None) -> Comparison:
    """Hold one connection against its source, after saying what that costs."""
    store, opened = app.bench.store, app.bench.connection(name)
    _tell(f"{name}: about {planned_calls(store, opened, subset).total} calls to compare with the source.")
    return compare_source(store, opened, subset=subset, progress=app.bench.progress)


def _look_for_duplicates(app: App, connection: str | None, names: list[str]) -> None:
    """Search as `duplicates` does, in a run of its own; without its extra say so and go on."""
    try:
        needed("splink", "phonenumbers", "anyascii", "pyarrow", "duckdb", extra="duplicates")
    except ConfigError as error:
        _tell(f"Duplicates are not looked for: {error}")
        return
    with app.bench.run("duplicates", connection) as record:
        counted = find_duplicates(app.bench.store, names, KINDS, record.id)
        record.counts = {f"{kind}.{verdict}": number for (kind, verdict), number in sorted(counted.items())}
        record.exit_code = 1 if any(verdict is Verdict.CERTAIN for _kind, verdict in counted) else 0


def _timezone(app: App) -> str:
    """Return the time zone that the configuration names for metrics: months and hours are the same in both."""
    config = app.bench.config
    section = Table(config.sections.get("metrics", {}), f"{config.file}: [metrics]", config.directory)
    return section.text("timezone") or "UTC"
