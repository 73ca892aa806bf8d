"""Raw records without the people whom the store must not hold: as they arrive, and as they lie in the archive."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import orjson

from deskferry.canonical_schema import column_names
from deskferry.connectors.kit.contract import Page, Raw, RawRecord, Tombstone
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Mapped, ObjectMap, Table
from deskferry.store.raw_archive import StoredRaw
from deskferry.store.scrub import Scrubber
from deskferry.store.suppression import Suppression

KEPT_COLUMNS = frozenset(
    {
        "source_url", "created_at", "updated_at", "deleted_at", "deletion_evidence", "role", "organization_id",
        "language", "timezone", "is_active", "suspended", "opted_out", "merged_into_id", "is_placeholder", "signup_at",
    }
)  # fmt: skip
"""What stays of a person who was forgotten: nothing that tells who it is."""
_KEPT_WORDS = frozenset(
    {"role", "type", "time_zone", "timezone", "iana_time_zone", "locale", "language", "state", "status"}
)
"""Keys of vendors whose texts are choices from a list; functions over a whole record read them."""
_TELLING_IDS = ("external", "twitter", "facebook", "social", "google", "phone", "mobile")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.,]*(?:Z|[+-]\d\d:?\d\d)?")
_SMALL = 1_000_000


@dataclass(frozen=True, slots=True)
class OwnPaths:
    """What the tables of an object that is a person say of its keys."""

    kept: frozenset[str]
    names: frozenset[str]
    addresses: frozenset[str]
    emptied: frozenset[str]
    lists: frozenset[str]


@cache
def _own_paths(tables: tuple[Table, ...], id_path: str, place: str) -> OwnPaths:
    kept, names, addresses, emptied, lists = {id_path, place}, set(), set(), set(), set()
    for table in tables:
        if isinstance(table.each, str):
            lists.add(table.each)
        for row in table.rows:
            path = row.path.removeprefix("^")
            if table.kind != "person" or row.to in KEPT_COLUMNS:
                kept.add(path)
            elif row.to == "name":
                names.add(path)
            elif row.to == "email":
                addresses.add(path)
            elif row.to in {"custom_fields", "extra"}:
                emptied.add(path)
    return OwnPaths(frozenset(kept), frozenset(names), frozenset(addresses), frozenset(emptied), frozenset(lists))


def is_person(object_map: ObjectMap | None) -> bool:
    """Whether the records of an object are people themselves."""
    return object_map is not None and any(one.kind == "person" and one.each is None for one in object_map.tables)


def stripped(payload: Raw, object_map: ObjectMap, tokens: tuple[str, str]) -> Raw:
    """Return the payload of a person with what tells nothing about them; name and address as their tokens."""
    paths = _own_paths(object_map.tables, object_map.id_path, object_map.place)
    found: Raw = _walk(payload, "", paths, tokens)
    return found


def _walk(value: Any, path: str, paths: OwnPaths, tokens: tuple[str, str]) -> Any:
    key = path.rpartition(".")[2]
    if type(value) is dict:
        below = f"{path}." if path else ""
        kept = {} if path and path in paths.emptied else value
        return {name: _walk(one, below + name, paths, tokens) for name, one in kept.items()}
    if type(value) is list:
        kept_list = value if path in paths.lists or key.endswith("_ids") else []
        return [one if type(one) is str else _walk(one, path, paths, tokens) for one in kept_list]
    if type(value) is str:
        return _text(value, path, key, paths, tokens)
    telling = type(value) is int and abs(value) >= _SMALL and path not in paths.kept and not _is_id(key)
    return None if telling else value


def _text(value: str, path: str, key: str, paths: OwnPaths, tokens: tuple[str, str]) -> str | None:
    if path in paths.names or (not paths.names - {"", "."} and path == "name"):
        return tokens[0]
    if path in paths.addresses:
        return tokens[1] or None
    tells_nothing = path in paths.kept or key in _KEPT_WORDS or _TIME.fullmatch(value) is not None
    return value if tells_nothing or (_is_id(key) and value.isdigit()) else None


def _is_id(key: str) -> bool:
    return (key == "id" or key.endswith(("_id", "_ids"))) and not any(word in key for word in _TELLING_IDS)


@dataclass
class RecordCleaner:
    """Cleans the raw records of one connection."""

    connection: str
    suppression: Suppression
    mapper: Callable[[str], Mapper]
    scrubber: Scrubber = field(init=False)

    def __post_init__(self) -> None:
        self.scrubber = Scrubber(self.suppression)

    # ------------------------------------------------------------------------------------------------------- arriving

    def page(self, page: Page) -> Page:
        """Return a page as it may be stored."""
        records = tuple(self.record(one) if isinstance(one, RawRecord) else self.tombstone(one) for one in page.records)
        children = tuple(replace(one, args=self.scrubber.value(dict(one.args))) for one in page.children)
        notes = tuple(map(self.scrubber.text, page.notes))
        cursor = None if page.cursor is None else self.scrubber.value(page.cursor)
        return replace(page, records=records, children=children, notes=notes, cursor=cursor)

    def record(self, record: RawRecord) -> RawRecord:
        """Return a raw record as it may be stored."""
        own_id = self.scrubber.text(record.source_id)
        parent = None if record.parent_id is None else self.scrubber.text(record.parent_id)
        payload = self.payload(record.object, own_id, record.payload)
        if payload is record.payload and own_id == record.source_id and parent == record.parent_id:
            return record
        return RawRecord(record.object, own_id, payload, parent)

    def tombstone(self, gone: Tombstone) -> Tombstone:
        """Return a tombstone as it may be stored."""
        own_id = self.scrubber.text(gone.source_id)
        payload = None if gone.payload is None else self.payload(gone.object, own_id, gone.payload)
        return replace(gone, source_id=own_id, payload=payload)

    # --------------------------------------------------------------------------------------------------------- stored

    def stored(self, stored: StoredRaw) -> StoredRaw:
        """Return a record of the archive without the people; the very same where they are not in it."""
        own_id = self.scrubber.text(stored.source_id)
        payload = None if stored.payload is None else self.payload(stored.object, own_id, stored.payload)
        tombstone = None if stored.tombstone is None else self.payload(stored.object, own_id, stored.tombstone)
        parent = None if stored.parent_id is None else self.scrubber.text(stored.parent_id)
        same_ids = (own_id, parent) == (stored.source_id, stored.parent_id)
        if same_ids and payload is stored.payload and tombstone is stored.tombstone:
            return stored
        record_id = f"{self.connection}:{stored.object}:{own_id}" if own_id != stored.source_id else stored.id
        return replace(stored, id=record_id, source_id=own_id, parent_id=parent, payload=payload, tombstone=tombstone)

    def payload(self, object_name: str, source_id: str, payload: Raw) -> Raw:
        """Return a payload without the people; the very same where they are not in it."""
        object_map = self.mapper(object_name).object_map
        tokens, linked = self._whose(object_name, source_id, payload, object_map)
        if tokens is not None:
            own = self.scrubber.value(stripped(payload, object_map, tokens), linked=True)
            return payload if own == payload else own
        cleaned: Raw = self.scrubber.value(payload, linked=linked)
        return cleaned

    def _whose(
        self, object_name: str, source_id: str, payload: Raw, object_map: ObjectMap
    ) -> tuple[tuple[str, str] | None, bool]:
        """Return (tokens of the person whose own record it is, whether it is linked to such a person)."""
        own = is_person(object_map)
        if own:
            tokens = self.suppression.person(f"{self.connection}:{object_name}:{source_id}")
            if tokens is not None:
                return tokens, True
        if not own and not self.suppression.linked:
            return None, False
        rows: Mapped = {}
        self.mapper(object_name).apply(payload, source_id, "", rows)
        if own:
            tokens = self._by_address(rows)
            if tokens is not None:
                return tokens, True
        return None, bool(self.suppression.linked) and self._refers(rows)

    def _by_address(self, rows: Mapped) -> tuple[str, str] | None:
        for row in rows.get("person", ()):
            fields = dict(zip(column_names("person"), row, strict=True))
            listed = orjson.loads(fields["emails"] or "[]")
            for address in (fields["email"], *(one.get("value") for one in listed)):
                tokens = self.suppression.person_at(address) if address else None
                if tokens is not None:
                    return tokens
        return None

    def _refers(self, rows: Mapped) -> bool:
        prefix = f"{self.connection}:"
        return any(
            type(value) is str and value.startswith(prefix) and self.suppression.person(value) is not None
            for found in rows.values() for row in found for value in row
        )  # fmt: skip
