"""What the vendors write into prepared answers: the placeholders that stand for a ticket's values, vendor by vendor.

The same for every route: a placeholder crosses by its meaning. What has no equal is left as it is, readable, and is a
loss. Sources: Zendesk, "Zendesk placeholders reference"; Freshdesk, "Understanding dynamic content and placeholders".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")

PLACEHOLDERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ticket number": {"zendesk": "ticket.id", "freshdesk": "ticket.id"},
        "subject": {"zendesk": "ticket.title", "freshdesk": "ticket.subject"},
        "description": {"zendesk": "ticket.description", "freshdesk": "ticket.description"},
        "address of the ticket": {"zendesk": "ticket.link", "freshdesk": "ticket.url"},
        "status": {"zendesk": "ticket.status", "freshdesk": "ticket.status"},
        "priority": {"zendesk": "ticket.priority", "freshdesk": "ticket.priority"},
        "type": {"zendesk": "ticket.ticket_type", "freshdesk": "ticket.ticket_type"},
        "tags": {"zendesk": "ticket.tags", "freshdesk": "ticket.tags"},
        "team": {"zendesk": "ticket.group.name", "freshdesk": "ticket.group.name"},
        "assignee": {"zendesk": "ticket.assignee.name", "freshdesk": "ticket.agent.name"},
        "assignee's address": {"zendesk": "ticket.assignee.email", "freshdesk": "ticket.agent.email"},
        "requester": {"zendesk": "ticket.requester.name", "freshdesk": "ticket.requester.name"},
        "requester's first name": {
            "zendesk": "ticket.requester.first_name", "freshdesk": "ticket.requester.firstname",
        },
        "requester's last name": {"zendesk": "ticket.requester.last_name", "freshdesk": "ticket.requester.lastname"},
        "requester's address": {"zendesk": "ticket.requester.email", "freshdesk": "ticket.requester.email"},
        "requester's phone": {"zendesk": "ticket.requester.phone", "freshdesk": "ticket.requester.phone"},
        "organization": {"zendesk": "ticket.organization.name", "freshdesk": "ticket.requester.company_name"},
    }
)  # fmt: skip
"""Meaning → vendor → what stands between the braces."""


def translated(text: str, source: str, destination: str) -> tuple[str, list[str]]:
    """Return a text with the destination's placeholders, and those that it has no equal for, each once."""
    if source == destination:
        return text, []
    table = {
        spelled[source]: spelled[destination]
        for spelled in PLACEHOLDERS.values()
        if source in spelled and destination in spelled
    }
    unknown: dict[str, None] = {}

    def replaced(found: re.Match[str]) -> str:
        equal = table.get(found[1])
        if equal is None:
            unknown[found[1]] = None
            return found[0]
        return f"{{{{{equal}}}}}"

    return _PLACEHOLDER.sub(replaced, text), list(unknown)


def confined_to(macro: Mapping[str, Any]) -> Sequence[str] | None:
    """Return the teams (record ids) that a macro is confined to; None: nobody can tell, or it is a person's own.

    The canonical macro says only that it is `restricted`; to whom, each vendor keeps in a place of its own.
    """
    extra: Mapping[str, Any] = macro.get("extra") or {}
    restriction = extra.get("restriction")
    ids: Any = extra.get("group_ids")
    if isinstance(restriction, Mapping) and restriction.get("type") == "Group":
        ids = restriction.get("ids") or ([restriction["id"]] if restriction.get("id") else None)
    return [f"{macro['connection']}:group:{one}" for one in ids] if ids else None
