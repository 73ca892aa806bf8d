"""What all sweeps through the store share: who is looked for, where, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_

from deskferry.connectors.kit.mapping import Context, ObjectMap
from deskferry.migrate.progress import Progress
from deskferry.store import Store
from deskferry.store.machinery import crossing
from deskferry.store.suppression import FORGOTTEN, Suppression, load_suppression
from deskferry.store.upsert import chunks, is_sqlite

_AMONG = 300
MapsOf = Callable[[str], tuple[Context, Mapping[str, ObjectMap]]]
"""Connection → how its raw records are mapped."""


@dataclass
class Sweep:
    """One walk through the store."""

    store: Store
    scope: str
    """The only connection that is looked through; "" for all."""
    run_id: str
    now: str
    maps_of: MapsOf
    progress: Progress
    changed: Counter[str] = field(default_factory=Counter)
    """Rows that were changed, by table."""
    removed_files: int = 0
    named_in: list[str] = field(default_factory=list)
    """Attachments of others whose text names the person: they stay as they are."""

    def suppression(self, connection: str = "") -> Suppression:
        """Return whom to look for in a connection."""
        with self.store.read() as database:
            found = load_suppression(database, connection or self.scope)
        assert found is not None, "a sweep begins when the entries are written"
        return found

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a write transaction that overwrites what it removes."""
        with self.store.write() as database:
            if is_sqlite(database):
                database.exec_driver_sql("PRAGMA secure_delete = ON")
            yield database


def pages(store: Store, table: Table, *where: Any, size: int = 500) -> Iterator[Sequence[Any]]:
    """Yield the rows of a table in the order of their keys, a page at a time; no transaction is open in between."""
    keys = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        statement = select(table).where(*where).order_by(*keys).limit(size)
        if after is not None:
            statement = statement.where(tuple_(*keys) > tuple_(*after))
        with store.read() as database:
            rows = database.execute(statement).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = tuple(rows[-1]._mapping[key] for key in keys)  # noqa: SLF001 - public in SQLAlchemy


def refers(suppression: Suppression, value: Any, depth: int = 0) -> bool:
    """Whether a value names a record of a forgotten person by its id."""
    if type(value) is str:
        return value.count(":") >= 2 and " " not in value and suppression.person(value) is not None
    if type(value) is dict and depth < 8:
        return any(refers(suppression, one, depth + 1) for one in value.values())
    if type(value) is list and depth < 8:
        return any(refers(suppression, one, depth + 1) for one in value)
    return False


def forget_hashes(database: Connection, record_ids: Sequence[str], *, changed: bool) -> None:
    """Forget the hashes of what was sent of these records: they could be used to confirm a guess.

    Where the content `changed` with it, it is not to be taken for a change at the source; a person who was matched by
    an address that is no more stays matched.
    """
    for part in chunks(sorted(set(record_ids)), _AMONG):
        mine = crossing.c.record_id.in_(part)
        sent = crossing.update().where(mine, crossing.c.request_hash.is_not(None))
        database.execute(sent.values(request_hash=FORGOTTEN))
        if changed:
            database.execute(
                crossing.update().where(mine, crossing.c.source_hash.is_not(None)).values(source_hash=FORGOTTEN)
            )
            database.execute(
                crossing.update()
                .where(mine, crossing.c.state == "matched", crossing.c.kind == "person")
                .values(state="adopted", source_hash=FORGOTTEN, request_hash=FORGOTTEN)
            )
        if "remote_hash" in crossing.c:
            database.execute(crossing.update().where(mine).values(remote_hash=None))
