"""Workflows: to list, switch and run. Their time of change is called `modifiedAt`."""

from __future__ import annotations

from deskferry.simulators.help_scout import access, tags
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, fault, invalid, refused, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse

TAG = "auto-tagged"


def prepare(account: Account, inboxes: list[int]) -> None:
    """Store what every inbox begins with: one that runs by itself, one by hand, one that is broken."""
    kinds = (("Tag new conversations", "automatic", "active"), ("Escalate", "manual", "active"))
    for inbox in inboxes:
        for order, (name, kind, status) in enumerate((*kinds, ("Old rule", "automatic", "invalid")), 1):
            row: Row = {"mailboxId": inbox, "type": kind, "status": status, "order": order, "name": name}
            account.add("workflows", row)


def _show(row: Row) -> Row:
    names = ("id", "mailboxId", "type", "status", "order", "name", "createdAt")
    return {**{name: row[name] for name in names}, "modifiedAt": row["updatedAt"]}


def list_all(call: Call) -> SimResponse:
    """Return a page of the workflows."""
    box, kind = call.number("mailboxId"), call.param("type")
    rows = [
        row
        for row in call.account.tables["workflows"].values()
        if (box is None or row["mailboxId"] == box) and (kind is None or row["type"] == kind)
    ]
    return paged(call, "workflows", rows, _show, call.account.settings.list_page)


def switch(call: Call) -> SimResponse:
    """Switch a workflow on or off."""
    row, body = call.account.get("workflows", call.id), call.body()
    if (body.get("op"), body.get("path")) != ("replace", "/status") or body.get("value") not in ("active", "inactive"):
        raise wrong("value", "must be one of [active, inactive]", "Enum", rejectedValue=body.get("value"))
    row["status"] = body["value"]
    call.account.touch(row)
    return empty()


def run(call: Call) -> SimResponse:
    """Run a workflow by hand on conversations; automatic ones cannot be."""
    account, row = call.account, call.account.get("workflows", call.id)
    ids = call.body().get("conversationIds")
    if not isinstance(ids, list) or not ids:
        raise invalid(fault("conversationIds", "may not be empty"))
    if row["type"] != "manual" or row["status"] != "active":
        raise refused(400, "Only active manual workflows can be run")
    for row_id in ids:
        apply(account, row, access.readable(call, int(row_id)), "manual-workflow")
    return empty()


def apply(account: Account, workflow: Row, row: Row, kind: str) -> None:
    """Let a workflow act on a conversation: a tag, and a line that says so. The user's time does not move."""
    tag = tags.tag_id(account, TAG)
    if tag not in row["_tags"]:
        row["_tags"].append(tag)
    entities = {"workflow": workflow["id"]}
    action: Row = {"type": kind, "text": f"Workflow ran: {workflow['name']}", "associatedEntities": entities}
    line: Row = {"type": "lineitem", "action": action, "source": {"type": "workflows", "via": "user"}}
    store.add_thread(account, row, {**line, "_creator": ("user", account.owner()), "_customer": row["_customer"]})
    store.keep(account, row)


def conversation_made(account: Account, row: Row) -> None:
    """Run what runs by itself on a new conversation, imported or not: no source says that imports are spared."""
    if not account.settings.workflows:
        return
    for workflow in list(account.tables["workflows"].values()):
        runs = workflow["type"] == "automatic" and workflow["status"] == "active"
        if runs and workflow["mailboxId"] == row["mailboxId"]:
            apply(account, workflow, row, "automatic-workflow")


ROUTES = (
    Route("GET", "/v2/workflows", list_all),
    Route("PATCH", "/v2/workflows/{id}", switch),
    Route("POST", "/v2/workflows/{id}/run", run),
)
