"""Tickets with what lies in them: tags, followers, links, and the vendor's own metric set."""

from __future__ import annotations

from collections.abc import Iterator

from deskferry.connectors.kit.converters import text, time
from deskferry.connectors.kit.mapping import Link, Map, ObjectMap, Raw, RefTo, Table
from deskferry.connectors.kit.part_tables import tag_table
from deskferry.connectors.zendesk.read_people import API_URL, CREATED
from deskferry.connectors.zendesk.values import channel, field_values, minutes_or_seconds, priority_of, status_of

MERGED_TAG = "closed_by_merge"
"""Tag that the vendor sets on a ticket that was merged into another; it is closed at the same time."""


def is_merged(ticket: Raw) -> bool:
    """Return whether a ticket was closed by a merge."""
    return ticket.get("status") == "closed" and MERGED_TAG in (ticket.get("tags") or ())


def ticket_status(ticket: Raw) -> str | None:
    """Return where a ticket stands; `status` is the category also where the account has custom statuses."""
    return "merged" if is_merged(ticket) else status_of(ticket.get("status"))


def status_before(ticket: Raw) -> str | None:
    """Return the last real status of a merged ticket."""
    return "closed" if is_merged(ticket) else None


def closed_at(ticket: Raw) -> str | None:
    """Return when a closed ticket was closed: its last change of status, since nothing leads out of closed."""
    if ticket.get("status") != "closed":
        return None
    return time((ticket.get("metric_set") or {}).get("status_updated_at"))


def followers(ticket: Raw) -> Iterator[Raw]:
    """Yield who is kept informed. `collaborator_ids` repeats both others, or stands alone in older accounts."""
    following, copied = ticket.get("follower_ids") or (), ticket.get("email_cc_ids") or ()
    for person in following:
        yield {"key": f"follower/{person}", "person": person, "kind": "follower"}
    for person in copied:
        yield {"key": f"cc/{person}", "person": person, "kind": "cc"}
    known = {*following, *copied}
    for person in ticket.get("collaborator_ids") or ():
        if person not in known:
            yield {"key": f"cc/{person}", "person": person, "kind": "cc"}


def links(ticket: Raw) -> Iterator[Raw]:
    """Yield the tickets that this one names: its problem, and the closed ticket that it follows up.

    Vendor: a follow-up has `via.source.rel` = `follow_up` and `from.ticket_id` (Via object reference).
    """
    if (problem := ticket.get("problem_id")) is not None:
        yield {"key": f"problem/{problem}", "other": problem, "kind": "problem"}
    source = (ticket.get("via") or {}).get("source") or {}
    closed = (source.get("from") or {}).get("ticket_id")
    if source.get("rel") == "follow_up" and closed is not None:
        yield {"key": f"follow_up/{closed}", "other": closed, "kind": "follow_up"}


def metrics(ticket: Raw) -> Iterator[Raw]:
    """Yield the numbers that the vendor itself reports of a ticket."""
    for name, value, unit in minutes_or_seconds(ticket.get("metric_set") or {}):
        yield {"name": name, "value": value, "unit": unit}


_TICKET_ROWS = (
    *CREATED,
    Map("source_url", "id", Link("/agent/tickets/{}")),
    Map("number", "id"),
    Map("subject", "subject"),
    Map("status", ".", ticket_status),
    Map("status_label", "status"),
    Map("status_before", ".", status_before),
    Map("priority", "priority", priority_of),
    Map("priority_label", "priority"),
    Map("type", "type"),
    Map("channel", "via.channel", channel),
    Map("channel_label", "via.channel", text),
    Map("requester_id", "requester_id", RefTo("user")),
    Map("submitter_id", "submitter_id", RefTo("user")),
    Map("assignee_id", "assignee_id", RefTo("user")),
    Map("team_id", "group_id", RefTo("group")),
    Map("organization_id", "organization_id", RefTo("organization")),
    Map("brand_id", "brand_id", RefTo("brand")),
    Map("status_definition_id", "custom_status_id", RefTo("custom_status")),
    Map("form_id", "ticket_form_id", RefTo("ticket_form")),
    Map("external_id", "external_id"),
    Map("solved_at", "metric_set.solved_at", time),
    Map("closed_at", ".", closed_at),
    Map("due_at", "due_at", time),
    Map("follow_up_of_id", "via.source.from.ticket_id", RefTo("ticket")),
    Map("custom_fields", "custom_fields", field_values),
)

TICKET = ObjectMap(
    "ticket",
    (
        Table("ticket", _TICKET_ROWS),
        tag_table("ticket", "ticket", "tags", "."),
        Table(
            "ticket_follower",
            (
                Map("ticket_id", "^id", RefTo("ticket")),
                Map("person_id", "person", RefTo("user")),
                Map("kind", "kind"),
            ),
            each=followers,
            source_id=None,
            part="follower",
            key="key",
            takes=("follower_ids", "email_cc_ids", "collaborator_ids"),
        ),
        Table(
            "ticket_link",
            (
                Map("ticket_id", "^id", RefTo("ticket")),
                Map("other_ticket_id", "other", RefTo("ticket")),
                Map("kind", "kind"),
            ),
            each=links,
            source_id=None,
            part="link",
            key="key",
            takes=("problem_id",),
        ),
        Table(
            "vendor_metric",
            (
                Map("ticket_id", "^id", RefTo("ticket")),
                Map("name", "name"),
                Map("value", "value"),
                Map("unit", "unit"),
            ),
            each=metrics,
            source_id=None,
            part="metric",
            key="name",
        ),
    ),
    ignored={
        "url": API_URL,
        "description": "repeats the first comment, which comes as a message",
        "raw_subject": "the placeholder behind `subject`, where it has dynamic content",
        "fields": "the vendor's alias of `custom_fields`",
        "generated_timestamp": "moves with every change of the vendor's own; the export's cursor rests on it",
        "satisfaction_probability": "a prediction that moves by itself",
        "encoded_id": "the id in another alphabet",
        "comment_count": "declared number of comments; compared with what was fetched",
    },
    kept={
        "via": "how it came in; `channel` and the follow-up link are taken from it",
        "metric_set": "its numbers are vendor_metric rows; its times stay here",
        "recipient": "the support address that it came to", "satisfaction_rating": "repeats the rating's last state",
        "sharing_agreement_ids": "agreements by which it is shared", "followup_ids": "tickets that follow it up",
        "forum_topic_id": "forum of a portal that no longer exists", "has_incidents": "a problem with incidents",
        "is_public": "whether any comment is public", "allow_channelback": "channel setting",
        "allow_attachments": "attachment setting", "from_messaging_channel": "whether it is a messaging ticket",
        "support_type": "who handled it: agent or ai_agent", "deleted_ticket_form_id": "form that was deleted",
    },
    volatile=("generated_timestamp", "satisfaction_probability"),
)  # fmt: skip

MAPS = (TICKET,)
