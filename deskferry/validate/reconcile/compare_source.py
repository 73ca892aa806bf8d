"""The comparison of a connection's store with its source, within a number of calls that is known before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from deskferry.canonical_schema import sql_table
from deskferry.canonical_schema.columns import time_text
from deskferry.connectors.kit.contract import Stream
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.verify import Subset
from deskferry.store import Store, machinery
from deskferry.validate.reconcile.comparison import Comparison, Departure, State
from deskferry.validate.reconcile.counting import (
    LISTING_CALLS,
    Place,
    Suspects,
    compare_counts,
    places,
    suspects,
)
from deskferry.validate.reconcile.reread import compare_lists, compare_tickets, lists_of

SAMPLE = 20
"""Tickets that are read anew where no subset is asked for."""
SUSPECTS = 200
"""Tickets at most that lists cast doubt on and that are read anew."""
_ROWS_A_CALL = 100
_BATCH = 1000
_WITHOUT_SUBSET = "Read and compared with --subset only."


@dataclass(frozen=True, slots=True)
class PlannedCalls:
    """Calls that a comparison takes, before it begins."""

    counts: int
    listing: int
    """At most."""
    reread: int
    """At least: long tickets take more. One for each file that the store has of them."""
    lists: int
    """By what the store holds."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.counts + self.listing + self.reread + self.lists


def planned_calls(store: Store, connection: OpenConnection, subset: Subset | None = None) -> PlannedCalls:
    """Return how many calls a comparison will take, about; makes none."""
    wanted = places(store, connection)
    tickets, files = _how_many(store, connection, subset)
    lists = sum(_pages_of(store, connection, stream) for stream in _turn(lists_of(connection), subset))
    listing = LISTING_CALLS if wanted else 0
    return PlannedCalls(len(wanted), listing, tickets * len(connection.connector.ticket_children) + files, lists)


def compare_source(
    store: Store, connection: OpenConnection, *, subset: Subset | None = None, progress: Progress | None = None
) -> Comparison:
    """Hold a connection's store against its source.

    Counts come first, where the vendor counts; what they and lists cast doubt on is read anew, with a sample of the
    tickets or those of the subset. With a subset the lists whose turn it is are read whole too, so that N/T for every N
    from 1 to T has checked everything. Nothing is written into the store.
    """
    progress = progress or Silent()
    before = connection.session.meter.snapshot()["calls"]
    connection.meet(store)
    result = _begun(store, connection, subset)
    result.calls_planned = planned_calls(store, connection, subset).total
    wanted = places(store, connection)
    compare_counts(store, connection, wanted, result)
    doubtful = suspects(store, connection, wanted, result)
    _reread(store, connection, wanted, doubtful, subset, result, progress)
    _lists(store, connection, subset, result, progress)
    _tell_listed(connection, wanted, doubtful, result)
    result.calls = connection.session.meter.snapshot()["calls"] - before
    return result


def _begun(store: Store, connection: OpenConnection, subset: Subset | None) -> Comparison:
    pulled = _pulled_at(store, connection.name)
    withheld = timedelta(seconds=connection.connector.capabilities.read_lag)
    return Comparison(
        connection.name, connection.connector.name, connection.now(),
        None if pulled is None else time_text(pulled),
        None if pulled is None else time_text(pulled - withheld),
        None if subset is None else str(subset),
    )  # fmt: skip


def _pulled_at(store: Store, connection: str) -> datetime | None:
    """Return when the last pull that ended began."""
    table = machinery.run
    statement = select(func.max(table.c.started_at)).where(
        table.c.connection == connection, table.c.command == "pull", table.c.exit_code.in_((0, 1))
    )
    with store.read() as database:
        found: datetime | None = database.execute(statement).scalar_one()
    return found


# ------------------------------------------------------------------------------------------------------------ tickets


def _reread(
    store: Store, connection: OpenConnection, wanted: Sequence[Place], doubtful: Suspects, subset: Subset | None,
    result: Comparison, progress: Progress,
) -> None:  # fmt: skip
    """Read tickets anew: those in doubt, and the sample or the subset."""
    if not connection.connector.ticket_children:
        result.not_compared["ticket"] = "The connector cannot read one ticket anew."
        return
    object_name = next((place.what.object for place in wanted if place.what.kind == "ticket"), None)
    chosen = _chosen(store, connection, subset)
    object_name = object_name or next((one.split(":")[1] for one in chosen), "ticket")
    ids = dict.fromkeys(one.rpartition(":")[2] for one in chosen)
    doubts = [
        *doubtful.missing.get("ticket", ()),
        *doubtful.gone.get("ticket", ()),
        *doubtful.changed.get("ticket", ()),
    ]
    if len(doubts) > SUSPECTS:
        result.notes.append(f"ticket: {len(doubts)} are in doubt; {SUSPECTS} of them were read anew.")
    ids |= dict.fromkeys(doubts[:SUSPECTS])
    progress.begin("tickets read anew", len(ids), "tickets")
    try:
        compare_tickets(store, connection, list(ids), result, object_name)
    finally:
        progress.end()


def _chosen(store: Store, connection: OpenConnection, subset: Subset | None) -> list[str]:
    """Return the live tickets of the subset; without one a sample that is the same every time."""
    table = sql_table("ticket")
    live = (table.c.connection == connection.name) & table.c.deleted_at.is_(None)
    found: list[tuple[bytes, str]] = []
    with store.read() as database:
        rows = database.execute(select(table.c.id).where(live).execution_options(yield_per=_BATCH)).scalars()
        if subset is not None:
            return sorted(one for one in rows if subset.has(one))
        for one in rows:
            found.append((hashlib.blake2b(one.encode(), digest_size=8).digest(), one))
            if len(found) > _BATCH:
                found = sorted(found)[:SAMPLE]
    return [one for _hash, one in sorted(found)[:SAMPLE]]


def _how_many(store: Store, connection: OpenConnection, subset: Subset | None) -> tuple[int, int]:
    """Return how many tickets will be read anew, and about how many files they have."""
    ticket, attachment = sql_table("ticket"), sql_table("attachment")
    live = (ticket.c.connection == connection.name) & ticket.c.deleted_at.is_(None)
    kept = (attachment.c.connection == connection.name) & (attachment.c.fetch_state == "done")
    with store.read() as database:
        total: int = database.execute(select(func.count()).select_from(ticket).where(live)).scalar_one()
        files: int = database.execute(select(func.count()).select_from(attachment).where(kept)).scalar_one()
    tickets = min(SAMPLE, total) if subset is None else round(total * (subset.high - subset.low))
    return tickets, round(files * tickets / total) if total else 0


def _tell_listed(
    connection: OpenConnection, wanted: Sequence[Place], doubtful: Suspects, result: Comparison
) -> None:  # fmt: skip
    """Tell what lists alone say of records that cannot be read one by one: people and organizations."""
    objects = {place.what.kind: place.what.object for place in wanted if place.what.kind != "ticket"}
    named = {one.record_id for one in result.departures}
    for kind, object_name in objects.items():
        prefix = f"{connection.name}:{object_name}:"
        for one in _listed_departures(kind, prefix, doubtful, result):
            if one.record_id not in named:
                result.add(one)


def _listed_departures(kind: str, prefix: str, doubtful: Suspects, result: Comparison) -> Iterator[Departure]:
    for source_id, one in doubtful.missing.get(kind, {}).items():
        at = _canonical(one.created_at)
        state = State.NEW_THERE if result.is_new(at) else State.MISSING_HERE
        yield Departure(state, kind, prefix + source_id, there_at=at)
    for source_id in doubtful.gone.get(kind, ()):
        yield Departure(State.GONE_THERE, kind, prefix + source_id)
    for source_id, one in doubtful.changed.get(kind, {}).items():
        at = _canonical(one.updated_at)
        yield Departure(State.CHANGED_THERE, kind, prefix + source_id, there_at=at, missed=not result.is_new(at))


def _canonical(moment: str | None) -> str | None:
    return None if moment is None else f"{moment[:19]}.000000Z"


# -------------------------------------------------------------------------------------------------------------- lists


def _turn(streams: Sequence[Stream], subset: Subset | None) -> list[Stream]:
    """Return the lists whose turn it is: each in exactly one of the parts that a whole is divided into."""
    if subset is None:
        return []
    share = [(place + 0.5) / len(streams) for place in range(len(streams))]
    return [one for one, at in zip(streams, share, strict=True) if subset.low <= at < subset.high]


def _lists(
    store: Store, connection: OpenConnection, subset: Subset | None, result: Comparison, progress: Progress
) -> None:
    streams = lists_of(connection)
    turn = _turn(streams, subset)
    progress.begin("lists read whole", len(turn), "lists")
    try:
        for _stream in compare_lists(store, connection, turn, result):
            progress.advance()
    finally:
        progress.end()
    _say_unread(connection, result)
    for stream in streams:
        if subset is None:
            result.not_compared[stream.name] = _WITHOUT_SUBSET
        elif stream not in turn:
            result.not_compared[stream.name] = "Its turn comes with another part of the subset."


def _pages_of(store: Store, connection: OpenConnection, stream: Stream) -> int:
    table = machinery.raw_record
    statement = select(func.count()).select_from(table).where(
        table.c.connection == connection.name, table.c.stream == stream.name, table.c.deleted_at.is_(None)
    )  # fmt: skip
    with store.read() as database:
        rows: int = database.execute(statement).scalar_one()
    return max(1, -(-rows // _ROWS_A_CALL))


def _say_unread(connection: OpenConnection, result: Comparison) -> None:
    """Name the kinds that belong to tickets and do not come with a ticket that is read anew: histories."""
    streams = connection.source.streams()
    anew = {kind for one in streams if one.name in connection.connector.ticket_children for kind in one.kinds}
    listed = {kind for one in lists_of(connection) for kind in one.kinds}
    for kind in {kind for one in streams for kind in one.kinds} - anew - listed:
        result.not_compared[kind] = "It does not come with a ticket that is read anew."
