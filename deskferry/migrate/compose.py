"""Everything that crosses, really composed, a batch at a time: plan, load, verify and proof read the same stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.characters import fit_characters
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    Composition,
    Destination,
    Loss,
    Operation,
    Row,
    TicketAggregate,
)
from deskferry.migrate import companions, compose_knowledge
from deskferry.migrate.crossings import PlannedCrossings, stand_in_row
from deskferry.migrate.mapping_file import RouteMapping
from deskferry.migrate.requests import message_of
from deskferry.store import Store
from deskferry.store.blobs import BlobStore
from deskferry.store.records import aggregates
from deskferry.store.upsert import chunks

_BATCH = 200
SILENT = "dropped_in_silence"
"""Cause of what a composition neither carries nor declares: never planned, always an error."""
ADDRESS_TAKEN = "address_taken"
"""Cause of an address that a person came by after crossing, and that another record of the destination has."""
_WHOLE = frozenset({"message", "state", "file", "attachment"})
"""Fields of losses that stand for the whole record."""
_KEPT_PERSON = ("name", "phone", "job_title", "address", "notes", "external_id", "custom_fields")
_KEPT_ORGANIZATION = ("external_id", "address", "details", "notes", "custom_fields")


@dataclass(frozen=True, slots=True)
class Composed:
    """One record with its operations and what it loses."""

    kind: str
    record_id: str
    composition: Composition
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(kind, reason) → how many parts stay behind."""
    messages: int = 0
    aggregate: TicketAggregate | None = None
    row: Row | None = None
    article: ArticleAggregate | None = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return the ordered operations."""
        return self.composition.operations

    @property
    def opening(self) -> str | None:
        """Return the message that opens the written ticket, carried by the ticket's own operation."""
        return None if self.aggregate is None else opening_of(self.aggregate, self.composition)

    @property
    def carried(self) -> int:
        """Return how many messages the ticket's own operation carries."""
        if self.aggregate is None:
            return 0
        told = {part for one in self.operations for part in one.carries}
        return sum(message["id"] in told for message in self.aggregate.messages) or int(self.opening is not None)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Return what is lost."""
        return self.composition.losses


@dataclass(slots=True)
class Composer:
    """Composes what was chosen of one source for one destination."""

    store: Store
    source: str
    destination_name: str
    destination: Destination
    crossings: PlannedCrossings
    account_id: str = ""
    """The destination's."""

    @property
    def mapping(self) -> RouteMapping:
        """Return the mapping in force."""
        return self.crossings.mapping

    def setup(self) -> Composition:
        """Return what has to be made before anything else; empty where the mapping answers it."""
        operations = self.destination.setup(self.fields())
        wanted = [one for one in operations if self.mapping.setting(one.part) is None and self._needed(one.kind)]
        return Composition(tuple(wanted), ())

    def _needed(self, kind: str) -> bool:
        """Whether what is set up for a kind is of use: a folder for macros where there are none is not."""
        return kind not in compose_knowledge.KINDS or bool(self.crossings.selection.of(kind))

    def fields(self) -> list[Row]:
        """Return the destination's custom fields as pulled."""
        table = sql_table("custom_field")
        with self.store.read() as database:
            statement = select(table).where(table.c.connection == self.destination_name, table.c.deleted_at.is_(None))
            return [dict(row) for row in database.execute(statement.order_by(table.c.id)).mappings()]

    def of(self, kind: str, ids: Sequence[str] | None = None) -> Iterator[Composed]:
        """Yield the records of a kind in the order in which they are written; `ids`: these only."""
        for one in self._of(kind, ids):
            made = fit_characters(one.composition)
            yield one if made is one.composition else replace(one, composition=made)

    def _of(self, kind: str, ids: Sequence[str] | None) -> Iterator[Composed]:
        chosen = self.crossings.selection.of(kind) if ids is None else ids
        if kind == "ticket":
            yield from self._tickets(chosen)
        elif kind in compose_knowledge.KINDS:
            knowledge = compose_knowledge.KnowledgeComposer(
                self.store,
                self.source,
                self.destination_name,
                self.account_id,
                self.destination,
                self.crossings,
                SILENT,
            )
            for made in knowledge.of(kind, chosen):
                yield Composed(kind, made.row["id"], made.composition, row=made.row, article=made.article)
        else:
            yield from self._rows(kind, chosen)

    def _rows(self, kind: str, ids: Sequence[str]) -> Iterator[Composed]:
        table = sql_table(kind)
        for part in chunks(ids, _BATCH):
            with self.store.read() as database:
                found = {
                    row["id"]: dict(row)
                    for row in database.execute(select(table).where(table.c.id.in_(part))).mappings()
                }
                companions.add_tags(database, list(found.values()))
                if kind == "person":
                    companions.add_memberships(database, list(found.values()))
            for record_id in part:
                row = found.get(record_id) or stand_in_row(record_id)
                yield self._row(kind, row)

    def _row(self, kind: str, row: Row) -> Composed:
        if kind == "person":
            row, lost = _reachable(row, self.crossings.matches.taken.get(row["id"], frozenset()))
            made = self.destination.compose_person(row, self.crossings)
            made = replace(made, losses=(*made.losses, *lost))
        else:
            made = self.destination.compose_organization(row, self.crossings)
        return Composed(kind, row["id"], made, row=row)

    def _tickets(self, ids: Sequence[str]) -> Iterator[Composed]:
        for part in chunks(ids, _BATCH):
            with self.store.read() as database:
                batch = list(aggregates(database, part))
                companions.add_names(database, [one.ticket for one in batch])
                self.crossings.preload(database, _people_of(batch))
            for aggregate in batch:
                yield self._ticket(aggregate)

    def _ticket(self, aggregate: TicketAggregate) -> Composed:
        kept, left = prepared(self._measured(aggregate), self.mapping)
        self.crossings.labels = {what: kept.ticket.get(f"{what}_label") for what in ("status", "priority", "channel")}
        made = self.destination.compose_ticket(kept, self.crossings)
        silent = tuple(_silent(kept, made))
        if silent:
            made = replace(made, losses=(*made.losses, *silent))
        ticket = kept.ticket["id"]
        return Composed("ticket", ticket, made, left, len(kept.messages), kept)

    def _measured(self, aggregate: TicketAggregate) -> TicketAggregate:
        """Return a ticket whose files have the size that lies here: a vendor may declare none, or a wrong one."""
        attachments = {key: tuple(map(self._file, rows)) for key, rows in aggregate.attachments.items()}
        return replace(aggregate, attachments=attachments)

    def _file(self, row: Row) -> Row:
        if row["sha256"] is None:
            return row
        size = BlobStore(self.store.blobs).size(row["sha256"])
        return {**row, "size": size} if size is not None else {**row, "sha256": None, "fetch_state": "missing"}

    # ------------------------------------------------------------------------------- what is not composed, and its loss

    def matched_losses(self) -> Iterator[Loss]:
        """Yield what is lost because a record is matched with an existing one, or crosses as its twin."""
        for kind, columns in (
            ("organization", _KEPT_ORGANIZATION), ("person", _KEPT_PERSON), *compose_knowledge.KEPT.items(),
        ):  # fmt: skip
            yield from self._matched_losses(kind, columns)

    def _matched_losses(self, kind: str, columns: Sequence[str]) -> Iterator[Loss]:
        matches, selection = self.crossings.matches, self.crossings.selection
        left = selection.left_people | selection.left_organizations
        table = sql_table(kind)
        ids = sorted({*matches.found, *matches.leads})
        for part in chunks(ids, _BATCH):
            with self.store.read() as database:
                rows = database.execute(
                    select(table).where(table.c.id.in_(part), table.c.deleted_at.is_(None)).order_by(table.c.id)
                ).mappings()
                found = [dict(row) for row in rows]
                leads = {row["id"]: matches.lead(row["id"]) for row in found}
                others = self._others(database, table, leads)
            for row in found:
                lead = leads[row["id"]]
                if lead not in left and lead not in matches.refused:
                    twin = lead != row["id"] and lead not in matches.found
                    cause = "crosses_as_its_twin" if twin else "existing_record_kept"
                    yield from _differences(row, others.get(row["id"]), columns, cause)

    def _others(self, database: Any, table: Any, leads: Mapping[str, str]) -> dict[str, Row]:
        """Return for each record the row that stands for it: the lead's, or the destination's."""
        matches = self.crossings.matches
        standing: dict[str, str] = {}
        for record_id, lead in leads.items():
            existing = matches.found.get(lead)
            standing[record_id] = (
                lead if existing is None else f"{self.destination_name}:{existing.object}:{existing.remote_id}"
            )
        rows = database.execute(select(table).where(table.c.id.in_(set(standing.values())))).mappings()
        by_id = {row["id"]: dict(row) for row in rows}
        return {record_id: by_id[other] for record_id, other in standing.items() if other in by_id}


def _reachable(row: Row, taken: frozenset[str]) -> tuple[Row, list[Loss]]:
    """Return a person without the addresses that are another record's at the destination, and their loss."""
    if not taken:
        return row, []
    listed = [one for one in row["emails"] or () if str(one.get("value")).strip().lower() not in taken]
    first = row["email"] if (row["email"] or "").strip().lower() not in taken else None
    kept = {**row, "emails": listed or None, "email": first or next((one["value"] for one in listed), None)}
    return kept, [Loss(row["id"], "emails", address, ADDRESS_TAKEN) for address in sorted(taken)]


def _differences(row: Row, other: Row | None, columns: Sequence[str], cause: str) -> Iterator[Loss]:
    for column in columns:
        value = row.get(column)
        if value in (None, "", {}) or (other is not None and other.get(column) == value):
            continue
        yield Loss(row["id"], column, str(value)[:500], cause)


def _people_of(batch: Sequence[TicketAggregate]) -> Iterator[str | None]:
    for one in batch:
        yield from (one.ticket["requester_id"], one.ticket["assignee_id"], one.ticket["submitter_id"])
        yield from (message["author_id"] for message in one.messages)
        yield from (follower["person_id"] for follower in one.followers)


def prepared(aggregate: TicketAggregate, mapping: RouteMapping) -> tuple[TicketAggregate, dict[tuple[str, str], int]]:
    """Return a ticket as it is to cross: drafts left out, tags renamed; and what stays behind, by (kind, reason)."""
    left: Counter[tuple[str, str]] = Counter()
    messages = aggregate.messages
    if mapping.leave_out.drafts:
        messages = tuple(one for one in messages if one["state"] != "draft")
        left["message", "draft"] += len(aggregate.messages) - len(messages)
    tags = mapping.tags(aggregate.tags)
    left["tagging", "mapping"] += len(aggregate.tags) - len(tags)
    gone = {one["id"] for one in aggregate.messages} - {one["id"] for one in messages}
    attachments = {key: rows for key, rows in aggregate.attachments.items() if key not in gone}
    kept = replace(aggregate, messages=messages, tags=tags, attachments=attachments)
    return kept, {key: count for key, count in left.items() if count}


def opening_of(aggregate: TicketAggregate, made: Composition) -> str | None:
    """Return the message that opens the written ticket: the first that crosses, if no operation is there for it."""
    own = {one.part for one in made.operations if one.part}  # a further piece (`…#2`) is not the message itself
    dropped = _dropped(made)
    first = next((one["id"] for one in aggregate.messages if one["id"] not in dropped), None)
    return None if first in own else first


def _dropped(made: Composition) -> set[str]:
    """Return the records of which a loss says that they do not cross at all."""
    return {loss.record_id for loss in made.losses if loss.field in _WHOLE}


def _silent(aggregate: TicketAggregate, made: Composition) -> Iterator[Loss]:
    """Yield messages and files that are neither in an operation nor declared lost."""
    carried = {message_of(one) for one in made.operations} | {opening_of(aggregate, made)}
    carried |= {part for one in made.operations for part in one.carries}
    dropped = _dropped(made)
    for message in aggregate.messages:
        if message["id"] not in carried | dropped:
            yield Loss(message["id"], "message", None, SILENT)
    files = {file.attachment_id for one in made.operations for file in one.files}
    lost = {one.record_id for one in made.losses}
    for rows in aggregate.attachments.values():
        for row in rows:
            if row["id"] not in files | lost and row["message_id"] not in dropped:
                yield Loss(row["id"], "attachment", row["filename"], SILENT)
