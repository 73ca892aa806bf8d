"""Fact `sentiment_score`, a row what one model said of a message or of a ticket, the last time that it said it.

ticket_id, message_id (NULL: said of the ticket), connection, model (with its version, as `name/version`), label (as it
was brought), score (the model's own confidence), tone: 1 positive, 0 neutral or mixed, -1 negative; NULL: a label that
is not known

Labels of five levels, and those in Spanish, are mapped; nothing is scored here. No library was found that scores
English and Spanish, is kept up, and works without fetching a model: sentiment is brought as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "sentiment": ("id", "message_id", "ticket_id", "label", "score", "model", "model_version", "created_at"),
}
_TONES: Mapping[int, tuple[str, ...]] = {
    1: ("positive", "very positive", "pos", "positivo", "muy positivo", "positiva", "muy positiva"),
    0: ("neutral", "neu", "mixed", "neutro", "neutra", "mixto", "mixta"),
    -1: ("negative", "very negative", "neg", "negativo", "muy negativo", "negativa", "muy negativa"),
}


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    found = desk.table("sentiment")
    found = found.filter(found.label.notnull(), found.message_id.notnull() | found.ticket_id.notnull())
    word = found.label.lower().replace("_", " ").replace("-", " ").strip()
    version = ("/" + found.model_version).fill_null("")
    found = found.mutate(
        model=found.model.fill_null("unknown") + version,
        tone=ibis.cases(*((word.isin(words), tone) for tone, words in _TONES.items()), else_=ibis.null("int64")),
        of_ticket=found.message_id.isnull().ifelse(found.ticket_id, None),
    )
    order = ibis.window(
        group_by=("connection", "model", "message_id", "of_ticket"),
        order_by=[ibis.desc(found.created_at), ibis.desc(found.id)],
    )
    ranked = found.mutate(place=ibis.row_number().over(order))
    last = ranked.filter(ranked.place == 0)
    return last.select("connection", "ticket_id", "message_id", "model", "label", "score", tone=last.tone.cast("int64"))
