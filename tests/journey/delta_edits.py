"""A Zendesk and a Freshdesk in this process, a store between them, and what people change between two crossings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.config import load_config
from deskferry.demo import Desks, _configure, desks
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.migrate import MigrateOptions, MigrationResult, migrate, plan
from deskferry.migrate.migrate import verify as verify_route
from deskferry.migrate.plan import Plan
from deskferry.migrate.pull import PullOptions
from deskferry.migrate.scope import Scope
from deskferry.migrate.verify import Depth, VerifyResult
from deskferry.store import machinery
from deskferry.workbench import Workbench

Row = dict[str, Any]
_TABLES = ("tickets", "conversations", "contacts", "companies")


@dataclass
class Journey:
    """Both desks and the workbench, after the first crossing."""

    bench: Workbench
    desks: Desks
    edited: dict[str, Any] = field(default_factory=dict)
    """Edit → the source record that it changed."""

    def pull(self) -> None:
        for name, result in self.bench.pull(["old", "new"], PullOptions()).items():
            assert result.exit_code(partial=False) == 0, (name, result.notes)

    def plan(self) -> Plan:
        return plan(self.bench.migration("old", "new", None, Scope()))

    def migrate(self) -> MigrationResult:
        job = self.bench.migration("old", "new", None, Scope())
        accepted = frozenset(effect.name for effect in job.writer.effects())
        return migrate(job, MigrateOptions(load=LoadOptions(accepted, threads=2), prove=True))

    def verify(self) -> VerifyResult:
        return verify_route(self.bench.migration("old", "new", None, Scope()), Depth.FILES)

    def rows(self, kind: str) -> list[Row]:
        table = sql_table(kind)
        with self.bench.store.read() as database:
            return [dict(row) for row in database.execute(select(table).where(table.c.connection == "old")).mappings()]

    def crossing(self, record_id: str, part: str = "") -> int:
        """Return the id at the destination."""
        table = machinery.crossing
        with self.bench.store.read() as database:
            found = database.execute(
                select(table.c.remote_id).where(table.c.record_id == record_id, table.c.part == part)
            ).scalar_one()
        return int(found)

    def crossed(self) -> set[str]:
        table = machinery.crossing
        with self.bench.store.read() as database:
            return set(database.execute(select(table.c.record_id).where(table.c.part == "")).scalars())

    def there(self, kind: str, record_id: str, part: str = "") -> Row:
        """Return a record of the destination as it is."""
        found: Row = self.desks.new.account.tables[kind][self.crossing(record_id, part)]
        return found

    def has(self, record_id: str, part: str = "") -> bool:
        """Whether a record or part crossed."""
        return (record_id, part) in self._parts()

    def made(self) -> set[str]:
        """Return the records that were created, not matched."""
        return {record for (record, part), state in self._parts().items() if not part and state == "created"}

    def _parts(self) -> dict[tuple[str, str], str]:
        table = machinery.crossing
        with self.bench.store.read() as database:
            rows = database.execute(select(table.c.record_id, table.c.part, table.c.state))
            return {(row.record_id, row.part): row.state for row in rows}

    def hashes(self) -> dict[tuple[str, str], str]:
        """Return the hash of what was sent last, by record and part."""
        table = machinery.crossing
        with self.bench.store.read() as database:
            rows = database.execute(select(table.c.record_id, table.c.part, table.c.request_hash))
            return {(row.record_id, row.part): row.request_hash for row in rows}

    def snapshot(self) -> dict[str, dict[int, Row]]:
        """Return what the destination holds, by table and id."""
        tables = self.desks.new.account.tables
        return {name: copy.deepcopy(dict(tables[name].items())) for name in _TABLES}

    def ask(self, method: str, path: str, body: Any) -> int:
        """Call the destination as one of its administrators does; returns the status."""
        url = f"{self.desks.new_server.base_url}/api/v2/{path}"
        answer = httpx.request(method, url, json=body, auth=(self.desks.new.credentials()["api_key"], "X"))
        return answer.status_code

    def change(self, what: str, record: Any, **change: Any) -> Any:
        """Change the source, and remember which record that was of."""
        self.edited[what] = record
        return self.desks.old.patch(change)

    def written(self) -> list[tuple[str, str]]:
        """Return the calls that changed the destination, by method and path."""
        log = self.desks.new_server.log
        return [(one.method, one.path) for one in log if one.method != "GET"]


@contextmanager
def crossed(directory: Path, tickets: int) -> Iterator[Journey]:
    """Give a journey whose first crossing is over, verified and proven."""
    with desks(tickets) as running:
        directory.mkdir(exist_ok=True)
        _configure(directory, running)
        with Workbench(load_config(directory / "deskferry.toml"), clock=running.clock) as bench:
            journey = Journey(bench, running)
            journey.pull()
            assert journey.migrate().exit_code == 0
            yield journey


def pick(rows: list[Row], wanted: Callable[[Row], Any], used: set[str]) -> Row:
    """Return the first row that fits and was not picked before."""
    found = next(row for row in rows if row["id"] not in used and wanted(row))
    used.add(found["id"])
    return found
