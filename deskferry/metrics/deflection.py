"""M41's three numbers: of sessions that led to no ticket, of visitors per ticket user, and of visitors among both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.aggregation import Numbers
from deskferry.metrics.nearest import first_from
from deskferry.metrics.statistics import wilson

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

SESSION, VISITOR, USER = "session", "visitor", "user"
SCORE, SHARE, DEFLECTED = "self_service_score", "share", "session_deflection"


@dataclass(frozen=True, slots=True)
class Deflection:
    """Rows say what they are (`what`) and whose (`key`); of sessions only those count that are mature (`is_mature`)."""

    statistic: str = "deflection"
    unit: str = "ratio"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False
    columns: tuple[str, ...] = ("what", "key", "is_mature")

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        session, known = rows.what == SESSION, rows.value.notnull()
        return {
            "n_eligible": rows.count(where=rows.is_mature),
            "n_computed": rows.count(where=rows.is_mature & known),
            "sessions": rows.count(where=session & rows.is_mature & known),
            "deflected": rows.value.cast("float64").sum(where=session & rows.is_mature),
            "immature": rows.count(where=~rows.is_mature),
            "visitors": rows.key.nunique(where=known & (rows.what == VISITOR)),
            "users": rows.key.nunique(where=known & (rows.what == USER)),
        }

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the rate of sessions where there are any, else visitors per ticket user, and the share beside it."""
        sessions, deflected = float(found["sessions"] or 0), float(found["deflected"] or 0)
        if sessions or found["immature"]:
            figures: dict[str, float | None] = {
                "numerator": deflected, "denominator": sessions, "immature": float(found["immature"] or 0)
            }  # fmt: skip
            return Numbers(deflected / sessions if sessions else None, figures, wilson(deflected, sessions))
        visitors, users = float(found["visitors"] or 0), float(found["users"] or 0)
        score = visitors / users if users else None
        both = visitors + users
        told = {"visitors": visitors, "ticket_users": users, SCORE: score, SHARE: visitors / both if both else None}
        return Numbers(score, told)


def sessions(ask: Ask, visits: ir.Table) -> ir.Table:
    """Return visits: 1 without a ticket of the same customer until some hours after its last view, 0 with one."""
    window = ibis.interval(seconds=int(ask.options["hours"] * 3600))
    tickets = ask.fact("contact")
    rows = first_from(visits, "at", tickets, "created_at", by="customer", into="ticket_at")
    led = (rows.ticket_at <= rows.last_at + window).fill_null(False)
    return rows.select(
        "connection", "at", what=ibis.literal(SESSION), key="visit", is_mature=rows.last_at + window <= ask.now,
        value=rows.customer.notnull().ifelse((~led).cast("int64"), None),
    )  # fmt: skip


def visitors_and_users(ask: Ask, views: ir.Table) -> ir.Table:
    """Return a row for each view and each ticket; n is of both, those of nobody known are missing."""
    tickets = ask.fact("contact")
    return _whose(views, VISITOR, "visitor_id", "at").union(_whose(tickets, USER, "customer", "created_at"))


def _whose(rows: ir.Table, what: str, key: str, at: str) -> ir.Table:
    rows = rows.filter(rows[at].notnull())
    return rows.select("connection", at=rows[at], what=ibis.literal(what), key=rows[key],
                       is_mature=ibis.literal(value=True),
                       value=rows[key].notnull().ifelse(ibis.literal(1, "int64"), None))  # fmt: skip
