"""Where every record of the old desk is looked at now: for redirects, knowledge bases, wikis and bookmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import split_id, sql_table
from deskferry.connectors.kit.links import Addresses
from deskferry.store import Store, machinery

KINDS = ("ticket", "article", "person", "organization")
"""Kinds that have a page of their own."""
_AMONG = 1000


@dataclass(frozen=True, slots=True)
class Moved:
    """One record that crossed, with both of its addresses."""

    kind: str
    record_id: str
    number: str | None
    """What people call it at the old desk."""
    old_url: str | None
    new_id: str
    new_url: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def url_map(
    store: Store, source: str, account_id: str, old: Addresses, new: Addresses, kinds: Sequence[str] = KINDS
) -> Iterator[Moved]:
    """Yield the records of a source that are at an account by now, in the order of their ids; memory stays flat."""
    for kind in kinds:
        last = ""
        while batch := _batch(store, source, account_id, kind, last):
            last = batch[-1].record_id
            for row in batch:
                pieces = split_id(row.record_id)
                number = row.number if kind == "ticket" else None
                yield Moved(
                    kind, row.record_id, number, old.old(pieces.object, pieces.source_id),
                    row.remote_id, new.url(kind, row.remote_id),
                )  # fmt: skip


def _batch(store: Store, source: str, account_id: str, kind: str, after: str) -> Sequence[Any]:
    crossing, table = machinery.crossing, sql_table(kind)
    number = table.c.number if kind == "ticket" else table.c.source_id
    statement = (
        select(crossing.c.record_id, crossing.c.remote_id, number.label("number"))
        .outerjoin(table, table.c.id == crossing.c.record_id)
        .where(
            crossing.c.account_id == account_id,
            crossing.c.kind == kind,
            crossing.c.part == "",
            crossing.c.record_id.startswith(f"{source}:", autoescape=True),
            crossing.c.record_id > after,
        )
        .order_by(crossing.c.record_id)
        .limit(_AMONG)
    )
    with store.read() as database:
        return database.execute(statement).all()
