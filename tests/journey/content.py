"""What a store holds, apart from when and by which run it was written: two of them can be compared."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from deskferry.canonical_schema import KINDS
from deskferry.store import machinery, open_store
from deskferry.store.raw_archive import RawArchive

ASIDE = {
    "run_id", "synced_at", "fetched_at", "updated_at", "finished_at", "pinned_at", "written_at", "intended_at",
    "settled_at", "acknowledged_at", "at", "arrival",
}  # fmt: skip
"""Machinery's columns of writing: run ids, times, and the order in which threads came back."""
NUMBERED = {"write_op", "loss", "finding", "change_log"}
"""Tables whose id is a mere number."""
UNCOMPARED = {"run", "run_lock", "raw_record", "raw_dictionary", "raw_version", "write_op", "change_log", "finding"}
"""Histories of how it came to be; `raw_record` is compared by payload."""

Content = dict[str, dict[str, Any]]


def content(path: Path, *, histories: bool = False, remote_ids: bool = True) -> Content:
    """Return every row of every table that says what is known, by its key.

    Without `remote_ids` crossings are compared by what they are, not by the number that a destination gave them.
    """
    found: Content = {}
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        for kind in KINDS:
            rows = connection.execute(f"SELECT * FROM {kind.value}")
            found[kind.value] = {row["id"]: _canonical(dict(row)) for row in rows}
        for table in machinery.metadata.tables.values():
            if table.name in UNCOMPARED and not (histories and table.name in {"write_op", "change_log"}):
                continue
            found[table.name] = _machinery(connection, table, remote_ids)
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        connection.close()
    found["raw_record"] = _raw(path)
    return found


def _canonical(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("synced_at")
    if row.get("deletion_evidence") == "absent":
        row["deleted_at"] = "when it was missed"
    return row


def _machinery(connection: sqlite3.Connection, table: Any, remote_ids: bool) -> dict[str, Any]:
    aside = set(ASIDE)
    if table.name in NUMBERED:
        aside.add("id")
    if not remote_ids:
        aside |= {"remote_id", "receipt", "remote_hash"}
    rows = [
        {key: value for key, value in dict(row).items() if key not in aside}
        for row in connection.execute(f"SELECT * FROM {table.name}")
    ]
    texts = Counter(json.dumps(row, sort_keys=True, default=repr) for row in rows)
    keys = [column.name for column in table.primary_key.columns if column.name not in aside]
    if not keys:
        return dict(texts)
    return {"/".join(str(row[key]) for key in keys): row for row in rows}


def _raw(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with open_store(f"sqlite:///{path}") as store, store.read() as database:
        held = database.exec_driver_sql("SELECT id, connection, payload_hash, parent_id FROM raw_record").fetchall()
        for name in {row[1] for row in held}:
            archive = RawArchive(name)
            ids = [row[0] for row in held if row[1] == name]
            for key, stored in archive.some(database, ids).items():
                absent = stored.deletion_evidence == "absent"
                found[key] = {
                    "stream": stored.stream, "object": stored.object, "payload": stored.payload,
                    "deleted_at": "when it was missed" if absent else stored.deleted_at,
                    "deletion_evidence": stored.deletion_evidence, "tombstone": stored.tombstone,
                }  # fmt: skip
        for row in held:
            found[row[0]] |= {"payload_hash": row[2], "parent_id": row[3]}
    return found


def differences(one: Content, other: Content, limit: int = 20) -> list[str]:
    """Return in words where two stores differ; nothing where they are equal."""
    said = []
    for table in sorted({*one, *other}):
        left, right = one.get(table, {}), other.get(table, {})
        for key in sorted({*left, *right}):
            if key not in left or key not in right:
                said.append(f"{table} {key}: only in the {'first' if key in left else 'second'}")
            elif left[key] != right[key]:
                said.append(f"{table} {key}: {_what(left[key], right[key])}")
    return said[:limit]


def _what(left: Any, right: Any) -> str:
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return f"{left!r} and {right!r}"
    names = [name for name in sorted({*left, *right}) if left.get(name) != right.get(name)]
    return "; ".join(f"{name}: {left.get(name)!r} and {right.get(name)!r}" for name in names)


def files(path: Path) -> dict[str, int]:
    """Return the files of attachments beside a store, with their sizes."""
    root = path.with_name(path.name + ".files")
    return {str(one.relative_to(root)): one.stat().st_size for one in sorted(root.rglob("*")) if one.is_file()}


def copy(store: Path, to: Path) -> None:
    """Copy a store as it lies on the disk, its write-ahead log and files included."""
    to.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal"):
        source = store.with_name(store.name + suffix)
        if source.exists():
            to.with_name(to.name + suffix).write_bytes(source.read_bytes())
    held = store.with_name(store.name + ".files")
    if held.exists():
        _link_tree(held, to.with_name(to.name + ".files"))


def _link_tree(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for one in source.rglob("*"):
        place = target / one.relative_to(source)
        if one.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.hardlink_to(one)
