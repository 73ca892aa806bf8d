"""Values of custom fields as the vendor takes them: numbers as numbers, options by their label, dates as dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from deskferry.connectors.freshdesk.choices import SEPARATOR
from deskferry.connectors.freshdesk.desk import TYPE_KEY, Desk
from deskferry.connectors.kit.contract import Crossings, FieldRule, Loss, Row

_TEXT_LIMIT = 255
"""Of single-line fields."""


class Unfit(Exception):
    """A value that the field there cannot hold; `cause` says why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def custom_fields(kind: str, row: Row, crossings: Crossings, desk: Desk) -> tuple[dict[str, Any], list[Loss]]:
    """Return the values by their key there, and what is lost."""
    values: dict[str, Any] = {}
    losses: list[Loss] = []
    for key, value in (row.get("custom_fields") or {}).items():
        if value in (None, "", [], {}):
            continue
        rule = crossings.field_rule(kind, key)
        name = f"custom_fields.{key}"
        if rule is None:
            losses.append(Loss(row["id"], name, _shown(value), "field_unmatched"))
            continue
        try:
            values.update(_written(value, rule, desk))
        except Unfit as unfit:
            losses.append(Loss(row["id"], name, _shown(value), unfit.cause))
    return values, losses


def _shown(value: Any) -> str:
    return str(value)[:500]


def _written(value: Any, rule: FieldRule, desk: Desk) -> dict[str, Any]:
    if rule.type == "nested_select":
        return _nested(value, rule, desk)
    if rule.type in {"select", "multi_select"} or rule.key == TYPE_KEY:
        return {rule.key: _chosen(value, rule)}
    convert = _CONVERTERS.get(rule.type, _text)
    return {rule.key: convert(value, rule)}


def _option(value: Any, rule: FieldRule) -> str:
    text = str(value)
    found = rule.values.get(text)
    if found is None and text in rule.options:
        found = text
    if found is None:
        raise Unfit("option_unmatched")
    return found


def _chosen(value: Any, rule: FieldRule) -> Any:
    several = value if isinstance(value, list) else [value]
    if rule.type == "multi_select":
        return [_option(single, rule) for single in several]
    if len(several) != 1:
        raise Unfit("value_unfit")
    return _option(several[0], rule)


def _nested(value: Any, rule: FieldRule, desk: Desk) -> dict[str, Any]:
    """Return one key a level; the vendor keeps each level in its own field."""
    text = rule.values.get(str(value), str(value))
    steps = [step.strip() for step in text.split(SEPARATOR)]
    keys = (rule.key, *desk.levels.get(rule.key, ()))
    if len(steps) > len(keys) or (rule.options and steps[0] not in rule.options):
        raise Unfit("option_unmatched")
    return dict(zip(keys, steps, strict=False))


def _text(value: Any, rule: FieldRule) -> str:
    several = value if isinstance(value, list) else [value]
    text = ", ".join(rule.values.get(str(single), _plain(single)) for single in several)
    if rule.type != "textarea" and len(text) > _TEXT_LIMIT:
        raise Unfit("value_unfit")
    return text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        raise Unfit("value_unfit")
    return str(value)


def _boolean(value: Any, _rule: FieldRule) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = known.get(str(value).strip().lower())
    if found is None:
        raise Unfit("value_unfit")
    return found


def _whole(value: Any, _rule: FieldRule) -> int:
    try:
        number = float(str(value))
    except ValueError:
        raise Unfit("value_unfit") from None
    if number != int(number):
        raise Unfit("value_unfit")
    return int(number)


def _decimal(value: Any, _rule: FieldRule) -> float:
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


def _date(value: Any, _rule: FieldRule) -> str:
    return _moment(value).strftime("%Y-%m-%d")


def _datetime(value: Any, _rule: FieldRule) -> str:
    return _moment(value).isoformat()


_CONVERTERS = {
    "boolean": _boolean,
    "number": _whole,
    "decimal": _decimal,
    "currency": _decimal,
    "date": _date,
    "datetime": _datetime,
}
