"""The process behind `DeskHost`: one JSON command a line on stdin, one JSON answer a line on stdout."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from deskferry.simulators.account import Account, Lazy, generate
from deskferry.simulators.freshdesk import FreshdeskDesk, build, staff, teams
from deskferry.simulators.freshdesk.generated import FIELD_TYPES, TABLES
from deskferry.simulators.help_scout import build as build_help_scout
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.server import RunningServer, serve
from deskferry.simulators.zendesk import ZendeskDesk, load

SHELVES = ("categories", "sections", "articles")
START = 1_767_225_600.0


@cache
def generated(seed: int, tickets: int, profile: str) -> Account:
    """Return an account; generating takes longer than serving."""
    return generate(seed, tickets, profile)


class Host:
    """Desks by number."""

    def __init__(self) -> None:
        self.clock = SimClock(START)
        self.servers: list[RunningServer] = []
        self.made_of: list[tuple[str, dict[str, Any]]] = []

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do one command."""
        if asked["do"] == "start":
            return self.start(asked["vendor"], asked["made_of"])
        for number in asked["numbers"]:
            self.reset(number)
        return {}

    def start(self, vendor: str, made_of: dict[str, Any]) -> dict[str, Any]:
        """Serve a new desk."""
        desk = self.make(vendor, made_of)
        server = serve(desk)
        self.servers.append(server)
        self.made_of.append((vendor, made_of))
        return {
            "number": len(self.servers) - 1, "base_url": server.base_url, "credentials": desk.credentials(),
        }  # fmt: skip

    def reset(self, number: int) -> None:
        """Put a fresh desk behind an address."""
        pipeline = self.servers[number].pipeline
        with pipeline.lock:
            pipeline.desk = self.make(*self.made_of[number])
            pipeline.rules.clear()
            pipeline.log.clear()

    def make(self, vendor: str, made_of: dict[str, Any]) -> Any:
        """Return a fresh desk."""
        if vendor == "help_scout":
            return build_help_scout(**made_of)
        return self.zendesk(**made_of) if vendor == "zendesk" else self.freshdesk(**made_of)

    def zendesk(
        self, seed: int = 0, tickets: int = 0, profile: str = "plain", data: str | None = None,
        like: dict[str, Any] | None = None, **options: Any,
    ) -> ZendeskDesk:  # fmt: skip
        """Return a Zendesk: generated, from a folder, or with the set-up of another (`like`) and nothing else."""
        if like is not None:
            return self.empty_zendesk(like, **options)
        if data is not None:
            desk = load(Path(data), **options)
            desk.clock.set(max(desk.clock.now(), self.clock.now()))
            return desk
        account = generated(seed, tickets, profile)
        # Time begins where the account ends, at every reset: a second run meets the same moments as the first.
        self.clock.set(float(account.now))
        return ZendeskDesk(account, self.clock, **options)

    def empty_zendesk(
        self, like: dict[str, Any], agents: int | None = None, without: dict[str, list[str]] | None = None,
        knowledge: bool = True, **options: Any,
    ) -> ZendeskDesk:  # fmt: skip
        """Return a Zendesk as an administrator set it up: so many agents, without some groups or fields (by name).

        Without `knowledge` its help centre has its readers only, and there are no macros.
        """
        source = generated(like["seed"], like["tickets"], like["profile"])
        staff_only = replace(
            source,
            tickets=Lazy(0, source.tickets.by_key),
            people=Lazy(min(agents or len(source.agents), len(source.agents)), source.people.by_key),
            organizations=Lazy(0, source.organizations.by_key),
        )
        desk = ZendeskDesk(staff_only, self.clock, **{"subdomain": "globex", **options})
        for table, names in (without or {}).items():
            rows = desk.state.lists[table]
            rows[:] = [one for one in rows if not {one.get("name"), one.get("title")} & set(names)]
        if not knowledge:
            for emptied in (*(desk.state.guide.lists[name] for name in SHELVES), desk.state.lists["macros"]):
                emptied.clear()
        return desk

    def freshdesk(
        self, like: dict[str, Any] | None = None, filled: dict[str, Any] | None = None, **options: Any
    ) -> FreshdeskDesk:
        """Return a Freshdesk with an administrator's set-up, and no tickets or contacts; or a generated one."""
        if filled is not None:
            self.clock.set(float(generated(filled["seed"], filled["tickets"], filled["profile"]).now))
            return build(self.clock, **filled, **options)
        if like is None or like.get("data"):
            return FreshdeskDesk(self.clock, **options)
        source = generated(like["seed"], like["tickets"], like["profile"])
        options = {"agents": staff(source), "groups": teams(source), **options}
        desk = FreshdeskDesk(self.clock, **options)
        for one in source.side.fields:
            given: dict[str, Any] = {"label": one.title, "type": FIELD_TYPES[one.type], "table": TABLES[one.kind]}
            if one.type == "dropdown":
                given["choices"] = [label for _value, label in one.options]
            held = desk.account.tables[TABLES[one.kind]].values()
            if not any(row["label"] == one.title for row in held):
                desk.patch({"op": "add_field", **given})
        return desk


def main() -> None:
    """Answer commands until stdin ends."""
    host = Host()
    for line in sys.stdin:
        try:
            found = host.answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - told to the test, which fails
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)
    for server in host.servers:
        server.close()


if __name__ == "__main__":
    main()
