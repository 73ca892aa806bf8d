"""Saved replies of an inbox. The list is a bare array: clients report both that and HAL."""

from __future__ import annotations

import orjson

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, fault, invalid, not_found
from deskferry.simulators.help_scout.paging import listed
from deskferry.simulators.help_scout.routing import HAL, Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimResponse


def add(account: Account, inbox: int, name: str, text: str | None, chat: str | None = None) -> Row:
    """Store a saved reply."""
    row: Row = {"name": name, "text": text, "chatText": chat, "_inbox": inbox, "_deleted": False}
    return account.add("saved_replies", row)


def _of(call: Call) -> list[Row]:
    call.account.get("mailboxes", call.id)
    rows = call.account.tables["saved_replies"].values()
    return [row for row in rows if row["_inbox"] == call.id and not row["_deleted"]]


def list_all(call: Call) -> SimResponse:
    """Return the saved replies of an inbox; those for chats alone only if they are asked for."""
    chats = call.param("includeChatReplies") == "true"
    rows = [row for row in _of(call) if chats or row["text"] is not None]
    shown = [{name: row[name] for name in ("id", "name", "text", "chatText")} for row in rows]
    if call.account.settings.bare_saved_replies:
        return SimResponse(200, orjson.dumps(shown), {"Content-Type": HAL})
    return listed(call, "replies", shown)


def _one(call: Call) -> Row:
    row = next((one for one in _of(call) if one["id"] == int(call.args[1])), None)
    if row is None:
        raise not_found()
    return row


def get(call: Call) -> SimResponse:
    """Return one saved reply."""
    return hal({name: _one(call)[name] for name in ("id", "name", "text", "chatText")})


def create(call: Call) -> SimResponse:
    """Store a saved reply."""
    call.account.get("mailboxes", call.id)
    body = call.body()
    if not body.get("name"):
        raise invalid(fault("name", "may not be empty"))
    row = add(call.account, call.id, str(body["name"]), body.get("text"), body.get("chatText"))
    return created(call, f"/v2/mailboxes/{call.id}/saved-replies", row["id"])


def change(call: Call) -> SimResponse:
    """Replace a saved reply."""
    row, body = _one(call), call.body()
    row |= {name: body.get(name) for name in ("name", "text", "chatText")}
    call.account.touch(row)
    return empty()


def delete(call: Call) -> SimResponse:
    """Hide a saved reply; threads that used it still name it."""
    _one(call)["_deleted"] = True
    return empty()


ROUTES = (
    Route("GET", "/v2/mailboxes/{id}/saved-replies", list_all),
    Route("POST", "/v2/mailboxes/{id}/saved-replies", create),
    Route("GET", "/v2/mailboxes/{id}/saved-replies/{id}", get),
    Route("PUT", "/v2/mailboxes/{id}/saved-replies/{id}", change),
    Route("DELETE", "/v2/mailboxes/{id}/saved-replies/{id}", delete),
)
