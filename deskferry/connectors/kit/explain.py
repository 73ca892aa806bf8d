"""How each canonical field of a record came about: computed from the tables that map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deskferry.canonical_schema import column_names
from deskferry.connectors.kit.mapper import emitter
from deskferry.connectors.kit.mapping import Context, Mapped, ObjectMap, Raw, Table, dig


@dataclass(frozen=True, slots=True)
class FieldExplained:
    """How one canonical field came about."""

    field: str
    path: str
    raw: Any
    converter: str
    result: Any


def explain(object_map: ObjectMap, context: Context, raw: Raw, kind: str, record_id: str) -> list[FieldExplained]:
    """Return each canonical field of one record: source path, raw value, converter, result."""
    sid = str(dig(raw, tuple(object_map.id_path.split("."))))
    for n, table in enumerate(object_map.tables):
        if table.kind != kind:
            continue
        for item in _items(table, raw):
            out: Mapped = {}
            emitter((_only(table, item),), object_map, context, main=not n)(raw, sid, "", out, False)
            row = dict(zip(column_names(kind), out[kind][0], strict=True)) if out else {}
            if row.get("id") == record_id:
                return list(_explained(table, item, raw, row, main=not n))
    return []


def _items(table: Table, raw: Raw) -> Iterator[Any]:
    if table.each is None:
        items: Iterable[Any] = (raw,)
    elif callable(table.each):
        items = table.each(raw)
    else:
        items = dig(raw, tuple(table.each.split("."))) or ()
    for item in items:
        if table.when is None or table.when(item, raw):
            yield item


def _only(table: Table, item: Any) -> Table:
    """Return the table narrowed to one item."""
    if table.each is None:
        return table
    return Table(
        table.kind, table.rows, lambda _raw: (item,), table.source_id, table.part, table.key, table.of, table.when
    )


def _explained(table: Table, item: Any, raw: Raw, row: dict[str, Any], *, main: bool) -> Iterator[FieldExplained]:
    for mapped in table.rows:
        root, path = (raw, mapped.path[1:]) if mapped.path.startswith("^") else (item, mapped.path)
        value = root if path in {"", "."} else dig(root, tuple(path.split(".")))
        converter = "plain" if mapped.via is None else getattr(mapped.via, "__name__", str(mapped.via))
        yield FieldExplained(mapped.to, mapped.path, value, converter, row[mapped.to])
    if main and row.get("extra"):
        yield FieldExplained("extra", "", None, "what no row takes", row["extra"])
