"""The scores of the audit's run (`deskferry.validate.scores`), as they are shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.report.audit.facts import Facts
from deskferry.store import machinery
from deskferry.validate.rule import Dimension
from deskferry.validate.scores import Score, scores_of, together


def scores(facts: Facts) -> dict[str, Any]:
    """Return the scores of every dimension and kind, of each dimension, of each kind, and of all records together."""
    with facts.store.read() as database:
        found = together(scores_of(database, facts.run_id).values())
        aside = _aside(database, facts.run_id)
    return {
        "dimensions": [
            {"dimension": one.value, **shown(found.dimensions.get(one.value, Score()))} for one in Dimension
        ],
        "kinds": [{"kind": kind, **shown(one)} for kind, one in found.kinds.items()],
        "cells": [
            {"dimension": dimension, "kind": kind, **shown(one)} for (dimension, kind), one in found.cells.items()
        ],
        "total": shown(found.total),
        "aside": aside,
    }


def shown(score: Score | None) -> dict[str, Any]:
    """Return the numbers of a score and itself; of one that nobody kept there is none."""
    if score is None:
        return dict.fromkeys(("checked", "with_error", "with_warning", "score"))
    return {
        "checked": score.checked, "with_error": score.with_error, "with_warning": score.with_warning,
        "score": score.share,
    }  # fmt: skip


def _aside(database: Connection, run_id: str) -> int:
    """Return the number of findings that blame no single record of a kind: they are in no score."""
    table = machinery.finding
    statement = select(func.count()).where(
        table.c.run_id == run_id, table.c.record_id.is_(None) | table.c.kind.is_(None)
    )
    return int(database.execute(statement).scalar_one())
