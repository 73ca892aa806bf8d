"""`pull --full` of an account whose volatile fields moved: every page comes again and no row is written.

Rows are compared as a whole: every column of every raw and canonical table, times of writing and compressed bytes too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import text

from benchmarks.calls import least_calls
from benchmarks.desk import served, workbench
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


def calls_and_changes(tickets: int, directory: Path) -> tuple[float, int, int]:
    """Pull an account, touch it, pull it whole again.

    Returns the calls of the first pull over the least, the tables that the second one changed, and the pages that came
    again.
    """
    with served(tickets) as desk:
        config = desk.write_config(directory, f"sqlite:///{directory / 'store.db'}")
        with workbench(config, desk) as bench:
            first = bench.pull(["old"], PullOptions())["old"]
            sizes = desk.ask("sizes") | {"metric_events": _rows(bench.store, "ticket_metric_event")}
            before = digest(bench.store)
            touched = desk.ask("touch")
            again = bench.pull(["old"], PullOptions(full=True))["old"]
            after = digest(bench.store)
    assert touched >= tickets * 0.9, touched
    seen = sum(one["unchanged"] for one in again.tally["raw"].values())
    assert seen >= 0.99 * sum(one["inserted"] for one in first.tally["raw"].values()), "not every page came again"
    changed = sum(before[table] != after[table] for table in before)
    return first.calls / least_calls(sizes), changed, again.calls


def _rows(store: Store, object_name: str) -> int:
    """Return the rows of a stream of which only the export tells how many there are."""
    with store.read() as database:
        counted = text("SELECT COUNT(*) FROM raw_record WHERE object = :object")
        return int(database.execute(counted, {"object": object_name}).scalar_one())
