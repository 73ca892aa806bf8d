"""Commands that need no account: simulate, demo."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import orjson

from deskferry.cli.app import cli
from deskferry.errors import ConfigError
from deskferry.simulators.faults import parse_faults
from deskferry.simulators.server import serve
from deskferry.simulators.start import ClockMode, build, vendors


@cli.command()
@click.argument("vendor", type=click.Choice(vendors()))
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any free port.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same account.")
@click.option("--tickets", type=click.IntRange(0), default=100, show_default=True, help="0: an empty desk, set up.")
@click.option(
    "--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve the records of this folder of NDJSON files instead of an invented account.",
)  # fmt: skip
@click.option("--faults", metavar="SPEC", help="Misbehave by rule, e.g. '429@/incremental/:nth=3,retry_after=2'.")
@click.option("--clock", type=click.Choice(["real", "virtual"]), default="real", show_default=True)
def simulate(vendor: str, port: int, faults: str | None, clock: ClockMode, **options: Any) -> None:
    """Serve a stateful fake desk on loopback until Ctrl-C; prints one JSON line with its address and credentials.

    Its control plane is at /__sim/clock, mailbox, state, faults and log. DESKFERRY_CLOCK=<base_url> lets another
    command use its clock, so that an hour of rate limit costs no real second.
    """
    rules = parse_faults(faults) if faults else []
    desk = build(vendor, clock_mode=clock, **options)
    try:
        server = serve(desk, port)
    except OSError as error:
        raise ConfigError(f"Port {port} cannot be used: {error.strerror}.", "Choose another, or 0 for any.") from None
    with suppress(KeyboardInterrupt), server:  # its usual end: nothing of it goes on another time
        server.faults.extend(rules)
        click.echo(orjson.dumps({
            "vendor": vendor, "base_url": server.base_url, "credentials": desk.credentials(), "clock": clock,
            "missing_streams": getattr(desk, "missing_streams", []),
        }).decode())  # fmt: skip
        threading.Event().wait()
