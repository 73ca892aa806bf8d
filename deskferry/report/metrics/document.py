"""Results of metrics as one JSON document; its schema: `report/json/metrics.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from deskferry.canonical_schema import time_text
from deskferry.metrics.cards import CARDS
from deskferry.metrics.definition import Metric
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS
from deskferry.metrics.result import Line, Period, Result
from deskferry.report.metrics.sentences import in_language
from deskferry.report.wording import Words

FORMAT = "deskferry.metrics/1"


def document(results: Sequence[Result], question: Question, as_of: datetime, words: Words) -> dict[str, Any]:
    """Return the document of some results: names, descriptions and sentences in a language, codes as they are."""
    return {
        "format": FORMAT,
        "as_of": time_text(as_of),
        "language": words.language,
        "question": {
            "by": list(question.by), "period": question.period, "from": plain(question.start),
            "to": plain(question.end), "timezone": question.timezone, "clock": question.clock,
            "anchor": question.anchor, "preset": question.preset, "floor": question.floor,
            "partial_below": question.partial_below, "schedule": question.schedule, "exclude": list(question.exclude),
            "separate": question.separate,
        },
        "results": [_result(one, METRICS[one.metric].for_question(question), words) for one in results],
    }  # fmt: skip


def _result(found: Result, metric: Metric, words: Words) -> dict[str, Any]:
    card = CARDS[found.metric]
    return {
        "metric": found.metric, "slug": found.slug, "definition_id": found.definition_id,
        "name": card.name.in_language(words.language), "description": card.description.in_language(words.language),
        "population": in_language(words, metric.population), "unit": found.unit, "statistic": found.statistic,
        "clock": found.clock, "anchor": found.anchor, "anchored_at": in_language(words, found.anchor_column) or None,
        "preset": found.preset, "options": plain(found.options), "as_of": time_text(found.as_of),
        "timezone": found.timezone, **_numbers(found.total, words), "lines": _lines(found.lines, words),
        "notes": [in_language(words, note) for note in found.notes], "extra": plain(found.extra),
    }  # fmt: skip


def _lines(lines: Iterable[Line], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "group": {name: {"key": key, "label": line.labels.get(name)} for name, key in line.group.items()},
            "period": _period(line.period),
            **_numbers(line, words),
        }
        for line in lines
    ]


def _period(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {
        "label": period.label, "from": time_text(period.start), "to": time_text(period.end), "days": period.days,
        "is_complete": period.is_complete,
    }  # fmt: skip


def _numbers(line: Line, words: Words) -> dict[str, Any]:
    return {
        "value": line.value, "interval": list(line.interval) if line.interval else None,
        "figures": dict(line.figures), "n_eligible": line.n_eligible, "n_computed": line.n_computed,
        "n_missing": line.n_missing, "below_floor": line.below_floor, "status": line.status.value,
        "reason": in_language(words, line.reason),
    }  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value as JSON has it: times as text, tuples as lists, keys as texts."""
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value
