"""What an administrator has set up before the first customer writes."""

from __future__ import annotations

from deskferry.simulators.help_scout import docs_sites, inboxes, properties, users, workflows
from deskferry.simulators.help_scout.account import Account

STAFF = (
    ("Olive Owner", "olive.owner@acme.example", "owner"),
    ("Ada Novak", "ada.novak@acme.example", "admin"),
    ("Ben Okafor", "ben.okafor@acme.example", "user"),
)
INBOXES = (("Acme Support", "support@acme.example"), ("Billing", "billing@acme.example"))


def prepare(account: Account) -> None:
    """Fill an account with users, a team, inboxes with fields, properties and workflows."""
    ids = [users.add_user(account, {"name": n, "email": e, "role": r})["id"] for n, e, r in STAFF]
    users.add_team(account, "Escalations", ids[1:])
    boxes = [inboxes.add(account, name, email)["id"] for name, email in INBOXES]
    for box in boxes:
        inboxes.add_field(account, box, "Order number", "singleline")
        inboxes.add_field(account, box, "Product", "dropdown", ("Chair", "Desk", "Lamp"))
    properties.define(account, "customer_properties", "Plan", "dropdown", ("Free", "Pro"))
    properties.define(account, "organization_properties", "Seats", "number")
    workflows.prepare(account, boxes)
    docs_sites.add(account, "Acme Help", "acme")
