"""M25-M28: what agents do, and what is said of it; M31: any metric by channel.

Read where the cards leave it open:

- M25: a ticket that two agents replied to counts once for each of them and once in the total. An active day is a local
  day with a reply; in the total an agent's day. Assigned tickets are those that are not solved at the end of the
  period (of the range, or as of now); they are told of all agents and by agent, not by anything else.
- M26: an agent has the resolution when the ticket was his at that instant (or in that update); an automation that
  solves is `system`; of a customer or of nobody known who solves, the agent who had the ticket has it.
- M27: scores of several scales are not mixed: those of the scale that most reviews use count, others are missing,
  unless `scale=share` asks for shares of the scales (0 to 100).
- M28: an answer that names its agent belongs to that one, any other to whose the ticket was when it was rated. A rate
  of fewer answers than the floor is hidden; the rank is by the lower bound of the interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.metrics import dimensions
from deskferry.metrics.agent_load import with_assigned
from deskferry.metrics.aggregation import Count, Mean, Numbers, Rate
from deskferry.metrics.catalogue.resolutions import HISTORY
from deskferry.metrics.catalogue.surveys import CSAT
from deskferry.metrics.definition import Finished, Metric, Need, Needs
from deskferry.metrics.desk import Ask
from deskferry.metrics.facts.assignment import who_had
from deskferry.metrics.facts.ticket import FINAL
from deskferry.metrics.options import COHORT, EVENT, Choice, Question
from deskferry.metrics.result import Line
from deskferry.metrics.statistics import steady

_AUTHORS = Need("message", lambda message: (message.author_kind == "agent") & message.author_id.notnull())
_ASSIGNEES = Need("ticket", lambda ticket: ticket.assignee_id.notnull())
_ASSIGNED = Need("ticket_event", lambda event: event.field == "assignee_id")
_ACTORS = Need("ticket_event", lambda event: (event.field == "status") & event.actor_id.notnull())
_REVIEWS = Need("review", lambda review: review.score.notnull())
_NAMED = Need("survey_response", lambda answer: (answer.kind == "csat") & answer.agent_id.notnull())
SYSTEM = -1
"""The key of the group `system`: it is nobody's id."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Replies, the tickets and the days that they were on: rows are replies."""

    columns: tuple[str, ...] = ("agent_day", "ticket_id")
    statistic: str = "tickets_replied"
    unit: str = "tickets"
    is_count: bool = True
    is_estimate: bool = False
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        return {
            "replies": rows.value.count(),
            "tickets": rows.ticket_id.nunique(where=rows.value.notnull()),
            "active_days": rows.agent_day.nunique(),
        }

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the tickets replied to, and the rest; where only assignments are known, no number."""
        if found["n_eligible"] and not found["n_computed"]:
            return Numbers(None)
        replies, tickets, active = (float(found[name]) for name in ("replies", "tickets", "active_days"))
        figures = {
            "tickets_replied": tickets,
            "replies": replies,
            "active_days": active,
            "tickets_per_active_day": tickets / active if active else None,
            "replies_per_active_day": replies / active if active else None,
        }
        return Numbers(tickets, figures)


def _activity(ask: Ask) -> ir.Table:
    messages = ask.of_base("message")
    replies = messages.filter(messages.part == "reply")
    agents = replies.select(_author="author_id").distinct()
    agents = agents.filter(agents["_author"].notnull())
    # By way of 32 bits: see `facts.status`.
    number = ibis.row_number().over(order_by="_author").cast("int32").cast("int64")
    agents = agents.mutate(_number=number).cache()
    replies = replies.left_join(agents, replies.author_id == agents["_author"])
    day = ask.desk.local(replies["at"]).truncate("D").epoch_seconds().cast("int64") // 86_400
    written = replies.select(
        "ticket_id", "connection", "at", agent="author_id", value=ibis.literal(1, "int64"),
        agent_day=replies["_number"].fill_null(-1) * 1_000_000 + day,
    )  # fmt: skip
    silent = [one for one in ask.desk.connections if one not in ask.desk.holding(_AUTHORS)]
    if not silent:
        return written
    owned = ask.tickets(columns=("assignee_id",))
    owned = owned.filter(owned.connection.isin(silent), owned.assignee_id.notnull())
    unknown = owned.select(
        "ticket_id", "connection", at="created_at", agent="assignee_id", value=ibis.null("int64"),
        agent_day=ibis.null("int64"),
    )  # fmt: skip
    return written.filter(~written.connection.isin(silent)).union(unknown)


VOLUME = Metric(
    "M25",
    version=1,
    population="replies of agents on the base population, by who wrote them; beside them tickets assigned, not solved",
    facts=("message", "assignment", "status_interval"),
    tables={"ticket": ("assignee_id",)},
    rows=_activity,
    needs=((_AUTHORS, _ASSIGNEES),),
    anchors={EVENT: "the reply"},
    aggregation=Activity(),
    by=("agent",),
    finish=with_assigned,
    finishes_lines=True,
)


def _closed(ask: Ask) -> ir.Table:
    moves = ask.of_base("status_change")
    solves = moves.filter(moves.status.isin(FINAL) & ~moves.before.isin(FINAL).fill_null(False))
    if ask.options["resolved"] == "standing":
        standing = ask.fact("resolution").select(_ticket="ticket_id", _last="last_solved_at")
        solves = solves.semi_join(
            standing, (solves.ticket_id == standing["_ticket"], solves["at"] == standing["_last"])
        )
    automatic = solves.actor_kind.isin(("bot", "system")).fill_null(False)
    solves = solves.select("ticket_id", "connection", "at", "actor_id", "actor_kind", "place", by_system=automatic)
    if ask.options["credit"] == "actor":
        agent: Any = (solves.actor_kind == "agent").ifelse(solves.actor_id, None)
    else:
        solves = who_had(solves, ask.fact("assignment"), "at")
        agent = solves.holder
    # What automation solves is nobody's work, so it gets a group of its own.
    ask.desk.named.setdefault("agent", {})[SYSTEM] = ("system", None)
    return solves.mutate(agent=solves.by_system.ifelse(ibis.literal(SYSTEM, "int64"), agent), value=1)


CLOSED = Metric(
    "M26",
    version=1,
    population="resolutions of the base population, each credited to one agent, or to `system`",
    facts=("status_change", "assignment", "resolution"),
    tables={"ticket_event": ("actor_id", "field")},
    rows=_closed,
    needs=lambda options: (HISTORY, _ACTORS if options["credit"] == "actor" else _ASSIGNED),
    anchors={EVENT: "the solving"},
    aggregation=Count("resolutions"),
    by=("agent",),
    options={
        "credit": Choice(("assignee", "actor"), "Who gets it: whose the ticket was, or who set it to solved"),
        "resolved": Choice(("events", "standing"), "Every resolution, or those that still stand"),
    },
)


def _reviews(ask: Ask) -> ir.Table:
    reviews = ask.table("review")
    base = ask.fact("ticket").filter(lambda one: ~one.in_p0)
    reviews = reviews.anti_join(base, "ticket_id").filter(reviews.score.notnull())
    span = (reviews.scale_max - reviews.scale_min).nullif(0)
    if ask.options["scale"] == "share":
        value: Any = 100 * (reviews.score - reviews.scale_min) / span
    else:
        low, high = _usual_scale(ask, reviews)
        usual = reviews.scale_min.identical_to(low) & reviews.scale_max.identical_to(high)
        value = usual.ifelse(reviews.score, None)
    return reviews.mutate(value=value, agent=reviews.agent_id, at=reviews.reviewed_at)


def _usual_scale(ask: Ask, reviews: ir.Table) -> tuple[Any, Any]:
    scales = reviews.group_by("scale_min", "scale_max").aggregate(n=reviews.count()).to_pyarrow().to_pylist()
    ranked = sorted(scales, key=lambda one: (-one["n"], str(one["scale_max"]), str(one["scale_min"])))
    if len(ranked) > 1:
        ask.notes.append(f"scores of {len(ranked)} scales: only those of the most frequent one count")
    low, high = (ranked[0]["scale_min"], ranked[0]["scale_max"]) if ranked else (None, None)
    return _real(low), _real(high)


def _real(value: float | None) -> Any:
    return ibis.null("float64") if value is None else ibis.literal(float(value))


def _with_spread(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Add to the lines of all and of each agent how many reviewers there were, and how far their means lie apart."""
    scored = rows.filter(rows.value.notnull(), rows.reviewer_id.notnull())
    spread: dict[tuple[Any, ...], dict[str, float | None]] = {}
    for keys in ((), ("agent",)):
        means = scored.group_by([*keys, "reviewer_id"]).aggregate(mean=scored.value.mean())
        measures = {"reviewers": means.count(), "reviewer_spread": means["mean"].std(how="sample")}
        table = means.group_by(list(keys)).aggregate(**measures) if keys else means.aggregate(**measures)
        found = table.to_pyarrow().to_pylist()
        known = dimensions.names(ask.desk, "agent", [one["agent"] for one in found]) if keys else {}
        for one in found:
            figures = {"reviewers": float(one["reviewers"]), "reviewer_spread": steady(one["reviewer_spread"])}
            spread[tuple(known.get(one[key], (None, None))[0] for key in keys)] = figures
    told = []
    for line in lines:
        figures = {} if line.period or set(line.group) - {"agent"} else spread.get(tuple(line.group.values()), {})
        told.append(replace(line, figures=MappingProxyType({**line.figures, **figures})))
    return Finished(tuple(told))


QUALITY = Metric(
    "M27",
    version=1,
    population="reviews with a score, of tickets of the base population or of none",
    tables={
        "review": ("ticket_id", "agent_id", "reviewer_id", "score", "scale_min", "scale_max", "reviewed_at"),
    },
    rows=_reviews,
    needs=(_REVIEWS,),
    anchors={EVENT: "reviewed_at"},
    aggregation=Mean("score"),
    by=("agent",),
    options={"scale": Choice(("raw", "share"), "Scores as they were given, or as share of their scale, 0 to 100")},
    finish=_with_spread,
)


def _rated(ask: Ask) -> ir.Table:
    rows = CSAT.rows(ask).rename(named="agent", rated_at="at")
    answers = ask.fact("survey_answer").select("survey_id", at="at")
    rows = rows.left_join(answers, "survey_id").drop("survey_id_right")
    rows = who_had(rows, ask.fact("assignment"), "at")
    return rows.mutate(agent=rows.named.coalesce(rows.holder), at=rows.rated_at)


def _ranked(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Hide rates of too few answers; rank agents by the lower bound of the interval."""
    told = [_hidden(line) if line.group.get("agent") and line.below_floor else line for line in lines]
    bounds = {
        line.group["agent"]: line.interval[0]
        for line in told
        if line.period is None and tuple(line.group) == ("agent",) and line.group["agent"] and line.interval
    }
    ranked = sorted(bounds.values(), reverse=True)
    for place, line in enumerate(told):
        if line.period is None and tuple(line.group) == ("agent",) and line.group["agent"] in bounds:
            rank = float(ranked.index(bounds[line.group["agent"]]) + 1)
            told[place] = replace(line, figures=MappingProxyType({**line.figures, "rank": rank}))
    return Finished(tuple(told))


def _hidden(line: Line) -> Line:
    return replace(line, value=None, interval=None, figures=MappingProxyType({}), reason="too few answers: hidden")


def _rated_needs(options: Mapping[str, Any]) -> Needs:
    return (*CSAT.inputs(options), (_NAMED, _ASSIGNED))


FEEDBACK = replace(
    CSAT,
    card_id="M28",
    version=1,
    population="answers to satisfaction surveys, by the agent who had the ticket when it was rated; also of deleted"
    " tickets and spam, not of excluded brands",
    facts=("survey_answer", "assignment"),
    tables={"survey_response": ("agent_id",)},
    rows=_rated,
    needs=_rated_needs,
    aggregation=Rate(),
    by=("agent",),
    finish=_ranked,
    finishes_lines=True,
)


class _Named:
    """Which metric is looked at by channel."""

    default = "first_response_time"
    help = "The metric, by its name or number"

    def read(self, given: Any) -> str:
        """Return the slug of a metric."""
        return _metric(str(given)).card.slug


def _metric(name: str) -> Metric:
    from deskferry.metrics.registry import metric_named  # noqa: PLC0415  # it imports this module

    found = metric_named(name)
    if found.card_id == "M31":
        raise ConfigError("channel_metrics shows another metric by channel.", "Name that one: metric=volume.")
    return found


def _by_channel(question: Question) -> Metric:
    """Return the metric that is asked for, by channel."""
    option = _Named()
    given = {**question.settings.get("M31", {}), **question.settings.get("channel_metrics", {})}
    found = _metric(str(given.get("metric", option.default))).for_question(question)
    return replace(
        found, as_of_card=found.card_id, by=("channel", *(one for one in found.by if one != "channel")),
        options={"metric": option, **found.options}, stands_for=None,
    )  # fmt: skip


BY_CHANNEL = Metric(
    "M31",
    version=1,
    population="as the metric; every channel by itself, the total over all its rows, never an average of channels",
    rows=lambda ask: ask.tickets(),
    anchors={EVENT: "as the metric", COHORT: "as the metric"},
    aggregation=Count("tickets"),
    options={"metric": _Named()},
    stands_for=_by_channel,
)

METRICS: tuple[Metric, ...] = (VOLUME, CLOSED, QUALITY, FEEDBACK, BY_CHANNEL)
