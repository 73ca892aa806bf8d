"""Operations that failed and whose record, or part of one, has not crossed since."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from deskferry.migrate.journal import EFFECTIVE, UNDO
from deskferry.store import Store, machinery
from deskferry.store.upsert import chunks

FAILED = ("refused", "not_sent", "quarantined")
_AMONG = 500


def failed_operations(store: Store, account_id: str, *narrow: Any) -> list[Any]:
    """Return what failed and has not crossed since, in the order of sending; `narrow` are conditions."""
    table = machinery.write_op
    mine = (table.c.account_id == account_id) & (table.c.action != UNDO)
    with store.read() as database:
        failed = select(table).where(mine, table.c.state.in_(FAILED), *narrow).order_by(table.c.id)
        rows = list(database.execute(failed))
        since: dict[tuple[str, str], int] = {}
        for part in chunks(sorted({row.record_id for row in rows}), _AMONG):
            done = database.execute(
                select(table.c.record_id, table.c.part, table.c.id).where(
                    mine, table.c.record_id.in_(part), table.c.state.in_(EFFECTIVE)
                )
            )
            for row in done:
                since[row.record_id, row.part] = max(row.id, since.get((row.record_id, row.part), 0))
    return [row for row in rows if since.get((row.record_id, row.part), 0) < row.id]
