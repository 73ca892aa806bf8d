"""The run that a sign-off is about: what the store holds of it, of its route, and of what came after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.registry import connectors
from deskferry.errors import ConfigError
from deskferry.migrate.covered import MIGRATE
from deskferry.store import Store, machinery
from deskferry.store.raw_archive import time_of
from deskferry.store.state import pinned
from deskferry.store.state import runs as stored_runs

_LATER = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One desk."""

    name: str
    vendor: str
    title: str
    account_id: str
    account_name: str | None
    site: str | None
    connector: Connector | None
    """None where this version has no connector of that vendor any more."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A migrate run as the store tells it."""

    store: Store
    run_id: str
    source: Side
    destination: Side
    run: Mapping[str, Any]
    counts: Mapping[str, Any]
    later: tuple[Mapping[str, Any], ...] = field(default=())
    """Runs on the same route that began after it, the oldest first."""

    @property
    def told(self) -> Mapping[str, Any]:
        """Return what the run kept of its plan; empty for one that stopped before it had one, or of an old version."""
        return self.counts.get("told") or {}

    @property
    def plan(self) -> Mapping[str, Any]:
        """Return the plan as JSON, or nothing."""
        return self.told.get("plan") or {}

    @property
    def load(self) -> Mapping[str, Any]:
        """Return what load counted, or nothing."""
        return self.counts.get("load") or {}

    @property
    def verify(self) -> Mapping[str, Any] | None:
        """Return what verify found at the end of this run, or None."""
        return self.counts.get("verify")

    @property
    def route(self) -> str:
        """Return the route as runs name it."""
        return f"{self.source.name}>{self.destination.name}"

    @property
    def stopped(self) -> bool:
        """Whether the run ended before it had done what it set out to do."""
        return self.run["exit_code"] not in (0, 1)


def facts_of(store: Store, run_id: str) -> Facts:
    """Return the facts of a migrate run; raises ConfigError for another run, or none."""
    with store.read() as database:
        found = stored_runs(database, run_id=run_id)
        if not found:
            raise ConfigError(f"There is no run {run_id}.", "`deskferry runs` lists the latest.")
        run = found[0]
        source, _, destination = (run["connection"] or "").partition(">")
        if run["command"] != MIGRATE or not destination:
            raise ConfigError(
                f"Run {run_id} is a {run['command']}, and only a migration has a sign-off report.",
                "Name the run that `deskferry migrate` printed; `deskferry runs` lists the latest.",
            )
        table = machinery.run
        later = database.execute(
            select(table)
            .where(table.c.connection == run["connection"], table.c.id != run_id,
                   table.c.started_at >= run["started_at"])
            .order_by(table.c.started_at, table.c.id)
            .limit(_LATER)
        ).mappings()  # fmt: skip
        sides = [_side(name, pinned(database, name) or {}) for name in (source, destination)]
        written = (((run["counts"] or {}).get("told") or {}).get("plan") or {}).get("account_id")
        if written:  # the account that the run wrote to, whatever was pinned since
            sides[1] = replace(sides[1], account_id=written)
        return Facts(store, run_id, sides[0], sides[1], run, run["counts"] or {}, tuple(dict(row) for row in later))


def _side(name: str, pin: Mapping[str, Any]) -> Side:
    vendor = pin.get("vendor") or "?"
    known = next((one for one in connectors() if one.name == vendor), None)
    title = known.title if known is not None else vendor
    return Side(name, vendor, title, pin.get("account_id") or "?", pin.get("account_name"), pin.get("site"), known)


def instant(value: Any) -> str | None:
    """Return a time of the store as canonical text."""
    return None if value is None else time_of(value)
