"""The command that finds duplicates and takes the decisions of people on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_csv, show_json, show_table
from deskferry.toml_table import Table
from deskferry.validate.duplicates.clusters import clusters
from deskferry.validate.duplicates.decisions import read_decisions, write_decisions
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.search import KINDS, find_duplicates
from deskferry.validate.duplicates.settings import severities
from deskferry.validate.duplicates.verdict import Pair, Verdict
from deskferry.validate.finding import Severity

_EXAMPLES = 10
_HEADINGS = ("kind", "verdict", "score", "record_id", "other_id", "agreed", "decision")


@cli.command()
@click.argument("connection", required=False)
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these; all by default.")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "never"]), default="error", show_default=True,
    help="certain is an error, probable a warning, unless [duplicates] says otherwise; the exit code is then 1.",
)  # fmt: skip
@click.option(
    "--decisions", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Keep what people decided in this file (CSV) first.",
)  # fmt: skip
@click.option(
    "--write-decisions", "to_decide", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write all pairs to a file, to be decided on.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.pass_obj
def duplicates(
    app: App, connection: str | None, kinds: tuple[str, ...], fail_on: str, decisions: Path | None,
    to_decide: Path | None, form: str,
) -> int:  # fmt: skip
    """Find people, organizations and tickets that are there more than once; across connections if none is named."""
    names = [app.config.connection(connection).name] if connection else list(app.bench.config.connections)
    wanted = kinds or KINDS
    weights = severities(
        Table(app.config.sections.get("duplicates", {}), f"{app.config.file}: [duplicates]", app.config.directory)
    )
    store = app.bench.store
    with app.bench.run("duplicates", connection) as record:
        if decisions is not None:
            taken = read_decisions(store, decisions, record.id)
            click.echo(f"{taken} decisions are kept.", err=True)
        counted = find_duplicates(store, names, wanted, record.id)
        record.counts = {f"{kind}.{verdict}": number for (kind, verdict), number in sorted(counted.items())}
        record.exit_code = 1 if _failing(counted, fail_on, weights) else 0
        if to_decide is not None:
            written = write_decisions(store, names, wanted, to_decide)
            click.echo(
                f"{to_decide} has {written} pairs: write same or different, then give it to --decisions.", err=True
            )
        _show(app, record.id, names, wanted, counted, form)
    return record.exit_code


def _failing(counted: Counter[tuple[str, Verdict]], fail_on: str, weights: Mapping[Verdict, Severity]) -> bool:
    failing = {"error": {Severity.ERROR}, "warning": {Severity.ERROR, Severity.WARNING}, "never": set()}
    return any(number and weights[verdict] in failing[fail_on] for (_kind, verdict), number in counted.items())


def _show(
    app: App, run_id: str, names: list[str], kinds: tuple[str, ...], counted: Counter[tuple[str, Verdict]], form: str
) -> None:
    with app.bench.store.read() as database:
        pairs = {kind: list(pairs_of(database, kind, names)) for kind in kinds}
    if form == "json":
        show_json({
            "run": run_id,
            "counts": {f"{kind}.{verdict}": number for (kind, verdict), number in sorted(counted.items())},
            "pairs": [one.as_json() for held in pairs.values() for one in held],
            "clusters": [
                {"kind": one.kind, "verdict": one.verdict.value, "members": list(one.members)}
                for held in pairs.values() for one in clusters(held)
            ],
        })  # fmt: skip
    elif form == "csv":
        show_csv(_HEADINGS, (_line(one) for held in pairs.values() for one in held))
    else:
        _table(pairs, counted)


def _line(one: Pair) -> list[Any]:
    return [one.kind, one.verdict.value, one.score, one.record_id, one.other_id, _explained(one), one.decision]


def _explained(one: Pair) -> str:
    return ", ".join(f"{each.field} {each.how}" for each in one.agreed)


def _table(pairs: dict[str, list[Pair]], counted: Counter[tuple[str, Verdict]]) -> None:
    if not counted:
        click.echo("No duplicates.")
        return
    ranked = sorted(counted.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1].rank))
    show_table(("kind", "verdict", "pairs"), [(kind, verdict, number) for (kind, verdict), number in ranked])
    for (kind, verdict), number in ranked:
        click.echo(f"\n{kind}, {verdict}:")
        open_ones: Iterator[Pair] = (one for one in pairs[kind] if one.verdict is verdict and one.decision is None)
        for _place, one in zip(range(_EXAMPLES), open_ones, strict=False):
            click.echo(f"  {one.record_id} = {one.other_id}  {one.score:.3f}  {_explained(one)}")
        if number > _EXAMPLES:
            click.echo(f"  ... and {number - _EXAMPLES} more (--format csv has them all)")
