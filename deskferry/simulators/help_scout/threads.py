"""The threads of a conversation as the API shows them, newest first, and what they were before they were threads."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from deskferry.simulators.help_scout import access, attachments, people
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, not_found
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.help_scout.times import seconds_of
from deskferry.simulators.kernel import SimResponse


def list_all(call: Call) -> SimResponse:
    """Return a page of the threads of a conversation."""
    row = access.readable(call, call.id, "/threads")
    rows, size = store.newest_first(row), call.account.settings.thread_page
    return paged(call, "threads", rows, lambda thread: None if thread["_dropped"] else show(call, thread), size)


def embedded(call: Call, row: Row) -> list[Row]:
    """Return the threads that `embed=threads` shows."""
    shown = [show(call, thread) for thread in store.newest_first(row) if not thread["_dropped"]]
    return shown[: call.account.settings.embedded_threads]


def show(call: Call, thread: Row) -> Row:
    """Return a thread as the API writes it; it has no time of change."""
    account = call.account
    shown: Row = {name: thread[name] for name in ("id", "type", "status", "state")}
    shown["action"] = thread["action"] or {"associatedEntities": {}}
    if thread["type"] != "lineitem":
        shown["body"] = thread["body"]
    shown |= {"source": thread["source"], "customer": people.customer_person(account, thread["_customer"])}
    shown["createdBy"] = people.creator(account, thread["_creator"], v3=call.is_v3)
    assigned = people.user_person(account, thread["_assigned"], v3=call.is_v3, photo=False)
    if assigned is not None:
        shown["assignedTo"] = assigned
    # What is not known is 0 here, null there and absent elsewhere.
    shown |= {"savedReplyId": thread["savedReplyId"] or 0, "to": thread["to"], "cc": thread["cc"], "bcc": thread["bcc"]}
    shown["createdAt"] = thread["createdAt"]
    shown |= {name: thread[name] for name in ("openedAt", "linkedConversationId", "scheduled") if thread[name]}
    rating = account.tables["ratings"].get(thread["_rating"] or 0)
    if rating is not None:
        shown["rating"] = {"customerId": rating["_customer"]} | {name: rating[name] for name in ("rating", "comments")}
    files = [attachments.show(account, row_id) for row_id in thread["_files"]]
    return {**shown, "_embedded": {"attachments": files}, "_links": _links(account, thread)}


def _links(account: Account, thread: Row) -> Row:
    base, found = f"{account.settings.origin}/v2", {}
    if thread["_assigned"] is not None:
        found["assignedTo"] = f"{base}/users/{thread['_assigned']}"
    if thread["_creator"] is not None:
        kind, who = thread["_creator"]
        name, path = ("createdByCustomer", "customers") if kind == "customer" else ("createdByUser", "users")
        found[name] = f"{base}/{path}/{who}"
    if thread["_customer"] is not None:
        found["customer"] = f"{base}/customers/{thread['_customer']}"
    return {name: {"href": href} for name, href in found.items()}


def original_source(call: Call) -> SimResponse:
    """Return the mail that a thread came from, as JSON or as the mail itself; 404 for what was no mail."""
    row = access.readable(call, call.id)
    thread = access.thread_of(row, int(call.args[1]))
    text = source_text(call.account, row, thread)
    if text is None:
        raise not_found()
    if "rfc822" in call.request.headers.get("accept", ""):
        return SimResponse(200, text.encode(), {"Content-Type": "message/rfc822"})
    return hal({"original": text})


def source_text(account: Account, row: Row, thread: Row) -> str | None:
    """Return the mail behind a thread of a customer, or None."""
    if thread["_original"] is not None:
        return str(thread["_original"])
    if thread["type"] != "customer" or thread["source"] != {"type": "email", "via": "customer"}:
        return None
    customer: dict[str, Any] = people.customer_person(account, thread["_customer"]) or {}
    mail = EmailMessage()
    mail["Message-ID"] = f"<{thread['id']}@mail.example>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(seconds_of(thread["createdAt"]), UTC))
    mail["From"] = customer.get("email") or people.NOBODY
    mail["Subject"] = row["subject"] or ""
    mail.set_content(thread["body"] or "", subtype="html")
    return mail.as_string()


ROUTES = (
    Route("GET", "/v2/conversations/{id}/threads", list_all),
    Route("GET", "/v3/conversations/{id}/threads", list_all),
    Route("GET", "/v2/conversations/{id}/threads/{id}/original-source", original_source),
)
