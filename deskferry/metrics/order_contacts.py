"""Which tickets count for which orders: the rows of M44 under each of its variants.

A row is a ticket (numerator 1) or an order (denominator 1); where the card leaves it open:

- `same_period`: every ticket and every order, whoever the customer is, each at its own time;
- `repeat`: the second order of a customer and all later ones, and their tickets after the second order;
- `within_days`: a ticket counts once, for the latest order that its customer had placed by then, at the time of that
  order; orders too young to tell are left out;
- `linked`: tickets of which a custom field names the order's id in the shop, at the time of the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from deskferry.metrics.nearest import latest_before
from deskferry.metrics.orders import placed
from deskferry.store.json_texts import member, values

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask


def same_period(ask: Ask) -> ir.Table:
    """Return all tickets and all orders."""
    tickets, orders = ask.tickets(), placed(ask)
    return _contacts(tickets, "created_at").union(_orders(ask, orders))


def repeat(ask: Ask) -> ir.Table:
    """Return repeat orders, and the tickets of those who placed them; customers that are not known are missing."""
    orders = placed(ask)
    theirs = ibis.window(group_by="customer", order_by=["at", "order_id"])
    known = orders.filter(orders.customer.notnull())
    known = known.mutate(number=ibis.row_number().over(theirs) + 1)
    seconds = known.filter(known.number == 2).select(_customer="customer", second_at="at")
    tickets = _of_customers(ask)
    joined = tickets.left_join(seconds, tickets.customer == seconds["_customer"])
    after = joined.filter((joined.created_at > joined.second_at) | joined.customer.isnull())
    contacts = _contacts(after, "created_at", known=after.customer.notnull())
    unknown = orders.filter(orders.customer.isnull())
    return (
        contacts.union(_orders(ask, known.filter(known.number >= 2)))
        .union(_orders(ask, unknown).mutate(value=ibis.null("int64"), denominator=ibis.literal(0, "int64")))
    )  # fmt: skip


def within_days(ask: Ask) -> ir.Table:
    """Return orders that had their days, and the tickets within them."""
    window = ibis.interval(seconds=int(ask.options["days"] * 86_400))
    ask.notes.append(f"tickets within {ask.options['days']:g} days of the order; younger orders are left out")
    orders = placed(ask)
    orders = orders.filter(orders["at"] + window <= ask.now)
    found = latest_before(
        _of_customers(ask), "created_at", orders, "at", by="customer", into="ordered_at", also_then=True
    )
    found = found.filter(found.created_at <= found.ordered_at + window)
    return _contacts(found, "ordered_at").union(_orders(ask, orders))


def linked(ask: Ask) -> ir.Table:
    """Return all orders, and the tickets that name one."""
    orders = placed(ask)
    texts = ask.desk.texts("purchase", "source_id")
    names = orders.inner_join(texts, [("source_id", "key")]).select(ordered_at="at", text="text")
    fields = ask.table("ticket")
    named = values(member(fields.custom_fields, str(ask.options["field"][0])))
    told = fields.select("id", "connection", text=named.unnest()).semi_join(_ids(ask), "id")
    found = told.mutate(text=told.text.strip()).distinct().inner_join(names, "text")
    return _contacts(found, "ordered_at").union(_orders(ask, orders))


VARIANTS: Mapping[str, Callable[[Ask], ir.Table]] = {
    "same_period": same_period,
    "repeat": repeat,
    "within_days": within_days,
    "linked": linked,
}


def _ids(ask: Ask) -> ir.Table:
    return ask.tickets().select(id="ticket_id")


def _of_customers(ask: Ask) -> ir.Table:
    return ask.fact("contact").filter(lambda one: one.created_at.notnull())


def _contacts(rows: ir.Table, at: str, known: ir.Value | None = None) -> ir.Table:
    is_known = ibis.literal(value=True) if known is None else known
    return rows.select("connection", at=rows[at], value=is_known.ifelse(ibis.literal(1, "int64"), None),
                       numerator=ibis.literal(1, "int64"), denominator=ibis.literal(0, "int64"))  # fmt: skip


def _orders(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return orders; where no connection has tickets, nothing is known of any."""
    told = ibis.literal(1, "int64") if ask.desk.connections else ibis.null("int64")
    return rows.select("connection", at=rows["at"], value=told, numerator=ibis.literal(0, "int64"),
                       denominator=ibis.literal(1, "int64"))  # fmt: skip
