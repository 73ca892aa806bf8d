"""The knowledge base and the macros, really composed: categories before what is in them, articles with their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    Composition,
    Destination,
    Loss,
    Row,
    WritesKnowledge,
    WritesMacros,
)
from deskferry.migrate.crossings import PlannedCrossings
from deskferry.migrate.shelves import Places, places
from deskferry.store import Store
from deskferry.store.blobs import BlobStore
from deskferry.store.upsert import chunks

KINDS = ("article_category", "article", "macro")
"""What is composed here, in the order in which it is written."""
KEPT = {
    "article_category": ("description",),
    "article": ("body_text", "status", "visibility", "labels"),
    "macro": ("body_text", "actions"),
}
"""What of a record that is matched with an existing one may differ: each that does is a loss."""
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Made:
    """One record with what it becomes."""

    row: Row
    composition: Composition
    article: ArticleAggregate | None = None


@dataclass(slots=True)
class KnowledgeComposer:
    """Composes what was chosen of a source's knowledge base and macros."""

    store: Store
    source: str
    destination_name: str
    account_id: str
    destination: Destination
    crossings: PlannedCrossings
    silent: str
    """Cause of what a composition neither carries nor declares."""
    _places: Places | None = field(default=None, init=False)

    def of(self, kind: str, ids: Sequence[str]) -> Iterator[Made]:
        """Yield the records of a kind, in the order of the ids."""
        if kind == "article_category":
            yield from self._categories(ids)
        elif kind == "article":
            yield from self._articles(ids)
        else:
            yield from self._macros(ids)

    @property
    def places(self) -> Places:
        """Return where categories go; read once."""
        if self._places is None:
            with self.store.read() as database:
                self._places = places(
                    database, self.source, self.destination_name, self.account_id, self.crossings.matches
                )
        return self._places

    def _categories(self, ids: Sequence[str]) -> Iterator[Made]:
        writer = self.destination
        assert isinstance(writer, WritesKnowledge)
        for record_id in ids:
            aggregate = self.places.aggregate(record_id)
            yield Made(aggregate.row, writer.compose_article_category(aggregate, self.crossings))

    def _macros(self, ids: Sequence[str]) -> Iterator[Made]:
        writer = self.destination
        assert isinstance(writer, WritesMacros)
        for part in chunks(ids, _BATCH):
            with self.store.read() as database:
                rows = _by_key(database, "macro", "id", part)
            for record_id in part:
                for row in rows[record_id]:
                    yield Made(row, writer.compose_macro(row, self.crossings))

    def _articles(self, ids: Sequence[str]) -> Iterator[Made]:
        writer = self.destination
        assert isinstance(writer, WritesKnowledge)
        for aggregate in self.aggregates(ids):
            made = writer.compose_article(aggregate, self.crossings)
            silent = tuple(self._silent(aggregate, made))
            if silent:
                made = replace(made, losses=(*made.losses, *silent))
            yield Made(aggregate.article, made, aggregate)

    def aggregates(self, ids: Sequence[str]) -> Iterator[ArticleAggregate]:
        """Yield articles with what travels with them, a batch at a time in memory."""
        for part in chunks(ids, _BATCH):
            with self.store.read() as database:
                articles = _by_key(database, "article", "id", part)
                translations = _by_key(database, "article_translation", "article_id", part)
                files = _by_key(database, "attachment", "article_id", part)
            for record_id in part:
                for row in articles[record_id]:
                    shelf = row["category_id"]
                    yield ArticleAggregate(
                        row, tuple(translations[record_id]), tuple(map(self._file, files[record_id])),
                        self.places.aggregate(shelf) if shelf in self.places.here.rows else None,
                    )  # fmt: skip

    def _file(self, row: Row) -> Row:
        """Return a file with the size that lies here: a vendor may declare none, or a wrong one."""
        if row["sha256"] is None:
            return row
        size = BlobStore(self.store.blobs).size(row["sha256"])
        return {**row, "size": size} if size is not None else {**row, "sha256": None, "fetch_state": "missing"}

    def _silent(self, aggregate: ArticleAggregate, made: Composition) -> Iterator[Loss]:
        """Yield translations and files that are neither in an operation nor declared lost."""
        lost = {one.record_id for one in made.losses}
        if (aggregate.article["id"], "article") in {(one.record_id, one.field) for one in made.losses}:
            return
        parts = {one.part for one in made.operations}
        files = {file.attachment_id for one in made.operations for file in one.files}
        for row in aggregate.translations:
            if row["id"] not in parts | lost:
                yield Loss(row["id"], "article_translation", row["locale"], self.silent)
        for row in aggregate.attachments:
            if row["id"] not in files | lost:
                yield Loss(row["id"], "attachment", row["filename"], self.silent)


def _by_key(database: Connection, kind: str, key: str, ids: Sequence[str]) -> dict[str, list[Row]]:
    table = sql_table(kind)
    found: dict[str, list[Any]] = defaultdict(list)
    statement = (
        select(table)
        .where(table.c[key].in_(ids), table.c.deleted_at.is_(None))
        .order_by(func.length(table.c.id), table.c.id)
    )
    for row in database.execute(statement).mappings():
        found[row[key]].append(dict(row))
    return found
