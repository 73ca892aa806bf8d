"""Tickets and what hangs on them: followers, links, tags, changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical, by_raw_record, text_flags
from deskferry.canonical_schema.columns import choice, flag, json_value, position, text, time
from deskferry.canonical_schema.enums import (
    AuthorKind,
    Channel,
    FollowerKind,
    Kind,
    LinkKind,
    Priority,
    Status,
)


class Ticket(Canonical, table=True):
    """A customer's case; at some vendors a conversation."""

    __tablename__ = "ticket"

    number: str | None = text("The number that people use for it, as text")
    subject: str | None = text("Subject line")
    status: str | None = choice(Status, "Where the case stands, or its disposition (deleted, spam, merged)")
    status_label: str | None = text("The vendor's own status, code or label")
    status_definition_id: str | None = text("The precise status where the account has statuses of its own")
    status_before: str | None = choice(Status, "The last real status, when `status` is a disposition")
    priority: str | None = choice(Priority, "How urgent it is")
    priority_label: str | None = text("The vendor's own priority, code or label")
    type: str | None = text("The vendor's type of case, e.g. `incident`")
    channel: str | None = choice(Channel, "Which way it came in")
    channel_label: str | None = text("The vendor's own name of the channel")
    requester_id: str | None = text("The person whose case it is", index=True)
    submitter_id: str | None = text("The person who entered it, maybe on behalf of the requester")
    assignee_id: str | None = text("The agent who owns it")
    team_id: str | None = text("The team that owns it")
    organization_id: str | None = text("The organization it is filed under")
    inbox_id: str | None = text("The inbox it arrived in")
    brand_id: str | None = text("The brand it belongs to (an inbox)")
    form_id: str | None = text("The form it was entered with (a config_item)")
    external_id: str | None = text("The id that the customer's own systems gave it")
    solved_at: datetime | None = time("When it was last solved")
    closed_at: datetime | None = time("When it was closed for good")
    first_responded_at: datetime | None = time("When an agent first answered, as the vendor tells it")
    due_at: datetime | None = time("When it is due")
    snoozed_until: datetime | None = time("Until when it is hidden from the queue")
    waiting_since: datetime | None = time("Since when the customer waits for an answer")
    is_spam: bool | None = flag("True when marked as spam")
    is_archived: bool | None = flag("True when the vendor moved it to its archive")
    is_escalated: bool | None = flag("True when the vendor marks it as escalated")
    merged_into_id: str | None = text("The ticket that it was merged into; repeats `ticket_link`")
    parent_id: str | None = text("The ticket that it is a child of; repeats `ticket_link`")
    follow_up_of_id: str | None = text("The closed ticket that it continues; repeats `ticket_link`")
    language: str | None = text("Language of the case as a BCP 47 tag")
    custom_fields: Any = json_value(shapes.OBJECT, "Values by `custom_field.key`")
    text_flags: str | None = text_flags()


class TicketEvent(Canonical, table=True):
    """One change of one field; the rows of field `status` are the status history."""

    __tablename__ = "ticket_event"

    ticket_id: str = text("The ticket that changed", required=True, index=True)
    seq: int | None = position("Place among the events of the ticket, from 1, by time; the store numbers it")
    occurred_at: datetime | None = time("When it changed")
    field: str = text("What changed: a column of `ticket`, or a `custom_field.key`", required=True)
    old_value: str | None = text("The value before, as text; NULL: none or unknown")
    new_value: str | None = text("The value after, as text; NULL: none")
    actor_id: str | None = text("The person who changed it")
    actor_kind: str | None = choice(AuthorKind, "What the actor was at that time")
    update_id: str | None = text("Changes made in one update share it")
    via: str | None = text("By what it was changed, in the vendor's words: web, api, rule, …")
    old_value_chained: bool | None = flag(
        "True when `old_value` was taken from the change before, because the source tells only the new value"
    )


class TicketFollower(Canonical, table=True):
    """One person or address that is kept informed of a ticket."""

    __tablename__ = "ticket_follower"
    __table_args__ = (by_raw_record("ticket_follower"),)

    ticket_id: str = text("The ticket", required=True, index=True)
    person_id: str | None = text("Who follows; NULL where the vendor tells only an address")
    email: str | None = text("The address that is copied, lower-cased")
    kind: str | None = choice(FollowerKind, "In what way")


class TicketLink(Canonical, table=True):
    """One relation of a ticket to another ticket, or to something that is no ticket."""

    __tablename__ = "ticket_link"
    __table_args__ = (by_raw_record("ticket_link"),)

    ticket_id: str = text(
        "The ticket that is merged, the child, the follow-up, the incident", required=True, index=True
    )
    other_ticket_id: str | None = text("The survivor, the parent, the closed one, the problem", index=True)
    kind: str = choice(LinkKind, "How they relate", required=True)
    other_object: str | None = text("What is linked that is no ticket, e.g. `jira:ABC-1`")


class Tagging(Canonical, table=True):
    """One tag on one record."""

    __tablename__ = "tagging"
    __table_args__ = (by_raw_record("tagging"),)

    kind: str = choice(Kind, "What kind of record is tagged", required=True)
    record_id: str = text("The record that is tagged", required=True, index=True)
    tag: str = text("The tag as the vendor spells it", required=True)
