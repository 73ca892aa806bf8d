"""The audit as a page that stands alone: long lists folded, charts drawn without a script, numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskferry.redaction import redact
from deskferry.report.metrics import charts
from deskferry.report.metrics.week import week
from deskferry.report.page import render
from deskferry.report.wording import Words
from deskferry.validate.finding import Severity

_TEMPLATE = "audit.html.j2"
_SPREADS = {"status": "statuses", "channel": "audit.channel", "priority": "priorities"}
"""What tickets are spread by → where the words of its values are."""
_OPEN = 3
"""Groups of findings that are not folded."""
_OPEN_RUNS = 10
"""Up to so many runs of the trend are not folded."""


def page(found: Mapping[str, Any], words: Words) -> str:
    """Return the page of a document."""
    spread = found["distributions"]
    values = {
        **found,
        "score_chart": _score_trend(found["trend"], words),
        "trend_chart": _trend(found["trend"], words),
        "spreads": [_spread(name, spread[name], words) for name in _SPREADS],
        "month_chart": _months(spread["months"], words),
        "heat": _heat(spread["hours"], words),
        "talks": _talks(spread["messages_a_ticket"], words),
        "coverage": coverage(found),
        "size": (charts.WIDTH, charts.HEIGHT),
        "unfolded": _OPEN,
        "unfolded_runs": _OPEN_RUNS,
    }
    return redact(render(_TEMPLATE, words, values))


def _trend(runs: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any] | None:
    if len(runs) < 2:
        return None
    names = {one.value: words(f"audit.severity.{one.value}") for one in reversed(Severity)}  # errors are drawn red
    series = {name: [run[code] for run in runs] for code, name in names.items()}
    plot = charts.plot(series, [run["at"][:10] for run in runs], [True] * len(runs), "findings", words.number)
    return {"plot": plot, "names": list(names.values())}


def _score_trend(runs: Sequence[Mapping[str, Any]], words: Words) -> charts.Plot | None:
    """Return the line of the scores, broken where the rules changed; None where fewer than two runs kept one."""
    scores = [run["score"] for run in runs]
    if len(scores) - scores.count(None) < 2:
        return None
    return charts.plot(
        {words("audit.tile.score"): scores}, [run["at"][:10] for run in runs], [True] * len(runs), "share",
        lambda share: words("audit.scores.none") if share is None else words.percent(share, 2),
        apart=[number for number, run in enumerate(runs) if run["same_rules"] is False], close=True,
    )  # fmt: skip


def _spread(name: str, values: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any]:
    labels = [
        words("audit.distributions.nothing_given") if one["value"] is None
        else words.or_code(f"{_SPREADS[name]}.{one['value']}") for one in values
    ]  # fmt: skip
    counts = [one["count"] for one in values]
    return {"name": words(f"audit.distributions.{name}"), "id": name,
            "bars": charts.bars(counts, labels, [words.number(n) for n in counts]),
            "rows": list(zip(labels, counts, strict=True))}  # fmt: skip


def _months(months: Sequence[Mapping[str, Any]], words: Words) -> charts.Plot | None:
    if not months:
        return None
    labels = [one["month"] for one in months]
    counts = [one["count"] for one in months]
    return charts.plot(
        {words("audit.distributions.months"): counts}, labels, [True] * len(labels), "tickets", words.number
    )


def _heat(hours: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any] | None:
    if not hours:
        return None

    def says(day: str, hour: str, count: int) -> str:
        return words("audit.distributions.hour", day=day, hour=hour, n=count)

    return week(words.language, {(one["weekday"], one["hour"]): one["count"] for one in hours}, says)


def _talks(classes: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any] | None:
    counts = [one["count"] for one in classes]
    if not any(counts):
        return None
    labels = [span(one["from"], one["to"]) for one in classes]
    return {"bars": charts.bars(counts, labels, [words.number(n) for n in counts]),
            "rows": list(zip(labels, counts, strict=True))}  # fmt: skip


def span(low: int, high: int | None) -> str:
    """Return a class of numbers: `3–5`, `101+`, `1`."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"


def coverage(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of each connection and kind, the fullest first, with their custom fields."""
    told = []
    for one in found["fill_rates"]:
        own = [each for each in found["custom_fields"]
               if (each["connection"], each["kind"]) == (one["connection"], one["kind"])]  # fmt: skip
        fields = sorted(
            one["fields"], key=lambda each: (each["mapped"] is False and not each["filled"], -each["filled"])
        )
        told.append({**one, "fields": fields, "custom": own, "filled": sum(bool(each["filled"]) for each in fields)})
    return told
