"""What earlier calls wrote into a record, put together from the journal: an update empties only what they filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from deskferry.connectors.kit.contract import Earlier
from deskferry.migrate.journal import EFFECTIVE, UNDO
from deskferry.store import machinery
from deskferry.store.upsert import chunks

_AMONG = 500


def earlier_of(database: Connection, account_id: str, record_ids: Iterable[str]) -> dict[tuple[str, str], Earlier]:
    """Return what lies at the destination of each (record, part) by the calls that took effect, oldest first."""
    table = machinery.write_op
    found: dict[tuple[str, str], Earlier] = {}
    for part in chunks(sorted(set(record_ids)), _AMONG):
        rows = database.execute(
            select(table.c.record_id, table.c.part, table.c.request, table.c.receipt)
            .where(
                table.c.account_id == account_id,
                table.c.record_id.in_(part),
                table.c.action != UNDO,
                table.c.state.in_(EFFECTIVE),
            )
            .order_by(table.c.id)
        )
        for row in rows:
            if (row.receipt or {}).get("adopted"):
                continue  # a twin that was there: nothing was written into it
            key = (row.record_id, row.part)
            found[key] = _with(found.get(key, Earlier({})), row.request or {}, row.receipt or {})
    return found


def _with(earlier: Earlier, request: Mapping[str, Any], receipt: Mapping[str, Any]) -> Earlier:
    dropped = set(receipt.get("dropped") or ())
    written = {key: value for key, value in (request.get("body") or {}).items() if key not in dropped}
    body = {**earlier.body, **written}
    for key, value in written.items():
        known = earlier.body.get(key)
        if isinstance(known, Mapping) and _nested(value) and _nested(known):
            body[key] = {**known, **value}
    files = {file[0]: file[1] for file in request.get("files") or ()}
    return Earlier(body, {**earlier.files, **files}, tuple(request.get("carries") or earlier.carries))


def _nested(value: Any) -> bool:
    """Whether a value has keys of its own: custom fields, neither a reference nor a shortened text."""
    return isinstance(value, Mapping) and not {"$ref", "$text", "sha256"} & value.keys()
