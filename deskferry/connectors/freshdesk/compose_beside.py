"""Ratings and time entries of a ticket: as the desk keeps them where its plan does, else as one private note each kind.

Reference: `POST /tickets/{id}/satisfaction_ratings` works for agents and takes no date; time entries take the day on
which they were worked (`executed_at`). Neither is said to mail anybody; rules may watch for ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from deskferry.connectors.freshdesk.compose_people import AGENT_ROLES, display_name, iso, source_hash
from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.freshdesk.header import HeaderFacts, clean, mark_text, with_header, with_text_header
from deskferry.connectors.freshdesk.words import AUTOMATIONS, word
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row, TicketAggregate
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.pieces import as_html

RATINGS_SETTING = "ratings"
"""Setting of the mapping: `note` writes ratings as notes even where the desk has a survey."""
_UNANSWERED = frozenset({"offered", "unoffered"})


def beside(aggregate: TicketAggregate, crossings: Crossings, desk: Desk) -> Composition:
    """Return the operations for ratings and time entries, and what they lose."""
    rated = [row for row in aggregate.ratings if _answered(row)]
    unanswered = [row for row in aggregate.ratings if not _answered(row)]
    losses = [Loss(row["id"], "survey_response", row.get("label"), "rating_unanswered") for row in unanswered]
    ticket = aggregate.ticket["id"]
    made = [_ratings(ticket, rated, crossings, desk), _times(ticket, aggregate.time_entries, crossings, desk)]
    operations = tuple(one for part in made for one in part.operations)
    return Composition(operations, (*losses, *(loss for part in made for loss in part.losses)))


def _answered(row: Row) -> bool:
    return row.get("answered_at") is not None or (
        row.get("label") not in _UNANSWERED and any(row.get(name) is not None for name in ("score", "comment", "label"))
    )


# ------------------------------------------------------------------------------------------------------------ ratings


def _ratings(ticket: str, rows: Sequence[Row], crossings: Crossings, desk: Desk) -> Composition:
    steps = desk.rating_steps if crossings.setting(RATINGS_SETTING) != "note" else ()
    written = [row for row in rows if steps and _step(row, steps) is not None]
    others = [row for row in rows if row not in written]
    losses = [loss for row in written for loss in _rating_losses(row, steps)]
    losses += [Loss(row["id"], "survey_response", iso(row.get("label")), "rating_as_note") for row in others]
    operations = [_rating(ticket, row, steps, crossings) for row in written]
    if others:
        operations.append(_note(ticket, "ratings", others, [_rating_lines(row, crossings) for row in others]))
    return Composition(tuple(operations), tuple(losses))


def _step(row: Row, steps: Sequence[int]) -> int | None:
    """Return the survey's step for a score: the same share of the scale; `steps` run from the worst to the best."""
    score, low, high = row.get("score"), row.get("scale_min"), row.get("scale_max")
    if score is None or low is None or high is None or high <= low or not low <= score <= high:
        return None
    share = float((score - low) / (high - low))
    return steps[round(share * (len(steps) - 1))]


def _rating_losses(row: Row, steps: Sequence[int]) -> list[Loss]:
    losses = [Loss(row["id"], "answered_at", iso(row.get("answered_at")), "rating_date_in_text")]
    if row["scale_max"] - row["scale_min"] + 1 != len(steps):
        losses.append(Loss(row["id"], "score", iso(row.get("label") or row.get("score")), "rating_rescaled"))
    return losses


def _rating(ticket: str, row: Row, steps: Sequence[int], crossings: Crossings) -> Operation:
    lines = _rating_lines(row, crossings)
    text = with_text_header(str(row.get("comment") or ""), HeaderFacts(row["id"], "\n".join(lines)))
    return Operation(
        record_id=ticket,
        part=row["id"],
        kind="survey_response",
        action="create",
        call="rating.create",
        object="satisfaction_rating",
        body={"ratings": {"default_question": _step(row, steps)}, "feedback": text},
        target=Ref(ticket),
        mark=row["id"],
        source_hash=source_hash(row),
        effects=(AUTOMATIONS,),
    )


def _rating_lines(row: Row, crossings: Crossings) -> list[str]:
    """Return who rated when, and how: label, score, scale, reason."""
    language = crossings.header.language
    told = str(row.get("label") or row.get("score") or "?")
    if row.get("score") is not None and row.get("scale_max") is not None:
        scale = word(
            language, "rating_scale", _short(row["score"]), _short(row.get("scale_min")), _short(row["scale_max"])
        )
        told = f"{told} ({scale})"
    lines = [_who(row.get("person_id"), row.get("answered_at") or row.get("created_at"), crossings)]
    lines.append(word(language, "rating", told))
    if row.get("question") and row["question"] != "default_question":
        lines.append(str(row["question"]))
    if row.get("reason"):
        lines.append(word(language, "rating_reason", row["reason"]))
    return [clean(line) for line in lines]


def _short(number: Any) -> str:
    return "?" if number is None else f"{number:g}"


def _who(person_id: Any, moment: Any, crossings: Crossings) -> str:
    settings = crossings.header
    person = crossings.person(person_id)
    name = (display_name(person) if person else None) or word(settings.language, "unknown_person")
    if hasattr(moment, "astimezone"):
        time = moment.astimezone(ZoneInfo(settings.timezone)).strftime(settings.time_form)
    else:
        time = word(settings.language, "unknown_time")
    return f"{name} · {time}"


# -------------------------------------------------------------------------------------------------------- time entries


def _times(ticket: str, rows: Sequence[Row], crossings: Crossings, desk: Desk) -> Composition:
    known = [row for row in rows if row.get("seconds") is not None]
    losses = [Loss(row["id"], "time_entry", None, "time_entry_as_note") for row in rows if row not in known]
    if desk.time_tracking:
        operations = [_time(ticket, row, crossings, losses) for row in known]
        others = [row for row in rows if row not in known]
    else:
        losses += [Loss(row["id"], "time_entry", iso(row["seconds"]), "time_entry_as_note") for row in known]
        operations, others = [], list(rows)
    if others:
        operations.append(_note(ticket, "time", others, [_time_lines(row, crossings) for row in others]))
    return Composition(tuple(operations), tuple(losses))


def _minutes(row: Row) -> int:
    return round(float(row.get("seconds") or 0) / 60)


def _time(ticket: str, row: Row, crossings: Crossings, losses: list[Loss]) -> Operation:
    minutes = _minutes(row)
    if minutes * 60 != row["seconds"]:
        losses.append(Loss(row["id"], "seconds", iso(row["seconds"]), "time_rounded"))
    body: dict[str, Any] = {"time_spent": f"{minutes // 60:02d}:{minutes % 60:02d}", "timer_running": False}
    if row.get("billable") is not None:
        body["billable"] = row["billable"]
    moment = row.get("started_at") or row.get("created_at")
    if moment is not None:
        body["executed_at"] = f"{str(time_text(iso(moment)))[:19]}Z"
    target = crossings.target(row.get("person_id"))
    lines: list[str] = []
    if target is not None and not target.placeholder and target.role in AGENT_ROLES:
        body["agent_id"] = Ref(row["person_id"])
    else:
        losses.append(Loss(row["id"], "person_id", row.get("person_id"), "time_agent_in_text"))
        lines.append(_who(row.get("person_id"), moment, crossings))
    line = " ".join([*map(clean, lines), mark_text(row["id"])])
    body["note"] = f"{row['note']}\n{line}" if row.get("note") else line
    return Operation(
        record_id=ticket,
        part=row["id"],
        kind="time_entry",
        action="create",
        call="time_entry.create",
        object="time_entry",
        body=body,
        target=Ref(ticket),
        mark=row["id"],
        source_hash=source_hash(row),
    )


def _time_lines(row: Row, crossings: Crossings) -> list[str]:
    language = crossings.header.language
    lines = [_who(row.get("person_id"), row.get("started_at") or row.get("created_at"), crossings)]
    told = word(language, "time_entry", _minutes(row) if row.get("seconds") is not None else "?")
    if row.get("billable") is not None:
        told = f"{told}, {word(language, 'billable' if row['billable'] else 'not_billable')}"
    return [clean(line) for line in (*lines, told)]


# ---------------------------------------------------------------------------------------------------------- substitute


def _note(ticket: str, what: str, rows: Sequence[Row], lines: Sequence[Sequence[str]]) -> Operation:
    """Return one private note that names all these rows, with a header as other notes have."""
    mark = f"{ticket}#{what}"
    texts = []
    for row, told in zip(rows, lines, strict=True):
        said = row.get("comment") or row.get("note")
        texts.append("<br>".join(as_html(None, line) for line in (*told, *([str(said)] if said else []))))
    body = with_header("<br><br>".join(texts), HeaderFacts(mark, ""))
    return Operation(
        record_id=ticket,
        part=mark,
        kind="message",
        action="create",
        call="note.create",
        object="conversation",
        body={"body": body, "private": True, "incoming": False},
        target=Ref(ticket),
        mark=mark,
        source_hash=source_hash(*rows),
        effects=(AUTOMATIONS,),
    )
