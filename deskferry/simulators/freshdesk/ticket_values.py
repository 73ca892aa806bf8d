"""The values of a ticket: what a call may send, and whether the account accepts it."""

from __future__ import annotations

from deskferry.simulators.freshdesk import agents, customs, markup
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import (
    ANY,
    HASH,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    WHOLES,
    fields,
    length_ok,
    one_of,
    tags_ok,
)
from deskferry.simulators.freshdesk.contacts import EMAIL
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, needs_feature, no_match
from deskferry.simulators.freshdesk.times import read_time

UPDATE = fields(
    {
        TEXT: "name email facebook_id phone twitter_id unique_external_id subject type description lookup_parameter",
        WHOLE: "requester_id status priority responder_id email_config_id group_id parent_id product_id source "
        "company_id internal_agent_id internal_group_id",
        HASH: "custom_fields",
        TIME: "due_by fr_due_by",
        TEXTS: "tags",
        ANY: "attachments",
    },
)
CREATE = {**UPDATE, **fields({TEXTS: "cc_emails", WHOLES: "related_ticket_ids"})}
OUTBOUND_NAMES = "name email subject type status priority description attachments custom_fields due_by"
OUTBOUND = {name: UPDATE[name] for name in f"{OUTBOUND_NAMES} email_config_id fr_due_by group_id tags".split()}
IMPORT_ID = fields({ANY: "import_id"})
SOURCES = (1, 2, 3, 5, 6, 7, 9, 10, 11, 12)
PLAIN = ("subject", "type", "priority", "status", "source", "cc_emails", "tags", "product_id", "email_config_id")
LINKED = {"product_id": "products", "email_config_id": "email_configs", "group_id": "groups"}


def statuses(account: Account) -> dict[int, list[str]]:
    """Return the account's statuses: id to agent and customer labels."""
    found = next(row for row in account.tables["ticket_fields"].values() if row["name"] == "status")
    return {int(key): labels for key, labels in found["choices"].items()}


def types(account: Account) -> list[str]:
    """Return the account's ticket types."""
    found = next(row for row in account.tables["ticket_fields"].values() if row["name"] == "ticket_type")
    names: list[str] = found["choices"]
    return names


def apply(account: Account, row: Row, values: Row, *, is_form: bool) -> None:
    """Put the values of a call into a ticket; raises for what the account does not accept."""
    _choices(account, values)
    for name, table in LINKED.items():
        if values.get(name) is not None and values[name] not in account.tables[table]:
            raise no_match(name, name.removesuffix("_id"))
    _company(account, values)
    _times(account, row, values)
    if values.get("description") is not None:
        row["description"] = markup.clean(values["description"])
    for name in PLAIN:
        if name in values and values[name] is not None:
            row[name] = values[name]
        elif name in values and name not in ("priority", "status", "source"):
            row[name] = [] if name in ("tags", "cc_emails") else None
    row["tags"] = list(dict.fromkeys(row["tags"]))
    for name in ("group_id", "responder_id", "internal_agent_id", "internal_group_id", "company_id"):
        if name in values:
            row[name] = values[name]
    _assignee(account, row, values)
    given = values.get("custom_fields") or {}
    row["custom_fields"] = customs.read_values(account, "ticket_fields", given, row["custom_fields"], is_form=is_form)


def _choices(account: Account, values: Row) -> None:
    one_of("status", values.get("status"), sorted(statuses(account)))
    one_of("priority", values.get("priority"), (1, 2, 3, 4))
    one_of("source", values.get("source"), SOURCES)
    one_of("type", values.get("type"), types(account))
    length_ok("subject", values.get("subject"))
    tags_ok(values.get("tags"))
    for address in values.get("cc_emails") or ():
        if not EMAIL.match(address.rpartition("<")[2].rstrip(">")):
            raise invalid(fault("cc_emails", "It should contain elements that are in the 'valid email address' format"))
    if len(values.get("cc_emails") or ()) > 50:
        raise invalid(fault("cc_emails", "Has too many elements, it can have maximum of 50 elements"))


def _company(account: Account, values: Row) -> None:
    if values.get("company_id") is None:
        return
    if not account.has("multiple_companies"):
        raise needs_feature("multiple_companies")
    if values["company_id"] not in account.tables["companies"]:
        raise no_match("company_id", "company")


def _times(account: Account, row: Row, values: Row) -> None:
    names = ("due_by", "fr_due_by")
    given = [name for name in names if values.get(name) is not None]
    if len(given) == 1:
        other = next(name for name in names if name not in given)
        raise invalid(fault(other, "It should not be blank when the other due time is set", "missing_field"))
    for name in given:
        row[name] = read_time(values[name])
        if row[name] < row.get("created_at", account.now()):
            raise invalid(fault(name, "It should not be earlier than the time of creation"))
    if given and row["due_by"] < row["fr_due_by"]:
        raise invalid(fault("due_by", "It should not be earlier than fr_due_by"))
    if given:
        row["_due_given"] = True


def _assignee(account: Account, row: Row, values: Row) -> None:
    internal = values.get("internal_agent_id") or values.get("internal_group_id")
    if internal and not account.has("shared_ownership"):
        raise needs_feature("shared_ownership")
    agents.of_group(account, values.get("internal_agent_id"), "internal_agent_id")
    if "responder_id" not in values and "group_id" not in values:
        return
    agent = agents.of_group(account, values.get("responder_id"))
    if agent and row["group_id"] and agent["ticket_scope"] != 1 and row["group_id"] not in agent["group_ids"]:
        raise invalid(fault("responder_id", "The assigned agent does not belong to the specified group"))


def take_times(values: Row, account: Account) -> Row:
    """Take the times of a backdated call out of its values."""
    values.pop("import_id", None)
    moment = read_time(values.pop("created_at", None)) or account.now()
    return {"created_at": moment, "updated_at": read_time(values.pop("updated_at", None)) or moment}
