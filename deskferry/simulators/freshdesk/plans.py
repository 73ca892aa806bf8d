"""What each plan allows: calls a minute, and features."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as the account answer names it, its limits a minute, its features."""

    tier: str
    total: int
    ticket_create: int | None = None
    ticket_update: int | None = None
    ticket_list: int | None = None
    contact_list: int | None = None
    features: frozenset[str] = frozenset()

    def limit(self, endpoint: str) -> int | None:
        """Return the limit a minute of one endpoint, or None where only the total counts."""
        found: int | None = getattr(self, endpoint)
        return found


_GROWTH = frozenset(("time_tracking", "archive_tickets", "account_export"))
_PRO = _GROWTH | {
    "surveys",
    "multi_language",
    "multi_timezone",
    "multiple_companies",
    "multi_product",
    "round_robin",
    "collaborators",
    "shared_ownership",
    "folder_hierarchy",
}
_ENTERPRISE = _PRO | {"skill_based_round_robin", "audit_log", "scheduled_ticket_export"}

PLANS = {
    "free": Plan("Sprout", 50),
    "trial": Plan("Trial", 50, features=_ENTERPRISE),
    "growth": Plan("Growth", 200, 80, 80, 20, 20, _GROWTH),
    "pro": Plan("Pro", 400, 160, 160, 100, 100, _PRO),
    "enterprise": Plan("Enterprise", 700, 280, 280, 200, 200, _ENTERPRISE),
    "enterprise-1000": Plan("Enterprise", 1000, 400, 400, 300, 300, _ENTERPRISE),
    "enterprise-2000": Plan("Enterprise", 2000, 800, 800, 400, 400, _ENTERPRISE),
    "blossom": Plan("Blossom", 100, features=_GROWTH),
    "garden": Plan("Garden", 200, features=_GROWTH | {"multi_language", "multi_timezone", "surveys"}),
    "estate": Plan("Estate", 400, features=_PRO),
    "forest": Plan("Forest", 700, features=_ENTERPRISE),
}
