"""Hides what would tell what single people said (M30): lines of fewer people than a floor, and from what they follow.

Lines are sums of each other: all of groups, all of periods, a group of its periods, a period of its groups. A part that
is hidden must not be what remains of its whole, nor a whole what its parts add up to: so another one is hidden with it,
which is a part of another whole, and so on until nothing follows any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from deskferry.metrics import dimensions, zones
from deskferry.metrics.definition import Finished

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask, Desk
    from deskferry.metrics.result import Line

ANONYMITY_FLOOR = 5
"""What fewer people than this said is not told, whatever the floor of the question."""
Cell = tuple[tuple[str | None, ...], datetime | None]
"""The group of a line (none: all) and the start of its period (None: all)."""
People = Mapping[Cell, set[Any]]


def anonymous(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines without the values of those that would tell what single people said."""
    cells = [_cell(line) for line in lines]
    by = next((tuple(line.group) for line in lines if line.group), ())
    hidden = _hidden(_people(ask.desk, rows, by), cells)
    why = f"fewer than {ANONYMITY_FLOOR} people answered, or it would tell what fewer said: not shown"
    return Finished(tuple(
        replace(line, value=None, figures={}, interval=None, reason=why) if cell in hidden else line
        for line, cell in zip(lines, cells, strict=True)
    ))  # fmt: skip


def _cell(line: Line) -> Cell:
    return tuple(line.group.values()), line.period.start if line.period else None


def _people(desk: Desk, rows: ir.Table, by: tuple[str, ...]) -> People:
    """Return who answered, for each line there can be; who gave no name is somebody else each time."""
    split, _absent = dimensions.attach(desk, rows.filter(rows.value.notnull()), by)
    split = split.select(*by, "person_id", "survey_id", day=desk.local(split["at"]).date())
    answers = split.to_pyarrow().to_pylist()
    named = {name: dimensions.names(desk, name, [one[name] for one in answers]) for name in by}
    period, zone = desk.question.period, desk.question.zone
    found: dict[Cell, set[Any]] = {}
    for one in answers:
        group = tuple(named[name].get(one[name], (None, None))[0] for name in by)
        start = zones.instant(zones.start_of(one["day"], period), zone) if period else None
        who = ("answer", one["survey_id"]) if one["person_id"] is None else ("person", one["person_id"])
        for cell in {((), None), ((), start), (group, None), (group, start)}:
            found.setdefault(cell, set()).add(who)
    return found


def _hidden(people: People, cells: Iterable[Cell]) -> set[Cell]:
    """Return the cells that are not shown."""
    told = [cell for cell in cells if people.get(cell)]
    hidden = {cell for cell in told if len(people[cell]) < ANONYMITY_FLOOR}
    sums = list(_sums(told))
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        for whole, parts in sums:
            hidden |= _also(whole, parts, hidden, people)
    return hidden


def _sums(cells: Sequence[Cell]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield each line that others add up to, and those."""
    for whole in cells:
        group, start = whole
        if group and start:
            continue
        if not start:
            yield whole, [cell for cell in cells if cell[0] == group and cell[1]]
        if not group:
            yield whole, [cell for cell in cells if cell[1] == start and cell[0]]


def _also(whole: Cell, parts: Sequence[Cell], hidden: set[Cell], people: People) -> set[Cell]:
    """Return what must be hidden too, so that nothing hidden follows from the rest of this sum."""
    if not parts:
        return set()
    out = [cell for cell in parts if cell in hidden]
    follows = len(out) + (whole in hidden) == 1
    are_few = whole not in hidden and 0 < len(set().union(*(people[cell] for cell in out))) < ANONYMITY_FLOOR
    if not (follows or are_few):
        return set()
    rest = [cell for cell in parts if cell not in hidden]
    return {min(rest, key=lambda cell: len(people[cell]))} if rest else {whole}
