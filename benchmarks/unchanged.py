"""The first pull of an account against the least calls and time; then `pull --full` of one whose volatile fields moved.

Every page comes again and no row is written: rows are compared as a whole, every column of every raw and canonical
table, times of writing and compressed bytes too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from benchmarks.calls import LEAST
from benchmarks.desk import Served, served, workbench
from deskferry.canonical_schema import KINDS
from deskferry.migrate.pull import PullOptions
from deskferry.store import Store


def digest(store: Store) -> dict[str, str]:
    """Return a hash over all rows of each raw and canonical table, in the order in which they lie."""
    found = {}
    with store.read() as database:
        for table in ("raw_record", "raw_version", "raw_dictionary", *(kind.value for kind in KINDS)):
            hashed = hashlib.blake2b()
            rows = database.execute(
                text(f"SELECT rowid, * FROM {table} ORDER BY rowid").execution_options(yield_per=1000)
            )
            for row in rows:
                hashed.update(repr(tuple(row)).encode())
            found[table] = hashed.hexdigest()
    return found


@dataclass(frozen=True, slots=True)
class First:
    """What a first pull took: calls, and seconds on the vendor's clock, each over the least."""

    calls: int
    over_calls: float
    seconds: float
    over_seconds: float


def first_pull(vendor: str, tickets: int, comments: int, directory: Path) -> First:
    """Pull an account of so many tickets with so many messages each, at the whole of the vendor's limits."""
    with served(tickets, comments, vendor) as desk:
        config = desk.write_config(directory, f"sqlite:///{directory / 'store.db'}", share_of_limit=1.0)
        with workbench(config, desk) as bench:
            begun = desk.ask("now")
            pulled = bench.pull(["old"], PullOptions())["old"]
            seconds = desk.ask("now") - begun
            least = LEAST[vendor](_sizes(desk, bench.store))
    assert pulled.tally["kinds"]["ticket"]["inserted"] == tickets, pulled.tally
    return First(pulled.calls, pulled.calls / least.calls, seconds, seconds / least.seconds)


def changes(tickets: int, directory: Path) -> tuple[int, int]:
    """Pull an account, touch it, pull it whole again; return the tables that changed, and the second pull's calls."""
    with served(tickets) as desk:
        config = desk.write_config(directory, f"sqlite:///{directory / 'store.db'}")
        with workbench(config, desk) as bench:
            first = bench.pull(["old"], PullOptions())["old"]
            before = digest(bench.store)
            touched = desk.ask("touch")
            again = bench.pull(["old"], PullOptions(full=True))["old"]
            after = digest(bench.store)
    assert touched >= tickets * 0.9, touched
    seen = sum(one["unchanged"] for one in again.tally["raw"].values())
    assert seen >= 0.99 * sum(one["inserted"] for one in first.tally["raw"].values()), "not every page came again"
    return sum(before[table] != after[table] for table in before), again.calls


def _sizes(desk: Served, store: Store) -> dict[str, int]:
    """Return the records of the account; of a stream of which only the export tells how many, those that came."""
    sizes: dict[str, int] = desk.ask("sizes")
    return sizes | {"metric_events": _rows(store, "ticket_metric_event")}


def _rows(store: Store, object_name: str) -> int:
    with store.read() as database:
        counted = text("SELECT COUNT(*) FROM raw_record WHERE object = :object")
        return int(database.execute(counted, {"object": object_name}).scalar_one())
