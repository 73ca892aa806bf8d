"""The command that audits: a validation, and the report that says what its findings are worth."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.cli.app import App, cli
from deskferry.cli.validating import configured
from deskferry.report.audit.facts import facts_of
from deskferry.report.audit.write import form_of, write_audit
from deskferry.report.wording import LANGUAGES
from deskferry.toml_table import Table
from deskferry.validate import validate as check_store
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
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.pass_obj
def audit(app: App, connection: str | None, output: Path, fail_on: str, lang: str) -> int:
    """Check the store and write a report for people: scores, findings, trend, coverage, what was not checked."""
    form_of(output)
    config = app.bench.config
    names = [config.connection(connection).name] if connection else list(config.connections)
    settings = configured(config)
    with app.bench.run("audit", connection) as record:
        counted = check_store(
            app.bench.store, names, record.id, settings, say=lambda words: click.echo(words, err=True)
        )  # fmt: skip
        facts = facts_of(
            app.bench.store, record.id, names, app.bench.now(), timezone=_timezone(app),
            without_extra=missing_extra() is not None,
        )  # fmt: skip
        verdict = write_audit(facts, (*known_rules(), *settings.own), output, lang)
        failing = verdict["tone"] in _FAILING[fail_on]
        record.counts = {rule: count for (rule, _severity), count in sorted(counted.items())}
        record.exit_code = 1 if failing else 0
    click.echo(verdict["text"])
    for one in verdict["against"]:
        click.echo(f"  {one['text']}")
    click.echo(f"{output} is written.", err=True)
    return record.exit_code


def _timezone(app: App) -> str:
    """Return the time zone that the configuration names for metrics: months and hours are the same in both."""
    config = app.bench.config
    section = Table(config.sections.get("metrics", {}), f"{config.file}: [metrics]", config.directory)
    return section.text("timezone") or "UTC"
