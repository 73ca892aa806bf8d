"""Rules that users write in deskferry.toml: SQL over the tables of the snapshot."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from deskferry.canonical_schema import KINDS, column_names
from deskferry.errors import ConfigError
from deskferry.toml_table import Table, did_you_mean
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from deskferry.validate.desk import Desk

_KEYS = ("id", "kind", "dimension", "severity", "name", "detail", "advice", "reads", "sql")
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_KINDS = tuple(kind.value for kind in KINDS)


def own_rule(table: Table) -> Rule:
    """Return the rule that a table of `[[validate.own]]` holds; raises ConfigError."""
    table.only(*_KEYS)
    name = _needed(table, "id")
    if not _ID.fullmatch(name):
        raise table.wrong("id", f"is {name!r}.", "Write <kind>.<what_is_wrong>, as ticket.no_budget.")
    rule = Rule(
        id=name,
        kind=_one_of(table, "kind", _KINDS, None),
        dimension=Dimension(_one_of(table, "dimension", tuple(one.value for one in Dimension), "consistency")),
        severity=Severity(_one_of(table, "severity", tuple(one.value for one in Severity), "warning")),
        name=table.text("name") or name,
        detail=table.text("detail") or "",
        advice=table.text("advice") or "A rule of your own.",
        reads=_reads(table),
        offending=partial(_asked, name, _needed(table, "sql")),
    )
    try:
        _ = rule.named
    except ValueError as error:
        raise table.wrong("detail", f"cannot be read: {error}.", "Write {column} for a column of your SQL.") from None
    return rule


def _needed(table: Table, key: str) -> str:
    found = table.text(key)
    if found is None:
        raise table.wrong(key, "is missing.", "A rule needs id, kind, reads and sql.")
    return found


def _one_of(table: Table, key: str, words: tuple[str, ...], default: str | None) -> str:
    found = table.text(key) or default or _needed(table, key)
    if found not in words:
        raise table.wrong(key, f"is {found!r}.", did_you_mean(found, words) or f"Choose one of {', '.join(words)}.")
    return found


def _reads(table: Table) -> Mapping[str, tuple[str, ...]]:
    tables = table.table("reads")
    found = {}
    for kind in tables.values:
        if kind not in _KINDS:
            raise tables.wrong(kind, "is no table.", did_you_mean(kind, _KINDS) or "docs/canonical-schema.md has all.")
        columns = tables.texts(kind) or ()
        for column in columns:
            known = column_names(kind)
            if column not in known:
                raise tables.wrong(kind, f"has no column {column!r}.", did_you_mean(column, known))
        found[kind] = columns
    return found


def _asked(name: str, sql: str, desk: Desk) -> ir.Table:
    view = f"own_{uuid.uuid4().hex}"
    try:  # not backend.sql: ibis 12 calls there what DuckDB 2 has no longer
        desk.backend.raw_sql(f"CREATE TEMPORARY VIEW {view} AS {sql.strip().rstrip(';')}")
        found: Any = desk.backend.table(view)
        columns = found.columns
    except Exception as error:  # noqa: BLE001 - whatever an engine raises for the SQL of a user
        raise ConfigError(f"The rule {name} cannot be run: {str(error).splitlines()[0]}", "Correct its sql.") from None
    missing = {"connection", "record_id"} - set(columns)
    if missing:
        raise ConfigError(
            f"The rule {name} yields no column {' and '.join(sorted(missing))}.",
            "Write SELECT connection, id AS record_id, …",
        )
    rows: ir.Table = found.filter(found.connection.isin(desk.connections))
    return rows
