"""Scores: the share of the records that were checked to which nothing is objected, by dimension and kind.

A record with an error counts nothing, one with a warning and no error counts half; notes lower no score. Each record
counts once however many findings it has, so that every score can be checked from the three numbers beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from deskferry.report.audit.facts import Facts
from deskferry.report.audit.results import RuleTotal
from deskferry.store import machinery
from deskferry.validate.rule import Dimension
from deskferry.validate.rule_results import EXAMINED

_WORST = {"error": 0, "warning": 1, "info": 2}
_Key = tuple[str, str | None]
_Bad = Mapping[_Key, Sequence[int]]


def scores(facts: Facts, rules: Iterable[RuleTotal]) -> dict[str, Any]:
    """Return the scores of every dimension and kind, of each dimension, of each kind, and of all records together."""
    examined = [one for one in rules if one.state == EXAMINED]
    cells_checked = _checked(examined, by_dimension=True)
    kinds_checked = _checked(examined, by_dimension=False)
    with facts.store.read() as database:
        cells_bad = _bad(database, facts.run_id, {one.rule: one.dimension for one in examined})
        kinds_bad = _bad(database, facts.run_id, {one.rule: "" for one in examined})
        aside = _aside(database, facts.run_id)
    cells = [
        {"dimension": dimension, "kind": kind, **_score(n, cells_bad.get((dimension, kind), (0, 0)))}
        for (dimension, kind), n in cells_checked.items()
    ]
    kinds = [
        {"kind": kind, **_score(n, kinds_bad.get(("", kind), (0, 0)))} for (_all, kind), n in kinds_checked.items()
    ]
    return {
        "dimensions": [
            {"dimension": one.value, **_together(cell for cell in cells if cell["dimension"] == one.value)}
            for one in Dimension
        ],
        "kinds": kinds,
        "cells": cells,
        "total": _together(kinds),
        "aside": aside,
    }


def _checked(rules: Iterable[RuleTotal], *, by_dimension: bool) -> dict[_Key, int]:
    """Return the records that the widest of the rules looked at, summed over the connections."""
    widest: dict[tuple[_Key, str], int] = {}
    for rule in rules:
        for part in rule.parts:
            if part.kind is not None and part.checked is not None:
                key = ((rule.dimension if by_dimension else "", part.kind), part.connection)
                widest[key] = max(widest.get(key, 0), part.checked)
    found: dict[_Key, int] = defaultdict(int)
    for (cell, _connection), n in widest.items():
        found[cell] += n
    return dict(found)


def _bad(database: Connection, run_id: str, groups: Mapping[str, str]) -> _Bad:
    """Return how many records have an error, and how many a warning and no error, by (group of the rule, kind)."""
    table = machinery.finding
    group: ColumnElement[Any] = case(groups, value=table.c.rule, else_="?") if groups else literal("?")
    worst = (
        select(group.label("of"), table.c.kind, func.min(case(_WORST, value=table.c.severity, else_=2)).label("worst"))
        .where(table.c.run_id == run_id, table.c.record_id.is_not(None))
        .group_by(group, table.c.kind, table.c.record_id)
        .subquery()
    )
    rows = database.execute(
        select(worst.c.of, worst.c.kind, worst.c.worst, func.count())
        .where(worst.c.worst < _WORST["info"])
        .group_by(worst.c.of, worst.c.kind, worst.c.worst)
    )
    found: dict[_Key, list[int]] = defaultdict(lambda: [0, 0])
    for of, kind, place, n in rows:
        found[of, kind][place] += n
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
    return {"checked": checked, "with_error": errors, "with_warning": warnings, "score": share}


def _together(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the score of what several kinds hold; a record is of one kind alone."""
    sums = [0, 0, 0]
    for one in parts:
        for place, name in enumerate(("checked", "with_error", "with_warning")):
            sums[place] += one[name]
    return _score(sums[0], sums[1:])
