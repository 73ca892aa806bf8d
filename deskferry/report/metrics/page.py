"""The dashboard as a page that stands alone: drawings without scripts, each with the numbers that it is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import deskferry
from deskferry.metrics.cards import CARDS
from deskferry.metrics.dashboard import EDGES, Dashboard, Spread
from deskferry.metrics.registry import METRICS
from deskferry.metrics.result import Line, Result
from deskferry.redaction import redact
from deskferry.report.excerpt import excerpt
from deskferry.report.metrics import charts
from deskferry.report.metrics.sentences import in_language
from deskferry.report.metrics.values import duration, shown
from deskferry.report.metrics.week import week
from deskferry.report.page import render
from deskferry.report.wording import Words

_TEMPLATE = "metrics.html.j2"
_ROWS = 50
_LISTED = 60
"""Periods of which a chart lists the numbers: the last ones."""
_DRAWN = {"M03": ("new", "resolved", "reopened")}
"""Metric → the figures that are drawn in the place of its value."""


def page(found: Dashboard, words: Words) -> str:
    """Return the page."""
    view = _View(found, words)
    values = {
        "head": view.head(), "tiles": view.tiles(), "trends": [view.trend(one) for one in found.trends],
        "backlog": view.trend(found.backlog, area=True) if found.backlog else None,
        "spreads": [view.spread(one) for one in found.spreads], "heat": view.heat(),
        "tables": [view.table(by, results) for by, results in found.tables.items()],
        "totals": [view.total(one) for one in found.totals], "size": (charts.WIDTH, charts.HEIGHT),
        "version": deskferry.__version__,
    }  # fmt: skip
    return redact(render(_TEMPLATE, words, values))


class _View:
    """One dashboard in one language."""

    def __init__(self, found: Dashboard, words: Words) -> None:
        self.found, self.words = found, words

    def head(self) -> dict[str, Any]:
        """Return what the page is about."""
        question = self.found.question
        return {
            "as_of": self.words.moment(self.found.as_of), "timezone": question.timezone,
            "period": self.words(f"metrics.page.every.{question.period}"), "preset": question.preset,
            "range": [str(one) if one else None for one in (question.start, question.end)],
        }  # fmt: skip

    def tiles(self) -> list[dict[str, str]]:
        """Return the first numbers that there are."""
        there = [one for one in self.found.totals if one.value is not None]
        return [{"value": self._value(one, one.value), "name": self._name(one), "what": self._what(one)}
                for one in there[:8]]  # fmt: skip

    def _name(self, result: Result) -> str:
        return CARDS[result.metric].name.in_language(self.words.language)

    def _what(self, result: Result) -> str:
        clock = self.words(f"metrics.clock.{result.clock}")
        return ", ".join(filter(None, (self.words.or_code(f"metrics.statistic.{result.statistic}"), clock)))

    def _value(self, result: Result, value: float | None) -> str:
        text = shown(self.words, result.unit, value)
        unit = self.words.or_code(f"metrics.unit.{result.unit}")
        return f"{text} {unit}".strip() if value is not None and unit else text

    def counts(self, result: Result) -> str:
        """Return what a chart counts: definition, population, n, what is missing, where rows stand in time."""
        metric = METRICS[result.metric].for_question(self.found.question)
        return self.words(
            "metrics.page.counts", definition=result.definition_id, what=self._what(result) or result.statistic,
            population=in_language(self.words, metric.population), n=result.total.n_computed,
            missing=result.total.n_missing, anchor=self.words(f"metrics.anchor.{result.anchor}"),
        )  # fmt: skip

    def _base(self, result: Result) -> dict[str, Any]:
        return {
            "id": f"{result.slug}-{result.clock}", "name": self._name(result), "counts": self.counts(result),
            "reason": None if result.value is not None else in_language(self.words, result.reason)
            or self.words("metrics.state.not_computable"),
            "notes": [in_language(self.words, note) for note in result.notes],
        }  # fmt: skip

    def trend(self, result: Result, *, area: bool = False) -> dict[str, Any]:
        """Return lines over the periods, and the numbers of the last of them."""
        told = self._base(result)
        lines = [line for line in result.lines if line.period and not line.group]
        if told["reason"] or not lines:
            return {**told, "reason": told["reason"] or self.words("metrics.page.no_period"), "plot": None}
        series = self._series(result, lines)
        labels = [line.period.label for line in lines if line.period]
        complete = [line.period.is_complete for line in lines if line.period]
        plot = charts.plot(series, labels, complete, result.unit, lambda value: shown(self.words, result.unit, value))
        rows = [
            {"label": labels[number], "complete": complete[number],
             "values": [shown(self.words, result.unit, values[number]) for values in series.values()],
             "n": self.words.number(line.n_computed)}
            for number, line in enumerate(lines)
        ]  # fmt: skip
        return {**told, "plot": plot, "area": area, "names": list(series), "rows": rows[-_LISTED:],
                "left_out": max(0, len(rows) - _LISTED)}  # fmt: skip

    def _series(self, result: Result, lines: Sequence[Line]) -> dict[str, list[float | None]]:
        drawn = _DRAWN.get(result.metric)
        if drawn:
            return {self.words(f"metrics.statistic.{one}"): [line.figures.get(one) for line in lines] for one in drawn}
        return {self._what(result) or self._name(result): [line.value for line in lines]}

    def spread(self, spread: Spread) -> dict[str, Any]:
        """Return the bars of a distribution, with the quartiles in words."""
        told = self._base(spread.result)
        if told["reason"] or not spread.counts:
            return {**told, "bars": None}
        edges = [duration(self.words, edge) for edge in EDGES]
        labels = [self.words("metrics.page.upto", edge=edge) for edge in edges]
        labels.append(self.words("metrics.page.over", edge=edges[-1]))
        numbers = [self.words.number(count) for count in spread.counts]
        figures = [
            {"name": self.words(f"metrics.statistic.{name}"),
             "value": shown(self.words, "seconds", spread.result.total.figures.get(name))}
            for name in ("median", "mean", "p75", "p90", "p95")
        ]  # fmt: skip
        return {**told, "bars": charts.bars(spread.counts, labels, numbers), "figures": figures}

    def heat(self) -> dict[str, Any] | None:
        """Return the hours of the week."""
        arrivals = self.found.arrivals
        if not arrivals:
            return None

        def says(day: str, hour: str, count: int) -> str:
            return self.words("metrics.page.hour", day=day, hour=hour, n=count)

        counts = self.words("metrics.page.heat_counts", n=sum(arrivals.values()), timezone=self.found.question.timezone)
        return {**week(self.words.language, arrivals, says), "counts": counts}

    def table(self, by: str, results: Sequence[Result]) -> dict[str, Any]:
        """Return a table of groups: the largest first, by the first metric that has them."""
        there = [one for one in results if any(line.group for line in one.lines)]
        lacking = [{"name": self._name(one), "reason": in_language(self.words, one.reason)}
                   for one in results if one.value is None]  # fmt: skip
        found = {one.metric: {line.group[by]: line for line in one.lines if set(line.group) == {by}} for one in there}
        order = _order(found.values())
        rows = [
            {"name": self._group(found.values(), key),
             "cells": [self._cell(one, found[one.metric].get(key)) for one in there]}
            for key in order[:_ROWS]
        ]  # fmt: skip
        name = self.words.or_code(f"metrics.dimension.{by}")
        heads = [{"name": self._name(one), "what": self._what(one), "counts": self.counts(one)} for one in there]
        return {"by": by, "name": name, "heads": heads, "rows": rows, "left_out": max(0, len(order) - _ROWS),
                "lacking": lacking}  # fmt: skip

    def _group(self, found: Iterable[dict[str | None, Line]], key: str | None) -> Any:
        if key is None:
            return None
        labels = (label for lines in found if key in lines for label in lines[key].labels.values())
        return excerpt(next(labels, key), 80)

    def _cell(self, result: Result, line: Line | None) -> dict[str, Any]:
        if line is None:
            return {"text": shown(self.words, "count", None), "n": None, "soft": True}
        return {"text": shown(self.words, result.unit, line.value), "n": self.words.number(line.n_computed),
                "soft": line.below_floor or line.value is None}  # fmt: skip

    def total(self, result: Result) -> dict[str, Any]:
        """Return the line of one result in the table of all."""
        bounds = [shown(self.words, result.unit, one) for one in result.total.interval or ()]
        state = self.words(f"metrics.state.{result.status.value}")
        reason = in_language(self.words, result.reason)
        return {
            "metric": result.metric, "name": self._name(result), "what": self._what(result),
            "value": self._value(result, result.value), "interval": " … ".join(bounds),
            "n": result.total.n_computed, "missing": result.total.n_missing, "definition": result.definition_id,
            "says": "; ".join(filter(None, (state, reason))), "notes": [in_language(self.words, one)
                                                                       for one in result.notes],
        }  # fmt: skip


def _order(found: Iterable[dict[str | None, Line]]) -> list[str | None]:
    """Return the groups, those with most rows of the first metric first, nobody last."""
    weight: dict[str | None, tuple[int, ...]] = {}
    lines = list(found)
    for key in {key for one in lines for key in one}:
        weight[key] = tuple(one[key].n_eligible if key in one else 0 for one in lines)
    return sorted(weight, key=lambda key: (key is None, [-n for n in weight[key]], key or ""))
