"""Rules on when things happened to a ticket."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_IMPORT = "Look at the ticket at the vendor: an import set one of its times wrongly. Durations leave it out."
_TIMES = ("created_at", "updated_at", "solved_at", "closed_at", "first_responded_at")
_UNSOLVED = ("new", "open", "pending", "on_hold")


def _backwards(name: str, what: str, later: str, earlier: str) -> Rule:
    """Return the rule that one time of a ticket does not lie before another."""
    return Rule(
        id=f"ticket.{name}",
        kind="ticket",
        dimension=Dimension.CONSISTENCY,
        severity=Severity.ERROR,
        name=f"Tickets that were {what}",
        detail=f"{later.removesuffix('_at')} {{{later}}}, {earlier.removesuffix('_at')} {{{earlier}}}",
        advice=_IMPORT,
        reads={"ticket": (later, earlier)},
        where=lambda rows, _desk: rows[later] < rows[earlier],
        among=lambda rows, _desk: rows[later].notnull() & rows[earlier].notnull(),
    )


def _ahead(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    latest = desk.now + ibis.interval(minutes=int(desk.options["minutes"]))
    return ibis.or_(*((rows[name] > latest).fill_null(False) for name in _TIMES))


def _old(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return rows.created_at < desk.now - ibis.interval(days=int(desk.options["days"]))


def _with_reopening(desk: Desk) -> ir.Table:
    events = desk.live("ticket_event")
    events = events.filter(events.field == "status", events.new_value.isin(_UNSOLVED))
    return events.group_by(key_of_id="key_of_ticket_id").aggregate(reopened_at=events.occurred_at.max())


def _solved_though_open(desk: Desk) -> ir.Table:
    """Yield unsolved tickets with a time of solving that no later event took back."""
    rows = desk.live("ticket")
    rows = rows.filter(rows.status.isin(_UNSOLVED), rows.solved_at.notnull() | rows.closed_at.notnull())
    rows = rows.mutate(record_id="id", done_at=ibis.greatest(rows.solved_at, rows.closed_at))
    found = rows.left_join(_with_reopening(desk), "key_of_id")
    return found.filter(found.reopened_at.isnull() | (found.reopened_at < found.done_at))


def _rules() -> Iterator[Rule]:
    yield _backwards("solved_before_created", "solved before they were created", "solved_at", "created_at")
    yield _backwards("closed_before_solved", "closed before they were solved", "closed_at", "solved_at")
    yield _backwards("updated_before_created", "changed before they were created", "updated_at", "created_at")
    yield _backwards(
        "first_response_before_creation", "answered before they were created", "first_responded_at", "created_at"
    )
    yield Rule(
        "ticket.time_in_future", "ticket", Dimension.ACCURACY, Severity.ERROR, "Tickets with a time yet to come",
        "created {created_at}, updated {updated_at}, solved {solved_at}, closed {closed_at}",
        "Look at the ticket at the vendor: an import, or a clock that went wrong, set one of its times.",
        {"ticket": _TIMES}, where=_ahead, options={"minutes": 60},
    )  # fmt: skip
    yield Rule(
        "ticket.open_for_ages", "ticket", Dimension.TIMELINESS, Severity.WARNING, "Tickets that are open for ages",
        "{status} since its creation on {created_at}",
        "Close it, or ask whoever owns it: it makes the backlog and its age look worse than they are.",
        {"ticket": ("status", "created_at")}, where=_old,
        among=lambda rows, _desk: rows.status.isin(_UNSOLVED), options={"days": 365},
    )  # fmt: skip
    yield Rule(
        "ticket.solved_without_time", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Solved tickets of which nobody knows when", "{status}, and neither a time of solving nor of closing",
        "Times to resolution leave it out: see whether the vendor keeps a history of the ticket.",
        {"ticket": ("status", "solved_at", "closed_at")},
        where=lambda rows, _desk: rows.solved_at.isnull() & ((rows.status == "solved") | rows.closed_at.isnull()),
        among=lambda rows, _desk: rows.status.isin(("solved", "closed")),
    )  # fmt: skip
    yield Rule(
        "ticket.time_without_solved", "ticket", Dimension.CONSISTENCY, Severity.WARNING,
        "Tickets with a time of solving that are not solved", "{status}, solved {solved_at}, closed {closed_at}",
        "Look at its history at the vendor: its status or its times are wrong.",
        {"ticket": ("status", "solved_at", "closed_at", "key_of_id"),
         "ticket_event": ("key_of_ticket_id", "field", "new_value", "occurred_at")},
        offending=_solved_though_open, among=lambda rows, _desk: rows.status.isin(_UNSOLVED),
    )  # fmt: skip


RULES = tuple(_rules())
