"""A written ticket, read back through the destination's own mapping, against the source minus declared losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deskferry.connectors.kit.contract import (
    Destination,
    FilePart,
    Headers,
    Loss,
    Operation,
    Row,
    SpellsTags,
    TicketAggregate,
)
from deskferry.connectors.kit.names import folded
from deskferry.migrate.compare_links import SeenLinks, compare_links
from deskferry.migrate.compare_values import (
    Difference,
    first_difference,
    message_text,
    moment,
    same_custom,
    shown,
    squeezed,
)
from deskferry.migrate.compose import Composed
from deskferry.migrate.crossings import PlannedCrossings
from deskferry.migrate.decide import APPENDED
from deskferry.migrate.journal import Held
from deskferry.migrate.requests import message_of


@dataclass(frozen=True, slots=True)
class Part:
    """One remote message that carries a source message, or a piece of it."""

    operation: Operation | None
    """None: the opening, which the ticket's own operation carries alone."""
    remote_id: str
    """Canonical id at the destination."""
    receipt: Mapping[str, Any]
    carried: str = ""
    """The part of the ticket's own operation that it is, where that carries several messages."""


@dataclass(slots=True)
class Expected:
    """What should be at the destination of one ticket."""

    composed: Composed
    aggregate: TicketAggregate
    ticket: Held
    parts: dict[str, list[Part]]
    """Source message → its remote messages, in order."""
    files: dict[str, list[FilePart]]
    known: set[str]
    """Canonical ids of all remote messages that the migration wrote."""
    order: list[str]
    lost: set[tuple[str, str]] = field(default_factory=set)
    lost_values: set[tuple[str, str, str | None]] = field(default_factory=set)
    stuck_files: frozenset[str] = frozenset()
    """Names of files that came or went after the crossing, which the destination could not follow."""
    seen: frozenset[str] = frozenset()
    """Canonical ids of the messages that are there."""

    def is_lost(self, record_id: str, *names: str) -> bool:
        """Whether a loss was declared for a field of a record."""
        return any((record_id, name) in self.lost for name in names)


@dataclass(slots=True)
class Places:
    """Where source records are at the destination."""

    name: str
    """The destination's connection."""
    crossings: PlannedCrossings
    held: Mapping[tuple[str, str], Held]
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Code of a status → its label there."""
    links: SeenLinks | None = None
    """Where links in texts should point to; None: they are left as they were."""
    emails: Mapping[str, str | None] = field(default_factory=dict)
    """Person of the destination who is copied on a ticket → address."""

    def of(self, record_id: str | None) -> str | None:
        """Return the canonical id at the destination of a source record, or None where it did not cross."""
        if record_id is None:
            return None
        lead = self.crossings.matches.lead(record_id)
        found = self.crossings.matches.found.get(lead)
        if found is not None:
            return f"{self.name}:{found.object}:{found.remote_id}"
        held = self.held.get((lead, ""))
        return None if held is None else f"{self.name}:{held.remote_object}:{held.remote_id}"


def expected_of(composed: Composed, held: Mapping[tuple[str, str], Held], there: TicketAggregate | None,
                name: str, standing: Sequence[Loss] = ()) -> Expected:  # fmt: skip
    """Return what should be there, by the composition and what was written of it."""
    assert composed.aggregate is not None
    ticket_id = composed.record_id
    parts: dict[str, list[Part]] = {}
    files: dict[str, list[FilePart]] = {}
    known, order = set(), []
    opening_id = next((one["id"] for one in there.messages if one["is_opening"]), None) if there else None
    opening = composed.opening
    carrying = any(one.carries for one in composed.operations)
    if opening_id is not None and not carrying:
        known.add(opening_id)
        order.append(opening_id)
    for operation in composed.operations:
        crossing = held.get((operation.record_id, operation.part))
        message = message_of(operation) or (opening if not operation.part else None)
        for file in operation.files:
            owner = operation.file_of.get(file.attachment_id, message)
            if owner is not None:  # with its part, a stand-in or a piece, it lies where `parts` has it
                files.setdefault(owner.partition("#")[0], []).append(file)
        if crossing is None:
            continue
        if operation.carries:
            for part in _carried(operation, held, there, name):
                known.add(part.remote_id)
                order.append(part.remote_id)
                parts.setdefault(part.carried.partition("#")[0], []).append(part)
        elif operation.kind == "message":
            remote = f"{name}:{crossing.remote_object}:{crossing.remote_id}"
            parts.setdefault(message or "", []).append(Part(operation, remote, crossing.receipt))
            known.add(remote)
            order.append(remote)
        elif not operation.part and opening is not None and opening_id is not None:
            parts.setdefault(opening, []).insert(0, Part(None, opening_id, crossing.receipt))
    # What was written once and is not at the source any more stays: deletions never cross.
    known |= {f"{name}:{one.remote_object}:{one.remote_id}" for one in held.values() if one.kind == "message"}
    losses = (*composed.losses, *standing)
    stuck = frozenset(one.value or "" for one in standing if one.field == "file")
    kept = {message: [one for one in own if one.filename not in stuck] for message, own in files.items()}
    return Expected(
        composed, composed.aggregate, held[ticket_id, ""], parts, kept, known, order,
        {(one.record_id, one.field) for one in losses}, {(one.record_id, one.field, one.value) for one in losses},
        stuck, frozenset(one["id"] for one in there.messages) if there else frozenset(),
    )  # fmt: skip


def _carried(
    operation: Operation, held: Mapping[tuple[str, str], Held], there: TicketAggregate | None, name: str
) -> Iterator[Part]:
    """Yield where each message is that the ticket's own operation carries: the n-th is the n-th that is there."""
    listed = [one["id"] for one in there.messages] if there else []
    later = {part: f"{name}:{one.remote_object}:{one.remote_id}"
             for (_record, part), one in held.items() if one.receipt.get(APPENDED)}  # fmt: skip
    first = [one for one in listed if one not in set(later.values())]
    for part in operation.carries:
        if part in later:
            yield Part(operation, later[part], held[operation.record_id, part].receipt, part)
        else:
            yield Part(operation, first.pop(0) if first else f"{name}:missing:{part}", {}, part)


# ----------------------------------------------------------------------------------------------------------- messages


def compare_messages(
    expected: Expected, there: TicketAggregate, places: Places, writer: Destination
) -> Iterator[Difference]:
    """Yield what differs in the messages: number, order, author, visibility, time, text."""
    ticket = expected.composed.record_id
    rows = {one["id"]: one for one in there.messages}
    listed = [one["id"] for one in there.messages]
    for extra in [one for one in listed if one not in expected.known]:
        yield Difference("ticket", ticket, "messages", None, f"unexpected {extra}", "read")
    if [one for one in listed if one in set(expected.order)] != [one for one in expected.order if one in rows]:
        yield Difference("ticket", ticket, "order", " ".join(expected.order), " ".join(listed), "read")
    carried = set(expected.parts)
    for message in expected.aggregate.messages:
        if message["id"] not in carried:
            if not expected.is_lost(message["id"], "message", "state"):
                yield Difference("message", message["id"], "message", "written", None, "read")
            continue
        found = [rows.get(part.remote_id) for part in expected.parts[message["id"]]]
        parts = expected.parts[message["id"]]
        missing = [part.remote_id for part, row in zip(parts, found, strict=True) if row is None]
        if missing:
            yield Difference("message", message["id"], "message", missing[0], None, "read")
            continue
        written = [row for row in found if row is not None]
        yield from _message(expected, message, written, places, writer)


def _message(
    expected: Expected, message: Row, written: Sequence[Row], places: Places, writer: Destination
) -> Iterator[Difference]:
    record_id, first = message["id"], written[0]
    author = places.of(message["author_id"])
    if author is not None and not expected.is_lost(record_id, "author", "author_id"):
        for row in written:
            if row["author_id"] != author:
                yield Difference("message", record_id, "author", author, shown(row["author_id"]), "read")
    public = message["is_public"]
    if public is not None and not expected.is_lost(record_id, "is_public", "visibility"):
        if first["is_public"] is not public:
            yield Difference("message", record_id, "visibility", _side(public), _side(first["is_public"]), "read")
        for row in written[1:]:
            if row["is_public"] and not public:
                yield Difference("message", record_id, "visibility", _side(public), _side(True), "read")
    yield from _time(expected, message, written, places, writer)
    yield from _text(message, written, places, writer)


def _side(public: bool | None) -> str:
    return "unknown" if public is None else "public" if public else "private"


def _second(moment: datetime | None) -> datetime | None:
    """Return a time as exactly as every vendor keeps it."""
    return None if moment is None else moment.replace(microsecond=0)


def _time(
    expected: Expected, message: Row, written: Sequence[Row], places: Places, writer: Destination
) -> Iterator[Difference]:
    record_id = message["id"]
    for part, row in zip(expected.parts[record_id], written, strict=True):
        told = moment(part.receipt.get("created_at"))
        if told is not None and moment(row["created_at"]) != told:
            yield Difference("message", record_id, "time", told, moment(row["created_at"]), "read")
    in_text = isinstance(writer, Headers) and bool(writer.header(message, places.crossings))
    later = any(part.receipt.get(APPENDED) for part in expected.parts[record_id])
    kept_in_text = in_text or later or expected.is_lost(record_id, "created_at", "time")
    if not kept_in_text and _second(message["created_at"]) != _second(written[0]["created_at"]):
        yield Difference(
            "message", record_id, "time", shown(message["created_at"]), shown(written[0]["created_at"]), "read"
        )


def _text(message: Row, written: Sequence[Row], places: Places, writer: Destination) -> Iterator[Difference]:
    texts = [message_text(row) for row in written]
    yield from text_differences(message, texts, places, writer, "read")
    if places.links is not None:
        bodies = [row["body_html"] or row["body_text"] or "" for row in written]
        yield from compare_links(message, bodies, places.links, "read")


def text_differences(
    message: Row, texts: Sequence[str], places: Places, writer: Destination, seen: Any
) -> Iterator[Difference]:
    """Yield what differs between a message and its written texts: the header that keeps author and time, the text."""
    record_id = message["id"]
    if isinstance(writer, Headers):
        header = squeezed(writer.header(message, places.crossings))
        if header and not squeezed(texts[0]).startswith(header):
            yield _header_difference(message, header, texts[0], places, seen)
        texts = [writer.strip_header(text) for text in texts]
    found = squeezed("".join(texts))
    wanted = [message_text(message)] if places.links is None else [places.links.told(message_text(message))]
    if isinstance(writer, Headers):
        wanted.append(writer.strip_header(wanted[0]))
    if found not in map(squeezed, wanted):
        expected = squeezed(wanted[-1])
        before, after = first_difference(expected, found)
        yield Difference("message", record_id, "text", before, after, seen)


def _header_difference(message: Row, header: str, text: str, places: Places, seen: Any) -> Difference:
    settings = places.crossings.header
    created = message["created_at"]
    begin = squeezed(text)[: 2 * len(header) + 200]
    if isinstance(created, datetime):
        time = created.astimezone(ZoneInfo(settings.timezone)).strftime(settings.time_form)
        if squeezed(time) not in begin:
            return Difference("message", message["id"], "time", time, shown(text[:120]), seen)
    person = places.crossings.person(message["author_id"]) or {}
    name = person.get("name")
    if name and squeezed(name) not in begin:
        return Difference("message", message["id"], "author", name, shown(text[:120]), seen)
    return Difference("message", message["id"], "header", header, shown(text[:120]), seen)


# -------------------------------------------------------------------------------------------------------------- files


def compare_files(expected: Expected, there: TicketAggregate, *, hashes: bool) -> Iterator[Difference]:
    """Yield what differs in the files: name, size and, with `hashes`, SHA-256 of the bytes as downloaded again."""
    of_message: dict[str, list[Row]] = {}
    for rows in there.attachments.values():
        for row in rows:
            of_message.setdefault(row["message_id"] or "", []).append(row)
    for message, files in expected.files.items():
        ids = [part.remote_id for part in expected.parts.get(message, ())]
        found = [row for remote in ids for row in of_message.get(remote, ())]
        found = [row for row in found if row["filename"] not in expected.stuck_files]
        wanted = Counter(_file(file.filename, file.size, file.sha256, hashes=hashes) for file in files)
        present = Counter(_file(row["filename"], row["size"], row["sha256"], hashes=hashes) for row in found)
        missing, extra = list((wanted - present).elements()), list((present - wanted).elements())
        for number in range(max(len(missing), len(extra))):
            yield Difference(
                "message", message, "file",
                missing[number] if number < len(missing) else None, extra[number] if number < len(extra) else None,
                "read",
            )  # fmt: skip


def _file(name: str | None, size: int | None, sha256: str | None, *, hashes: bool) -> str:
    return f"{name} ({size} bytes, SHA-256 {sha256})" if hashes else f"{name} ({size} bytes)"


# ------------------------------------------------------------------------------------------------------------- fields


def compare_fields(
    expected: Expected, there: TicketAggregate, places: Places, writer: Destination
) -> Iterator[Difference]:
    """Yield what differs in the ticket's own fields, tags and copied addresses."""
    source, written = expected.aggregate.ticket, there.ticket
    ticket = source["id"]
    if not expected.is_lost(ticket, "subject") and squeezed(source["subject"]) != squeezed(written["subject"]):
        yield Difference("ticket", ticket, "subject", shown(source["subject"]), shown(written["subject"]), "read")
    for name in ("requester_id", "assignee_id", "team_id"):
        if expected.is_lost(ticket, name):
            continue
        wanted = places.of(source[name])
        if wanted != written[name] and (wanted is not None or (source[name] is None and name != "requester_id")):
            yield Difference("ticket", ticket, name, wanted, shown(written[name]), "read")
    for name in ("brand_id", "inbox_id"):
        wanted = places.of(source[name])
        there_ids = {written["brand_id"], written["inbox_id"]}
        if wanted is not None and not expected.is_lost(ticket, name) and wanted not in there_ids:
            yield Difference("ticket", ticket, name, wanted, shown(written[name]), "read")
    yield from _values(expected, written, places)
    yield from _custom_fields(expected, written, places)
    yield from _tags(expected, there, places, writer)
    yield from _followers(expected, there, places)


def _values(expected: Expected, written: Row, places: Places) -> Iterator[Difference]:
    source = expected.aggregate.ticket
    crossings = places.crossings
    crossings.labels = {what: source.get(f"{what}_label") for what in ("status", "priority", "channel")}
    for what in ("status", "priority", "type", "channel"):
        value = source[what]
        if value is None or expected.is_lost(source["id"], what):
            continue
        answer = crossings.value(what, value)
        label = written.get(f"{what}_label")
        accepted = {folded(written[what])}
        if answer is not None:
            accepted |= {folded(label), folded(places.statuses.get(str(label))) if what == "status" else folded(label)}
        if folded(answer or value) not in accepted:
            yield Difference("ticket", source["id"], what, answer or value, shown(written[what]), "read")


def _custom_fields(expected: Expected, written: Row, places: Places) -> Iterator[Difference]:
    source = expected.aggregate.ticket
    there = written["custom_fields"] or {}
    for key, value in (source["custom_fields"] or {}).items():
        if value in (None, "", [], {}) or expected.is_lost(source["id"], f"custom_fields.{key}", "custom_fields", key):
            continue
        rule = places.crossings.field_rule("ticket", key)
        if rule is None:
            yield Difference("ticket", source["id"], f"custom_fields.{key}", shown(value), None, "read")
        elif not same_custom(value, rule, there, written["type"]):
            found = shown(there.get(rule.key))
            yield Difference("ticket", source["id"], f"custom_fields.{key}", shown(value), found, "read")


def _tags(expected: Expected, there: TicketAggregate, places: Places, writer: Destination) -> Iterator[Difference]:
    ticket = expected.composed.record_id
    wanted = {*expected.aggregate.tags, *([places.crossings.migrated_tag] if places.crossings.migrated_tag else [])}
    wanted -= {tag for tag in wanted for name in ("tag", "tags") if (ticket, name, tag) in expected.lost_values}
    found, allowed = set(there.tags), set(wanted)
    if isinstance(writer, SpellsTags):
        lost = {value for record, name, value in expected.lost_values if record == ticket and name == "tag" and value}
        wanted = {writer.tag_there(tag) for tag in wanted}
        allowed = (
            wanted | {writer.tag_there(tag) for tag in lost} | set(writer.tags_beside(expected.composed.composition))
        )
    for tag in sorted(wanted - found):
        yield Difference("ticket", ticket, "tag", tag, None, "read")
    for tag in sorted(found - allowed):
        yield Difference("ticket", ticket, "tag", None, tag, "read")


def _followers(expected: Expected, there: TicketAggregate, places: Places) -> Iterator[Difference]:
    ticket = expected.composed.record_id
    people = {one["person_id"] for one in there.followers if one["person_id"]}
    addresses = (one["email"] or places.emails.get(one["person_id"] or "") for one in there.followers)
    copied = {folded(address) for address in addresses if address}
    lost = {record for record, _field in expected.lost}
    for follower in expected.aggregate.followers:
        email = follower["email"] or (places.crossings.person(follower["person_id"]) or {}).get("email")
        stuck = (ticket, "ticket_follower", email) in expected.lost_values
        known = places.of(follower["person_id"]) in people
        if email and follower["id"] not in lost and not stuck and not known and folded(email) not in copied:
            yield Difference("ticket", ticket, "ticket_follower", email, None, "read")
