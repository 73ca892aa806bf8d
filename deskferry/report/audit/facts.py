"""What an audit is about: a validate run, the accounts it looked at, and what else was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.registry import connectors
from deskferry.errors import ConfigError
from deskferry.store import Store, machinery
from deskferry.store.raw_archive import time_of
from deskferry.store.state import pinned
from deskferry.store.state import runs as stored_runs


@dataclass(frozen=True, slots=True)
class Account:
    """One connection as the store knows it."""

    name: str
    vendor: str
    title: str
    account_id: str | None
    account_name: str | None
    site: str | None
    connector: Connector | None
    """None where this version has no connector of that vendor any more."""
    pull: Mapping[str, Any] | None
    """Its last `pull`, as a run; None where there was none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sections of an audit are made from."""

    store: Store
    run: Mapping[str, Any]
    """The validate run, as the store has it."""
    accounts: tuple[Account, ...]
    as_of: str
    """When the audit was made, as canonical text."""
    timezone: str = "UTC"
    """Whose months, weekdays and hours are shown."""
    comparisons: Sequence[Any] = ()
    """What `--compare-source` came to, a result for each connection; empty where it was not asked for."""
    without_extra: bool = False
    """Whether only what a crossing needs could be checked, because the extra `analysis` is missing."""

    @property
    def run_id(self) -> str:
        """The run whose findings these are."""
        return str(self.run["id"])

    @property
    def names(self) -> tuple[str, ...]:
        """The connections."""
        return tuple(one.name for one in self.accounts)


def facts_of(
    store: Store, run_id: str, names: Sequence[str], as_of: str, *, timezone: str = "UTC",
    comparisons: Sequence[Any] = (), without_extra: bool = False,
) -> Facts:  # fmt: skip
    """Return the facts of a run over some connections; raises ConfigError where there is no such run."""
    with store.read() as database:
        found = stored_runs(database, run_id=run_id)
        if not found:
            raise ConfigError(f"There is no run {run_id}.", "`deskferry runs` lists the latest.")
        return Facts(store, found[0], accounts_of(database, names), as_of, timezone, comparisons, without_extra)


def accounts_of(database: Connection, names: Sequence[str]) -> tuple[Account, ...]:
    """Return what the store knows of some connections; of one that was never pulled little more than its name."""
    return tuple(_account(database, name) for name in names)


def _account(database: Connection, name: str) -> Account:
    pin = pinned(database, name) or {}
    vendor = pin.get("vendor") or ""
    known = next((one for one in connectors() if one.name == vendor), None)
    return Account(
        name, vendor, known.title if known else vendor, pin.get("account_id"), pin.get("account_name"),
        pin.get("site"), known, _last_pull(database, name),
    )  # fmt: skip


def _last_pull(database: Connection, name: str) -> Mapping[str, Any] | None:
    """Return the latest pull that ended."""
    table = machinery.run
    rows = database.execute(
        select(table)
        .where(table.c.command == "pull", table.c.connection == name, table.c.ended_at.is_not(None))
        .order_by(table.c.started_at.desc(), table.c.id.desc())
        .limit(1)
    ).mappings()
    return next((dict(row) for row in rows), None)


def instant(value: Any) -> str | None:
    """Return a time of the store as canonical text."""
    return None if value is None else time_of(value)
