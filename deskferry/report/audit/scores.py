"""Scores: the share of the records that were checked to which nothing is objected, by dimension and kind.

A record with an error counts nothing, one with a warning and no error counts half; notes lower no score. Each record
counts once however many findings it has, so that every score can be checked from the three numbers beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.report.audit.facts import Facts
from deskferry.report.audit.results import RuleTotal
from deskferry.store import machinery
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension
from deskferry.validate.rule_results import EXAMINED

_WEIGHTS = {Severity.ERROR.value: 0, Severity.WARNING.value: 1}
_COUNTS = ("checked", "with_error", "with_warning")
_AT_ONCE = 5_000


@dataclass
class _Bad:
    """Records to which something is objected: how many with an error, how many with a warning and no error."""

    cells: dict[tuple[str, str | None], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """By the dimension and kind of the rule; None: a rule over several kinds."""
    dimensions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    kinds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """By the kind of the record."""


def scores(facts: Facts, rules: Iterable[RuleTotal], live: Mapping[str, int]) -> dict[str, Any]:
    """Return the scores of every dimension and kind, of each dimension, of each kind, and of all records together.

    `live`: how many live records there are by kind, for kinds that only rules over several kinds look at.
    """
    examined = {one.rule: one for one in rules if one.state == EXAMINED}
    cells, widest = _checked(examined.values(), by_dimension=True), _checked(examined.values(), by_dimension=False)
    with facts.store.read() as database:
        bad = _bad(database, facts.run_id, examined)
        aside = _aside(database, facts.run_id)
    kinds = {kind: n for (_all, kind), n in widest.items() if kind is not None}
    kinds |= {kind: live.get(kind, 0) for kind in sorted(bad.kinds) if kind not in kinds}
    by_kind = [{"kind": kind, **_score(n, bad.kinds.get(kind, (0, 0)))} for kind, n in kinds.items()]
    return {
        "dimensions": [
            {"dimension": one.value, **_score(_of_dimension(cells, one.value), bad.dimensions.get(one.value, (0, 0)))}
            for one in Dimension
        ],
        "kinds": by_kind,
        "cells": [
            {"dimension": dimension, "kind": kind, **_score(n, bad.cells.get((dimension, kind), (0, 0)))}
            for (dimension, kind), n in cells.items()
        ],
        "total": _together(by_kind),
        "aside": aside,
    }


def _checked(rules: Iterable[RuleTotal], *, by_dimension: bool) -> dict[tuple[str, str | None], int]:
    """Return the records that the widest of the rules looked at, summed over the connections."""
    widest: dict[tuple[tuple[str, str | None], str], int] = {}
    for rule in rules:
        for part in rule.parts:
            if part.checked is not None:
                key = ((rule.dimension if by_dimension else "", part.kind), part.connection)
                widest[key] = max(widest.get(key, 0), part.checked)
    found: dict[tuple[str, str | None], int] = defaultdict(int)
    for (cell, _connection), n in widest.items():
        found[cell] += n
    return dict(found)


def _of_dimension(cells: Mapping[tuple[str, str | None], int], dimension: str) -> int:
    """Return the records of a dimension: of all its kinds, or of its rules over several kinds where these are more."""
    own = {kind: n for (of, kind), n in cells.items() if of == dimension}
    several = own.pop(None, 0)
    return max(sum(own.values()), several)


def _bad(database: Connection, run_id: str, rules: Mapping[str, RuleTotal]) -> _Bad:
    """Return the records to which rules object; they are read one after the other, each with all its findings."""
    table, found = machinery.finding, _Bad()
    statement = (
        select(table.c.record_id, table.c.kind, table.c.rule, table.c.severity)
        .where(table.c.run_id == run_id, table.c.record_id.is_not(None), table.c.kind.is_not(None),
               table.c.severity.in_(_WEIGHTS))
        .order_by(table.c.record_id)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip
    for _record, rows in groupby(database.execute(statement), key=itemgetter(0)):
        worst: list[dict[Any, int]] = [{}, {}, {}]
        for _id, kind, rule, severity in rows:
            if rule in rules:
                weight, own = _WEIGHTS[severity], rules[rule]
                for place, key in zip(worst, ((own.dimension, own.kind), own.dimension, kind), strict=True):
                    place[key] = min(place.get(key, weight), weight)
        counted: tuple[dict[Any, list[int]], ...] = (found.cells, found.dimensions, found.kinds)
        for counts, own_worst in zip(counted, worst, strict=True):
            for key, weight in own_worst.items():
                counts[key][weight] += 1
    return found


def _aside(database: Connection, run_id: str) -> int:
    """Return the number of findings that blame no single record of a kind: they are in no score."""
    table = machinery.finding
    statement = select(func.count()).where(
        table.c.run_id == run_id, table.c.record_id.is_(None) | table.c.kind.is_(None)
    )
    return int(database.execute(statement).scalar_one())


def _score(checked: int, bad: Sequence[int]) -> dict[str, Any]:
    errors, warnings = bad
    checked = max(checked, errors + warnings)  # rules that look at different records of a kind may find more together
    share = None if not checked else (checked - errors - warnings / 2) / checked
    return {**dict(zip(_COUNTS, (checked, errors, warnings), strict=True)), "score": share}


def _together(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the score of what several kinds hold; a record is of one kind alone."""
    sums = [0, 0, 0]
    for one in parts:
        for place, name in enumerate(_COUNTS):
            sums[place] += one[name]
    return _score(sums[0], sums[1:])
