"""How many unsolved tickets agents have at the end of a period (M25)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import dimensions, zones
from deskferry.metrics.definition import Finished
from deskferry.metrics.desk import Ask
from deskferry.metrics.facts.status import UNRESOLVED_STATUSES
from deskferry.metrics.result import Line

_Levels = Mapping[str | None, tuple[list[Any], list[int]]]
"""Agent → local days on which the number changed, and the number from then on; None: all agents."""


def with_assigned(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return lines of all agents and of each with `assigned`: the unsolved tickets at the end of what they cover."""
    levels = _levels(ask)
    told = []
    for line in lines:
        if not set(line.group) - {"agent"} and (not line.group or line.group["agent"] is not None):
            end = min(line.period.end if line.period else _end(ask), ask.as_of)
            assigned = float(_level(levels.get(line.group.get("agent"), ([], [])), end))
            told.append(replace(line, figures=MappingProxyType({**line.figures, "assigned": assigned})))
        else:
            told.append(line)
    return Finished(tuple(told))


def _end(ask: Ask) -> datetime:
    question = ask.desk.question
    return zones.instant(question.end, question.zone) if question.end else ask.as_of


def _level(moves: tuple[list[Any], list[int]], end: datetime) -> int:
    moments, numbers = moves
    place = bisect_right(moments, end)
    return numbers[place - 1] if place else 0


def _levels(ask: Ask) -> _Levels:
    """Return the numbers of all agents and of each; the engine adds up by the edges of local days."""
    found = _deltas(ask).to_pyarrow().to_pylist()
    known = dimensions.names(ask.desk, "agent", {one["agent_id"] for one in found})
    moves: dict[str | None, dict[datetime, int]] = {None: {}}
    for one in found:
        # All that happens on a day has happened at its end; on the day of `as_of`, by then.
        for agent in (None, known[one["agent_id"]][0]):
            at = min(zones.instant(one["next_day"], ask.desk.question.zone), ask.as_of)
            of_agent = moves.setdefault(agent, {})
            of_agent[at] = of_agent.get(at, 0) + one["delta"]
    return {agent: (sorted(days), list(accumulate(days[day] for day in sorted(days)))) for agent, days in moves.items()}


def _deltas(ask: Ask) -> ir.Table:
    """Return how many more unsolved tickets an agent had at the end of a day than at its begin."""
    had = ask.of_base("assignment")
    had = had.filter(had.agent_id.notnull()).select("ticket_id", "agent_id", mine="from_at", gone="to_at")
    spans = ask.fact("status_interval")
    spans = spans.filter(spans.status.isin(UNRESOLVED_STATUSES)).select("ticket_id", "from_at", "to_at")
    both = had.inner_join(spans, "ticket_id")
    start = ibis.greatest(both.mine, both.from_at)
    end = ibis.ifelse(
        both.gone.notnull() & both.to_at.notnull(), ibis.least(both.gone, both.to_at), both.gone.coalesce(both.to_at)
    )
    both = both.mutate(start=start, end=end)
    both = both.filter(both.start <= ask.now, both.end.isnull() | (both.end > both.start))
    comes = both.select("agent_id", at="start", delta=ibis.literal(1, "int64"))
    goes = both.filter(both.end.notnull(), both.end <= ask.now)
    moves = comes.union(goes.select("agent_id", at="end", delta=ibis.literal(-1, "int64")))
    day = ask.desk.local(moves["at"]).truncate("D") + ibis.interval(days=1)
    moves = moves.mutate(next_day=day.date())
    return moves.group_by("agent_id", "next_day").aggregate(delta=moves.delta.sum())
