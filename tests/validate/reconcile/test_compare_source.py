"""A store held against its source: clean, and with defects made on either side behind the other's back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import delete, text

from deskferry.canonical_schema import sql_table
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.pull import PullOptions, pull
from deskferry.migrate.verify import parse_subset
from deskferry.store import Store, machinery, open_store
from deskferry.store.state import begin_run, end_run
from deskferry.validate.reconcile import Comparison, Departure, State, compare_source, planned_calls
from tests.connectors.conformance.subjects import SUBJECTS, Account, Subject

each = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
LAG = 900.0
"""Seconds after which every simulated index shows what was changed."""


@dataclass(frozen=True)
class Defects:
    """How a vendor's simulator is changed, and which of its records are chosen, by the picture of the account."""

    ticket: str
    """Vendor's name of a ticket."""
    person: str
    delete: Callable[[int], Mapping[str, Any]]
    change: Callable[[int], Mapping[str, Any]]
    create: Callable[[Mapping[str, Any], int], Mapping[str, Any]] | None
    """Account, ticket to be like → a new ticket; None: the simulator has no such change."""
    silent: Callable[[Mapping[str, Any], int], Mapping[str, Any]]
    """Account, ticket → a change of a text that no time tells."""
    corrupt: Callable[[int], Mapping[str, Any]] | None
    """Attachment → its bytes are others; None: the simulator has no such change."""


def _comment(state: Mapping[str, Any], ticket: int) -> int:
    found: int = [one["id"] for one in state["comments"] if one["ticket_id"] == ticket][-1]
    return found


def _conversation(state: Mapping[str, Any], ticket: int) -> int:
    found: int = [one["id"] for one in state["conversations"] if one["ticket_id"] == ticket][-1]
    return found


def _thread(state: Mapping[str, Any], ticket: int) -> int:
    spoken = {"customer", "message", "note", "chat", "phone"}
    return next(
        one["id"] for one in state["threads"] if one["conversation"] == ticket and one["type"] in spoken
    )  # fmt: skip


VENDORS = {
    "zendesk": Defects(
        "ticket", "user",
        lambda ticket: {"op": "delete_ticket", "id": ticket},
        lambda ticket: {"op": "edit_ticket", "id": ticket, "fields": {"priority": "urgent", "subject": "Other"}},
        lambda _state, _like: {"op": "create_ticket", "subject": "New", "body": "Hello"},
        lambda state, ticket: {"op": "redact_comment", "id": _comment(state, ticket), "body": "Other words"},
        None,
    ),
    "freshdesk": Defects(
        "ticket", "user",
        lambda ticket: {"op": "purge_ticket", "id": ticket},
        lambda ticket: {
            "op": "edit_ticket", "id": ticket, "fields": {"priority": 4, "subject": "Other"}, "touch": True,
        },
        lambda state, like: {
            "op": "insert", "kind": "ticket",
            "fields": {"subject": "New", "description": "Hello", "status": 2, "priority": 1, "source": 2,
                       "requester_id": next(t["requester_id"] for t in state["tickets"] if t["id"] == like)},
        },
        lambda state, ticket: {
            "op": "edit_conversation", "id": _conversation(state, ticket),
            "fields": {"body": "<p>Other words</p>", "body_text": "Other words"},
        },
        lambda attachment: {"op": "corrupt_attachment", "id": attachment},
    ),
    "help_scout": Defects(
        "conversation", "customer",
        lambda ticket: {"op": "purge_conversation", "id": ticket},
        lambda ticket: {"op": "edit_conversation", "id": ticket, "fields": {"subject": "Other"}},
        None,
        lambda state, ticket: {"op": "edit_thread", "id": _thread(state, ticket), "fields": {"body": "Other words"}},
        lambda attachment: {"op": "corrupt_attachment", "id": attachment},
    ),
}  # fmt: skip


FOLLOWING = frozenset({"message", "tagging", "vendor_metric", "ticket_event", "sla_event"})
"""Kinds of which records come, go and change with their ticket."""


def names_of(one: Departure) -> set[str]:
    """Return the columns in which a record departs."""
    return {part.field for part in one.fields}


class Pulled:
    """A simulated account, pulled."""

    def __init__(self, subject: Subject, store: Store, connection: OpenConnection, account: Account) -> None:
        self.subject, self.store, self.connection, self.account = subject, store, connection, account
        self.defects = VENDORS[subject.name]

    def rows(self, statement: str) -> list[Any]:
        with self.store.read() as database:
            return [row[0] for row in database.execute(text(statement))]

    def ticket(self, number: int) -> str:
        return f"old:{self.defects.ticket}:{number}"

    def forget(self, kind: str, record_id: str) -> None:
        """Lose a record, its raw record included."""
        table, raw = sql_table(kind), machinery.raw_record
        with self.store.write() as database:
            database.execute(delete(table).where(table.c.id == record_id))
            database.execute(delete(raw).where(raw.c.id == record_id))

    def compare(self, subset: str | None = None) -> Comparison:
        return compare_source(self.store, self.connection, subset=None if subset is None else parse_subset(subset))


@contextmanager
def pulled(subject: Subject, directory: Path, tickets: int = 8) -> Iterator[Pulled]:
    account = Account(subject, tickets=tickets)
    connector, clock = subject.connector, account.desk.clock
    with (
        open_store(f"sqlite:///{directory / 'store.db'}") as store,
        connector.session(account.config, clock, account.transport) as session,
    ):
        connection = OpenConnection(
            "old", connector, session, connector.source(session, account.config), clock,
            connector.site(account.config), threads=1,
        )  # fmt: skip
        clock.sleep(LAG)
        run = begin_run(store, "pull", "old", connection.now())
        pull(store, connection, run, PullOptions())
        clock.sleep(LAG)
        end_run(store, run, 0, {}, [], connection.now())
        yield Pulled(subject, store, connection, account)


def talked_of(world: Pulled) -> list[int]:
    """Return the numbers of live tickets that have two messages, those that can still be changed first."""
    found = world.rows(
        "SELECT t.source_id FROM ticket t WHERE t.deleted_at IS NULL AND t.status NOT IN ('merged', 'spam') "
        "AND (SELECT COUNT(*) FROM message m WHERE m.ticket_id = t.id AND m.kind <> 'system') > 1 "
        "ORDER BY t.status = 'closed', LENGTH(t.source_id), t.source_id"
    )
    return [int(one) for one in found]


def says_that_they_agree(world: Pulled) -> None:
    """Compare both sides as they were pulled: nothing departs, nothing is written, what was not compared is said."""
    arrived = "SELECT COUNT(*) || MAX(arrival) FROM raw_record"
    before = world.rows(arrived)
    found = world.compare()
    assert (found.departures, found.exit_code) == ([], 0)
    assert all(one.here == one.there for one in found.counted), found.counted
    assert sum(one.here for one in found.counted if one.kind == "ticket") > 5
    assert found.read["message"] > found.read["ticket"] > 5
    assert found.files["same"] > 0
    assert "message" in found.not_countable
    assert found.lists == []
    assert len(found.not_compared) > 10
    assert all("subset" in why or "anew" in why for why in found.not_compared.values())
    assert found.calls <= found.calls_planned
    assert world.rows(arrived) == before
    shape = json.loads(files("deskferry.validate").joinpath("json/comparison.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(json.dumps(found.as_json())), shape)


def a_customer(world: Pulled) -> str:
    """Return a customer whom both sides count."""
    found: str = world.rows(
        f"SELECT MIN(id) FROM person WHERE source_object = '{world.defects.person}' AND role = 'end_user' "
        "AND deleted_at IS NULL AND is_active IS NOT 0"
    )[0]
    return found


def a_file(world: Pulled, apart_from: Sequence[int]) -> str:
    """Return a file of none of these tickets."""
    others = ", ".join(f"'{world.ticket(one)}'" for one in apart_from)
    found: str = world.rows(
        f"SELECT MIN(id) FROM attachment WHERE fetch_state = 'done' AND ticket_id NOT IN ({others})"
    )[0]
    return found


@each
def test_what_departs_on_either_side_is_named_and_nothing_else(subject: Subject, tmp_path: Path) -> None:
    with pulled(subject, tmp_path, 10) as world:
        says_that_they_agree(world)
        defects, state = world.defects, world.account.desk.snapshot()
        deleted, changed, silent, lost = talked_of(world)[:4]
        person = a_customer(world)
        expected = {
            (State.MISSING_HERE, "ticket", world.ticket(lost)),
            (State.MISSING_HERE, "person", person),
            (State.GONE_THERE, "ticket", world.ticket(deleted)),
            (State.CHANGED_THERE, "ticket", world.ticket(changed)),
        }
        world.forget("ticket", world.ticket(lost))
        world.forget("person", person)
        world.account.change(**defects.delete(deleted))
        world.account.change(**defects.change(changed))
        world.account.change(**defects.silent(state, silent))
        if defects.create is not None:
            made = world.account.change(**defects.create(state, changed))
            number = made["id"] if isinstance(made, dict) else made
            expected.add((State.NEW_THERE, "ticket", world.ticket(number)))
        if defects.corrupt is not None:
            file = a_file(world, apart_from=[deleted, changed, silent, lost])
            world.account.change(**defects.corrupt(int(file.rpartition(":")[2])))
            expected.add((State.DIFFERS, "attachment", file))
        world.connection.clock.sleep(LAG)

        found = world.compare("1/1")
        named = {(one.state, one.kind, one.record_id) for one in found.departures}
        assert named >= expected
        following = {one.record_id for one in found.departures if one.kind in FOLLOWING} | {world.ticket(silent)}
        assert {one for one in named - expected if one[2] not in following} == set()
        rewritten = [one for one in found.departures if one.kind == "message" and "body_text" in names_of(one)]
        assert len(rewritten) == 1
        (moved,) = [one for one in found.departures if one.record_id == world.ticket(changed)]
        assert "subject" in names_of(moved)
        assert all((one.here, one.there) == (None, None) for one in moved.fields if one.field == "subject")
        assert ("person", 1) in {(one.kind, one.missing) for one in found.counted}
        assert found.exit_code == 1
        assert found.files["differ"] == (defects.corrupt is not None)
        assert {one.record_id for one in found.findings()} == {one.record_id for one in found.departures}


@pytest.mark.exhaustive
def test_every_part_of_a_subset_has_its_turn_and_together_they_check_everything(tmp_path: Path) -> None:
    (subject,) = (one for one in SUBJECTS if one.name == "freshdesk")
    with pulled(subject, tmp_path, 6) as world:
        parts = [world.compare("1/2"), world.compare("2/2")]
        lists = [name for one in parts for name in one.lists]
        assert len(lists) == len(set(lists))
        assert set(lists) | {"tickets"} == {
            stream.name for stream in world.connection.source.streams() if stream.name != "whole_tickets"
        }
        (tickets,) = world.rows("SELECT COUNT(*) FROM ticket WHERE deleted_at IS NULL")
        assert sum(one.read["ticket"] for one in parts) == tickets
        assert [one.subset for one in parts] == ["1/2", "2/2"]
        assert all(not one.departures for one in parts)
        assert all(one.read["ticket"] for one in parts)
        assert planned_calls(world.store, world.connection).lists == 0
