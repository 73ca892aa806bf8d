"""Requests as they leave, and what the answers mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from fd_account import (
    CONNECTION,
    ORIGIN,
    Desk,
    aggregate,
    answered,
    blob,
    body_of,
    created,
    file,
    message,
    note,
    paged,
    plan,
    query,
    refused,
    reply,
    resolve,
)

from deskferry.connectors.freshdesk.compose_people import organization, person
from deskferry.connectors.freshdesk.compose_ticket import ticket
from deskferry.connectors.freshdesk.desk import Desk as Known
from deskferry.connectors.freshdesk.send import form
from deskferry.connectors.freshdesk.settings import FreshdeskSettings
from deskferry.connectors.freshdesk.words import EFFECTS
from deskferry.connectors.kit.contract import (
    Destination,
    Headers,
    Operation,
    Outcome,
    Ref,
    TellsValues,
    Updates,
    WritesKnowledge,
    WritesMacros,
)
from deskferry.connectors.kit.settings import parse_settings
from deskferry.errors import ConfigError, Refused

KNOWN = Known()
CONTACT = person(
    {"id": "old:user:1", "name": "Zoë", "email": "zoe@x.org", "role": "end_user"}, plan(), KNOWN
).operations[0]
COMPANY = organization({"id": "old:organization:7", "name": "Acme", "domains": ["x.org"]}, plan(), KNOWN).operations[0]


def operations(*messages: Any, **more: Any) -> tuple[Operation, ...]:
    return ticket(aggregate(*messages, **more), plan(), KNOWN).operations


def sent(desk: Desk, operation: Operation, folder: Path | None = None) -> Outcome:
    (outcome,) = desk.destination().send([operation], resolve, blob(folder or Path()))
    return outcome


def test_the_destination_keeps_all_seams() -> None:
    destination = Desk().destination()
    checked: Destination = destination
    assert checked.search_lag == 30
    assert isinstance(destination, Updates)
    assert isinstance(destination, Headers)
    assert isinstance(destination, TellsValues)
    assert [effect.name for effect in destination.effects()] == [effect.name for effect in EFFECTS]
    assert isinstance(destination, WritesKnowledge)
    assert isinstance(destination, WritesMacros)
    assert destination.written_kinds() == (
        "organization", "person", "ticket", "article_category", "article", "macro",
    )  # fmt: skip
    assert destination.batch_size("note.create") == 1


def test_a_ticket_is_json_with_numbers_for_ids() -> None:
    desk = Desk({"POST tickets": created({"id": 4242, "created_at": "2026-01-01T00:00:00Z"})})
    outcome = sent(desk, operations(message(1), assignee_id="old:user:9")[0])
    assert (outcome.state, outcome.remote_id, outcome.url) == ("done", "4242", f"{ORIGIN}/a/tickets/4242")
    assert outcome.receipt == {"created_at": "2026-01-01T00:00:00Z"}
    (request,) = desk.seen
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("Basic ")
    body = body_of(request)
    assert (body["requester_id"], body["responder_id"]) == (100, 900)


def test_files_make_a_form(tmp_path: Path) -> None:
    attachments = [{"id": 1, "name": "f1.txt", "size": 10}]
    desk = Desk({"POST tickets/4242/notes": created({"id": 7, "attachments": attachments})})
    _, answer, _state = operations(message(1), reply(2), files={"old:comment:2": (file(1, filename="ñ.txt"), file(2))})
    outcome = sent(desk, answer, tmp_path)
    assert outcome.receipt["attachments"] == [{"id": "1", "name": "f1.txt", "size": 10}]
    content = desk.seen[0].content.decode()
    assert content.count('name="attachments[]"') == 2
    assert 'name="private"\r\n\r\nfalse' in content
    assert 'name="user_id"\r\n\r\n900' in content
    assert "ñ.txt" in content


def test_forms_spell_lists_and_fields_as_the_vendor_does() -> None:
    body = {"tags": ["a", "b"], "custom_fields": {"cf_x": 1, "cf_y": None}, "private": True, "subject": "é"}
    assert list(form(body)) == [
        ("tags[]", "a"), ("tags[]", "b"), ("custom_fields[cf_x]", "1"), ("private", "true"), ("subject", "é"),
    ]  # fmt: skip


def test_the_final_state_is_a_put_without_an_id_of_its_own() -> None:
    desk = Desk({"PUT tickets/4242": answered({"id": 4242, "status": 5})})
    outcome = sent(desk, operations(message(1), note(2), status="closed")[-1])
    assert (outcome.state, outcome.remote_id) == ("done", "4242")
    assert body_of(desk.seen[0]) == {"status": 5}


def test_a_duplicate_contact_is_adopted_by_the_id_in_the_answer() -> None:
    twin = refused("duplicate_value", "email", 409, additional_info={"user_id": 77})
    desk = Desk({"POST contacts": twin, "GET contacts/77": answered({"id": 77})})
    outcome = sent(desk, CONTACT)
    assert (outcome.state, outcome.remote_id, outcome.code) == ("adopted", "77", "duplicate_value")
    assert desk.calls() == ["POST contacts", "GET contacts/77"]


def test_a_trashed_twin_is_restored_first() -> None:
    twin = refused("duplicate_value", "email", 409, additional_info={"user_id": 77})
    desk = Desk(
        {
            "POST contacts": twin,
            "GET contacts/77": answered({"id": 77, "deleted": True}),
            "PUT contacts/77/restore": httpx.Response(204),
        }
    )
    assert sent(desk, CONTACT).state == "adopted"
    assert desk.calls()[-1] == "PUT contacts/77/restore"


def test_a_duplicate_without_an_id_is_looked_up_also_in_the_trash() -> None:
    def contacts(request: httpx.Request) -> httpx.Response:
        found = [{"id": 78, "email": "Zoe@x.org"}] if query(request).get("state") == "deleted" else []
        return answered(found)

    desk = Desk({"POST contacts": refused("duplicate_value", "email", 409), "GET contacts": contacts})
    assert sent(desk, CONTACT).remote_id == "78"


def test_an_agent_of_that_address_is_adopted_too() -> None:
    desk = Desk(
        {
            "POST contacts": refused("duplicate_value", "email", 409),
            "GET contacts": answered([]),
            "GET agents": answered([{"id": 900}]),
        }
    )
    assert sent(desk, CONTACT).remote_id == "900"


def test_a_duplicate_company_is_found_by_its_name() -> None:
    desk = Desk(
        {
            "POST companies": refused("duplicate_value", "name", 409),
            "GET companies/autocomplete": answered(
                {"companies": [{"id": 1, "name": "Acme Ltd"}, {"id": 2, "name": "ACME"}]}
            ),
        }
    )
    outcome = sent(desk, COMPANY)
    assert (outcome.state, outcome.remote_id) == ("adopted", "2")


def test_a_company_that_completion_does_not_know_yet_is_found_in_the_list() -> None:
    desk = Desk(
        {
            "POST companies": refused("duplicate_value", "name"),
            "GET companies/autocomplete": answered({"companies": []}),
            "GET companies": paged(
                [{"id": number, "name": f"c{number}"} for number in range(150)] + [{"id": 9, "name": "Acme"}]
            ),
        }
    )
    assert sent(desk, COMPANY).remote_id == "9"


def test_a_domain_of_another_company_is_left_out() -> None:
    def companies(request: httpx.Request) -> httpx.Response:
        taken = "domains" in body_of(request)
        return refused("duplicate_value", "domains", 409) if taken else created({"id": 5})

    outcome = sent(Desk({"POST companies": companies}), COMPANY)
    assert (outcome.state, outcome.remote_id, outcome.receipt["dropped"]) == ("done", "5", ["domains"])


def test_a_gated_language_is_left_out() -> None:
    row = {"id": "old:user:1", "name": "Zoë", "email": "zoe@x.org", "role": "end_user", "language": "es"}
    operation = person(row, plan(), Known(languages=frozenset({"es", "en"}))).operations[0]

    def contacts(request: httpx.Request) -> httpx.Response:
        if "language" in body_of(request):
            return answered({"code": "require_feature", "message": "Multi language"}, 403)
        return created({"id": 5})

    outcome = sent(Desk({"POST contacts": contacts}), operation)
    assert (outcome.state, outcome.receipt["dropped"]) == ("done", ["language"])


def test_an_author_who_must_be_an_agent_is_left_out() -> None:
    def notes(request: httpx.Request) -> httpx.Response:
        return refused("invalid_value", "user_id") if "user_id" in body_of(request) else created({"id": 5})

    outcome = sent(
        Desk({"POST tickets/4242/notes": notes}), operations(message(1), reply(2, author_id="old:user:8"))[1]
    )
    assert (outcome.state, outcome.receipt["dropped"]) == ("done", ["user_id"])


def test_a_bad_record_is_refused_with_field_and_code() -> None:
    desk = Desk({"POST tickets": refused("missing_field", "custom_fields.cf_x")})
    outcome = sent(desk, operations(message(1))[0])
    assert (outcome.state, outcome.code, outcome.detail) == ("refused", "missing_field", "custom_fields.cf_x: No.")


@pytest.mark.parametrize(("status", "code"), [(404, "target_gone"), (405, "target_locked"), (413, "status_413")])
def test_other_refusals_concern_the_record(status: int, code: str) -> None:
    desk = Desk({"POST tickets/4242/notes": httpx.Response(status)})
    outcome = sent(desk, operations(message(1), note(2))[1])
    assert (outcome.state, outcome.code) == ("refused", code)


def test_a_role_that_may_not_write_stops_the_run() -> None:
    desk = Desk({"POST tickets": answered({"code": "access_denied", "message": "You are not authorized"}, 403)})
    with pytest.raises(Refused, match="access_denied"):
        sent(desk, operations(message(1))[0])


def test_a_suspended_account_stops_the_run() -> None:
    desk = Desk({"POST tickets": answered({"code": "account_suspended", "message": "x"}, 403)})
    with pytest.raises(Refused, match="suspended"):
        sent(desk, operations(message(1))[0])


def test_a_write_without_an_answer_is_in_doubt_and_not_repeated() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    desk = Desk({"POST tickets": lost})
    assert sent(desk, operations(message(1))[0]).state == "in_doubt"
    assert len(desk.seen) == 1


def test_a_reference_without_an_id_is_no_call() -> None:
    desk = Desk()
    operation = operations(message(1), reply(2))[1]
    (outcome,) = desk.destination().send([operation], {}.__getitem__, blob(Path()))
    assert (outcome.state, outcome.code, desk.seen) == ("refused", "reference_missing", [])


# ---------------------------------------------------------------------------------------------------------------- find


def test_a_ticket_is_found_by_its_mark_among_the_requesters() -> None:
    rows = [
        {"id": number, "custom_fields": {"cf_deskferry_origin": f"old:ticket:{number}"}} for number in range(1, 250)
    ]
    desk = Desk({"GET tickets": paged(rows)})
    found = desk.destination().find(operations(message(1))[0], resolve)
    assert [(one.state, one.remote_id) for one in found] == [("done", "42")]
    asked = query(desk.seen[0])
    assert (asked["requester_id"], asked["updated_since"][:4]) == ("100", "2000")
    assert len(desk.seen) == 3


def test_all_hits_are_returned_and_none_is_none() -> None:
    rows = [{"id": number, "custom_fields": {"cf_x": "old:ticket:42"}} for number in (5, 6)]
    assert len(Desk({"GET tickets": paged(rows)}).destination().find(operations(message(1))[0], resolve)) == 2
    assert not Desk({"GET tickets": paged([])}).destination().find(operations(message(1))[0], resolve)


def test_a_note_is_found_by_the_mark_that_begins_it() -> None:
    answer = operations(message(1), reply(2))[1]
    rows = [
        {"id": 1, "body": "<div>x [old:comment:22]</div>y"},
        {"id": 2, "body": "<p>quoted</p><div>[old:comment:1]</div><p>[old:comment:2]</p>"},
        {"id": 3, "body": answer.body["body"]},
    ]
    found = Desk({"GET tickets/4242/conversations": paged(rows, 2)}).destination().find(answer, resolve)
    assert [one.remote_id for one in found] == ["3"]


def test_people_and_companies_are_found_by_address_and_name() -> None:
    desk = Desk(
        {
            "GET contacts": answered([{"id": 1, "email": "other@x.org", "other_emails": ["ZOE@x.org"]}]),
            "GET companies/autocomplete": answered({"companies": [{"id": 2, "name": "Acme"}]}),
        }
    )
    assert [one.remote_id for one in desk.destination().find(CONTACT, resolve)] == ["1"]
    assert [one.remote_id for one in desk.destination().find(COMPANY, resolve)] == ["2"]


def test_a_canned_response_and_its_folder_are_found_on_later_pages() -> None:
    rows = [{"id": number, "title": f"t{number}", "content_html": "<p>x</p>"} for number in range(1, 151)]
    folders = [{"id": number, "name": f"f{number}"} for number in range(1, 151)]
    desk = Desk({"GET canned_response_folders": paged(folders), "GET canned_response_folders/5/responses": paged(rows)})
    body = {"title": "t150", "content_html": "<p>x</p>", "folder_id": "5", "visibility": 0}
    response = Operation("old:macro:1", "", "macro", "create", "canned_response.create", "canned_response", body)
    folder = replace(response, call="canned_folder.create", object="canned_folder", body={"name": "f150"})
    found = [desk.destination().find(operation, resolve) for operation in (response, folder)]
    assert [[one.remote_id for one in hits] for hits in found] == [["150"], ["150"]]


def test_a_final_state_that_is_there_is_found() -> None:
    state = operations(message(1), note(2), status="closed")[-1]
    assert Desk({"GET tickets/4242": answered({"id": 4242, "status": 5})}).destination().find(state, resolve)
    assert not Desk({"GET tickets/4242": answered({"id": 4242, "status": 2})}).destination().find(state, resolve)


# -------------------------------------------------------------------------------------------------------------- updates


def test_a_changed_ticket_is_updated_without_its_provisional_status() -> None:
    destination = Desk().destination()
    begin, answer, state = operations(
        message(1), reply(2), status="closed", followers=({"id": "f", "kind": "cc", "email": "a@x.org"},)
    )
    update = destination.as_update(begin)
    assert update is not None
    assert (update.call, update.action, update.target, update.files) == (
        "ticket.update",
        "update",
        Ref("old:ticket:42"),
        (),
    )
    assert "status" not in update.body
    assert "cc_emails" not in update.body
    edited = destination.as_update(answer)
    assert edited is not None
    assert (edited.call, set(edited.body), edited.target) == (
        "note.update",
        {"body"},
        Ref("old:ticket:42", "old:comment:2"),
    )
    assert destination.as_update(state) is state
    alone = destination.as_update(operations(message(1), status="closed")[0])
    assert alone is not None
    assert alone.body["status"] == 5
    assert (update.effects, edited.effects) == (("automations",), ("automations",))
    assert set(alone.effects) == {"automations", "status_emails"}
    people = destination.as_update(CONTACT)
    assert people is not None
    assert people.call == "contact.update"


def test_an_update_goes_to_its_own_path() -> None:
    destination = Desk().destination()
    update = destination.as_update(operations(message(1), reply(2))[1])
    assert update is not None
    desk = Desk({"PUT conversations/4242": answered({"id": 4242})})
    assert sent(desk, update).state == "done"


# --------------------------------------------------------------------------------------------------------------- set-up

FIELDS = [
    {
        "kind": "ticket", "key": "cf_colour", "label": "Colour", "source_object": "ticket_field", "source_id": "5",
        "is_required": True,
    },
]  # fmt: skip


def test_an_administrator_has_the_origin_field_made() -> None:
    desk = Desk(
        {
            "GET admin/ticket_fields": answered([]),
            "POST admin/ticket_fields": created(
                {"id": 1, "name": "cf_deskferry_origin12", "label": "Deskferry origin"}
            ),
        }
    )
    destination = desk.destination()
    assert [one.code for one in destination.questions(FIELDS)] == ["required_field"]
    operation, folder = destination.setup(FIELDS)
    assert (operation.part, folder.call) == ("origin_field", "canned_folder.create")
    (outcome,) = destination.send([operation], resolve, blob(Path()))
    assert outcome.remote_id == "cf_deskferry_origin12"
    assert destination.setup(FIELDS) == (folder,)
    made = destination.compose_ticket(aggregate(message(1)), plan())
    assert made.operations[0].body["custom_fields"] == {"cf_deskferry_origin12": "old:ticket:42"}
    assert desk.calls().count("GET admin/ticket_fields") == 1


def test_without_an_administrator_the_field_is_a_question() -> None:
    desk = Desk({"GET admin/ticket_fields": answered({"code": "access_denied"}, 403)})
    destination = desk.destination()
    question = destination.questions(FIELDS)[0]
    assert (question.code, question.default, question.answer) == (
        "origin_field_missing", None, '[settings]\norigin_field = "cf_deskferry_origin"',
    )  # fmt: skip
    assert destination.setup(FIELDS) == ()


def test_a_field_that_is_there_is_taken() -> None:
    fields = [
        *FIELDS,
        {
            "kind": "ticket",
            "key": "cf_o",
            "label": "Deskferry origin",
            "source_id": "9",
            "source_object": "ticket_field",
        },
    ]
    desk = Desk()
    assert [one.code for one in desk.destination().questions(fields)] == ["required_field"]
    assert desk.destination().setup(fields) == ()


def test_a_field_in_doubt_is_found_by_its_label() -> None:
    desk = Desk(
        {
            "GET admin/ticket_fields": answered([]),
            "GET ticket_fields": answered([{"id": 1, "name": "cf_deskferry_origin", "label": "Deskferry origin"}]),
        }
    )
    destination = desk.destination()
    operation, _folder = destination.setup([])
    assert [one.remote_id for one in destination.find(operation, resolve)] == ["cf_deskferry_origin"]


def test_languages_are_asked_for_once() -> None:
    desk = Desk({"GET settings/helpdesk": answered({"primary_language": "en", "supported_languages": ["es"]})})
    destination = desk.destination()
    destination.setup([])
    destination.setup([])
    assert desk.calls().count("GET settings/helpdesk") == 1
    row = {"id": "old:user:1", "name": "Zoë", "email": "zoe@x.org", "role": "end_user", "language": "es"}
    assert destination.compose_person(row, plan()).operations[0].body["language"] == "es"


# ------------------------------------------------------------------------------------------ witness, small things


def test_the_witness_tells_what_the_raw_json_says() -> None:
    note_row = {
        "id": 7,
        "user_id": 900,
        "private": True,
        "incoming": False,
        "created_at": "t",
        "body": "b",
        "attachments": [{"id": 3, "size": 5, "attachment_url": "u"}],
    }
    desk = Desk(
        {
            "GET tickets/4242": answered(
                {
                    "id": 4242,
                    "status": 5,
                    "requester_id": 100,
                    "description": "d",
                    "custom_fields": {"cf_deskferry_origin": "old:ticket:42"},
                }
            ),
            "GET tickets/4242/conversations": paged([note_row] * 130),
        }
    )
    told = desk.destination().witness(desk.session(), "4242")
    assert told is not None
    assert (told.status, told.mark, len(told.messages)) == ("5", "old:ticket:42", 131)
    assert (told.messages[0].author, told.messages[0].private) == ("100", False)
    last = told.messages[-1]
    assert (last.author, last.private, last.incoming, last.text, last.files) == (
        "900",
        True,
        False,
        "b",
        {"3": (5, "u")},
    )
    assert (
        Desk({"GET tickets/1": answered({"id": 1, "deleted": True})}).destination().witness(desk.session(), "1") is None
    )


def test_headers_are_told_and_stripped() -> None:
    destination = Desk().destination()
    line = destination.header(message(1), plan())
    assert line == "Zoë Müller · 2025-03-01 09:00 UTC"
    assert destination.strip_header(f"{line} Number: 42 [old:comment:1] See [image: a.png] this") == "See  this"


@pytest.mark.parametrize(
    ("what", "value", "label", "there"),
    [
        ("status", "solved", None, "Resolved"),
        ("priority", "normal", None, "Medium"),
        ("channel", "web", None, "Feedback widget"),
        ("type", "task", None, "none"),
    ],
)
def test_a_plan_shows_where_values_go(what: str, value: str, label: str | None, there: str) -> None:
    assert Desk().destination().value_there(what, value, label, plan()) == there


def test_the_settings_accept_the_domain_in_any_spelling() -> None:
    for spelling in ("acme", "acme.freshdesk.com", "https://acme.freshdesk.com/"):
        connection = replace(CONNECTION, settings=MappingProxyType({**CONNECTION.settings, "domain": spelling}))
        assert parse_settings(FreshdeskSettings, connection).origin == ORIGIN
    with pytest.raises(ConfigError, match="domain"):
        _ = parse_settings(
            FreshdeskSettings,
            replace(CONNECTION, settings=MappingProxyType({"api_key": CONNECTION.settings["api_key"]})),
        ).origin
