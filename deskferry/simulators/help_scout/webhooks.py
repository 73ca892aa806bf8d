"""Webhooks: their definitions. What they would have been told is in the mailbox."""

from __future__ import annotations

from deskferry.simulators.help_scout import given
from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimResponse

EVENTS = frozenset(
    (
        *("beacon.chat.created", "beacon.chat.customer.replied", "convo.agent.reply.created", "convo.assigned"),
        *("convo.created", "convo.custom-fields", "convo.customer.reply.created", "convo.deleted", "convo.merged"),
        *("convo.moved", "convo.note.created", "convo.status", "convo.tags", "customer.created", "customer.updated"),
        *("customer.deleted", "message.survey.response.received", "satisfaction.ratings", "tag.created"),
        *("tag.updated", "tag.deleted"),
    )
)
SECRET = 40


def _values(call: Call) -> Row:
    body = call.body()
    given.required(body, "url", "events", "secret")
    unknown = [event for event in body["events"] if event not in EVENTS]
    if unknown:
        raise wrong("events", "is not a known event", "Enum", rejectedValue=unknown[0])
    if len(str(body["secret"])) > SECRET:
        raise wrong("secret", f"size must be between 0 and {SECRET}", "Size")
    values: Row = {"url": body["url"], "events": list(body["events"]), "label": body.get("label")}
    values |= {"payloadVersion": body.get("payloadVersion") or "V2", "state": "enabled"}
    return {**values, "notification": body.get("notification") is True, "mailboxIds": body.get("mailboxIds") or []}


def _show(row: Row) -> Row:
    names = ("id", "url", "events", "label", "payloadVersion", "state", "notification", "mailboxIds")
    return {name: row[name] for name in names}


def list_all(call: Call) -> SimResponse:
    """Return a page of the webhooks, without their secrets."""
    rows = list(call.account.tables["webhooks"].values())
    return paged(call, "webhooks", rows, _show, call.account.settings.list_page)


def get(call: Call) -> SimResponse:
    """Return one webhook."""
    return hal(_show(call.account.get("webhooks", call.id)))


def create(call: Call) -> SimResponse:
    """Store a webhook."""
    row = call.account.add("webhooks", _values(call))
    return created(call, "/v2/webhooks", row["id"])


def change(call: Call) -> SimResponse:
    """Replace a webhook."""
    row = call.account.get("webhooks", call.id)
    row |= _values(call)
    call.account.touch(row)
    return empty()


def delete(call: Call) -> SimResponse:
    """Remove a webhook."""
    call.account.get("webhooks", call.id)
    del call.account.tables["webhooks"][call.id]
    return empty()


ROUTES = (
    Route("GET", "/v2/webhooks", list_all),
    Route("POST", "/v2/webhooks", create),
    Route("GET", "/v2/webhooks/{id}", get),
    Route("PUT", "/v2/webhooks/{id}", change),
    Route("DELETE", "/v2/webhooks/{id}", delete),
)
