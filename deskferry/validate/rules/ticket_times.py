"""Rules on when things happened to a ticket."""

from __future__ import annotations

import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule


def _solved_before_created(desk: Desk) -> ir.Table:
    ticket = desk.live("ticket")
    return ticket.filter(ticket.solved_at < ticket.created_at).rename(record_id="id")


RULES = (
    Rule(
        id="ticket.solved_before_created",
        kind="ticket",
        dimension=Dimension.CONSISTENCY,
        severity=Severity.ERROR,
        name="Tickets that were solved before they were created",
        detail="solved {solved_at}, created {created_at}",
        advice="Look at the ticket at the vendor: an import set one of its times wrongly. Durations leave it out.",
        reads={"ticket": ("created_at", "solved_at")},
        offending=_solved_before_created,
    ),
)
