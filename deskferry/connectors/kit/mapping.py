"""Vendor JSON → canonical rows, as tables of `canonical field ← path, converter`.

A table is data: the field documentation, the coverage check and `explain` are computed from the same rows that map. It
is compiled once into straight-line Python, because a million tickets pass through it. A table breaks at import, not in
the third hour: a row that names no canonical field is refused when the table is built.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from deskferry.canonical_schema import ENGINE_COLUMNS, VOLATILE_COLUMNS, column_names, json_columns

Raw = dict[str, Any]
Convert = Callable[[Any], Any]
WireRow = tuple[Any, ...]
"""A canonical row in column order: times as canonical text, JSON as text, booleans as bool."""

_COMMON = ("id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at", "raw_record_id")
_TOLD = frozenset({"vendor", "source_object", "source_id"})
"""Common columns that rows may bring which passed through a store before."""
_UNHASHED = frozenset({"synced_at", "content_hash", "raw_record_id", "connection", "vendor"})


class Unreadable(ValueError):
    """A value that a converter cannot read: the whole raw record becomes a reject with this code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class RefTo:
    """Turns a vendor id into the canonical id of that object: references need no lookup.

    With `part` it is the id of a derived part that has no key: `RefTo("ticket", "opening")`.
    """

    object: str
    part: str = ""

    @property
    def __name__(self) -> str:
        return f"ref({self.object}/{self.part})" if self.part else f"ref({self.object})"


@dataclass(frozen=True, slots=True)
class RefBy:
    """Turns a value that names its own object (`{"type": "team", "id": 7}`) into the canonical id of that object.

    `choose` returns (object, vendor id), or None where the value refers to nothing.
    """

    choose: Callable[[Any], tuple[str, Any] | None]

    @property
    def __name__(self) -> str:
        return f"ref({getattr(self.choose, '__name__', 'choose')})"


@dataclass(frozen=True, slots=True)
class Link:
    """Turns a vendor id into the address of the record in the vendor's own user interface; `{}` takes the id."""

    template: str

    @property
    def __name__(self) -> str:
        return f"link({self.template})"


@dataclass(frozen=True, slots=True)
class Const:
    """A fixed value."""

    value: Any

    @property
    def __name__(self) -> str:
        return f"const({self.value!r})"


@dataclass(frozen=True, slots=True)
class Map:
    """One row of a table: `to` ← `path`, `via`.

    A path is dotted (`via.source.rel`); `.` is the item itself, `^` begins at the raw record that the item lies in.
    Without `via` the value is taken as text, number or boolean as it is ("" becomes NULL).
    """

    to: str
    path: str = ""
    via: Convert | RefTo | RefBy | Link | Const | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """How one raw object becomes rows of one canonical kind.

    `each`: where the items lie (a path to a list, or a function of the raw record); None: the record itself.
    `source_id`: path of the item's own id, or a function of it. Without one, `part` and `key` name a derived part:
    `<parent id>/<part>/<key>`, or `<parent id>/<part>` with `key=None` where there is but one. `of` is the object of
    the ids (default: the map's object); with "" the own id names its object too (`ticket:42/opening`), and the rows may
    say vendor, source_object and source_id. `takes` names top-level keys that functions over the whole record take.
    """

    kind: str
    rows: tuple[Map, ...]
    each: str | Callable[[Raw], Iterable[Any]] | None = None
    source_id: str | Callable[[Any], Any] | None = "id"
    part: str | None = None
    key: str | Callable[[Any], str] | None = "."
    of: str | None = None
    when: Callable[[Any, Raw], bool] | None = None
    takes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = set(column_names(self.kind))
        engine = ENGINE_COLUMNS.get(self.kind, frozenset())
        for row in self.rows:
            if row.to not in columns:
                raise ValueError(f"{self.kind} has no column {row.to}")
            if row.to in engine or (row.to in _COMMON and not (self.of == "" and row.to in _TOLD)):
                raise ValueError(f"{self.kind}.{row.to} is filled by the store, not by a mapping")
        names = [row.to for row in self.rows]
        doubled = [name for name, count in Counter(names).items() if count > 1]
        if doubled:
            raise ValueError(f"{self.kind} maps twice: {', '.join(doubled)}")
        if (self.part is None) == (self.source_id is None):
            raise ValueError(f"{self.kind}: give either source_id or part")


@dataclass(frozen=True)
class ObjectMap:
    """Everything that is known of one raw object: its tables, what is ignored and why, what moves without a change.

    The first table is the main one: what no table takes lands in its `extra`. `kept` names keys that are meant to lie
    there; keys named nowhere are kept too, and counted as unknown. `volatile` paths (`a.b`, `list[].c`) are stored and
    never make a record "changed".
    """

    object: str
    tables: tuple[Table, ...]
    ignored: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    id_path: str = "id"
    """Path of the raw record's own id."""
    own_kinds: frozenset[str] = frozenset()
    """Kinds of which every row ends with the raw record, whatever its id; of others only the row with the same id."""
    place: str = ""
    """Key that tells where the record stood (file and line); it begins the detail of a reject."""
    check: Callable[[Raw], Rejected | None] | None = None
    """Looks at a record before it is mapped: what a reader could not read, what breaks a schema."""

    @cached_property
    def consumed(self) -> frozenset[str]:
        """Top-level keys that a table takes whole, or that are ignored: they are not repeated in `extra`."""
        taken: set[str] = set()
        for table in self.tables:
            taken.update(table.takes)
            if isinstance(table.each, str) and "." not in table.each:
                taken.add(table.each)
            for row in table.rows:
                path = row.path.removeprefix("^")
                if path and "." not in path and (table.each is None or row.path.startswith("^")):
                    taken.add(path)
        return frozenset(taken | {path for path in self.ignored if "." not in path} | {self.id_path})


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping may know beside the record."""

    connection: str
    vendor: str
    site: str
    """Origin of the vendor's user interface for this account, for links."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A raw record that could not be mapped."""

    code: str
    detail: str


Mapped = dict[str, list[WireRow]]
Emit = Callable[[Raw, str, str, Mapped, bool], None]


def digest(content: tuple[Any, ...] | list[Any]) -> str:
    """Return the content hash of plain values."""
    return hashlib.blake2b(orjson.dumps(content, default=str), digest_size=16).hexdigest()


def dig(value: Any, path: tuple[str, ...]) -> Any:
    """Return what lies at a path of nested objects; None where anything on the way is missing."""
    for step in path:
        if type(value) is not dict:
            return None
        value = value.get(step)
    return value


def plain(value: Any) -> Any:
    """Take a value as it is: "" becomes None, NUL characters (which PostgreSQL refuses) become U+FFFD."""
    if type(value) is str:
        if "\x00" in value:
            value = value.replace("\x00", "\ufffd")
        return value or None
    if value is None or type(value) in (int, float, bool):
        return value
    raise Unreadable("unexpected_type", f"{type(value).__name__} where a plain value is expected")


class Untamed(Exception):
    """A row holds what no database takes: the record is mapped again after `tamed`."""


_SURROGATE = re.compile("[\ud800-\udfff\x00]")


def tamed(value: Any) -> Any:
    """Return JSON as both databases take it: NUL characters and lone surrogates as U+FFFD, huge integers as text."""
    if type(value) is str:
        return _SURROGATE.sub("\ufffd", value)
    if type(value) is dict:
        return {tamed(key): tamed(kept) for key, kept in value.items()}
    if type(value) is list:
        return [tamed(kept) for kept in value]
    if type(value) is int and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def dump(value: Any) -> str | None:
    """Return JSON text with sorted keys; None stays None."""
    if value is None:
        return None
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    if "\\u0000" in text:  # a NUL, or a text that speaks of one
        text = orjson.dumps(tamed(value), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    return text


_HASH = hashlib.blake2b(digest_size=16)
"""Copied for each row and payload: half the time of a new one."""
_TEXT_COLUMNS_AS_TEXT = frozenset({"number", "external_id", "source_id"})


def as_text(value: Any) -> Any:
    """Take a number or text as text; "" becomes None."""
    value = plain(value)
    return value if value is None or type(value) is str else str(value)


class Mapper:
    """The compiled tables of one object for one connection."""

    def __init__(self, object_map: ObjectMap, context: Context) -> None:
        self.object_map = object_map
        self.context = context
        self.prefix = f"{context.connection}:{object_map.object}:"
        self._emitters = [_compile(table, object_map, context, main=not n) for n, table in enumerate(object_map.tables)]
        self._strip = _stripper(object_map.volatile)

    def apply(self, raw: Raw, source_id: str, synced_at: str, out: Mapped) -> Rejected | None:
        """Append the canonical rows of a raw record to `out`, or return why it cannot be mapped.

        `out` holds no rows of that record yet.
        """
        try:
            if self.object_map.check is not None and (found := self.object_map.check(raw)) is not None:
                return self._placed(raw, found)
            try:
                for emit in self._emitters:
                    emit(raw, source_id, synced_at, out, True)
            except (Untamed, orjson.JSONEncodeError):
                self._take_back(source_id, out)
                raw, source_id = tamed(raw), tamed(source_id)
                for emit in self._emitters:
                    emit(raw, source_id, synced_at, out, False)
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
        stripped = raw if self._strip is None else self._strip(raw)
        try:
            packed = orjson.dumps(stripped, option=orjson.OPT_SORT_KEYS)  # a third faster than with OPT_NON_STR_KEYS
        except orjson.JSONEncodeError:
            packed = _oddly_packed(stripped)
        hashed = _HASH.copy()
        hashed.update(packed)
        return hashed.hexdigest()


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


def _field(row: Map, n: int, item: str, names: dict[str, Any], context: Context, column_is_text: bool) -> str:
    """Return the Python expression of one column."""
    value = _access(row.path, item)
    via = row.via
    if isinstance(via, Const):
        names[f"k{n}"] = via.value
        return f"k{n}"
    if isinstance(via, RefTo):
        prefix = f"{context.connection}:{via.object}:"
        suffix = f" + {'/' + via.part!r}" if via.part else ""
        named = f"{prefix!r} + str(v){suffix}"
        return f"({named} if (v := {value}) else None if v is None or v == '' else {named})"
    if isinstance(via, RefBy):
        names[f"f{n}"] = via.choose
        return f"(None if (v := f{n}({value})) is None else {context.connection + ':'!r} + v[0] + ':' + str(v[1]))"
    if isinstance(via, Link):
        before, _, after = via.template.partition("{}")
        return f"(None if (v := {value}) is None else {context.site + before!r} + str(v) + {after!r})"
    if via is not None:
        names[f"f{n}"] = via
        return f"f{n}({value})"
    # Texts and None are spared the call: most values are. What no database takes is found when the row is hashed.
    rest = "as_text" if column_is_text else "plain"
    return f"((v or None) if type(v := {value}) is str else None if v is None else {rest}(v))"


def _compile(table: Table, object_map: ObjectMap, context: Context, *, main: bool) -> Emit:
    """Return a function that appends the rows of one table; generated, so that a row costs no interpretation."""
    names: dict[str, Any] = {
        "dig": dig, "plain": plain, "as_text": as_text, "dumps": orjson.dumps, "fresh_hash": _HASH.copy, "dump": dump,
        "consumed": object_map.consumed, "each": table.each, "when": table.when, "key": table.key,
        "Untamed": Untamed, "NUL": b"\\u0000", "own_id": table.source_id,
    }  # fmt: skip
    prefix = f"{context.connection}:" if table.of == "" else f"{context.connection}:{table.of or object_map.object}:"
    constants = {
        "id": "rid", "connection": repr(context.connection), "vendor": repr(context.vendor),
        "source_object": repr(table.of or object_map.object), "source_id": "rid_source", "synced_at": "synced_at",
        "raw_record_id": "whole", "content_hash": "digest",
    }  # fmt: skip
    # What follows from the record alone is worked out once, with its first item: a record without any costs nothing.
    once = [f"whole = {context.connection + ':' + object_map.object + ':'!r} + sid"]
    body = [*_own_id(table, object_map), f"rid = {prefix!r} + rid_source"]
    fields = _fields(table, names, context, main=main)
    for column, (expression, of_record) in fields.items():
        (once if of_record else body).append(f"{column} = {expression}")
    unhashed = ENGINE_COLUMNS.get(table.kind, frozenset()) | VOLATILE_COLUMNS.get(table.kind, frozenset()) | _UNHASHED
    final = [f"c_{column}" if f"c_{column}" in fields else constants.get(column, "None")
             for column in column_names(table.kind)]  # fmt: skip
    hashed = [
        value for column, value in zip(column_names(table.kind), final, strict=True)
        if column not in unhashed and value != "None"
    ]  # fmt: skip
    body += [
        f"packed = dumps(({', '.join(hashed)},))", "if check and NUL in packed: raise Untamed",
        "hashed = fresh_hash()", "hashed.update(packed)", "digest = hashed.hexdigest()",
        f"rows.append(({', '.join(final)},))",
    ]  # fmt: skip
    return _function(table, once, body, names)


def _own_id(table: Table, object_map: ObjectMap) -> list[str]:
    """Return the lines that find an item's own id."""
    item = "raw" if table.each is None else "item"
    if table.source_id is not None:
        itself = table.each is None and table.source_id == object_map.id_path
        access = f"own_id({item})" if callable(table.source_id) else _access(table.source_id, item)
        own = "sid" if itself else access
        return [f"rid_source = {own}", "if rid_source is None: raise KeyError('id')", "rid_source = str(rid_source)"]
    if table.key is None:
        return [f"rid_source = sid + {'/' + str(table.part)!r}"]
    key = f"str(key({item}))" if callable(table.key) else f"str({_access(table.key, item)})"
    return [f"rid_source = sid + {'/' + str(table.part) + '/'!r} + {key}"]


def _fields(table: Table, names: dict[str, Any], context: Context, *, main: bool) -> dict[str, tuple[str, bool]]:
    """Return by column the expression of its value, and whether it is the same for all items of a record."""
    by_column, found = {row.to: row for row in table.rows}, {}
    item = "raw" if table.each is None else "item"
    for n, column in enumerate(column_names(table.kind)):
        if column in by_column:
            row = by_column[column]
            expression = _field(row, n, item, names, context, column in _TEXT_COLUMNS_AS_TEXT)
            of_record = isinstance(row.via, Const) or (row.path.startswith("^") and table.each is not None)
        elif column == "extra" and main:
            worth = "(w or w is False or type(w) in (int, float))"  # neither None nor empty
            expression = f"({{k: w for k, w in raw.items() if k not in consumed and {worth}}} or None)"
            of_record = table.each is not None
        else:
            continue
        if column in json_columns(table.kind):
            expression = f"(None if (v := {expression}) is None else dump(v))"
        found[f"c_{column}"] = (expression, of_record)
    return found


def _function(table: Table, once: list[str], body: list[str], names: dict[str, Any]) -> Emit:
    """Wrap the generated lines into the function and its loop over items."""
    lines = ["def emit(raw, sid, synced_at, out, check):"]
    if table.each is None:
        if table.when is not None:
            lines.append("    if not when(raw, raw): return")
        lines.append(f"    rows = out.setdefault({table.kind!r}, [])")
        lines += [f"    {line}" for line in (*once, *body)]
    else:
        items = "each(raw)" if callable(table.each) else f"({_access(str(table.each), 'raw')} or ())"
        lines += ["    rows = None", f"    for item in {items}:"]
        if table.when is not None:
            lines.append("        if not when(item, raw): continue")
        lines.append("        if rows is None:")
        lines += [f"            {line}" for line in (f"rows = out.setdefault({table.kind!r}, [])", *once)]
        lines += [f"        {line}" for line in body]
    exec("\n".join(lines), names)  # noqa: S102 - our own tables, compiled once at start; no text from outside enters
    emit: Emit = names["emit"]
    return emit


_Tree = dict[str, "_Tree | None"]
"""Volatile paths as a tree of their steps; `[]` stands for each element of a list, None ends a path."""


def _stripper(paths: tuple[str, ...]) -> Callable[[Raw], Raw] | None:
    """Return a function that gives a payload without its volatile paths; None where there is none."""
    if not paths:
        return None
    if len(paths) == 1 and not {".", "["} & set(paths[0]):
        return _without_key(paths[0])
    tree: _Tree = {}
    for path in paths:
        *steps, leaf = path.replace("[]", ".[]").split(".")
        branch = tree
        for step in steps:
            below = branch.setdefault(step, {})
            branch = below if below is not None else {}
        branch[leaf] = None
    return lambda raw: _without(raw, tree)


def _without_key(key: str) -> Callable[[Raw], Raw]:
    def without(raw: Raw) -> Raw:
        if key not in raw:
            return raw
        copy = raw.copy()
        del copy[key]
        return copy

    return without


def _without(value: Any, tree: _Tree) -> Any:
    """Return a copy of an object without what lies at the paths of a tree; itself where nothing lies there."""
    if type(value) is not dict:
        return value
    copy = value
    for step, below in tree.items():
        held = value.get(step)
        if held is None and step not in value:
            continue
        if below is None:
            kept: Any = None
        else:
            elements = below.get("[]")
            kept = _without(held, below) if elements is None else _each_without(held, elements)
            if kept is held:
                continue
        if copy is value:
            copy = value.copy()
        if below is None:
            del copy[step]
        else:
            copy[step] = kept
    return copy


def _each_without(value: Any, tree: _Tree) -> Any:
    if type(value) is not list:
        return value
    copies = [_without(element, tree) for element in value]
    return value if all(one is other for one, other in zip(copies, value, strict=True)) else copies


# ------------------------------------------------------------------------------------------------- what a table tells


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
    mapper = Mapper(object_map, context)
    sid = str(dig(raw, tuple(object_map.id_path.split("."))))
    for n, table in enumerate(object_map.tables):
        if table.kind != kind:
            continue
        for item in _items(table, raw):
            out: Mapped = {}
            single = ObjectMap(object_map.object, (_only(table, item),), object_map.ignored, object_map.kept)
            _compile(single.tables[0], object_map, context, main=not n)(raw, sid, "", out, False)
            row = dict(zip(column_names(kind), out[kind][0], strict=True)) if out else {}
            if row.get("id") == record_id:
                return list(_explained(table, item, raw, row, main=not n))
    del mapper
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


_SHAPES = 1_000
"""Shapes of payloads that are counted apart at most, so that keys which are ids do not fill the memory."""


class Coverage:
    """Counts, by path, what became of the fields that a vendor sent: mapped, kept, ignored with a reason, unknown."""

    def __init__(self, object_map: ObjectMap) -> None:
        self.object_map = object_map
        self._shapes: Counter[tuple[str, ...]] = Counter()
        self._seen: Counter[str] = Counter()

    @cached_property
    def _mapped(self) -> frozenset[str]:
        keys: set[str] = set(self.object_map.volatile) | {self.object_map.id_path}
        for table in self.object_map.tables:
            keys.update(table.takes)
            if isinstance(table.each, str):
                keys.add(table.each.split(".", maxsplit=1)[0])
            for row in table.rows:
                if table.each is None or row.path.startswith("^"):
                    keys.add(row.path.removeprefix("^").split(".", maxsplit=1)[0])
        return frozenset(keys)

    def add(self, raw: Raw) -> None:
        """Count the top-level keys of one payload."""
        self._shapes[tuple(raw)] += 1  # payloads of an object have few shapes: counted as a whole, key by key later
        if len(self._shapes) > _SHAPES:
            self._unfold()

    @property
    def seen(self) -> Counter[str]:
        """How often each key came."""
        self._unfold()
        return self._seen

    def _unfold(self) -> None:
        for shape, count in self._shapes.items():
            self._seen.update(dict.fromkeys(shape, count))
        self._shapes.clear()

    def report(self) -> list[tuple[str, str, str, int]]:
        """Return (path, `mapped|kept|ignored|unknown`, reason, count) for every key that was seen."""
        lines = []
        for key, count in sorted(self.seen.items()):
            if key in self.object_map.ignored:
                lines.append((key, "ignored", self.object_map.ignored[key], count))
            elif key in self._mapped:
                lines.append((key, "mapped", "", count))
            elif key in self.object_map.kept:
                lines.append((key, "kept", self.object_map.kept[key], count))
            else:
                lines.append((key, "unknown", "kept in extra; the mapping does not know it yet", count))
        return lines
