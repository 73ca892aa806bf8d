"""M38-M42: who reads the help centre, and what it has to do with tickets. Where the cards leave it open:

- *bots filtered*: a view says nothing of what made it. Left out are persons that the desk knows as bots, the visitors
  that the option `bots` names, and those with more views in an hour than `most_per_hour`, where it is given;
- *reloads*: the same visitor sees the same article again within 30 s of the view before. Of search and category pages
  nobody can tell whether it was the same: they count each;
- *event* of a session: a ticket or a comment of the same customer until 30 minutes after the last view;
- *within 24 h*: from the first view of a session to 24 h after its last; those whose visitor is not known are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.aggregation import Count, Rate
from deskferry.metrics.definition import Finished, Metric, Need, Needs, Options, Tables
from deskferry.metrics.deflection import DEFLECTED, SCORE, SHARE, Deflection, sessions, visitors_and_users
from deskferry.metrics.facts.customer import identified
from deskferry.metrics.facts.page_view import TIMEOUT
from deskferry.metrics.nearest import first_from
from deskferry.metrics.options import COHORT, EVENT, Choice, Number, Option, Texts

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_TRAFFIC = Need("article_view", lambda view: view.occurred_at.notnull(), anywhere=True)
_VISITORS = Need("article_view", lambda view: view.visitor_id.notnull() & view.occurred_at.notnull(), anywhere=True)
_SESSIONS = Need("article_view", lambda view: view.session_id.notnull() & view.occurred_at.notnull(), anywhere=True)
_SIGNED_IN = Need("article_view", lambda view: view.person_id.notnull() & view.occurred_at.notnull(), anywhere=True)
_RELOAD = Number(30, "Seconds in which the same article again is a reload, not a view; 0: every view counts")
_BOTS: Mapping[str, Option] = {
    "bots": Texts("Ids of visitors that are bots"),
    "most_per_hour": Number(None, "More views in an hour of the clock make a visitor a bot", least=1),
}


def _tables(options: Options) -> Tables:
    more = ("text_of_visitor_id",) if options["bots"] else ()
    return {"article_view": ("visitor_id", "session_id", "person_id", "occurred_at", *more)}


def _views(ask: Ask) -> ir.Table:
    """Return the views that count."""
    views = ask.fact("page_view")
    if ask.options["bots"]:
        told = ask.desk.texts("article_view", "visitor_id")
        views = views.anti_join(told.filter(told.text.isin(ask.options["bots"])).select(visitor_id="key"), "visitor_id")
    if ask.options["most_per_hour"] is not None:
        hours = views.group_by("visitor_id", _hour=views["at"].truncate("h")).aggregate(n=ibis._.count())
        views = views.anti_join(hours.filter(hours.n > ask.options["most_per_hour"]), "visitor_id")
    if reload := ask.options.get("reload_seconds"):
        views = views.filter(views.reload_seconds.isnull() | (views.reload_seconds > reload))
    return views


def _visitors(ask: Ask) -> ir.Table:
    views = _views(ask)
    return views.mutate(value=views.visitor_id)


VISITORS = Metric(
    "M38",
    version=1,
    population="views of the help centre but those of bots; a visitor of several days is one, so days do not add up",
    facts=("customer", "page_view"),
    tables=_tables,
    rows=_visitors,
    needs=(_VISITORS,),
    anchors={EVENT: "occurred_at"},
    aggregation=Count("visitors", of="visitor_id"),
    options=_BOTS,
)


def _pages(ask: Ask) -> ir.Table:
    return _views(ask).mutate(value=ibis.literal(1, "int64"))


PAGE_VIEWS = replace(
    VISITORS,
    card_id="M39",
    population="views of articles, search and category pages but those of bots; reloads are none",
    rows=_pages,
    needs=(_TRAFFIC,),
    aggregation=Count("views"),
    options={**_BOTS, "reload_seconds": _RELOAD},
)


def _visits(ask: Ask) -> ir.Table:
    """Return the visits: connection, visit, has_session, customer, at, last_at, n_views."""
    views = _views(ask)
    views = views.filter(views.visit.notnull())
    return views.group_by("connection", "visit", "has_session").aggregate(
        customer=views.customer.max(), at=views["at"].min(), last_at=views["at"].max(), n_views=views.count()
    )


def _bounces(ask: Ask) -> ir.Table:
    comments = identified(ask.desk, ask.table("article_comment"), "author_id")
    tickets = ask.fact("contact").select("customer", event_at="created_at")
    events = tickets.union(comments.select("customer", event_at="created_at"))
    rows = first_from(_visits(ask), "at", events, "event_at", by="customer", into="event_at")
    acted = (rows.event_at <= rows.last_at + ibis.interval(seconds=TIMEOUT)).fill_null(False)
    bounced = ((rows.n_views == 1) & ~acted).cast("float64")
    return rows.mutate(value=rows.has_session.ifelse(bounced, None))


BOUNCES = replace(
    VISITORS,
    card_id="M40",
    population="sessions of the help centre, over when nothing was seen for 30 minutes; visits of which no session is"
    " told are missing",
    tables=lambda options: {**_tables(options), "article_comment": ("author_id", "created_at")},
    rows=_bounces,
    needs=(_SESSIONS,),
    anchors={EVENT: "the first view of the session"},
    aggregation=Rate(),
    options={**_BOTS, "reload_seconds": _RELOAD},
)


def _deflected(ask: Ask) -> ir.Table:
    if ask.options["variant"] == DEFLECTED:
        return sessions(ask, _visits(ask))
    return visitors_and_users(ask, _views(ask))


def _as_chosen(ask: Ask, _rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    claim = "it claims too much: who opened no ticket need not have found an answer"
    if ask.options["variant"] == SHARE:
        lines = tuple(replace(line, value=line.figures.get(SHARE)) for line in lines)
    return Finished(lines, (f"{ask.options['variant']}: {claim}",))


def _identities(options: Options) -> Needs:
    return (_SIGNED_IN if options["variant"] == DEFLECTED else _VISITORS, Need("ticket"))


DEFLECTION = replace(
    VISITORS,
    card_id="M41",
    population="sessions old enough to tell, those of nobody known are missing; or visitors and users with tickets",
    rows=_deflected,
    needs=_identities,
    anchors={EVENT: "the first view of the session; the view, the creation of the ticket"},
    aggregation=Deflection(),
    options={
        **_BOTS,
        "variant": Choice((DEFLECTED, SCORE, SHARE), "Sessions without a ticket; visitors over users with tickets;"
                          " visitors over both"),
        "hours": Number(24, "Hours after a session in which a ticket of the same customer counts"),
    },
    finish=_as_chosen,
)  # fmt: skip


def _from_articles(ask: Ask) -> ir.Table:
    comments = ask.table("article_comment")
    comments = comments.filter(comments.ticket_id.notnull())
    # A ticket has one origin: of several comments the first.
    order = comments.created_at.fill_null(ask.now)
    origins = comments.group_by("ticket_id").aggregate(article_id=comments.article_id.argmin(order))
    rows = ask.tickets().inner_join(origins, "ticket_id")
    return rows.mutate(value=rows.created_at.notnull().ifelse(1, None), at=rows.created_at)


def _by_article(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Add the views, tickets per 1,000 of them, and both for each article."""
    views = _of_articles(ask)
    days = views.group_by(day=ask.desk.local(views["at"]).truncate("D").date()).aggregate(n=views.count())
    by_day = {one["day"]: one["n"] for one in days.to_pyarrow().to_pylist()}
    told = tuple(line if line.group else _per_view(ask, line, by_day) for line in lines)
    return Finished(told, (), MappingProxyType({"articles": _articles(ask, rows, views)}))


def _of_articles(ask: Ask) -> ir.Table:
    question, zone = ask.desk.question, ask.desk.question.zone
    views = _views(ask)
    views = views.filter(views.article_id.notnull(), views["at"] <= ask.now)
    if question.start:
        views = views.filter(views["at"] >= zones.moment(zones.instant(question.start, zone)))
    return views.filter(views["at"] < zones.moment(zones.instant(question.end, zone))) if question.end else views


def _per_view(ask: Ask, line: Line, by_day: Mapping[date, int]) -> Line:
    if not by_day:
        return line
    zone, period = ask.desk.question.zone, line.period
    first, end = (period.start.astimezone(zone).date(), period.end.astimezone(zone).date()) if period else (None, None)
    seen = sum(n for day, n in by_day.items() if first is None or end is None or first <= day < end)
    figures = {"views": float(seen), "per_1000_views": _per_thousand(line.value, seen)}
    return replace(line, figures=MappingProxyType({**line.figures, **figures}))


def _per_thousand(tickets: float | None, views: int | None) -> float | None:
    return 1000 * tickets / views if views and tickets is not None else None


def _articles(ask: Ask, rows: ir.Table, views: ir.Table) -> list[dict[str, Any]]:
    """Return each article that tickets came from, most of them first."""
    made = rows.group_by("article_id").aggregate(tickets=rows.value.count())
    seen = views.group_by("article_id").aggregate(views=views.count())
    names = ask.desk.table("article", deleted=True).select(article_id="id", title="title")
    texts = ask.desk.texts("article_comment", "article_id").rename(article_id="key")
    found = made.left_join(seen, "article_id").drop("article_id_right")
    found = found.left_join(names, "article_id").drop("article_id_right").left_join(texts, "article_id")
    told = sorted(found.to_pyarrow().to_pylist(), key=lambda one: (-one["tickets"], one["text"] or ""))
    return [
        {"article": one["text"], "title": one["title"], "tickets": one["tickets"], "views": one["views"],
         "per_1000_views": _per_thousand(one["tickets"], one["views"])}
        for one in told
    ]  # fmt: skip


ARTICLE_TICKETS = replace(
    VISITORS,
    card_id="M42",
    population="tickets of the base population that a comment under an article became",
    tables=lambda options: {
        **_tables(options),
        "article": ("id", "title"),
        "article_comment": ("article_id", "text_of_article_id", "ticket_id", "created_at"),
    },
    rows=_from_articles,
    needs=(Need("article_comment", lambda comment: comment.ticket_id.notnull()),),
    anchors={COHORT: "created_at"},
    aggregation=Count("tickets"),
    options={**_BOTS, "reload_seconds": _RELOAD},
    finish=_by_article,
)

METRICS: tuple[Metric, ...] = (VISITORS, PAGE_VIEWS, BOUNCES, DEFLECTION, ARTICLE_TICKETS)
