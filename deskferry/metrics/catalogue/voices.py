"""M35, M43: how customers sound, and what is said of the company on social networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.aggregation import NetShare, Numbers
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.options import CLOCKS, COHORT, EVENT, Choice, Texts
from deskferry.store.json_texts import member

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_NET = NetShare()
_SHARES = {"positive": "promoters", "neutral": "passives", "negative": "detractors"}
_MODEL = Texts("The model that is told, as name or name/version; none: the one that said most")


@dataclass(frozen=True, slots=True)
class NetSentiment:
    """Share of positive less share of negative, times 100, over values -1, 0, 1; beside it all three shares."""

    unit: str = "points"
    statistic: str = "net"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False
    columns: tuple[str, ...] = ()

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count both ends."""
        return _NET.measures(rows)

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the net sentiment and the shares."""
        net = _NET.numbers(found, days)
        return Numbers(net.value, {name: net.figures.get(of) for name, of in _SHARES.items()}, net.interval)


def _sentiment(ask: Ask) -> ir.Table:
    scores = ask.fact("sentiment_score")
    of_messages = scores.filter(scores.message_id.notnull())
    grain = ask.options["of"]
    if grain == "auto":
        grain = "message" if of_messages.count().to_pyarrow().as_py() else "ticket"
    if grain == "message":
        return _messages(ask, _by_one_model(ask, of_messages))
    told = _by_one_model(ask, scores.filter(scores.message_id.isnull())).drop("connection", "message_id")
    tickets = ask.tickets()
    rows = tickets.left_join(told, "ticket_id").drop("ticket_id_right")
    ask.notes.append("What the model said of whole tickets, not of customers' messages.")
    return rows.mutate(value=rows.tone, at=rows.created_at)


def _by_one_model(ask: Ask, scores: ir.Table) -> ir.Table:
    """Return what one model in one version said: two are never put into one series."""
    found = scores.group_by("model").aggregate(n=ibis._.count()).to_pyarrow().to_pylist()
    names = [one["model"] for one in sorted(found, key=lambda one: (-one["n"], one["model"]))]
    wanted = ask.options.get("model", ())
    chosen = [name for name in names if not wanted or name in wanted or name.partition("/")[0] in wanted]
    model = chosen[0] if chosen else ", ".join(wanted)
    others = sorted(set(names) - {model})
    ask.notes.append(f"Model {model}." + (f" Not mixed with it: {', '.join(others)}." if others else ""))
    return scores.filter(scores.model == model)


def _messages(ask: Ask, scores: ir.Table, tickets: ir.Table | None = None) -> ir.Table:
    """Return the public messages of customers on the base population, or on some tickets of it; those not scored are
    missing."""
    said = ask.of_base("message")
    said = said.filter(said.part == "customer")
    if tickets is not None:
        said = said.semi_join(tickets, "ticket_id")
    said = said.select("message_id", "ticket_id", "connection", "channel", "at", "place")
    ends = said.group_by("ticket_id").aggregate(first=said.place.min(), last=said.place.max())
    said = said.left_join(ends, "ticket_id").drop("ticket_id_right")
    rows = said.left_join(scores.drop("connection", "ticket_id"), "message_id").drop("message_id_right")
    rows = ask.beside(rows.drop("channel"), "ticket.created_at")
    at = rows["at"] if ask.anchor == EVENT else rows.created_at
    return rows.mutate(value=rows.tone, at=at, is_first=rows.place == rows["first"], is_last=rows.place == rows["last"])


def _sentiment_more(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines; beside them the labels as they were brought, the languages covered, and the trend."""
    by_label = rows.filter(rows.label.notnull()).group_by("label", "tone")
    labels = by_label.aggregate(n=ibis._.count(), score=ibis._.score.mean()).order_by("label").to_pyarrow().to_pylist()
    unknown = sum(one["n"] for one in labels if one["tone"] is None)
    tickets = ask.fact("ticket").select("ticket_id", "language")
    spoken = rows.left_join(tickets, "ticket_id")
    spoken = spoken.group_by("language").aggregate(n=ibis._.count(), scored=ibis._.value.count())
    languages = {
        one["language"] or "unknown": {"rows": one["n"], "scored": one["scored"]}
        for one in spoken.order_by("language").to_pyarrow().to_pylist()
    }
    extra: dict[str, Any] = {
        "labels": {one["label"]: {"n": one["n"], "mean_score": one["score"]} for one in labels},
        "languages": languages,
    }
    if "is_first" in rows.columns:
        extra["trend"] = _trend(rows)
    notes = (f"{unknown} have a label that is not known.",) if unknown else ()
    return Finished(lines, notes, extra)


def _trend(rows: ir.Table) -> dict[str, int]:
    """Return how the last message of customers compares with their first, of tickets of which both were scored."""
    apart = rows.filter(rows.is_first != rows.is_last)
    ends = apart.group_by("ticket_id").aggregate(
        first=apart.value.max(where=apart.is_first), last=apart.value.max(where=apart.is_last)
    )
    ends = ends.filter(ends["first"].notnull(), ends["last"].notnull())
    turn = ends["last"] - ends["first"]
    counted = {"better": turn > 0, "same": turn == 0, "worse": turn < 0}
    found = ends.aggregate(**{name: told.cast("int64").sum() for name, told in counted.items()})
    return {name: int(n or 0) for name, n in found.to_pyarrow().to_pylist()[0].items()}


def _is_scored(said: ir.Table) -> ir.BooleanValue:
    return said.label.notnull() & (said.message_id.notnull() | said.ticket_id.notnull())


_SCORED = Need("sentiment", _is_scored)

SENTIMENT = Metric(
    "M35",
    version=1,
    population="public messages of customers on tickets of the base population, scored by one model; what was not"
    " scored is missing",
    facts=("message", "sentiment_score"),
    rows=_sentiment,
    needs=(_SCORED,),
    anchors={EVENT: "the message", COHORT: "created_at"},
    aggregation=NetSentiment(),
    options={
        "of": Choice(("auto", "message", "ticket"), "What was scored; auto: messages where there are any"),
        "model": _MODEL,
    },
    finish=_sentiment_more,
)


@dataclass(frozen=True, slots=True)
class Mentions:
    """How many mentions, by how many authors; how many were answered, how fast, and became tickets."""

    unit: str = "mentions"
    statistic: str = "count"
    columns: tuple[str, ...] = ("author", "answerable", "answered", "response", "converted")
    is_count: bool = True
    is_estimate: bool = False
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        return {
            "mentions": rows.value.count(),
            "authors": rows.author.nunique(),
            "answerable": rows.answerable.cast("int64").sum(),
            "answered": rows.answered.cast("int64").sum(),
            "converted": rows.converted.cast("int64").sum(),
            "median_response": rows.response.quantile(0.5, where=rows.answerable),
            "n_responses": rows.response.count(where=rows.answerable),
        }

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the count, and what became of them."""
        counts = {name: float(found[name] or 0) for name in ("authors", "answerable", "answered", "converted")}
        mentions = float(found["mentions"])
        figures = {
            **counts,
            "response_rate": counts["answered"] / counts["answerable"] if counts["answerable"] else None,
            "median_response": float(found["median_response"]) if found["n_responses"] else None,
            "converted_share": counts["converted"] / mentions if mentions else None,
        }
        return Numbers(mentions, {**figures, "per_day": mentions / days} if days else figures)


def _mentions(ask: Ask) -> ir.Table:
    posts = _once(ask.table("mention"))
    is_answer = (posts.direction == "out").fill_null(False)
    asked = posts.filter(~is_answer, posts.occurred_at.notnull())
    asked = asked.mutate(place=ibis.row_number().over(order_by=asked.id))
    answers = posts.filter(is_answer & posts.ticket_id.notnull()).select(_ticket="ticket_id", _at="occurred_at")
    said = ask.fact("message")
    said = said.filter(said.part.isin(("reply", "proactive")))
    answers = answers.union(said.select(_ticket="ticket_id", _at="at"))
    # By their times alone: what arrives out of order, or without its parent, is still answered by what came after it.
    later = asked.inner_join(answers, (asked.ticket_id == answers["_ticket"], answers["_at"] >= asked.occurred_at))
    firsts = later.group_by("place").aggregate(answered_at=later["_at"].min())
    rows = asked.left_join(firsts, "place").drop("place_right")
    rows = ask.elapsed(rows, "occurred_at", "answered_at")
    author = rows.network.fill_null("") + "/" + rows.author
    answerable = ~_is_share(ask, rows)
    rows = rows.mutate(
        response=rows.value.cast("float64"), author=author, answerable=answerable, converted=rows.ticket_id.notnull(),
        answered=answerable & rows.answered_at.notnull(), value=1, at=rows.occurred_at,
    )  # fmt: skip
    return rows.select("connection", "ticket_id", "value", "at", "author", "answerable", "answered", "response",
                       "converted")  # fmt: skip


def _once(posts: ir.Table) -> ir.Table:
    """Return each post once, as it was first seen: an edit keeps the first time."""
    order = ibis.window(
        group_by=("connection", "network", "external_id"), order_by=[posts.occurred_at.asc(nulls_first=False), posts.id]
    )
    ranked = posts.mutate(_place=ibis.row_number().over(order))
    return ranked.filter((ranked["_place"] == 0) | ranked.external_id.isnull()).drop("_place")


def _is_share(ask: Ask, posts: ir.Table) -> Any:
    """Return whether a post only shares another: the schema has no column for it, so `extra` is asked."""
    found: Any = ibis.literal(value=False)
    for key in ask.options["share_keys"]:
        told = member(posts.extra, key)
        found = found | (told.notnull() & ~told.isin(("false", "null", '""', "0"))).fill_null(False)
    return found


def _mentions_more(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines; beside them how the customers sound on the tickets that mentions became."""
    notes = ("Answered: a later public reply on the ticket of the mention, or a later post of the company on it.",)
    if not ask.desk.holding(_SCORED):
        return Finished(lines, notes)
    scores = ask.fact("sentiment_score")
    said = _messages(ask, _by_one_model(ask, scores.filter(scores.message_id.notnull())), rows.select("ticket_id"))
    measured = said.aggregate(n_computed=said.value.count(), n_eligible=said.count(), **_NET.measures(said))
    found = measured.to_pyarrow().to_pylist()[0]
    told = NetSentiment().numbers(found, None)
    counts = {name: int(found[name]) for name in ("n_eligible", "n_computed")}
    return Finished(lines, notes, {"sentiment": {"net": told.value, **told.figures, **counts}})


MENTIONS = Metric(
    "M43",
    version=1,
    population="posts about the company, each once; the company's own are answers. Shares cannot be answered",
    facts=("message", "sentiment_score"),
    tables={
        "mention": ("id", "network", "external_id", "author", "occurred_at", "ticket_id", "direction", "extra"),
    },
    rows=_mentions,
    needs=(Need("mention", lambda post: (post.direction != "out").fill_null(True)),),
    clocks=CLOCKS,
    anchors={EVENT: "occurred_at"},
    aggregation=Mentions(),
    options={
        "share_keys": Texts("Names in the `extra` of a mention that mark a mere share of another post", ("is_share",)),
        "model": _MODEL,
    },
    finish=_mentions_more,
)

METRICS: tuple[Metric, ...] = (SENTIMENT, MENTIONS)
