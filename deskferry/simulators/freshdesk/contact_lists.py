"""Contacts in bulk: the list with its filters, autocomplete, and the merge of twins."""

from __future__ import annotations

from deskferry.simulators.freshdesk import contacts, customs
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import HASH, TEXT, TEXTS, WHOLE, WHOLES, fields, one_of, read
from deskferry.simulators.freshdesk.companies import begins
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, not_found
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.paging import bounds, link
from deskferry.simulators.freshdesk.routing import Call, Route, empty
from deskferry.simulators.freshdesk.times import read_time
from deskferry.simulators.kernel import SimResponse, json_response

FILTERS = ("email", "mobile", "phone", "company_id", "state", "contact_type", "unique_external_id")
SINCE = ("updated_since", "_updated_since")
STATES = ("blocked", "deleted", "unverified", "verified")
# What a list leaves out of the view of one.
UNLISTED = ("other_emails", "tags", "avatar", "view_all_tickets", "devices")
MERGE = fields({WHOLE: "primary_contact_id", WHOLES: "secondary_contact_ids", HASH: "contact"})
MERGED = fields(
    {TEXT: "email phone mobile twitter_id unique_external_id", TEXTS: "other_emails", WHOLES: "company_ids"},
)


def listed(account: Account, row: Row) -> Row:
    """Return a contact as lists show it: no tags, no further addresses, other companies as bare ids."""
    shown = {key: value for key, value in row.items() if key[0] != "_" and key not in UNLISTED and key != "deleted"}
    shown["custom_fields"] = customs.shown_values(account, contacts.TABLE, row["custom_fields"])
    shown["other_companies"] = [item["company_id"] for item in row["other_companies"]]
    shown |= {"csat_rating": None, "preferred_source": None, **contacts.parts_of(row["name"])}
    return {**shown, "deleted": True} if row["deleted"] else shown


def listing(call: Call) -> SimResponse:
    """Return contacts in alphabetical order; deleted and blocked ones only by `state`."""
    account = call.account
    query = call.query(*FILTERS, *SINCE)
    one_of("state", query.get("state"), STATES)
    one_of("contact_type", query.get("contact_type"), ("contact", "visitor"))
    page, size = bounds(call)
    start = (page - 1) * size
    if not set(query) - {"page", "per_page"}:
        ids = account.contact_order.page(0, start, size + 1, descending=False)
    else:
        ids = _filtered(account, query)[start : start + size + 1]
    rows = [listed(account, account.tables["contacts"][row_id]) for row_id in ids[:size]]
    return json_response(rows, headers=link(call, page, more=len(ids) > size))


def _filtered(account: Account, query: dict[str, str]) -> list[int]:
    key = ("contacts", tuple(sorted(item for item in query.items() if item[0] not in ("page", "per_page"))))
    return account.cached(key, lambda: _select(account, query))


def _select(account: Account, query: dict[str, str]) -> list[int]:
    text = query.get("updated_since") or query.get("_updated_since")
    since = read_time(text) if text else ""
    if since is None:
        raise invalid(fault("updated_since", "It should be in the 'combined date and time ISO8601' format"))
    table = account.tables["contacts"]
    state = query.get("state")
    if "email" in query:
        found = account.people_by["email"].get(query["email"].lower())
        rows = [table[found]] if found in table else []
    elif state in ("deleted", "blocked"):
        rows = sorted(table.values(), key=lambda row: ((row["name"] or "").casefold(), row["id"]))
    else:
        rows = [table[row_id] for row_id in account.contact_order.ids()]
    return [row["id"] for row in rows if row["updated_at"] >= since and _fits(row, query)]


def _fits(row: Row, query: dict[str, str]) -> bool:
    state = query.get("state")
    if row["deleted"] is not (state == "deleted") or (row["_blocked"] is not (state == "blocked")):
        return False
    if state in ("verified", "unverified") and row["active"] is not (state == "verified"):
        return False
    names = ("mobile", "phone", "company_id", "contact_type", "unique_external_id")
    return all(str(row[name]) == query[name] for name in names if name in query)


def autocomplete(call: Call) -> SimResponse:
    """Return contacts of whose name a word begins with the term."""
    term = (call.query("term").get("term") or "").casefold()
    table = call.account.tables["contacts"]
    rows = (table[row_id] for row_id in call.account.contact_order.ids())
    return json_response([{"id": row["id"], "name": row["name"]} for row in rows if begins(row["name"] or "", term)])


def merge(call: Call) -> SimResponse:
    """Merge contacts: tickets and addresses go to the primary, secondaries disappear."""
    account = call.account
    values = call.values(MERGE, ("primary_contact_id", "secondary_contact_ids"))
    wanted = read(Payload(values.get("contact") or {}), MERGED, prefix="contact.")
    primary = contacts.live(account, values["primary_contact_id"])
    table = account.tables["contacts"]
    if any(row_id not in table or table[row_id]["deleted"] for row_id in values["secondary_contact_ids"]):
        raise not_found()
    seconds = [table[row_id] for row_id in values["secondary_contact_ids"]]
    for name in ("phone", "mobile", "twitter_id", "unique_external_id"):
        if primary[name] and any(row[name] for row in seconds) and name not in wanted:
            raise invalid(fault(f"contact.{name}", customs.BLANK, "missing_field"))
    for row in seconds:
        _absorb(account, primary, row)
    wanted.pop("company_ids", None)
    primary.update({name: value for name, value in wanted.items() if value is not None})
    account.touch(primary)
    contacts.register(account, primary)
    return empty()


def _absorb(account: Account, primary: Row, row: Row) -> None:
    addresses = [address for address in (row["email"], *row["other_emails"]) if address]
    primary["other_emails"] += [a for a in addresses if a not in (primary["email"], *primary["other_emails"])]
    for name in ("email", "phone", "mobile", "twitter_id", "unique_external_id", "company_id"):
        primary[name] = primary[name] or row[name]
    row |= {"deleted": True, "other_emails": [], "email": None, "twitter_id": None, "unique_external_id": None}
    row["_merged_into"] = primary["id"]
    account.touch(row)
    contacts.register(account, row)
    for ticket_id in list(account.tickets.by_requester.get(row["id"], ())):
        ticket = account.tickets.rows[ticket_id]
        ticket["requester_id"] = primary["id"]
        account.tickets.put(ticket)


ROUTES = (
    Route("GET", "/contacts", listing, endpoint="contact_list"),
    Route("GET", "/contacts/autocomplete", autocomplete),
    Route("POST", "/contacts/merge", merge),
)
