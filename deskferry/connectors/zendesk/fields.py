"""Values of custom fields and tags as the vendor takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from deskferry.connectors.kit.contract import Crossings, FieldRule, Loss, Row
from deskferry.connectors.kit.custom_values import CONVERTERS, Unfit, as_words, chosen
from deskferry.connectors.zendesk.desk import TAG_LIMIT

_TEXT_LIMIT = 65_535
_NOT_IN_TAGS = re.compile(r"[^\w/:.\-]")


def custom_fields(kind: str, row: Row, crossings: Crossings) -> tuple[dict[str, Any], list[Loss]]:
    """Return the values by the field's key there (of tickets: its id), and what is lost."""
    values: dict[str, Any] = {}
    losses: list[Loss] = []
    for key, value in (row.get("custom_fields") or {}).items():
        if value in (None, "", [], {}):
            continue
        rule = crossings.field_rule(kind, key)
        if rule is None:
            losses.append(_lost(row, key, value, "field_unmatched"))
            continue
        try:
            values[rule.key] = _written(value, rule)
        except Unfit as unfit:
            losses.append(_lost(row, key, value, unfit.cause))
    return values, losses


def _lost(row: Row, key: str, value: Any, cause: str) -> Loss:
    return Loss(row["id"], f"custom_fields.{key}", str(value)[:500], cause)


def _written(value: Any, rule: FieldRule) -> Any:
    if rule.type in {"select", "multi_select"}:
        return chosen(value, rule)
    if rule.type in {"lookup", "file"}:
        # They name records of the former account by number.
        raise Unfit("value_unfit")
    convert = CONVERTERS.get(rule.type)
    if convert is not None:
        return convert(value, rule)
    text = as_words(value, rule)
    if len(text) > _TEXT_LIMIT:
        raise Unfit("value_unfit")
    return text


def spelled(tag: str) -> str:
    """Return a tag as the vendor keeps it: lower case, without blanks, of letters, digits and `_/:.-`."""
    return _NOT_IN_TAGS.sub("_", "_".join(tag.split()).lower())


def tags_of(record_id: str, tags: Iterable[str]) -> tuple[list[str], list[Loss]]:
    """Return tags as they are written, each once, and those that are respelled or too long."""
    written: list[str] = []
    losses: list[Loss] = []
    for tag in tags:
        there = spelled(tag)
        if not there or len(there) > TAG_LIMIT:
            losses.append(Loss(record_id, "tag", tag[:500], "tag_too_long"))
            continue
        if there != tag:
            losses.append(Loss(record_id, "tag", tag, "tag_respelled"))
        written.append(there)
    return list(dict.fromkeys(written)), losses
