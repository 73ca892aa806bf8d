"""How good a search is, against the pairs that are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from deskferry.canonical_schema import sql_table
from deskferry.store import Store
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.search import find_duplicates
from deskferry.validate.duplicates.verdict import Pair, Verdict


@dataclass(frozen=True)
class Quality:
    """Of the pairs of some verdicts."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def quality(pairs: Iterable[Pair], known: set[tuple[str, str]], at_least: Verdict) -> Quality:
    """Return how good the pairs are that are at least so sure."""
    found = {(one.record_id, one.other_id) for one in pairs if one.verdict.rank <= at_least.rank}
    return Quality(len(found & known) / len(found), len(found & known) / len(known))


def put_rows(store: Store, kind: str, rows: list[dict[str, Any]]) -> None:
    """Write rows of a canonical table."""
    names = {name for row in rows for name in row}
    with store.write() as database:
        database.execute(insert(sql_table(kind)), [{**dict.fromkeys(names), **row} for row in rows])


def people_found(store: Store, *connections: str) -> list[Pair]:
    """Search for people who are there twice, and return the pairs."""
    find_duplicates(store, connections, ["person"], "run")
    with store.read() as database:
        return list(pairs_of(database, "person", connections))
