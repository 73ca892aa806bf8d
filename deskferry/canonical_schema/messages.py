"""Messages, side conversations, attachments, calls and chats."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical, by_raw_record, text_flags
from deskferry.canonical_schema.columns import choice, count, flag, json_value, position, text, time
from deskferry.canonical_schema.enums import (
    AuthorKind,
    Channel,
    Direction,
    FetchState,
    InteractionOutcome,
    MessageKind,
    MessageState,
)


class SideConversation(Canonical, table=True):
    """A conversation with third parties beside the ticket."""

    __tablename__ = "side_conversation"

    ticket_id: str = text("The ticket it belongs to", required=True, index=True)
    subject: str | None = text("Subject line")
    state: str | None = text("The vendor's own state, e.g. `open`, `closed`")
    channel: str | None = choice(Channel, "Which way it is held")
    participants: Any = json_value(shapes.ADDRESSES, "Who takes part")
    text_flags: str | None = text_flags()


class Message(Canonical, table=True):
    """One reply, note, chat line or call on a ticket; the opening description is a message too."""

    __tablename__ = "message"

    ticket_id: str = text("The ticket it belongs to", required=True, index=True)
    seq: int | None = position("Place among the messages of the ticket, from 1, by time; the store numbers it")
    author_id: str | None = text("The person who wrote it")
    author_kind: str | None = choice(AuthorKind, "What the author was at that time")
    kind: str | None = choice(MessageKind, "What it is")
    state: str | None = choice(MessageState, "What became of it")
    direction: str | None = choice(Direction, "From the customer's side or from the desk; NULL for notes")
    is_public: bool | None = flag("True when the customer can read it")
    is_opening: bool | None = flag("True for the message that opened the ticket")
    opening_by_order: bool | None = flag(
        "True when `is_opening` was taken from the order of the messages, because the source does not tell it"
    )
    channel: str | None = choice(Channel, "Which way it went")
    body_html: str | None = text("Text as HTML, as the vendor keeps it")
    body_text: str | None = text("Text without markup")
    via: str | None = text("By what it was written, in the vendor's words: human, macro, rule, api, …")
    sender: str | None = text("The address or name as sent")
    to_addresses: Any = json_value(shapes.ADDRESSES, "Receivers")
    cc_addresses: Any = json_value(shapes.ADDRESSES, "Receivers of a copy")
    bcc_addresses: Any = json_value(shapes.ADDRESSES, "Receivers of a blind copy")
    rfc_message_id: str | None = text("Message-ID header of the e-mail, with its angle brackets")
    in_reply_to: str | None = text("In-Reply-To header of the e-mail, or the vendor's id of the message answered")
    chat_session_id: str | None = text("The vendor's id of the chat session that it is a line of")
    side_conversation_id: str | None = text("The side conversation that it belongs to")
    edited_at: datetime | None = time("When its text was last changed")
    redacted: bool | None = flag("True when the vendor blotted out part of it")
    text_flags: str | None = text_flags()


class Attachment(Canonical, table=True):
    """One file on a message, a ticket or an article."""

    __tablename__ = "attachment"
    __table_args__ = (by_raw_record("attachment"),)

    ticket_id: str | None = text("The ticket it belongs to", index=True)
    message_id: str | None = text("The message it came with")
    article_id: str | None = text("The article it belongs to", index=True)
    filename: str | None = text("Its name as the vendor keeps it")
    content_type: str | None = text("Media type, e.g. `image/png`")
    size: int | None = count("Size in bytes, as the vendor declares it")
    is_inline: bool | None = flag("True when the text shows it in place")
    content_id: str | None = text("Content-ID by which the text refers to it, without angle brackets")
    fetch_state: str | None = choice(FetchState, "Where its download stands")
    sha256: str | None = text("SHA-256 of the downloaded bytes, 64 lower-case hexadecimal digits")
    url: str | None = text("Where it was last offered for download; signed URLs expire")
    error: str | None = text("Why the download failed")


class Interaction(Canonical, table=True):
    """One leg of a call or live chat."""

    __tablename__ = "interaction"

    ticket_id: str | None = text("The ticket it belongs to", index=True)
    person_id: str | None = text("The customer")
    agent_id: str | None = text("The agent who took it")
    channel: str | None = choice(Channel, "Call or chat")
    queue_entered_at: datetime | None = time("When the customer began to wait")
    answered_at: datetime | None = time("When an agent answered; NULL: nobody did")
    ended_at: datetime | None = time("When it ended")
    outcome: str | None = choice(InteractionOutcome, "How it ended")
    recording_url: str | None = text("Where the recording is")
