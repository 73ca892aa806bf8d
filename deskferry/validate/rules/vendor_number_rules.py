"""Rules on what a vendor computes itself, beside what its own records say."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_REPLY, _RESOLUTION = "reply_time_in_minutes.calendar", "full_resolution_time_in_minutes.calendar"
"""Minutes on the clock on the wall: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/"""


def _replies(desk: Desk) -> ir.Table:
    """Return when an agent first answered each ticket, other than by its opening."""
    rows = desk.live("message")
    unsaid = rows.state.isnull()  # of Zendesk: it tells only of what was sent
    sent = (rows.author_kind == "agent") & rows.is_public & (unsaid | (rows.state == "sent"))
    rows = rows.filter(sent, ~rows.is_opening.fill_null(ibis.literal(value=False)))
    return rows.group_by("key_of_ticket_id").aggregate(replied_at=rows.created_at.min())


def _differing(desk: Desk) -> ir.Table:
    told = desk.live("vendor_metric")
    told = told.filter(told.name.isin((_REPLY, _RESOLUTION)))
    tickets = desk.live("ticket")
    tickets = tickets.filter(tickets.status.notin(("deleted", "merged", "spam")))
    tickets = tickets.select("solved_at", began_at="created_at", key_of_ticket_id="key_of_id")
    rows = told.inner_join(tickets, "key_of_ticket_id").left_join(_replies(desk), "key_of_ticket_id")
    until = (rows.name == _REPLY).ifelse(rows.replied_at, rows.solved_at)
    ours = until.delta(rows.began_at, unit="second") / 60.0
    rows = rows.mutate(
        ours=ours.round().cast("int64"), told=rows.value, metric=rows.name, record_id=rows.id, minutes=ours
    )
    slack = ibis.greatest(float(desk.options["minutes"]), rows.value * float(desk.options["share"]))
    return rows.filter((rows.minutes - rows.value).abs() > slack)


RULES = (
    Rule(
        "vendor_metric.differs", "vendor_metric", Dimension.ACCURACY, Severity.WARNING,
        "Numbers of the vendor that its own records do not bear out",
        "{metric}: the vendor says {told}, its records {ours}",
        "`deskferry metrics --compare-vendor` tells the cause ticket by ticket.",
        {"vendor_metric": ("key_of_ticket_id", "name", "value"),
         "ticket": ("key_of_id", "created_at", "solved_at", "status"),
         "message": ("key_of_ticket_id", "created_at", "author_kind", "is_public", "state", "is_opening")},
        offending=_differing, among=lambda rows, _desk: rows.name.isin((_REPLY, _RESOLUTION)),
        options={"minutes": 5, "share": 0.05},
    ),
)  # fmt: skip
