"""A simulated desk in a process of its own, so that its memory and its time are not the client's.

`python -m benchmarks.desk VENDOR TICKETS COMMENTS` prints one JSON line with its address and credentials; then, for
each line on stdin: `sizes` prints how many records the account has by collection, `now` the time on its clock, `touch`
(Zendesk) moves volatile things of all tickets and users, and prints how many. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.calls import FRESHDESK_PLAN, HELP_SCOUT_PLAN, ZENDESK_PLAN
from deskferry.config import load_config
from deskferry.connectors.kit.clock import VARIABLE
from deskferry.simulators.account import generate
from deskferry.simulators.freshdesk import FreshdeskDesk
from deskferry.simulators.freshdesk.desk import build
from deskferry.simulators.help_scout import HelpScoutDesk
from deskferry.simulators.help_scout import desk as help_scout_desk
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.server import serve
from deskferry.simulators.zendesk import ZendeskDesk
from deskferry.workbench import Workbench

SEED = 7
PROJECT = Path(__file__).parents[1]


def zendesk(tickets: int, comments: int | None) -> ZendeskDesk:
    """Return a plain account of so many tickets with so many comments each."""
    account = generate(SEED, tickets, "plain", comments)
    desk = ZendeskDesk(account, SimClock(float(account.now)), plan=ZENDESK_PLAN)
    desk.warm()
    return desk


def freshdesk(tickets: int, comments: int | None) -> FreshdeskDesk:
    """Return the same account told as Freshdesk would have it."""
    return build(tickets=tickets, profile="plain", seed=SEED, messages=comments, plan=FRESHDESK_PLAN)


def help_scout(tickets: int, comments: int | None) -> HelpScoutDesk:
    """Return the same account told as Help Scout would have it."""
    return help_scout_desk.build(tickets=tickets, profile="plain", seed=SEED, messages=comments, plan=HELP_SCOUT_PLAN)


DESKS: dict[str, Callable[[int, int | None], Any]] = {
    "zendesk": zendesk, "freshdesk": freshdesk, "help_scout": help_scout,
}  # fmt: skip
SETTINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "zendesk": ((), ("oauth_token",)),
    "freshdesk": (("domain",), ("api_key",)),
    "help_scout": (("app_id",), ("app_secret", "docs_api_key")),
}
"""What a connection to each is told, by the names of its credentials: what may be seen, and what lies in files."""


@dataclass
class Served:
    """A desk in another process."""

    vendor: str
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

    def write_config(self, directory: Path, store_url: str, share_of_limit: float = 0.7) -> Path:
        """Write a deskferry.toml whose connection `old` is this desk."""
        directory.mkdir(parents=True, exist_ok=True)
        lines = [
            "[store]", f'url = "{store_url}"', "", "[connections.old]", f'vendor = "{self.vendor}"',
            f'base_url = "{self.base_url}"', f"share_of_limit = {share_of_limit}",
        ]  # fmt: skip
        plain, secret = SETTINGS[self.vendor]
        lines += [f'{name} = "{self.credentials[name]}"' for name in plain]
        for name in secret:
            (directory / name).write_text(self.credentials[name], encoding="utf-8")
            lines.append(f'{name} = "file:{directory / name}"')
        path = directory / "deskferry.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


@contextmanager
def served(tickets: int, comments: int | None = None, vendor: str = "zendesk") -> Iterator[Served]:
    """Serve an account from another process."""
    command = [sys.executable, "-m", "benchmarks.desk", vendor, str(tickets), str(comments or 0)]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield Served(vendor, process, told["base_url"], told["credentials"])
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


def _sizes(desk: Any) -> dict[str, int]:
    account = desk.snapshot()
    sizes = {name: len(found) for name, found in account.items()}
    if isinstance(desk, ZendeskDesk):
        files = {one["content_url"] for comment in account["comments"] for one in comment.get("attachments") or ()}
        sizes["files"] = len(files)
    if isinstance(desk, HelpScoutDesk):
        limit = desk.account.settings.redirect_above
        sizes["at_storage"] = sum(one["size"] > limit for one in account["attachments"])
    return sizes


def _now(desk: Any) -> float:
    now: float = desk.clock.now()
    return now


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
    desk = DESKS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]) or None)
    with serve(desk) as server:
        print(json.dumps({"base_url": server.base_url, "credentials": desk.credentials()}), flush=True)
        for line in sys.stdin:
            with server.pipeline.lock:
                answer = {"sizes": _sizes, "touch": _touch, "now": _now}[line.strip()](desk)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
