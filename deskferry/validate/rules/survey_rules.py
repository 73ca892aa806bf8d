"""Rules on what customers rated."""

from __future__ import annotations

import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_OF_A_TICKET = ("csat", "ces")


def _early(desk: Desk) -> ir.Table:
    """Yield ratings that came before their ticket was last solved."""
    rows = desk.live("survey_response")
    tickets = desk.live("ticket").select("solved_at", key_of_ticket_id="key_of_id")
    found = rows.inner_join(tickets, "key_of_ticket_id").mutate(record_id=rows.id)
    return found.filter(found.answered_at < found.solved_at)


RULES = (
    Rule(
        "survey.without_ticket", "survey_response", Dimension.REFERENCES, Severity.WARNING,
        "Ratings without a ticket", "a {kind} of {answered_at} that names no ticket",
        "It counts for the whole account only, and for no agent: see whether the vendor still has the ticket.",
        {"survey_response": ("kind", "ticket_id", "answered_at")},
        where=lambda rows, _desk: rows.ticket_id.isnull(), among=lambda rows, _desk: rows.kind.isin(_OF_A_TICKET),
    ),
    Rule(
        "survey.outside_scale", "survey_response", Dimension.ACCURACY, Severity.ERROR,
        "Ratings outside their scale", "{score} on a scale from {scale_min} to {scale_max}",
        "The survey changed its scale, or a mapping reads it wrongly: means and shares are not to be trusted.",
        {"survey_response": ("score", "scale_min", "scale_max")},
        where=lambda rows, _desk: (rows.score < rows.scale_min) | (rows.score > rows.scale_max),
        among=lambda rows, _desk: rows.score.notnull(),
    ),
    Rule(
        "survey.answered_before_sent", "survey_response", Dimension.CONSISTENCY, Severity.ERROR,
        "Ratings that came before they were asked for", "answered {answered_at}, sent {sent_at}",
        "Look at it at the vendor: an import set one of its times wrongly.",
        {"survey_response": ("answered_at", "sent_at")}, where=lambda rows, _desk: rows.answered_at < rows.sent_at,
        among=lambda rows, _desk: rows.answered_at.notnull() & rows.sent_at.notnull(),
    ),
    Rule(
        "survey.answered_before_solved", "survey_response", Dimension.CONSISTENCY, Severity.INFO,
        "Ratings that came before the ticket was solved", "answered {answered_at}, solved {solved_at}",
        "Such a rating is of the work half done; it may have been reopened since.",
        {"survey_response": ("answered_at", "key_of_ticket_id"), "ticket": ("key_of_id", "solved_at")},
        offending=_early, among=lambda rows, _desk: rows.answered_at.notnull() & rows.key_of_ticket_id.notnull(),
    ),
)  # fmt: skip
