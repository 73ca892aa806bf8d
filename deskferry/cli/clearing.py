"""Commands that remove for good: a person, a connection."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
import orjson

from deskferry.clearance import forget as run_forget
from deskferry.clearance import forgetting, purging
from deskferry.clearance import purge as run_purge
from deskferry.cli.app import App, cli
from deskferry.cli.render import show_json, show_table
from deskferry.errors import ConfigError
from deskferry.privacy.forget import ForgetResult, Mode
from deskferry.privacy.purge import Certificate
from deskferry.store.engine import storage_errors

_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@cli.command()
@click.argument("person", nargs=-1, required=True)
@click.option("--mode", type=click.Choice(["erase", "pseudonymize"]), default="erase", show_default=True)
@click.option("--connection", metavar="NAME", help="Only there; everywhere without.")
@click.option("--dry-run", is_flag=True, help="Tell who is meant, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for the confirmation.")
@_FORMAT
@click.pass_obj
def forget(
    app: App, /, person: tuple[str, ...], mode: str, connection: str | None, dry_run: bool, yes: bool, form: str
) -> int:
    """Remove a person from the store for good: an e-mail address, a record id, or a connection and its id there."""
    work = forgetting(app.bench, " ".join(person), cast("Mode", mode), connection)
    result = work.look()
    if result.state != "already" and not dry_run:
        if not yes and not click.confirm(_question(result), err=True):
            raise click.Abort
        result = run_forget(app.bench, work)
    if form == "json":
        show_json(result.as_json())
    else:
        _show_forgotten(result)
    return 0


def _question(result: ForgetResult) -> str:
    known = ", ".join(f"{count} {what}" for what, count in result.known_by.items())
    return (
        f"{len(result.records)} records ({known}) will be forgotten for good: {', '.join(result.records[:10])}. Go on?"
    )


def _show_forgotten(result: ForgetResult) -> None:
    if result.state == "already":
        click.echo("This person is forgotten already. Nothing was changed.")
        return
    click.echo(f"Records: {', '.join(result.records) or 'none'}")
    click.echo("Known by: " + (", ".join(f"{count} {what}" for what, count in result.known_by.items()) or "nothing"))
    if result.shared_names:
        click.echo(
            f"{result.shared_names} names are shared or of one word: replaced only beside the person's own marks."
        )
    if result.state == "dry_run":
        show_table(("named in", "rows"), sorted(result.named_in.items()))
        click.echo("Dry run: nothing was changed.")
        return
    show_table(("table", "rows changed"), sorted(result.changed.items()))
    click.echo(f"{result.removed_files} files removed.")
    for one in result.files_to_look_at:
        click.echo(f"Look at: the text of {one} names the person; others sent it, and it stays as it is.")


@cli.command()
@click.argument("connection")
@click.option("--yes", is_flag=True, help="Do not ask for the confirmation.")
@click.option(
    "--crossings", type=click.Choice(["keep", "drop"]), default="keep", show_default=True,
    help="Keep where records went, so that nothing crosses twice; or drop that too.",
)  # fmt: skip
@click.option("--certificate", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.pass_obj
def purge(app: App, connection: str, yes: bool, crossings: str, certificate: Path | None) -> None:
    """Remove everything of a connection for good; prints a certificate of what was removed."""
    if certificate is not None and certificate.exists():
        raise ConfigError(f"{certificate} is there already.", "Name another file.")
    work = purging(app.bench, connection, crossings)
    found = work.check()
    question = f"{sum(found.values())} rows of {connection} and its files will be removed for good. Go on?"
    if not yes and not click.confirm(question, err=True):
        raise click.Abort
    run_purge(app.bench, work, lambda made: _deliver(made, certificate))


def _deliver(made: Certificate, target: Path | None) -> None:
    if target is None:
        show_json(made.as_json())
        return
    with storage_errors():
        target.write_bytes(orjson.dumps(made.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    click.echo(f"{target} is written.", err=True)
