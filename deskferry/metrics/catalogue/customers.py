"""M33, M34, M37, M44: who stays a customer, which tickets end in an order, how many tickets an order makes.

Customers are told by the fact `customer`: persons that share an e-mail address are one, whichever connection has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.metrics import zones
from deskferry.metrics.aggregation import Quotient, Rate
from deskferry.metrics.definition import Finished, Metric, Need, Needs, Options, Tables
from deskferry.metrics.mature import MatureRate
from deskferry.metrics.nearest import latest_before
from deskferry.metrics.options import COHORT, EVENT, Choice, Flag, Number, Option, Texts
from deskferry.metrics.order_contacts import VARIANTS
from deskferry.metrics.orders import COLUMNS, NEEDED, VOID_STATES, placed
from deskferry.metrics.retention import presence, unit

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_SUBSCRIBED = Need(
    "subscription", lambda one: one.customer_id.notnull() & one.active_from.notnull(), anywhere=True
)  # fmt: skip
_BOUGHT = Need("purchase", lambda one: one.customer_id.notnull() & one.occurred_at.notnull(), anywhere=True)
_BANDS = ((0, "0"), (1, "1"), (4, "2-4"), (None, "5+"))
"""Up to how many tickets in the period, and what the band is called."""


def _active_at_start(ask: Ask) -> ir.Table:
    if ask.options["basis"] != "subscriptions":
        ask.notes.append(f"without a subscription a customer is active for {ask.options['lapse_days']:g} days after an"
                         " order")  # fmt: skip
    if period := unit(ask):
        ask.notes.append(f"compared from the start of a {period} to its end; the total pools the complete ones")
    rows = presence(ask)
    return rows.filter(rows.at_start).mutate(value=rows.at_end.cast("float64"))


def _lost(ask: Ask) -> ir.Table:
    rows = _active_at_start(ask)
    return rows.mutate(value=1.0 - rows.value)


def _movements(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Add S, E, N and who came back of each period, and the rate by how many tickets a customer had in it."""
    extra = {"periods": _periods(ask), "by_tickets": _by_tickets(ask, rows)}
    note = "by_tickets is an association: who has trouble writes tickets, and may leave for the trouble"
    return Finished(lines, (note,) if extra["by_tickets"] else (), MappingProxyType(extra))


def _periods(ask: Ask) -> list[dict[str, Any]]:
    found = presence(ask)
    arrived = found.at_end & ~found.at_start
    is_new = found.first_at > found["at"]
    counts = found.group_by("at").aggregate(
        at_start=found.count(where=found.at_start), at_end=found.count(where=found.at_end),
        new=found.count(where=arrived & is_new), reactivated=found.count(where=arrived & ~is_new),
        lost=found.count(where=found.at_start & ~found.at_end),
    )  # fmt: skip
    rows = sorted(counts.to_pyarrow().to_pylist(), key=lambda one: one["at"])
    zone = ask.desk.question.zone
    return [{"start": _day(one.pop("at"), zone), **one} for one in rows]


def _day(at: Any, zone: Any) -> str:
    found = zones.aware(at)
    assert found is not None
    return found.astimezone(zone).date().isoformat()


def _by_tickets(ask: Ask, rows: ir.Table) -> list[dict[str, Any]]:
    """Return for each band how many customers there are and the rate; empty where there is no ticket."""
    if not ask.desk.connections:
        return []
    people = ask.fact("contact").select("customer", "created_at")
    firms = ask.tickets(columns=("organization_id",)).select(customer="organization_id", created_at="created_at")
    asked = people.union(firms).filter(ibis._.customer.notnull())
    edges = rows.select(_start="at", _end="end").distinct()
    asked = asked.join(edges, [asked.created_at >= edges["_start"], asked.created_at < edges["_end"]])
    counts = asked.group_by(_who="customer", _begin="_start").aggregate(n=asked.count())
    joined = rows.left_join(counts, [rows.customer == counts["_who"], rows["at"] == counts["_begin"]])
    n = joined.n.fill_null(0)
    band = ibis.cases(*((n <= most, name) for most, name in _BANDS if most is not None), else_=_BANDS[-1][1])
    joined = joined.filter(joined.value.notnull()).mutate(band=band)
    found = joined.group_by("band").aggregate(customers=joined.count(), value=joined.value.mean())
    told = {one["band"]: one for one in found.to_pyarrow().to_pylist()}
    return [told[name] for _most, name in _BANDS if name in told]


def _needs_of_activity(options: Options) -> Needs:
    needed: Mapping[str, tuple[Need, ...]] = {"subscriptions": (_SUBSCRIBED,), "purchases": (_BOUGHT,)}
    return (needed.get(options["basis"], (_SUBSCRIBED, _BOUGHT)),)


_ACTIVITY_OPTIONS: Mapping[str, Option] = {
    "basis": Choice(("either", "subscriptions", "purchases"), "What makes a customer: subscriptions, and orders of"
                    " connections that tell none; only the ones; only the others"),
    "lapse_days": Number(90, "After how many days without another order a customer is lost", least=1),
    "void_states": VOID_STATES,
}  # fmt: skip
_ACTIVITY_TABLES = {"subscription": ("customer_id", "active_from", "active_to"), "purchase": COLUMNS}

RETENTION = Metric(
    "M33",
    version=1,
    population="customers active at the start of a period that is over; of the others it tells who is new and who came"
    " back, neither counts",
    facts=("customer",),
    tables=_ACTIVITY_TABLES,
    rows=_active_at_start,
    needs=_needs_of_activity,
    anchors={COHORT: "the start of the period"},
    aggregation=Rate(),
    options=_ACTIVITY_OPTIONS,
    finish=_movements,
)

CHURN = replace(RETENTION, card_id="M34", rows=_lost)


def _conversions(ask: Ask) -> ir.Table:
    """Return the tickets, beside them what the orders that they converted brought.

    An order converts the last ticket of its customer that was created before it, or none: were that one too long ago,
    those before it were too. Of tickets created at one instant it is one.
    """
    window = ibis.interval(seconds=int(ask.options["days"] * 86_400))
    ask.notes.append(f"an order converts the latest ticket before it, within {ask.options['days']:g} days")
    replies = ("ticket_messages.first_reply_at",) if ask.options["replied"] else ()
    tickets = ask.beside(ask.fact("contact"), *replies)
    known = tickets.customer.notnull() & (tickets.has_mail | tickets.connection.isin(_selling(ask)))
    tickets = tickets.mutate(is_known=known.fill_null(False))
    sold = _attributed(ask, tickets.filter(tickets.is_known, tickets.created_at.notnull()), window)
    joined = tickets.left_join(sold, "ticket_id").drop("ticket_id_right")
    return joined.mutate(
        value=(joined.is_known & joined.created_at.notnull()).ifelse(joined.orders.notnull().cast("float64"), None),
        at=joined.created_at,
        is_mature=(joined.created_at + window <= ask.now).fill_null(False),
    )


def _selling(ask: Ask) -> list[str]:
    """Return the connections that tell orders themselves: their persons need no address to be found."""
    return sorted(ask.desk.holding(replace(NEEDED, anywhere=False)))


def _attributed(ask: Ask, tickets: ir.Table, window: Any) -> ir.Table:
    """Return `ticket_id`, `orders`, `revenue`, `unpriced` of tickets that orders converted."""
    chosen = tickets.group_by("customer", "created_at").aggregate(ticket_id=tickets.ticket_id.max())
    orders = latest_before(placed(ask), "at", tickets, "created_at", by="customer", into="ticket_at")
    orders = orders.filter(orders["at"] <= orders.ticket_at + window)
    orders = orders.select("customer", "at", "net", "currency", created_at="ticket_at")
    found = orders.inner_join(chosen, ["customer", "created_at"])
    if ask.options["replied"]:
        replies = tickets.select(_ticket="ticket_id", first_reply_at="first_reply_at")
        found = found.left_join(replies, found.ticket_id == replies["_ticket"])
        found = found.filter(found.first_reply_at < found["at"])
    currency = _currency(ask)
    counted = found.net if currency is None else (found.currency == currency).ifelse(found.net, None)
    found = found.mutate(counted=counted)
    return found.group_by("ticket_id").aggregate(
        orders=found.count().cast("int64"),
        revenue=found.counted.sum(),
        unpriced=found.counted.isnull().cast("int64").sum(),
    )


def _currency(ask: Ask) -> str | None:
    """Return the currency of the revenue; None: no order tells one, or several do and none was chosen."""
    chosen = ask.options["currency"]
    return chosen[0] if chosen else (found[0] if len(found := _currencies(ask)) == 1 else None)


def _currencies(ask: Ask) -> list[str]:
    found = placed(ask).select("currency").distinct().to_pyarrow()["currency"].to_pylist()
    return sorted(one for one in found if one is not None)


def _revenue(ask: Ask, _rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Take the revenue back where it would add up different currencies."""
    currency, known = _currency(ask), _currencies(ask)
    if currency is None and len(known) > 1:
        told = tuple(replace(one, figures=MappingProxyType({**one.figures, "revenue": None})) for one in lines)
        return Finished(told, (f"revenue needs one currency of {', '.join(known)}: option currency",))
    return Finished(lines, (f"revenue in {currency}, less refunds",) if currency else ())


CONVERTED = Metric(
    "M37",
    version=1,
    population="tickets of the base population old enough to tell; those whose customer is not known are missing",
    facts=("customer", "ticket_messages"),
    tables={"purchase": COLUMNS},
    rows=_conversions,
    needs=(NEEDED,),
    anchors={COHORT: "created_at"},
    aggregation=MatureRate(sums=("orders", "revenue", "unpriced")),
    options={
        "days": Number(5, "Days after the creation in which an order counts", least=0),
        "replied": Flag(default=False, help="Only orders after an agent's reply count"),
        "currency": Texts("The currency of the revenue, where orders have several"),
        "void_states": VOID_STATES,
    },
    finish=_revenue,
    finishes_lines=True,
)


def _contact_rate(ask: Ask) -> ir.Table:
    if ask.options["variant"] == "linked" and len(ask.options["field"]) != 1:
        raise ConfigError("tickets_per_transaction: variant = 'linked' needs the custom field that names the order.",
                          "Set field to its key.")  # fmt: skip
    return VARIANTS[ask.options["variant"]](ask)


def _tables_of_contacts(options: Options) -> Tables:
    if options["variant"] != "linked":
        return {"purchase": COLUMNS}
    return {"purchase": (*COLUMNS, "source_id", "text_of_source_id"), "ticket": ("custom_fields",)}


CONTACT_RATE = Metric(
    "M44",
    version=1,
    population="orders, and the tickets that are counted for them: n is of both",
    facts=("customer",),
    tables=_tables_of_contacts,
    rows=_contact_rate,
    needs=(NEEDED,),
    anchors={EVENT: "the creation of a ticket, the placing of an order"},
    aggregation=Quotient("tickets per order"),
    options={
        "variant": Choice(tuple(VARIANTS), "All tickets over all orders; those of repeat orders; tickets within some"
                          " days of an order; tickets that name an order"),
        "days": Number(30, "Days of the variant within_days", least=0),
        "field": Texts("Key of the custom field that names the order, for the variant linked"),
        "void_states": VOID_STATES,
    },
)  # fmt: skip

METRICS: tuple[Metric, ...] = (RETENTION, CHURN, CONVERTED, CONTACT_RATE)
