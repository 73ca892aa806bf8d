"""A migration into the destination's simulator, with its journal in a scratch store: what a real one would meet.

The simulator holds the people, organizations, teams and fields that were pulled of the destination. Nothing is sent to
the real one, and nothing is written into the real store but the run.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.config import Config, ConnectionConfig, load_config
from deskferry.errors import ConfigError
from deskferry.migrate.migrate import MigrateOptions, MigrationResult, migrate
from deskferry.migrate.scope import Scope
from deskferry.simulators.kernel import Desk, SimClock
from deskferry.simulators.server import serve
from deskferry.simulators.stock import Provision, Stock, provision
from deskferry.store import Store, machinery
from deskferry.store.raw_archive import RawArchive
from deskferry.store.records import rows
from deskferry.store.scratch import copy_connection, copy_crossings, link_files
from deskferry.store.state import pinned
from deskferry.workbench import Workbench

_AGENTS = frozenset({"agent", "light_agent", "admin"})
_SHOWN = 1000


@dataclass(slots=True)
class Rehearsal:
    """What a real run would have met."""

    run_id: str
    migration: MigrationResult
    mails: Counter[str] = field(default_factory=Counter)
    """Kind of a mail or of a rule that fired → how many."""
    calls: Counter[str] = field(default_factory=Counter)
    """HTTP method → calls, reads of the rehearsal included."""
    seconds: float = 0.0
    """On the simulator's clock: what limits and search lags cost."""
    not_rehearsed: dict[str, int] = field(default_factory=dict)
    """Kind → records that crossed before: their changes are not tried."""
    not_pulled: list[str] = field(default_factory=list)
    """Lists of the destination that were never read: the simulator has nothing of them."""

    @property
    def exit_code(self) -> int:
        """Return 1 where a real run would have ended with findings."""
        return self.migration.exit_code

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON (`json/rehearsal.schema.json`)."""
        load, verified = self.migration.load, self.migration.verify
        assert load is not None
        return {
            "run_id": self.run_id,
            "exit_code": self.exit_code,
            "kinds": {kind: dict(sorted(found.items())) for kind, found in sorted(load.counts.items())},
            "refusals": [
                {"code": one.code, "kind": one.kind, "record_id": one.record_id, "detail": one.detail}
                for one in load.problems[:_SHOWN]
            ],
            "losses": dict(sorted(load.losses.items())),
            "unplanned_losses": len(load.unplanned),
            "differences": 0 if verified is None else len(verified.differences),
            "mailbox": dict(sorted(self.mails.items())),
            "calls": dict(sorted(self.calls.items())),
            "seconds": round(self.seconds, 1),
            "not_rehearsed": dict(sorted(self.not_rehearsed.items())),
            "not_pulled": self.not_pulled,
        }


@dataclass
class _Clock:
    """The simulator's clock for our side: an hour of rate limit costs no second."""

    inner: SimClock

    def now(self) -> float:
        """Return the simulated time."""
        return self.inner.now()

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.inner.sleep(seconds)


def rehearse(
    bench: Workbench, source: str, destination: str, mapping: Path | None, scope: Scope, options: MigrateOptions
) -> Rehearsal:
    """Migrate into the simulator; raises what the migration would raise before its first write (open questions)."""
    bench.config.connection(source)
    how = provision(bench.config.connection(destination).vendor)
    with bench.run("rehearse", f"{source}>{destination}") as record:
        clock = SimClock(bench.clock.now())
        desk = how.fill(stock_of(bench.store, destination, how), clock)
        with tempfile.TemporaryDirectory(prefix="deskferry-rehearsal-") as place, serve(desk) as server:
            config = _scratch_config(bench.config, source, destination, desk, server.base_url, Path(place))
            with Workbench(config, clock=_Clock(clock), progress=bench.progress) as scratch:
                taken = _prepare(bench, scratch, source, destination)
                begin = clock.now()
                result = _run(scratch, source, destination, mapping or _mapping(bench.config, source, destination),
                              scope, options)  # fmt: skip
                found = Rehearsal(
                    record.id, result, seconds=clock.now() - begin, not_rehearsed=taken,
                    not_pulled=_not_pulled(bench.store, destination, how),
                )  # fmt: skip
            found.mails.update(one.kind for one in desk.mailbox)
            found.calls.update(one.method for one in server.pipeline.log)
        record.counts, record.exit_code = found.as_json(), found.exit_code
        return found


def _mapping(config: Config, source: str, destination: str) -> Path | None:
    return config.route(source, destination).mapping


def _run(
    scratch: Workbench, source: str, destination: str, mapping: Path | None, scope: Scope, options: MigrateOptions
) -> MigrationResult:
    job = scratch.migration(source, destination, mapping, scope)
    accepted = frozenset(effect.name for effect in job.writer.effects())
    # Nobody is mailed by a simulator: its mailbox tells what would have been.
    return migrate(job, replace(options, load=replace(options.load, accept=accepted), confirm=lambda _plan: True))


def _prepare(bench: Workbench, scratch: Workbench, source: str, destination: str) -> dict[str, int]:
    """Bring the source's records into the scratch store, and what crossed before; returns what is left out."""
    copy_connection(bench.store, scratch.store, source)
    link_files(bench.store, scratch.store, source)
    account = scratch.connection(destination).meet(scratch.store)
    with bench.store.read() as database:
        pin = pinned(database, destination)
    if pin is None:
        return {}
    return copy_crossings(bench.store, scratch.store, source, pin["account_id"], account.id)


def _scratch_config(config: Config, source: str, destination: str, desk: Desk, base_url: str, place: Path) -> Config:
    """Return the configuration with the simulator in the destination's place and a store of its own."""
    real = config.connection(destination)
    text = [f'[store]\nurl = "sqlite:///rehearsal.db"\n\n[connections.{destination}]']
    text += [f'vendor = "{real.vendor}"', f'base_url = "{base_url}"']
    given = desk.credentials()
    for name in provision(real.vendor).credentials:
        value = given[name]
        (place / name).write_text(str(value), encoding="utf-8")
        (place / name).chmod(0o600)
        text.append(f'{name} = "file:{name}"' if _is_secret(name) else f"{name} = {orjson.dumps(value).decode()}")
    path = place / "deskferry.toml"
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    own = load_config(path)
    simulated: ConnectionConfig = replace(
        own.connection(destination), threads=real.threads, share_of_limit=real.share_of_limit
    )
    connections: Mapping[str, ConnectionConfig] = MappingProxyType(
        {source: config.connection(source), destination: simulated}
    )
    return replace(config, store_url=own.store_url, files=place / "files", connections=connections)


def _is_secret(name: str) -> bool:
    return any(word in name for word in ("key", "token", "secret"))


# -------------------------------------------------------------------------------------------- what the account has


def stock_of(store: Store, connection: str, how: Provision) -> Stock:
    """Return what was pulled of a destination; raises ConfigError where nothing was."""
    with store.read() as database:
        if pinned(database, connection) is None:
            raise ConfigError(
                f"{connection} was never pulled: a rehearsal needs its people, teams and fields.",
                f"Run `deskferry pull {connection} --only {','.join(how.kinds)}` first.",
            )
        if how.streams:
            archive = RawArchive(connection)
            return Stock(records={name: _sent(archive, database, name) for name in (*how.streams, *how.parts)})
        people = [_person(row) for row in rows(database, "person", connection)]
        return Stock(
            agents=[one for one in people if one["role"] in _AGENTS],
            contacts=[one for one in people if one["role"] not in _AGENTS],
            companies=[
                {"id": row["source_id"], "name": row["name"], "domains": row["domains"]}
                for row in rows(database, "organization", connection)
            ],
            groups=[{"id": row["source_id"], "name": row["name"]} for row in rows(database, "team", connection)],
            fields=_fields(database, connection),
        )


def _not_pulled(store: Store, connection: str, how: Provision) -> list[str]:
    table = machinery.stream_cursor
    with store.read() as database:
        done = select(table.c.stream).where(table.c.connection == connection, table.c.finished_at.is_not(None))
        known = set(database.execute(done).scalars())
    return [name for name in how.streams if name not in known]


def _sent(archive: RawArchive, database: Any, stream: str) -> list[Mapping[str, Any]]:
    return [one.payload for one in archive.of_stream(database, stream) if one.payload is not None]


def _person(row: Mapping[str, Any]) -> dict[str, Any]:
    company = row["organization_id"]
    return {
        "id": row["source_id"], "name": row["name"], "email": row["email"], "phone": row["phone"],
        "external_id": row["external_id"], "role": row["role"],
        "company_id": None if company is None else str(company).rpartition(":")[2],
    }  # fmt: skip


def _fields(database: Any, connection: str) -> list[dict[str, Any]]:
    table = sql_table("custom_field")
    found = database.execute(select(table).where(table.c.connection == connection, table.c.deleted_at.is_(None)))
    return [
        {"of": row["kind"], "key": row["key"], "label": row["label"], "type": row["type"],
         "options": [one["value"] for one in row["options"] or ()]}
        for row in found.mappings()
    ]  # fmt: skip
