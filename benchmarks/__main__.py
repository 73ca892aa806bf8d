"""Run all benchmarks; exits 1 when a bound is missed."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.desk import served
from benchmarks.files import AIM, measure
from benchmarks.pull import pulled
from benchmarks.throughput import Inserts, Ratio, RawPage, compare, fetched, recorded, sqlite_stores
from benchmarks.unchanged import calls_and_changes
from deskferry.store import Store, open_store

SIZES: dict[str, dict[str, Any]] = {
    "small": {"pages": 1_500, "runs": 5, "memory": (1_000, 5_000), "calls": 1_500, "log": 80_000},
    "full": {"pages": 10_000, "runs": 5, "memory": (10_000, 100_000), "calls": 10_000, "log": 1_000_000},
}
RATIO, GROWTH, MEMORY, CALLS = 2.0, 0.20, 300.0, 1.05
LOG = 150.0
"""What a pull of an event log stays below, over the csv module. The aim is 4: SQLite alone is above it."""
_TRIES = 3


class Report:
    """Prints each number with its bound, and remembers whether any was missed."""

    def __init__(self) -> None:
        self.missed = False

    def tell(self, what: str, value: float, bound: float | None, unit: str = "", note: str = "") -> None:
        """Print one number; without a bound it is only reported."""
        fine = bound is None or value <= bound
        self.missed |= not fine
        limit = "" if bound is None else f"  (at most {bound:g}{unit})"
        verdict = "" if fine else "  MISSED"
        print(f"{what:<58} {value:10.2f}{unit}{limit}{verdict}  {note}", flush=True)


def throughput(report: Report, tickets: int, runs: int, directory: Path) -> None:
    """(a) From raw JSON pages in memory to rows, over the floor: in SQLite, and in PostgreSQL."""
    pages = fetched(tickets, directory)
    inserts = recorded(pages, directory)
    _measured(
        report, "(a) JSON pages to rows in SQLite, over the floor", pages, inserts, sqlite_stores(directory), runs
    )
    with postgresql_stores() as empty:
        _measured(report, "(a) the same in PostgreSQL, over COPY", pages, inserts, empty, runs)


def _measured(
    report: Report, what: str, pages: list[RawPage], inserts: list[Inserts], empty: Callable[[], Any], runs: int
) -> None:
    ratio = compare(pages, inserts, empty, runs)
    for again in range(_TRIES - 1):
        if ratio.value <= RATIO:
            break
        # Both cores are used, so what else runs here shows: missed is what is missed every time, and all is told.
        print(f"{what}, measurement {again + 1}: {ratio.value:.2f}, {_told(ratio)}; measured again", flush=True)
        ratio = compare(pages, inserts, empty, runs)
    report.tell(what, ratio.value, RATIO, "", _told(ratio))


def _told(ratio: Ratio) -> str:
    return f"{ratio.rows:,} rows in {ratio.seconds:.2f} s, floor {ratio.floor:.2f} s"


@contextmanager
def postgresql_stores() -> Iterator[Callable[[], Any]]:
    """Give a function that opens one empty PostgreSQL store after the other, on a server of the tests' wheel."""
    from tests.postgresql import Server  # noqa: PLC0415 - it needs the wheel

    number = iter(range(1_000))
    with tempfile.TemporaryDirectory() as directory:
        server = Server.shared(secrets.token_hex(6), Path(directory) / "lock")

        @contextmanager
        def empty() -> Iterator[Store]:
            with server.database(f"bench_{next(number)}") as url, open_store(url) as store:
                yield store

        try:
            yield empty
        finally:
            server.leave()


def memory(report: Report, sizes: tuple[int, int], directory: Path) -> None:
    """(b) The most memory of a pull, against the size of the account."""
    peaks = []
    for tickets in sizes:
        with served(tickets, 3) as desk:
            config = desk.write_config(directory / str(tickets), f"sqlite:///{directory / f'{tickets}.db'}")
            told = pulled(config, desk)
        peaks.append(told["peak"])
        note = f"{sum(told['rows'].values()):,} rows in {told['seconds']:.0f} s, {told['calls']} calls"
        report.tell(f"(b) most memory of a pull of {tickets:,} tickets", told["peak"], MEMORY, " MiB", note)
        assert told["rows"]["ticket"] == tickets, told
    growth = abs(peaks[1] - peaks[0]) / peaks[0]
    report.tell("(b) the one against the other", 100 * growth, 100 * GROWTH, " %")


def calls(report: Report, tickets: int, directory: Path) -> None:
    """(c) Calls over the least possible; (d) a whole second pull of an unchanged account."""
    ratio, changed, again = calls_and_changes(tickets, directory)
    report.tell(f"(c) calls of a pull of {tickets:,} tickets over the least", ratio, CALLS)
    note = f"{again} calls"
    report.tell("(d) tables changed by `pull --full` of an unchanged account", changed, 0, "", note)


def event_log(report: Report, rows: int, directory: Path) -> None:
    """(e) An event log through `files`, over the csv module; and the most memory."""
    found = measure(rows, directory)
    for _again in range(_TRIES - 1):
        if found.ratio <= LOG:
            break
        print(f"(e) pull over the csv module: {found.ratio:.1f}; measured again", flush=True)
        with tempfile.TemporaryDirectory(dir=directory) as name:
            found = measure(rows, Path(name))
    note = f"AIM OF {AIM:g} NOT MET; " if found.ratio > AIM else ""
    note += (
        f"{rows:,} rows, {rows / found.pull:,.0f} a second; reading and mapping {found.read_and_map / found.floor:.1f}"
    )
    report.tell("(e) pull of an event log over the csv module", found.ratio, LOG, "", note)
    report.tell("(e) SQLite's own part of it", found.insert / found.floor, None)
    report.tell("(e) most memory of that pull", found.peak_mib, MEMORY, " MiB")


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--only", choices=["a", "b", "c", "e"], help="one of them; (d) is measured with (c)")
    chosen = parser.parse_args()
    size, report = SIZES[chosen.size], Report()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if chosen.only in {None, "a"}:
            (directory / "a").mkdir()
            throughput(report, size["pages"], size["runs"], directory / "a")
        if chosen.only in {None, "b"}:
            memory(report, size["memory"], directory / "b")
        if chosen.only in {None, "c"}:
            calls(report, size["calls"], directory / "c")
        if chosen.only in {None, "e"}:
            (directory / "e").mkdir()
            event_log(report, size["log"], directory / "e")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
