"""Ratings and time entries as lines of a ticket's private comment: no API of the vendor takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from deskferry.connectors.kit.composing import display_name, iso
from deskferry.connectors.kit.contract import Crossings, Loss, Row, TicketAggregate
from deskferry.connectors.zendesk.words import word


def lines_of(aggregate: TicketAggregate, crossings: Crossings) -> tuple[list[str], list[Loss]]:
    """Return what the comment tells, and the losses."""
    lines: list[str] = []
    losses: list[Loss] = []
    for row in aggregate.ratings:
        answered = row.get("score") is not None or row.get("comment")
        if answered:
            lines.append(_rating(row, crossings))
        cause = "rating_as_note" if answered else "rating_unanswered"
        losses.append(Loss(row["id"], "survey_response", iso(row.get("label")), cause))
    for row in aggregate.time_entries:
        lines.append(_time_entry(row, crossings))
        losses.append(Loss(row["id"], "time_entry", iso(row.get("seconds")), "time_entry_as_note"))
    return lines, losses


def hashed(rows: Sequence[Row]) -> list[Any]:
    """Return what of these rows makes a change."""
    return [row.get("content_hash") or sorted((key, str(value)) for key, value in row.items()) for row in rows]


def _rating(row: Row, crossings: Crossings) -> str:
    told = str(row.get("label") or f"{row['score']:g}")
    if row.get("score") is not None and row.get("scale_max") is not None:
        told += f" ({row['score']:g} / {row['scale_max']:g})"
    parts = (told, row.get("reason"), row.get("comment"), _who(row.get("person_id"), crossings),
             _when(row.get("answered_at") or row.get("created_at"), crossings))  # fmt: skip
    return word(crossings.header.language, "rating", " · ".join(str(part) for part in parts if part))


def _time_entry(row: Row, crossings: Crossings) -> str:
    seconds = int(row.get("seconds") or 0)
    spent = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    parts = (spent, row.get("kind"), row.get("note"), _who(row.get("person_id"), crossings),
             _when(row.get("started_at"), crossings))  # fmt: skip
    return word(crossings.header.language, "time_entry", " · ".join(str(part) for part in parts if part))


def _who(person_id: Any, crossings: Crossings) -> str | None:
    person = crossings.person(person_id)
    return display_name(person) if person else None


def _when(moment: Any, crossings: Crossings) -> str | None:
    if not hasattr(moment, "astimezone"):
        return None
    settings = crossings.header
    told: str = moment.astimezone(ZoneInfo(settings.timezone)).strftime(settings.time_form)
    return told
