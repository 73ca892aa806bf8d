"""The bytes of files: what the rows of attachments still miss is fetched into the store's folder, by hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import BlobRef
from deskferry.connectors.kit.session import Denied, Gone
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.threads import in_parallel
from deskferry.store import Store
from deskferry.store.blobs import Blob, BlobStore
from deskferry.store.unwanted_files import skip_unwanted

_AT_ONCE = 200
"""Files that are looked up at once."""

Outcome = tuple[str, Blob | None, str | None]
"""What became of a file, its bytes, and what is wrong with it."""


class PulledFiles:
    """Fetches the files of one connection; `counts` tells what became of them."""

    def __init__(self, store: Store, connection: OpenConnection) -> None:
        self.store = store
        self.connection = connection
        self.counts: dict[str, int] = {"done": 0, "missing": 0, "refused": 0}
        self._blobs = BlobStore(store.blobs)
        self._swept = False

    def fetch(self, each: Callable[[], None]) -> None:
        """Fetch all that are pending; `each` is called after every one, and may raise to stop between two."""
        if not self._swept:
            self._blobs.sweep()
            self._swept = True
        with self.store.write() as database:
            skip_unwanted(database, self.connection.name)
        while pending := self._pending():
            for ref, outcome in in_parallel(pending, self._download, self.connection.threads):
                self._record(ref, outcome)
                each()

    def _pending(self) -> list[BlobRef]:
        with self.store.read() as database:
            return _pending(database, self.connection.name)

    def _download(self, ref: BlobRef) -> Outcome:
        try:
            with self.connection.source.blob(ref) as chunks:
                blob = self._blobs.put(chunks)
        except Gone as gone:
            return "missing", None, str(gone)
        except Denied as denied:
            return "refused", None, str(denied)
        if ref.size is not None and blob.size != ref.size:
            return "done", blob, f"{blob.size} bytes arrived, {ref.size} were declared"
        return "done", blob, None

    def _record(self, ref: BlobRef, outcome: Outcome) -> None:
        state, blob, error = outcome
        table = sql_table("attachment")
        values: dict[str, Any] = {"fetch_state": state, "sha256": None if blob is None else blob.sha256, "error": error}
        with self.store.write() as database:
            database.execute(table.update().where(table.c.id == ref.attachment_id).values(values))
        self.counts[state] += 1


def _pending(database: Connection, connection: str) -> list[BlobRef]:
    table = sql_table("attachment")
    rows = database.execute(
        select(table.c.id, table.c.url, table.c.size, table.c.ticket_id, table.c.article_id)
        .where(
            table.c.connection == connection,
            table.c.fetch_state == "pending",
            table.c.deleted_at.is_(None),
            table.c.url.is_not(None),
        )
        .order_by(table.c.id)
        .limit(_AT_ONCE)
    )
    return [BlobRef(row.id, row.url, row.size, _own_id(row.ticket_id), _own_id(row.article_id)) for row in rows]


def _own_id(record_id: str | None) -> str | None:
    return None if record_id is None else record_id.rpartition(":")[2]
