"""Vendor JSON → canonical rows, as tables of `canonical field ← path, converter`.

A table is data: the field documentation, the coverage check and `explain` are computed from the same rows that map
(`mapper` compiles them). A table breaks at import, not in the third hour: a row that names no canonical field is
refused when the table is built.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from deskferry.canonical_schema import ENGINE_COLUMNS, column_names

Raw = dict[str, Any]
Convert = Callable[[Any], Any]
WireRow = tuple[Any, ...]
"""A canonical row in column order: times as canonical text, JSON as text, booleans as bool."""

_COMMON = ("id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at", "raw_record_id")
_TOLD = frozenset({"vendor", "source_object", "source_id"})
"""Common columns that rows may bring which passed through a store before."""


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
class RefsBy:
    """Turns a value into a list of canonical ids; `choose` returns (object, vendor id) of each, or None."""

    choose: Callable[[Any], Iterable[tuple[str, Any]] | None]

    @property
    def __name__(self) -> str:
        return f"refs({getattr(self.choose, '__name__', 'choose')})"


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
    via: Convert | RefTo | RefBy | RefsBy | Link | Const | None = None


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


def as_text(value: Any) -> Any:
    """Take a number or text as text; "" becomes None."""
    value = plain(value)
    return value if value is None or type(value) is str else str(value)
