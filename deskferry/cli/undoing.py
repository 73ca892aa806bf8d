"""Commands that mend what was written: rollback, retry, reassign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from deskferry.cli.app import App, cli
from deskferry.cli.moving import show_verified
from deskferry.cli.render import show_json, show_table
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.reassign import ReassignOptions, ReassignResult
from deskferry.migrate.retry import RetryOptions, RetryResult
from deskferry.migrate.retry import retry as run_retry
from deskferry.migrate.rollback import rollback as run_rollback
from deskferry.migrate.rollback_result import RollbackOptions, RollbackResult, route_of
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


# ------------------------------------------------------------------------------------------------------------- retry


@cli.command()
@click.argument("run")
@click.option("--kind", metavar="KIND", help="Only what failed of this kind.")
@click.option("--id", "source_id", metavar="SOURCE_ID", help="Only this record, with what waits for it.")
@click.option("--take", metavar="REMOTE_ID", help="Of a quarantined operation: this is the record that it made.")
@click.option("--send-again", is_flag=True, help="Of a quarantined operation: none of them counts, send it again.")
@_ACCEPT
@_YES
@_FORMAT
@click.pass_obj
def retry(app: App, /, run: str, form: str, **options: Any) -> int:
    """Take up what failed in a run: refused, not sent, quarantined. Nothing else moves; ends with a verify of it."""
    if options["take"] and options["send_again"]:
        raise click.UsageError("--take and --send-again exclude one another.")
    source, destination = route_of(app.bench.store, run)
    job = app.bench.migration(source, destination, None, Scope())
    most, share = app.max_errors()
    wanted = RetryOptions(
        LoadOptions(
            frozenset(options["accept"]), threads=app.config.connection(destination).threads, max_errors=most,
            max_error_share=share,
        ),
        options["kind"], options["source_id"], options["take"], options["send_again"],
        confirm=lambda count: options["yes"] or click.confirm(
            f"{count} operations will be sent to {destination}. Go on?", err=True
        ),
    )  # fmt: skip
    result = run_retry(job, run, wanted)
    if form == "json":
        show_json(result.as_json())
    else:
        _show_retry(result)
    return result.exit_code


def _show_retry(result: RetryResult) -> None:
    if not result.failed:
        click.echo(f"Nothing of run {result.of} is left to be taken up.")
        return
    show_table(("had failed", "operations"), sorted(result.failed.items()))
    for state, count in sorted(result.settled.items()):
        click.echo(f"Quarantined before, now {state}: {count}")
    for kind, counts in sorted(result.load.counts.items()):
        click.echo(f"{kind}: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    for problem in result.load.problems[:_SHOWN]:
        click.echo(f"Problem: {problem.record_id}: {problem.code}: {problem.detail}")
    if result.verify is not None:
        show_verified(result.verify, "verified")
    click.echo(f"Run {result.run_id}.")


# ---------------------------------------------------------------------------------------------------------- reassign


@cli.command()
@click.argument("destination", metavar="DEST")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.csv")
@click.option("--dry-run", is_flag=True, help="Check the file and tell what would be done.")
@_ACCEPT
@_YES
@_FORMAT
@click.pass_obj
def reassign(app: App, /, destination: str, file: Path, form: str, **options: Any) -> int:
    """Promote or merge placeholders, where the vendor can.

    FILE.csv has the columns `placeholder` (record id at the source, e-mail or name) and `to` (the e-mail of a person
    at DEST, or `agent`). All of it is checked before the first call.
    """
    wanted = ReassignOptions(
        frozenset(options["accept"]), options["dry_run"],
        confirm=lambda count: options["yes"] or click.confirm(
            f"{count} placeholders become real people at {destination}; nothing takes that back. Go on?", err=True
        ),
    )  # fmt: skip
    result = app.bench.reassign(destination, file, wanted)
    if form == "json":
        show_json(result.as_json())
    else:
        _show_reassign(result)
    return result.exit_code


def _show_reassign(result: ReassignResult) -> None:
    would = "would be " if result.dry_run else ""
    click.echo(f"{result.done['promote']} {would}made agents, {result.done['merge']} {would}merged.")
    for line, record, code, detail in result.refused:
        click.echo(f"Line {line}: {record}: {code}: {detail}")
    click.echo(f"Run {result.run_id}.")
