"""Inboxes, which the API calls mailboxes: their custom fields, folders, routing; all to read."""

from __future__ import annotations

import hashlib

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.paging import listed, paged
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.kernel import SimResponse

FOLDERS = (
    ("Unassigned", "unassigned"),
    ("Mine", "mytickets"),
    ("Drafts", "drafts"),
    ("Assigned", "assigned"),
    ("Closed", "closed"),
    ("Spam", "spam"),
)


def add(account: Account, name: str, email: str, **times: str) -> Row:
    """Store an inbox with its folders."""
    slug = hashlib.sha256(f"{account.seed}/{email}".encode()).hexdigest()[:16]
    folders = {kind: account.new_id("folders") for _, kind in FOLDERS}
    return account.add("mailboxes", {"name": name, "slug": slug, "email": email, "_folders": folders, **times})


def add_field(account: Account, mailbox: int, name: str, kind: str, labels: tuple[str, ...] = ()) -> Row:
    """Store a custom field of an inbox: every inbox has fields of its own, with ids of their own."""
    order = 1 + sum(1 for row in account.tables["fields"].values() if row["_mailbox"] == mailbox)
    options = [{"id": account.new_id("options"), "order": n, "label": label} for n, label in enumerate(labels, 1)]
    row: Row = {"name": name, "type": kind, "required": False, "order": order, "options": options}
    return account.add("fields", {**row, "_mailbox": mailbox})


def _show(account: Account, row: Row) -> Row:
    own = f"{account.settings.origin}/v2/mailboxes/{row['id']}"
    shown = {name: row[name] for name in ("id", "name", "slug", "email", "createdAt", "updatedAt")}
    links = {"fields": f"{own}/fields/", "folders": f"{own}/folders/", "self": own}
    return {**shown, "_links": {name: {"href": href} for name, href in links.items()}}


def list_all(call: Call) -> SimResponse:
    """Return a page of the inboxes."""
    account = call.account
    rows = list(account.tables["mailboxes"].values())
    return paged(call, "mailboxes", rows, lambda row: _show(account, row), account.settings.list_page)


def get(call: Call) -> SimResponse:
    """Return one inbox."""
    return hal(_show(call.account, call.account.get("mailboxes", call.id)))


def fields(call: Call) -> SimResponse:
    """Return the custom fields of an inbox; only dropdowns have options."""
    call.account.get("mailboxes", call.id)
    names = ("id", "required", "order", "type", "name")
    shown: list[Row] = []
    for row in call.account.tables["fields"].values():
        if row["_mailbox"] == call.id:
            options = {"options": row["options"]} if row["type"] == "dropdown" else {}
            shown.append({name: row[name] for name in names} | options)
    return listed(call, "fields", shown)


def folders(call: Call) -> SimResponse:
    """Return the folders of an inbox with their counts."""
    account = call.account
    row = account.get("mailboxes", call.id)
    shown: list[Row] = []
    for name, kind in FOLDERS:
        folder = row["_folders"][kind]
        inside = [one for one in account.lists.docs["conversations"].values() if one["folderId"] == folder]
        active = sum(1 for one in inside if one["status"] == "active")
        values: Row = {"id": folder, "name": name, "type": kind, "totalCount": len(inside), "activeCount": active}
        values |= {"userId": call.user_id if kind == "mytickets" else 0, "updatedAt": row["updatedAt"]}
        shown.append(values)
    return listed(call, "folders", shown)


def routing(call: Call) -> SimResponse:
    """Return how conversations of an inbox find a user. No source shows more than that the path is there."""
    call.account.get("mailboxes", call.id)
    return hal({"enabled": False, "users": []})


ROUTES = (
    Route("GET", "/v2/mailboxes", list_all),
    Route("GET", "/v2/mailboxes/{id}", get),
    Route("GET", "/v2/mailboxes/{id}/fields", fields),
    Route("GET", "/v2/mailboxes/{id}/folders", folders),
    Route("GET", "/v2/mailboxes/{id}/routing", routing),
)
