"""Many tickets at once: background updates and deletions, and the merge of tickets."""

from __future__ import annotations

from deskferry.simulators.freshdesk import conversations, jobs, tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, FLAG, HASH, TEXT, WHOLE, WHOLES, fields, read
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, no_match
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.routing import Call, Route, empty
from deskferry.simulators.freshdesk.ticket_values import UPDATE
from deskferry.simulators.kernel import SimResponse

PROPERTIES = {
    **{name: UPDATE[name] for name in UPDATE if name not in ("attachments", "subject", "description", "name")},
    **fields({TEXT: "from_email", FLAG: "skip_close_notification"}),
}
REPLY = fields({TEXT: "body", WHOLES: "attachment_ids inline_attachment_ids", ANY: "cloud_files"})
MERGE = fields(
    {
        WHOLE: "primary_id",
        WHOLES: "ticket_ids",
        HASH: "note_in_primary note_in_secondary",
        FLAG: "convert_recepients_to_cc",
    },
)
NOTE = fields({TEXT: "body", FLAG: "private"})


def _action(call: Call) -> Row:
    given = call.values(fields({HASH: "bulk_action"}), ("bulk_action",))["bulk_action"]
    spec = fields({WHOLES: "ids", HASH: "properties reply"})
    values = read(Payload(given), spec, ("ids",), "bulk_action.")
    if not values["ids"]:
        raise invalid(fault("bulk_action.ids", BLANK, "missing_field"))
    return values


def update(call: Call) -> SimResponse:
    """Change many tickets, and perhaps reply to them, in the background."""
    account = call.account
    values = _action(call)
    given = read(Payload(values.get("properties") or {}), PROPERTIES, prefix="properties.")
    answer = read(Payload(values.get("reply") or {}), REPLY, prefix="reply.")
    if not given and not answer:
        raise invalid(fault("properties", "Please fill at least 1 of properties, reply fields", "missing_field"))
    if {"internal_agent_id", "internal_group_id"} & set(given) and "status" not in given:
        raise invalid(fault("properties.status", BLANK, "missing_field"))
    quiet = bool(given.pop("skip_close_notification", False))
    sender = given.pop("from_email", None)

    def one(ticket_id: int) -> Row:
        row = tickets.live(account, ticket_id)
        tickets.change(account, row, dict(given), quiet=quiet)
        if answer.get("body"):
            reply = {"body": answer["body"], "from_email": sender}
            note = conversations.send_reply(account, row, reply, Payload({}), call.caller)
            note["_files"] = list(answer.get("attachment_ids") or [])
        return {"id": ticket_id, "success": True}

    return jobs.start(account, "Tickets::BulkUpdate", values["ids"], one)


def delete(call: Call) -> SimResponse:
    """Move many tickets to the trash in the background."""
    account = call.account
    values = _action(call)

    def one(ticket_id: int) -> Row:
        row = tickets.live(account, ticket_id)
        row["deleted"] = True
        tickets.touch(account, row)
        return {"id": ticket_id, "success": True}

    return jobs.start(account, "Tickets::BulkDelete", values["ids"], one)


def merge(call: Call) -> SimResponse:
    """Merge tickets: a note in each says so, and the secondaries are closed."""
    account = call.account
    values = call.values(MERGE, ("primary_id", "ticket_ids"))
    primary = _mergeable(account, "primary_id", values["primary_id"])
    ids = [ticket_id for ticket_id in values["ticket_ids"] if ticket_id != primary["id"]]
    seconds = [_mergeable(account, "ticket_ids", ticket_id) for ticket_id in ids]
    numbers = ", ".join(str(ticket_id) for ticket_id in ids)
    _note(call, primary, values.get("note_in_primary"), f"Tickets with ids {numbers} are merged into this ticket.")
    for row in seconds:
        if values.get("convert_recepients_to_cc"):
            address = (account.person(row["requester_id"]) or {}).get("email")
            primary["cc_emails"] = list(dict.fromkeys([*primary["cc_emails"], *([address] if address else [])]))
        text = f"This ticket is closed and merged into ticket {primary['id']}."
        _note(call, row, values.get("note_in_secondary"), text)
        tickets.change(account, row, {"status": 5}, quiet=True)
    return empty()


def _mergeable(account: Account, name: str, ticket_id: int) -> Row:
    row = account.tables["tickets"].get(ticket_id)
    if row is None or row["deleted"] or row["spam"] or row.get("_archived"):
        raise no_match(name, "ticket")
    return row


def _note(call: Call, ticket: Row, given: Row | None, text: str) -> None:
    values = read(Payload(given or {}), NOTE, prefix="note.")
    note = {"body": values.get("body") or text, "private": values.get("private") is not False}
    conversations.store_note(call.account, ticket, note, Payload({}), call.caller)


ROUTES = (
    Route("POST", "/tickets/bulk_update", update),
    Route("POST", "/tickets/bulk_delete", delete),
    Route("PUT", "/tickets/merge", merge),
)
