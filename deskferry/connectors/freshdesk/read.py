"""Freshdesk → canonical rows: one table a kind. Reference: https://developers.freshdesk.com/api (2026-01-16)."""

from __future__ import annotations

from deskferry.connectors.freshdesk import converters as own
from deskferry.connectors.freshdesk import read_knowledge, read_rules
from deskferry.connectors.freshdesk.read_people import COMPANY, DELETED, GROUP, TIMES, USER
from deskferry.connectors.freshdesk.read_setup import (
    COMPANY_FIELD,
    CONTACT_FIELD,
    EMAIL_CONFIG,
    PRODUCT,
    TICKET_FIELD,
)
from deskferry.connectors.kit.converters import addresses, boolean, negated, text, time
from deskferry.connectors.kit.mapping import Const, Link, Map, ObjectMap, RefTo, Table
from deskferry.connectors.kit.part_tables import copied_table, tag_table

_SIGNED = ("attachments[].attachment_url", "attachments[].thumb_url", "attachments[].canonical_url")
"""Pre-signed links that change with every answer."""

_FILE = (
    Map("filename", "name"),
    Map("content_type", "content_type"),
    Map("size", ".", own.size),
    Map("is_inline", via=Const(False)),
    Map("url", "attachment_url"),
    *TIMES,
)

_TICKET = Table(
    "ticket",
    (
        Map("source_url", "id", Link("/a/tickets/{}")),
        Map("number", "id", text),
        Map("subject", "subject"),
        Map("status", ".", own.status),
        Map("status_label", "status", text),
        Map("status_before", ".", own.status_before),
        Map("priority", "priority", own.priority),
        Map("priority_label", "priority", text),
        Map("type", "type"),
        Map("channel", "source", own.channel),
        Map("channel_label", "source", text),
        Map("requester_id", "requester_id", RefTo("user")),
        Map("assignee_id", "responder_id", RefTo("user")),
        Map("team_id", "group_id", RefTo("group")),
        Map("organization_id", "company_id", RefTo("company")),
        Map("inbox_id", "email_config_id", RefTo("email_config")),
        Map("brand_id", "product_id", RefTo("product")),
        Map("form_id", "form_id", RefTo("ticket_form")),
        Map("solved_at", "stats.resolved_at", time),
        Map("closed_at", "stats.closed_at", time),
        Map("first_responded_at", "stats.first_responded_at", time),
        Map("due_at", "due_by", time),
        Map("is_spam", "spam", boolean),
        Map("is_archived", "archived", boolean),
        Map("is_escalated", "is_escalated", boolean),
        Map("custom_fields", "custom_fields", own.present),
        *TIMES,
        *DELETED,
    ),
)

_OPENING = (
    Map("ticket_id", "id", RefTo("ticket")),
    Map("kind", "source", own.opening_kind),
    Map("state", via=Const("sent")),
    Map("is_public", via=Const(True)),
    Map("is_opening", via=Const(True)),
    Map("channel", "source", own.channel),
    Map("body_html", "description"),
    Map("body_text", ".", own.opening_text),
    Map("to_addresses", "to_emails", addresses),
    Map("cc_addresses", "cc_emails", addresses),
    Map("created_at", "created_at", time),
)
_BY_CUSTOMER = Table(
    "message",
    (*_OPENING, Map("author_id", "requester_id", RefTo("user")), Map("direction", via=Const("in"))),
    source_id=None,
    part="opening",
    key=None,
    when=own.began_by_customer,
    takes=("description_text", "attachments"),
)
_BY_AGENT = Table(
    "message",
    (*_OPENING, Map("author_kind", via=Const("agent")), Map("direction", via=Const("out"))),
    source_id=None,
    part="opening",
    key=None,
    when=own.began_by_agent,
)

TICKET = ObjectMap(
    "ticket",
    (
        _TICKET,
        _BY_CUSTOMER,
        _BY_AGENT,
        Table(
            "attachment",
            (
                Map("ticket_id", "^id", RefTo("ticket")),
                Map("message_id", "^id", RefTo("ticket", "opening")),
                *_FILE,
            ),
            each=own.opening_files,
            of="attachment",
        ),
        Table("attachment", (Map("ticket_id", "^id", RefTo("ticket")), *_FILE), each=own.other_files, of="attachment"),
        tag_table("ticket", "ticket", own.tags),
        copied_table("ticket", own.ccs),
        Table(
            "ticket_link",
            (
                Map("ticket_id", "^id", RefTo("ticket")),
                Map("other_ticket_id", "other", RefTo("ticket")),
                Map("kind", "kind"),
            ),
            each=own.links,
            source_id=None,
            part="link",
            key="other",
        ),
    ),
    ignored={
        "requester": "the person comes as a contact",
        "company": "the company comes as a company",
        "conversations": "ten of them at most; each is a record of its own",
    },
    kept={
        "stats": "times of the vendor's own reports that are no canonical column",
        "association_type": "the links are rows; the number tells which side this is",
        "associated_tickets_list": "the links are rows of the other side",
        "associated_tickets_count": "of a tracker",
        **dict.fromkeys(("fwd_emails", "reply_cc_emails", "ticket_cc_emails"), "addresses of later mails"),
        **dict.fromkeys(("fr_due_by", "fr_escalated", "nr_due_by", "nr_escalated"), "a deadline of the vendor"),
        **dict.fromkeys(("internal_agent_id", "internal_group_id"), "an internal owner"),
        **dict.fromkeys(
            ("source_additional_info", "structured_description", "support_email", "sentiment_score"),
            "of the channel that it came by",
        ),
        **dict.fromkeys(("initial_sentiment_score", "ticket_bcc_emails", "cloud_files"), "seen on newer accounts"),
    },
    volatile=_SIGNED,
)

CONVERSATION = ObjectMap(
    "conversation",
    (
        Table(
            "message",
            (
                Map("ticket_id", "ticket_id", RefTo("ticket")),
                Map("author_id", "user_id", RefTo("user")),
                Map("author_kind", ".", own.author_kind),
                Map("kind", ".", own.conversation_kind),
                Map("state", ".", own.state),
                Map("direction", ".", own.direction),
                Map("is_public", "private", negated),
                Map("channel", ".", own.conversation_channel),
                Map("body_html", "body"),
                Map("body_text", ".", own.body_text),
                Map("via", "source", own.via),
                Map("sender", "from_email"),
                Map("to_addresses", "to_emails", addresses),
                Map("cc_addresses", "cc_emails", addresses),
                Map("bcc_addresses", "bcc_emails", addresses),
                Map("edited_at", "last_edited_at", time),
                *TIMES,
            ),
            takes=("body_text", "incoming"),
        ),
        Table(
            "attachment",
            (
                Map("ticket_id", "^ticket_id", RefTo("ticket")),
                Map("message_id", "^id", RefTo("conversation")),
                *_FILE,
            ),
            each="attachments",
            of="attachment",
        ),
    ),
    kept={
        "category": "a code of the vendor",
        "support_email": "the desk's address of the mail",
        "email_failure_count": "mails that were not delivered",
        "outgoing_failures": "mails that were not delivered",
        "thread_id": "of the newer collaboration threads",
        "thread_message_id": "of the newer collaboration threads",
        "last_edited_user_id": "who edited it last",
        "source_additional_info": "of the channel that it came by",
        "structured_body": "parts of a chat line",
        "quoted_text": "the text that was quoted",
        "full_body": "the text with what was quoted",
        "auto_response": "whether a machine wrote the mail",
        "automation_id": "the rule that wrote it",
        "automation_type_id": "the rule that wrote it",
        "cloud_files": "links to files elsewhere",
        "deleted": "whether it was removed",
        "has_quoted_text": "whether there is quoted text",
        "replied_to": "receivers of a reply, in its answer only",
        "notified_to": "receivers of a note, in its answer only",
    },
    volatile=_SIGNED,
)

_ANSWERED = (
    Map("kind", via=Const("csat")),
    Map("answered_at", "^created_at", time),
    Map("ticket_id", "^ticket_id", RefTo("ticket")),
    Map("person_id", "^user_id", RefTo("user")),
    Map("agent_id", "^agent_id", RefTo("user")),
)

SATISFACTION_RATING = ObjectMap(
    "satisfaction_rating",
    (
        Table(
            "survey_response",
            (
                *_ANSWERED,
                Map("question", ".", own.main_question),
                Map("score", "ratings.default_question", own.step),
                Map("scale_min", "ratings.default_question", own.worst_step),
                Map("scale_max", "ratings.default_question", own.best_step),
                Map("label", "ratings.default_question", text),
                Map("comment", "feedback"),
                Map("updated_at", "updated_at", time),
            ),
            takes=("ratings", "questions"),
        ),
        Table(
            "survey_response",
            (
                *_ANSWERED,
                Map("question", "question"),
                Map("score", "code", own.step),
                Map("scale_min", "code", own.worst_step),
                Map("scale_max", "code", own.best_step),
                Map("label", "code", text),
            ),
            each=own.questions,
            source_id=None,
            part="question",
            key="key",
        ),
    ),
    kept={"survey_id": "which survey", "group_id": "the group at the time"},
)

TIME_ENTRY = ObjectMap(
    "time_entry",
    (
        Table(
            "time_entry",
            (
                Map("ticket_id", "ticket_id", RefTo("ticket")),
                Map("person_id", "agent_id", RefTo("user")),
                Map("started_at", "executed_at", time),
                Map("seconds", ".", own.spent),
                Map("kind", via=Const("work")),
                Map("billable", "billable", boolean),
                Map("note", "note"),
                *TIMES,
            ),
            takes=("time_spent", "time_spent_in_seconds"),
        ),
    ),
    kept={
        "start_time": "when the timer was started",
        "timer_running": "whether it still runs",
        "company_id": "the company of the ticket",
    },
)

MAPS = {
    each.object: each
    for each in (
        COMPANY, USER, GROUP, TICKET_FIELD, CONTACT_FIELD, COMPANY_FIELD, PRODUCT, EMAIL_CONFIG, TICKET, CONVERSATION,
        SATISFACTION_RATING, TIME_ENTRY, *read_rules.MAPS, *read_knowledge.MAPS,
    )
}  # fmt: skip
