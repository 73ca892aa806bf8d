"""What a second pull makes of an account in which something has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskferry.canonical_schema import sql_table
from deskferry.store import Store, open_store
from tests.connectors.conformance.subjects import SUBJECTS, Account


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def account() -> Account:
    """Give a simulated account."""
    return Account(next(subject for subject in SUBJECTS if subject.name == "freshdesk"))


def row(store: Store, kind: str, source_id: Any) -> dict[str, Any]:
    """Return the row of a record by the vendor's id."""
    table = sql_table(kind)
    with store.read() as database:
        found = database.execute(table.select().where(table.c.source_id == str(source_id))).mappings().one()
    return dict(found)


def test_a_comment_that_comes_later_is_read(store: Store, account: Account) -> None:
    ticket = next(one for one in account.desk.snapshot()["tickets"] if not one["deleted"] and not one["spam"])
    rating = account.change(op="add_rating", ticket_id=ticket["id"], rating=103)
    account.desk.clock.sleep(86_400)
    account.pull(store)
    assert row(store, "survey_response", rating)["comment"] is None
    account.desk.clock.sleep(3 * 86_400)
    account.change(op="comment_rating", id=rating, feedback="Still works!")
    account.pull(store)
    assert row(store, "survey_response", rating)["comment"] == "Still works!"


def test_who_is_blocked_and_who_is_not_any_more(store: Store, account: Account) -> None:
    contacts = account.desk.snapshot()["contacts"]
    contact = next(one["id"] for one in contacts if not one["deleted"] and not one.get("blocked"))
    account.pull(store)
    assert row(store, "person", contact)["suspended"] is False
    for operation, suspended in (("block_contact", True), ("unblock_contact", False), ("block_contact", True)):
        account.desk.clock.sleep(3600)
        account.change(op=operation, id=contact)
        account.pull(store)
        assert row(store, "person", contact)["suspended"] is suspended


def test_what_the_list_leaves_out_of_a_contact_is_read(store: Store, account: Account) -> None:
    contacts = account.desk.snapshot()["contacts"]
    contact = next(one["id"] for one in contacts if not one["deleted"] and not one.get("blocked"))
    fields = {"tags": ["vip", "beta"], "other_emails": ["second@x.org"]}
    account.change(op="edit_contact", id=contact, fields=fields)
    account.pull(store)
    emails = row(store, "person", contact)["emails"]
    assert "second@x.org" in {one["value"] for one in emails}
    assert _tags(store, contact) == {"vip", "beta"}
    account.desk.clock.sleep(3600)
    account.change(op="edit_contact", id=contact, fields={"tags": ["vip"]})
    before = len(account.transport.log)
    account.pull(store)
    assert _tags(store, contact) == {"vip"}
    views = [one.path for one in account.transport.log[before:] if "/contacts/" in one.path]
    assert views == [f"/api/v2/contacts/{contact}"]


def _tags(store: Store, contact: int) -> set[str]:
    table = sql_table("tagging")
    with store.read() as database:
        found = database.execute(table.select().where(table.c.record_id == f"old:user:{contact}")).mappings()
        return {one["tag"] for one in found}
