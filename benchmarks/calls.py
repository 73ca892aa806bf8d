"""The least that a first pull can take, from the size of the account, the vendor's caps and its limits alone.

Calls: a page holds so many rows, and what comes singly takes a call each. Time: the calls of the first minute go at
once, and so do those of the next when it begins; of several limits the one that takes longest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Sizes = Mapping[str, int]
"""Records of an account, by collection."""


@dataclass(frozen=True, slots=True)
class Least:
    """The least calls, the one for who we are included, and the least seconds."""

    calls: int
    seconds: float


def _wait(calls: float, a_minute: int) -> float:
    return 60.0 * (math.ceil(calls / a_minute) - 1)


def _pages(rows: int, size: int) -> int:
    return max(1, -(-rows // size))


# ------------------------------------------------------------------------------------------------------------ Zendesk

_EXPORT_PAGE, _LIST_PAGE = 1000, 100
_EXPORTS = ("organizations", "users", "tickets", "audits", "metric_events")
"""Collections that come by an export; an audit is a row of the ticket event export, its comments lie in it."""
_LISTS = (
    "brands", "recipient_addresses", "groups", "group_memberships", "ticket_fields", "user_fields",
    "organization_fields", "custom_statuses", "ticket_forms", "sla_policies", "group_sla_policies", "schedules",
    "macros", "triggers", "automations", "views", "organization_memberships", "satisfaction_ratings",
    "help_center/categories", "help_center/sections", "help_center/articles", "help_center/user_segments",
)  # fmt: skip
_SINGLE = {"files": 1, "schedules": 1, "help_center/articles": 2}
"""Calls for each single one: the bytes of a file; holidays of a schedule; files and translations of an article."""
_EXPORTS_A_MINUTE, _FILES_A_MINUTE = 10, 2500
ZENDESK_PLAN, _ZENDESK_A_MINUTE = "suite_enterprise", 700


def zendesk(sizes: Sizes) -> Least:
    """Return the least of a Zendesk: exports have a limit of their own, files too, all else shares the account's."""
    exports = sum(_pages(sizes.get(name, 0), _EXPORT_PAGE) for name in _EXPORTS)
    lists = sum(_pages(sizes.get(name, 0), _LIST_PAGE) for name in _LISTS)
    files = sizes.get("files", 0)
    calls = 1 + exports + lists + sum(number * sizes.get(name, 0) for name, number in _SINGLE.items())
    waits = (_wait(exports, _EXPORTS_A_MINUTE), _wait(files, _FILES_A_MINUTE), _wait(calls - files, _ZENDESK_A_MINUTE))
    return Least(calls, max(waits))


# ---------------------------------------------------------------------------------------------------------- Freshdesk

FRESHDESK_PLAN, _FRESHDESK_A_MINUTE = "enterprise", 700


def freshdesk(sizes: Sizes) -> Least:
    """Return the least of a Freshdesk: a call for every ticket, because no list shows files and conversations.

    And one for every contact: no list shows their tags and further addresses. A view of a ticket with its
    conversations counts as two calls, a page of the list with its `stats` as three.
    """
    tickets, listed = sizes["tickets"], _pages(sizes["tickets"], 100) + 2  # those in the trash and in spam
    people = sizes["contacts"] + _pages(sizes["contacts"], 100) + 2  # the deleted and the blocked ones
    lists = sum(_pages(sizes.get(name, 0), 100) for name in ("companies", "agents", "satisfaction_ratings"))
    # Groups, three kinds of fields, products, addresses, targets, hours, forms, surveys, scenarios, skills, three types
    # of rules, time entries, categories of articles, folders of answers.
    setup = 18
    forms = 1  # the account's own
    beneath = (
        sizes["groups"]
        + forms
        + sum(sizes[name] for name in ("solution_categories", "solution_folders", "canned_response_folders"))
    )
    calls = 1 + tickets + listed + people + lists + setup + beneath + sizes["attachments"]
    credit = calls - sizes["attachments"] + tickets + 2 * listed
    return Least(calls, _wait(credit, _FRESHDESK_A_MINUTE))


# --------------------------------------------------------------------------------------------------------- Help Scout

HELP_SCOUT_PLAN, _HELP_SCOUT_A_MINUTE = "plus", 400


def help_scout(sizes: Sizes) -> Least:
    """Return the least of a Help Scout: 25 conversations come with their threads, 50 people a page.

    Organizations are asked for one by one where they have properties, saved replies and articles for their texts,
    teams for their members; an inbox has four lists, and ratings come in three.
    """
    conversations, people = _pages(sizes["conversations"], 25), _pages(sizes["customers"], 50)
    lists = _pages(sizes["organizations"], 50) + 3 + 7  # and us, a token, inboxes, users, teams, workflows, properties
    single = sizes["organizations"] + sizes["teams"] + 4 * sizes["mailboxes"] + sizes["saved_replies"]
    counted = 1 + conversations + people + lists + single + sizes["attachments"]
    knowledge = 1 + 2 * sizes["docs_collections"] + sizes["docs_articles"]
    return Least(counted + knowledge + sizes["at_storage"], _wait(counted, _HELP_SCOUT_A_MINUTE))


LEAST: Mapping[str, Callable[[Sizes], Least]] = {
    "zendesk": zendesk, "freshdesk": freshdesk, "help_scout": help_scout,
}  # fmt: skip
