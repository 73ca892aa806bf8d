"""What the status history says. Only real changes: repeated statuses and what one update undoes are collapsed.

Fact `status_change`, a row each time that a ticket reaches another status, its first one included:

ticket_id, connection, place (rises with time), at, status, before (NULL at the first), to_at and after (of the next
change; NULL: still), actor_id, actor_kind,
basis        `event`; `initial`: put in at the creation, where the history does not start there; `current`: the ticket
             has no event although its connection keeps a history, so it never left the status that it has;
             `rebuilt`: no history at that connection, made from the times of creation, solving and closing

Fact `status_interval`: ticket_id, connection, status, from_at, to_at (NULL: still), until (to_at, else as_of),
after (the status that followed), basis.

Fact `resolution`, a row a ticket:

has_history  from events, not rebuilt
first_solved_at, last_solved_at (of a ticket that is final; NULL: not solved, or nobody knows when),
n_solves, n_reopens (NULL without history), first_reopened_at, solver_id, solver_kind (who made the last solving)

Facts `status_seconds` and `status_seconds_business`, a row a ticket with history: new, open, pending, on_hold, solved
seconds up to as_of (`<status>_seconds`), and of the intervals that were left (`<status>_recorded`); `reopened_seconds`:
solved or closed, before it was reopened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.facts.ticket import FINAL

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "ticket_event": ("id", "ticket_id", "seq", "occurred_at", "field", "old_value", "new_value", "actor_id",
                     "actor_kind", "update_id"),
}  # fmt: skip
_COLUMNS = ("ticket_id", "connection", "at", "order", "status", "old", "actor_id", "actor_kind", "basis", "update")
UNRESOLVED_STATUSES = ("new", "open", "pending", "on_hold")
MEASURED = (*UNRESOLVED_STATUSES, "solved")


def changes(desk: Desk) -> ir.Table:
    """Return the fact `status_change`."""
    events = _placed(_events(desk)).cache()
    known = events.select("connection").distinct()
    tickets = desk.fact("ticket").filter(lambda one: one.created_at.notnull())
    firsts, initial = _beginnings(tickets, events.filter(events.place == 0))
    silent = tickets.anti_join(firsts, "ticket_id")
    made = _current(silent.semi_join(known, "connection")).union(_rebuilt(silent.anti_join(known, "connection")))
    began = initial.union(firsts.select(*initial.columns))
    began = began.union(_placed(made).select(*initial.columns)).cache()
    later = events.filter(events.place > 0)
    found = later.union(began.select(*later.columns))  # not kept: most of it is
    untidy = found.filter((found.before == found.status) | (found.update == found.next_update).fill_null(False))
    untidy = untidy.select("ticket_id").distinct().cache()
    if untidy.count().to_pyarrow().as_py():
        tidied = _tidied(found.semi_join(untidy, "ticket_id"))
        found = found.anti_join(untidy, "ticket_id").union(tidied.select(*found.columns)).cache()
    return found.drop("order", "update", "next_update", "old")


def _placed(found: ir.Table) -> ir.Table:
    """Return rows with their place in the ticket and what is before and after: one window, the dearest step."""
    order = ibis.window(group_by="ticket_id", order_by=["at", "order"])
    # By way of 32 bits: ibis believes that it is 64 wide on every engine, and leaves a plain cast away.
    place = ibis.row_number().over(order).cast("int32").cast("int64")
    return found.select(
        *_COLUMNS, place=place, before=found.status.lag().over(order),
        to_at=found["at"].lead().over(order), after=found.status.lead().over(order),
        next_update=found.update.lead().over(order),
    )  # fmt: skip


def _beginnings(tickets: ir.Table, firsts: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the first events, and the status at the creation of the tickets whose first event comes later (G8)."""
    created = tickets.select(_ticket="ticket_id", created_at="created_at")
    joined = firsts.left_join(created, firsts.ticket_id == created["_ticket"]).drop("_ticket")
    late = (joined["at"] > joined.created_at).fill_null(False)
    came_from = joined.old.fill_null("new")
    joined = joined.mutate(before=late.ifelse(came_from, None))
    started = joined.filter(joined.before.notnull())
    initial = started.select(
        "ticket_id", "connection", at="created_at", order=started.order - 1, status="before", old=ibis.null("string"),
        actor_id=ibis.null("int64"), actor_kind=ibis.null("string"), basis=ibis.literal("initial"),
        update=ibis.null("int64"), place=started.place - 1, before=ibis.null("string"), to_at="at", after="status",
        next_update="update",
    )  # fmt: skip
    return joined.drop("created_at"), initial


def _tidied(placed: ir.Table) -> ir.Table:
    """Return rows without what one update undoes itself, as that never was (G14), and without repeated statuses."""
    kept = placed.filter((placed.update != placed.next_update).fill_null(True))
    kept = _placed(kept)
    return _placed(kept.filter(kept.before.isnull() | (kept.before != kept.status)))


def _events(desk: Desk) -> ir.Table:
    found = desk.table("ticket_event")
    found = found.filter(found.field == "status", found.new_value.notnull(), found.occurred_at.notnull())
    return found.select(
        "ticket_id", "connection", "actor_id", "actor_kind", at="occurred_at", order=found.seq.fill_null(0),
        status="new_value", old="old_value", update=found.update_id.coalesce(found.id), basis=ibis.literal("event"),
    )  # fmt: skip


def _current(tickets: ir.Table) -> ir.Table:
    tickets = tickets.filter(tickets.status.notnull())
    return _made(tickets, tickets.created_at, 0, tickets.status, "current")


def _rebuilt(tickets: ir.Table) -> ir.Table:
    """Return what the times of a ticket without history allow: created as open, and solved when it says so."""
    ends = tickets.filter(tickets.is_final)
    ends = ends.mutate(ended=ends.solved_at.coalesce(ends.closed_at))
    ends = ends.filter(ends.ended >= ends.created_at)
    unknown = tickets.anti_join(ends, "ticket_id").filter(lambda one: ~one.is_final)
    starts = tickets.semi_join(ends, "ticket_id")
    return (
        _made(starts, starts.created_at, 0, "open", "rebuilt")
        .union(_made(unknown, unknown.created_at, 0, unknown.status, "rebuilt"))
        .union(_made(ends, ends.ended, 1, ends.status, "rebuilt"))
    )


def _made(tickets: ir.Table, at: Any, order: Any, status: Any, basis: str) -> ir.Table:
    return tickets.select(
        "ticket_id", "connection", at=at, order=ibis.literal(order, "int64") if isinstance(order, int) else order,
        status=ibis.literal(status) if isinstance(status, str) else status, old=ibis.null("string"),
        actor_id=ibis.null("int64"), actor_kind=ibis.null("string"), basis=ibis.literal(basis),
        update=ibis.null("int64"),
    )  # fmt: skip


def intervals(desk: Desk) -> ir.Table:
    """Return the fact `status_interval`."""
    found = desk.fact("status_change")
    return found.select(
        "ticket_id", "connection", "status", "after", "to_at", "basis", from_at="at",
        until=found.to_at.coalesce(desk.now),
    )  # fmt: skip


def resolutions(desk: Desk) -> ir.Table:
    """Return the fact `resolution`."""
    found = desk.fact("status_change")
    final, was_final = found.status.isin(FINAL), found.before.isin(FINAL).fill_null(False)
    solves = final & ~was_final
    reopens = was_final & found.status.isin(UNRESOLVED_STATUSES)
    by_ticket = found.group_by("ticket_id").aggregate(
        connection=found.connection.min(),
        has_history=(found.basis != "rebuilt").any(),
        first_solve=found["at"].min(where=solves),
        last_solve=found["at"].max(where=solves),
        solves=solves.cast("int64").sum(),
        reopens=reopens.cast("int64").sum(),
        first_reopened_at=found["at"].min(where=reopens),
        solver_id=found.actor_id.argmax(solves.ifelse(found.place, None)),
        solver_kind=found.actor_kind.argmax(solves.ifelse(found.place, None)),
    )
    tickets = desk.fact("ticket").select("ticket_id", "is_final")
    joined = by_ticket.inner_join(tickets, "ticket_id")
    history = joined.has_history
    return joined.select(
        "ticket_id", "connection", "has_history", "first_reopened_at",
        # where no row has the key, argmax gives any
        solver_id=(joined.solves > 0).ifelse(joined.solver_id, None),
        solver_kind=(joined.solves > 0).ifelse(joined.solver_kind, None),
        first_solved_at=history.ifelse(joined.first_solve, None),
        last_solved_at=joined.is_final.ifelse(joined.last_solve, None),
        n_solves=history.ifelse(joined.solves, None),
        n_reopens=history.ifelse(joined.reopens, None),
    )  # fmt: skip


def seconds_by_ticket(clock: str) -> Callable[[Desk], ir.Table]:
    """Return what builds `status_seconds` on a clock."""

    def build(desk: Desk) -> ir.Table:
        from deskferry.metrics.desk import seconds_between  # noqa: PLC0415  # it imports this package

        found = desk.fact("status_interval")
        found = found.filter(found.basis != "rebuilt", found.status.isin((*MEASURED, "closed")))
        if clock == "calendar":
            found = found.mutate(seconds=seconds_between(found.from_at, found.until))
        else:
            found = desk.calendars.elapsed(found, "from_at", "until", "seconds")
        left = found.to_at.notnull()
        sums = {f"{one}_seconds": found.seconds.sum(where=found.status == one) for one in MEASURED}
        sums |= {f"{one}_recorded": found.seconds.sum(where=(found.status == one) & left) for one in MEASURED}
        gap = found.status.isin(FINAL) & found.after.isin(UNRESOLVED_STATUSES).fill_null(False)
        sums["reopened_seconds"] = found.seconds.sum(where=gap)
        # A status that the ticket never had took 0 s; one whose seconds nobody can tell (no schedule) stays NULL.
        unknown = found.seconds.isnull().any()
        summed = found.group_by("ticket_id").aggregate(connection=found.connection.min(), unknown=unknown, **sums)
        return summed.mutate(**{name: summed.unknown.ifelse(None, summed[name].fill_null(0.0)) for name in sums}).drop(
            "unknown"
        )

    return build
