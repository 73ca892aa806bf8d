"""Records read anew at the vendor into a store of their own, the way a pull reads them, and held against ours."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Child, Mode, Stream
from deskferry.errors import Refused
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.pull import PullOptions, pull, refetch
from deskferry.store import Store, machinery, open_store
from deskferry.store.upsert import chunks, insert_into
from deskferry.validate.reconcile.comparison import Comparison
from deskferry.validate.reconcile.row_comparison import RowComparison

BATCH = 50
_ROWS = 500
_OF_TICKETS = frozenset({"ticket", "message", "ticket_event"})


@contextmanager
def _scratch(store: Store) -> Iterator[Store]:
    """Give an empty store that keeps out whom ours keeps out; it and its files vanish afterwards."""
    with tempfile.TemporaryDirectory(prefix="deskferry-") as directory:
        path = Path(directory) / "source.db"
        with open_store(f"sqlite:///{path}", files=Path(directory) / "files") as opened:
            for table in (machinery.suppression, machinery.store_meta):
                _copied(store, opened, table, select(table))
            yield opened


def _copied(store: Store, target: Store, table: Any, statement: Any) -> None:
    with store.read() as database:
        rows = [dict(row) for row in database.execute(statement).mappings()]
    if rows:
        with target.write() as writing:
            writing.execute(insert_into(writing, table).on_conflict_do_nothing(), rows)


# ------------------------------------------------------------------------------------------------------------ tickets


def compare_tickets(
    store: Store, connection: OpenConnection, source_ids: Sequence[str], result: Comparison, object_name: str
) -> None:
    """Read tickets anew with their messages and files, some at a time, and compare them field by field."""
    children = connection.connector.ticket_children
    streams = {stream.name: stream for stream in connection.source.streams()}
    kinds = sorted({kind for name in children for kind in streams[name].kinds})
    for part in chunks(list(source_ids), BATCH):
        ids = [f"{connection.name}:{object_name}:{one}" for one in part]
        with _scratch(store) as scratch:
            _lend_people(store, scratch, ids)
            done = refetch(scratch, connection, "", [Child(stream, one) for one in part for stream in children])
            result.notes += [note for note in done.notes if note not in result.notes]
            RowComparison(store, scratch, connection, result).tickets(ids, kinds)


def _lend_people(store: Store, scratch: Store, ids: Sequence[str]) -> None:
    """Copy the authors of tickets: what the author of a message is follows from the person."""
    person, message = sql_table("person"), sql_table("message")
    authors = select(message.c.author_id).where(message.c.ticket_id.in_(ids))
    _copied(store, scratch, person, select(person).where(person.c.id.in_(authors)))


# -------------------------------------------------------------------------------------------------------------- lists


def lists_of(connection: OpenConnection) -> list[Stream]:
    """Return the streams that are compared by reading their lists whole: all that do not belong to tickets."""
    return [
        stream
        for stream in connection.source.streams()
        if stream.mode is not Mode.CHILD
        and not (set(stream.kinds) & _OF_TICKETS)
        and (not connection.streams or stream.name in connection.streams)
    ]


def compare_lists(
    store: Store, connection: OpenConnection, streams: Sequence[Stream], result: Comparison
) -> Iterator[Stream]:
    """Read lists whole, and compare every record of them; yields each that is done with."""
    with _scratch(store) as scratch:
        for stream in streams:
            _compare_list(store, scratch, connection, stream, result)
            yield stream


def _compare_list(store: Store, scratch: Store, connection: OpenConnection, stream: Stream, result: Comparison) -> None:
    alone = replace(connection, streams=(stream.name,))
    try:
        refused = pull(scratch, alone, "", PullOptions(attachments=False)).refused.get(stream.name)
    except Refused as refusal:
        refused = str(refusal)
    if refused is not None:
        result.not_compared[stream.name] = refused
        return
    result.lists.append(stream.name)
    compared = RowComparison(store, scratch, connection, result)
    for ids in _raw_ids(scratch, connection.name, stream.name):
        compared.listed(ids, stream.kinds)
    for ids in _raw_ids(store, connection.name, stream.name):
        compared.absent(ids, stream.kinds)


def _raw_ids(store: Store, connection: str, stream: str) -> Iterator[list[str]]:
    """Yield the ids of the live raw records that a stream brought, some at a time."""
    table, last = machinery.raw_record, ""
    mine = (table.c.connection == connection) & (table.c.stream == stream) & table.c.deleted_at.is_(None)
    while True:
        with store.read() as database:
            statement = select(table.c.id).where(mine, table.c.id > last).order_by(table.c.id).limit(_ROWS)
            found = list(database.execute(statement).scalars())
        if not found:
            return
        yield found
        last = found[-1]
