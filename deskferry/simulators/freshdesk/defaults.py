"""The records that a new account has, and those that a usual administrator adds."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row

SOURCES = {
    "Email": 1,
    "Portal": 2,
    "Phone": 3,
    "Forum": 4,
    "Twitter": 5,
    "Facebook": 6,
    "Chat": 7,
    "MobiHelp": 8,
    "Feedback Widget": 9,
    "Outbound Email": 10,
    "Ecommerce": 11,
    "Bot": 12,
}
STATUSES = {
    "2": ["Open", "Being Processed"],
    "3": ["Pending", "Awaiting your Reply"],
    "4": ["Resolved", "This ticket has been Resolved"],
    "5": ["Closed", "This ticket has been Closed"],
    "6": ["Waiting on Customer", "Awaiting your Reply"],
    "7": ["Waiting on Third Party", "Being Processed"],
}
EXTRA_STATUSES = {"8": ["In Review", "Being Processed"], "11": ["On Hold", "Being Processed"]}
TYPES = ["Question", "Incident", "Problem", "Feature Request", "Refund"]
PRIORITIES = {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}
# name, label, type, required for agents, choices of its own
TICKET_FIELDS: tuple[tuple[str, str, str, bool, Any], ...] = (
    ("requester", "Search a requester", "default_requester", True, None),
    ("company", "Company", "default_company", False, None),
    ("subject", "Subject", "default_subject", True, None),
    ("ticket_type", "Type", "default_ticket_type", False, TYPES),
    ("source", "Source", "default_source", False, SOURCES),
    ("status", "Status", "default_status", True, STATUSES),
    ("priority", "Priority", "default_priority", True, PRIORITIES),
    ("group", "Group", "default_group", False, None),
    ("agent", "Agent", "default_agent", False, None),
    ("product", "Product", "default_product", False, None),
    ("description", "Description", "default_description", True, None),
)
CUSTOM_TICKET_FIELDS: tuple[Row, ...] = (
    {"label": "Severity", "type": "custom_dropdown", "choices": ["Minor", "Major", "Blocker"]},
    {"label": "Order number", "type": "custom_text"},
    {"label": "Seats", "type": "custom_number"},
    {"label": "Refund amount", "type": "custom_decimal"},
    {"label": "VIP", "type": "custom_checkbox"},
    {"label": "Follow up on", "type": "custom_date"},
    {"label": "Root cause", "type": "custom_paragraph"},
    {
        "label": "Region",
        "type": "nested_field",
        "choices": [
            {"value": "Europe", "choices": [{"value": "Nordics", "choices": [{"value": "Oslo"}, {"value": "Turku"}]}]},
            {"value": "Americas", "choices": [{"value": "North", "choices": [{"value": "Toronto"}]}]},
        ],
        "dependent_fields": [{"label": "Subregion", "level": 2}, {"label": "City", "level": 3}],
    },
)
CONTACT_FIELDS = (
    *("name", "job_title", "email", "phone", "mobile", "twitter_id", "company_name", "address", "time_zone"),
    *("language", "tag_names", "description", "client_manager"),
)
CONTACT_CUSTOM: tuple[Row, ...] = (
    {"label": "Department", "type": "custom_text"},
    {"label": "Loyalty", "type": "custom_dropdown", "choices": ["Bronze", "Silver", "Gold"]},
    {"label": "Newsletter", "type": "custom_checkbox"},
)
COMPANY_CUSTOM: tuple[Row, ...] = (
    {"label": "Website", "type": "custom_url"},
    {"label": "Employees", "type": "custom_number"},
)
COMPANY_FIELDS: dict[str, list[str] | None] = {
    "name": None,
    "description": None,
    "note": None,
    "domains": None,
    "health_score": ["At risk", "Doing okay", "Happy"],
    "account_tier": ["Basic", "Premium", "Enterprise"],
    "renewal_date": None,
    "industry": ["Automotive", "Banks", "Education Services", "Insurance", "IT Services", "Media", "Software", "Other"],
}
CREATION_RULE, UPDATE_RULE, REOPEN_RULE = "Route new tickets", "Tell the team of changes", "Reopen on customer response"


def fill(account: Account, *, full: bool) -> None:
    """Store the fields and settings of a new account; `full` adds an administrator's further ones."""
    _ticket_fields(account, full=full)
    _people_fields(account)
    address = f"support@{account.settings.domain}.freshdesk.com"
    config: Row = {"id": 0, "name": "Support", "product_id": None, "to_email": address, "reply_email": address}
    account.add("email_configs", {**config, "group_id": None, "primary_role": True, "active": True})
    account.add("products", {"id": 0, "name": "Acme", "description": "The product", "primary_email": address})
    _business_hours(account)
    _sla(account)
    for kind, name in ((1, CREATION_RULE), (4, UPDATE_RULE), (4, REOPEN_RULE)) if full else ((4, REOPEN_RULE),):
        rule: Row = {"id": 0, "name": name, "position": 1, "active": True, "automation_type_id": kind}
        rule |= {"performer": {"type": 3}, "events": [], "conditions": [], "actions": []}
        account.add("automations", {**rule, "_only_named": name == REOPEN_RULE})
    folder: Row = {"id": 0, "name": "General", "personal": False}
    account.add("canned_response_folders", folder)
    account.add("canned_response_folders", {"id": 0, "name": "Personal", "personal": True})
    category = account.add("solution_categories", {"id": 0, "name": "Default Category", "description": None})
    category["_translations"] = {}
    if full:
        _survey(account)
        actions = [{"name": "ticket_type", "value": "Problem"}]
        scenario: Row = {"id": 0, "name": "Mark as problem", "description": "Sets the type", "actions": actions}
        account.add("scenario_automations", {**scenario, "private": False})


def _ticket_fields(account: Account, *, full: bool) -> None:
    for position, (name, label, kind, required, choices) in enumerate(TICKET_FIELDS, 1):
        row: Row = {"id": 0, "name": name, "label": label, "description": f"Ticket {name}", "position": position}
        row |= {"required_for_closure": False, "required_for_agents": required, "type": kind, "default": True}
        row |= {"customers_can_edit": required, "label_for_customers": label, "displayed_to_customers": required}
        row |= {"required_for_customers": required, "archived": False}
        if name == "requester":
            row |= {"portal_cc": False, "portal_cc_to": "company"}
        if choices is not None:
            extra = EXTRA_STATUSES if full and name == "status" else {}
            row["choices"] = list(choices) if isinstance(choices, list) else {**choices, **extra}
        account.add("ticket_fields", row)


def _people_fields(account: Account) -> None:
    for position, name in enumerate(CONTACT_FIELDS, 1):
        row = _person_field(name, position)
        row |= {"editable_in_signup": name in ("name", "email"), "customers_can_edit": True}
        row |= {"label_for_customers": row["label"], "required_for_customers": False, "displayed_for_customers": True}
        account.add("contact_fields", row)
    for position, (name, choices) in enumerate(COMPANY_FIELDS.items(), 1):
        extra = {} if choices is None else {"choices": choices}
        account.add("company_fields", _person_field(name, position) | extra)


def _person_field(name: str, position: int) -> Row:
    label = name.replace("_", " ").capitalize()
    row: Row = {"id": 0, "name": name, "label": label, "position": position, "required_for_agents": name == "name"}
    row |= {"agents_can_edit": True, "displayed_for_agents": True, "quick_add_for_agent": False, "unique": False}
    return row | {"type": f"default_{name}", "default": True}


def _business_hours(account: Account) -> None:
    day = {"start_time": "08:00:00 am", "end_time": "05:00:00 pm"}
    days = {name: dict(day) for name in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    row: Row = {"id": 0, "name": "Default", "description": "Default Business Calendar"}
    row |= {"time_zone": account.settings.time_zone, "is_default": True, "business_hours": days, "list_of_holidays": []}
    account.add("business_hours", row)


def _sla(account: Account) -> None:
    hours = {4: (1, 4), 3: (4, 12), 2: (8, 24), 1: (24, 72)}
    target = {
        f"priority_{level}": {
            "respond_within": respond * 3600,
            "resolve_within": resolve * 3600,
            "next_respond_within": None,
            "business_hours": True,
            "escalation_enabled": True,
        }
        for level, (respond, resolve) in hours.items()
    }
    row: Row = {"id": 0, "name": "Default SLA Policy", "description": "default policy", "active": True}
    row |= {"is_default": True, "position": 1000, "sla_target": target, "applicable_to": {}, "escalation": {}}
    account.add("sla_policies", row)


def _survey(account: Account) -> None:
    ratings = [103, 102, 101, 100, -101, -102, -103]
    label = "How would you rate your overall satisfaction?"
    questions = [
        {"id": "default_question", "label": label, "accepted_ratings": ratings},
        {"id": "question_1", "label": "How knowledgeable was our agent?", "accepted_ratings": [103, 100, -103]},
    ]
    account.add("surveys", {"id": 0, "title": "Default Survey", "questions": questions, "_active": True})
