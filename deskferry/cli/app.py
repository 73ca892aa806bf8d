"""The group of commands, its global options, and the one place where an error becomes a line and an exit code.

A module of commands is imported when one of its commands is called for: what another one needs costs no time.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from deskferry import __version__
from deskferry.cli.bars import Bars
from deskferry.config import Config, load_config
from deskferry.errors import DeskferryError, Interrupted
from deskferry.redaction import RedactingFilter, redact

if TYPE_CHECKING:
    from deskferry.workbench import Workbench

DEFAULT_CONFIG = "deskferry.toml"
MODULES = {
    "auditing": ("audit",),
    "clearing": ("forget", "purge"),
    "deduplicating": ("duplicates",),
    "demonstrating": ("demo",),
    "exporting": ("export",),
    "linking": ("links",),
    "looking": ("connectors", "init", "runs"),
    "measuring": ("metrics",),
    "moving": ("migrate", "plan", "verify"),
    "reading": ("check", "explain", "login", "normalize", "pull"),
    "reporting": ("inventory", "report"),
    "simulating": ("simulate",),
    "undoing": ("reassign", "retry", "rollback"),
    "validating": ("validate",),
}
"""The commands of each module of this package."""
_MODULE_OF = {command: module for module, commands in MODULES.items() for command in commands}


class JsonFormatter(logging.Formatter):
    """Log lines as JSON documents."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line = {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        return orjson.dumps(line).decode()


class App:
    """What all commands share: the configuration (read at the first use) and the workbench on it."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self._bench: Workbench | None = None

    @cached_property
    def config(self) -> Config:
        """The configuration, with the store of the command line."""
        from deskferry.connectors.registry import known_settings  # noqa: PLC0415 - it takes most of a second

        config = load_config(self.options["config"], known_settings())
        for warning in () if self.options["quiet"] else config.warnings:
            click.echo(f"Warning: {redact(warning)}", err=True)
        return config.with_store(self.options["store"]) if self.options["store"] else config

    @property
    def bench(self) -> Workbench:
        """The workbench, opened once."""
        from deskferry.workbench import Workbench  # noqa: PLC0415 - it takes a second, and `simulate` needs none

        if self._bench is None:
            self._bench = Workbench(self.config, progress=self.progress())
        return self._bench

    def progress(self) -> Bars:
        """Return where progress is shown: bars on a terminal, sentences elsewhere, nothing with --quiet."""
        return Bars(quiet=bool(self.options["quiet"]))

    def close(self) -> None:
        """Close what was opened."""
        if self._bench is not None:
            self._bench.close()

    def max_errors(self) -> tuple[int | None, float | None]:
        """Return --max-errors as a number, or as a share."""
        given: str | None = self.options["max_errors"]
        if given is None:
            return None, None
        try:
            if given.endswith("%"):
                return None, float(given[:-1]) / 100
            return int(given), None
        except ValueError:
            raise click.BadParameter("write a number (20) or a share (5%)", param_hint="--max-errors") from None


class Commands(click.Group):
    """Commands that are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names of all commands, imported or not."""
        return sorted(_MODULE_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported by now; None where there is none of that name."""
        if cmd_name in _MODULE_OF:
            importlib.import_module(f"deskferry.cli.{_MODULE_OF[cmd_name]}")
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_CONFIG, show_default=True)
@click.option("--store", metavar="URL", help="Use this store instead of the configured one.")
@click.option("--verbose", is_flag=True, help="Tell more on stderr.")
@click.option("--quiet", is_flag=True, help="Tell nothing on stderr but errors.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--max-errors", metavar="N|P%", help="Stop when more records than this are rejected or refused.")
@click.version_option(__version__, prog_name="deskferry")
@click.pass_context
def cli(context: click.Context, /, **options: Any) -> None:
    """Move help desk data between platforms, keep a normalized copy of it, and prove that nothing was lost."""
    _log(options)
    context.obj = App(options)
    context.call_on_close(context.obj.close)


def _log(options: dict[str, Any]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    plain = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if options["log_format"] == "json" else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if options["verbose"] else logging.ERROR if options["quiet"] else logging.WARNING)
    for noisy in ("httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; ends the process with the exit code of what happened."""
    _speak_unicode()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result = cli.main(arguments, prog_name="deskferry", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. Run the same command again: it goes on where it stopped.", err=True)
        return Interrupted.exit_code
    except DeskferryError as error:
        click.echo(f"Error: {redact(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: a bug becomes one line and exit code 5
        return _bug(error)
    return result if isinstance(result, int) else 0


def _bug(error: Exception) -> int:
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        click.echo(redact("".join(traceback.format_exception(error))), err=True)
    words = redact(f"{type(error).__name__}: {error}".splitlines()[0])
    click.echo(
        f"Error: this is a bug in deskferry: {words} Run it again with --verbose and report what it tells.", err=True
    )
    return DeskferryError.exit_code


def _speak_unicode() -> None:
    """Let a console of another encoding show what it can instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
