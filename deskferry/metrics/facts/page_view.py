"""Fact `page_view`, a row a view of a help-centre page, without bots (persons that are one).

view_id, connection, at, article_id (NULL: a search or category page), visitor_id, person_id (who was signed in),
customer (who the visitor is: by the sign-in, else by another of the same visitor; NULL: not known),
reload_seconds  since the same visitor saw the same article before; NULL: not before, or it cannot be told
has_session  the view names its visit
visit        the visit, a whole number: views of one session, or where none is told of one visitor, until 30 minutes
             pass without a view; NULL: neither session nor visitor is told
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from deskferry.metrics.facts.customer import identified

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "article_view": ("id", "article_id", "visitor_id", "session_id", "person_id", "occurred_at"),
}
TIMEOUT = 30 * 60
_BOTS = ("bot", "system")


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    views = desk.table("article_view")
    views = views.filter(views.occurred_at.notnull()).select(
        "connection", "article_id", "visitor_id", "session_id", "person_id", view_id="id", at="occurred_at"
    )
    people = desk.fact("customer")
    bots = people.filter(people.role.isin(_BOTS)).select(person_id="person_id")
    # By the sign-in the cookie is known too: a bot's views without one are the bot's.
    by_bots = views.semi_join(bots, "person_id").filter(ibis._.visitor_id.notnull())
    by_bots = by_bots.select("connection", "visitor_id").distinct()
    views = views.anti_join(bots, "person_id").anti_join(by_bots, ["connection", "visitor_id"])
    return _visits(_timed(_known(desk, views)))


def _known(desk: Desk, views: ir.Table) -> ir.Table:
    """Return views with `customer`."""
    found = identified(desk, views, "person_id").drop("has_mail")
    signed = found.filter(found.visitor_id.notnull(), found.customer.notnull())
    by_cookie = signed.group_by("connection", "visitor_id").aggregate(_same=signed.customer.max())
    found = found.left_join(by_cookie, ["connection", "visitor_id"]).drop("connection_right", "visitor_id_right")
    return found.mutate(customer=found.customer.coalesce(found["_same"])).drop("_same")


def _timed(views: ir.Table) -> ir.Table:
    """Return views with `reload_seconds`."""
    who = views.visitor_id.coalesce(views.session_id)
    views = views.mutate(_who=who)
    order = ibis.window(group_by=("connection", "_who", "article_id"), order_by=["at", "view_id"])
    before = views["at"].lag().over(order)
    can_tell = views["_who"].notnull() & views.article_id.notnull()
    seconds = views["at"].delta(before, unit="microsecond") / 1e6
    return views.mutate(reload_seconds=can_tell.ifelse(seconds, None)).drop("_who")


def _visits(views: ir.Table) -> ir.Table:
    """Return views with `has_session` and `visit`."""
    views = views.mutate(has_session=views.session_id.notnull(), _holder=views.session_id.coalesce(views.visitor_id))
    of_one = ("connection", "has_session", "_holder")
    order = ibis.window(group_by=of_one, order_by=["at", "view_id"])
    gap = views["at"].delta(views["at"].lag().over(order), unit="microsecond") / 1e6
    # A visit is called by the key of its first view, found as the last beginning up to each view.
    views = views.mutate(_begins=(gap.isnull() | (gap > TIMEOUT)))
    upto = ibis.cumulative_window(group_by=of_one, order_by=["at", "view_id"])
    views = views.mutate(_number=views["_begins"].cast("int64").sum().over(upto))
    run = ibis.window(group_by=(*of_one, "_number"))
    visit = views["_holder"].notnull().ifelse(views.view_id.min().over(run), None)
    return views.mutate(visit=visit).drop("_holder", "_begins", "_number", "session_id")
