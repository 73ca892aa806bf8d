"""Records of a connection, counted and listed on both sides, by month as far as the vendor can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.canonical_schema.enums import AGENT_ROLES
from deskferry.connectors.kit.count_seam import BeyondList, Countable, Counting, Counts, LeftOut, Listed, Span
from deskferry.errors import Refused
from deskferry.migrate.connection import OpenConnection
from deskferry.store import Store
from deskferry.store.records import count
from deskferry.store.upsert import is_sqlite, lookup
from deskferry.validate.reconcile.comparison import Comparison, Counted

MONTHS = 24
"""Months that are counted one by one; what is older is one number."""
LISTING_CALLS = 60
"""Calls at most to name what a count says is missing."""
_NO_COUNTER = "The vendor's API has no counter for it; its list is read whole on its turn with --subset."
_OF_TICKETS = "The vendor's API has no counter for it; it is compared with the tickets that are read anew."


@dataclass(frozen=True, slots=True)
class Place:
    """A kind in a span of time, named as reports name it."""

    what: Countable
    span: Span
    month: str | None


@dataclass(slots=True)
class Suspects:
    """Records that a list shows other than they are here, by kind: source id → what the list says of it."""

    missing: dict[str, dict[str, Listed]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    changed: dict[str, dict[str, Listed]] = field(default_factory=dict)


def counting_of(connection: OpenConnection) -> Counting:
    """Return what the connection's vendor counts: nothing, where its connector does not say."""
    source = connection.source
    return source.counting() if isinstance(source, Counts) else Counting(())


def places(store: Store, connection: OpenConnection) -> list[Place]:
    """Return what is to be counted: a call each."""
    found = []
    for what in counting_of(connection).kinds:
        spans = _spans(store, connection, what) if what.by_month else [(None, Span())]
        found += [Place(what, span, month) for month, span in spans]
    return found


def _spans(store: Store, connection: OpenConnection, what: Countable) -> list[tuple[str | None, Span]]:
    """Return the months from the oldest record here to now, and before them one span; the last has no end."""
    now = datetime.fromtimestamp(connection.clock.now(), UTC)
    with store.read() as database:
        months = [one for one in _by_month(database, connection.name, what) if one]
    oldest = min([*months, f"{now:%Y-%m}"])
    last = now.year * 12 + now.month - 1
    first = max(_number(oldest), last - MONTHS + 1)
    begins = [f"{one // 12:04}-{one % 12 + 1:02}" for one in range(first, last + 1)]
    starts = [f"{one}-01T00:00:00Z" for one in begins]
    ends: list[str | None] = [*starts[1:], None]
    named = [(name, Span(low, high)) for name, low, high in zip(begins, starts, ends, strict=True)]
    return [(f"before {begins[0]}", Span(None, starts[0])), *named]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


# --------------------------------------------------------------------------------------------------------------- here


_OUT: dict[LeftOut, Any] = {
    "archived": lambda table: table.c.is_archived.is_not(True),
    "deleted": lambda table: table.c.deleted_at.is_(None),
    "spam": lambda table: table.c.status != "spam",
    "merged": lambda table: table.c.status != "merged",
    "inactive": lambda table: table.c.is_active.is_not(False),
    "agents": lambda table: table.c.role.not_in(sorted(AGENT_ROLES)),
}
_TICKETS_OUT: dict[LeftOut, str] = {"deleted": "deleted"}


def _counted(connection: str, what: Countable) -> ColumnElement[bool]:
    """Return the condition of the rows that the vendor counts as well."""
    table = sql_table(what.kind)
    parts = [table.c.connection == connection, table.c.source_object == what.object]
    parts += [_OUT[one](table) for one in sorted(what.leaves_out)]
    if what.kind == "ticket":
        parts += [table.c.status != status for one, status in _TICKETS_OUT.items() if one in what.leaves_out]
    return and_(*parts)


def _by_month(database: Connection, connection: str, what: Countable) -> Counter[str | None]:
    """Return how many rows there are by month of creation."""
    sqlite = is_sqlite(database)
    month = "substr(created_at, 1, 7)" if sqlite else "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM')"
    table = sql_table(what.kind)
    statement = (
        select(text(f"{month} AS month"), func.count().label("n"))
        .select_from(table)
        .where(_counted(connection, what))
        .group_by(text("1"))
    )
    return Counter({row.month: row.n for row in database.execute(statement)})


def _here(months: Counter[str | None], place: Place) -> int:
    if place.month is None:
        return months.total()
    if place.span.low is None:
        assert place.span.high is not None
        return sum(n for month, n in months.items() if month is None or month < place.span.high[:7])
    if place.span.high is None:
        return sum(n for month, n in months.items() if month is not None and month >= place.span.low[:7])
    return months[place.month]


# --------------------------------------------------------------------------------------------------------------- both


def compare_counts(store: Store, connection: OpenConnection, wanted: Sequence[Place], result: Comparison) -> None:
    """Count both sides; what the vendor does not count is named with the reason."""
    _say_uncounted(store, connection, result)
    for what in counting_of(connection).kinds:
        own = [place for place in wanted if place.what.kind == what.kind]
        with store.read() as database:
            months = _by_month(database, connection.name, what)
        try:
            assert isinstance(connection.source, Counts)
            there = connection.source.counts(what.kind, [place.span for place in own])
        except Refused as refusal:
            result.not_countable[what.kind] = str(refusal)
            continue
        if None in there:
            result.not_countable[what.kind] = "The vendor did not answer with a number for every span of time."
        result.counted += [
            Counted(what.kind, place.month, _here(months, place), number)
            for place, number in zip(own, there, strict=True)
            if number is not None
        ]
        if what.note:
            result.notes.append(f"{what.kind}: counted {what.note}.")


def _say_uncounted(store: Store, connection: OpenConnection, result: Comparison) -> None:
    told = counting_of(connection)
    named = {what.kind for what in told.kinds}
    streams = connection.source.streams()
    with_tickets = {kind for one in streams if one.name in connection.connector.ticket_children for kind in one.kinds}
    with store.read() as database:
        for kind in KINDS:
            if kind.value not in named and count(database, kind.value, connection.name):
                reason = _OF_TICKETS if kind.value in with_tickets else _NO_COUNTER
                result.not_countable[kind.value] = told.cannot.get(kind.value, reason)


def suspects(store: Store, connection: OpenConnection, wanted: Sequence[Place], result: Comparison) -> Suspects:
    """Name what is where counts differ, and in the newest month, by the vendor's lists; within a number of calls."""
    counted = {(one.kind, one.month): one for one in result.counted}
    found = Suspects()
    left = LISTING_CALLS
    for place in _worth_listing(wanted, counted):
        number = counted[place.what.kind, place.month]
        calls = -(-number.there // place.what.page) + 1
        if calls > left:
            if number.missing:
                result.notes.append(
                    f"{place.what.kind} {place.month or 'in all'}: {number.here} here, {number.there} there; not "
                    f"listed, for that would take some {calls} calls."
                )
            continue
        left -= calls
        try:
            _list(store, connection, place, found)
        except (BeyondList, Refused) as refusal:
            result.notes.append(f"{place.what.kind} {place.month or 'in all'}: not listed: {refusal}.")
    return found


def _worth_listing(wanted: Sequence[Place], counted: dict[tuple[str, str | None], Counted]) -> Iterator[Place]:
    known = [place for place in wanted if place.what.lists and (place.what.kind, place.month) in counted]
    differing = [place for place in known if counted[place.what.kind, place.month].missing]
    yield from reversed(differing)
    newest = {place.what.kind: place for place in known if place.span.high is None and place.month is not None}
    yield from (place for place in newest.values() if place not in differing)


def _list(store: Store, connection: OpenConnection, place: Place, found: Suspects) -> None:
    """Hold the list of a place against the rows here."""
    kind, prefix = place.what.kind, f"{connection.name}:{place.what.object}:"
    assert isinstance(connection.source, Counts)
    seen: set[str] = set()
    for batch in connection.source.listed(kind, place.span):
        seen.update(one.source_id for one in batch)
        with store.read() as database:
            ids = [prefix + one.source_id for one in batch]
            held = {row[0]: row[1:] for row in lookup(database, kind, "id, deleted_at, updated_at", ids)}
        for one in batch:
            here = held.get(prefix + one.source_id)
            if here is None or here[0] is not None:
                found.missing.setdefault(kind, {})[one.source_id] = one
            elif _second(one.updated_at) > _second(here[1]):
                found.changed.setdefault(kind, {})[one.source_id] = one
    with store.read() as database:
        gone = [one for one in _ids(database, connection.name, place) if one not in seen]
    found.gone.setdefault(kind, []).extend(gone)


def _second(moment: Any) -> str:
    """Return a moment to the second, in a form that compares; "" where it is unknown."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    return str(moment or "")[:19]


def _ids(database: Connection, connection: str, place: Place) -> list[str]:
    """Return the source ids of the rows here that the list of a place should show."""
    table = sql_table(place.what.kind)
    where = [_counted(connection, place.what)]
    if place.span.low is not None:
        where.append(table.c.created_at >= f"{place.span.low[:19]}.000000Z")
    if place.span.high is not None:
        before = table.c.created_at < f"{place.span.high[:19]}.000000Z"
        where.append(before if place.span.low is not None else or_(before, table.c.created_at.is_(None)))
    return list(database.execute(select(table.c.source_id).where(*where)).scalars())
