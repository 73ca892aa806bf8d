"""Companies: unique names and domains, contacts attached by domain, final deletion."""

from __future__ import annotations

from deskferry.simulators.freshdesk import customs
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, HASH, TEXT, TEXTS, fields, length_ok, one_of
from deskferry.simulators.freshdesk.errors import Row, duplicate, fault, invalid
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.freshdesk.times import read_time
from deskferry.simulators.kernel import SimResponse, json_response

TABLE = "company_fields"
SPEC = fields(
    {
        HASH: "custom_fields",
        TEXT: "name description note health_score account_tier industry lookup_parameter",
        TEXTS: "domains",
        ANY: "renewal_date",
    },
)
CHOICES = ("health_score", "account_tier", "industry")


def show(account: Account, row: Row) -> Row:
    """Return a company as the API shows it."""
    return {**row, "custom_fields": customs.shown_values(account, TABLE, row["custom_fields"])}


def create(call: Call) -> SimResponse:
    """Create a company."""
    account = call.account
    values = call.values(SPEC, ("name",))
    row: Row = {"id": 0, **dict.fromkeys(("name", "description", "note"))}
    row |= {"domains": [], **dict.fromkeys((*CHOICES, "renewal_date")), "custom_fields": {}}
    _write(account, row, values)
    account.add("companies", row)
    index(account, row)
    return created(call, "/companies", show(account, row))


def update(call: Call) -> SimResponse:
    """Change a company; `domains` replaces."""
    account = call.account
    row = account.get("companies", call.id)
    changed = {**row, "custom_fields": dict(row["custom_fields"])}
    _write(account, changed, call.values(SPEC))
    row.update(changed)
    _forget(account, row["id"])
    account.touch(row)
    index(account, row)
    return json_response(show(account, row))


def _write(account: Account, row: Row, values: Row) -> None:
    values.pop("lookup_parameter", None)
    if "name" in values and not values["name"]:
        raise invalid(fault("name", customs.BLANK))
    length_ok("name", values.get("name"))
    for name in CHOICES:
        allowed = [choice for field in account.fields(TABLE) if field["name"] == name for choice in field["choices"]]
        one_of(name, values.get(name), allowed)
    if values.get("renewal_date") is not None:
        values["renewal_date"] = read_time(values["renewal_date"])
        if values["renewal_date"] is None:
            raise invalid(fault("renewal_date", "It should be in the 'yyyy-mm-dd' format"))
    if values.get("domains") is not None:
        values["domains"] = list(dict.fromkeys(domain.lower() for domain in values["domains"]))
    given = values.pop("custom_fields", None) or {}
    row["custom_fields"] = customs.read_values(account, TABLE, given, row["custom_fields"])
    row.update({key: value for key, value in values.items() if key != "domains" or value is not None})
    customs.demand_custom(account, TABLE, row["custom_fields"])
    _unique(account, row)


def _unique(account: Account, row: Row) -> None:
    if account.companies_by["name"].get(row["name"].casefold(), row["id"]) != row["id"]:
        raise duplicate("name")
    if any(account.companies_by["domain"].get(domain, row["id"]) != row["id"] for domain in row["domains"]):
        raise duplicate("domains")


def by_domain(account: Account, email: str | None) -> int | None:
    """Return the company that an address belongs to by its domain."""
    return account.companies_by["domain"].get((email or "").rpartition("@")[2].lower())


def _forget(account: Account, company_id: int) -> None:
    for known in account.companies_by.values():
        for key in [key for key, value in known.items() if value == company_id]:
            del known[key]


def view(call: Call) -> SimResponse:
    """Return one company."""
    return json_response(show(call.account, call.account.get("companies", call.id)))


def listing(call: Call) -> SimResponse:
    """Return companies by name; `updated_since` where the account knows it."""
    account = call.account
    known = ("updated_since", "_updated_since") if account.settings.companies_since else ()
    query = call.query(*known)
    text = query.get("updated_since") or query.get("_updated_since")
    since = read_time(text) if text else ""
    if since is None:
        raise invalid(fault("updated_since", "It should be in the 'combined date and time ISO8601' format"))
    rows = [row for row in account.tables["companies"].values() if row["updated_at"] >= since]
    rows.sort(key=lambda row: (row["name"].casefold(), row["id"]))
    return paged(call, rows, lambda row: show(account, row))


def autocomplete(call: Call) -> SimResponse:
    """Return companies of whose name a word begins with the term."""
    term = (call.query("name").get("name") or "").casefold()
    rows = call.account.tables["companies"].values()
    found = [{"id": row["id"], "name": row["name"]} for row in rows if begins(row["name"], term)]
    return json_response({"companies": found})


def begins(name: str, term: str) -> bool:
    """Say whether a name, or one of its words, begins with a term."""
    folded = name.casefold()
    return bool(term) and (folded.startswith(term) or any(word.startswith(term) for word in folded.split()))


def delete(call: Call) -> SimResponse:
    """Delete for good; contacts and tickets stay, unlinked."""
    account = call.account
    account.get("companies", call.id)
    del account.tables["companies"][call.id]
    _forget(account, call.id)
    for contact in account.tables["contacts"].values():
        if contact["company_id"] == call.id:
            contact["company_id"] = None
        contact["other_companies"] = [item for item in contact["other_companies"] if item["company_id"] != call.id]
    for ticket_id in list(account.tickets.by_company.get(call.id, ())):
        account.tickets.rows[ticket_id]["company_id"] = None
        account.tickets.put(account.tickets.rows[ticket_id])
    account.note_search("companies", call.id, None)
    account.version += 1
    return empty()


def index(account: Account, row: Row) -> None:
    """Keep names and domains findable, and tell the search index."""
    account.companies_by["name"][row["name"].casefold()] = row["id"]
    account.companies_by["domain"].update(dict.fromkeys(row["domains"], row["id"]))
    doc = {"domain": row["domains"], "created_at": row["created_at"], "updated_at": row["updated_at"]}
    account.note_search("companies", row["id"], {**row["custom_fields"], **doc})


ROUTES = (
    Route("POST", "/companies", create),
    Route("GET", "/companies", listing),
    Route("GET", "/companies/autocomplete", autocomplete),
    Route("GET", "/companies/{id}", view),
    Route("PUT", "/companies/{id}", update),
    Route("DELETE", "/companies/{id}", delete),
)
