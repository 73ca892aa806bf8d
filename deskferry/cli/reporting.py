"""Commands that put the store into words for people: report, inventory."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.cli.app import App, cli
from deskferry.cli.render import show_json, show_table
from deskferry.report.inventory import Compared, Inventory, compare, inventory_of
from deskferry.report.sign_off.write import write_sign_off
from deskferry.report.wording import LANGUAGES

_SHOWN = 20


@cli.command()
@click.argument("run")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE",
    help="Where it goes; the suffix says in what form: .html or .json.",
)  # fmt: skip
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.pass_obj
def report(app: App, run: str, output: Path, lang: str) -> None:
    """The sign-off of a migration: counts, losses, effects, tickets side by side, what was not checked, cut-over."""
    verdict = write_sign_off(app.bench.store, run, output, lang)
    click.echo(verdict["text"])
    for one in verdict["against"]:
        click.echo(f"  {one['text']}")
    click.echo(f"{output} is written.", err=True)


@cli.command()
@click.argument("connection")
@click.option("--diff", "other", metavar="OTHER", help="Compare with another connection, by names.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def inventory(app: App, connection: str, other: str | None, form: str) -> None:
    """What no API can move: triggers, automations, views, forms, workflows, SLA, hours, macros, statuses, teams."""
    names = [app.config.connection(name).name for name in (connection, other) if name is not None]
    found = [inventory_of(app.bench.store, name) for name in names]
    if other is not None:
        compared = compare(*found)
        if form == "json":
            show_json(compared.as_json())
        else:
            _show_compared(compared)
    elif form == "json":
        show_json(found[0].as_json())
    else:
        _show_inventory(found[0])


def _show_inventory(found: Inventory) -> None:
    if not found.groups:
        click.echo(f"The store has nothing of the set-up of {found.connection}: `deskferry pull {found.connection}`.")
    for name, items in found.groups.items():
        click.echo(f"{name}: {len(items)}, {sum(one.active is not False for one in items)} active")
        show_table(("name", "active", "id"), [(one.name, _yes(one.active), one.source_id) for one in items])
        click.echo()
    for one in found.unread:
        click.echo(f"Not read: {one['group']}: {one['why']}")


def _show_compared(found: Compared) -> None:
    lines = [(name, len(one.only_here), len(one.only_there), len(one.different), one.equal)
             for name, one in found.groups.items()]  # fmt: skip
    show_table(("", f"only {found.here}", f"only {found.there}", "different", "equal"), lines)
    for name, one in found.groups.items():
        for title, listed in ((f"only in {found.here}", one.only_here), (f"only in {found.there}", one.only_there)):
            if listed:
                click.echo(f"\n{name}, {title}:")
                for item in listed:
                    click.echo(f"  {item.name or item.source_id}{'' if item.active is not False else ' (off)'}")
        if one.different:
            click.echo(f"\n{name}, different:")
            for pair in one.different:
                click.echo(f"  {pair.here.name}: {', '.join(pair.fields)}")
    for side in found.unread:
        click.echo(f"Not read: {side['connection']}: {side['group']}: {side['why']}")


def _yes(active: bool | None) -> str:
    return "" if active is None else "yes" if active else "no"
