"""Exports a SQLite store by programs of their own, several at once, that all see the same state of it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from deskferry.store.engine import Store

KEY_OF = "key_of_"
"""Before the name of a column: its key. (The same in `arrow_export`, which imports nothing of ours.)"""
Order = tuple[str, dict[str, str], str]

_PROGRAM = Path(__file__).with_name("arrow_export.py")
_MOST = 4
_WORTH_A_PROCESS = 2_000_000
"""Values to read; for fewer the start of a further process takes longer than it saves."""


def export_in_processes(store: Store, orders: list[Order], salt: int) -> None:
    """Write tables of a SQLite store into Parquet files: see `arrow_export`."""
    # The Arrow driver brings an SQLite of its own. Two SQLite libraries in one process undo each other's locks on a
    # file (https://sqlite.org/howtocorrupt.html, 2.2.1): committed changes were lost that way. Processes are safe.
    with ExitStack() as running:
        parts = _parts(store, orders)
        with store.write():  # nobody writes until all have begun to read, so that they see the same
            programs = [running.enter_context(_started(str(store.path), salt)) for _ in parts]
            for one in programs:
                assert one.stdout is not None
                one.stdout.readline()  # it is ready, or it has ended and says why below
        for one, part in zip(programs, parts, strict=True):
            _send(one, json.dumps(part))
        for one in programs:
            _told, complaint = one.communicate()
            if one.returncode:
                raise sqlite3.OperationalError(complaint.strip())


def _started(path: str, salt: int) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, str(_PROGRAM), path, str(salt)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _send(program: subprocess.Popen[str], order: str) -> None:
    assert program.stdin is not None
    try:
        program.stdin.write(order)
        program.stdin.close()
    except BrokenPipeError:
        pass  # it has ended, and said why on stderr
    program.stdin = None


def _parts(store: Store, orders: list[Order]) -> list[list[Order]]:
    """Return the orders for each process, about as much to read for each."""
    with store.read() as database:
        sizes = {
            table: len(columns) * (database.exec_driver_sql(f"SELECT MAX(rowid) FROM {table}").scalar() or 0)
            for table, columns, _file in orders
        }
    number = min(_MOST, os.cpu_count() or 1, len(orders), 1 + sum(sizes.values()) // _WORTH_A_PROCESS)
    parts: list[list[Order]] = [[] for _ in range(number)]
    for order in sorted(orders, key=lambda one: -sizes[one[0]]):
        min(parts, key=lambda part: sum(sizes[one[0]] for one in part)).append(order)
    return parts
