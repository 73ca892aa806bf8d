"""The command that writes everything out: export."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.canonical_schema import parse_time_text
from deskferry.cli.app import App, cli
from deskferry.cli.render import show_table
from deskferry.report.interchange import export_ndjson
from deskferry.store.snapshot import needed
from deskferry.toml_table import Table

FORMATS = ("parquet", "csv", "ndjson", "duckdb")


@cli.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), required=True,
              help="ndjson: the open interchange format with attachments; else tables for analysis.")  # fmt: skip
@click.option("--facts", is_flag=True, help="With ndjson: facts and dimensions too, in the folder `facts`.")
@click.option("--timezone", metavar="ZONE", help="Whose days facts are dated by; UTC unless configured.")
@click.pass_obj
def export(app: App, directory: Path, form: str, facts: bool, timezone: str | None) -> None:
    """Write the store as files: one a table (a kind, a fact, a dimension), or one DuckDB database."""
    written: dict[str, int] = {}
    if form == "ndjson":
        done = export_ndjson(app.bench.store, directory, app.bench.progress)
        written = dict(sorted(done.rows.items()))
    if form != "ndjson" or facts:
        written |= _analysed(app, directory, form, timezone)
    show_table(("table", "rows"), written.items())
    files = f"{done.files} files of attachments. " if form == "ndjson" else ""
    click.echo(f"{files}All in {directory}.")


def _analysed(app: App, directory: Path, form: str, timezone: str | None) -> dict[str, int]:
    needed("ibis", "duckdb", "pyarrow", "adbc_driver_sqlite", extra="metrics")
    from deskferry.metrics.asking import question_of  # noqa: PLC0415  # as below: they import what an extra brings
    from deskferry.report.table_export import export_facts_ndjson, export_tables  # noqa: PLC0415

    config, store, progress = app.bench.config, app.bench.store, app.bench.progress
    section = Table(config.sections.get("metrics", {}), f"{config.file}: [metrics]", config.directory)
    question = question_of({"timezone": timezone} if timezone else {}, section)
    _ = question.zone
    as_of = parse_time_text(app.bench.now())
    if form == "ndjson":
        return export_facts_ndjson(store, directory / "facts", question, as_of, progress)
    return export_tables(store, directory, form, question, as_of, progress)
