"""Rows of two stores held against each other: ours, and what was just read at the vendor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import ENGINE_COLUMNS, VOLATILE_COLUMNS, column_names, sql_table
from deskferry.canonical_schema.columns import time_text
from deskferry.migrate.connection import OpenConnection
from deskferry.store import Store, machinery
from deskferry.store.upsert import lookup
from deskferry.validate.reconcile.comparison import Comparison, Departure, FieldDeparture, State

Row = Mapping[str, Any]
_DONE = "done"
_SHOWN = frozenset({
    "status", "status_before", "priority", "type", "channel", "role", "is_active", "suspended", "is_public",
    "is_opening", "state", "direction", "kind", "size", "sha256", "fetch_state", "content_type", "score", "seq",
    "is_spam", "is_archived", "fields",
})  # fmt: skip
"""Columns whose values are no personal data; times and references are shown as well."""
_FOLLOWS = {"message": frozenset({"author_kind", "direction"})}
"""What follows from the role that its author had when it first came, which may be another by now."""
_KEY = {"ticket": "id", "tagging": "record_id"}
_ONE_OF_ONE = frozenset({"person", "organization", "survey_response", "sla_event", "time_entry", "article"})
"""Kinds of many rows that have the id of their raw record, and no index by it."""
_ENDED = frozenset({"merged", "deleted"})
"""Of tickets that we know to be no more."""
_BY_OTHER_WAYS = frozenset({"message", "attachment"})
"""Kinds that an export brings as well as a ticket's own list."""
_NOT_THE_RECORD = frozenset({"raw_record_id"})


@dataclass(slots=True)
class RowComparison:
    """Holds the rows of a store against those that were just read."""

    store: Store
    scratch: Store
    connection: OpenConnection
    result: Comparison

    def tickets(self, ids: Sequence[str], kinds: Sequence[str]) -> None:
        """Compare tickets that were read anew, with all that belongs to them."""
        here, there = self._by_id("ticket", "id", ids, self.store), self._by_id("ticket", "id", ids, self.scratch)
        with self.scratch.read() as database:
            buried = {row[0] for row in lookup(database, "raw_record", "id, deleted_at", list(ids)) if row[1]}
        for record_id in ids:
            self._ticket(record_id, here.get(record_id), there.get(record_id), gone=record_id in buried)
        both = [one for one in ids if _is_live(here.get(one)) and _is_live(there.get(one))]
        for kind in kinds:
            if kind != "ticket":
                self._parts(kind, both, here, there)

    def _ticket(self, record_id: str, here: Row | None, there: Row | None, *, gone: bool) -> None:
        if there is None and gone:
            self.result.read["ticket"] += 1
            if here is not None and here["status"] not in _ENDED:
                self._pair("ticket", record_id, here, None, None)
            return
        if there is None:
            self.result.hidden += 1
            self.result.not_compared["ticket"] = (
                f"{self.result.hidden} are not shown to these credentials; the last one is {record_id}."
            )
            return
        self.result.read["ticket"] += 1
        self._pair("ticket", record_id, here, there, None)

    def _parts(self, kind: str, ids: Sequence[str], here: Mapping[str, Row], there: Mapping[str, Row]) -> None:
        """Compare the rows of a kind that belong to these tickets."""
        key = _KEY.get(kind, "ticket_id")
        ours = self._of_what_was_read(kind, _live(self._by_id(kind, key, ids, self.store)))
        theirs = _live(self._by_id(kind, key, ids, self.scratch))
        if kind == "attachment":
            _leave_out_named_apart(ours, theirs)
        for record_id in sorted(ours.keys() | theirs.keys()):
            one = theirs.get(record_id) or ours[record_id]
            moved = _moment(there[one[key]], "updated_at"), _moment(here[one[key]], "updated_at")
            self.result.read[kind] += record_id in theirs
            parent = moved[0] if (moved[0] or "") > (moved[1] or "") else None
            self._pair(kind, record_id, ours.get(record_id), theirs.get(record_id), parent)
            if kind == "attachment" and record_id in ours and record_id in theirs:
                self._file(record_id, ours[record_id], theirs[record_id])

    def _of_what_was_read(self, kind: str, ours: dict[str, Row]) -> dict[str, Row]:
        """Return our rows without those that a record brought which is not read anew: links that a history tells."""
        if kind in _BY_OTHER_WAYS:
            return ours
        table = machinery.raw_record
        raw = {row["raw_record_id"] for row in ours.values()}
        with self.scratch.read() as database:
            read = set(database.execute(select(table.c.id).where(table.c.id.in_(raw))).scalars())
        return {key: row for key, row in ours.items() if row["raw_record_id"] in read}

    def _file(self, record_id: str, here: Row, there: Row) -> None:
        if there["fetch_state"] != _DONE:
            self.result.files["refused"] += there["fetch_state"] == "refused"
            return
        if here["fetch_state"] != _DONE:
            self.result.files["not_here"] += 1
            self._departed(State.DIFFERS, "attachment", record_id, here, there, [_field("fetch_state", here, there)])
        elif here["sha256"] != there["sha256"]:
            self.result.files["differ"] += 1
            self._departed(State.DIFFERS, "attachment", record_id, here, there, [_field("sha256", here, there)])
        else:
            self.result.files["same"] += 1

    # -------------------------------------------------------------------------------------------------------- lists

    def listed(self, raw_ids: Sequence[str], kinds: Sequence[str]) -> None:
        """Compare what a list brought; `raw_ids` are those of its records."""
        for kind in kinds:
            theirs = _live(self._of_raw(kind, raw_ids, self.scratch))
            ours = self._by_id(kind, "id", sorted(theirs), self.store)
            if _has_raw(kind):
                ours |= _live(self._of_raw(kind, raw_ids, self.store))
            self.result.read[kind] += len(theirs)
            for record_id in sorted(ours.keys() | theirs.keys()):
                self._pair(kind, record_id, ours.get(record_id), theirs.get(record_id), None)

    def absent(self, raw_ids: Sequence[str], kinds: Sequence[str]) -> None:
        """Name what the store has of a list, and the list has no more."""
        table = machinery.raw_record
        with self.scratch.read() as database:
            statement = select(table.c.id).where(table.c.id.in_(raw_ids), table.c.deleted_at.is_(None))
            seen = set(database.execute(statement).scalars())
        gone = [one for one in raw_ids if one not in seen]
        for kind in kinds:
            for record_id, row in sorted(_live(self._of_raw(kind, gone, self.store)).items()):
                self._departed(State.GONE_THERE, kind, record_id, row, None)

    def _of_raw(self, kind: str, raw_ids: Sequence[str], store: Store) -> dict[str, Row]:
        return self._by_id(kind, "raw_record_id" if _has_raw(kind) else "id", raw_ids, store)

    # --------------------------------------------------------------------------------------------------------- rows

    def _by_id(self, kind: str, key: str, ids: Sequence[str], store: Store) -> dict[str, Row]:
        table = sql_table(kind)
        statement = select(table).where(table.c[key].in_(ids))
        with store.read() as database:
            return {row["id"]: dict(row) for row in database.execute(statement).mappings()}

    def _pair(self, kind: str, record_id: str, here: Row | None, there: Row | None, parent: str | None) -> None:
        """Compare a row with what it is there; `parent` is when its ticket changed there, if it did."""
        if not _is_live(there):
            if _is_live(here):
                self._departed(State.GONE_THERE, kind, record_id, here, there, parent=parent)
        elif not _is_live(here):
            assert there is not None
            new = self.result.is_new(_moment(there, "created_at") or parent)
            state = State.NEW_THERE if new else State.MISSING_HERE
            self._departed(state, kind, record_id, here, there, parent=parent)
        else:
            assert here is not None
            assert there is not None
            fields = list(_differing(kind, here, there))
            if fields and not ([one.field for one in fields] == ["extra"] and self._same_record(here, there)):
                later = (_moment(there, "updated_at") or "") > (_moment(here, "updated_at") or "") or parent
                state = State.CHANGED_THERE if later else State.DIFFERS
                self._departed(state, kind, record_id, here, there, fields, parent)

    def _same_record(self, here: Row, there: Row) -> bool:
        """Whether both rows were made of the same, but for what moves without a change: counters, last log-ins."""
        hashes = []
        for store, row in ((self.store, here), (self.scratch, there)):
            with store.read() as database:
                found = lookup(database, "raw_record", "payload_hash", [row["raw_record_id"] or ""])
            hashes.append([one[0] for one in found])
        return bool(hashes[0]) and hashes[0] == hashes[1]

    def _departed(
        self, state: State, kind: str, record_id: str, here: Row | None, there: Row | None,
        fields: Sequence[FieldDeparture] = (), parent: str | None = None,
    ) -> None:  # fmt: skip
        there_at = None if there is None else _moment(there, "updated_at") or parent or _moment(there, "created_at")
        missed = state is State.CHANGED_THERE and not self.result.is_new(there_at)
        row: Row = there or here or {}
        self.result.add(
            Departure(
                state, kind, record_id, row.get("source_url"), tuple(fields),
                None if here is None else _moment(here, "updated_at"), there_at, missed,
            )
        )  # fmt: skip


def _leave_out_named_apart(ours: dict[str, Row], theirs: dict[str, Row]) -> None:
    """Take out images in texts that have another id on either side, where each message has as many on both.

    An export tells them by their place in the text, a list of a ticket's messages by an id of their own.
    """
    apart = [{key: row for key, row in one.items() if key not in other and row["is_inline"]}
             for one, other in ((ours, theirs), (theirs, ours))]  # fmt: skip
    numbers = [Counter(row["message_id"] for row in one.values()) for one in apart]
    for side, found in zip((ours, theirs), apart, strict=True):
        for key, row in found.items():
            if numbers[0][row["message_id"]] == numbers[1][row["message_id"]]:
                del side[key]


def _has_raw(kind: str) -> bool:
    return kind not in _ONE_OF_ONE


def _is_live(row: Row | None) -> bool:
    return row is not None and row["deleted_at"] is None


def _live(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {key: row for key, row in rows.items() if _is_live(row)}


def _moment(row: Row, column: str) -> str | None:
    value = row[column]
    return time_text(value) if isinstance(value, datetime) else value


def _differing(kind: str, here: Row, there: Row) -> Iterator[FieldDeparture]:
    """Yield the columns that a mapping writes and that are not the same."""
    if here["content_hash"] == there["content_hash"]:
        return
    left_out = ENGINE_COLUMNS[kind] | VOLATILE_COLUMNS[kind] | _FOLLOWS.get(kind, frozenset()) | _NOT_THE_RECORD
    for column in column_names(kind):
        if column not in left_out and here[column] != there[column]:
            yield _field(column, here, there)


def _field(column: str, here: Row, there: Row) -> FieldDeparture:
    if column in _SHOWN or column.endswith(("_at", "_id")):
        return FieldDeparture(column, _text(here[column]), _text(there[column]))
    return FieldDeparture(column, None, None)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return time_text(value) if isinstance(value, datetime) else str(value)
