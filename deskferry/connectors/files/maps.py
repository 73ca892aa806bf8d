"""A layout as the read mapping of one connection: the same tables that vendors have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from deskferry.connectors.files.convert import converter
from deskferry.connectors.files.keys import SEPARATOR, content_key, escaped, spelled
from deskferry.connectors.files.layout import Entry, Field, Layout, Section
from deskferry.connectors.kit.contract import Mode, Stream
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Raw, Rejected, Table, Unreadable, dig

PLACE = "@"
"""Key of a raw row that tells file and line."""
BAD = "@bad"
"""Key of a raw row that the reader could not read: code and detail."""
TEXT, ROW = "@text", "@row"
"""Keys of what such a row holds: text where it is none, its columns where they could be told apart."""
CONTENT = "@content"
"""Key of a raw row without a key that holds the hash of its content."""
AGAIN = "@again"
"""Key of a raw row without a key that repeats an earlier one word for word: how often it was there before."""
BEFORE = "@before"
"""Key of a raw row that holds the tracked columns of its case's row before."""
PARENT = "@parent"
ID = "@id"

Get = Callable[[Any], Any]


def streams_of(layout: Layout) -> tuple[Stream, ...]:
    """Return one stream for each [[files]]."""
    return tuple(
        Stream(
            entry.name,
            Mode.FULL,
            tuple(dict.fromkeys(section.kind for section in entry.sections)),
            (entry.name,),
            ", ".join(entry.patterns),
        )
        for entry in layout.entries
    )


def maps_of(layout: Layout, connection: str) -> dict[str, ObjectMap]:
    """Return the mapping by object."""
    maps = {entry.name: _object_map(entry, connection) for entry in layout.entries}
    return maps | {unread(name): unread_map(name) for name in maps}


def unread(name: str) -> str:
    """Return the object of the rows of a stream that could not be read: no layout can give it that name."""
    return f"{name}.unread"


def unread_map(name: str) -> ObjectMap:
    """Return the mapping of rows that could not be read: each is a reject."""
    what = dict.fromkeys((BAD, TEXT, ROW), "a row that could not be read")
    ignored = {PLACE: "where the row stood in the file", **what}
    return ObjectMap(unread(name), (), ignored=ignored, volatile=(PLACE,), id_path=ID, place=PLACE, check=_complaint)


def _object_map(entry: Entry, connection: str) -> ObjectMap:
    nested, converters = entry.nested, _Converters(connection)
    tables = tuple(
        _Sections(section, converters, nested=nested).table(main=section is entry.main) for section in entry.sections
    )
    return ObjectMap(
        entry.name,
        tables,
        ignored={
            PLACE: "where the row stood in the file",
            BEFORE: "the row before, of the same case",
            AGAIN: "how often the same row was there before",
            CONTENT: "hash of the row's content, of which its id is made",
            **entry.ignored,
        },
        kept=dict(entry.kept),
        volatile=(PLACE,),
        id_path=ID,
        own_kinds=frozenset(section.kind for section in entry.sections if not section.shared),
        place=PLACE,
    )


def _complaint(raw: Raw) -> Rejected:
    code, detail = raw[BAD]
    return Rejected(code, detail)


def getter(column: str, *, nested: bool) -> Get:
    """Return the function that takes a column of an item; of nested JSON the column is a dotted path."""
    if column == ".":
        return lambda item: item
    if not nested or "." not in column:
        return lambda item: item.get(column)
    steps = tuple(column.split("."))
    return lambda item: item[column] if column in item else dig(item, steps)


def tracked(column: str, *, nested: bool) -> Get:
    """Return the function that takes a column of which the value before is known; nested values as their JSON."""
    get = getter(column, nested=nested)
    if not nested:
        return get

    def plainly(item: Any) -> Any:
        value = get(item)
        return orjson.dumps(value).decode() if isinstance(value, dict | list) else value

    return plainly


class _Converters:
    """The converters of one connection: fields that are read alike share one, so that a cell is read once a row."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self._made: dict[str, Get] = {}

    def of(self, field: Field) -> Get:
        """Return the converter of a field."""
        alike = repr((field.kind, len(field.columns) > 1, sorted(field.options.items())))
        if alike not in self._made:
            self._made[alike] = converter(field, self.connection)
        return self._made[alike]


class _Sections:
    """Makes the table of one section."""

    def __init__(self, section: Section, converters: _Converters, *, nested: bool) -> None:
        self.section, self.converters, self.nested = section, converters, nested

    def table(self, *, main: bool) -> Table:
        """Return the table; the main one has the raw record's own id."""
        section = self.section
        rows = [self._row(field) for field in section.fields]
        if section.custom:
            rows.append(Map("custom_fields", ".", _custom(section.custom)))
        part = section.part
        source_id: Any = ID if main else None if part else _own_id(section, nested=self.nested)
        return Table(
            section.kind,
            tuple(rows),
            each=self._each(),
            source_id=source_id,
            part=part,
            key=(_key(section, nested=self.nested) if section.key else ".") if section.each else None,
            of=None if part else section.object,
            when=self._when(),
            takes=self._takes(),
        )

    def _row(self, field: Field) -> Map:
        if field.kind == "const":
            return Map(field.to, via=Const(field.options["value"]))
        via = self.converters.of(field)
        if len(field.columns) > 1:
            gets = [getter(one, nested=self.nested) for one in field.columns]
            return Map(field.to, ".", _renamed(lambda item: via(tuple(get(item) for get in gets)), via))
        column = field.columns[0]
        root, name = ("^", column[1:]) if column.startswith("^") else ("", column)
        literal = "." in name and name != "." and not (self.nested and not self._odd(name))
        if literal or name.startswith("^") or name == "":
            get = getter(name, nested=False)
            return Map(field.to, f"{root}.", _renamed(lambda item: via(get(item)), via))
        plain = field.kind == "text" and not self.nested and not field.options.get("null", field.options.get("lower"))
        return Map(field.to, root + name, None if plain else via)

    @staticmethod
    def _odd(name: str) -> bool:
        return name.startswith(".") or name.endswith(".") or ".." in name

    def _each(self) -> Any:
        each = self.section.each
        if each is None:
            return None
        column, separator = each["column"], each.get("separator")
        if separator is None:
            return _nested_each(column)
        get = getter(column, nested=self.nested)

        def pieces(raw: Raw) -> list[str]:
            return list(dict.fromkeys(part.strip() for part in str(get(raw) or "").split(separator) if part.strip()))

        return pieces

    def _takes(self) -> tuple[str, ...]:
        """Return the top-level columns that functions over the whole row take, for coverage and extra."""
        section = self.section
        names = list(section.custom)
        names += [rule["column"] for rule in section.when if "column" in rule] if section.each is None else []
        names += section.key if section.each is None else ()
        if section.each is not None:
            names.append(section.each["column"].split("[")[0])
        names += [
            one for field in section.fields for one in field.columns if section.each is None or one.startswith("^")
        ]
        bare = [name.removeprefix("^") for name in names]
        return tuple(dict.fromkeys([*bare, *(name.split(".")[0] for name in bare if self.nested)]))

    def _when(self) -> Callable[[Any, Raw], bool] | None:
        tests = [_condition(rule, nested=self.nested) for rule in self.section.when]
        if not tests:
            return None
        if len(tests) == 1:
            return tests[0]
        return lambda item, raw: all(test(item, raw) for test in tests)


def _renamed(function: Get, like: Get) -> Get:
    function.__name__ = getattr(like, "__name__", "function")
    return function


def _custom(columns: tuple[str, ...]) -> Get:
    def custom(item: Raw) -> Raw | None:
        return {name: item[name] for name in columns if item.get(name) not in (None, "")} or None

    return custom


def _nested_each(path: str) -> Any:
    """Return the function that yields the elements of `comments`, or of `comments[].attachments`."""
    steps = [tuple(step.split(".")) for step in path.split("[].")]

    def items(raw: Raw) -> Iterator[Any]:
        return _walk(raw, steps)

    return items


def _walk(item: Any, steps: list[tuple[str, ...]]) -> Iterator[Any]:
    found = dig(item, steps[0])
    for one in found if isinstance(found, list) else ():
        inner = {**one, PARENT: item} if isinstance(one, dict) and PARENT not in one else one
        if len(steps) == 1:
            yield inner
        else:
            yield from _walk(inner, steps[1:])


def _key(section: Section, *, nested: bool) -> Get:
    """Return the function that makes a key of the section's columns; it raises Unreadable where one is empty."""
    gets = [(name, getter(name, nested=nested)) for name in section.key]
    lower, several = section.lower, len(gets) > 1

    def key(item: Any) -> str:
        parts = []
        for name, get in gets:
            value = get(item)
            text = "" if value is None else value.strip() if type(value) is str else spelled(value)
            if not text:
                raise Unreadable("no_key", f"the column {name!r} is empty, and the id is made of it")
            parts.append(escaped(text, several=several))
        whole = SEPARATOR.join(parts)
        return whole.lower() if lower else whole

    return key


def _own_id(section: Section, *, nested: bool) -> Get:
    """Return the function that makes an item's source id: by its key, else by what it says of its ticket."""
    if section.key:
        return _key(section, nested=nested)
    return derived_id(section, nested=nested)


def derived_id(section: Section, *, nested: bool) -> Get:
    """Return a stable id for items without a key: the ticket's key where there is one, and a hash of the content.

    Rows of one ticket then lie together, which a large table's index is thankful for.
    """
    mark = "" if section.fields == () else _mark(section)
    ticket = next((one for one in section.fields if one.to == "ticket_id" and one.kind == "ref"), None)
    gets = [] if ticket is None else [getter(one.removeprefix("^"), nested=nested) for one in ticket.columns]

    def tail(item: Mapping[str, Any]) -> str:
        again = item.get(AGAIN)
        return f"{item.get(CONTENT) or content_key(item)}{mark}{f'-{again}' if again else ''}"

    def derived(item: Mapping[str, Any]) -> str:
        owners = [escaped(spelled(get(item))) for get in gets]
        return f"{SEPARATOR.join(owners)}.{tail(item)}"

    if len(gets) == 1:
        owner = gets[0]
        return lambda item: f"{escaped(spelled(owner(item)))}.{tail(item)}"
    return derived if gets else tail


def _mark(section: Section) -> str:
    """Return what tells two sections of the same kind apart that have no key: the field of an event."""
    named = next((one for one in section.fields if one.to == "field" and one.kind == "const"), None)
    return f"-{named.options['value']}" if named is not None else ""


def row_id(entry: Entry) -> Get:
    """Return the function that makes the raw record's source id, which is its main record's."""
    return _own_id(entry.main, nested=entry.nested)


def is_record(entry: Entry) -> Callable[[Raw], bool] | None:
    """Return whether a row is a record of the main section; None where every row is one."""
    tests = [_condition(rule, nested=entry.nested) for rule in entry.main.when]
    return (lambda raw: all(test(raw, raw) for test in tests)) if tests else None


def _condition(rule: Mapping[str, Any], *, nested: bool) -> Callable[[Any, Raw], bool]:
    if rule.get("first"):
        return lambda _item, raw: raw.get(BEFORE) is None
    name: str = rule["column"]
    if rule.get("changed"):
        return _changed(name, tracked(name, nested=nested))
    outer, get = name.startswith("^"), getter(name.removeprefix("^"), nested=nested)
    among = frozenset(_word(one) for one in rule["in"]) if "in" in rule else None
    among = frozenset((_word(rule["equals"]),)) if "equals" in rule else among
    without = frozenset(_word(one) for one in rule["not_in"]) if "not_in" in rule else None
    filled = rule.get("not_empty")
    if among is not None and without is None and filled is None:
        words = among
        return lambda item, raw: _word(get(raw if outer else item)) in words

    def holds(item: Any, raw: Raw) -> bool:
        value = get(raw if outer else item)
        if filled is not None and (value not in (None, "", [], {})) is not filled:
            return False
        word = _word(value)
        return (among is None or word in among) and (without is None or word not in without)

    return holds


def _changed(name: str, get: Get) -> Callable[[Any, Raw], bool]:
    """Return whether a column is filled and is another one than in the row before of the same case."""

    def changed(_item: Any, raw: Raw) -> bool:
        value = get(raw)
        if value is None or value == "":
            return False
        before = raw.get(BEFORE)
        return not before or bool(before.get(name) != value)

    return changed


def _word(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
