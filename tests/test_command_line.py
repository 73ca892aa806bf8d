"""Which commands there are, and what finding one of them costs."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import deskferry.cli
from deskferry.cli.app import MODULES, App, Commands, cli


def test_every_command_is_found_where_it_is() -> None:
    """Each module registers exactly the commands that are looked for in it; none is left out."""
    for module in pkgutil.iter_modules(deskferry.cli.__path__):
        importlib.import_module(f"deskferry.cli.{module.name}")
    assert isinstance(cli, Commands)
    registered: dict[str, set[str]] = {}
    for name, command in cli.commands.items():
        assert command.callback is not None
        registered.setdefault(command.callback.__module__.rpartition(".")[2], set()).add(name)
    assert registered == {module: set(commands) for module, commands in MODULES.items()}


def test_help_names_them_all() -> None:
    told = CliRunner().invoke(cli, ["--help"])
    assert told.exit_code == 0
    with click.Context(cli) as context:
        names = cli.list_commands(context)
    assert len(names) >= 26
    assert all(f"\n  {name} " in told.output for name in names)


def test_a_command_that_is_not_there_is_told() -> None:
    told = CliRunner().invoke(cli, ["plul"])
    assert told.exit_code == 2
    assert "No such command 'plul'" in told.output


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        ("['--version']", {"sqlalchemy", "httpx", "deskferry.connectors", "deskferry.simulators"}),
        ("['simulate', '--help']", {"sqlalchemy", "deskferry.connectors.registry", "deskferry.demo"}),
        ("['pull', '--help']", {"jinja2", "deskferry.report", "deskferry.validate", "deskferry.simulators"}),
    ],
)
def test_a_command_imports_what_it_needs(arguments: str, unneeded: set[str]) -> None:
    """In a process of its own: what other commands need takes seconds on a small machine."""
    program = f"import sys\nfrom deskferry.cli.app import run\nrun({arguments})\nprint(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "deskferry.cli.app" in ended.stderr.split()
    assert unneeded.isdisjoint(ended.stderr.split())


@pytest.mark.parametrize(("quiet", "told"), [(False, 1), (True, 0)])
def test_a_warning_of_the_configuration_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], quiet: bool, told: int
) -> None:
    """However often a command looks into its configuration; and not at all to who wants to hear errors only."""
    file = tmp_path / "deskferry.toml"
    file.write_text('[connections.old]\nvendor = "freshdesk"\ndomain = "acme"\napi_key = "k"\n', encoding="utf-8")
    app = App({"config": file, "store": None, "quiet": quiet})
    assert app.config.connection("old") == app.config.connection("old")
    assert capsys.readouterr().err.count("is written out in the configuration") == told
