"""Zendesk's plans: requests per minute, and what each includes."""

from __future__ import annotations

from typing import Final

from deskferry.errors import ConfigError

PER_MINUTE: Final = {
    "suite_team": 200,
    "suite_growth": 400,
    "suite_professional": 400,
    "suite_enterprise": 700,
    "suite_enterprise_plus": 2500,
    "support_essential": 10,
    "support_team": 200,
    "support_professional": 400,
    "support_enterprise": 700,
}
HIGH_VOLUME: Final = 2500
_GROWTH: Final = frozenset(
    {"suite_growth", "suite_professional", "suite_enterprise", "suite_enterprise_plus", "support_enterprise"}
)
_PROFESSIONAL: Final = (_GROWTH - {"suite_growth"}) | {"support_professional"}
_ENTERPRISE: Final = frozenset({"suite_enterprise", "suite_enterprise_plus", "support_enterprise"})
_INCLUDES: Final = {
    "forms": _GROWTH,
    "sla": _PROFESSIONAL | {"suite_growth"},
    "csat": _PROFESSIONAL | {"suite_growth"},
    "schedules": _PROFESSIONAL | {"suite_growth"},
    "roles": _ENTERPRISE,
    "fields": frozenset(PER_MINUTE) - {"support_essential"},
}


def has(plan: str, feature: str) -> bool:
    """Whether a plan includes a feature: forms, sla, csat, schedules, roles, fields."""
    if plan not in PER_MINUTE:
        raise ConfigError(f"There is no plan {plan!r}.", f"Plans: {', '.join(PER_MINUTE)}.")
    return plan in _INCLUDES[feature]
