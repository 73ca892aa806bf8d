"""A fake desk with an account's own people, companies, teams and fields: what a rehearsal writes into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


def stocked(vendor: str, stock: Stock, clock: SimClock) -> Desk:
    """Return the simulator of a vendor with what is there already; raises CapabilityError where there is none."""
    builder = _BUILDERS.get(vendor)
    if builder is None:
        raise CapabilityError(
            f"There is no rehearsal with {vendor} yet.", f"Rehearsed are migrations into {', '.join(_BUILDERS)}."
        )
    return builder(stock, clock)


def _freshdesk(stock: Stock, clock: SimClock) -> Desk:
    from deskferry.simulators.freshdesk.stock import filled  # noqa: PLC0415  (only the vendor that is asked for)

    desk: Desk = filled(stock, clock)
    return desk


_BUILDERS: Final[dict[str, Callable[[Stock, SimClock], Desk]]] = {"freshdesk": _freshdesk}
