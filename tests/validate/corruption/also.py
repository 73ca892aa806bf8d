"""Defects that honestly are two findings, each with its reason."""

from __future__ import annotations

from types import MappingProxyType

ALSO = MappingProxyType({
    "person.agent_and_end_user": {
        "person.duplicate_email": "what tells that both are one is that they share their address",
    },
    "ticket.merged_target_missing": {
        "event.contradicts_status": "nothing in its history says that it was merged",
    },
})  # fmt: skip
