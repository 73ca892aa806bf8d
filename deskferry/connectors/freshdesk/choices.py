"""The `choices` of a field, in all the shapes that the vendor sends, as the options and statuses they are.

`/ticket_fields` sends a list of texts (dropdown, ticket type), a map of label → id (priority, source, group, agent,
product), a map of id → [agent's label, customer's label] (status) or nested maps and lists (nested_field);
`/admin/ticket_fields` sends `[{id, position, value, parent_choice_id, choices: [...]}]` everywhere; the fields of
contacts and companies send either lists of texts or `[{id, label, value, position}]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deskferry.canonical_schema.statuses import canonical_status

SEPARATOR = "::"
"""Between the levels of a nested value."""

FIELD_TYPES: dict[str, str] = {
    "custom_text": "text",
    "custom_paragraph": "textarea",
    "custom_checkbox": "boolean",
    "custom_number": "number",
    "custom_decimal": "decimal",
    "custom_dropdown": "select",
    "custom_date": "date",
    "custom_date_time": "datetime",
    "custom_url": "url",
    "custom_phone_number": "phone",
    "custom_multi_select": "multi_select",
    "custom_multi_select_dropdown": "multi_select",
    "custom_lookup": "lookup",
    "custom_lookup_field": "lookup",
    "custom_file": "file",
    "nested_field": "nested_select",
    "default_ticket_type": "select",
}


def options(value: Any) -> list[dict[str, Any]] | None:
    """Return options `[{value, label, active}]` of any shape; nested values are joined by `::`."""
    found = [{"value": text, "label": label, "active": True} for text, label in _flat(value, "")]
    return found or None


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for label, below in value.items():
            yield from _entry(str(label), below, prefix)
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, dict):
                text = entry.get("value", entry.get("label"))
                if text is not None and not entry.get("archived"):
                    yield from _entry(str(text), entry.get("choices") or entry.get("dependent_choices"), prefix)
            elif isinstance(entry, list):  # older accounts pair label and value
                yield from _entry(str(entry[-1]), None, prefix)
            elif entry is not None:
                yield from _entry(str(entry), None, prefix)


def _entry(label: str, below: Any, prefix: str) -> Iterator[tuple[str, str]]:
    text = f"{prefix}{SEPARATOR}{label}" if prefix else label
    yield text, label
    if isinstance(below, (dict, list)):
        yield from _flat(below, text)


def level_options(value: Any, level: int) -> list[dict[str, Any]] | None:
    """Return the options of one level of a nested field: what may stand in that level's own key."""
    seen: dict[str, None] = {}
    for text, label in _flat(value, ""):
        if text.count(SEPARATOR) == level - 1:
            seen.setdefault(label)
    return [{"value": label, "label": label, "active": True} for label in seen] or None


def statuses(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statuses of the status field as items `{code, label, position}`; other fields have none."""
    if field.get("type") != "default_status":
        return []
    choices = field.get("choices")
    if isinstance(choices, dict):
        pairs = [(str(code), names) for code, names in choices.items()]
    else:
        pairs = [
            (str(entry.get("id")), entry.get("value") or entry.get("label"))
            for entry in choices or ()
            if isinstance(entry, dict) and entry.get("id") is not None
        ]
    return [{"code": code, "label": _agents_label(names), "position": n} for n, (code, names) in enumerate(pairs, 1)]


def _agents_label(names: Any) -> str | None:
    if isinstance(names, list):
        return str(names[0]) if names else None
    return None if names is None else str(names)


def status_category(item: dict[str, Any]) -> str | None:
    """Return the canonical status of a status: by its code, else by its label; None where neither is known."""
    found = canonical_status("freshdesk", item["code"]) or canonical_status("freshdesk", item["label"])
    return found.value if found is not None else None


def nested_fields(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lower levels of a nested field, each with the options of its level."""
    levels = field.get("nested_ticket_fields") or field.get("dependent_fields") or []
    return [
        {**level, "options": level_options(field.get("choices"), int(level.get("level") or n))}
        for n, level in enumerate(levels, 2)
        if isinstance(level, dict) and level.get("name")
    ]


def top_options(field: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the options of a field; of a nested one those of its first level."""
    if field.get("type") == "nested_field":
        return level_options(field.get("choices"), 1)
    return options(field.get("choices"))


def is_offered(field: dict[str, Any], _raw: dict[str, Any]) -> bool:
    """Return whether a field becomes a custom_field row: those that the account added, and the list of types."""
    return not str(field.get("type", "")).startswith("default_") or field.get("type") == "default_ticket_type"
