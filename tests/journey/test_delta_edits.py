"""A second crossing after people worked at the source: every edit arrives, nothing else moves, nothing comes twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.journey.delta_edits import Journey, crossed, pick

WORKED_ON = frozenset({"new", "open", "pending", "on_hold", "solved"})


def edit(journey: Journey) -> None:
    """Change the account, a record each."""
    used: set[str] = set()
    edit_tickets(journey, used)
    edit_people(journey, used)


def edit_tickets(journey: Journey, used: set[str]) -> None:
    """Empty, reopen, untag, answer, redact, hide, delete and merge tickets."""
    tickets = [row for row in journey.rows("ticket") if row["id"] in journey.crossed() and row["status"] in WORKED_ON]
    messages = sorted(journey.rows("message"), key=lambda row: row["seq"] or 0)
    replies = {
        row["ticket_id"]: row for row in messages
        if not row["is_opening"] and row["is_public"] and journey.has(row["ticket_id"], row["id"])
    }  # fmt: skip

    def ticket(what: str, wanted: Any = lambda _row: True, **fields: Any) -> dict[str, Any]:
        found = pick(tickets, wanted, used)
        if fields:
            journey.change(what, found["id"], op="edit_ticket", id=int(found["source_id"]), fields=fields)
        return found

    def there(row: dict[str, Any], name: str) -> Any:
        return journey.there("tickets", row["id"])[name]

    ticket("unassigned", lambda row: there(row, "responder_id"), assignee_id=None)
    ticket("ungrouped", lambda row: row["team_id"] and there(row, "group_id"), group_id=None, assignee_id=None)
    ticket("untagged", lambda row: len(there(row, "tags")) > 1, tags=[])
    ticket("reopened", lambda row: row["status"] == "solved" and row["id"] in replies, status="open")
    typed = next((row for row in tickets if row["id"] not in used and row["type"] and there(row, "type")), None)
    if typed is not None:
        used.add(typed["id"])
        journey.change("untyped", typed["id"], op="edit_ticket", id=int(typed["source_id"]), fields={"type": None})
    answered = ticket("answered")
    journey.change("answered", answered["id"], op="add_comment", ticket=int(answered["source_id"]), body="And again.")
    for what, values in (("redacted", {"op": "redact_comment", "body": "█"}), ("hidden", {"op": "make_private"})):
        found = ticket(what, lambda row: row["id"] in replies)
        reply = replies[found["id"]]
        journey.edited[f"{what} ticket"] = found["id"]
        journey.change(what, reply["id"], id=int(reply["source_id"]), **values)
    deleted, winner, loser = ticket("deleted"), ticket("winner"), ticket("loser")
    journey.change("deleted", deleted["id"], op="delete_ticket", id=int(deleted["source_id"]))
    journey.change(
        "merged", loser["id"], op="merge_tickets", winner=int(winner["source_id"]), losers=[int(loser["source_id"])]
    )
    journey.edited["winner"] = winner["id"]


def edit_people(journey: Journey, used: set[str]) -> None:
    """Change people, and let one of them ask something new."""
    agents = {row["id"] for row in journey.rows("person") if row["role"] != "end_user"}
    people = [
        row for row in journey.rows("person")
        if row["id"] not in agents and row["email"] and row["deleted_at"] is None
        and journey.has(row["id"]) and row["id"] in journey.made()
    ]  # fmt: skip
    fields: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("mail", "email", {"email": "brand.new@example.org"}),
        ("phone", "phone", {"phone": None}),
        ("name", "name", {"name": "Zoë Renamed"}),
        ("left", "organization_id", {"organization_id": None}),
        ("promoted", "name", {"name": "Now An Agent"}),
    )
    for what, name, edits in fields:
        person = pick(people, lambda row, name=name: row[name], used)  # type: ignore[misc]
        journey.change(what, person["id"], op="edit_user", id=int(person["source_id"]), fields=edits)
    requester = pick(people, lambda _row: True, used)
    made = journey.change(
        "created", None, op="create_ticket", requester=int(requester["source_id"]), subject="One more", body="Hi"
    )
    journey.edited["created"] = f"old:ticket:{made['id']}"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give the journey after the second crossing, and what each step said."""
    with crossed(tmp_path_factory.mktemp("delta") / "here", 60) as journey:
        edit(journey)
        promoted = journey.crossing(journey.edited["promoted"])
        journey.desks.new.patch({"op": "edit_contact", "id": promoted, "fields": {"email": "promoted@acme.example"}})
        answer = journey.ask("PUT", f"contacts/{promoted}/make_agent", {"ticket_scope": 1})
        assert answer == 200
        journey.desks.clock.sleep(3600.0)
        journey.pull()
        planned = journey.plan()
        snapshot, crossings = journey.snapshot(), journey.hashes()
        before = len(journey.written())
        result = journey.migrate()
        sent = journey.written()[before:]
        moved = {record for record, _part in dict(journey.hashes().items() - crossings.items())}
        after = journey.snapshot()
        verified = journey.verify()
        third = len(journey.written())
        again = journey.migrate()
        yield SimpleNamespace(
            journey=journey, planned=planned, result=result, sent=sent, verified=verified, again=again,
            sent_again=journey.written()[third:], moved=moved, before=snapshot, after=after,
        )  # fmt: skip


def test_it_holds(told: Any) -> None:
    load = told.result.load
    assert [(one.record_id, one.detail) for one in load.problems] == []
    assert load.unplanned == []
    assert [(one.record_id, one.sentence()) for one in told.result.verify.differences] == []
    assert told.result.proof.would_send == []
    assert told.result.exit_code == 0
    assert [(one.record_id, one.sentence()) for one in told.verified.differences] == []
    assert told.again.exit_code == 0
    assert told.sent_again == []


def test_only_what_changed_moved(told: Any) -> None:
    """Each call is one of a changed record, and each changed record has one; all others are as they were."""
    journey, edited = told.journey, dict(told.journey.edited)
    silent = {edited.pop(name) for name in ("deleted", "merged", "promoted")}
    records = {value for value in edited.values() if ":comment:" not in value}
    assert told.moved == records
    assert not records & silent
    assert len(told.sent) == told.result.load.sent
    # A ticket that gets a note may be written twice: its fields before, its final status after it.
    assert all(
        count == 1 or path.startswith("/api/v2/tickets/") for (_method, path), count in Counter(told.sent).items()
    )
    changed = {
        (kind, key) for kind, rows in told.after.items() for key in rows.keys() | told.before[kind].keys()
        if rows.get(key) != told.before[kind].get(key)
    }  # fmt: skip
    only_notes = {edited["redacted ticket"], edited["hidden ticket"]}
    wanted = {("tickets", journey.crossing(one)) for one in records - only_notes if ":ticket:" in one}
    wanted |= {("contacts", journey.crossing(one)) for one in records if ":user:" in one}
    assert {one for one in changed if one[0] in {"tickets", "contacts", "companies"}} == wanted
    notes = {key for kind, key in changed if kind == "conversations"}
    of = {told.after["conversations"][key]["ticket_id"] for key in notes}
    assert of <= {journey.crossing(one) for one in records if ":ticket:" in one}


def test_what_was_emptied_is_empty_there(told: Any) -> None:
    journey, edited = told.journey, told.journey.edited
    assert journey.there("tickets", edited["unassigned"])["responder_id"] is None
    assert journey.there("tickets", edited["ungrouped"])["group_id"] is None
    assert journey.there("tickets", edited["untagged"])["tags"] == []
    assert journey.there("tickets", edited["untyped"])["type"] is None
    assert journey.there("tickets", edited["reopened"])["status"] == 2
    assert journey.there("contacts", edited["phone"])["phone"] is None
    assert journey.there("contacts", edited["left"])["company_id"] is None


def test_people_follow(told: Any) -> None:
    journey, edited = told.journey, told.journey.edited
    assert journey.there("contacts", edited["mail"])["email"] == "brand.new@example.org"
    assert journey.there("contacts", edited["name"])["name"] == "Zoë Renamed"
    # An agent of the destination is left to its administrators: the API changes no name.
    agent = journey.there("agents", edited["promoted"])
    assert agent["contact"]["name"] != "Now An Agent"
    assert told.planned.losses["existing_record_kept"].count >= 1


def test_a_redacted_text_is_gone_there(told: Any) -> None:
    journey, edited = told.journey, told.journey.edited
    note = journey.there("conversations", edited["redacted ticket"], edited["redacted"])
    assert "█" in note["body"]
    assert len(note["body"]) < 200


def test_a_message_that_became_private_is_named(told: Any) -> None:
    journey, edited = told.journey, told.journey.edited
    assert not journey.there("conversations", edited["hidden ticket"], edited["hidden"])["private"]
    assert [(one.record_id, one.field) for one in told.verified.standing] == [(edited["hidden"], "is_public")]
    assert told.planned.losses["update_not_possible"].count == 1
    assert told.result.load.losses["update_not_possible"] == 1


def test_deletions_are_counted_and_do_not_cross(told: Any) -> None:
    journey, edited = told.journey, told.journey.edited
    assert told.planned.counts["ticket"]["gone_at_source"] == 2
    assert told.result.load.counts["ticket"]["gone_at_source"] == 2
    for name in ("deleted", "merged"):
        assert not journey.there("tickets", edited[name])["deleted"]
