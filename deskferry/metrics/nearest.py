"""What of one table lies nearest in time to each row of another: an as-of join that every engine can do."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def latest_before(
    rows: ir.Table, at: str, others: ir.Table, other_at: str, *, by: str, into: str, also_then: bool = False
) -> ir.Table:
    """Return rows with the last `other_at` before their `at`, among others that have the same `by`; NULL: none.

    `also_then`: one of the same instant counts too. A row without `by` has none.
    """
    points = _together(rows, at, others, other_at, by, into, others_first=also_then)
    return _carried(points, rows, into, [points["_at"], points["_rank"]], "max")


def first_from(rows: ir.Table, at: str, others: ir.Table, other_at: str, *, by: str, into: str) -> ir.Table:
    """Return rows with the first `other_at` at or after their `at`, among others that have the same `by`."""
    points = _together(rows, at, others, other_at, by, into, others_first=False)
    return _carried(points, rows, into, [points["_at"].desc(), points["_rank"].desc()], "min")


def _together(
    rows: ir.Table, at: str, others: ir.Table, other_at: str, by: str, into: str, *, others_first: bool
) -> ir.Table:
    """Return the rows and, beside them, what may lie next to them: the others that share a `by` with any of them."""
    moment = others[other_at]
    ours = rows.mutate(
        _by=rows[by], _at=rows[at], _rank=ibis.literal(1, "int64"), _mine=ibis.literal(value=True),
        **{into: ibis.null(moment.type())},
    )  # fmt: skip
    theirs = others.filter(others[by].notnull(), moment.notnull()).semi_join(rows.select(by), by)
    empty = {name: ibis.null(rows[name].type()) for name in rows.columns}
    theirs = theirs.select(
        _by=theirs[by], _at=theirs[other_at], _rank=ibis.literal(0 if others_first else 2, "int64"),
        _mine=ibis.literal(value=False), **{**empty, into: theirs[other_at]},
    )  # fmt: skip
    return ours.union(theirs.select(*ours.columns))


def _carried(points: ir.Table, rows: ir.Table, into: str, order: list[ir.Value], pick: str) -> ir.Table:
    """Return the rows with what was found; those without `by` are nobody's neighbours, and are not sorted."""
    upto = ibis.cumulative_window(group_by="_by", order_by=order)
    known, unknown = points.filter(points["_by"].notnull()), points.filter(points["_by"].isnull())
    found = known.mutate(**{into: getattr(known[into], pick)().over(upto)})
    found = found.filter(found["_mine"]).union(unknown.select(*found.columns))
    return found.select(*(name for name in rows.columns if name != into), into)
