"""What a vendor's own numbers mean, as options of our metrics: a row a metric."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from deskferry.errors import ConfigError

PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "zendesk": {
            "first_response_time": {"agent_created": "second_comment", "schedules": "last"},
            "resolution_time": {"schedules": "last"},
            "first_resolution_time": {"schedules": "last"},
            "new_vs_resolved": {"resolved": "standing"},
            "requester_wait_time": {"variant": "recorded"},
            "status_times": {"variant": "recorded"},
            "one_touch": {"variant": "lt2"},
            "sla_compliance": {"include_deleted": True},
        },
        "freshdesk": {
            "volume": {"assigned_only": True},
            "first_contact_resolution": {"variant": "no_customer_reply"},
        },
        "zoho_desk": {
            "resolution_time": {"variant": "net_of_solved"},
            "first_contact_resolution": {"variant": "one_response"},
        },
        "intercom": {
            "first_contact_resolution": {"variant": "one_teammate"},
            "automated_resolution_rate": {"count": "with_assumed"},
        },
        "gorgias": {
            "first_response_time": {"agent_created": "exclude", "start": "from_customer"},
            "resolution_time": {"start": "first_customer"},
        },
        "dbt_zendesk": {
            "first_response_time": {"agent_created": "second_comment"},
            "reopen_rate": {"count": "solves_less_one"},
            "sla_compliance": {"solved_unanswered": "achieved"},
        },
        "zammad": {},
    }
)
"""Vendor → metric → options. Where no option of ours is what a vendor does differently, results say so."""


def preset_of(name: str | None) -> Mapping[str, Mapping[str, Any]]:
    """Return the options of a preset by metric; raises ConfigError for one that there is not."""
    if name is None:
        return {}
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}.", f"There are: {', '.join(PRESETS)}.")
    return PRESETS[name]
