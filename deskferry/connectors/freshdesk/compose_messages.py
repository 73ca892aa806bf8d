"""Messages as the description of a ticket and as notes: text, author, side, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.connectors.freshdesk.compose_files import inline_rows, packed
from deskferry.connectors.freshdesk.desk import TEXT_LIMIT
from deskferry.connectors.freshdesk.header import HeaderFacts, author_line, with_header
from deskferry.connectors.freshdesk.words import AUTOMATIONS, PUBLIC_NOTE_EMAILS, word
from deskferry.connectors.kit.compose_message import details_lost, is_public
from deskferry.connectors.kit.composing import display_name, iso, source_hash
from deskferry.connectors.kit.contract import Crossings, FilePart, Loss, Operation, Ref, Row
from deskferry.connectors.kit.links import LINK_LEFT, LONGER_LINK, Text
from deskferry.connectors.kit.pieces import as_html, in_pieces, without_images


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it will be written: one piece of text a call, and the files of each call."""

    row: Row
    pieces: tuple[Text, ...]
    """HTML with its header."""
    bins: tuple[tuple[FilePart, ...], ...]
    public: bool
    incoming: bool
    author: str | None
    """The source person, where somebody crosses for them."""
    losses: tuple[Loss, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What of the source, beside the row, makes the message what it is: its files."""
        return tuple(file.sha256 for files in self.bins for file in files)


def written(message: Row, files: Sequence[Row], crossings: Crossings, above: Sequence[str] = ()) -> Written:
    """Return how a message is written; `above` are lines for the header beside author, time and files."""
    language = crossings.header.language
    spread = packed(files, crossings)
    losses = list(spread.losses)
    body, shown = without_images(
        as_html(message.get("body_html"), message.get("body_text")), inline_rows(files), word(language, "image")
    )
    losses += [Loss(file["id"], "inline", file.get("filename"), "inline_image_attached") for file in shown]
    lines = [header_line(message, crossings), *above, *spread.lines]
    if message.get("state") in {"failed", "bounced"}:
        lines.append(word(language, "not_delivered"))
    _, left = crossings.linked(body)
    losses += [Loss(message["id"], "link", old, LINK_LEFT) for old in dict.fromkeys(left)]
    room = TEXT_LIMIT - 200 - sum(len(line.encode()) for line in lines) - LONGER_LINK * body.count("://")
    parts = in_pieces(body, max(room, TEXT_LIMIT // 2))
    if len(parts) > 1:
        losses.append(Loss(message["id"], "body_html", str(len(parts)), "text_split"))
    pieces: list[Text] = []
    for number, part in enumerate(parts, 1):
        told = [*lines] if number == 1 else lines[:1]
        if len(parts) > 1:
            told.append(word(language, "part", number, len(parts)))
        whole = with_header(part, HeaderFacts(piece_mark(message["id"], number), "\n".join(told)))
        pieces.append(crossings.linked(whole)[0])
    author = message.get("author_id")
    crosses = author is not None and crossings.target(author) is not None
    if not crosses:
        losses.append(Loss(message["id"], "author_id", author, "author_in_text"))
    losses += _details(message)
    return Written(
        message, tuple(pieces), spread.bins, is_public(message), _incoming(message), author if crosses else None,
        tuple(losses),
    )  # fmt: skip


def header_line(message: Row, crossings: Crossings) -> str:
    """Return the line that tells author and time."""
    settings = crossings.header
    person = crossings.person(message.get("author_id"))
    name = display_name(person) if person else None
    author = name or message.get("sender") or word(settings.language, "unknown_author")
    return author_line(settings, author, (person or {}).get("email"), message)


def piece_mark(message_id: str, number: int) -> str:
    """Return the mark of a piece; the first one has the message's own."""
    return message_id if number == 1 else f"{message_id}#{number}"


def files_mark(message_id: str, number: int) -> str:
    """Return the mark of a note that carries further files."""
    return f"{message_id}#files{number}"


def _incoming(message: Row) -> bool:
    """Return whether it came from the customer's side."""
    if message.get("direction") is not None:
        return bool(message["direction"] == "in")
    return message.get("author_kind") == "end_user"


def _details(message: Row) -> list[Loss]:
    """Return the losses of what a note has no place for: one row for the time, one for the rest."""
    losses = []
    if message.get("created_at") is not None:
        losses.append(Loss(message["id"], "created_at", iso(message["created_at"]), "created_at_in_text"))
    return losses + details_lost(message)


def notes(ticket_id: str, one: Written, crossings: Crossings, *, first: int = 1) -> list[Operation]:
    """Return the notes of a message, from its piece number `first` on: 1 all of it, 2 what a description left over."""
    operations = []
    for number, piece in enumerate(one.pieces, 1):
        if number >= first:
            files = one.bins[0] if number == 1 else ()
            operations.append(_note(ticket_id, one, piece, piece_mark(one.row["id"], number), files))
    for number, files in enumerate(one.bins[1:], 2):
        mark = files_mark(one.row["id"], number)
        language = crossings.header.language
        line = f"{header_line(one.row, crossings)}\n{word(language, 'files_of', one.row['id'])}"
        body = with_header("", HeaderFacts(mark, line))
        operations.append(_note(ticket_id, one, body, mark, files, private=True))
    return operations


def _note(
    ticket_id: str, one: Written, body: Text, mark: str, files: tuple[FilePart, ...], *, private: bool = False
) -> Operation:
    public = one.public and not private
    content: dict[str, Any] = {"body": body, "private": not public, "incoming": one.incoming and public}
    if one.author is not None:
        content["user_id"] = Ref(one.author)
    return Operation(
        record_id=ticket_id,
        part=mark,
        kind="message",
        action="create",
        call="note.create",
        object="conversation",
        body=content,
        target=Ref(ticket_id),
        files=files,
        mark=mark,
        source_hash=source_hash(one.row, also=one.told),
        effects=(PUBLIC_NOTE_EMAILS, AUTOMATIONS) if public else (AUTOMATIONS,),
    )
