"""The reference of all metrics in `docs/metrics.md`, made from their cards and definitions.

`python -m deskferry.metrics.reference` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deskferry.metrics.definition import Metric
from deskferry.metrics.options import NO_CLOCK
from deskferry.metrics.presets import PRESETS
from deskferry.metrics.registry import METRICS

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- begin of the reference -->", "<!-- end of the reference -->"


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(line for metric in METRICS.values() for line in _metric(metric))


def with_reference(text: str) -> str:
    """Return the text of the document with the reference of today."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _metric(metric: Metric) -> Iterator[str]:
    card = metric.card
    clocks = [one for one in metric.clocks if one != NO_CLOCK]
    anchors = "; ".join(f"{anchor}: {what}" for anchor, what in metric.anchors.items()) or "as of now, no periods"
    yield f"### {metric.card_id} {card.name.en} / {card.name.es}"
    yield ""
    yield f"`{card.slug}`, definition `{metric.definition_id}`. {card.description.en}"
    yield ""
    yield f"- Counted: {metric.population}."
    yield f"- Headline: {metric.aggregation.statistic} ({metric.aggregation.unit})" + (
        f"; clocks: {', '.join(clocks)}." if clocks else "."
    )
    yield f"- Anchor: {anchors}."
    for name, option in metric.options.items():
        yield f"- Option `{name}` ({_default(option)}): {option.help}."
    for vendor, preset in PRESETS.items():
        if card.slug in preset:
            yield f"- Preset `{vendor}`: {', '.join(f'{key}={_word(one)}' for key, one in preset[card.slug].items())}."
    yield f"- When it cannot be computed: {card.message.en}."
    yield ""


def _default(option: Any) -> str:
    words = getattr(option, "words", None)
    return "|".join((f"**{words[0]}**", *words[1:])) if words else f"default {_word(option.default)}"


def _word(value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    DOCUMENT.write_text(with_reference(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
