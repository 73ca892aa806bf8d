"""Ratings and time entries: written where the desk keeps them, else told in one private note."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fd_account import Desk as Fake
from fd_account import aggregate, answered, message, plan, resolve

from deskferry.connectors.freshdesk import compose_ticket, find_beside
from deskferry.connectors.freshdesk.beside import ordered
from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.freshdesk.header import marks_in
from deskferry.connectors.kit.contract import Composition, Operation, Row

STEPS = (-103, 100, 103)
WHOLE = Desk(rating_steps=STEPS, time_tracking=True)
BARE = Desk()
AT = datetime(2025, 3, 2, 10, 30, tzinfo=UTC)


def rating(number: int = 1, **more: Any) -> Row:
    return {"id": f"old:rating:{number}", "person_id": "old:user:1", "score": 1.0, "scale_min": 0.0, "scale_max": 1.0,
            "label": "good", "comment": "Merci!", "reason": None, "answered_at": AT, **more}  # fmt: skip


def entry(number: int = 1, **more: Any) -> Row:
    return {"id": f"old:time_entry:{number}", "person_id": "old:user:9", "seconds": 5400.0, "started_at": AT,
            "billable": True, "note": "On the phone", **more}  # fmt: skip


def composed(desk: Desk, **parts: Any) -> Composition:
    settings = parts.pop("settings", {})
    return compose_ticket.ticket(aggregate(message(1), **parts), plan(settings=settings), desk)


def extra(made: Composition) -> list[Operation]:
    return [one for one in made.operations if one.part]


def causes(made: Composition, record: str) -> set[str]:
    return {one.cause for one in made.losses if one.record_id == record}


@pytest.mark.parametrize(
    ("score", "low", "high", "step"), [(1, 0, 1, 103), (0, 0, 1, -103), (3, 1, 5, 100), (7, 1, 7, 103), (2, 1, 3, 100)]
)
def test_a_rating_takes_its_place_on_the_surveys_scale(score: float, low: float, high: float, step: int) -> None:
    made = composed(WHOLE, ratings=(rating(score=score, scale_min=low, scale_max=high),))
    (operation,) = extra(made)
    assert (operation.call, operation.part, operation.kind) == ("rating.create", "old:rating:1", "survey_response")
    assert operation.body["ratings"] == {"default_question": step}
    assert ("rating_rescaled" in causes(made, "old:rating:1")) is (high - low + 1 != len(STEPS))
    assert "rating_date_in_text" in causes(made, "old:rating:1")


def test_its_text_tells_who_when_and_what() -> None:
    (operation,) = extra(composed(WHOLE, ratings=(rating(reason="Slow"),)))
    text = operation.body["feedback"]
    assert marks_in(text) == ["old:rating:1"]
    for part in ("Zoë Müller · 2025-03-02 10:30 UTC", "good (1 on a scale from 0 to 1)", "Slow", "Merci!"):
        assert part in text


@pytest.mark.parametrize("why", ["no survey", "the mapping wants notes", "no score", "off the scale"])
def test_else_one_private_note_names_them_all(why: str) -> None:
    odd: dict[str, Any] = {"no score": {"score": None}, "off the scale": {"score": 9.0}}.get(why, {})
    made = composed(
        BARE if why == "no survey" else WHOLE, ratings=(rating(1, **odd), rating(2, **odd)),
        settings={"ratings": "note"} if why == "the mapping wants notes" else {},
    )  # fmt: skip
    (note,) = extra(made)
    assert (note.call, note.part, note.kind) == ("note.create", "old:ticket:42#ratings", "message")
    assert (note.body["private"], note.body["incoming"]) == (True, False)
    assert marks_in(note.body["body"]) == ["old:ticket:42#ratings"]
    assert note.body["body"].count("2025-03-02 10:30 UTC") == 2
    assert causes(made, "old:rating:1") == causes(made, "old:rating:2") == {"rating_as_note"}


def test_a_survey_that_nobody_answered_is_told_and_not_written() -> None:
    made = composed(WHOLE, ratings=(rating(score=None, label="offered", comment=None, answered_at=None),))
    assert extra(made) == []
    assert causes(made, "old:rating:1") == {"rating_unanswered"}


def test_time_is_written_with_day_agent_and_note() -> None:
    made = composed(WHOLE, time_entries=(entry(),))
    (operation,) = extra(made)
    assert (operation.call, operation.kind, operation.part) == ("time_entry.create", "time_entry", "old:time_entry:1")
    body = dict(operation.body)
    assert body.pop("agent_id").record_id == "old:user:9"
    assert body == {
        "time_spent": "01:30", "timer_running": False, "billable": True, "executed_at": "2025-03-02T10:30:00Z",
        "note": "On the phone\n[old:time_entry:1]",
    }  # fmt: skip
    assert causes(made, "old:time_entry:1") == set()


def test_seconds_and_people_who_are_no_agents_are_losses() -> None:
    made = composed(WHOLE, time_entries=(entry(seconds=95.0, person_id="old:user:8", note=None),))
    (operation,) = extra(made)
    assert operation.body["time_spent"] == "00:02"
    assert operation.body["note"] == "Bob Gone · 2025-03-02 10:30 UTC [old:time_entry:1]"
    assert causes(made, "old:time_entry:1") == {"time_rounded", "time_agent_in_text"}


def test_without_time_tracking_a_note_tells_it() -> None:
    made = composed(BARE, time_entries=(entry(), entry(2, seconds=None, billable=False)))
    (note,) = extra(made)
    assert note.part == "old:ticket:42#time"
    assert "Time: 90 minutes, billable" in note.body["body"]
    assert "On the phone" in note.body["body"]
    assert causes(made, "old:time_entry:1") == {"time_entry_as_note"}


def test_what_may_have_been_written_is_found_by_its_mark() -> None:
    desk = Fake(
        {
            "GET tickets/4242/satisfaction_ratings": answered(
                [{"id": 1, "feedback": "x"}, {"id": 2, "feedback": "Zoë [old:rating:1]\nMerci!"}]
            ),
            "GET tickets/4242/time_entries": answered(
                [{"id": 3, "note": None}, {"id": 4, "note": "[old:time_entry:1]"}]
            ),
        }
    )
    made = composed(WHOLE, ratings=(rating(),), time_entries=(entry(),))
    found = [find_beside.hits(desk.session(), one, one.body, "4242") for one in extra(made)]
    assert found == [["2"], ["4"]]
    destination = desk.destination()
    assert [one.remote_id for one in destination.find(extra(made)[0], resolve)] == ["2"]


@pytest.mark.parametrize(
    ("steps", "expected"), [([103, 100, -103], (-103, 100, 103)), ([1, 2, 3], (3, 2, 1)), (None, ()), (["x"], ())]
)
def test_steps_run_from_the_worst_to_the_best(steps: Any, expected: tuple[int, ...]) -> None:
    assert ordered(steps) == expected


def test_the_account_is_asked_once() -> None:
    desk = Fake(
        {
            "GET surveys": answered(
                [{"id": 1, "questions": [{"id": "default_question", "accepted_ratings": [103, -103]}]}]
            ),
            "GET time_entries": answered([]),
        }
    )
    destination = desk.destination()
    destination.questions([])
    destination.questions([])
    assert desk.calls().count("GET surveys") == desk.calls().count("GET time_entries") == 1
    made = destination.compose_ticket(aggregate(message(1), ratings=(rating(),), time_entries=(entry(),)), plan())
    assert [one.call for one in made.operations if one.part] == ["rating.create", "time_entry.create"]
