"""What hangs on a ticket: watchers, accesses, summary, and the archive."""

from __future__ import annotations

from deskferry.simulators.freshdesk import agents, markup, notes, ticket_views, tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, HASHES, TEXT, WHOLE, WHOLES, fields
from deskferry.simulators.freshdesk.errors import Row, no_match, not_found
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse, json_response


def watchers(call: Call) -> SimResponse:
    """Return who watches a ticket."""
    return json_response({"watcher_ids": call.account.get("tickets", call.id)["_watchers"]})


def watch(call: Call) -> SimResponse:
    """Add an agent to the watchers."""
    row = tickets.live(call.account, call.id)
    user_id = call.values(fields({WHOLE: "user_id"}), ("user_id",))["user_id"]
    _add_watcher(call.account, row, user_id)
    return empty()


def _add_watcher(account: Account, row: Row, user_id: int) -> None:
    agents.of_group(account, user_id, "user_id")
    if user_id not in row["_watchers"]:
        row["_watchers"].append(user_id)


def unwatch(call: Call) -> SimResponse:
    """Take the caller off the watchers."""
    row = tickets.live(call.account, call.id)
    if call.caller["id"] not in row["_watchers"]:
        raise not_found()
    row["_watchers"].remove(call.caller["id"])
    return empty()


def bulk_watch(call: Call) -> SimResponse:
    """Add an agent, by default the caller, to the watchers of many tickets."""
    values = call.values(fields({WHOLES: "ids", WHOLE: "user_id"}), ("ids",))
    for row in _all(call.account, values["ids"]):
        _add_watcher(call.account, row, values.get("user_id") or call.caller["id"])
    return empty()


def bulk_unwatch(call: Call) -> SimResponse:
    """Take the caller off the watchers of many tickets."""
    for row in _all(call.account, call.values(fields({WHOLES: "ids"}), ("ids",))["ids"]):
        if call.caller["id"] in row["_watchers"]:
            row["_watchers"].remove(call.caller["id"])
    return empty()


def _all(account: Account, ids: list[int]) -> list[Row]:
    if any(ticket_id not in account.tables["tickets"] for ticket_id in ids):
        raise no_match("ids", "ticket")
    return [account.tables["tickets"][ticket_id] for ticket_id in ids]


def accesses(call: Call) -> SimResponse:
    """Read, set, change or remove who may see a ticket."""
    row = call.account.get("tickets", call.id)
    method = call.request.method
    if method == "DELETE":
        row["_accesses"] = []
        return empty()
    if method == "POST":
        row["_accesses"] = call.values(fields({WHOLES: "user_ids"}), ("user_ids",))["user_ids"]
    elif method == "PATCH":
        for item in call.values(fields({HASHES: "user_ids"}), ("user_ids",))["user_ids"]:
            kept = [user_id for user_id in row["_accesses"] if user_id != item.get("id")]
            row["_accesses"] = kept if item.get("deleted") else [*kept, item.get("id")]
    return json_response({"user_ids": row["_accesses"]}, 201 if method == "POST" else 200)


def summary(call: Call) -> SimResponse:
    """Read, write or remove the summary of a ticket."""
    account = call.account
    account.get("tickets", call.id)
    table = account.tables["summaries"]
    row = table.get(call.id)
    if call.request.method == "PUT":
        values = call.values(fields({TEXT: "body", ANY: "attachments", WHOLE: "user_id"}), ("body",))
        if row is None:
            row = {"id": account.new_id("conversations"), "user_id": values.get("user_id") or call.caller["id"]}
            row |= {"ticket_id": call.id, "created_at": account.now(), "attachments": [], "cloud_files": []}
            row |= {"last_edited_at": None, "last_edited_user_id": None}
            table[call.id] = row
        else:
            row |= {"last_edited_at": account.now(), "last_edited_user_id": call.caller["id"]}
        row |= {"body": markup.clean(values["body"]), "updated_at": account.now()}
    if row is None:
        raise not_found()
    if call.request.method == "DELETE":
        del table[call.id]
        return empty()
    return json_response({**row, "body_text": markup.plain(row["body"])})


def _archived(account: Account, ticket_id: int) -> Row:
    account.need("archive_tickets")
    row = account.get("tickets", ticket_id)
    if not row.get("_archived"):
        raise not_found()
    return row


def archived(call: Call) -> SimResponse:
    """Return an archived ticket, which the usual path no longer has."""
    include = call.includes("conversations", "requester", "company", "stats")
    return json_response(ticket_views.whole(call.account, _archived(call.account, call.id), include))


def archived_conversations(call: Call) -> SimResponse:
    """Return the conversations of an archived ticket."""
    row = _archived(call.account, call.id)
    found = notes.of_ticket(call.account, row["id"])
    return paged(call, found, lambda note: notes.show(call.account, note))


def delete_archived(call: Call) -> SimResponse:
    """Delete an archived ticket for good."""
    _archived(call.account, call.id)
    call.account.forget_ticket(call.id)
    return empty()


ROUTES = (
    Route("GET", "/tickets/{id}/watchers", watchers),
    Route("POST", "/tickets/{id}/watch", watch),
    Route("PUT", "/tickets/{id}/unwatch", unwatch),
    Route("PUT", "/tickets/bulk_watch", bulk_watch),
    Route("PUT", "/tickets/bulk_unwatch", bulk_unwatch),
    *(Route(method, "/tickets/{id}/accesses", accesses) for method in ("GET", "POST", "PATCH", "DELETE")),
    *(Route(method, "/tickets/{id}/summary", summary) for method in ("GET", "PUT", "DELETE")),
    Route("GET", "/tickets/archived/{id}", archived),
    Route("DELETE", "/tickets/archived/{id}", delete_archived),
    Route("GET", "/tickets/archived/{id}/conversations", archived_conversations),
)
