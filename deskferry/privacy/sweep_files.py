"""Attachments: what a person sent is removed; what others sent is searched, and named where it tells of the person."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.privacy.sweep import Sweep, pages
from deskferry.privacy.sweep_tables import people_ids
from deskferry.store.blobs import BlobStore
from deskferry.store.scrub import Scrubber
from deskferry.store.unwanted_files import WHY
from deskferry.store.upsert import chunks

_AMONG = 300
_CHUNK = 1 << 16
_TEXTUAL = ("text/", "message/")
_TEXTUAL_TYPES = frozenset({"application/json", "application/xml", "application/csv", "application/x-ndjson"})
_SUFFIXES = (".txt", ".csv", ".log", ".eml", ".json", ".xml", ".html", ".htm", ".md", ".vcf", ".ics", ".tsv")


class FileSweep:
    """Removes and searches the files of attachments."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.blobs = BlobStore(sweep.store.blobs)
        self._people = people_ids(sweep)

    def remove(self) -> None:
        """Remove what the person sent."""
        self.blobs.sweep()
        for part in chunks(self._people, _AMONG):
            self._remove(part)

    # ---------------------------------------------------------------------------------------------------------- theirs

    def _remove(self, people: Sequence[str]) -> None:
        for rows in self._sent_by(people):
            for row in rows:
                # The file first: killed in between, the row still leads to it.
                if row.sha256 is not None and not self._used_by_others(row.sha256, people):
                    path = self.blobs.path(row.sha256)
                    if path.exists():
                        path.unlink()
                        self.sweep.removed_files += 1
            table = sql_table("attachment")
            with self.sweep.write() as database:
                for row in rows:
                    database.execute(
                        table.update().where(table.c.id == row.id).values(fetch_state="skipped", sha256=None, error=WHY)
                    )
            self.sweep.changed["attachment"] += len(rows)

    def _sent_by(self, people: Sequence[str]) -> Iterator[Sequence[Any]]:
        attachment, message = sql_table("attachment"), sql_table("message")
        theirs = attachment.c.message_id.in_(select(message.c.id).where(message.c.author_id.in_(people)))
        yield from pages(self.sweep.store, attachment, theirs, attachment.c.error.is_distinct_from(WHY))

    def _used_by_others(self, sha256: str, people: Sequence[str]) -> bool:
        attachment, message = sql_table("attachment"), sql_table("message")
        theirs = select(message.c.id).where(message.c.author_id.in_(people), message.c.id == attachment.c.message_id)
        statement = select(attachment.c.id).where(
            attachment.c.sha256 == sha256, attachment.c.deleted_at.is_(None), ~theirs.exists()
        )
        with self.sweep.store.read() as database:
            return database.execute(statement.limit(1)).first() is not None

    # ---------------------------------------------------------------------------------------------------------- others

    def search(self) -> None:
        """Search what others sent, and note where the person is named."""
        table = sql_table("attachment")
        cleaner = Scrubber(self.sweep.suppression())
        where: list[Any] = [table.c.sha256.is_not(None)]
        if self.sweep.scope:
            where.append(table.c.connection == self.sweep.scope)
        self.sweep.progress.begin("files", None, "files")
        try:
            for rows in pages(self.sweep.store, table, *where):
                for row in rows:
                    path = self.blobs.path(row.sha256)
                    if _textual(row) and path.exists() and cleaner.finds(_pieces(path)):
                        self.sweep.named_in.append(row.id)
                self.sweep.progress.advance(len(rows))
        finally:
            self.sweep.progress.end()


def _textual(row: Any) -> bool:
    kind = (row.content_type or "").partition(";")[0].strip().lower()
    return kind.startswith(_TEXTUAL) or kind in _TEXTUAL_TYPES or (row.filename or "").lower().endswith(_SUFFIXES)


def _pieces(path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with path.open("rb") as source:
        while data := source.read(_CHUNK):
            yield decoder.decode(data)
