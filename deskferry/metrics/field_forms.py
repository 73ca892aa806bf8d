"""Which tickets could not have a value of a custom field, as it is not on their form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.desk import Desk

FORM_COLUMNS = ("form_id", "inbox_id", "type", "text_of_form_id", "text_of_inbox_id")
_CONFINED = {"forms": "form_id", "inboxes": "inbox_id", "types": "type"}


def not_on_form(desk: Desk, key: str) -> ir.Table:
    """Return `ticket_id` of the tickets whose form, inbox or type the field is not for.

    A ticket of which that is not known could have it.
    """
    tickets = desk.fact("ticket").select("ticket_id", "connection")
    columns = desk.table("ticket").select("id", "form_id", "inbox_id", "type")
    rows = tickets.inner_join(columns, tickets.ticket_id == columns.id)
    outside = [
        (rows.connection == field["connection"]) & rows[column].notnull() & ~_is_one_of(desk, rows, column, allowed)
        for field in _fields(desk, key)
        for name, column in _CONFINED.items()
        if (allowed := json.loads(field["applies_to"] or "{}").get(name))
    ]
    chosen: Any = reduce(or_, outside) if outside else ibis.literal(value=False)
    return rows.filter(chosen).select("ticket_id")


def _fields(desk: Desk, key: str) -> list[dict[str, Any]]:
    fields = desk.table("custom_field")
    found = fields.filter(fields.kind == "ticket", fields.key == key).select("connection", "applies_to")
    return list(found.to_pyarrow().to_pylist())


def _is_one_of(desk: Desk, rows: ir.Table, column: str, allowed: Iterable[Any]) -> Any:
    """Return whether a column names one of these: canonical ids, or ids as the vendor has them."""
    texts = {str(one) for one in allowed}
    if column == "type":
        return rows[column].isin(sorted(texts))
    told = desk.texts("ticket", column).to_pyarrow().to_pylist()
    keys = [one["key"] for one in told if one["text"] in texts or one["text"].rsplit(":", 1)[-1] in texts]
    return rows[column].isin(keys) if keys else ibis.literal(value=False)
