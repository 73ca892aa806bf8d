"""Ratings of replies: one by its id, and the report, which spells everything differently."""

from __future__ import annotations

from deskferry.simulators.help_scout import people
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.kernel import SimResponse, json_response

REPORT_PAGE = 100
# The older reference numbers the filter so (help-desk-api/reports/happiness/ratings).
NUMBERS = {"great": 1, "okay": 2, "not_good": 3}
FILTERS = {"great": 1, "ok": 2, "not-good": 3}
SORTS = {"number": "conversationNumber", "modifiedAt": "updatedAt", "rating": "rating"}


def add(account: Account, row: Row, thread: Row, rating: str, comments: str | None, moment: str) -> Row:
    """Store the rating of a reply."""
    values: Row = {"threadId": thread["id"], "conversationId": row["id"], "conversationNumber": row["number"]}
    values |= {"mailboxId": row["mailboxId"], "rating": rating, "comments": comments}
    values |= {"_user": thread["_creator"][1], "_customer": row["_customer"]}
    values |= {"_thread_at": thread["createdAt"], "_type": row["type"]}
    return account.add("ratings", {**values, "createdAt": moment, "updatedAt": moment})


def get(call: Call) -> SimResponse:
    """Return one rating; its times carry no zone."""
    account, row = call.account, call.account.get("ratings", call.id)
    names = ("id", "threadId", "conversationId", "conversationNumber", "mailboxId", "rating", "comments")
    shown = {name: row[name] for name in names}
    shown |= {"createdAt": row["createdAt"].rstrip("Z"), "modifiedAt": row["updatedAt"].rstrip("Z")}
    shown["user"] = _named(people.user_person(account, row["_user"]))
    shown["customer"] = _named(people.customer_person(account, row["_customer"]), photo=True)
    return hal(shown)


def _named(person: Row | None, photo: bool = False) -> Row | None:
    """Return a person with `firstName` and `lastName`, as ratings have them."""
    if person is None:
        return None
    named = {"id": person["id"], "email": person.get("email"), "firstName": person.get("first")}
    named["lastName"] = person.get("last")
    return {**named, "photoUrl": person.get("photoUrl")} if photo else named


def report(call: Call) -> SimResponse:
    """Return a page of the ratings given between two times; no envelope of links, no id of a rating."""
    account, start, end = call.account, call.time("start"), call.time("end")
    if start is None or end is None:
        raise wrong("start" if start is None else "end", "may not be empty", "NotEmpty")
    asked = call.param("rating") or "all"
    if asked != "all" and asked not in FILTERS:
        raise wrong("rating", f"must be one of {[*FILTERS, 'all']}", "Enum", rejectedValue=asked)
    order = call.param("sortField") or "modifiedAt"
    if order not in SORTS:
        raise wrong("sortField", f"must be one of {list(SORTS)}", "Enum", rejectedValue=order)
    boxes = {int(part) for part in (call.param("mailboxes") or "").split(",") if part.isdigit()}
    rows = [
        row
        for row in account.tables["ratings"].values()
        if start <= row["createdAt"] <= end
        and (asked == "all" or NUMBERS.get(row["rating"]) == FILTERS[asked])
        and (not boxes or row["mailboxId"] in boxes)
    ]
    rows.sort(key=lambda row: (row[SORTS[order]], row["id"]), reverse=call.param("sortOrder") != "ASC")
    page = max(call.number("page") or 1, 1)
    shown = [_row(account, row) for row in rows[(page - 1) * REPORT_PAGE : page * REPORT_PAGE]]
    pages = -(-len(rows) // REPORT_PAGE)
    return json_response({"results": shown, "page": page, "pages": pages, "count": len(rows)})


def _row(account: Account, row: Row) -> Row:
    user = people.user_person(account, row["_user"]) or {}
    customer = people.customer_person(account, row["_customer"]) or {}
    return {
        "number": row["conversationNumber"],
        "threadid": row["threadId"],
        "threadCreatedAt": row["_thread_at"],
        "id": row["conversationId"],
        "type": row["_type"],
        "ratingId": NUMBERS.get(row["rating"], 0),
        "ratingCustomerId": row["_customer"],
        "ratingComments": row["comments"],
        "ratingCreatedAt": row["createdAt"],
        "ratingCustomerName": f"{customer.get('first', '')} {customer.get('last', '')}".strip(),
        "ratingUserId": row["_user"],
        "ratingUserName": f"{user.get('first', '')} {user.get('last', '')}".strip(),
    }


ROUTES = (
    Route("GET", "/v2/ratings/{id}", get),
    Route("GET", "/v2/reports/happiness/ratings", report),
)
