"""Files that are in the store: each attachment's is there, has its size, and is what its hash says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.store import Store
from deskferry.store.blobs import BlobStore
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.rule import Dimension, Rule

HASH_MISMATCH = Rule(
    "attachment.hash_mismatch", "attachment", Dimension.ACCURACY, Severity.ERROR, "Files that are not what they were",
    "", "Its bytes were lost or changed after the download: pull with --full fetches it again; look at the disk.",
    options={"hash": True},
    details={
        "gone": "its file is not there", "bytes": "its file has other bytes than were downloaded",
        "size": "its file has {held} bytes, {declared} are declared",
    },
)  # fmt: skip
_AT_ONCE = 1 << 20


def files_looked_at(database: Connection, connection: str) -> int:
    """Return how many attachments have a file."""
    return int(database.execute(select(func.count()).where(*_with_file(connection))).scalar_one())


def damaged_files(store: Store, database: Connection, connection: str, *, hashing: bool) -> Iterator[Finding]:
    """Yield attachments whose file is missing, has another size or, where asked to read them all, other bytes.

    A file is read once, however many attachments it is of; only hashes are told.
    """
    table, blobs = sql_table("attachment"), BlobStore(store.blobs)
    statement = select(table.c.id, table.c.sha256, table.c.size).where(*_with_file(connection))
    last: tuple[str, str | None] = ("", None)
    for row in database.execute(statement.order_by(table.c.sha256, table.c.id).execution_options(yield_per=1000)):
        if last[0] != row.sha256:
            last = (row.sha256, _damage(blobs, row.sha256, hashing=hashing))
        wrong = last[1] or _other_size(blobs, row.sha256, row.size)
        if wrong is not None:
            yield Finding(
                HASH_MISMATCH.id, HASH_MISMATCH.severity, connection, "attachment", row.id, wrong, HASH_MISMATCH.advice
            )


def _damage(blobs: BlobStore, sha256: str, *, hashing: bool) -> str | None:
    if blobs.size(sha256) is None:
        return HASH_MISMATCH.details["gone"]
    if hashing and _hash_of(blobs, sha256) != sha256:
        return HASH_MISMATCH.details["bytes"]
    return None


def _hash_of(blobs: BlobStore, sha256: str) -> str:
    digest = hashlib.sha256()
    with blobs.path(sha256).open("rb") as file:
        while chunk := file.read(_AT_ONCE):
            digest.update(chunk)
    return digest.hexdigest()


def _other_size(blobs: BlobStore, sha256: str, declared: int | None) -> str | None:
    held = blobs.size(sha256)
    if declared is None or held == declared:
        return None
    return HASH_MISMATCH.details["size"].format(held=held, declared=declared)


def _with_file(connection: str) -> tuple[ColumnElement[bool], ...]:
    table = sql_table("attachment")
    return (
        table.c.connection == connection, table.c.deleted_at.is_(None), table.c.fetch_state == "done",
        table.c.sha256.is_not(None),
    )  # fmt: skip
