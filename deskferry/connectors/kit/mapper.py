"""Tables of a mapping compiled into straight-line Python, because a million tickets pass through it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from deskferry.canonical_schema import ENGINE_COLUMNS, VOLATILE_COLUMNS, column_names, json_columns
from deskferry.connectors.kit.mapping import (
    Const,
    Context,
    Link,
    Map,
    Mapped,
    ObjectMap,
    Raw,
    RefBy,
    RefsBy,
    RefTo,
    Rejected,
    Table,
    Unreadable,
    as_text,
    dig,
    dump,
    plain,
    tamed,
)
from deskferry.connectors.kit.volatile_paths import stripper

Emit = Callable[[Raw, str, str, Mapped, bool], None]
"""Appends the rows of a record: payload, its id, time of fetching, rows by kind, whether to look for NUL characters."""
_UNHASHED = frozenset({"synced_at", "content_hash", "raw_record_id", "connection", "vendor"})
_HASH = hashlib.blake2b(digest_size=16)
"""Copied for each row and payload: half the time of a new one."""
_TEXT_COLUMNS_AS_TEXT = frozenset({"number", "external_id", "source_id"})


class Untamed(Exception):
    """A row holds what no database takes: the record is mapped again after `tamed`."""


class Mapper:
    """The compiled tables of one object for one connection."""

    def __init__(self, object_map: ObjectMap, context: Context) -> None:
        self.object_map = object_map
        self.context = context
        self.prefix = f"{context.connection}:{object_map.object}:"
        self._emit = emitter(object_map.tables, object_map, context, main=True)
        self._strip = stripper(object_map.volatile)

    def apply(self, raw: Raw, source_id: str, synced_at: str, out: Mapped) -> Rejected | None:
        """Append the canonical rows of a raw record to `out`, or return why it cannot be mapped.

        `out` holds no rows of that record yet.
        """
        try:
            if self.object_map.check is not None and (found := self.object_map.check(raw)) is not None:
                return self._placed(raw, found)
            try:
                self._emit(raw, source_id, synced_at, out, True)
            except (Untamed, orjson.JSONEncodeError):
                self._take_back(source_id, out)
                raw, source_id = tamed(raw), tamed(source_id)
                self._emit(raw, source_id, synced_at, out, False)
        except Unreadable as bad:
            rejected = Rejected(bad.code, bad.detail)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError) as bad:
            rejected = Rejected("unexpected_shape", f"{type(bad).__name__}: {bad}")
        else:
            return None
        self._take_back(source_id, out)
        return self._placed(raw, rejected)

    def _take_back(self, source_id: str, out: Mapped) -> None:
        """Remove the rows of a record that stopped half-way: they are the last ones."""
        whole = self.prefix + source_id
        for kind, rows in list(out.items()):
            at = column_names(kind).index("raw_record_id")
            while rows and rows[-1][at] == whole:
                rows.pop()
            if not rows:
                del out[kind]

    def _placed(self, raw: Raw, bad: Rejected) -> Rejected:
        place = raw.get(self.object_map.place) if self.object_map.place else None
        return bad if place is None else Rejected(bad.code, f"{place}: {bad.detail}")

    def raw_hash(self, raw: Raw) -> str:
        """Return the hash of a payload without its volatile paths."""
        return self.raw_hashes((raw,))[0]

    def raw_hashes(self, payloads: Iterable[Raw]) -> list[str]:
        """Return the hash of each payload without its volatile paths."""
        hashes: list[str] = []
        strip, dumps, fresh, sort = self._strip, orjson.dumps, _HASH.copy, orjson.OPT_SORT_KEYS
        for raw in payloads:
            stripped = raw if strip is None else strip(raw)
            try:
                packed = dumps(stripped, option=sort)  # a third faster than with OPT_NON_STR_KEYS
            except orjson.JSONEncodeError:
                packed = _oddly_packed(stripped)
            hashed = fresh()
            hashed.update(packed)
            hashes.append(hashed.hexdigest())
        return hashes


def _oddly_packed(value: Any) -> bytes:
    """Return what `raw_hash` hashes of a payload with other keys than texts, or with what is legal JSON, but rare."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(value, sort_keys=True).encode()


def _access(path: str, item: str) -> str:
    """Return the Python expression that reads a path."""
    if path in {"", "."}:
        return item
    if path.startswith("^"):
        item, path = "raw", path[1:]
        if not path:
            return item
    steps = path.split(".")
    if len(steps) == 1:
        return f"{item}.get({steps[0]!r})"
    return f"dig({item}, {tuple(steps)!r})"


def _field(row: Map, item: str, names: _Names, context: Context, column_is_text: bool) -> str:
    """Return the Python expression of one column."""
    value = _access(row.path, item)
    via = row.via
    if isinstance(via, Const):
        return names.of(via.value)
    if isinstance(via, RefTo):
        prefix = f"{context.connection}:{via.object}:"
        suffix = f" + {'/' + via.part!r}" if via.part else ""
        named = f"{prefix!r} + str(v){suffix}"
        return f"({named} if (v := {value}) else None if v is None or v == '' else {named})"
    if isinstance(via, RefBy | RefsBy):
        chosen = f"{names.of(via.choose)}({value})"
        prefix = repr(context.connection + ":")
        one = f"{prefix} + v[0] + ':' + str(v[1])"
        every = f"[{prefix} + name + ':' + str(own) for name, own in v]"
        return f"(None if (v := {chosen}) is None else {one if isinstance(via, RefBy) else every})"
    if isinstance(via, Link):
        before, _, after = via.template.partition("{}")
        return f"(None if (v := {value}) is None else {context.site + before!r} + str(v) + {after!r})"
    if via is not None:
        return f"{names.of(via)}({value})"
    # Texts and None are spared the call: most values are. What no database takes is found when the row is hashed.
    rest = "as_text" if column_is_text else "plain"
    return f"((v or None) if type(v := {value}) is str else None if v is None else {rest}(v))"


class _Names(dict[str, Any]):
    """What generated lines may name; the same value has the same name, so that equal expressions are equal texts."""

    def of(self, value: Any) -> str:
        """Return the name of a value."""
        for name, known in self.items():
            if known is value:
                return name
        name = f"k{len(self)}"
        self[name] = value
        return name


def emitter(tables: Sequence[Table], object_map: ObjectMap, context: Context, *, main: bool) -> Emit:
    """Return a function that appends the rows of a record; generated, so that a row costs no interpretation.

    `main`: whether the first of the tables is the main one. What a record yields for one table is not worked out again
    for the next.
    """
    names = _Names({
        "dig": dig, "plain": plain, "as_text": as_text, "dumps": orjson.dumps, "fresh_hash": _HASH.copy, "dump": dump,
        "own_id_of": _own_id_of, "consumed": object_map.consumed, "all_consumed": object_map.consumed.issuperset,
        "Untamed": Untamed, "NUL": b"\\u0000",
    })  # fmt: skip
    lines = [f"whole = {context.connection + ':' + object_map.object + ':'!r} + sid"]
    known: dict[str, str] = {}
    for n, table in enumerate(tables):
        lines += _table_lines(table, n, object_map, context, names, known, main=main and not n)
    function = "\n".join(["def emit(raw, sid, synced_at, out, check):", *(f"    {line}" for line in lines)])
    exec(function, names)  # noqa: S102 - our own tables, compiled once at start; no text from outside enters
    emit: Emit = names["emit"]
    return emit


def _table_lines(
    table: Table, n: int, object_map: ObjectMap, context: Context, names: _Names, known: dict[str, str], *, main: bool
) -> list[str]:
    """Return the lines of one table; `known`: expressions that are worked out already → their variables."""
    own, rid = _own_id(table, object_map, context, names)
    constants = {
        "id": "rid", "connection": repr(context.connection), "vendor": repr(context.vendor),
        "source_object": repr(table.of or object_map.object), "source_id": "rid_source", "synced_at": "synced_at",
        "raw_record_id": "whole", "content_hash": "digest",
    }  # fmt: skip
    # What follows from the record alone is worked out once, with its first item: a record without any costs nothing.
    once: list[str] = []
    body = [own, f"rid = {rid}"]
    variables: dict[str, str] = {}
    for column, (expression, of_record) in _fields(table, names, context, main=main).items():
        variables[column] = known.get(expression, expression)
        if not variables[column].isidentifier():
            variables[column] = f"c{n}_{column}"
            (once if of_record else body).append(f"c{n}_{column} = {expression}")
            if table.each is None and table.when is None:
                known[expression] = f"c{n}_{column}"
    unhashed = ENGINE_COLUMNS.get(table.kind, frozenset()) | VOLATILE_COLUMNS.get(table.kind, frozenset()) | _UNHASHED
    final = [variables.get(column, constants.get(column, "None")) for column in column_names(table.kind)]
    hashed = [
        value for column, value in zip(column_names(table.kind), final, strict=True)
        if column not in unhashed and value != "None"
    ]  # fmt: skip
    body += [
        f"packed = dumps(({', '.join(hashed)},))", "if check and NUL in packed: raise Untamed",
        "hashed = fresh_hash()", "hashed.update(packed)", "digest = hashed.hexdigest()",
        f"rows.append(({', '.join(final)},))",
    ]  # fmt: skip
    return _loop(table, once, body, names)


def _own_id(table: Table, object_map: ObjectMap, context: Context, names: _Names) -> tuple[str, str]:
    """Return the line that finds an item's own id, and the expression of its canonical one."""
    item = "raw" if table.each is None else "item"
    prefix = f"{context.connection}:" if table.of == "" else f"{context.connection}:{table.of or object_map.object}:"
    rid = f"{prefix!r} + rid_source"
    if table.source_id is not None:
        if table.each is None and table.source_id == object_map.id_path:
            itself = table.of in {None, object_map.object}
            return "rid_source = str(sid)", "whole" if itself else rid
        own = f"{names.of(table.source_id)}({item})" if callable(table.source_id) else _access(table.source_id, item)
        return f"rid_source = own_id_of({own})", rid
    if table.key is None:
        return f"rid_source = sid + {'/' + str(table.part)!r}", rid
    key = f"str({names.of(table.key)}({item}))" if callable(table.key) else f"str({_access(table.key, item)})"
    return f"rid_source = sid + {'/' + str(table.part) + '/'!r} + {key}", rid


def _own_id_of(value: Any) -> str:
    if value is None:
        raise KeyError("id")
    return str(value)


def _fields(table: Table, names: _Names, context: Context, *, main: bool) -> dict[str, tuple[str, bool]]:
    """Return by column the expression of its value, and whether it is the same for all items of a record."""
    by_column, found = {row.to: row for row in table.rows}, {}
    item = "raw" if table.each is None else "item"
    for column in column_names(table.kind):
        if column in by_column:
            row = by_column[column]
            expression = _field(row, item, names, context, column in _TEXT_COLUMNS_AS_TEXT)
            of_record = isinstance(row.via, Const) or (row.path.startswith("^") and table.each is not None)
        elif column == "extra" and main:
            worth = "(w or w is False or type(w) in (int, float))"  # neither None nor empty
            kept = f"({{k: w for k, w in raw.items() if k not in consumed and {worth}}} or None)"
            expression = f"(None if all_consumed(raw) else {kept})"
            of_record = table.each is not None
        else:
            continue
        if column in json_columns(table.kind):
            expression = f"(None if (v := {expression}) is None else dump(v))"
        found[column] = (expression, of_record)
    return found


def _loop(table: Table, once: list[str], body: list[str], names: _Names) -> list[str]:
    """Put the lines of a table into its condition and its loop over items."""
    when = None if table.when is None else names.of(table.when)
    begin = f"rows = out.setdefault({table.kind!r}, [])"
    if table.each is None:
        lines = [begin, *once, *body]
        return lines if when is None else [f"if {when}(raw, raw):", *(f"    {line}" for line in lines)]
    items = f"{names.of(table.each)}(raw)" if callable(table.each) else f"({_access(table.each, 'raw')} or ())"
    lines = ["rows = None", f"for item in {items}:"]
    if when is not None:
        lines.append(f"    if not {when}(item, raw): continue")
    lines.append("    if rows is None:")
    lines += [f"        {line}" for line in (begin, *once)]
    return [*lines, *(f"    {line}" for line in body)]
