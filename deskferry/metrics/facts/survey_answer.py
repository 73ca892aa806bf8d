"""Fact `survey_answer`, a row a question put to a person: of several answers to it the last one (and the first).
Answers about tickets of brands and inboxes that do not count are left out; those about no ticket are in it.

survey_id, connection, ticket_id, person_id, agent (whom it is about, else who had the ticket now), kind, question,
sent_at, answered_at (NULL: not answered), score (NULL: also where it lies outside its scale, as exports write 0 for no
answer), scale_min, scale_max, label, comment, revision,
is_answered  there is a score, or a label that says good or bad
is_positive, first_positive (of the first revision): the top of its scale: `good`, 4-5 of 1-5, the top value of 1-3,
             from 3/4 of any other scale on
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

_COLUMNS = ("kind", "question", "ticket_id", "person_id", "agent_id", "score", "scale_min", "scale_max", "label",
            "comment", "revision", "sent_at", "answered_at", "created_at")  # fmt: skip
TABLES: Mapping[str, tuple[str, ...]] = {"survey_response": _COLUMNS}
_GOOD, _BAD = ("good", "good_with_comment", "happy", "great"), ("bad", "bad_with_comment", "unhappy", "not_good")
_TOP_SHARE = 0.75
"""From which share of its scale on a score is positive: 4 of 1-5; 3 of 1-3; 1 of 0-1."""


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    found = desk.table("survey_response")
    if desk.question.exclude:
        found = found.anti_join(desk.fact("ticket").filter(ibis._.is_excluded), "ticket_id")
    found = found.mutate(score=_on_scale(found))
    asked = found.ticket_id.coalesce(found.person_id, found.id)
    found = found.mutate(asked=asked, who=found.person_id.fill_null(0), what=found.question.fill_null(""))
    revisions = found.filter(found.revision.notnull())
    single = found.filter(found.revision.isnull())
    # Revisions share their sending: the same question put again later is another one, whose revisions begin anew.
    order = ibis.window(
        group_by=("connection", "kind", "asked", "who", "what", "sent_at"), order_by=["revision", "answered_at", "id"]
    )
    ranked = revisions.mutate(
        first_score=revisions.score.first(include_null=True).over(order),
        first_label=revisions.label.first(include_null=True).over(order),
        following=revisions.id.lead().over(order),
    )
    last = ranked.filter(ranked.following.isnull()).drop("following")
    rows = last.union(single.mutate(first_score=single.score, first_label=single.label).select(*last.columns))
    rows = rows.mutate(
        is_positive=_positive(rows, "score", "label"), first_positive=_positive(rows, "first_score", "first_label")
    )
    return rows.select(
        *(name for name in _COLUMNS if name not in ("agent_id", "created_at")),
        "connection", "is_positive", "first_positive", survey_id="id", agent="agent_id",
        is_answered=rows.score.notnull() | rows.is_positive.notnull(), at=rows.answered_at.coalesce(rows.created_at),
    )  # fmt: skip


def _on_scale(rows: ir.Table) -> ir.FloatingValue:
    """Return the score; NULL where it lies outside its scale, which may go down (the worst score is the greater)."""
    low, high = ibis.least(rows.scale_min, rows.scale_max), ibis.greatest(rows.scale_min, rows.scale_max)
    is_known = rows.scale_min.notnull() & rows.scale_max.notnull()  # engines differ on the least of one and NULL
    return (is_known & ~rows.score.between(low, high)).ifelse(None, rows.score)


def _positive(rows: ir.Table, score: str, label: str) -> ir.BooleanValue:
    word = rows[label].lower()
    share = (rows[score] - rows.scale_min) / (rows.scale_max - rows.scale_min).nullif(0)
    return (share >= _TOP_SHARE).coalesce(ibis.cases((word.isin(_GOOD), True), (word.isin(_BAD), False)))
