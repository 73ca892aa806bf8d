"""Fact `agent_day`, a row an agent and local day on which the agent did or was to do something.

connection, agent, at (the beginning of the day),
busy         seconds of the union of `busy` and `wrap`: what overlaps counts once; where a connection has no states, of
             the time entries (`viewing` is no work; entries without a begin lie on no day)
busy_sum     the same, each overlapping one for itself
online       seconds of the union of `busy`, `wrap` and `available`: handling, and idle but available
logged       seconds of the union of all states but `offline`
paid         seconds of the union of the shifts
has_states, has_shifts   the agent has any at all: on a day without one it is 0, else it is unknown

What lasts over midnight is cut there, what still lasts ends now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.metrics import zones
from deskferry.metrics.intervals import EPOCH, seconds_of, united

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "agent_state": ("agent_id", "state", "from_at", "to_at"),
    "agent_shift": ("agent_id", "from_at", "to_at"),
    "time_entry": ("person_id", "started_at", "seconds", "kind"),
}
_STATES = {
    "busy": ("busy", "wrap"),
    "online": ("busy", "wrap", "available"),
    "logged": ("busy", "wrap", "available", "break"),
}
_DAY = 86400.0
_AGENT_DAY = ("connection", "agent", "day")


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    states = _spans(desk, desk.table("agent_state"), "state")
    shifts = _spans(desk, desk.table("agent_shift"))
    entries = _entries(desk).anti_join(states.select("connection").distinct(), "connection")
    parts = entries.select(*_SPAN, what=ibis.literal("busy"))
    for what, among in _STATES.items():
        chosen = states.filter(states.state.isin(among))
        parts = parts.union(chosen.select(*_SPAN, what=ibis.literal(what)))
    parts = _by_day(desk, parts.union(shifts.select(*_SPAN, what=ibis.literal("paid"))).cache())
    summed = (
        parts.filter(parts.what == "busy").group_by(*_AGENT_DAY).aggregate(busy_sum=(parts.until - parts.since).sum())
    )
    whole = united(parts, (*_AGENT_DAY, "what"), "since", "until")
    length = whole.until - whole.since
    names = ("busy", "online", "logged", "paid")
    found = whole.group_by(*_AGENT_DAY).aggregate(
        **{name: length.sum(where=whole.what == name).fill_null(0.0) for name in names}
    )
    found = found.left_join(summed, list(_AGENT_DAY)).drop(*(f"{name}_right" for name in _AGENT_DAY))
    found = _marked(_marked(found, states, "has_states"), shifts, "has_shifts")
    return found.mutate(busy_sum=found.busy_sum.fill_null(0.0)).rename(at="day")


_SPAN = ("connection", "agent", "since", "until")


def _spans(desk: Desk, rows: ir.Table, *columns: str) -> ir.Table:
    until = ibis.least(rows.to_at.coalesce(desk.now), desk.now)
    rows = rows.mutate(agent=rows.agent_id, since=seconds_of(rows.from_at), until=seconds_of(until))
    return rows.filter(rows.agent.notnull(), rows.since < rows.until).select(*_SPAN, *columns)


def _entries(desk: Desk) -> ir.Table:
    rows = desk.table("time_entry")
    since = seconds_of(rows.started_at)
    until = ibis.least(since + rows.seconds, seconds_of(desk.now))
    rows = rows.mutate(agent=rows.person_id, since=since, until=until)
    worked = (rows.kind != "viewing").fill_null(True)
    return rows.filter(worked, rows.agent.notnull(), rows.since < rows.until).select(*_SPAN)


def _by_day(desk: Desk, parts: ir.Table) -> ir.Table:
    """Return the parts that lie in one local day each, with the instant at which it begins.

    By way of UTC days, which are told from a number: a join by equality, where local days would be one by order.
    """
    days = _days(desk, parts)
    first, last = ((parts[name] / _DAY).floor().cast("int64") for name in ("since", "until"))
    parts = parts.mutate(_utc=ibis.range(first, last + 1).unnest())
    joined = parts.inner_join(days, "_utc")
    since, until = ibis.greatest(joined.since, joined["_from"]), ibis.least(joined.until, joined["_to"])
    return (
        joined.mutate(since=since, until=until).filter(lambda one: one.since < one.until).drop("_utc", "_from", "_to")
    )


def _days(desk: Desk, parts: ir.Table) -> ir.Table:
    """Return the pieces that local midnights cut UTC days into: `_utc`, `_from`, `_to`, and `day` that they lie in."""
    zone = desk.question.zone
    first = parts.since.min().to_pyarrow().as_py()
    last = desk.as_of.astimezone(zone).date()
    day = last if first is None else (EPOCH + timedelta(seconds=first)).astimezone(zone).date()
    starts = [zones.instant(day + timedelta(days=number), zone) for number in range((last - day).days + 2)]
    pieces = []
    for start, end in pairwise(starts):
        since, until = ((at - EPOCH).total_seconds() for at in (start, end))
        for utc in range(int(since // _DAY), int(-(-until // _DAY))):
            piece = max(since, utc * _DAY), min(until, (utc + 1) * _DAY)
            pieces.append({"_utc": utc, "day": start.replace(tzinfo=None), "_from": piece[0], "_to": piece[1]})
    types = {"_utc": pa.int64(), "day": pa.timestamp("us"), "_from": pa.float64(), "_to": pa.float64()}
    return desk.held(pa.Table.from_pylist(pieces, pa.schema(types.items())))


def _marked(found: ir.Table, spans: ir.Table, name: str) -> ir.Table:
    known: Any = spans.select("connection", "agent").distinct().mutate(**{name: True})
    joined = found.left_join(known, ["connection", "agent"]).drop("connection_right", "agent_right")
    return joined.mutate(**{name: joined[name].fill_null(False)})
