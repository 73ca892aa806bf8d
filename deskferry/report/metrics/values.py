"""Values of metrics as people read them: seconds as hours and minutes, shares as percentages."""

from __future__ import annotations

from deskferry.report.wording import Words

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
UNKNOWN = "–"
_COUNTED = frozenset({"numerator", "denominator", "immature", "days", "reviews"})
"""Figures that are numbers of rows whatever the unit of the value is."""


def shown(words: Words, unit: str, value: float | None) -> str:
    """Return a value in its unit; "–" where there is none."""
    if value is None:
        return UNKNOWN
    if unit == "seconds":
        return duration(words, value)
    if unit == "share":
        return words.percent(value, 1)
    return words.number(value, 0 if float(value).is_integer() else 2)


def figure(words: Words, unit: str, name: str, value: float | None) -> str:
    """Return one of the further statistics of a value."""
    if name == "share" or name.startswith(("within_", "rate")):
        return shown(words, "share", value)
    if name in _COUNTED or unit == "share":
        return shown(words, "count", value)
    return shown(words, unit, value)


def duration(words: Words, seconds: float) -> str:
    """Return a length of time by its two largest units: `5 h 54 min`, `2 d 3 h`, `40 s`."""
    left = round(abs(seconds))
    parts: list[str] = []
    for size, name in _STEPS:
        whole, left = divmod(left, size)
        if whole or (name == "s" and not parts):
            parts.append(f"{words.number(whole)} {name}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return ("-" if seconds < 0 else "") + " ".join(parts)
