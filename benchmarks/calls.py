"""The least calls that a first pull of a Zendesk can take, from the size of the account and the vendor's caps alone.

An export gives 1,000 rows a page, a list 100; files, and what hangs on an article or a schedule, take a call each.
"""

from __future__ import annotations

from collections.abc import Mapping

EXPORT_PAGE, LIST_PAGE = 1000, 100
EXPORTS = ("organizations", "users", "tickets", "audits", "metric_events")
"""Collections that come by an export; an audit is a row of the ticket event export, its comments lie in it."""
LISTS = (
    "brands", "recipient_addresses", "groups", "group_memberships", "ticket_fields", "user_fields",
    "organization_fields", "custom_statuses", "ticket_forms", "sla_policies", "group_sla_policies", "schedules",
    "macros", "triggers", "automations", "views", "organization_memberships", "satisfaction_ratings",
    "help_center/categories", "help_center/sections", "help_center/articles", "help_center/user_segments",
)  # fmt: skip
SINGLE = {"files": 1, "schedules": 1, "help_center/articles": 2}
"""Calls for each single one: the bytes of a file; holidays of a schedule; files and translations of an article."""


def least_calls(sizes: Mapping[str, int]) -> int:
    """Return the least calls, one for who we are included."""
    paged = [(name, EXPORT_PAGE) for name in EXPORTS] + [(name, LIST_PAGE) for name in LISTS]
    pages = sum(max(1, -(-sizes.get(name, 0) // size)) for name, size in paged)
    return 1 + pages + sum(calls * sizes.get(name, 0) for name, calls in SINGLE.items())
