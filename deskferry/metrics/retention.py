"""Who was a customer when: spans of activity, and who of those active at the start of a period is so at its end.

A customer is active at an instant t where a span has begun by t and ends after t (`active_to` is exclusive). So the end
of a period and the start of the next are one instant, and who is there at the one is there at the other. Subscriptions
say when they begin and end; orders need a lapse rule: active from the order on, until so many days passed without
another. Who is active at the end, but not at the start, is new or came back;
who was lost and came back within one period was there at both and counts as retained.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.metrics import zones
from deskferry.metrics.facts.customer import identified
from deskferry.metrics.orders import placed

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

_DAY = 86_400
_NEVER = datetime(9000, 1, 1)  # noqa: DTZ001  # times of a snapshot have no zone
DEFAULT_PERIOD = "month"


def spans(ask: Ask) -> ir.Table:
    """Return `customer`, `connection`, `from_at`, `to_at` (exclusive; far away: still), `first_at` of all of theirs."""
    basis = ask.options["basis"]
    parts = []
    if basis != "purchases":
        parts.append(_subscribed(ask))
    if basis != "subscriptions":
        parts.append(_bought(ask, parts))
    found = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
    return found.mutate(first_at=found.from_at.min().over(ibis.window(group_by="customer")))


def _subscribed(ask: Ask) -> ir.Table:
    rows = identified(ask.desk, ask.table("subscription"), "customer_id")
    rows = rows.filter(rows.customer.notnull(), rows.active_from.notnull(), rows.active_from <= ask.now)
    rows = rows.select("customer", "connection", from_at="active_from", to_at=rows.active_to.fill_null(_never()))
    return rows.filter(rows.to_at > rows.from_at)


def _bought(ask: Ask, subscribed: list[ir.Table]) -> ir.Table:
    """Return the spans after orders; of connections that tell subscriptions none."""
    rows = placed(ask)
    rows = rows.filter(rows.customer.notnull())
    if subscribed:
        rows = rows.anti_join(subscribed[0].select("connection").distinct(), "connection")
    lapse = ibis.interval(seconds=int(ask.options["lapse_days"] * _DAY))
    return rows.select("customer", "connection", from_at=rows["at"], to_at=rows["at"] + lapse)


def periods(ask: Ask, found: ir.Table) -> ir.Table:
    """Return `start` and `end` of the periods that are over: those asked for, else the range, else months."""
    question, zone = ask.desk.question, ask.desk.question.zone
    until = min(zones.instant(question.end, zone), ask.as_of) if question.end else ask.as_of
    edges: list[tuple[datetime, datetime]] = []
    period = unit(ask)
    if question.start and period is None:
        edges = [(zones.instant(question.start, zone), until)]
    elif period is not None:
        first = zones.aware(found.from_at.min().to_pyarrow().as_py())
        day = question.start or (first or ask.as_of).astimezone(zone).date()
        days = list(zones.starts(day, until.astimezone(zone).date(), period))
        edges = [(zones.instant(one, zone), zones.instant(zones.after(one, period), zone)) for one in days]
        edges = [edge for edge, one in zip(edges, days, strict=True) if question.start is None or one >= question.start]
    edges = [(start, end) for start, end in edges if start < end <= until]
    columns = {
        name: pa.array([edge[side].replace(tzinfo=None) for edge in _utc(edges)], pa.timestamp("us"))
        for side, name in enumerate(("start", "end"))
    }
    return ask.desk.held(pa.table(columns))


def unit(ask: Ask) -> str | None:
    """Return the period whose ends are compared; None: the range asked for is one."""
    question = ask.desk.question
    return question.period or (None if question.start else DEFAULT_PERIOD)


def presence(ask: Ask) -> ir.Table:
    """Return `customer`, `connection`, `at` (start of a period), `end`, `at_start`, `at_end`, `first_at`.

    A row for each customer and period in which they are active at the one or at the other.
    """
    question = ask.desk.question
    key = ("presence", unit(ask), question.start, question.end, question.timezone, str(sorted(ask.options.items())))
    return ask.desk.once(key, lambda: _presence(ask).cache())


def _presence(ask: Ask) -> ir.Table:
    found = spans(ask).cache()
    edges = periods(ask, found)
    both = found.join(edges, [found.from_at <= edges.end, found.to_at > edges.start])
    at_start = both.from_at <= both.start
    at_end = both.to_at > both.end
    kept = both.mutate(at_start=at_start, at_end=at_end)
    kept = kept.filter(kept.at_start | kept.at_end)
    return (
        kept.group_by("customer", "start", "end")
        .aggregate(
            connection=kept.connection.min(), at_start=kept.at_start.any(), at_end=kept.at_end.any(),
            first_at=kept.first_at.min(),
        )
        .rename(at="start")
    )  # fmt: skip


def _utc(edges: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    return [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in edges]


def _never() -> Any:
    return ibis.literal(_NEVER, "timestamp(6)")
