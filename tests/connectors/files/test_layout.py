"""Layouts: what is wrong is told with its line; converters read what they should and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskferry.connectors.files.convert import converter
from deskferry.connectors.files.keys import escaped
from deskferry.connectors.files.layout import READY, Field, parse_layout, ready_layouts
from deskferry.connectors.files.maps import maps_of
from deskferry.connectors.kit.mapping import Unreadable
from deskferry.errors import ConfigError

GOOD = """account = "shop"
timezone = "Europe/Madrid"

[[files]]
path = "a.csv"
encoding = "cp1252"

  [[files.rows]]
  kind = "purchase"
  key = "No"
  constants = { currency = "EUR" }

    [files.rows.fields]
    occurred_at = { column = "At", as = "time", format = "%d/%m/%Y %H:%M" }
    amount = { column = "Total", decimal = "," }
    customer_id = { column = "Mail", ref = "user", lower = true }

[[files]]
path = "b.csv"

  [[files.rows]]
  kind = "ticket"
  key = ["A", "B"]

    [files.rows.fields]
    status = { column = "S", table = { x = "open" } }
    created_at = "C"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('kind = "purchase"', 'kind = "purchas"', 9, "there is no kind"),
        ("    amount = {", "    amuont = {", 15, "purchase has no column amuont"),
        ('encoding = "cp1252"', 'encoding = "cp12520"', 6, "is no encoding"),
        ('"Europe/Madrid"', '"Europe/Madird"', 4, "is no time zone"),
        ('table = { x = "open" }', 'table = { x = "opne" }', 26, "'opne' is no status"),
        ('path = "b.csv"', 'path = "b.csv"\ncolour = 1', 18, "colour"),
        ('kind = "ticket"', 'kind = "ticket"\n  object = "purchase"', 18, "two [[files]] bring the object"),
        ('as = "time"', 'as = "tme"', 14, "fields.occurred_at"),
        ('path = "b.csv"', 'path = "/tmp/*.csv"', 18, "is no file in the connection's folder"),
        ('path = "b.csv"', 'path = ["a.csv", "../b.csv"]', 18, "is no file in the connection's folder"),
        ('path = "b.csv"', 'path = "**.csv"', 18, "has ** beside other letters"),
        ("account =", "account", 1, "line 1"),
        (
            'created_at = "C"',
            'created_at = "C"\n\n  [[files.rows]]\n  kind = "ticket_event"',
            29,
            "a ticket_event needs",
        ),
    ],
)
def test_an_error_names_its_line(old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        parse_layout(GOOD.replace(old, new), "layout.toml")
    words = str(caught.value)
    assert says in words
    if "at line" not in words:
        found = re.search(r"line (\d+)", words)
        assert found is not None
        assert abs(int(found.group(1)) - line) <= 2, words


def test_a_good_one_is_taken() -> None:
    layout = parse_layout(GOOD, "layout.toml")
    assert [entry.name for entry in layout.entries] == ["purchase", "ticket"]
    assert set(maps_of(layout, "x")) == {"purchase", "ticket", "purchase.unread", "ticket.unread"}


def test_ready_layouts_are_good() -> None:
    assert ready_layouts() == ("zendesk-csv", "zendesk-json")
    for name in ready_layouts():
        parse_layout((READY / f"{name}.toml").read_text(encoding="utf-8"), name)


def _read(kind: str, cell: Any, **options: Any) -> Any:
    return converter(Field("x", ("c",), kind, options), "f")(cell)


@pytest.mark.parametrize(
    ("kind", "cell", "options", "expected"),
    [
        ("number", "1.234,50", {"decimal": ","}, 1234.5),
        ("number", "1,234.50", {}, 1234.5),
        ("number", "-1'234'567.5", {}, -1234567.5), ("number", "1 234,5", {"decimal": ","}, 1234.5),
        ("number", "1e3", {}, 1000.0), ("number", ".5", {}, 0.5), ("number", "5.", {}, 5.0),
        ("number", 12.5, {"decimal": ","}, 12.5), ("integer", 12.0, {"decimal": ","}, 12),
        ("integer", "1.234", {"decimal": ","}, 1234), ("integer", " 42 ", {}, 42),
        ("integer", "42.0", {}, 42),
        ("boolean", "Sí", {"true": ["sí"], "false": ["no"]}, True),
        ("boolean", "No", {}, False),
        ("time", "31/12/2024 23:30", {"format": "%d/%m/%Y %H:%M", "zone": "Asia/Tokyo"}, "2024-12-31T14:30:00.000000Z"),
        ("time", "2024-07-01 10:00:00", {"timezone": "Europe/Madrid"}, "2024-07-01T08:00:00.000000Z"),
        ("time", "2024-07-01T10:00:00+02:00", {"timezone": "America/Lima"}, "2024-07-01T08:00:00.000000Z"),
        ("time", "5 Jan 2024", {"format": ["%Y-%m-%d", "%d %b %Y"]}, "2024-01-05T00:00:00.000000Z"),
        ("time", "1704067200000", {"format": "unix_ms"}, "2024-01-01T00:00:00.000000Z"),
        ("list", "a; b;;c", {"separator": ";"}, ["a", "b", "c"]),
        ("list", [7, "x"], {"shape": ("article", "category_ids")}, ["7", "x"]),
        ("json", '{"a": 1}', {}, {"a": 1}),
        ("pairs", [{"id": 1, "value": "x"}], {}, {"1": "x"}),
        ("enum", "offen", {"table": {"Offen": "open"}}, "open"),
        ("enum", "?", {"table": {"Offen": "open"}, "other": "unknown"}, "unknown"),
        ("ref", "A/B", {"ref": "ticket"}, "f:ticket:A%2FB"),
        ("ref", 5.0, {"ref": "ticket"}, "f:ticket:5"), ("ref", (5.0, "x"), {"ref": "t"}, "f:t:5:x"),
        ("text", "-", {"null": ["-"]}, None),
        ("number", "", {}, None),
    ],
)  # fmt: skip
def test_converters_read(kind: str, cell: Any, options: dict[str, Any], expected: Any) -> None:
    assert _read(kind, cell, **options) == expected


@pytest.mark.parametrize(
    ("kind", "cell", "options"),
    [
        ("number", "12,50", {}), ("number", "12.50", {"decimal": ","}), ("number", "1,234,56", {}),
        ("number", "1,23,456", {}),
        ("number", "1.234,56", {}), ("number", "1,234 567", {}), ("number", "1_000", {}), ("number", "-", {}),
        ("number", "\u0663", {}), ("number", "9" * 400, {}), ("integer", "9" * 5000, {}), ("integer", 1.5, {}),
        ("number", True, {}), ("number", "nan", {}),
        ("number", "1e999", {}), ("integer", "1.5", {}), ("boolean", "maybe", {}),
        ("time", "31.02.2024", {"format": "%d.%m.%Y"}), ("time", "yesterday", {}), ("json", "{", {}),
        ("enum", "x", {"table": {}}), ("pairs", [{"foo": 1}], {}), ("pairs", [None], {}),
        ("list", [{"a": 1}], {"shape": ("organization", "domains")}),
    ],
)  # fmt: skip
def test_converters_refuse(kind: str, cell: Any, options: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        _read(kind, cell, **options)


def test_a_number_with_the_other_decimal_sign_says_so() -> None:
    with pytest.raises(Unreadable, match=r"is its decimal sign ','\? The layout says '\.'"):
        _read("number", "12,50")


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2), st.lists(st.text(min_size=1), min_size=2, max_size=2))
def test_keys_collide_neither_with_parts_nor_with_one_another(one: list[str], other: list[str]) -> None:
    first, second = (":".join(escaped(text, several=True) for text in key) for key in (one, other))
    assert "/" not in first
    assert (first == second) == (one == other)
