"""All duplicates of some connections, kept in the store."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import record_id
from deskferry.store import Store
from deskferry.store.machinery import account_pin, crossing
from deskferry.store.snapshot import folder_of, needed
from deskferry.validate.duplicates.blocking import candidate_pairs
from deskferry.validate.duplicates.comparisons import comparisons
from deskferry.validate.duplicates.judging import judged
from deskferry.validate.duplicates.kept_pairs import keep_pairs
from deskferry.validate.duplicates.linkage import scored
from deskferry.validate.duplicates.organizations import organization_pairs
from deskferry.validate.duplicates.people import derive, filled, looked_at, write_people
from deskferry.validate.duplicates.tickets import ticket_pairs
from deskferry.validate.duplicates.verdict import Pair, Verdict

KINDS = ("person", "organization", "ticket")
"""In the order in which they are searched: whose tickets they are is known from people."""
_MEMORY = "1GB"
_BATCH = 500


def find_duplicates(
    store: Store, connections: Collection[str], kinds: Collection[str], run_id: str
) -> Counter[tuple[str, Verdict]]:
    """Search, keep what was found, and return how many pairs nobody decided on, by kind and verdict.

    Raises ConfigError where the extra `duplicates` is not installed.
    """
    counted: Counter[tuple[str, Verdict]] = Counter()
    searches = {"person": _people, "organization": organization_pairs, "ticket": ticket_pairs}
    for kind in (one for one in KINDS if one in kinds):
        with scratch(store) as duck, store.read() as database:
            pairs = _not_crossed(database, connections, searches[kind](duck, database, connections))
            found = keep_pairs(store, kind, connections, pairs, run_id)
        counted.update({(kind, verdict): number for verdict, number in found.items()})
    return counted


@contextmanager
def scratch(store: Store) -> Iterator[Any]:
    """Give an empty DuckDB that spills beside the store and is removed afterwards."""
    (duckdb,) = needed("duckdb", extra="duplicates")
    beside = folder_of(store)
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, ignore_cleanup_errors=True) as folder:
        config = {"memory_limit": _MEMORY, "temp_directory": str(Path(folder) / "spill")}
        with duckdb.connect(str(Path(folder) / "duplicates.duckdb"), config=config) as duck:
            yield duck


def _people(duck: Any, database: Connection, connections: Collection[str]) -> Iterator[Pair]:
    attributes, country = looked_at(database, connections)
    number = write_people(duck, database, connections, attributes, country)
    if number < 2:
        return
    derive(duck)
    known = filled(duck, attributes)
    if not candidate_pairs(duck, attributes, known):
        return
    compared = comparisons(known, attributes)
    yield from judged(duck, scored(duck, compared, attributes, number), compared, attributes)


def _not_crossed(database: Connection, connections: Collection[str], pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Leave out records of two connections of which one is where the other went."""
    accounts = {
        row.account_id: row.connection
        for row in database.execute(
            select(account_pin.c.account_id, account_pin.c.connection).where(
                account_pin.c.connection.in_(sorted(connections))
            )
        )
    }
    remaining = iter(pairs)
    while batch := list(islice(remaining, _BATCH)):
        went = (
            _went(database, accounts, [each for one in batch for each in (one.record_id, one.other_id)])
            if accounts
            else set()
        )
        yield from (
            one
            for one in batch
            if (one.record_id, one.other_id) not in went and (one.other_id, one.record_id) not in went
        )


def _went(database: Connection, accounts: dict[str, str], ids: Collection[str]) -> set[tuple[str, str]]:
    rows = database.execute(
        select(crossing.c.account_id, crossing.c.record_id, crossing.c.remote_object, crossing.c.remote_id).where(
            crossing.c.record_id.in_(set(ids)), crossing.c.account_id.in_(sorted(accounts))
        )
    )
    return {(row.record_id, record_id(accounts[row.account_id], row.remote_object, row.remote_id)) for row in rows}
