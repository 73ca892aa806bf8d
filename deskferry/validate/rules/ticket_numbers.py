"""Rules on the numbers of tickets, and on how many there are a day."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_OF_TICKETS = {"ticket": ("number", "source_id", "created_at")}


def _twice(desk: Desk) -> ir.Table:
    rows = desk.live("ticket")
    rows = rows.filter(rows.number.notnull())
    several = rows.group_by("connection", "number").aggregate(n=rows.count()).filter(ibis._.n > 1)
    return rows.semi_join(several, ["connection", "number"]).mutate(record_id="id")


def _numbered(desk: Desk) -> ir.Table:
    """Return every ticket that ever was, with its number as one.

    Of a ticket without (one that was merged away before it was read) the id stands in where ids are the numbers.
    """
    rows = desk.every("ticket")
    other = rows.filter(rows.number != rows.source_id).select("connection").distinct()
    rows = rows.filter(rows.number.notnull()).union(rows.filter(rows.number.isnull()).anti_join(other, "connection"))
    rows = rows.select("connection", number=rows.number.fill_null(rows.source_id))
    plain = rows.filter(rows.number.re_search(r"^[0-9]{1,15}$"))
    return plain.select("connection", whole=plain.number.cast("int64"))


def _holes(desk: Desk) -> ir.Table:
    """Yield what is missing between two neighbours, in connections that number their tickets one after the other."""
    rows = desk.shared(_numbered).distinct()
    order = ibis.window(group_by="connection", order_by="whole")
    rows = rows.mutate(before=rows.whole.lag().over(order))
    rows = rows.mutate(missing=rows.whole - rows.before - 1)
    spread = rows.group_by("connection").aggregate(
        n=rows.count(), first=rows.whole.min(), last=rows.whole.max(), close=(rows.missing <= 1).sum()
    )
    dense = spread.filter(spread.n >= 20, spread.close >= (spread.n - 1) * 0.9)
    found = rows.semi_join(dense, "connection").filter(ibis._.missing >= int(desk.options["missing"]))
    return found.mutate(record_id=ibis.null("string"), begin=found.before + 1, end=found.whole - 1)


def _days(desk: Desk) -> ir.Table:
    """Return how many tickets came a day; days without one are missing."""
    rows = desk.every("ticket")
    rows = rows.filter(rows.created_at.notnull(), rows.created_at <= desk.now)
    return rows.group_by("connection", day=rows.created_at.truncate("D")).aggregate(n=rows.count())


def _drops(desk: Desk) -> ir.Table:
    """Yield gaps: so many days of next to no ticket where tickets came on most days of the weeks before and after."""
    days = desk.shared(_days)
    order: dict[str, Any] = {"group_by": "connection", "order_by": "day"}
    near = int(desk.options["around"])
    days = days.mutate(usual=days.n.mean().over(ibis.window(**order, preceding=near, following=near)))
    # A pull that missed some seldom misses all: a few of these days come by a later change, or by another stream.
    days = days.filter(days.n >= days.usual * float(desk.options["share"]))
    rows = days.mutate(
        last=days.day.lag().over(ibis.window(**order)),
        earlier=days.day.lag(near).over(ibis.window(**order)),
        later=days.day.lead(near - 1).over(ibis.window(**order)),
    )
    quiet = rows.day.delta(rows["last"], unit="day") - 1
    # A usual day on at least two of three, before and after: a desk with a ticket now and then has gaps.
    busy = (rows["last"].delta(rows.earlier, unit="day") < near * 1.5) & (
        rows.later.delta(rows.day, unit="day") < near * 1.5
    )
    rows = rows.mutate(quiet=quiet, usual=rows.usual.round().cast("int64"), record_id=ibis.null("string"))
    limit = int(desk.options["days"])
    return rows.filter(busy, rows.quiet >= limit, rows.usual >= int(desk.options["usual"]))


RULES = (
    Rule(
        "ticket.duplicate_number", "ticket", Dimension.UNIQUENESS, Severity.ERROR,
        "Tickets that share a number", "number {number}, as another ticket of the account",
        "One of them was imported twice, or read by two ways: `deskferry duplicates` tells which belong together.",
        _OF_TICKETS, offending=_twice, among=lambda rows, _desk: rows.number.notnull(),
    ),
    Rule(
        "ticket.number_gaps", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Numbers that no ticket has", "{missing} in a row: {begin} to {end}",
        "Tickets that were deleted for good leave such a hole; so does a pull that missed some: `pull --full`, or ask "
        "the vendor for one of them.",
        _OF_TICKETS, offending=_holes, options={"missing": 5},
    ),
    Rule(
        "ticket.volume_drop", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Days of next to no ticket, amid days of many",
        "{quiet} days of next to no ticket before {day}, {usual} a day around",
        "A desk is seldom that quiet: read those days again with `pull --full`, and compare with the source.",
        {"ticket": ("created_at",)}, offending=_drops, options={"days": 3, "usual": 5, "around": 10, "share": 0.1},
    ),
)  # fmt: skip
