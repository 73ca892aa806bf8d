"""Time entries and their timers."""

from __future__ import annotations

import re

from deskferry.simulators.freshdesk import agents, tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import FLAG, TEXT, TIME, WHOLE, fields
from deskferry.simulators.freshdesk.errors import Row, fault, invalid
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.freshdesk.times import read_time, seconds_of
from deskferry.simulators.kernel import SimResponse, json_response

FEATURE = "time_tracking"
SPEC = fields(
    {WHOLE: "agent_id", FLAG: "billable timer_running", TIME: "executed_at start_time", TEXT: "note time_spent"}
)
_SPAN = re.compile(r"\d{1,4}:[0-5]\d\Z")


def create(call: Call) -> SimResponse:
    """Log time on a ticket; without time and timer a timer starts."""
    account = call.account
    ticket = tickets.live(account, call.id)
    values = call.values(SPEC)
    _check(account, values)
    if values.get("start_time") and values.get("timer_running") is False:
        raise invalid(fault("start_time", "It cannot be set when timer_running is false"))
    running = values.get("timer_running")
    if running is None:
        running = values.get("time_spent") is None or values.get("start_time") is not None
    now = account.now()
    row: Row = {"id": 0, "billable": values.get("billable") is not False, "note": values.get("note")}
    row |= {"timer_running": running, "agent_id": values.get("agent_id") or call.caller["id"]}
    row |= {"ticket_id": ticket["id"], **_spent(_seconds(values.get("time_spent") or "00:00"))}
    row |= {"executed_at": values.get("executed_at") or now, "start_time": values.get("start_time") or now}
    if running:
        _stop_others(account, row)
    return created(call, "/time_entries", account.add("time_entries", row))


def _check(account: Account, values: Row) -> None:
    for name in ("executed_at", "start_time"):
        if values.get(name):
            values[name] = read_time(values[name])
    if values.get("start_time") and values["start_time"] > account.now():
        raise invalid(fault("start_time", "It should not be later than the current time"))
    if values.get("time_spent") is not None and not _SPAN.match(values["time_spent"]):
        raise invalid(fault("time_spent", "It should be in the 'hh:mm' format"))
    agents.of_group(account, values.get("agent_id"), "agent_id")


def _seconds(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


def _spent(seconds: int) -> Row:
    """Return a duration as accounts show it: whole minutes, and the exact seconds of a timer."""
    minutes = seconds // 60
    return {"time_spent": f"{minutes // 60:02d}:{minutes % 60:02d}", "time_spent_in_seconds": seconds}


def _stop_others(account: Account, row: Row) -> None:
    for other in account.tables["time_entries"].values():
        if other is not row and other["timer_running"] and other["agent_id"] == row["agent_id"]:
            _stop(account, other)


def _stop(account: Account, row: Row) -> None:
    elapsed = int(seconds_of(account.now()) - seconds_of(row["start_time"]))
    row |= {"timer_running": False, **_spent(row["time_spent_in_seconds"] + max(elapsed, 0))}
    account.touch(row)


def update(call: Call) -> SimResponse:
    """Change a time entry, within the rules of a running timer."""
    account = call.account
    row = account.get("time_entries", call.id)
    values = call.values(SPEC)
    _check(account, values)
    running = values.pop("timer_running", None)
    if running is not None and running == row["timer_running"]:
        raise invalid(fault("timer_running", "It should not be set to the value that it has"))
    if row["timer_running"] and "agent_id" in values:
        raise invalid(fault("agent_id", "It cannot be changed while the timer runs", "incompatible_field"))
    if "start_time" in values and (row["timer_running"] or not running):
        raise invalid(fault("start_time", "It cannot be changed in this state of the timer", "incompatible_field"))
    if values.get("time_spent"):
        values |= _spent(_seconds(values["time_spent"]))
    row.update({key: value for key, value in values.items() if value is not None or key == "note"})
    if running is not None:
        _toggle(account, row)
    account.touch(row)
    return json_response(row)


def _toggle(account: Account, row: Row) -> None:
    if row["timer_running"]:
        _stop(account, row)
    else:
        row |= {"timer_running": True, "start_time": account.now()}
        _stop_others(account, row)
        account.touch(row)


def toggle(call: Call) -> SimResponse:
    """Start or stop a timer."""
    row = call.account.get("time_entries", call.id)
    _toggle(call.account, row)
    return json_response(row)


def delete(call: Call) -> SimResponse:
    """Delete a time entry for good."""
    call.account.get("time_entries", call.id)
    del call.account.tables["time_entries"][call.id]
    return empty()


def of_ticket(call: Call) -> SimResponse:
    """Return the time entries of a ticket."""
    call.account.get("tickets", call.id)
    return paged(call, [row for row in call.account.tables["time_entries"].values() if row["ticket_id"] == call.id])


def listing(call: Call) -> SimResponse:
    """Return all time entries, filtered."""
    query = call.query("company_id", "agent_id", "billable", "executed_after", "executed_before")
    after, before = (read_time(query[name]) if name in query else "" for name in ("executed_after", "executed_before"))
    if after is None or before is None:
        raise invalid(fault("executed_after", "It should be in the 'combined date and time ISO8601' format"))
    rows = [row for row in call.account.tables["time_entries"].values() if _fits(call.account, row, query)]
    rows = [row for row in rows if row["executed_at"] >= after and (not before or row["executed_at"] <= before)]
    return paged(call, rows)


def _fits(account: Account, row: Row, query: dict[str, str]) -> bool:
    if "agent_id" in query and str(row["agent_id"]) != query["agent_id"]:
        return False
    if "billable" in query and row["billable"] is not (query["billable"] == "true"):
        return False
    ticket = account.tables["tickets"].get(row["ticket_id"]) or {}
    return "company_id" not in query or str(ticket.get("company_id")) == query["company_id"]


ROUTES = (
    Route("POST", "/tickets/{id}/time_entries", create, feature=FEATURE),
    Route("GET", "/tickets/{id}/time_entries", of_ticket, feature=FEATURE),
    Route("GET", "/time_entries", listing, feature=FEATURE),
    Route("PUT", "/time_entries/{id}", update, feature=FEATURE),
    Route("PUT", "/time_entries/{id}/toggle_timer", toggle, feature=FEATURE),
    Route("DELETE", "/time_entries/{id}", delete, feature=FEATURE),
)
