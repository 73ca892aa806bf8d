"""Written categories, articles and macros, read back, against the source minus declared losses; articles twice.

Who may read is looked at most closely: what fewer may read at the source and more at the destination is a difference,
whatever was declared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.articles import LANGUAGE_SWAPPED
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    Destination,
    Headers,
    Loss,
    Operation,
    Row,
    WitnessArticle,
)
from deskferry.connectors.kit.converters import html_to_text
from deskferry.migrate.compare import Places
from deskferry.migrate.compare_values import Difference, Seen, first_difference, message_text, shown, squeezed
from deskferry.migrate.compare_witness import Fetch, hash_of
from deskferry.migrate.compose import Composed
from deskferry.migrate.journal import Held, held_crossings
from deskferry.migrate.shelves import ORDER
from deskferry.migrate.work import Work
from deskferry.store import Store
from deskferry.store.upsert import chunks

_BATCH = 50
_ADDRESS = re.compile(r"(?:https?:)?//\S+")
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
WitnessedArticle = Callable[[str], WitnessArticle | None]


@dataclass(frozen=True, slots=True)
class Looks:
    """How deep to look, and by what."""

    texts: bool = True
    """Texts, readers, fields; else only whether it is there."""
    witness: WitnessedArticle | None = None
    fetch: Fetch | None = None
    """Streams the bytes of a file; None: files are compared by name and size."""


@dataclass(slots=True)
class _Case:
    """One written record with what should be there of it."""

    composed: Composed
    held: Mapping[tuple[str, str], Held]
    there: Mapping[str, Row]
    """Rows of the destination by canonical id: of the record's kind and of translations."""
    places: Places
    writer: Destination
    standing: Sequence[Loss]
    files: Sequence[Row] = ()
    lost: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lost = {(one.record_id, one.field) for one in (*self.composed.losses, *self.standing)}

    def row(self, operation: Operation) -> Row | None:
        """Return what an operation made, or None where it is gone."""
        held = self.held.get((operation.record_id, operation.part))
        return None if held is None else self.there.get(f"{self.places.name}:{held.remote_object}:{held.remote_id}")

    def written(self) -> list[Operation]:
        """Return the operations whose results a migration made."""
        keys = ((one, self.held.get((one.record_id, one.part))) for one in self.composed.operations)
        return [one for one, held in keys if held is not None and held.state == "created"]

    def differs(self, record: str, what: str, expected: Any, found: Any, seen: Seen = "read") -> Difference:
        return Difference(self.composed.kind, record, what, shown(expected), shown(found), seen)


def compare_knowledge(
    store: Store, work: Work, kind: str, ids: Sequence[str], stuck: Mapping[str, Sequence[Loss]], looks: Looks
) -> Iterator[tuple[Composed, list[Difference]]]:
    """Yield (what was composed, what differs) of each record of a kind that was written."""
    composer = work.composer
    for part in chunks(ids, _BATCH):
        composed = list(composer.of(kind, part))
        with store.read() as database:
            named = {one.record_id for one in composed} | set(_named(composed))
            held = held_crossings(database, work.account_id, named)
            remote = {f"{composer.destination_name}:{one.remote_object}:{one.remote_id}" for one in held.values()}
            there = _rows(database, kind, "id", remote)
            if kind == "article":
                there |= _translations(database, remote)
            files = _rows(database, "attachment", "article_id", remote) if kind == "article" else {}
        places = Places(composer.destination_name, composer.crossings, held)
        for one in composed:
            case = _Case(
                one, held, there, places, composer.destination, stuck.get(one.record_id, ()), [*files.values()]
            )
            if case.written():
                yield one, list(_compared(case, looks))


def _named(composed: Iterable[Composed]) -> Iterator[str]:
    for one in composed:
        yield from (operation.target.record_id for operation in one.operations if operation.target is not None)
        if one.row is not None and one.row.get("author_id"):
            yield one.row["author_id"]


def _rows(database: Any, kind: str, key: str, values: Iterable[str]) -> dict[str, Row]:
    table = sql_table(kind)
    statement = select(table).where(table.c[key].in_(set(values)), table.c.deleted_at.is_(None))
    return {row["id"]: dict(row) for row in database.execute(statement).mappings()}


def _translations(database: Any, articles: set[str]) -> dict[str, Row]:
    """Return the translations of written articles, by their own id and by `<article's object>:<id>/<language>`."""
    found = {}
    for row in _rows(database, "article_translation", "article_id", articles).values():
        connection, _, rest = row["article_id"].partition(":")
        found[row["id"]] = row
        found[f"{connection}:article_translation:{rest.rpartition(':')[2]}/{row['locale']}"] = row
    return found


def _compared(case: _Case, looks: Looks) -> Iterator[Difference]:
    for operation in case.written():
        if operation.kind == "attachment" or "#" in operation.part:
            continue  # files are counted with their article, and a text is looked at as it is in the end
        row = case.row(operation)
        if row is None:
            yield case.differs(case.composed.record_id, case.composed.kind, operation.part or "there", None)
        elif not looks.texts:
            continue
        elif case.composed.kind == "article_category":
            yield from _category(case, operation, row)
        elif case.composed.kind == "macro":
            yield from _macro(case, row)
        elif operation.kind == "article_translation":
            source = _texts_of(case)[operation.part]
            yield from _text(case, source, row, "read")
        elif not operation.part:
            yield from _article(case, operation, row, looks)


# ---------------------------------------------------------------------------------------------------------- categories


def _category(case: _Case, operation: Operation, there: Row) -> Iterator[Difference]:
    wanted = operation.body.get("name")
    if squeezed(wanted) != squeezed(there["name"]):
        yield case.differs(operation.record_id, "name", wanted, there["name"])
    place = _place(case, operation)
    if place is not None and there["parent_id"] != place:
        yield case.differs(operation.record_id, "parent_id", place, there["parent_id"])
    description = (case.composed.row or {}).get("description")
    if description and squeezed(description) != squeezed(there["description"]):
        yield case.differs(operation.record_id, "description", description, there["description"])


def _place(case: _Case, operation: Operation) -> str | None:
    """Return the canonical id of the record that an operation addresses."""
    target = operation.target
    if target is None:
        return None
    if not target.part:
        return case.places.of(target.record_id)
    held = case.held.get((target.record_id, target.part))
    return None if held is None else f"{case.places.name}:{held.remote_object}:{held.remote_id}"


# ------------------------------------------------------------------------------------------------------------ articles


def _texts_of(case: _Case) -> dict[str, Row]:
    """Return by part the row whose text it is: "" the article's, a translation's id its own; or the other way round."""
    aggregate = case.composed.article
    assert isinstance(aggregate, ArticleAggregate)
    found = {"": aggregate.article, **{one["id"]: one for one in aggregate.translations}}
    for loss in case.composed.losses:
        if loss.cause == LANGUAGE_SWAPPED and loss.value in found:
            found[""], found[loss.value] = found[loss.value], found[""]
    return found


def _article(case: _Case, operation: Operation, there: Row, looks: Looks) -> Iterator[Difference]:
    source, record = (case.composed.row or {}), case.composed.record_id
    text = _texts_of(case)[""]
    yield from _text(case, text, there, "read")
    yield from _readers(case, source, there["visibility"], there["status"], "read")
    place = _place(case, operation)
    if (record, "category_id") not in case.lost and place is not None and there["category_id"] != place:
        yield case.differs(record, "category_id", place, there["category_id"])
    author = case.places.of(source["author_id"])
    if author is not None and (record, "author_id") not in case.lost and there["author_id"] != author:
        yield case.differs(record, "author", author, there["author_id"])
    yield from _labels(case, source, there)
    yield from _files(case, there)
    if looks.witness is not None:
        yield from _witnessed(case, looks.witness(case.held[record, ""].remote_id), looks)


def _text(case: _Case, source: Row, there: Row, seen: Seen) -> Iterator[Difference]:
    record = source["id"]
    narrowed = any(one.field == "visibility" for one in case.standing)  # it became a draft
    for name in ("title", "status"):
        lost = {(record, name), (case.composed.record_id, name)} & case.lost or (narrowed and name == "status")
        if not lost and squeezed(source[name]) != squeezed(there[name]):
            yield case.differs(record, name, source[name], there[name], seen)
    yield from _body(case, record, message_text(source), message_text(there), seen)


def _body(case: _Case, record: str, text: str, there: str, seen: Seen) -> Iterator[Difference]:
    if isinstance(case.writer, Headers):
        there = case.writer.strip_header(there)
    expected, found = (squeezed(_ADDRESS.sub("", one)) for one in (text, there))
    if expected != found and isinstance(case.writer, Headers):
        expected = squeezed(_ADDRESS.sub("", case.writer.strip_header(text)))
    if expected != found:
        yield Difference(case.composed.kind, record, "text", *first_difference(expected, found), seen)


def _readers(case: _Case, source: Row, there: str | None, status: str | None, seen: Seen) -> Iterator[Difference]:
    """Yield a difference where more may read than at the source, declared or not, or others than was declared."""
    record = case.composed.record_id
    wanted = source["visibility"] if source["visibility"] in ORDER else "restricted"
    found = there if there in ORDER else "public"
    wider = ORDER.index(found) < ORDER.index(wanted) and not (wanted == "restricted" and found == "agents")
    if (wider and status != "draft") or (found != wanted and (record, "visibility") not in case.lost):
        yield case.differs(record, "visibility", wanted, there, seen)


def _labels(case: _Case, source: Row, there: Row) -> Iterator[Difference]:
    lost = {one.value for one in case.composed.losses if one.field == "tag"}
    wanted, found = set(source["labels"] or ()) - lost, set(there["labels"] or ())
    for tag in sorted(wanted ^ found):
        yield case.differs(
            case.composed.record_id, "labels", tag if tag in wanted else None, tag if tag in found else None
        )


def _wanted_files(case: _Case) -> list[Any]:
    stuck = {one.value for one in case.standing if one.field == "file"}
    files = [file for operation in case.composed.operations for file in operation.files]
    return [file for file in files if file.filename not in stuck]


def _files(case: _Case, there: Row) -> Iterator[Difference]:
    wanted = Counter((file.filename, file.size) for file in _wanted_files(case))
    found = Counter((row["filename"], row["size"]) for row in case.files if row["article_id"] == there["id"])
    for name, size in (wanted - found).elements():
        yield case.differs(case.composed.record_id, "file", f"{name} ({size} bytes)", None)
    for name, size in (found - wanted).elements():
        yield case.differs(case.composed.record_id, "file", None, f"{name} ({size} bytes)")


def _witnessed(case: _Case, seen: WitnessArticle | None, looks: Looks) -> Iterator[Difference]:
    record, source = case.composed.record_id, case.composed.row or {}
    if seen is None:
        yield case.differs(record, "article", "there", None, "witness")
        return
    text = _texts_of(case)[""]
    if (text["id"], "title") not in case.lost and squeezed(text["title"]) != squeezed(seen.title):
        yield case.differs(record, "title", text["title"], seen.title, "witness")
    yield from _body(case, text["id"], message_text(text), html_to_text(seen.text) or "", "witness")
    yield from _readers(case, source, seen.visibility, seen.status, "witness")
    files = _wanted_files(case)
    sizes, found = Counter(file.size for file in files), Counter(size for size, _url in seen.files.values())
    for size in ((sizes - found) + (found - sizes)).elements():
        yield case.differs(record, "file", size if size in sizes else None, size if size in found else None, "witness")
    if looks.fetch is None or sizes != found:
        return
    hashes = Counter(file.sha256 for file in files)
    hashes.subtract(hash_of(url, looks.fetch) for _size, url in seen.files.values())
    for sha256, count in hashes.items():
        if count > 0:
            yield case.differs(record, "file", f"SHA-256 {sha256}", None, "witness")


# -------------------------------------------------------------------------------------------------------------- macros


def _macro(case: _Case, there: Row) -> Iterator[Difference]:
    source, record = case.composed.row or {}, case.composed.record_id
    if (record, "name") not in case.lost and squeezed(source["name"]) != squeezed(there["name"]):
        yield case.differs(record, "name", source["name"], there["name"])
    expected, found = (squeezed(_PLACEHOLDER.sub("", message_text(one))) for one in (source, there))
    if expected != found:
        yield Difference("macro", record, "text", *first_difference(expected, found), "read")
    wider = there["visibility"] == "agents" and source["visibility"] != "agents"
    if wider or (there["visibility"] != source["visibility"] and (record, "visibility") not in case.lost):
        yield case.differs(record, "visibility", source["visibility"], there["visibility"])
