"""What the status history says. Only real changes: repeated statuses and what one update undoes are collapsed.

Fact `status_change`, a row each time that a ticket reaches another status, its first one included:

ticket_id, connection, in_p0, place (rises with time), at, status, before (NULL at the first), to_at and after (of the
next change; NULL: still), actor_id, actor_kind,
basis        `event`; `initial`: put in at the creation, where the history does not start there; `current`: the ticket
             has no event although its connection keeps a history, so it never left the status that it has;
             `rebuilt`: no history at that connection, or none of a ticket that is final: made from the times of
             creation, solving and closing

Fact `status_interval`: ticket_id, connection, status, from_at, to_at (NULL: still), until (to_at, else as_of),
after (the status that followed), basis.

Fact `resolution`, a row a ticket:

has_history  from events, not rebuilt
first_solved_at, last_solved_at (of a ticket that is final; NULL: not solved, or nobody knows when),
n_solves, n_reopens (NULL without history), first_reopened_at, solver_id, solver_kind (who made the last solving)

Facts `status_seconds` and `status_seconds_business`, a row a ticket with history: new, open, pending, on_hold, solved
seconds up to as_of (`<status>_seconds`); `reopened_seconds`: solved or closed, before it was reopened.
Facts `status_recorded` and `status_recorded_business`: the same of the intervals that were left (`<status>_recorded`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.facts.ticket import FINAL, of_base

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "ticket_event": ("id", "ticket_id", "seq", "occurred_at", "field", "old_value", "new_value", "actor_id",
                     "actor_kind", "update_id"),
}  # fmt: skip
_COLUMNS = ("ticket_id", "connection", "place", "at", "status", "before", "to_at", "after", "actor_id", "actor_kind",
            "basis")  # fmt: skip
UNRESOLVED_STATUSES = ("new", "open", "pending", "on_hold", "unknown")
"""What is neither final nor gone: a status that nobody could map is not solved either."""
MEASURED = ("new", "open", "pending", "on_hold", "solved")


def changes(desk: Desk) -> ir.Table:
    """Return the fact `status_change`."""
    events = _events(desk)
    known = sorted(events.select("connection").distinct().connection.to_pyarrow().to_pylist())
    tickets = desk.fact("ticket").filter(lambda one: one.created_at.notnull())
    rows = events.union(_beginnings(tickets.filter(tickets.connection.isin(known))).select(*events.columns))
    found = _told(rows).select(*_COLUMNS, "is_untidy")
    if set(desk.connections) - set(known):
        rebuilt = _rebuilt(tickets.filter(~tickets.connection.isin(known)))
        found = found.union(rebuilt.mutate(is_untidy=False).select(*found.columns))
    found = of_base(desk, found).cache()
    untidy = found.filter(found.is_untidy).select("ticket_id").distinct().cache()
    # A ticket is not created as solved: the history of a final one that has no event is not known.
    silent = found.filter(found.basis == "current", found.status.isin(FINAL)).select("ticket_id").cache()
    mended = []
    if untidy.count().to_pyarrow().as_py():
        tidied = _tidied(_told(rows.semi_join(untidy, "ticket_id")))
        mended.append(tidied.select(*_COLUMNS))
    if silent.count().to_pyarrow().as_py():
        mended.append(_rebuilt(tickets.semi_join(silent, "ticket_id")).select(*_COLUMNS))
    found = found.drop("is_untidy")
    if mended:
        kept = found.anti_join(untidy, "ticket_id").anti_join(silent, "ticket_id")
        added = of_base(desk, reduce(ir.Table.union, mended))
        found = kept.union(added.select(*found.columns)).cache()
    return found


def _events(desk: Desk) -> ir.Table:
    found = desk.table("ticket_event")
    found = found.filter(found.field == "status", found.new_value.notnull(), found.occurred_at.notnull())
    return found.select(
        "ticket_id", "connection", "actor_id", "actor_kind", began=ibis.null("timestamp(6)"), at="occurred_at",
        order=found.seq.fill_null(0), status="new_value", old="old_value", update=found.update_id.coalesce(found.id),
    )  # fmt: skip


def _beginnings(tickets: ir.Table) -> ir.Table:
    """Return a row for the creation of each ticket; its place is before all events, so it has no `at`."""
    return tickets.select(
        "ticket_id", "connection", "status", began="created_at", at=ibis.null("timestamp(6)"),
        order=ibis.literal(0, "int64"), old=ibis.null("string"), actor_id=ibis.null("int64"),
        actor_kind=ibis.null("string"), update=ibis.null("int64"),
    )  # fmt: skip


def _told(rows: ir.Table) -> ir.Table:
    """Return the changes that events tell. A creation becomes one where the history does not start there (G8): with
    what the first event says that it came from, or with the status of the ticket, where there is no event."""
    order = ibis.window(group_by="ticket_id", order_by=[rows["at"].asc(nulls_first=True), "order"])
    rows = _placed(rows, order, created=rows.began.lag().over(order), came_from=rows.old.lead().over(order))
    begins, is_silent = rows.began.notnull(), rows.to_at.isnull()
    rows = rows.filter(~begins | ibis.ifelse(is_silent, rows.status.notnull(), rows.to_at > rows.began))
    begins, is_silent = rows.began.notnull(), rows.to_at.isnull()
    late = rows["at"] > rows.created
    told = rows.mutate(
        at=rows.began.coalesce(rows["at"]),
        status=(begins & ~is_silent).ifelse(rows.came_from.fill_null("new"), rows.status),
        before=ibis.cases(
            (begins, None), (rows.created.isnull(), rows.before), (late, rows.old.fill_null("new")), else_=None
        ),
        basis=ibis.cases((~begins, "event"), (is_silent, "current"), else_="initial"),
    )
    repeated = (told.before == told.status).fill_null(False)
    return told.mutate(is_untidy=repeated | (told.update == told.next_update).fill_null(False))


def _placed(rows: ir.Table, order: Any, **more: Any) -> ir.Table:
    """Return rows with their place in the ticket and what is before and after: one window, the dearest step."""
    # By way of 32 bits: ibis believes that it is 64 wide on every engine, and leaves a plain cast away.
    place = ibis.row_number().over(order).cast("int32").cast("int64")
    return rows.mutate(
        place=place, before=rows.status.lag().over(order), to_at=rows["at"].lead().over(order),
        after=rows.status.lead().over(order), next_update=rows.update.lead().over(order), **more,
    )  # fmt: skip


def _tidied(rows: ir.Table) -> ir.Table:
    """Return rows without what one update undoes itself, as that never was (G14), and without repeated statuses."""
    order = ibis.window(group_by="ticket_id", order_by=["at", "place"])
    kept = _placed(rows.filter((rows.update != rows.next_update).fill_null(True)), order)
    return _placed(kept.filter(kept.before.isnull() | (kept.before != kept.status)), order)


def _rebuilt(tickets: ir.Table) -> ir.Table:
    """Return what the times of tickets without history allow: created as open, and solved when they say so."""
    ended = tickets.solved_at.coalesce(tickets.closed_at)
    has_ended = (tickets.is_final & (ended >= tickets.created_at)).fill_null(False)
    known = tickets.mutate(ended=ended, has_ended=has_ended).filter(has_ended | ~tickets.is_final)
    ends = known.filter(known.has_ended)
    starts = _made(
        known, 0, at=known.created_at, status=known.has_ended.ifelse("open", known.status),
        before=ibis.null("string"), to_at=known.has_ended.ifelse(known.ended, None),
        after=known.has_ended.ifelse(known.status, None),
    )  # fmt: skip
    none = ibis.null("timestamp(6)")
    solved = _made(ends, 1, at=ends.ended, status=ends.status, before=ibis.literal("open"), to_at=none,
                   after=ibis.null("string"))  # fmt: skip
    return starts.union(solved.select(*starts.columns))


def _made(tickets: ir.Table, place: int, **told: Any) -> ir.Table:
    return tickets.select(
        "ticket_id", "connection", place=ibis.literal(place, "int64"), actor_id=ibis.null("int64"),
        actor_kind=ibis.null("string"), basis=ibis.literal("rebuilt"), **told,
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


def seconds_by_ticket(clock: str, *, recorded: bool = False) -> Callable[[Desk], ir.Table]:
    """Return what builds `status_seconds` on a clock, or `status_recorded`."""

    def build(desk: Desk) -> ir.Table:
        found = desk.fact("status_interval")
        found = found.filter(found.basis != "rebuilt", found.status.isin((*MEASURED, "closed")))
        if clock == "calendar":
            found = found.mutate(seconds=zones.seconds_between(found.from_at, found.until))
        else:
            found = desk.calendars.elapsed(found, "from_at", "until", "seconds")
        if recorded:
            left = found.to_at.notnull()
            sums = {f"{one}_recorded": found.seconds.sum(where=(found.status == one) & left) for one in MEASURED}
        else:
            sums = {f"{one}_seconds": found.seconds.sum(where=found.status == one) for one in MEASURED}
            gap = found.status.isin(FINAL) & found.after.isin(UNRESOLVED_STATUSES).fill_null(False)
            sums["reopened_seconds"] = found.seconds.sum(where=gap)
        # A status that the ticket never had took 0 s; one whose seconds nobody can tell (no schedule) stays NULL.
        unknown = found.seconds.isnull().any()
        summed = found.group_by("ticket_id").aggregate(connection=found.connection.min(), unknown=unknown, **sums)
        return summed.mutate(**{name: summed.unknown.ifelse(None, summed[name].fill_null(0.0)) for name in sums}).drop(
            "unknown"
        )

    return build
