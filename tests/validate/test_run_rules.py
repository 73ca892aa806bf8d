"""Rules over the snapshot of a store: what they find and how many records they looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from deskferry.canonical_schema import sql_table
from deskferry.store import Store
from deskferry.validate.rules import RULES
from deskferry.validate.run_rules import checked, findings, opened

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


def put(store: Store, number: int, connection: str = "old", **values: Any) -> None:
    row = {
        "id": f"{connection}:ticket:{number}", "connection": connection, "vendor": "zendesk", "source_object": "ticket",
        "source_id": str(number), "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z", **values,
    }  # fmt: skip
    with store.write() as database:
        database.execute(insert(sql_table("ticket")).values(**row))


def test_a_rule_names_the_records_that_it_objects_to_and_counts_all_that_it_looked_at(store: Store) -> None:
    early, late = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
    put(store, 1, created_at=late, solved_at=early)
    put(store, 2, created_at=early, solved_at=late)
    put(store, 3, created_at=late, solved_at=early, deleted_at=late)
    put(store, 4, connection="other", created_at=late, solved_at=early)
    (rule,) = [one for one in RULES if one.id == "ticket.solved_before_created"]
    desk = opened(store, [rule], ["old"], AS_OF)
    found = list(findings(desk, rule))
    assert [(one.record_id, one.detail) for one in found] == [
        ("old:ticket:1", "solved 2026-01-01 00:00:00, created 2026-01-02 00:00:00")
    ]
    assert checked(desk, [rule]) == {("ticket.solved_before_created", "old"): 2}
