"""Contacts: creation, change, trash, and the twins that answer 409."""

from __future__ import annotations

import re

from deskferry.simulators.freshdesk import attachments, companies, customs, effects
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import (
    FLAG,
    HASH,
    HASHES,
    TEXT,
    TEXTS,
    WHOLE,
    Kind,
    fields,
    length_ok,
    one_of,
    tags_ok,
)
from deskferry.simulators.freshdesk.errors import (
    ApiError,
    Row,
    duplicate,
    fault,
    invalid,
    needs_feature,
    no_match,
    not_allowed,
    not_found,
)
from deskferry.simulators.freshdesk.names import LANGUAGES, TIME_ZONES
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

TABLE = "contact_fields"
EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\Z")
FILE = Kind("valid file format", lambda value: value is None)
SPEC = fields(
    {
        TEXT: "name email phone mobile twitter_id unique_external_id address description job_title language "
        "time_zone lookup_parameter",
        HASHES: "social_handler other_companies",
        TEXTS: "other_emails tags",
        WHOLE: "company_id",
        FLAG: "view_all_tickets",
        HASH: "custom_fields",
        FILE: "avatar",
    },
)
IDENTITIES = ("email", "phone", "mobile", "twitter_id", "unique_external_id")
GATES = {"language": "multi_language", "time_zone": "multi_timezone", "other_companies": "multiple_companies"}
BLANK = {
    **dict.fromkeys((*IDENTITIES, "company_id", "address", "description", "job_title", "facebook_id")),
    "view_all_tickets": False,
    "active": False,
    "deleted": False,
    "contact_type": "contact",
}


def show(account: Account, row: Row) -> Row:
    """Return a contact as a view of one shows it."""
    shown = {key: value for key, value in row.items() if key[0] != "_" and key != "deleted"}
    shown["custom_fields"] = customs.shown_values(account, TABLE, row["custom_fields"])
    picture = attachments.show(account, [row["_avatar"]]) if row["_avatar"] else []
    shown["avatar"] = {**picture[0], "avatar_url": picture[0].pop("attachment_url")} if picture else None
    shown |= parts_of(row["name"])
    return {**shown, "deleted": True} if row["deleted"] else shown


def parts_of(name: str | None) -> Row:
    """Return the parts of a name, as newer accounts tell them."""
    first, _, last = (name or "").partition(" ")
    return {"first_name": first or None, "last_name": last or None}


def live(account: Account, contact_id: int) -> Row:
    """Return a contact that may be changed: 404 for none, 405 for one in the trash or blocked."""
    row = account.get("contacts", contact_id)
    if row["deleted"] or row["_blocked"]:
        raise not_allowed()
    return row


def add(account: Account, values: Row, *, contact_id: int = 0) -> Row:
    """Store a new contact from checked values."""
    row: Row = {"id": contact_id or account.new_id("contacts"), "name": values.get("name"), **BLANK}
    row |= {"other_emails": [], "tags": [], "other_companies": [], "social_handler": [], "devices": []}
    row |= {"language": "en", "time_zone": account.settings.time_zone, "custom_fields": {}}
    row |= {"_avatar": None, "_blocked": False}
    row.update(values)
    if row["company_id"] is None:
        row["company_id"] = companies.by_domain(account, row["email"])
    account.add("contacts", row)
    register(account, row)
    return row


def register(account: Account, row: Row) -> None:
    """Bring the indexes up to date with a contact."""
    unregister(account, row["id"])
    known = account.people_by
    for address in (row["email"], *row["other_emails"]):
        if address:
            known["email"][address.lower()] = row["id"]
    for key in ("unique_external_id", "twitter_id"):
        if row[key]:
            known[key][row[key]] = row["id"]
    account.keys_of[row["id"]] = [a.lower() for a in (row["email"], *row["other_emails"]) if a]
    account.keys_of[row["id"]] += [row[key] for key in ("unique_external_id", "twitter_id") if row[key]]
    if not row["deleted"] and not row["_blocked"]:
        account.contact_order.put(row["id"], (row["name"] or "").casefold())
    account.version += 1
    names = ("active", "company_id", "twitter_id", "email", "phone", "mobile", "language", "time_zone")
    doc = {**row["custom_fields"], **{name: row[name] for name in (*names, "created_at", "updated_at")}}
    account.note_search("contacts", row["id"], None if row["deleted"] else {**doc, "tag": list(row["tags"])})


def unregister(account: Account, contact_id: int) -> None:
    """Take a contact out of the indexes."""
    account.contact_order.drop(contact_id)
    for key in account.keys_of.pop(contact_id, ()):
        for known in account.people_by.values():
            if known.get(key) == contact_id:
                del known[key]


def create(call: Call) -> SimResponse:
    """Create a contact; no mail goes out."""
    account = call.account
    values, files = call.form(SPEC, ("name",))
    if not any(values.get(key) for key in IDENTITIES):
        text = f"Please fill at least 1 of {', '.join(IDENTITIES)} fields"
        raise invalid(fault("email", text, "missing_field"))
    prepared = prepare(account, values, {}, 0, is_form=bool(files))
    prepared["custom_fields"] = {**customs.blank_values(account, TABLE), **prepared.get("custom_fields", {})}
    customs.demand_custom(account, TABLE, prepared["custom_fields"])
    if files:
        prepared["_avatar"] = attachments.avatar(account, files[0])
    return created(call, "/contacts", show(account, add(account, prepared)))


def update(call: Call) -> SimResponse:
    """Change a contact; lists replace."""
    account = call.account
    row = live(account, call.id)
    values, files = call.form(SPEC)
    prepared = prepare(account, values, row["custom_fields"], row["id"], is_form=bool(files))
    if "name" in prepared and not prepared["name"]:
        raise invalid(fault("name", customs.BLANK))
    if not any({**row, **prepared}.get(key) for key in IDENTITIES):
        raise invalid(fault("email", f"Please fill at least 1 of {', '.join(IDENTITIES)} fields", "missing_field"))
    customs.demand_custom(account, TABLE, {**row, **prepared}["custom_fields"])
    if files:
        prepared["_avatar"] = attachments.avatar(account, files[0])
    if prepared.get("email") and prepared["email"] != row["email"]:
        prepared["active"] = False
    row.update(prepared)
    account.touch(row)
    register(account, row)
    return json_response(show(account, row))


def prepare(account: Account, values: Row, old_customs: Row, own_id: int, *, is_form: bool) -> Row:
    """Return values ready to store; raises for features, formats, unknown companies and twins."""
    values.pop("lookup_parameter", None)
    values.pop("avatar", None)
    for name, feature in GATES.items():
        if values.get(name) and not account.has(feature):
            raise needs_feature(feature)
    _formats(values)
    _companies(account, values)
    if values.get("custom_fields") is not None:
        given = values["custom_fields"]
        values["custom_fields"] = customs.read_values(account, TABLE, given, old_customs, is_form=is_form)
    for name in ("tags", "other_emails", "other_companies", "social_handler", "custom_fields"):
        if name in values and values[name] is None:
            values[name] = {} if name == "custom_fields" else []
    _twins(account, values, own_id)
    return values


def _formats(values: Row) -> None:
    addresses = [(values.get("email"), "email"), *((item, "other_emails") for item in values.get("other_emails") or ())]
    for address, name in addresses:
        if address and not EMAIL.match(address):
            raise invalid(fault(name, "It should be in the 'valid email address' format"))
    if values.get("email"):
        values["email"] = values["email"].lower()
    length_ok("name", values.get("name"))
    tags_ok(values.get("tags"))
    one_of("language", values.get("language"), sorted(LANGUAGES))
    one_of("time_zone", values.get("time_zone"), sorted(TIME_ZONES))


def _companies(account: Account, values: Row) -> None:
    others = values.get("other_companies") or []
    if any(set(item) - {"company_id", "view_all_tickets"} or "company_id" not in item for item in others):
        raise invalid(fault("other_companies", "Unexpected/invalid field in request", "invalid_field"))
    for item in others:
        item.setdefault("view_all_tickets", False)
        if item["company_id"] not in account.tables["companies"]:
            raise no_match("other_companies", "company")
    if values.get("company_id") is not None and values["company_id"] not in account.tables["companies"]:
        raise no_match("company_id", "company")


def _twins(account: Account, values: Row, own_id: int) -> None:
    keys = [("email", values["email"])] if values.get("email") else []
    keys += [("other_emails", address) for address in values.get("other_emails") or ()]
    for name, address in keys:
        twin = account.people_by["email"].get(address.lower(), own_id)
        if twin != own_id:
            raise duplicate(name, user_id=twin)
    for name in ("unique_external_id", "twitter_id"):
        twin = account.people_by[name].get(values.get(name) or "", own_id)
        if twin != own_id:
            raise duplicate(name, user_id=twin)


def view(call: Call) -> SimResponse:
    """Return one contact, in the trash or not."""
    return json_response(show(call.account, call.account.get("contacts", call.id)))


def delete(call: Call) -> SimResponse:
    """Move to the trash; the address stays taken."""
    row = live(call.account, call.id)
    row["deleted"] = True
    call.account.touch(row)
    register(call.account, row)
    return empty()


def restore(call: Call) -> SimResponse:
    """Bring back from the trash."""
    row = call.account.get("contacts", call.id)
    if not row["deleted"] or row.get("_merged_into"):
        raise not_found()
    row["deleted"] = False
    call.account.touch(row)
    register(call.account, row)
    return empty()


def hard_delete(call: Call) -> SimResponse:
    """Delete for good, with all tickets of the person."""
    account = call.account
    row = account.get("contacts", call.id)
    if not row["deleted"] and call.query("force").get("force") != "true":
        raise ApiError(400)
    for ticket_id in list(account.tickets.by_requester.get(call.id, ())):
        account.forget_ticket(ticket_id)
    unregister(account, call.id)
    del account.tables["contacts"][call.id]
    account.note_search("contacts", call.id, None)
    return empty()


def send_invite(call: Call) -> SimResponse:
    """Send the activation mail."""
    row = live(call.account, call.id)
    effects.send(call.account, "activation", [row["email"]], None, "Activate your account")
    return empty()


ROUTES = (
    Route("POST", "/contacts", create),
    Route("GET", "/contacts/{id}", view),
    Route("PUT", "/contacts/{id}", update),
    Route("DELETE", "/contacts/{id}", delete),
    Route("DELETE", "/contacts/{id}/hard_delete", hard_delete),
    Route("PUT", "/contacts/{id}/restore", restore),
    Route("PUT", "/contacts/{id}/send_invite", send_invite),
)
