"""What the schema does not allow is found, whatever the database; what it allows is not looked at twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Text, type_coerce, update

from deskferry.canonical_schema import sql_table
from deskferry.store import Store
from deskferry.validate.schema_check import forbidden
from tests.validate.test_validation import put

DAMAGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "enumeration": ("ticket", {"status": "ajar"}, "status"),
    "object": ("ticket", {"custom_fields": ["a"]}, "custom_fields"),
    "object_too": ("ticket", {"extra": "text"}, "extra"),
    "list": ("person", {"emails": {"value": "a@example.com"}}, "emails"),
    "member": ("person", {"phones": [{"value": 5}]}, "phones"),
    "word": ("schedule", {"intervals": [{"day": "funday", "start": "09:00", "end": "10:00"}]}, "intervals"),
    "texts": ("organization", {"domains": ["a.org", None]}, "domains"),
    "surplus": ("message", {"to_addresses": [{"address": "a@example.com", "name": None, "age": 3}]}, "to_addresses"),
}
FINE: dict[str, tuple[str, dict[str, Any]]] = {
    "ticket": ("ticket", {"status": "open", "custom_fields": {"a": [1]}, "extra": {}, "is_spam": True}),
    "bare": ("ticket", {}),
    "person": ("person", {"emails": [{"value": "a@example.com", "type": None}], "role": "agent", "phones": []}),
    "hours": ("schedule", {"intervals": [{"day": "mon", "start": "09:00", "end": "24:00"}], "holidays": []}),
    "score": ("survey_response", {"kind": "csat", "score": 5, "scale_min": 1.5, "revision": 2}),
}


def test_what_is_wrong_is_named_and_nothing_else(store: Store) -> None:
    for name, (kind, values) in FINE.items():
        put(store, kind, name, **({"ticket_id": "old:ticket:1"} if kind == "message" else {}), **values)
    for name, (kind, values, _place) in DAMAGES.items():
        put(store, kind, name, **({"ticket_id": "old:ticket:1"} if kind == "message" else {}), **values)
    put(store, "ticket", "1", connection="other", status="ajar")
    with store.read() as database:
        found = {record: wrong for _kind, record, wrong in forbidden(database, "old")}
    assert {record: wrong.partition(":")[0] for record, wrong in found.items()} == {
        f"old:{kind}:{name}": place for name, (kind, _values, place) in DAMAGES.items()
    }


@pytest.mark.parametrize(("column", "value"), [("seq", "first"), ("to_addresses", "[{")])
def test_sqlite_takes_anything_and_it_is_found(sqlite_store: Store, column: str, value: str) -> None:
    put(sqlite_store, "message", "1", ticket_id="old:ticket:1", seq=1)
    table = sql_table("message")
    with sqlite_store.write() as database:
        database.execute(update(table).values({column: type_coerce(value, Text)}))
    with sqlite_store.read() as database:
        assert [record for _kind, record, _wrong in forbidden(database, "old")] == ["old:message:1"]
