"""Help Scout → canonical rows: one table a kind. Reference: https://developer.helpscout.com/mailbox-api (v2)."""

from __future__ import annotations

from deskferry.connectors.help_scout import converters as own
from deskferry.connectors.help_scout import read_knowledge, read_setup
from deskferry.connectors.help_scout import thread_values as thread
from deskferry.connectors.help_scout.history import AGAIN, ASSIGNED
from deskferry.connectors.help_scout.read_people import CUSTOMER, LINKS, ORGANIZATION, RATING, SYSTEM_USER, TEAM, USER
from deskferry.connectors.kit.converters import addresses, html_to_text, text, time
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, RefBy, RefTo, Table
from deskferry.connectors.kit.part_tables import copied_table, tag_table

CONVERSATION = ObjectMap(
    "conversation",
    (
        Table(
            "ticket",
            (
                Map("source_url", ".", own.web_url),
                Map("number", "number", text),
                Map("subject", "subject"),
                Map("status", ".", own.status),
                Map("status_label", "status", text),
                Map("status_before", ".", own.status_before),
                Map("channel", ".", own.channel),
                Map("channel_label", ".", own.channel_label),
                Map("requester_id", "primaryCustomer.id", RefBy(own.customer)),
                Map("submitter_id", "createdBy", RefBy(own.person)),
                Map("assignee_id", "assignee", RefBy(own.person)),
                Map("team_id", "assignee", RefBy(own.team)),
                Map("inbox_id", "mailboxId", RefBy(own.mailbox)),
                Map("solved_at", "closedAt", time),
                Map("snoozed_until", "snooze.snoozedUntil", time),
                Map("waiting_since", "customerWaitingSince", own.waiting_since),
                Map("is_spam", "status", own.is_spam),
                Map("custom_fields", "customFields", own.custom_values),
                Map("created_at", "createdAt", time),
                Map("updated_at", "userUpdatedAt", time),
                Map("deleted_at", ".", own.deleted_at),
                Map("deletion_evidence", ".", own.deletion),
            ),
        ),
        tag_table("ticket", "conversation", own.tags),
        copied_table("conversation", own.ccs, ("cc",)),
    ),
    ignored={
        **LINKS,
        "preview": "the beginning of the last message",
        "threads": "the number of messages: kept and compared as a declared count",
        "_merged_into": "the row says it",
    },
    kept={
        "type": "email, chat or phone",
        "folderId": "the folder that shows it",
        "state": "draft, published or deleted",
        "primaryCustomer": "name and address of the customer at that time",
        "closedBy": "who closed it",
        "closedByUser": "who closed it",
        "source": "how and by whom it came",
        "bcc": "receivers of a blind copy",
        "snooze": "who hid it, and what shows it again",
        "nextEvent": "what will happen to it next",
        "_embedded": "what was embedded beside the threads",
        "modifiedAt": "seen in one description only",
    },
    volatile=("customerWaitingSince.friendly", "preview"),
)

_OF_MESSAGE = (
    Map("ticket_id", "conversationId", RefTo("conversation")),
    Map("author_id", ".", RefBy(thread.author)),
    Map("author_kind", ".", thread.author_kind),
    Map("kind", "type", thread.kind),
    Map("state", ".", thread.state),
    Map("direction", ".", thread.direction),
    Map("is_public", "type", thread.is_public),
    Map("channel", ".", thread.channel),
    Map("body_html", "body"),
    Map("body_text", "body", html_to_text),
    Map("via", "source.via"),
    Map("sender", ".", thread.sender),
    Map("to_addresses", "to", addresses),
    Map("cc_addresses", "cc", addresses),
    Map("bcc_addresses", "bcc", addresses),
    Map("created_at", "createdAt", time),
)
_OF_CHANGE = (
    Map("ticket_id", "thread.conversationId", RefTo("conversation")),
    Map("occurred_at", "thread.createdAt", time),
    Map("field", "field"),
    Map("actor_id", "thread", RefBy(thread.author)),
    Map("actor_kind", "thread", thread.author_kind),
    Map("update_id", "thread.id", text),
    Map("via", "thread.source.type"),
    Map("old_value_chained", ".", thread.chained),
    Map("created_at", "thread.createdAt", time),
    Map("extra", "thread.action", own.keeping("type", "text", "associatedEntities")),
)

THREAD = ObjectMap(
    "thread",
    (
        Table("message", _OF_MESSAGE, when=thread.is_message, takes=("_embedded", "createdBy")),
        Table(
            "ticket_event",
            (*_OF_CHANGE, Map("new_value", "value")),
            each=thread.changes,
            source_id=None,
            part="change",
            key="field",
            when=thread.tells,
            takes=("status",),
        ),
        Table(
            "ticket_event",
            (
                *_OF_CHANGE,
                Map("new_value", "now", RefBy(thread.reference)),
                Map("old_value", "before", RefBy(thread.reference)),
            ),
            each=thread.changes,
            source_id=None,
            part="change",
            key="field",
            when=thread.refers,
        ),
        Table(
            "ticket_link",
            (
                Map("ticket_id", "original", RefTo("conversation")),
                Map("other_ticket_id", "^conversationId", RefTo("conversation")),
                Map("kind", via=Const("merged_into")),
                Map("created_at", "^createdAt", time),
            ),
            each=thread.is_merge,
            source_id=None,
            part="merged",
            key="original",
        ),
        Table(
            "attachment",
            (
                Map("ticket_id", "^conversationId", RefTo("conversation")),
                Map("message_id", "^id", RefTo("thread")),
                Map("filename", "filename"),
                Map("content_type", "mimeType"),
                Map("size", "size"),
                Map("is_inline", "inline"),
                Map("url", "url"),
                Map("extra", ".", own.keeping("width", "height", "state")),
                Map("created_at", "^createdAt", time),
            ),
            each=thread.files,
            of="attachment",
        ),
    ),
    ignored={**LINKS, ASSIGNED: "the history says it", AGAIN: "the history says it"},
    kept={
        "customer": "the customer of the conversation at that time",
        "assignedTo": "whose the conversation was at that time",
        "action": "what a line item or a workflow did",
        "source": "how and by whom it came",
        "type": "the vendor's own type",
        "state": "the vendor's own state",
        "savedReplyId": "the saved reply that was used",
        "openedAt": "when the customer opened it",
        "linkedConversationId": "the conversation that a forward leads to",
        "rating": "what the customer thought of it; the answer comes with the report",
        "scheduled": "when it is to be sent",
    },
    volatile=(
        "createdBy.photoUrl", "customer.photoUrl", "assignedTo.photoUrl", "_embedded.attachments[]._links",
    ),
)  # fmt: skip

MAPS = {
    each.object: each
    for each in (
        CUSTOMER, USER, SYSTEM_USER, TEAM, ORGANIZATION, RATING, CONVERSATION, THREAD, *read_setup.MAPS,
        *read_knowledge.MAPS,
    )
}  # fmt: skip
