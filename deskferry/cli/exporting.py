"""The command that writes everything out: export."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from deskferry.canonical_schema import parse_time_text
from deskferry.cli.app import App, cli
from deskferry.cli.render import show_table
from deskferry.privacy.anonymize import anonymous_copy
from deskferry.report.interchange import export_ndjson
from deskferry.store import Store
from deskferry.store.snapshot import needed
from deskferry.toml_table import Table

FORMATS = ("parquet", "csv", "ndjson", "duckdb")


@cli.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), required=True,
              help="ndjson: the open interchange format with attachments; else tables for analysis.")  # fmt: skip
@click.option("--facts", is_flag=True, help="With ndjson: facts and dimensions too, in the folder `facts`.")
@click.option("--anonymize", is_flag=True,
              help="Nobody is named: people, addresses, names and texts are replaced, files are left out.")  # fmt: skip
@click.option("--timezone", metavar="ZONE", help="Whose days facts are dated by; UTC unless configured.")
@click.pass_obj
def export(app: App, directory: Path, form: str, facts: bool, anonymize: bool, timezone: str | None) -> None:
    """Write the store as files: one a table (a kind, a fact, a dimension), or one DuckDB database."""
    store, progress = app.bench.store, app.bench.progress
    with anonymous_copy(store, progress, directory) if anonymize else nullcontext(store) as held:
        written: dict[str, int] = {}
        if form == "ndjson":
            done = export_ndjson(held, directory, progress)
            written = dict(sorted(done.rows.items()))
        if form != "ndjson" or facts:
            written |= _analysed(app, held, directory, form, timezone)
    show_table(("table", "rows"), written.items())
    files = f"{done.files} files of attachments. " if form == "ndjson" else ""
    click.echo(f"{files}All in {directory}.")


def _analysed(app: App, store: Store, directory: Path, form: str, timezone: str | None) -> dict[str, int]:
    needed("ibis", "duckdb", "pyarrow", "adbc_driver_sqlite", extra="metrics")
    from deskferry.metrics.asking import question_of  # noqa: PLC0415 - needs the extra `metrics`
    from deskferry.report.table_export import export_facts_ndjson, export_tables  # noqa: PLC0415 - needs Arrow

    config, progress = app.bench.config, app.bench.progress
    section = Table(config.sections.get("metrics", {}), f"{config.file}: [metrics]", config.directory)
    question = question_of({"timezone": timezone} if timezone else {}, section)
    _ = question.zone
    as_of = parse_time_text(app.bench.now())
    if form == "ndjson":
        return export_facts_ndjson(store, directory / "facts", question, as_of, progress)
    return export_tables(store, directory, form, question, as_of, progress)
