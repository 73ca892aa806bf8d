"""Values of custom fields in the form that a rule asks for: numbers as numbers, options by their value, dates as dates.

A value that the field there cannot hold raises `Unfit`, whose `cause` is the cause of its loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from deskferry.connectors.kit.write_seam import FieldRule


class Unfit(Exception):
    """A value that the field there cannot hold; `cause` says why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def option(value: Any, rule: FieldRule) -> str:
    """Return the option there that stands for a value."""
    text = str(value)
    found = rule.values.get(text)
    if found is None and text in rule.options:
        found = text
    if found is None:
        raise Unfit("option_unmatched")
    return found


def chosen(value: Any, rule: FieldRule) -> Any:
    """Return the option, or the list of them where the field takes several."""
    several = value if isinstance(value, list) else [value]
    if rule.type == "multi_select":
        return [option(single, rule) for single in several]
    if len(several) != 1:
        raise Unfit("value_unfit")
    return option(several[0], rule)


def as_words(value: Any, rule: FieldRule) -> str:
    """Return a value as text; several are separated by commas."""
    several = value if isinstance(value, list) else [value]
    return ", ".join(rule.values.get(str(single), _word(single)) for single in several)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        raise Unfit("value_unfit")
    return str(value)


def boolean(value: Any, _rule: FieldRule) -> bool:
    """Return a truth value."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = known.get(str(value).strip().lower())
    if found is None:
        raise Unfit("value_unfit")
    return found


def whole_number(value: Any, _rule: FieldRule) -> int:
    """Return a whole number."""
    try:
        number = float(str(value))
        whole = int(number)
    except (ValueError, OverflowError):
        raise Unfit("value_unfit") from None
    if number != whole:
        raise Unfit("value_unfit")
    return whole


def decimal(value: Any, _rule: FieldRule) -> float:
    """Return a number."""
    try:
        return float(str(value))
    except ValueError:
        raise Unfit("value_unfit") from None


def _moment(value: Any) -> date | datetime:
    if isinstance(value, (date, datetime)):
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise Unfit("value_unfit") from None


def day(value: Any, _rule: FieldRule) -> str:
    """Return a date as ISO 8601."""
    return _moment(value).strftime("%Y-%m-%d")


def instant(value: Any, _rule: FieldRule) -> str:
    """Return a time as ISO 8601."""
    return _moment(value).isoformat()


CONVERTERS = {
    "boolean": boolean,
    "number": whole_number,
    "decimal": decimal,
    "currency": decimal,
    "date": day,
    "datetime": instant,
}
"""Type of a field → what makes a value of it; the other types take text or options."""
