"""Scores: the share of the records that were checked to which nothing is objected, by dimension and kind.

A record with an error counts nothing, one with a warning and no error counts half; notes lower no score. Each record
counts once however many findings it has, so that every score can be checked from the three numbers beside it. A record
is of one connection and one kind: numbers of connections and of kinds add up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from deskferry.canonical_schema import sql_table
from deskferry.store import machinery
from deskferry.validate.finding import Severity
from deskferry.validate.rule_results import EXAMINED

_WEIGHTS = {Severity.ERROR.value: 0, Severity.WARNING.value: 1}
_AT_ONCE = 5_000
Cell = tuple[str, str | None]
"""The dimension and kind of a rule; None: a rule over several kinds."""
Key = tuple[str, Any]
"""`cell`, `dimension` or `kind`, and which."""
Objected = tuple[Any, ...]
"""Of one record: dimension and kind of rules, its kind, and the weight of the worst finding there."""


@dataclass(frozen=True, slots=True)
class Score:
    """How many records were checked, and to how many of them something is objected."""

    checked: int = 0
    """Those that the widest rule looked at."""
    with_error: int = 0
    with_warning: int = 0
    """With a warning and no error."""

    @property
    def share(self) -> float | None:
        """The score, from 0 to 1; None where nothing was checked."""
        if not self.checked:
            return None
        return (self.checked - self.with_error - self.with_warning / 2) / self.checked

    def __add__(self, other: Score) -> Score:
        """Return the score of the records of both."""
        return Score(
            self.checked + other.checked, self.with_error + other.with_error, self.with_warning + other.with_warning
        )


@dataclass(slots=True)
class Scores:
    """The scores of one connection, or of several together."""

    cells: dict[Cell, Score] = field(default_factory=dict)
    dimensions: dict[str, Score] = field(default_factory=dict)
    kinds: dict[str, Score] = field(default_factory=dict)
    """By the kind of the record."""

    @property
    def total(self) -> Score:
        """The score of all records."""
        return sum(self.kinds.values(), Score())


@dataclass(slots=True)
class _Numbers:
    """Of one connection: what was checked by rules of a dimension and kind, and the records they object to."""

    checked: dict[Cell, int] = field(default_factory=dict)
    bad: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """How many records with an error, how many with a warning and no error."""


def scores_of(database: Connection, run_id: str) -> dict[str, Scores]:
    """Return the scores of a run by connection, from what became of its rules and the findings that it keeps.

    A kind that only rules over several kinds look at has the live records that the store holds now.
    """
    numbers: dict[str, _Numbers] = defaultdict(_Numbers)
    for connection, dimension, kind, checked in database.execute(_widest(run_id)):
        numbers[connection].checked[dimension, kind] = checked
    for (connection, objected), records in _alike(database, run_id).items():
        bad = numbers[connection].bad
        for key, weight in _worst(objected).items():
            bad[key][weight] += records
    return {connection: _scores(database, connection, one) for connection, one in sorted(numbers.items())}


def together(parts: Iterable[Scores]) -> Scores:
    """Return the scores of several connections as those of one store."""
    found = Scores()
    for part in parts:
        for sums, own in (
            (found.cells, part.cells), (found.dimensions, part.dimensions), (found.kinds, part.kinds)
        ):  # fmt: skip
            _add(sums, own)
    return found


def _add(sums: dict[Any, Score], own: Mapping[Any, Score]) -> None:
    for key, score in own.items():
        sums[key] = sums.get(key, Score()) + score


def _alike(database: Connection, run_id: str) -> Counter[tuple[str, Objected]]:
    """Return by connection how many records are objected to in the same places: a few ways, however many records."""
    rows = database.execute(_objected(run_id))
    found: Counter[tuple[str, Objected]] = Counter()
    for (connection, _record), of_record in groupby(rows, key=itemgetter(0, 1)):
        found[connection, tuple(row[2:] for row in of_record)] += 1
    return found


def _worst(objected: Objected) -> dict[Key, int]:
    """Return where a record is objected to, and how badly."""
    worst: dict[Key, int] = {}
    for dimension, rule_kind, kind, weight in objected:
        for key in (("cell", (dimension, rule_kind)), ("dimension", dimension), ("kind", kind)):
            worst[key] = min(worst.get(key, weight), weight)
    return worst


def _scores(database: Connection, connection: str, numbers: _Numbers) -> Scores:
    cells, bad = numbers.checked, numbers.bad
    kinds: dict[str, int] = {}
    for (_dimension, kind), n in cells.items():
        if kind is not None:
            kinds[kind] = max(kinds.get(kind, 0), n)
    for what, kind in list(bad):
        if what == "kind" and kind not in kinds:
            kinds[kind] = _live(database, connection, kind)
    in_order = sorted(cells, key=lambda cell: (cell[0], cell[1] or ""))
    return Scores(
        {cell: _score(cells[cell], bad["cell", cell]) for cell in in_order},
        {one: _score(_of_dimension(cells, one), bad["dimension", one]) for one, _kind in in_order},
        {kind: _score(kinds[kind], bad["kind", kind]) for kind in sorted(kinds)},
    )


def _score(checked: int, bad: Sequence[int]) -> Score:
    """Return a score; rules that look at different records of a kind may find more together than one looked at."""
    return Score(max(checked, sum(bad)), *bad)


def _of_dimension(cells: Mapping[Cell, int], dimension: str) -> int:
    """Return the records of a dimension: of all its kinds, or of its rules over several kinds where these are more."""
    own = {kind: n for (of, kind), n in cells.items() if of == dimension}
    several = own.pop(None, 0)
    return max(sum(own.values()), several)


def _live(database: Connection, connection: str, kind: str) -> int:
    table = sql_table(kind)
    statement = select(func.count()).where(table.c.connection == connection, table.c.deleted_at.is_(None))
    return int(database.execute(statement).scalar_one())


def _widest(run_id: str) -> Select[Any]:
    """Return the statement for what the widest rule of each dimension and kind looked at."""
    table = machinery.rule_result
    cell = (table.c.connection, table.c.dimension, table.c.kind)
    known = (table.c.run_id == run_id, table.c.state == EXAMINED, table.c.checked.is_not(None))
    return select(*cell, func.max(table.c.checked)).where(*known).group_by(*cell)


def _objected(run_id: str) -> Select[Any]:
    """Return the statement for the worst finding of each record by dimension and kind; rows of a record are neighbours.

    A scan of the findings of the run, and one sort of them, which databases spill.
    """
    found, result = machinery.finding, machinery.rule_result
    same = and_(
        result.c.run_id == found.c.run_id, result.c.connection == found.c.connection, result.c.rule == found.c.rule
    )
    keys = (found.c.connection, found.c.record_id, result.c.dimension, result.c.kind, found.c.kind)
    return (
        select(*keys, func.min(case(_WEIGHTS, value=found.c.severity)))
        .join(result, same)
        .where(found.c.run_id == run_id, found.c.record_id.is_not(None), found.c.kind.is_not(None),
               found.c.severity.in_(_WEIGHTS), result.c.state == EXAMINED)
        .group_by(*keys)
        .order_by(found.c.connection, found.c.record_id)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
