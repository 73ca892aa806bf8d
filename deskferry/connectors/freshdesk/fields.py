"""Values of custom fields as the vendor takes them: numbers as numbers, options by their label, dates as dates."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.freshdesk.choices import SEPARATOR
from deskferry.connectors.freshdesk.desk import TYPE_KEY, Desk
from deskferry.connectors.kit.contract import Crossings, FieldRule, Loss, Row
from deskferry.connectors.kit.custom_values import CONVERTERS, Unfit, as_words, chosen

_TEXT_LIMIT = 255
"""Of single-line fields."""


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
        return {rule.key: chosen(value, rule)}
    convert = CONVERTERS.get(rule.type, _text)
    return {rule.key: convert(value, rule)}


def _nested(value: Any, rule: FieldRule, desk: Desk) -> dict[str, Any]:
    """Return one key a level; the vendor keeps each level in its own field."""
    text = rule.values.get(str(value), str(value))
    steps = [step.strip() for step in text.split(SEPARATOR)]
    keys = (rule.key, *desk.levels.get(rule.key, ()))
    if len(steps) > len(keys) or (rule.options and steps[0] not in rule.options):
        raise Unfit("option_unmatched")
    return dict(zip(keys, steps, strict=False))


def _text(value: Any, rule: FieldRule) -> str:
    text = as_words(value, rule)
    if rule.type != "textarea" and len(text) > _TEXT_LIMIT:
        raise Unfit("value_unfit")
    return text
