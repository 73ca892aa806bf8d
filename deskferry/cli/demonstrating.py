"""The demonstration: it brings everything along, and has a module of its own so that a simulator starts without."""

from __future__ import annotations

from pathlib import Path

import click

from deskferry.cli.app import App, cli
from deskferry.demo import demo as run_demo


@cli.command()
@click.option(
    "--dir", "directory", type=click.Path(file_okay=False, path_type=Path), default=Path("deskferry-demo"),
    show_default=True, help="Where the configuration, the store and the report go.",
)  # fmt: skip
@click.option("--tickets", type=click.IntRange(10), default=500, show_default=True)
@click.pass_obj
def demo(app: App, directory: Path, tickets: int) -> int:
    """The whole journey between two simulated desks: pull, check, plan, migrate, verify, prove, move an edit."""
    return run_demo(directory, tickets, app.progress(), click.echo)
