"""The orders that count: placed by a customer, neither cancelled nor tests; refunds keep an order an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from deskferry.metrics.definition import Need
from deskferry.metrics.facts.customer import identified
from deskferry.metrics.options import Texts

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

VOID = ("cancelled", "canceled", "void", "voided", "test", "failed", "expired", "draft")
COLUMNS = ("customer_id", "occurred_at", "amount", "currency", "state", "refunded_amount")
VOID_STATES = Texts("States of orders that do not count, in the shop's words", default=VOID)
NEEDED = Need("purchase", lambda order: order.occurred_at.notnull(), anywhere=True)


def placed(ask: Ask) -> ir.Table:
    """Return the orders placed by now.

    order_id, connection, customer (NULL: not told), at, net (amount less refunds; NULL: not told), currency, and all
    other columns of `purchase` that the metric reads.
    """
    rows = ask.table("purchase")
    void = rows.state.lower().isin([word.lower() for word in ask.options["void_states"]]).fill_null(False)
    rows = rows.filter(~void, rows.occurred_at.notnull(), rows.occurred_at <= ask.now)
    rows = identified(ask.desk, rows, "customer_id")
    rows = rows.mutate(net=rows.amount - rows.refunded_amount.fill_null(0.0))
    return rows.rename(order_id="id", at="occurred_at")
