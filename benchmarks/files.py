"""A million rows of an event log through the connector `files`: time over the floor of the csv module, and memory.

The floor is `csv.reader` over the same file in the same run. `read_and_map` is decoding and mapping without a store;
`insert` is what SQLite alone takes for the rows that the pull left behind, copied into empty tables in one statement a
table; `pull` is everything, into an empty store and in a process of its own: pages, raw archive, canonical rows, the
order of events settled. `python -m benchmarks.files [ROWS]` prints one JSON line.
"""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.pull import peak_mebibytes
from deskferry.config import parse_config
from deskferry.connectors.files.settings import reading
from deskferry.connectors.files.source import FilesSource
from deskferry.connectors.kit.contract import PullRequest, RawRecord
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context, Mapped
from deskferry.connectors.registry import known_settings
from deskferry.migrate.pull import PullOptions
from deskferry.workbench import Workbench

AIM = 4.0
"""What is asked for: SQLite alone is above it (`insert`)."""
LAYOUT = """
[[files]]
path = "log.csv"
track = { by = ["Case ID"] }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "status", old_value_chained = true }

    [files.rows.fields]
    ticket_id = { column = "Case ID", ref = "ticket" }
    occurred_at = "Complete Timestamp"
    actor_id = { column = "Resource", ref = "agent" }

    [files.rows.fields.new_value]
    column = "Activity"
    table = { Start = "open", Wait = "pending", Resolve = "solved", Close = "closed", Reopen = "open" }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "assignee_id", old_value_chained = true }
  when = { column = "Resource", changed = true }

    [files.rows.fields]
    ticket_id = { column = "Case ID", ref = "ticket" }
    occurred_at = "Complete Timestamp"
    new_value = { column = "Resource", ref = "agent" }

  [[files.rows]]
  kind = "ticket"
  key = "Case ID"
  when = { first = true }

    [files.rows.fields]
    number = "Case ID"
    created_at = "Complete Timestamp"
"""
CONFIG = '[connections.log]\nvendor = "files"\npath = "log.csv"\nlayout = "layout.toml"\n'
TABLES = ("raw_record", "ticket", "ticket_event")
_ACTIVITIES = ("Start", "Wait", "Resolve", "Close", "Reopen")


def write_log(folder: Path, rows: int) -> Path:
    """Write an event log, its rows in the order of their cases."""
    chance, path, written, case = random.Random(7), folder / "log.csv", 0, 0
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(("Case ID", "Activity", "Complete Timestamp", "Resource"))
        while written < rows:
            case += 1
            at, agent = begin + timedelta(seconds=chance.randrange(86400 * 365)), chance.randrange(22)
            for _ in range(min(chance.randint(2, 8), rows - written)):
                at += timedelta(seconds=chance.randrange(1, 86400))
                agent = chance.randrange(22) if chance.random() < 0.3 else agent
                out.writerow((f"Case {case}", chance.choice(_ACTIVITIES), f"{at:%Y-%m-%d %H:%M:%S}", f"Value {agent}"))
                written += 1
    (folder / "layout.toml").write_text(LAYOUT, encoding="utf-8")
    (folder / "deskferry.toml").write_text(CONFIG, encoding="utf-8")
    return path


def floor(path: Path) -> float:
    """Return the least of three times that the csv module takes to read the file."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        with path.open(newline="", encoding="utf-8") as handle:
            for _row in csv.reader(handle):
                pass
        times.append(time.perf_counter() - began)
    return min(times)


def read_and_map(folder: Path) -> float:
    """Return the time that decoding and mapping take, with nothing written."""
    config = parse_config(CONFIG, folder / "deskferry.toml", known_settings()).connection("log")
    found = reading(config)
    source = FilesSource(found.root, found.account, found.feeds, found.streams)
    began = time.perf_counter()
    mappers = {name: Mapper(one, Context("log", "files", "")) for name, one in found.maps.items()}
    for stream in found.streams:
        for page in source.pages(stream.name, PullRequest(None)):
            out: Mapped = {}
            for record in page.records:
                assert isinstance(record, RawRecord)
                mappers[record.object].apply(record.payload, record.source_id, "2026-01-01T00:00:00.000000Z", out)
    return time.perf_counter() - began


def pull(folder: Path) -> None:
    """Pull in this process into a store that is empty, and print the seconds and the peak memory."""
    config = parse_config(CONFIG, folder / "deskferry.toml", known_settings())
    with Workbench(config) as bench:
        with bench.store.read():
            began = time.perf_counter()
        result = bench.pull(["log"], PullOptions())["log"]
    seconds, peak = time.perf_counter() - began, peak_mebibytes()
    kinds = {kind: counts["inserted"] for kind, counts in result.tally["kinds"].items()}
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "kinds": kinds}))


def insert(folder: Path) -> float:
    """Return the time in which SQLite copies the rows of the pulled store into empty tables, indexes and all."""
    with sqlite3.connect(folder / "floor.db", isolation_level=None) as database:
        database.execute("ATTACH ? AS pulled", (str(folder / "deskferry.db"),))
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-32768"):
            database.execute(f"PRAGMA {pragma}")
        names = ", ".join(f"'{table}'" for table in TABLES)
        made = (
            f"SELECT sql FROM pulled.sqlite_master WHERE tbl_name IN ({names}) AND sql IS NOT NULL ORDER BY type DESC"
        )
        for (statement,) in database.execute(made).fetchall():
            database.execute(statement)
        began = time.perf_counter()
        for table in TABLES:
            database.execute(f"INSERT INTO main.{table} SELECT * FROM pulled.{table} ORDER BY rowid")
    database.close()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Measured:
    """What a log of so many rows took: ratios to the floor, and the most memory."""

    rows: int
    floor: float
    read_and_map: float
    insert: float
    pull: float
    peak_mib: float
    kinds: dict[str, int]

    @property
    def ratio(self) -> float:
        """The pull over the floor."""
        return self.pull / self.floor


def measure(rows: int, folder: Path) -> Measured:
    """Write a log, pull it, and return what it took."""
    path = write_log(folder, rows)
    least, mapped = floor(path), read_and_map(folder)
    command = [sys.executable, "-m", "benchmarks.files", "--pull", str(folder)]
    pulled = json.loads(subprocess.check_output(command))
    return Measured(
        rows, min(least, floor(path)), mapped, insert(folder), pulled["seconds"], pulled["peak_mib"], pulled["kinds"]
    )


def main(rows: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        found = measure(rows, Path(name))
    print(json.dumps({
        "rows": rows, "floor_seconds": round(found.floor, 3), "aim": AIM,
        "read_and_map_over_floor": round(found.read_and_map / found.floor, 2),
        "insert_over_floor": round(found.insert / found.floor, 2), "pull_over_floor": round(found.ratio, 2),
        "pull_rows_per_second": round(rows / found.pull), "peak_mib": round(found.peak_mib, 1), "kinds": found.kinds,
    }))  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pull"]:
        pull(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
