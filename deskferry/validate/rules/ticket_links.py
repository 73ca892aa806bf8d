"""Rules on tickets and people that refer to their own kind: merged into one another, children of one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_UNDO = "Look at them at the vendor, and take one of the links back: nothing can tell which of them is left."
_LINKS = {"ticket_link": ("kind", "key_of_ticket_id", "key_of_other_ticket_id")}


def _merged(desk: Desk) -> ir.Table:
    return _edges("ticket", "merged_into_id", "merged_into", desk)


def _edges(kind: str, column: str, link: str | None, desk: Desk) -> ir.Table:
    """Return which record refers to which: by its column or, of tickets, by a link."""
    rows = desk.every(kind)
    found = rows.select("key_of_id", to=f"key_of_{column}").filter(ibis._.to.notnull())
    if link is None:
        return found
    links = desk.live("ticket_link")
    links = links.filter(links.kind == link, links.key_of_other_ticket_id.notnull())
    return found.union(links.select(key_of_id="key_of_ticket_id", to="key_of_other_ticket_id")).distinct()


def _target_missing(desk: Desk) -> ir.Table:
    rows = desk.live("ticket")
    there = desk.live("ticket").select(to="key_of_id")
    led = _merged(desk).semi_join(there, "to")
    return rows.filter(rows.status == "merged").anti_join(led, "key_of_id").mutate(record_id="id")


def _circling(kind: str, column: str, link: str | None, desk: Desk) -> ir.Table:
    """Yield records from which references lead back to themselves."""
    edges = _edges(kind, column, link, desk)
    # A circle has no end: of a million records that were merged only those of chains are looked at in Python.
    chained = edges.semi_join(edges.select(to="key_of_id").view(), "to").to_pyarrow()
    onward: dict[int, list[int]] = {}
    for one, to in zip(chained["key_of_id"].to_pylist(), chained["to"].to_pylist(), strict=True):
        onward.setdefault(one, []).append(to)
    held = pa.table({"key_of_id": pa.array(sorted(on_cycles(onward)), pa.int64())})
    circle = desk.backend.create_table(ibis.util.gen_name("circle"), held, temp=True)
    return desk.every(kind).semi_join(circle, "key_of_id").mutate(record_id="id")


def on_cycles(onward: Mapping[int, Sequence[int]]) -> set[int]:
    """Return what references lead back to, and what lies on the way from one circle to another."""
    inward: dict[int, list[int]] = {}
    for one, targets in onward.items():
        for target in targets:
            inward.setdefault(target, []).append(one)
    reached = _peeled(set(onward) | set(inward), inward, onward)
    return _peeled(reached, onward, inward)


def _peeled(left: set[int], before: Mapping[int, Sequence[int]], after: Mapping[int, Sequence[int]]) -> set[int]:
    """Return what is left when everything without anything before it is taken away, again and again."""
    count = {one: sum(1 for other in before.get(one, ()) if other in left) for one in left}
    ends = [one for one, number in count.items() if number == 0]
    while ends:
        one = ends.pop()
        left.discard(one)
        for other in after.get(one, ()):
            if other in left:
                count[other] -= 1
                if count[other] == 0:
                    ends.append(other)
    return left


def _cycle(name: str, kind: str, column: str, link: str | None, what: str) -> Rule:
    return Rule(
        id=f"{kind}.{name}",
        kind=kind,
        dimension=Dimension.CONSISTENCY,
        severity=Severity.ERROR,
        name=what,
        detail=f"{column.removesuffix('_id').replace('_', ' ')}: leads back to itself",
        advice=_UNDO,
        reads={kind: ("key_of_id", f"key_of_{column}"), **({} if link is None else _LINKS)},
        offending=partial(_circling, kind, column, link),
    )


RULES = (
    Rule(
        "ticket.merged_target_missing",
        "ticket",
        Dimension.REFERENCES,
        Severity.ERROR,
        "Merged tickets whose target is missing",
        "merged, and the ticket that it went into is not in the store",
        "Pull again; where the vendor has no target either, its messages are only here.",
        {"ticket": ("status", "key_of_id", "key_of_merged_into_id"), **_LINKS},
        offending=_target_missing,
        among=lambda rows, _desk: rows.status == "merged",
    ),
    _cycle("merge_cycle", "ticket", "merged_into_id", "merged_into", "Tickets merged into one another in a circle"),
    _cycle("parent_cycle", "ticket", "parent_id", "parent", "Tickets that are their own ancestor"),
    _cycle("merge_cycle", "person", "merged_into_id", None, "People merged into one another in a circle"),
)
