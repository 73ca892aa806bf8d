"""What several tables of an object take from a record is worked out once, and only where it is wanted."""

from __future__ import annotations

from typing import Any

from deskferry.canonical_schema import column_names
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Const, Context, Map, Mapped, ObjectMap, Rejected, Table, Unreadable

NOW = "2026-01-01T00:00:00.000000Z"


class Counted:
    """A converter that counts its calls, and refuses one word."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, value: Any) -> Any:
        """Return the value in capitals."""
        self.calls += 1
        if value == "bad":
            raise Unreadable("bad_word", "it is bad")
        return value.upper()


def events(via: Any, *, second: str, first_when: Any = None) -> ObjectMap:
    """Return a map of two events of a record: of the first, and of the second with an id of its own."""
    common = (Map("ticket_id", "ticket"), Map("occurred_at", via=Const(NOW)))
    return ObjectMap(
        "event",
        (
            Table("ticket_event", (*common, Map("field", via=Const("a")), Map("new_value", "word", via)),
                  when=first_when),
            Table("ticket_event", (*common, Map("field", via=Const("b")), Map("new_value", second, via)),
                  source_id=lambda raw: f"{raw['id']}-b"),
        ),
    )  # fmt: skip


def mapped(object_map: ObjectMap, raw: dict[str, Any]) -> list[Any]:
    """Return the new values of the events."""
    out: Mapped = {}
    assert Mapper(object_map, Context("old", "fake", "")).apply(raw, str(raw["id"]), NOW, out) is None
    at = column_names("ticket_event").index("new_value")
    return [row[at] for row in out["ticket_event"]]


def test_the_same_cell_is_read_once() -> None:
    """Two tables that read one path by one converter share the value."""
    via = Counted()
    assert mapped(events(via, second="word"), {"id": 1, "ticket": "7", "word": "x"}) == ["X", "X"]
    assert via.calls == 1


def test_another_cell_or_another_converter_is_another_value() -> None:
    """Neither the path alone nor the converter alone makes two values the same."""
    via = Counted()
    assert mapped(events(via, second="other"), {"id": 1, "ticket": "7", "word": "x", "other": "y"}) == ["X", "Y"]
    assert via.calls == 2


def test_what_a_table_leaves_out_is_no_value() -> None:
    """A table whose condition does not hold has read nothing that the next one could take."""
    via = Counted()
    object_map = events(via, second="word", first_when=lambda _item, raw: raw["ticket"] == "8")
    assert mapped(object_map, {"id": 1, "ticket": "7", "word": "x"}) == ["X"]


def test_a_record_that_cannot_be_read_leaves_no_row() -> None:
    """Of none of its tables; the rows of others stay."""
    mapper = Mapper(events(Counted(), second="other"), Context("old", "fake", ""))
    out: Mapped = {}
    assert mapper.apply({"id": 1, "ticket": "7", "word": "x", "other": "y"}, "1", NOW, out) is None
    bad = mapper.apply({"id": 2, "ticket": "7", "word": "x", "other": "bad"}, "2", NOW, out)
    assert bad == Rejected("bad_word", "it is bad")
    assert [row[0] for row in out["ticket_event"]] == ["old:event:1", "old:event:1-b"]


def test_keys_that_nobody_takes_are_kept() -> None:
    """A record of which every key is taken has no extra; another one has, with what is neither None nor empty."""
    object_map = events(Counted(), second="word")
    mapper, out = Mapper(object_map, Context("old", "fake", "")), Mapped()
    mapper.apply({"id": 1, "ticket": "7", "word": "x"}, "1", NOW, out)
    mapper.apply({"id": 2, "ticket": "7", "word": "x", "more": 0, "none": None}, "2", NOW, out)
    at = column_names("ticket_event").index("extra")
    assert [row[at] for row in out["ticket_event"]] == [None, None, '{"more":0}', None]
