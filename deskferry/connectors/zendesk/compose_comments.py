"""Messages as the comments of an import: text, author, side, time, files. Author and time are kept as they are."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deskferry.connectors.kit.compose_message import details_lost, is_public
from deskferry.connectors.kit.composing import display_name, iso
from deskferry.connectors.kit.contract import Crossings, FilePart, Loss, Ref, Row
from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.kit.file_fitting import fitted
from deskferry.connectors.kit.links import LINK_LEFT, LONGER_LINK
from deskferry.connectors.kit.pieces import as_html, in_pieces, with_sources
from deskferry.connectors.zendesk.desk import BODY_LIMIT, FILE_LIMIT
from deskferry.connectors.zendesk.words import bracketed, word

FILE_ADDRESS = "deskferry-file:"
"""Before the id of an attachment: stands in a text for an address that is known once the file is uploaded."""
_FILE_ADDRESS_ROOM = 250
_OWN_EXTRA = frozenset({"audit_id", "via_source"})
"""Of the vendor's own what follows from the message itself, or is told as mail details."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is written: its comments, its files, and what the private note has to tell of it."""

    row: Row
    comments: tuple[Mapping[str, Any], ...]
    files: tuple[FilePart, ...]
    losses: tuple[Loss, ...]
    lines: tuple[str, ...]
    told: tuple[str, ...] = ()
    """What of the source, beside the row, makes the message what it is: its files."""

    def carries(self) -> Iterator[str]:
        """Yield what the comments are: the message's id, with `#` and a number for its further pieces."""
        for number, _comment in enumerate(self.comments, 1):
            yield self.row["id"] if number == 1 else f"{self.row['id']}#{number}"


@dataclass(slots=True)
class Clockwork:
    """Times as an import takes them: whole seconds, from 1970 on, none in the future."""

    opened: datetime | None
    now: float
    losses: list[Loss] = field(default_factory=list)
    _last: datetime | None = None

    def of(self, record_id: str, name: str, value: Any) -> str | None:
        """Return a time as text; a loss where it had to be changed."""
        if not isinstance(value, datetime):
            return None
        kept = max(value.astimezone(UTC), datetime(1970, 1, 1, tzinfo=UTC))
        future = kept.timestamp() > self.now
        if kept != value or future:
            self.losses.append(Loss(record_id, name, iso(value), "time_clamped"))
        # Without a word the vendor takes the present: a draft must not change with the clock.
        return None if future else kept.strftime("%Y-%m-%dT%H:%M:%SZ")

    def of_message(self, message: Row) -> str | None:
        """Return a message's time; where it has none, that of the one before, or of the ticket."""
        value = message.get("created_at")
        if not isinstance(value, datetime):
            self.losses.append(Loss(message["id"], "created_at", None, "time_unknown"))
            value = self._last or self.opened
        else:
            self._last = value
        return self.of(message["id"], "created_at", value)


def said(message: Row, rows: Sequence[Row], crossings: Crossings, clock: Clockwork) -> Said:
    """Return how a message is written; `rows` are its files."""
    language = crossings.header.language
    files, losses, lines = _files(rows, crossings)
    inline = [row for row in rows if any(file.attachment_id == row["id"] and not file.of for file in files)]
    body = as_html(message.get("body_html"), message.get("body_text"))
    body, shown = with_sources(body, inline, lambda row: f"{FILE_ADDRESS}{row['id']}")
    if not (html_to_text(body) or "").strip() and "<img" not in body:
        losses.append(Loss(message["id"], "body_html", None, "text_defaulted"))
        body = _line(word(language, "no_text"))
    author = message.get("author_id")
    crosses = author is not None and crossings.target(author) is not None
    if not crosses:
        losses.append(Loss(message["id"], "author_id", author, "author_in_text"))
        body = _line(author_line(message, crossings)) + body
    _, left = crossings.linked(body)
    losses += [Loss(message["id"], "link", old, LINK_LEFT) for old in dict.fromkeys(left)]
    room = BODY_LIMIT - _FILE_ADDRESS_ROOM * len(shown) - LONGER_LINK * body.count("://")
    pieces = in_pieces(body, max(room, BODY_LIMIT // 2))
    if len(pieces) > 1:
        losses.append(Loss(message["id"], "body_html", str(len(pieces)), "text_split"))
    common: dict[str, Any] = {"public": is_public(message)}
    if crosses:
        common["author_id"] = Ref(str(author))
    at = clock.of_message(message)
    if at is not None:
        common["created_at"] = at
    if message.get("state") in {"failed", "bounced"}:
        lines.append(word(language, "not_delivered", message["id"]))
    return Said(
        message,
        tuple({"html_body": crossings.linked(piece)[0], **common} for piece in pieces),
        files,
        (*losses, *details_lost(message, _OWN_EXTRA)),
        tuple(lines),
        tuple(file.sha256 for file in files),
    )


def author_line(message: Row, crossings: Crossings) -> str:
    """Return the words that name an author who does not cross."""
    person = crossings.person(message.get("author_id"))
    name = display_name(person) if person else None
    language = crossings.header.language
    return word(language, "author", name or message.get("sender") or word(language, "unknown_author"))


def _line(text: str) -> str:
    return f"<p>{html.escape(bracketed(text), quote=False)}</p>"


def _files(rows: Sequence[Row], crossings: Crossings) -> tuple[tuple[FilePart, ...], list[Loss], list[str]]:
    """Return the files that go along, and losses and lines of the others."""
    language = crossings.header.language
    kept: list[FilePart] = []
    losses: list[Loss] = []
    lines: list[str] = []
    for row in rows:
        if row.get("size") == 0 and row.get("sha256"):
            name = str(row.get("filename") or row["id"].rpartition(":")[2])
            lines.append(word(language, "empty", name))
            losses.append(Loss(row["id"], "file", name, "file_empty"))
            continue
        one = fitted(row, FILE_LIMIT, crossings)
        losses += one.losses
        kept += one.parts
        if one.said:
            lines.append(word(language, one.said, *one.values))
    return tuple(kept), losses, lines
