"""Freshdesk's rate limits: calls a minute by plan, sub-limits of four calls, credits of includes (2026-01)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from deskferry.connectors.kit.limits import ACCOUNT, Bucket

TICKET_CREATE, TICKET_UPDATE, TICKET_LIST, CONTACT_LIST = (
    "ticket_create", "ticket_update", "ticket_list", "contact_list",
)  # fmt: skip

_PLANS: Mapping[int, tuple[int, int, int, int]] = {
    200: (80, 80, 20, 20),
    400: (160, 160, 100, 100),
    700: (280, 280, 200, 200),
    1000: (400, 400, 300, 300),
    2000: (800, 800, 400, 400),
}
"""Total of the plan (Growth, Pro, Enterprise, purchased) → creating, updating, listing tickets, listing contacts."""


def price(method: str, target: str) -> float:
    """Return what a call costs: 1; each include adds 2 on lists, 1 on views.

    Of a view with conversations the reference says that it "will consume two API calls": both together, as with stats.
    """
    parts = urlsplit(target)
    includes = [name for value in parse_qs(parts.query).get("include", ()) for name in value.split(",") if name]
    if method != "GET" or not includes:
        return 1.0
    return 1.0 + (2.0 if parts.path.rstrip("/").endswith("/tickets") else 1.0) * len(includes)


BUCKETS = (
    # The lowest plan until the first answer tells the account's own total.
    Bucket(ACCOUNT, 50, cost=price),
    Bucket(TICKET_CREATE, math.inf, match=r"^POST /api/v2/tickets$"),
    Bucket(TICKET_UPDATE, math.inf, match=r"^PUT /api/v2/tickets/\d+$"),
    Bucket(TICKET_LIST, math.inf, match=r"^GET /api/v2/tickets(\?|$)"),
    Bucket(CONTACT_LIST, math.inf, match=r"^GET /api/v2/contacts(\?|$)"),
)


def plan_limits(total: float | None) -> dict[str, float]:
    """Return the limits of an account by its total; the sub-limits of totals that no plan has are not known."""
    if total is None:
        return {}
    known: dict[str, float] = {ACCOUNT: total}
    row = _PLANS.get(round(total))
    if row is not None:
        known.update(zip((TICKET_CREATE, TICKET_UPDATE, TICKET_LIST, CONTACT_LIST), map(float, row), strict=True))
    return known
