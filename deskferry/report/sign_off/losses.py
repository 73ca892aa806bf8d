"""The losses of a run, grouped by what became of the value; memory grows with the causes, not with the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from deskferry.report.excerpt import excerpt
from deskferry.report.sign_off.facts import Facts
from deskferry.report.sign_off.loss_groups import GROUPS, group_of, sentence
from deskferry.report.sign_off.naming import naming
from deskferry.report.wording import Words
from deskferry.store import machinery

_EXAMPLES = 5
_FIELDS = 12
_VALUE = 120


def losses(facts: Facts, words: Words) -> dict[str, Any]:
    """Return totals, and the causes in groups, each with its fields, a few examples and what became of the values."""
    table, run = machinery.loss, machinery.run
    mine = table.c.run_id == facts.run_id
    of_route = table.c.run_id.in_(select(run.c.id).where(run.c.connection == facts.route))
    with facts.store.read() as database:
        standing = _by_cause(database, of_route)
        causes = []
        for key, count in _by_cause(database, mine).items():
            cause, planned = key
            line = _cause(
                database, facts.source.name, and_(mine, table.c.cause == cause, table.c.planned.is_(planned)), count
            )
            text = sentence(facts, words, cause)
            causes.append({"cause": cause, "planned": planned, "text": text,
                           "standing": standing[key], **line})  # fmt: skip
    grouped: list[dict[str, Any]] = [
        {
            "group": group,
            "causes": [one for one in causes if group_of(one["cause"], unplanned=not one["planned"]) == group],
        }
        for group in GROUPS
    ]
    return {
        "total": sum(one["count"] for one in causes),
        "unplanned": sum(one["count"] for one in causes if not one["planned"]),
        "standing": sum(standing.values()),
        "groups": [{**one, "count": sum(each["count"] for each in one["causes"])} for one in grouped if one["causes"]],
    }


def _by_cause(database: Connection, where: ColumnElement[bool]) -> dict[tuple[str, bool], int]:
    """Return (cause, planned) → rows, the most frequent first."""
    table = machinery.loss
    rows = database.execute(
        select(table.c.cause, table.c.planned, func.count().label("n"))
        .where(where)
        .group_by(table.c.cause, table.c.planned)
        .order_by(func.count().desc(), table.c.cause)
    )
    return {(row.cause, bool(row.planned)): row.n for row in rows}


def _cause(database: Connection, source: str, where: ColumnElement[bool], count: int) -> dict[str, Any]:
    table = machinery.loss
    fields = database.execute(
        select(table.c.field, func.count().label("n"))
        .where(where)
        .group_by(table.c.field)
        .order_by(func.count().desc(), table.c.field)
        .limit(_FIELDS)
    ).all()
    examples = database.execute(
        select(table.c.record_id, table.c.field, table.c.value).where(where).order_by(table.c.id).limit(_EXAMPLES)
    ).all()
    called = naming(database, source, [row.record_id for row in examples], [row.value for row in examples])
    return {
        "count": count,
        "fields": [{"field": row.field, "label": called.field_name(row.field), "count": row.n} for row in fields],
        "examples": [
            {
                "record_id": row.record_id,
                "url": called.urls.get(row.record_id),
                "field": row.field,
                "value": excerpt(called.value(row.value), _VALUE),
            }
            for row in examples
        ],
    }


def loss_rows(facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield every loss of the run, one after the other."""
    table = machinery.loss
    columns = ("record_id", "field", "value", "cause", "planned")
    statement = select(*(table.c[name] for name in columns)).where(table.c.run_id == facts.run_id)
    with facts.store.read() as database:
        rows = database.execute(statement.order_by(table.c.id).execution_options(yield_per=2000))
        for row in rows.mappings():
            yield {**row, "planned": bool(row["planned"])}
