"""The open interchange format: a folder with one NDJSON file a kind in the canonical schema, attachments beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from sqlalchemy import select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.errors import ConfigError
from deskferry.migrate.progress import Progress
from deskferry.store import Store
from deskferry.store.blobs import BlobStore
from deskferry.store.engine import storage_errors
from deskferry.store.json_rows import as_json


@dataclass
class Exported:
    """How much was written."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0


def export_ndjson(store: Store, directory: Path, progress: Progress) -> Exported:
    """Write every kind that has rows as `<kind>.ndjson` and attachments as `files/<sha256>`.

    Rows come in the order of their ids, keys in the order of the columns: two exports of the same store are equal
    byte for byte. Raises ConfigError when the directory holds something else.
    """
    if directory.exists() and any(directory.iterdir()) and not (directory / "ticket.ndjson").exists():
        raise ConfigError(f"{directory} is not empty.", "Name a new directory.")
    done = Exported()
    with storage_errors():
        directory.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            progress.begin(kind.value)
            count = _write_kind(store, directory, kind.value, progress)
            progress.end()
            if count:
                done.rows[kind.value] = count
        done.files = _copy_files(store, directory / "files")
    return done


def _write_kind(store: Store, directory: Path, kind: str, progress: Progress) -> int:
    table, count = sql_table(kind), 0
    path = directory / f"{kind}.ndjson"
    with store.read() as database, path.open("wb") as out:
        rows = database.execute(select(table).order_by(table.c.id).execution_options(yield_per=1000)).mappings()
        for row in rows:
            out.write(orjson.dumps(as_json(dict(row)), option=orjson.OPT_APPEND_NEWLINE))
            count += 1
            progress.advance()
    if not count and kind != "ticket":
        path.unlink()
    return count


def _copy_files(store: Store, directory: Path) -> int:
    table, blobs, count = sql_table("attachment"), BlobStore(store.blobs), 0
    with store.read() as database:
        hashes = database.execute(select(table.c.sha256).where(table.c.sha256.is_not(None)).distinct()).scalars()
        for sha256 in hashes:
            source = blobs.path(sha256)
            if source.exists():
                directory.mkdir(exist_ok=True)
                shutil.copyfile(source, directory / sha256)
                count += 1
    return count
