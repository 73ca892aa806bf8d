"""Every other table without a person: canonical rows and what the tool keeps for itself, column by column.

Keys are cleaned too: the id of a follower may hold an address. Whatever is made of the same text comes out the same, so
references still lead where they led.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, select

from deskferry.canonical_schema import ENGINE_COLUMNS, Json, sql_table
from deskferry.canonical_schema import metadata as canonical
from deskferry.connectors.kit.mapping import digest
from deskferry.privacy.sweep import Sweep, forget_hashes, pages, refers
from deskferry.privacy.sweep_rows import SETTLED
from deskferry.store import machinery
from deskferry.store.clean_records import KEPT_COLUMNS
from deskferry.store.scrub import Scrubber
from deskferry.store.suppression import FORGOTTEN, Suppression
from deskferry.store.upsert import chunks
from deskferry.text_flags import FLAGGED_KINDS, flags_of

_ELSEWHERE = frozenset({"raw_record", "raw_version", "raw_dictionary", "store_meta", "suppression", "run_lock"})
"""Cleaned by the sweep of the archive, or without anything that a vendor or a person wrote."""
_HASHES = frozenset({"content_hash", "connection", "vendor", "source_object", "sha256"})
_OURS = _HASHES | {
    "run_id", "state", "request_hash", "source_hash", "mapping_hash", "remote_hash", "rule", "severity", "stream",
    "command", "version", "fetch_state",
}  # fmt: skip
"""Columns that hold our own words and hashes."""
_IDENTITY = frozenset({"id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at",
                       "raw_record_id"})  # fmt: skip
_AMONG = 300
Changes = list[tuple[tuple[Any, ...], dict[str, Any]]]


class TableSweep:
    """Cleans all tables but those of the archive."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._known: dict[str, tuple[Suppression, Scrubber]] = {}

    def run(self) -> None:
        """Clean table after table, page after page."""
        for table in (*canonical.sorted_tables, *machinery.metadata.sorted_tables):
            if table.name in _ELSEWHERE:
                continue
            self.sweep.progress.begin(table.name)
            try:
                for rows in pages(self.sweep.store, table):
                    self._page(table, [row._mapping for row in rows])  # noqa: SLF001 - SQLAlchemy's public name of it
                    self.sweep.progress.advance(len(rows))
            finally:
                self.sweep.progress.end()

    def _for(self, connection: str) -> tuple[Suppression, Scrubber]:
        if connection not in self._known:
            found = self.sweep.suppression(connection)
            self._known[connection] = (found, Scrubber(found))
        return self._known[connection]

    # ----------------------------------------------------------------------------------------------------------- pages

    def _page(self, table: Table, rows: list[Any]) -> None:
        keys = [column.name for column in table.primary_key.columns]
        changes: Changes = []
        hashed: list[str] = []
        touched: list[str] = []
        rows = [row for row in rows if self._in_scope(row)]
        stripped = self._to_strip(table, rows)
        for row in rows:
            values, linked = self._cleaned(table, row, strip=row.get("id") in stripped)
            if table.name == "write_op" and (values or linked):
                values |= _without_hashes(values.get("request", row["request"]), row)
                hashed.append(row["record_id"])
            if values:
                changes.append((tuple(row[key] for key in keys), values))
                if table.name in canonical.tables and values.keys() - SETTLED.get(table.name, set()):
                    touched += [one for one in (row["id"], row.get("ticket_id")) if one]
        if changes or hashed:
            self._write(table, keys, changes, hashed, touched)

    def _in_scope(self, row: Mapping[str, Any]) -> bool:
        if not self.sweep.scope:
            return True
        if "connection" in row and "account_id" not in row and row["connection"] is not None:
            return bool(row["connection"] == self.sweep.scope)
        named = [str(row[name]) for name in ("record_id", "other_id", "source", "destination", "id") if name in row]
        return any(one == self.sweep.scope or one.startswith(f"{self.sweep.scope}:") for one in named)

    def _cleaned(self, table: Table, row: Mapping[str, Any], *, strip: bool) -> tuple[dict[str, Any], bool]:
        """Return the values that change, and whether the row is linked to a person."""
        suppression, cleaner = self._for(str(row.get("connection") or "") if table.name in canonical.tables else "")
        columns = [column for column in table.columns if _may_tell(column)]
        linked = any(refers(suppression, row[column.name]) for column in columns)
        values: dict[str, Any] = {}
        tokens = suppression.person(row["id"]) if strip else None
        for column in columns:
            held = row[column.name]
            if held is None:
                continue
            if tokens is not None and column.name not in KEPT_COLUMNS | _IDENTITY:
                new = {"name": tokens[0], "email": tokens[1] or None}.get(column.name)
            else:
                new = cleaner.value(held, linked=linked)
            if new is not held and new != held:
                values[column.name] = new
        if values and table.name in canonical.tables:
            self._rehash(table, row, values)
        return values, linked

    def _rehash(self, table: Table, row: Mapping[str, Any], values: dict[str, Any]) -> None:
        """Give a row that no raw record explains a hash of what it holds now."""
        if values.keys() <= SETTLED.get(table.name, frozenset()) | {"raw_record_id"}:
            return
        left = ENGINE_COLUMNS[table.name] | {"raw_record_id", "connection", "vendor"}
        content = {**row, **values}
        values["content_hash"] = digest([str(content[one.name]) for one in table.columns if one.name not in left])
        values["synced_at"] = self.sweep.now
        if table.name in FLAGGED_KINDS:
            values["text_flags"] = flags_of(table.name, content)

    def _to_strip(self, table: Table, rows: list[Any]) -> set[str]:
        """Return the people whose own record no raw record tells: the others were made anew from theirs."""
        if table.name != "person":
            return set()
        theirs = {
            row["id"]: row["raw_record_id"] for row in rows if self._for(row["connection"])[0].person(row["id"])
        }  # fmt: skip
        if not theirs:
            return set()
        raw = machinery.raw_record
        wanted = [one for one in theirs.values() if one]
        with self.sweep.store.read() as database:
            found = {one for part in chunks(wanted, _AMONG)
                     for one in database.execute(select(raw.c.id).where(raw.c.id.in_(part))).scalars()}  # fmt: skip
        return {record_id for record_id, raw_id in theirs.items() if raw_id not in found}

    # ----------------------------------------------------------------------------------------------------------- write

    def _write(
        self, table: Table, keys: list[str], changes: Changes, hashed: list[str], touched: list[str]
    ) -> None:  # fmt: skip
        with self.sweep.write() as database:
            for key, values in changes:
                _update(database, table, dict(zip(keys, key, strict=True)), values)
            forget_hashes(database, hashed, changed=False)
            forget_hashes(database, touched, changed=True)
            log = [
                {"run_id": self.sweep.run_id, "kind": table.name, "record_id": values.get("id", key[0]),
                 "change": "updated", "at": self.sweep.now}
                for key, values in changes if table.name in canonical.tables
            ]  # fmt: skip
            if log:
                database.execute(machinery.change_log.insert(), log)
        self.sweep.changed[table.name] += len(changes)


def _may_tell(column: Column[Any]) -> bool:
    """Whether a column may hold what a vendor or a person wrote."""
    ours = _HASHES if column.table.name in canonical.tables else _OURS
    return isinstance(column.type, (Text, Json)) and column.name not in ours and "enumeration" not in column.info


def _update(database: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    new_key = {name: values.get(name, value) for name, value in key.items()}
    if new_key != key:  # under the token lies the same already
        database.execute(table.delete().where(*(table.c[name] == value for name, value in new_key.items())))
    database.execute(table.update().where(*(table.c[name] == value for name, value in key.items())).values(**values))


def _without_hashes(request: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operation's values without hashes of what it sent; those of its long texts lie in the request."""
    found: dict[str, Any] = {}
    if row["request_hash"] != FORGOTTEN and row["request_hash"]:
        found |= {"request_hash": FORGOTTEN, "source_hash": FORGOTTEN}
    cleaned = _unhashed(request)
    if json.dumps(cleaned, sort_keys=True) != json.dumps(row["request"], sort_keys=True):
        found["request"] = cleaned
    return found


def _unhashed(value: Any) -> Any:
    if type(value) is dict:
        if value.keys() == {"sha256", "characters"}:
            return {"sha256": FORGOTTEN, "characters": value["characters"]}
        return {key: _unhashed(one) for key, one in value.items()}
    return [_unhashed(one) for one in value] if type(value) is list else value


def people_ids(sweep: Sweep) -> list[str]:
    """Return the records of all people who are being kept out."""
    table = sql_table("person")
    known: dict[str, Suppression] = {}
    found = []
    with sweep.store.read() as database:
        statement = select(table.c.id, table.c.connection)
        if sweep.scope:
            statement = statement.where(table.c.connection == sweep.scope)
        rows = database.execute(statement.execution_options(yield_per=1000)).all()
    for row in rows:
        if row.connection not in known:
            known[row.connection] = sweep.suppression(row.connection)
        if known[row.connection].person(row.id) is not None:
            found.append(row.id)
    return found
