"""Commands that mend what was written: rollback, retry, reassign."""

from __future__ import annotations

from typing import Any

import click

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_json, show_table
from deskferry.migrate.rollback import RollbackOptions, RollbackResult, route_of
from deskferry.migrate.rollback import rollback as run_rollback
from deskferry.migrate.scope import Scope

_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
_ACCEPT = click.option("--accept", multiple=True, metavar="EFFECT", help="Say yes to an effect that it has.")
_YES = click.option("--yes", is_flag=True, help="Do not ask for the last confirmation.")
_SHOWN = 20


# ---------------------------------------------------------------------------------------------------------- rollback


@cli.command()
@click.argument("run")
@click.option("--force", is_flag=True, help="Also what people changed since, and what a later run built on.")
@_ACCEPT
@_YES
@_FORMAT
@click.pass_obj
def rollback(app: App, /, run: str, form: str, **options: Any) -> int:
    """Take one migrate run back: what it created is deleted, what it changed is changed back.

    What people changed since is left alone and listed, unless --force. Stopped, the same command goes on.
    """
    source, destination = route_of(app.bench.store, run)
    job = app.bench.migration(source, destination, None, Scope())
    most, _share = app.max_errors()
    wanted = RollbackOptions(
        force=options["force"], accept=frozenset(options["accept"]),
        threads=app.config.connection(destination).threads, max_errors=most,
        confirm=lambda count: options["yes"] or click.confirm(
            f"{count} operations of run {run} will be taken back at {destination}. Go on?", err=True
        ),
    )  # fmt: skip
    result = run_rollback(job, run, wanted)
    if form == "json":
        show_json(result.as_json())
    else:
        _show_rollback(result)
    return result.exit_code


def _show_rollback(result: RollbackResult) -> None:
    show_table(("taken back", "operations"), sorted(result.undone.items()))
    if result.residues:
        click.echo("\nStays behind:")
        show_table(("what", "how many"), result.residues.items())
    if result.effects_had:
        click.echo("\nWhat the run had caused, and nothing takes back:")
        show_table(("effect", "operations"), result.effects_had.items())
    if result.left_by_code:
        click.echo("\nLeft alone (--force takes back what people changed too):")
        show_table(("why", "records"), sorted(result.left_by_code.items()))
        for code, _kind, record, detail in result.left[:_SHOWN]:
            click.echo(f"  {record}: {code}: {detail}")
    click.echo(f"Run {result.run_id}.")
