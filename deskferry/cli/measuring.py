"""The command that measures: metrics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskferry.canonical_schema import parse_time_text
from deskferry.cli.app import App, cli
from deskferry.cli.render import show_csv, show_json, show_table
from deskferry.metrics.options import CLOCKS, COHORT, EVENT, PERIODS
from deskferry.metrics.presets import PRESETS
from deskferry.report.output_file import replaced
from deskferry.report.wording import LANGUAGES, Words
from deskferry.store.engine import storage_errors
from deskferry.store.snapshot import needed
from deskferry.toml_table import Table

if TYPE_CHECKING:
    from deskferry.metrics.definition import Metric
    from deskferry.metrics.options import Question
    from deskferry.report.metrics.terminal import Shown

_DAY = click.DateTime(["%Y-%m-%d"])


@cli.command()
@click.argument("names", metavar="[NAME[:option=value,…]]…", nargs=-1)
@click.option("--by", metavar="FIELD,…", help="Split by channel, agent, team, organization, inbox, brand, priority, …, "
              "tag, field:KEY.")  # fmt: skip
@click.option("--period", type=click.Choice(PERIODS), help="A line for each of them; weeks begin on Monday.")
@click.option("--from", "start", type=_DAY, metavar="DAY", help="The first day that counts.")
@click.option("--to", "end", type=_DAY, metavar="DAY", help="The first day that counts no more.")
@click.option("--timezone", metavar="ZONE", help="Whose days they are, as Europe/Madrid; UTC unless configured.")
@click.option("--clock", type=click.Choice(CLOCKS), help="Only this clock; both where a metric has both.")
@click.option("--anchor", type=click.Choice([COHORT, EVENT]), help="What puts a ticket into a period: its creation, or "
              "what is measured.")  # fmt: skip
@click.option("--preset", type=click.Choice(list(PRESETS)), metavar="VENDOR", help="Count as this vendor does.")
@click.option("--separate-desks", "separate", is_flag=True, help="Count a migrated ticket in both its desks, not once.")
@click.option("--compare-vendor", is_flag=True, help="Ours beside the vendor's own numbers, and why they differ.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "html"]), default="table",
              show_default=True, help="html: a dashboard, one page that stands alone.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where the dashboard goes, readable by its owner alone; else to stdout.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), metavar="TIME",
              help="When time ends, in UTC; now unless told. Tickets stay as they stand now.")  # fmt: skip
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.pass_obj
def metrics(app: App, /, names: tuple[str, ...], form: str, lang: str, **options: Any) -> None:
    """How support did: each number with its definition, n and what was missing. Without NAME: all of them."""
    needed("ibis", "duckdb", "pyarrow", extra="metrics")
    from deskferry.metrics.asking import asked  # noqa: PLC0415 - needs the extra `metrics`
    from deskferry.metrics.engine import compute  # noqa: PLC0415 - needs the extra `metrics`
    from deskferry.report.metrics.document import document  # noqa: PLC0415 - needs the extra `metrics`

    config = app.bench.config
    section = Table(config.sections.get("metrics", {}), f"{config.file}: [metrics]", config.directory)
    chosen, question = asked(names, _given(options), section)
    as_of = options["as_of"].replace(tzinfo=UTC) if options["as_of"] else parse_time_text(app.bench.now())
    if options["output"] and (form != "html" or options["compare_vendor"]):
        raise click.UsageError("--output goes with --format html; redirect stdout for the other forms.")
    if options["compare_vendor"]:
        if form == "html":
            raise click.UsageError("--compare-vendor prints table, json or csv.")
        _compare(app, chosen, question, as_of, form, Words(lang))
        return
    if form == "html":
        _show_page(app, chosen, question, as_of, options["engine"], Words(lang), options["output"])
        return
    results = compute(app.bench.store, chosen, question, as_of, engine=options["engine"])
    words = Words(lang)
    found = document(results, question, as_of, words)
    _FORMS[form](found, words)


def _compare(app: App, chosen: list[Metric], question: Question, as_of: datetime, form: str, words: Words) -> None:
    from deskferry.metrics.vendor_numbers import NUMBERS, compared  # noqa: PLC0415 - needs the extra `metrics`
    from deskferry.report.metrics import comparison  # noqa: PLC0415 - needs the extra `metrics`

    for vendor in NUMBERS:
        found = compared(app.bench.store, chosen, question, as_of, vendor)
        if form == "csv":
            show_csv(comparison.COLUMNS, comparison.rows(found))
            continue
        told = comparison.comparison(found, vendor, as_of, words)
        if form == "json":
            show_json(told)
        else:
            _print(comparison.tables(told, words))


def _show_page(
    app: App, chosen: list[Metric], question: Question, as_of: datetime, engine: str, words: Words, output: Path | None
) -> None:
    from deskferry.metrics.dashboard import dashboard  # noqa: PLC0415 - needs the extra `metrics`
    from deskferry.report.metrics.page import page  # noqa: PLC0415 - needs the extra `metrics`

    text = page(dashboard(app.bench.store, chosen, question, as_of, engine=engine), words)
    if output is None:
        click.echo(text, nl=False)
        return
    with storage_errors(), replaced(output) as target:
        target.write(text.encode("utf-8", "replace"))
    click.echo(f"{output} is written.", err=True)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a question that the command line names."""
    by = tuple(filter(None, (name.strip() for name in (options["by"] or "").split(","))))
    named = {name: options[name] for name in ("period", "timezone", "clock", "anchor", "preset")}
    named |= {"by": by or None, "start": _day(options["start"]), "end": _day(options["end"]),
              "separate": options["separate"] or None}  # fmt: skip
    return {name: value for name, value in named.items() if value is not None}


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _show_tables(found: dict[str, Any], words: Words) -> None:
    from deskferry.report.metrics.terminal import tables  # noqa: PLC0415 - needs the extra `metrics`

    _print(tables(found, words))


def _print(tables: Iterable[Shown]) -> None:
    for number, one in enumerate(tables):
        click.echo(("\n" if number else "") + one.title)
        show_table(one.headings, one.lines)
        for remark in one.remarks:
            click.echo(f"  {remark}")


def _show_rows(found: dict[str, Any], _words: Words) -> None:
    from deskferry.report.metrics import rows  # noqa: PLC0415 - needs the extra `metrics`

    show_csv(rows.headings(found), rows.rows(found))


_FORMS = {"table": _show_tables, "json": lambda found, _words: show_json(found), "csv": _show_rows}
