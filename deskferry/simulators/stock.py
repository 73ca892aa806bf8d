"""A fake desk with an account's own people, companies, teams and fields: what a rehearsal writes into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.errors import CapabilityError
from deskferry.simulators.kernel import Desk, SimClock

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there already, as plain values, with the ids that it has there."""

    agents: Sequence[Row] = ()
    """id, name, email."""
    contacts: Sequence[Row] = ()
    """id, name, email, phone, external_id, company_id."""
    companies: Sequence[Row] = ()
    """id, name, domains."""
    groups: Sequence[Row] = ()
    """id, name."""
    fields: Sequence[Row] = ()
    """of (ticket, person, organization), key, label, type, options."""
    records: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """The vendor's own records by stream, verbatim: of the streams that a provision takes."""


@dataclass(frozen=True, slots=True)
class Provision:
    """How the simulator of a vendor is filled, and opened."""

    fill: Callable[[Stock, SimClock], Desk]
    credentials: tuple[str, ...]
    """Settings of a connection to it."""
    streams: tuple[str, ...] = ()
    """Streams whose records it takes as the vendor sent them; without any it takes the plain values."""
    parts: tuple[str, ...] = ()
    """Streams of children, taken too where they were fetched."""
    kinds: tuple[str, ...] = ("person", "organization", "team", "custom_field")
    """What of the real account must have been pulled."""


def provision(vendor: str) -> Provision:
    """Return how the simulator of a vendor is filled; raises CapabilityError where there is none."""
    found = _PROVISIONS.get(vendor)
    if found is None:
        raise CapabilityError(
            f"There is no rehearsal with {vendor} yet.", f"Rehearsed are migrations into {', '.join(_PROVISIONS)}."
        )
    return found


def _freshdesk(stock: Stock, clock: SimClock) -> Desk:
    from deskferry.simulators.freshdesk.stock import filled  # noqa: PLC0415  (only the vendor that is asked for)

    desk: Desk = filled(stock, clock)
    return desk


def _zendesk(stock: Stock, clock: SimClock) -> Desk:
    from deskferry.simulators.zendesk.stock import filled  # noqa: PLC0415  (only the vendor that is asked for)

    desk: Desk = filled(stock, clock)
    return desk


_PROVISIONS: Final = {
    "freshdesk": Provision(_freshdesk, ("domain", "api_key")),
    "zendesk": Provision(
        _zendesk,
        ("subdomain", "oauth_token"),
        streams=(
            *("users", "organizations", "organization_memberships", "groups", "group_memberships"),
            *("brands", "recipient_addresses", "ticket_fields", "user_fields", "organization_fields"),
            *("ticket_forms", "custom_statuses", "macros", "categories", "sections", "articles"),
        ),
        parts=("translations",),
        kinds=(
            *("person", "organization", "person_organization", "team", "team_member", "inbox"),
            *("custom_field", "status_definition", "config_item", "macro", "article_category", "article"),
        ),
    ),
}
