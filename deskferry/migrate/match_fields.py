"""Which custom field of the destination takes a custom field of the source, and which option an option."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import FieldRule, Question
from deskferry.connectors.kit.names import folded
from deskferry.errors import ConfigError
from deskferry.migrate.mapping_file import NONE, FieldChoice, RouteMapping

_TEXTS = frozenset({"text", "textarea"})
_CHOICES = frozenset({"select", "multi_select"})
TAKES: Mapping[str, frozenset[str]] = {
    "text": _TEXTS,
    "textarea": _TEXTS,
    "number": frozenset({"number", "decimal"}) | _TEXTS,
    "decimal": frozenset({"decimal"}) | _TEXTS,
    "currency": frozenset({"currency", "decimal"}) | _TEXTS,
    "boolean": frozenset({"boolean"}) | _TEXTS,
    "date": frozenset({"date", "datetime"}) | _TEXTS,
    "datetime": frozenset({"datetime"}) | _TEXTS,
    "select": _CHOICES | _TEXTS,
    "nested_select": frozenset({"nested_select"}) | _TEXTS,
    "multi_select": frozenset({"multi_select"}) | _TEXTS,
    "regexp": frozenset({"regexp"}) | _TEXTS,
    "url": frozenset({"url"}) | _TEXTS,
    "phone": frozenset({"phone"}) | _TEXTS,
    "lookup": frozenset({"lookup"}) | _TEXTS,
    "file": frozenset({"file"}),
}
"""Type at the source → types there that can hold every value of it."""


def match_fields(
    database: Connection, source: str, destination: str, mapping: RouteMapping
) -> tuple[dict[tuple[str, str], FieldRule], list[Question]]:
    """Return (kind, key at the source) → rule, and what has to be asked of options and doubtful fields."""
    there: dict[str, list[Any]] = defaultdict(list)
    for row in _fields(database, destination):
        there[row.kind].append(row)
    rules: dict[tuple[str, str], FieldRule] = {}
    questions: list[Question] = []
    for row in _fields(database, source):
        chosen = mapping.field_choice(row.kind, row.key, row.label)
        if chosen is not None and chosen.to == NONE:
            continue
        found = _named(chosen, row, there[row.kind]) if chosen else _alike(row, there[row.kind], questions)
        if found is None:
            continue
        values = _options(row, found, chosen, questions)
        listed = tuple(str(option["value"]) for option in found.options or ())
        rules[(row.kind, row.key)] = FieldRule(found.key, found.type or "text", values, listed)
    return rules, questions


def _fields(database: Connection, connection: str) -> Iterator[Any]:
    table = sql_table("custom_field")
    columns = [table.c[name] for name in ("id", "kind", "key", "label", "type", "options")]
    statement = select(*columns).where(table.c.connection == connection, table.c.deleted_at.is_(None))
    yield from database.execute(statement.order_by(table.c.id)).all()


def bare(key: str | None) -> str:
    """Return a key without what vendors put before it, as it is compared."""
    return folded((key or "").removeprefix("cf_").replace("_", " "))


def _named(chosen: FieldChoice, row: Any, there: Sequence[Any]) -> Any:
    found = [one for one in there if folded(chosen.to) in {folded(one.key), folded(one.label)}]
    if len(found) != 1:
        raise ConfigError(
            f"The mapping sends the {row.kind} field {row.key!r} to {chosen.to!r}, and the destination has "
            f"{len(found) or 'no'} field of that name.",
            f"Its {row.kind} fields: {', '.join(sorted(one.key for one in there)) or 'none'}.",
        )
    return found[0]


def _alike(row: Any, there: Sequence[Any], questions: list[Question]) -> Any | None:
    fitting = [one for one in there if (one.type or "text") in TAKES.get(row.type or "text", _TEXTS)]
    for same in (
        [one for one in fitting if bare(one.key) == bare(row.key)],
        [one for one in fitting if row.label and folded(one.label) == folded(row.label)],
        [one for one in fitting if row.label and bare(one.key) == folded(row.label)],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            listed = ", ".join(one.key for one in same)
            questions.append(
                Question(
                    "field_ambiguous",
                    f"{row.kind} field {row.label or row.key}",
                    f"Several fields of the destination could take it: {listed}.",
                    f'[fields.{row.kind}."{row.key}"]\nto = ""',
                    "lost, a loss row each",
                )
            )
            return None
    return None


def _options(row: Any, found: Any, chosen: FieldChoice | None, questions: list[Question]) -> dict[str, str]:
    """Return option at the source → option there; options that are not found are asked for."""
    there = {
        folded(text): str(one["value"]) for one in found.options or () for text in (one.get("label"), one["value"])
    }
    answers = {folded(key): value for key, value in (chosen.values if chosen else {}).items() if value}
    values: dict[str, str] = {}
    for option in row.options or ():
        value, label = str(option["value"]), option.get("label")
        answer = answers.get(folded(value)) or answers.get(folded(label))
        if answer is None and not there:
            values[value] = label or value
            continue
        match = there.get(folded(answer)) if answer else there.get(folded(label)) or there.get(folded(value))
        if match is not None:
            values[value] = match
        elif option.get("active", True):
            questions.append(_ask_option(row, value, label, found, answer))
    return values


def _ask_option(row: Any, value: str, label: str | None, found: Any, answer: str | None) -> Question:
    said = f"The mapping's {answer!r} is no option of {found.key}." if answer else f"{found.key} has no such option."
    return Question(
        "option_unmatched",
        f"{row.kind} field {row.label or row.key}: {label or value}",
        said,
        f'[fields.{row.kind}."{row.key}"]\nto = "{found.key}"\nvalues."{value}" = ""',
        "lost, a loss row each",
    )
