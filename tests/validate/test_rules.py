"""Each rule finds what is wrong in its example, and nothing of what is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from deskferry.canonical_schema import parse_time_text
from deskferry.report.audit.detail_words import Details
from deskferry.report.audit.rule_words import english_of
from deskferry.report.wording import Words
from deskferry.store.analysis_engines import duckdb_engine
from deskferry.store.export_processes import KEY_OF
from deskferry.store.snapshot import ALWAYS, column_types, sql_table_of
from deskferry.validate.desk import Desk
from deskferry.validate.finding import Finding
from deskferry.validate.rule import Rule
from deskferry.validate.rules import RULES, people_addresses, texts
from deskferry.validate.rules.custom_field_rules import mixture
from deskferry.validate.rules.ticket_links import on_cycles
from deskferry.validate.run_rules import batches, looked_at, objections
from tests.metrics.build import key_of
from tests.validate.rule_examples import EXAMPLES

_ARROW = {
    "time": pa.timestamp("us"), "flag": pa.bool_(), "whole": pa.int64(), "real": pa.float64(),
    "text": pa.string(), "key": pa.int64(),
}  # fmt: skip
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
Tables = dict[str, list[dict[str, Any]]]
Found = Mapping[str, list[Finding]]
"""Rule → its findings."""


def _connection(rule: str) -> str:
    return rule.replace(".", "_")


def _rows() -> Tables:
    tables: Tables = {}
    for rule, example in EXAMPLES.items():
        connection = _connection(rule)
        for kind, name, values in example.rows:
            told = {column: _id(connection, value) for column, value in values.items()}
            identity = {"id": f"{connection}:{kind}:{name}", "connection": connection, "source_id": name}
            tables.setdefault(kind, []).append({**identity, **told})
    return tables


def _id(connection: str, value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    kind, _dot, name = value[1:].partition(".")
    return f"{connection}:{kind}:{name}"


def _table(kind: str, columns: Collection[str], rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    known = sql_table_of(kind).columns
    asked = {*columns, *(name for name in ("id", *ALWAYS) if name in known)}
    types = {name: _ARROW[held] for name, held in column_types(kind, asked).items()}
    rows = list(rows)
    return pa.table({name: pa.array([_value(row, name, of) for row in rows], of) for name, of in types.items()})


def _value(row: Mapping[str, Any], name: str, of: pa.DataType) -> Any:
    if name.startswith(KEY_OF):
        text = row.get(name.removeprefix(KEY_OF))
        return None if text is None else key_of(text)
    value = row.get(name)
    return parse_time_text(value).replace(tzinfo=None) if pa.types.is_timestamp(of) and value is not None else value


def _desk(rows: Tables, rules: Iterable[Rule]) -> Desk:
    """Return the rows as a snapshot would have them, in memory."""
    backend = duckdb_engine()
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        own = () if rule.kind == "connection" else (rule.kind,)
        for table in (*own, *rule.reads):
            wanted.setdefault(table, set()).update(rule.reads.get(table, ()))
    for kind, columns in wanted.items():
        backend.create_table(kind, _table(kind, columns, rows.get(kind, [])))
    return Desk(backend, tuple(map(_connection, EXAMPLES)), AS_OF)


@pytest.fixture(scope="module")
def found() -> Found:
    """Give what every rule finds in all examples together."""
    rules = [rule for rule in RULES if rule.id in EXAMPLES]
    desk = _desk(_rows(), rules)
    looked = looked_at(desk, rules)
    return {
        rule.id: [one for batch in batches(rule, objections(desk, rule)) for one in batch]
        if looked.worth_asking(rule)
        else []
        for rule in rules
    }


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_finds_what_is_wrong_and_nothing_else(rule: str, found: Found) -> None:
    connection = _connection(rule)
    mine = [one for one in found[rule] if one.connection == connection]
    (kind,) = {one.kind for one in RULES if one.id == rule}
    bad = sorted(
        f"{connection}:{of}:{name}"
        for of, name, _values in EXAMPLES[rule].rows
        if of == kind and name.startswith("bad")
    )
    assert sorted(one.record_id for one in mine if one.record_id) == bad
    assert sorted(one.detail for one in mine if one.record_id is None) == sorted(EXAMPLES[rule].without_record)
    assert mine


def test_what_rules_find_can_be_said_in_spanish(found: Found) -> None:
    """Their details are made of what the engine gives: times, numbers and nothing as it writes them."""
    details = Details(Words("es"), english_of(RULES))
    lacking = [
        one.detail for mine in found.values() for one in mine if not details.told(one.rule, one.detail).translated
    ]
    assert lacking == []
    assert sum(map(len, found.values())) > 100


def test_every_rule_has_an_example() -> None:
    references = {one.id for one in RULES if one.id.startswith("reference.")}
    elsewhere = {one.id for one in (*texts.RULES, *people_addresses.RULES)}  # `test_texts`, `test_people_addresses`
    assert {one.id for one in RULES} - references - elsewhere <= set(EXAMPLES)
    assert len(references) > 50
    assert len(RULES) - len(references) >= 60


def test_ids_are_unique_and_details_name_columns_only() -> None:
    ids = [one.id for one in RULES]
    assert len(ids) == len(set(ids))
    for rule in RULES:
        assert not {"email", "phone", "name", "subject", "body_text", "tag"} & set(rule.named), rule.id


def test_circles_are_told_from_chains() -> None:
    assert on_cycles({1: [2], 2: [3], 3: [1], 4: [1], 5: [6], 6: [7]}) == {1, 2, 3}
    assert on_cycles({1: [1], 2: [1]}) == {1}
    assert on_cycles({one: [one + 1] for one in range(1000)}) == set()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({'"10"': 5, '"1,5"': 1}, "5 plain, 1 with a comma"),
        ({'"3 kg"': 2, '"5 lb"': 1}, "2 in kg, 1 in lb"),
        ({"10": 5, "11.5": 1}, None),
        ({'"call me"': 9, '"10"': 1, '"1,5"': 1}, None),
        ({'"yes"': 2, '"true"': 1}, "2 yes and no, 1 true and false"),
    ],
)
def test_forms_of_values_are_told_apart(values: dict[str, int], told: str | None) -> None:
    assert mixture(values) == told
