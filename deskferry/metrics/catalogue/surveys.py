"""M21-M24, M30: what customers and agents say in surveys."""

from __future__ import annotations

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Rate
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.desk import Ask
from deskferry.metrics.options import COHORT, EVENT, Choice


def _csat(ask: Ask) -> ir.Table:
    answers = ask.fact("survey_answer")
    answers = answers.filter(answers.kind == "csat", answers.is_answered)
    # Scales are never mixed: an answer without a scale and without a verdict is eligible, and missing.
    first = ask.options["revision"] == "first"
    value = (answers.first_positive if first else answers.is_positive).cast("float64")
    sent = answers.sent_at.coalesce(answers["at"])
    return answers.mutate(value=value, at=answers["at"] if ask.anchor == EVENT else sent)


CSAT = Metric(
    "M21",
    version=1,
    population="answers to satisfaction surveys, the last revision of each; what was sent and not answered is none",
    facts=("survey_answer",),
    rows=_csat,
    needs=(
        Need(
            "survey_response",
            lambda answer: (answer.kind == "csat") & (answer.score.notnull() | answer.label.notnull()),
        ),
    ),
    anchors={EVENT: "answered_at", COHORT: "sent_at"},
    aggregation=Rate(),
    options={"revision": Choice(("last", "first"), "Which answer counts of those that a customer changed")},
)

METRICS: tuple[Metric, ...] = (CSAT,)
