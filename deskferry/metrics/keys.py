"""Ids as metrics see them: whole numbers that stand for their texts, see `store.snapshot`.

A table that names `ticket_id` among its columns gets it as a key. Keys are compared, joined and counted, never shown:
what is shown comes from the column `text_of_ticket_id`, asked for where it is needed (`Desk.texts`).
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.types as ir

from deskferry.store.export_processes import KEY_OF

TEXT_OF = "text_of_"


def is_id(column: str) -> bool:
    """Whether metrics see this column as a key."""
    return column == "id" or (column.endswith("_id") and not column.startswith((KEY_OF, TEXT_OF)))


def wanted(columns: Iterable[str]) -> set[str]:
    """Return the columns that a snapshot must have for those that metrics name."""
    found: set[str] = set()
    for name in columns:
        if name.startswith(TEXT_OF):
            found |= set(text_column(name.removeprefix(TEXT_OF)))
        else:
            found.add(KEY_OF + name if is_id(name) else name)
    return found


def text_column(column: str) -> tuple[str, str]:
    """Return the columns of a snapshot that have the key and the text of an id."""
    return KEY_OF + column, column


def as_keys(table: ir.Table) -> ir.Table:
    """Return a table of a snapshot with its ids as keys under their own names."""
    keys = {name.removeprefix(KEY_OF): name for name in table.columns if name.startswith(KEY_OF)}
    keys = {column: name for column, name in keys.items() if is_id(column)}
    shown = [name for name in table.columns if name not in keys.values() and not is_id(name)]
    return table.select(*shown, **keys)
