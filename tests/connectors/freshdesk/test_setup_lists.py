"""Reading the set-up: rules by their type, forms one by one, mailboxes for addresses, the questions of ratings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fd_account import Desk, answered, paged, query

from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.freshdesk.read_rules import intervals
from deskferry.connectors.freshdesk.streams import SETUP
from deskferry.connectors.kit.contract import Page, PullRequest, RawRecord
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context, Unreadable
from deskferry.connectors.kit.session import VendorStatus
from deskferry.errors import Refused

REFUSED = answered({"code": "access_denied", "message": "no"}, 403)


def read(desk: Desk, stream: str) -> list[Page]:
    return list(desk.source().pages(stream, PullRequest(None)))


def payloads(pages: list[Page]) -> list[dict[str, Any]]:
    return [record.payload for page in pages for record in page.records if isinstance(record, RawRecord)]


@pytest.mark.parametrize("stream", SETUP, ids=lambda stream: stream.name)
@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_the_role_may_not_see_is_left_out_by_its_name(stream: Any, status: int) -> None:
    desk = Desk({"GET .*": answered({"code": "require_feature", "message": "no"}, status)})
    assert stream.optional
    with pytest.raises(Refused):
        read(desk, stream.name)


# --------------------------------------------------------------------------------------------------------------- rules


def rule(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"r{number}", "active": True, **more}


def test_rules_of_every_type_come_bare_or_in_an_envelope() -> None:
    desk = Desk(
        {
            "GET automations/1/rules": paged([rule(number) for number in range(1, 131)]),
            "GET automations/3/rules": answered({"rules": [rule(200)], "meta": {"total_count": 1}}),
            "GET automations/4/rules": answered([]),
        }
    )
    pages = read(desk, "automation_rules")
    assert [page.complete for page in pages] == [True]
    assert len(payloads(pages)) == 131
    assert {one["automation_type_id"] for one in payloads(pages)} == {1, 3}


def test_what_a_webhook_is_signed_with_is_not_kept() -> None:
    action = {"field_name": "trigger_webhook", "url": "https://x.org", "auth_header": {"password": "s"},
              "custom_headers": {"X-Key": "s"}}  # fmt: skip
    desk = Desk({"GET automations/1/rules": [rule(1, actions=[action])], "GET automations/.*": []})
    assert payloads(read(desk, "automation_rules"))[0]["actions"] == [
        {"field_name": "trigger_webhook", "url": "https://x.org"}
    ]


def test_rules_of_a_type_that_is_refused_are_not_gone() -> None:
    desk = Desk({"GET automations/3/rules": REFUSED, "GET automations/.*": [rule(1)]})
    (page,) = read(desk, "automation_rules")
    assert (page.last, page.complete) == (True, False)
    assert page.notes == ("automation_rules: those of type 3 are refused (403).",)
    desk = Desk({"GET automations/3/rules": answered({}, 400), "GET automations/.*": [rule(1)]})
    with pytest.raises(VendorStatus):
        read(desk, "automation_rules")


# --------------------------------------------------------------------------------------------------- forms, addresses


def test_forms_come_with_their_fields() -> None:
    desk = Desk(
        {
            "GET ticket-forms": [{"id": 1, "title": "a"}, {"id": 2, "title": "b", "fields": [{"id": 9}]}],
            "GET ticket-forms/1": {"id": 1, "title": "a", "fields": [{"id": 8}]},
        }
    )
    assert [one["fields"] for one in payloads(read(desk, "ticket_forms"))] == [[{"id": 8}], [{"id": 9}]]
    assert "GET ticket-forms/2" not in desk.calls()


@pytest.mark.parametrize("status", [403, 404])
def test_mailboxes_stand_in_for_addresses_and_keep_their_ids(status: int) -> None:
    mailbox = {"id": 12, "name": "Support", "support_email": "Support@acme.example"}
    desk = Desk({"GET email_configs": answered({}, status), "GET email/mailboxes": paged([mailbox])})
    (page,) = read(desk, "email_configs")
    assert (page.last, page.complete) == (True, True)
    out: dict[str, list[Any]] = {}
    Mapper(MAPS["email_config"], Context("new", "freshdesk", "https://x.org")).apply(mailbox, "12", "", out)
    assert "support@acme.example" in out["inbox"][0]
    assert "new:email_config:12" in out["inbox"][0]
    assert [(one.object, one.source_id) for one in page.records] == [("email_config", "12")]


def test_an_address_list_that_is_refused_half_way_is_not_begun_anew() -> None:
    def refusing(request: httpx.Request) -> httpx.Response:
        return REFUSED if query(request)["page"] == "2" else paged([{"id": n} for n in range(150)])(request)

    desk = Desk({"GET email_configs": refusing})
    with pytest.raises(Refused):
        read(desk, "email_configs")
    assert "GET email/mailboxes" not in desk.calls()


# ------------------------------------------------------------------------------------------------------------- ratings


def rating(**ratings: int) -> dict[str, Any]:
    return {"id": 7, "survey_id": 2, "ticket_id": 42, "created_at": "2025-03-02T10:30:00Z", "ratings": ratings}


def test_ratings_come_with_the_questions_that_were_put() -> None:
    questions = [{"id": "default_question", "label": "How was it?"}, {"id": "question_5", "label": "And the agent?"},
                 {"id": "question_6", "label": "Not answered"}]  # fmt: skip
    surveys = [{"id": 1, "questions": [{"id": "default_question", "label": "Old"}]}, {"id": 2, "questions": questions}]
    given = [rating(default_question=103, question_5=100, question_9=103)]
    desk = Desk({"GET surveys/satisfaction_ratings": paged(given), "GET surveys": paged(surveys)})
    (payload,) = payloads(read(desk, "satisfaction_ratings"))
    assert payload["questions"] == {"default_question": "How was it?", "question_5": "And the agent?"}
    assert desk.calls().count("GET surveys") == 1


def test_a_label_that_changes_changes_no_id() -> None:
    mapper = Mapper(MAPS["satisfaction_rating"], Context("new", "freshdesk", "https://x.org"))
    given = rating(default_question=103, question_5=100)

    def ids(payload: dict[str, Any]) -> list[str]:
        out: dict[str, list[Any]] = {}
        assert mapper.apply(payload, "7", "", out) is None
        return [row[0] for row in out["survey_response"]]

    assert ids(given) == ids({**given, "questions": {"default_question": "How?", "question_5": "Who?"}})


def test_ratings_come_without_their_questions_where_surveys_are_refused() -> None:
    desk = Desk({"GET surveys/satisfaction_ratings": paged([rating(default_question=103)]), "GET surveys": REFUSED})
    assert "questions" not in payloads(read(desk, "satisfaction_ratings"))[0]
    desk = Desk({"GET surveys/satisfaction_ratings": []})
    assert payloads(read(desk, "satisfaction_ratings")) == []
    assert "GET surveys" not in desk.calls()


# ------------------------------------------------------------------------------------------------------ business hours


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("8:00 am", "5:00 pm", ("08:00", "17:00")),
        ("08:00:00 am", "12:30:00 pm", ("08:00", "12:30")),
        ("12:00 am", "12:00 am", ("00:00", "24:00")),
        ("09:15", "17:45", ("09:15", "17:45")),
    ],
)
def test_hours_are_told_in_twenty_four(start: str, end: str, wanted: tuple[str, str]) -> None:
    day = {"start_time": start, "end_time": end}
    (found,) = intervals({"business_hours": {"monday": day, "tuesday": {}, "wednesday": None}}) or ()
    assert (found["day"], found["start"], found["end"]) == ("mon", *wanted)
    assert intervals({"working_hours": {"monday": [day]}}) == [found]


@pytest.mark.parametrize("value", ["13:00 pm", "0:10 am", "25:00", "8:61 am", "noon", None])
def test_what_is_no_time_of_day_is_told(value: Any) -> None:
    with pytest.raises(Unreadable, match="bad_time"):
        intervals({"business_hours": {"monday": {"start_time": value, "end_time": "5:00 pm"}}})
