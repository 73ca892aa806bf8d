"""Tickets that are in a store more than once: one person writes the same again, a mail loop, an import done twice.

Never by the subject alone. Each ticket is compared with the few that follow it from the same person, and with those
that bear the same key, so the work grows with the account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.converters import html_to_text
from deskferry.store.snapshot import needed
from deskferry.validate.duplicates.blocking import pair_up
from deskferry.validate.duplicates.clusters import clusters
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.ticket_texts import compared_text, is_automatic, likeness
from deskferry.validate.duplicates.verdict import Agreement, Pair, Verdict

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
AT_ONCE, SOON, WINDOW = 10 * _MINUTE, _DAY, 3 * _DAY
ALIKE = 0.8
"""Share of runs of words that two texts have in common when they are nearly equal."""
MACHINE = 20
"""Equal texts of one person beyond which it is a machine that reports, not somebody who asks again."""
LOOP = 3
"""Automatic answers of one person within an hour that make a loop."""
_FOLLOWING = 15
_BATCH = 5_000
_SCORES = {Verdict.CERTAIN: 1.0, Verdict.PROBABLE: 0.9, Verdict.POSSIBLE: 0.6}
_TEXTS = ("unique_id", "connection", "requester", "number", "external_id", "message_id", "inbox", "digest")


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of two tickets beside each other."""

    one_person: bool
    apart: float
    """Seconds between them."""
    text: float | None
    """1: equal; None: one of them says too little."""
    message_id: bool
    external_id: bool
    number: bool
    one_connection: bool
    one_inbox: bool
    repeated: int
    """How many tickets of the person say the same."""
    looping: bool


def ticket_pairs(duck: Any, database: Connection, connections: Collection[str]) -> Iterator[Pair]:
    """Yield tickets that may be one."""
    if _write(duck, database, connections) < 2:
        return
    _candidates(duck)
    cursor = duck.cursor()
    cursor.execute(_STATEMENT)
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(_BATCH):
        for values in rows:
            row = dict(zip(names, values, strict=True))
            two = _beside(row)
            verdict = ticket_verdict(two)
            if verdict is not None:
                agreed = tuple(Agreement(field, how) for field, how in _agreed(two))
                yield Pair("ticket", row["one"], row["other"], _SCORES[verdict], verdict, agreed)


def ticket_verdict(two: Beside) -> Verdict | None:
    """Return what two tickets are to each other; None for two tickets."""
    equal, alike = two.text == 1.0, two.text is not None and two.text >= ALIKE
    if _imported_twice(two, equal=equal):
        return Verdict.CERTAIN
    if two.message_id:
        return Verdict.PROBABLE
    if two.one_person and two.looping and two.apart <= _HOUR:
        return Verdict.PROBABLE
    if two.one_person and alike and two.apart <= WINDOW:
        return _written_again(two, equal=equal)
    return Verdict.POSSIBLE if two.external_id and two.one_connection else None


def _imported_twice(two: Beside, *, equal: bool) -> bool:
    if two.message_id and two.one_inbox and two.one_connection:
        return True
    if two.apart <= 1 and equal and (two.one_person or two.external_id or two.number):
        return True
    return two.external_id and two.apart <= 1 and two.one_person


def _written_again(two: Beside, *, equal: bool) -> Verdict | None:
    if two.repeated > MACHINE:
        return None
    if equal and two.apart <= AT_ONCE:
        return Verdict.CERTAIN
    return Verdict.PROBABLE if two.apart <= SOON else Verdict.POSSIBLE


def _agreed(two: Beside) -> Iterator[tuple[str, str]]:
    if two.one_person:
        yield "requester", "same"
    if two.text is not None and two.text >= ALIKE:
        yield "text", "same" if two.text == 1.0 else "similar"
    held = {"message_id": two.message_id, "external_id": two.external_id, "number": two.number,
            "created_at": two.apart <= 1, "loop": two.looping}  # fmt: skip
    yield from ((field, "same") for field, agrees in held.items() if agrees)


def _beside(row: Mapping[str, Any]) -> Beside:
    digests = row["one_digest"], row["other_digest"]
    text = None
    if None not in digests:
        near = likeness(row["one_sketch"], row["other_sketch"])
        text = 1.0 if digests[0] == digests[1] else min(near, 0.99)
    return Beside(
        row["one_person"], row["apart"], text, row["message_id"], row["external_id"], row["number"],
        row["one_connection"], row["one_inbox"], row["repeated"], row["looping"],
    )  # fmt: skip


def _candidates(duck: Any) -> None:
    """Write the table `pairs`: who shares a key, and each ticket with those that follow it from the same person."""
    duck.execute(
        "CREATE TABLE keys AS SELECT unique_id, 'message_id' AS rule, message_id AS value FROM tickets "
        "WHERE message_id IS NOT NULL UNION ALL SELECT unique_id, 'external_id', external_id FROM tickets "
        "WHERE external_id IS NOT NULL UNION ALL SELECT unique_id, 'number', connection || ' ' || number FROM tickets "
        "WHERE number IS NOT NULL"
    )
    pair_up(duck, ("message_id",))
    duck.execute(
        "CREATE TABLE placed AS SELECT unique_id, requester, created, "
        "row_number() OVER (PARTITION BY requester ORDER BY created, unique_id) AS place "
        "FROM tickets WHERE requester IS NOT NULL AND created IS NOT NULL"
    )
    duck.execute(
        "CREATE TABLE pairs AS SELECT join_key_l AS one, join_key_r AS other FROM candidates UNION "
        "SELECT least(a.unique_id, b.unique_id), greatest(a.unique_id, b.unique_id) FROM "
        f"(SELECT *, unnest(range(1, {_FOLLOWING + 1})) AS ahead FROM placed) a "
        "JOIN placed b ON a.requester = b.requester AND b.place = a.place + a.ahead "
        f"AND b.created - a.created <= {WINDOW}"
    )
    duck.execute(
        "CREATE TABLE said AS SELECT requester, digest, count(*) AS times FROM tickets "
        "WHERE digest IS NOT NULL AND requester IS NOT NULL GROUP BY ALL"
    )
    duck.execute(
        "CREATE TABLE loops AS SELECT unique_id FROM (SELECT unique_id, count(*) OVER (PARTITION BY requester ORDER BY "
        f"created RANGE BETWEEN {_HOUR} PRECEDING AND {_HOUR} FOLLOWING) AS around FROM tickets WHERE automatic "
        f"AND requester IS NOT NULL AND created IS NOT NULL) WHERE around >= {LOOP}"
    )


_STATEMENT = """
SELECT one, other, coalesce(l.requester = r.requester, FALSE) AS one_person,
  coalesce(abs(l.created - r.created), 1e12) AS apart,
  l.digest AS one_digest, r.digest AS other_digest, l.sketch AS one_sketch, r.sketch AS other_sketch,
  coalesce(l.message_id = r.message_id, FALSE) AS message_id,
  coalesce(l.external_id = r.external_id, FALSE) AS external_id,
  coalesce(l.number = r.number, FALSE) AND l.connection = r.connection AS number,
  l.connection = r.connection AS one_connection, l.inbox IS NOT DISTINCT FROM r.inbox AS one_inbox,
  coalesce(said.times, 0) AS repeated, a.unique_id IS NOT NULL AND b.unique_id IS NOT NULL AS looping
FROM pairs JOIN tickets l ON l.unique_id = one JOIN tickets r ON r.unique_id = other
LEFT JOIN said ON said.requester = l.requester AND said.digest = l.digest
LEFT JOIN loops a ON a.unique_id = one LEFT JOIN loops b ON b.unique_id = other
ORDER BY one, other
"""


def _write(duck: Any, database: Connection, connections: Collection[str]) -> int:
    (arrow,) = needed("pyarrow", extra="duplicates")
    ticket, message = sql_table("ticket"), sql_table("message")
    statement = (
        select(
            ticket.c.id, ticket.c.connection, ticket.c.requester_id, ticket.c.number, ticket.c.external_id,
            ticket.c.subject,
            ticket.c.inbox_id, ticket.c.created_at, message.c.rfc_message_id, message.c.body_text, message.c.body_html,
        )
        .select_from(ticket.outerjoin(message, and_(message.c.ticket_id == ticket.c.id, message.c.is_opening)))
        .where(
            ticket.c.connection.in_(sorted(connections)), ticket.c.deleted_at.is_(None),
            ticket.c.status.is_(None) | ticket.c.status.not_in(("deleted", "merged")),
        )
        .order_by(ticket.c.id)
        .execution_options(yield_per=1000)
    )  # fmt: skip
    schema = arrow.schema(
        [(name, arrow.string()) for name in _TEXTS]
        + [("created", arrow.float64()), ("automatic", arrow.bool_()), ("sketch", arrow.list_(arrow.uint32()))]
    )
    columns = ", ".join(f"{name} VARCHAR" for name in _TEXTS)
    duck.execute(f"CREATE TABLE tickets ({columns}, created DOUBLE, automatic BOOLEAN, sketch UINTEGER[])")
    leads = {
        member: one.members[0]
        for one in clusters(pairs_of(database, "person", connections), Verdict.CERTAIN) for member in one.members
    }  # fmt: skip
    rows = _once(_compared(row, leads) for row in database.execute(statement))
    written = 0
    while batch := list(islice(rows, _BATCH)):
        page = arrow.Table.from_pylist(batch, schema=schema)
        duck.register("page", page)
        duck.execute("INSERT INTO tickets SELECT * FROM page")
        duck.unregister("page")
        written += len(batch)
    return written


def _once(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each ticket once, though it may have several openings."""
    last = None
    for row in rows:
        if row["unique_id"] != last:
            yield row
        last = row["unique_id"]


def _compared(row: Any, leads: Mapping[str, str]) -> dict[str, Any]:
    text = compared_text(row.body_text if row.body_text is not None else html_to_text(row.body_html))
    return {
        "unique_id": row.id, "connection": row.connection, "requester": leads.get(row.requester_id, row.requester_id),
        "number": None if row.number is None else str(row.number),
        "external_id": (row.external_id or "").strip() or None,
        "message_id": (row.rfc_message_id or "").strip() or None, "inbox": row.inbox_id,
        "digest": text.digest if text else None, "sketch": list(text.sketch) if text else None,
        "created": row.created_at.timestamp() if row.created_at is not None else None,
        "automatic": is_automatic(row.subject),
    }  # fmt: skip
