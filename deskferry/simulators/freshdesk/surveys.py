"""Surveys and the ratings that they brought."""

from __future__ import annotations

from deskferry.simulators.freshdesk import tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import HASH, TEXT, fields, is_whole, one_of
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, denied, fault, invalid
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created
from deskferry.simulators.freshdesk.times import read_time
from deskferry.simulators.kernel import SimResponse

FEATURE = "surveys"
SPEC = fields({TEXT: "feedback", HASH: "ratings"})


def surveys(call: Call) -> SimResponse:
    """Return the surveys of the account; none is active while surveys are switched off."""
    state = call.query("state").get("state")
    one_of("state", state, ("active",))
    on = call.account.settings.surveys
    rows = [row for row in call.account.tables["surveys"].values() if state is None or (on and row["_active"])]
    return paged(call, rows, lambda row: {key: value for key, value in row.items() if key[0] != "_"})


def _active(account: Account) -> Row:
    survey = next((row for row in account.tables["surveys"].values() if row["_active"]), None)
    if survey is None or not account.settings.surveys:
        raise denied("require_feature", "There is no active survey in your account.")
    return survey


def create(call: Call) -> SimResponse:
    """Rate a ticket as its requester would; the time is now."""
    account = call.account
    ticket = tickets.live(account, call.id)
    survey = _active(account)
    values = call.values(SPEC, ("ratings",))
    accepted = {question["id"]: question["accepted_ratings"] for question in survey["questions"]}
    if "default_question" not in values["ratings"]:
        raise invalid(fault("ratings.default_question", BLANK, "missing_field"))
    for name, value in values["ratings"].items():
        if name not in accepted:
            raise invalid(fault(f"ratings.{name}", "Unexpected/invalid field in request", "invalid_field"))
        if not is_whole(value):
            raise invalid(fault(f"ratings.{name}", "It should be a/an Integer", "datatype_mismatch"))
        one_of(f"ratings.{name}", value, accepted[name])
    row: Row = {"id": 0, "survey_id": survey["id"], "user_id": ticket["requester_id"]}
    row |= {"agent_id": ticket["responder_id"], "feedback": values.get("feedback"), "group_id": ticket["group_id"]}
    row |= {"ticket_id": ticket["id"], "ratings": values["ratings"]}
    return created(call, "/surveys/satisfaction_ratings", account.add("satisfaction_ratings", row))


def of_ticket(call: Call) -> SimResponse:
    """Return the ratings of a ticket."""
    call.account.get("tickets", call.id)
    rows = call.account.tables["satisfaction_ratings"].values()
    return paged(call, [row for row in rows if row["ticket_id"] == call.id])


def listing(call: Call) -> SimResponse:
    """Return all ratings, by creation time or user."""
    query = call.query("created_since", "user_id")
    since = read_time(query["created_since"]) if "created_since" in query else ""
    if since is None:
        raise invalid(fault("created_since", "It should be in the 'combined date and time ISO8601' format"))
    rows = call.account.tables["satisfaction_ratings"].values()
    found = [row for row in rows if row["created_at"] >= since and query.get("user_id") in (None, str(row["user_id"]))]
    found.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return paged(call, found)


ROUTES = (
    Route("GET", "/surveys", surveys, feature=FEATURE),
    Route("GET", "/surveys/satisfaction_ratings", listing, feature=FEATURE),
    Route("POST", "/tickets/{id}/satisfaction_ratings", create, feature=FEATURE),
    Route("GET", "/tickets/{id}/satisfaction_ratings", of_ticket, feature=FEATURE),
)
