"""What taking back and reassigning send, and what the answers mean; asked twice, the residues come out the same."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fd_account import Desk, answered, body_of, query, refused

from deskferry.connectors.kit.contract import (
    Operation,
    ReassignEffects,
    Reassigns,
    Ref,
    ShowsTickets,
    Undoes,
    Undone,
    Written,
)

NO_CONTENT = httpx.Response(204)


def written(call: str, remote_id: str = "7", **values: Any) -> Written:
    action = "update" if call.endswith(".update") else "create"
    return Written("old:x:1", "", "ticket", call, action, call.partition(".")[0], remote_id, **values)


def undone(routes: dict[str, Any], one: Written) -> tuple[Undone, Desk]:
    desk = Desk(routes)
    (found,) = desk.destination().undo([one])
    return found, desk


def test_the_destination_keeps_the_seams() -> None:
    destination = Desk().destination()
    assert isinstance(destination, Undoes)
    assert isinstance(destination, ShowsTickets)
    assert isinstance(destination, Reassigns)
    assert isinstance(destination, ReassignEffects)
    known = {effect.name for effect in destination.effects()}
    assert {name for names in destination.undo_effects.values() for name in names} <= known
    assert {name for names in destination.reassign_effects.values() for name in names} <= known


def test_a_ticket_goes_to_the_trash_and_says_so_again() -> None:
    first, _desk = undone({"DELETE tickets/7": NO_CONTENT}, written("ticket.begin"))
    again, _desk = undone(
        {"DELETE tickets/7": httpx.Response(405), "GET tickets/7": answered({"id": 7, "deleted": True})},
        written("ticket.begin"),
    )
    assert (first.state, first.residue) == ("done", "trashed_ticket")
    assert (again.state, again.residue) == ("gone", "trashed_ticket")


def test_a_contact_is_deleted_for_good_and_its_trashed_tickets_with_it() -> None:
    found, desk = undone({"DELETE contacts/7/hard_delete": NO_CONTENT}, written("contact.create"))
    assert (found.state, found.residue, found.purged) == ("done", "", True)
    assert query(desk.seen[0]) == {"force": "true"}
    gone, _desk = undone({"DELETE contacts/7/hard_delete": httpx.Response(404)}, written("contact.create"))
    assert (gone.state, gone.purged) == ("gone", True)


def test_where_that_is_refused_it_goes_to_the_trash() -> None:
    routes = {"DELETE contacts/7/hard_delete": refused("access_denied", "", 403), "DELETE contacts/7": NO_CONTENT}
    found, _desk = undone(routes, written("contact.create"))
    assert (found.state, found.residue, found.purged) == ("done", "trashed_contact", False)


def test_a_twin_from_the_trash_goes_back_there() -> None:
    one = written("contact.create", receipt={"adopted": True, "restored": True})
    found, desk = undone({"DELETE contacts/7": NO_CONTENT}, one)
    assert (found.state, found.residue) == ("done", "")
    assert desk.calls() == ["DELETE contacts/7"]


def test_a_change_gets_its_before_image_back() -> None:
    image = {"status": 5, "responder_id": None, "subject": None, "tags": []}
    found, desk = undone({"PUT tickets/7": answered({"id": 7})}, written("ticket.update", before=image))
    assert found.state == "done"
    # What can be emptied is; a subject that was not shown is not written over.
    assert body_of(desk.seen[0]) == {"status": 5, "responder_id": None, "tags": []}


def test_the_image_holds_what_the_update_names_and_nothing_else() -> None:
    shown = {"id": 7, "status": 4, "priority": 1, "custom_fields": {"cf_a": "x", "cf_b": "y"}}
    desk = Desk({"GET tickets/7": answered(shown)})
    update = Operation(
        "old:ticket:1", "", "ticket", "update", "ticket.update", "ticket",
        {"status": 2, "custom_fields": {"cf_a": "z"}}, target=Ref("old:ticket:1"),
    )  # fmt: skip
    assert desk.destination().before(update, lambda _ref: "7") == {"status": 4, "custom_fields": {"cf_a": "x"}}


def test_tickets_in_the_trash_and_in_spam_hang_on_a_contact_too() -> None:
    def tickets(request: httpx.Request) -> httpx.Response:
        places = {None: [1], "deleted": [2], "spam": [3]}
        return answered([{"id": one} for one in places[query(request).get("filter")]])

    desk = Desk({"GET tickets": tickets})
    assert list(desk.destination().tickets_of(written("contact.create"))) == ["1", "2", "3"]


def test_what_the_api_never_deletes_is_a_residue() -> None:
    found, desk = undone({}, written("canned_response.create"))
    assert (found.state, found.residue) == ("refused", "kept_macro")
    assert desk.seen == []


@pytest.mark.parametrize(("email", "state"), [("ana@x.org", "done"), (None, "refused")])
def test_a_placeholder_needs_an_address_to_become_an_agent(email: str | None, state: str) -> None:
    routes = {
        "GET contacts/7": answered({"id": 7, "email": None}),
        "PUT contacts/7": answered({"id": 7}),
        "PUT contacts/7/make_agent": answered({"id": 7}),
    }
    desk = Desk(routes)
    outcome = desk.destination().promote("7", email)
    assert outcome.state == state
    assert ("PUT contacts/7/make_agent" in desk.calls()) is (state == "done")


def test_an_agent_takes_no_contact_in() -> None:
    desk = Desk({"GET contacts/9": httpx.Response(404)})
    outcome = desk.destination().merge("7", "9")
    assert (outcome.state, outcome.code) == ("refused", "not_a_contact")
    assert desk.calls() == ["GET contacts/9"]


def test_a_merge_tells_what_both_sides_have() -> None:
    desk = Desk(
        {
            "GET contacts/9": answered({"id": 9, "email": "r@x.org", "unique_external_id": "real"}),
            "GET contacts/7": answered({"id": 7, "unique_external_id": "old:user:1"}),
            "POST contacts/merge": NO_CONTENT,
        }
    )
    assert desk.destination().merge("7", "9").state == "done"
    assert body_of(desk.seen[-1]) == {
        "primary_contact_id": 9, "secondary_contact_ids": [7],
        "contact": {"unique_external_id": "real", "email": "r@x.org"},
    }  # fmt: skip
