"""A simulated Zendesk in a process of its own, so that its memory and its time are not the client's.

`python -m benchmarks.desk TICKETS COMMENTS` prints one JSON line with its address, credentials and clock; then, for
each line on stdin: `sizes` prints how many records the account has by collection, `touch` moves volatile things of all
tickets and users, and prints how many. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskferry.config import load_config
from deskferry.connectors.kit.clock import VARIABLE
from deskferry.simulators.account import generate
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.server import serve
from deskferry.simulators.zendesk import ZendeskDesk
from deskferry.workbench import Workbench

SEED = 7
PROJECT = Path(__file__).parents[1]


def zendesk(tickets: int, comments: int | None) -> ZendeskDesk:
    """Return a plain account of so many tickets with so many comments each."""
    account = generate(SEED, tickets, "plain", comments)
    desk = ZendeskDesk(account, SimClock(float(account.now)))
    desk.warm()
    return desk


@dataclass
class Served:
    """A desk in another process."""

    process: subprocess.Popen[str]
    base_url: str
    credentials: dict[str, Any]

    def ask(self, what: str) -> Any:
        """Send one line, return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def write_config(self, directory: Path, store_url: str) -> Path:
        """Write a deskferry.toml whose connection `old` is this desk."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "token").write_text(self.credentials["oauth_token"], encoding="utf-8")
        path = directory / "deskferry.toml"
        path.write_text(
            f'[store]\nurl = "{store_url}"\n\n[connections.old]\nvendor = "zendesk"\n'
            f'base_url = "{self.base_url}"\noauth_token = "file:{directory / "token"}"\n',
            encoding="utf-8",
        )
        return path


@contextmanager
def served(tickets: int, comments: int | None = None) -> Iterator[Served]:
    """Serve an account from another process."""
    command = [sys.executable, "-m", "benchmarks.desk", str(tickets), str(comments or 0)]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield Served(process, told["base_url"], told["credentials"])
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@contextmanager
def workbench(config: Path, desk: Served) -> Iterator[Workbench]:
    """Open the configuration on the desk's own clock, so that a rate limit costs no real second."""
    os.environ[VARIABLE] = desk.base_url
    try:
        with Workbench(load_config(config)) as bench:
            yield bench
    finally:
        del os.environ[VARIABLE]


def _sizes(desk: ZendeskDesk) -> dict[str, int]:
    account = desk.snapshot()
    files = {one["content_url"] for comment in account["comments"] for one in comment.get("attachments") or ()}
    return {name: len(found) for name, found in account.items()} | {"files": len(files)}


def _touch(desk: ZendeskDesk) -> int:
    touched = 0
    for kind, collection in (("ticket", "tickets"), ("user", "users")):
        for record in desk.snapshot()[collection]:
            if kind == "ticket" and record.get("status") == "deleted":
                continue
            desk.patch({"op": "touch", "kind": kind, "id": record["id"]})
            touched += 1
    desk.patch({"op": "touch", "kind": "attachments"})
    desk.clock.sleep(120)  # the exports withhold what moved in the last minute
    return touched


def main() -> None:
    """Serve until stdin ends."""
    tickets, comments = int(sys.argv[1]), int(sys.argv[2]) or None
    desk = zendesk(tickets, comments)
    with serve(desk) as server:
        print(json.dumps({"base_url": server.base_url, "credentials": desk.credentials()}), flush=True)
        for line in sys.stdin:
            with server.pipeline.lock:
                answer = {"sizes": _sizes, "touch": _touch}[line.strip()](desk)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
