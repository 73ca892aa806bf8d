"""M06: what will be left on the coming days, with bands, and what the method is worth.

What comes into the backlog is new, reopened and restored tickets; what goes is solved and closed ones (the identity of
M03, on the base population), so that the level is that of M05. The forecast begins after the last day that is over;
complete weeks begin on Mondays of the reporting zone, the first one at or after the first move. Where the card is open:

- *seasonal naive by weekday on the last 8 complete weeks* is the mean of each weekday over them;
- bands: the residuals that are drawn make another past too, see `weekday_forecast`;
- MASE is the mean absolute error over that of the forecast that the level stays, both on the held-back days; a level
  that never moved has none, and nothing is better than no change then;
- a forecast of the back-test is made of the up to 8 weeks before it, at least 4: 8 weeks of history do for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from deskferry.metrics import dimensions, zones
from deskferry.metrics.aggregation import Count
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.facts.state import backlog_moves
from deskferry.metrics.options import Choice, Number
from deskferry.metrics.result import Computed, Line, Period
from deskferry.metrics.weekday_forecast import BackTest, Day, Forecaster, History

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

WEEKS = 8
HELD_BACK = 12
NO_BETTER = "no better than no-change"
Group = tuple[str | None, ...]


def _moves(ask: Ask) -> ir.Table:
    found = backlog_moves(ask.of_base("state_interval"))
    # What goes and comes at one instant did not move.
    keys = [name for name in found.columns if name != "delta"]
    found = found.group_by(keys).aggregate(delta=found.delta.sum())
    over = zones.moment(zones.instant(_today(ask), ask.desk.question.zone))
    return found.filter(found.delta != 0, found["at"] < over).mutate(value=1)


def _today(ask: Ask) -> date:
    """Return the first day that is not over."""
    return ask.as_of.astimezone(ask.desk.question.zone).date()


@dataclass(frozen=True, slots=True)
class _Story:
    """The days of one group."""

    first: date
    """The day of its first move."""
    history: History


def _stories(ask: Ask, rows: ir.Table, by: tuple[str, ...]) -> dict[Group, _Story]:
    """Return the complete days that forecast and back-test look at, for each group."""
    today = _today(ask)
    begin = zones.start_of(today, "week") - timedelta(weeks=WEEKS + HELD_BACK)
    split, _absent = dimensions.attach(ask.desk, rows.filter(rows.value.notnull()), by)
    split = split.mutate(_local=ask.desk.local(split["at"]).truncate("D").date())
    day = (split["_local"] < begin).ifelse(begin - timedelta(days=1), split["_local"])
    found = split.mutate(_day=day).group_by(*by, "_day").aggregate(
        first=lambda one: one["_local"].min(),
        came=lambda one: one.delta.sum(where=one.delta > 0),
        went=lambda one: -one.delta.sum(where=one.delta < 0),
    ).to_pyarrow().to_pylist()  # fmt: skip
    named = {name: dimensions.names(ask.desk, name, [one[name] for one in found]) for name in by}
    days: dict[Group, dict[date, Mapping[str, Any]]] = {}
    for one in found:
        group = tuple(named[name].get(one[name], (None, None))[0] for name in by)
        days.setdefault(group, {})[one["_day"]] = one
    return {group: _story(told, begin, today) for group, told in days.items()}


def _story(told: Mapping[date, Mapping[str, Any]], begin: date, today: date) -> _Story:
    first = min(one["first"] for one in told.values())
    monday = zones.start_of(first, "week")
    begin = max(begin, monday if monday == first else zones.after(monday, "week"))
    days = [told.get(begin + timedelta(days=number), {}) for number in range((today - begin).days)]
    before = sum((one["came"] or 0) - (one["went"] or 0) for day, one in told.items() if day < begin)
    flows = [[float(one.get(name) or 0) for one in days] for name in ("came", "went")]
    return _Story(first, History(float(before), *flows))


def _forecast(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    by = tuple(lines[-1].group)
    smoothing = ask.options["model"] == "exponential_smoothing"
    forecaster = Forecaster(int(ask.options["days"]), WEEKS, smoothing=smoothing)
    whole = _stories(ask, rows, ()).get(())
    groups = _stories(ask, rows, by) if by else {}
    found: list[Line] = []
    extra: dict[str, Any] = {"method": ask.options["model"], "weeks": WEEKS}
    for line in lines:
        story = groups.get(tuple(line.group.values())) if line.group else whole
        if story is None or story.history.weeks < WEEKS:
            found.append(_refused(ask, line))
            continue
        tested = forecaster.tested(story.history, HELD_BACK, with_bands=not line.group)
        found += _told(ask, line, story, forecaster.forecast(story.history), tested)
        if not line.group:
            held = {f"{level} %": share for level, share in tested.held.items()}
            verdict = "better than no-change" if tested.is_better else NO_BETTER
            extra["back_test"] = {**asdict(tested), "held": held, "mase": tested.mase, "verdict": verdict}
    return Finished(tuple(found), _notes(extra), MappingProxyType(extra))


def _notes(extra: Mapping[str, Any]) -> tuple[str, ...]:
    if "back_test" not in extra:
        return ()
    tested = extra["back_test"]
    against = "the level never moved" if tested["mase"] is None else f"MASE {tested['mase']:.2f}"
    return (
        f"{extra['method']} by weekday on the last {WEEKS} complete weeks; bands by bootstrapping daily net flows",
        f"on {tested['weeks']} held-back weeks: {tested['verdict']} ({against}, MAE {tested['mae']:.1f} tickets)",
    )


def _refused(ask: Ask, line: Line) -> Line:
    return replace(
        line, value=None, status=Computed.NOT_COMPUTABLE, reason=ask.metric.message, figures=MappingProxyType({})
    )


def _told(ask: Ask, line: Line, story: _Story, days: list[Day], tested: BackTest) -> Iterator[Line]:
    """Yield the line of the last day of the forecast, without a period, then one for each day."""
    reason = line.reason or (None if tested.is_better else NO_BETTER)
    worth = {"at_start": story.history.levels[-1], "mae": tested.mae, "mae_no_change": tested.mae_no_change,
             "mase": tested.mase}  # fmt: skip
    yield _line(replace(line, reason=reason), days[-1], None, worth)
    zone = ask.desk.question.zone
    for number, day in enumerate(days):
        start = _today(ask) + timedelta(days=number)
        following = start + timedelta(days=1)
        period = Period(zones.label_of(start, "day"), zones.instant(start, zone), zones.instant(following, zone), 0,
                        is_complete=False)  # fmt: skip
        yield _line(replace(line, reason=reason), day, period, {"inflow": day.came, "outflow": day.went})


def _line(line: Line, day: Day, period: Period | None, figures: Mapping[str, float | None]) -> Line:
    low, high = day.bands[80]
    told = MappingProxyType({"low_80": low, "high_80": high, **figures})
    return replace(line, value=day.level, figures=told, interval=day.bands[95], period=period)


PREDICTED = Metric(
    "M06",
    version=1,
    population="comings into and goings out of the backlog of the base population, until the last day that is over",
    facts=("state_interval",),
    rows=_moves,
    needs=((Need("ticket", lambda ticket: ticket.solved_at.notnull() | ticket.closed_at.notnull()),
            Need("ticket_event", lambda event: event.field == "status")),),
    anchors={},
    aggregation=Count("tickets", statistic="predicted"),
    options={
        "model": Choice(("seasonal_naive", "exponential_smoothing"), "Weeks count alike, or the later the more"),
        "days": Number(14, "How many days are forecast", least=1),
    },
    finish=_forecast,
)  # fmt: skip

METRICS: tuple[Metric, ...] = (PREDICTED,)
