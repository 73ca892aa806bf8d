"""The history of two desks as one: a ticket that was migrated counts once, with what both desks know of it.

The ticket is the one at the destination, where it lives now; when and on which channel it came in, its messages and
its history up to the migration are those of the source, and what happened at the destination since comes after. What
the migration itself wrote there (copies of messages, statuses that it set) is no support work and is left out. Tickets
that did not cross, and those of a destination that was not pulled since, stand for themselves.

It works on the tables of a snapshot before anything is computed of them: metrics and facts know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from sqlalchemy import select

from deskferry.metrics.facts.ticket import HISTORY, lacks_status
from deskferry.metrics.kept_facts import KeptFacts
from deskferry.metrics.keys import wanted
from deskferry.metrics.options import Question
from deskferry.store import Store, machinery
from deskferry.store.export_processes import KEY_OF
from deskferry.store.snapshot import Snapshot

_TIMES: Mapping[str, str] = {
    "message": "created_at", "ticket_event": "occurred_at", "sla_event": "occurred_at", "ticket_schedule": "from_at",
    "time_entry": "started_at", "survey_response": "answered_at", "interaction": "queue_entered_at",
    "review": "reviewed_at", "sentiment": "created_at", "mention": "occurred_at", "article_comment": "created_at",
}  # fmt: skip
"""Tables of parts of tickets, and when what a row tells happened."""
_SAME = ("person", "team", "organization", "inbox")
"""Kinds whose records are the same on both sides."""
_BEGAN = ("created_at", "channel", "channel_label", f"{KEY_OF}submitter_id")
"""What the source knows better of a ticket."""
_HAPPENED = ("solved_at", "closed_at", "first_responded_at")
"""What the source knows, where the destination does not."""
_MACHINERY: Mapping[str, tuple[str, ...]] = {
    "crossing": ("account_id", f"{KEY_OF}record_id", "part", "kind", "remote_object", "remote_id", "placeholder",
                 "run_id", "written_at"),
    "account_pin": ("connection", "account_id"),
    "run": ("id", "ended_at"),
}  # fmt: skip
_HOPS = 3
"""Through so many desks a ticket is followed."""


def is_migrated(store: Store) -> bool:
    """Whether any ticket of the store crossed into another desk."""
    table = machinery.crossing
    with store.read() as database:
        return database.execute(select(table.c.kind).where(table.c.kind == "ticket").limit(1)).first() is not None


def with_joint_tables(tables: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the tables and columns that a snapshot needs for the joint history of these."""
    found = {name: set(columns) for name, columns in tables.items()}
    for name, columns in found.items():
        if name == "ticket" or name in _SAME or name in _TIMES:
            columns |= {"id", f"{KEY_OF}id"}
        if name in _TIMES:
            columns |= {_TIMES[name], f"{KEY_OF}ticket_id"}
    if "message" in found:
        found["message"].add("is_opening")
    found.setdefault("ticket", set()).update({"id", f"{KEY_OF}id", "created_at"})
    return found | {name: set(columns) for name, columns in _MACHINERY.items()}


def join_desks(backend: Any, snapshot: Snapshot) -> list[ir.Table]:
    """Put the joint history in the place of the tables of a snapshot; returns what must be kept while it is read."""
    return _Joint(backend, snapshot).put()


@dataclass(slots=True)
class _Joint:
    backend: Any
    snapshot: Snapshot

    def put(self) -> list[ir.Table]:
        """Replace the tables; nothing where no ticket is on both sides."""
        remotes = self._remotes().cache()
        pairs = self._tickets(remotes).cache()
        if not pairs.count().to_pyarrow().as_py():
            return []
        same = self._same(remotes).cache()
        copies = remotes.filter(remotes.kind != "ticket").select("remote").distinct().cache()
        for name in self.snapshot.files:
            table = self._alone(name)
            joined = self._joined(name, table, pairs, copies)
            if joined is not None:
                self.backend.drop_view(name)  # it is a temporary one, which would hide another of its name
                self.backend.create_view(name, self._with_same(name, joined, same))
        return [remotes, pairs, same, copies]

    def _alone(self, name: str) -> ir.Table:
        """Return a table of the snapshot as it was read, under a name that stays its own."""
        found: ir.Table = self.backend.read_parquet(str(self.snapshot.files[name]), table_name=f"alone_{name}")
        return found

    def _remotes(self) -> ir.Table:
        """Return each crossing: source's key, the destination's id as text, when the migration was over."""
        crossing, pins, runs = (self._alone(name) for name in _MACHINERY)
        pins = pins.select("account_id", desk="connection")
        runs = runs.select(run_id="id", ended_at="ended_at")
        found = crossing.inner_join(pins, "account_id").left_join(runs, "run_id")
        return found.select(
            "kind", "part", "placeholder", source=f"{KEY_OF}record_id", desk="desk",
            remote=found.desk + ":" + found.remote_object + ":" + found.remote_id,
            crossed_at=found.ended_at.coalesce(found.written_at),
        )  # fmt: skip

    def _pairs(self, remotes: ir.Table, kind: str) -> ir.Table:
        """Return `source` and `key` of the records of a kind of which the store has both sides."""
        here = self._alone(kind)
        own = here.select(source=f"{KEY_OF}id")
        there = here.filter(here.deleted_at.isnull()) if "deleted_at" in here.columns and kind == "ticket" else here
        there = there.select(key=f"{KEY_OF}id", remote="id")
        found = remotes.filter(remotes.kind == kind, remotes.part == "").inner_join(there, "remote")
        found = found.semi_join(own, "source").filter(lambda one: one.source != one.key)
        return found.group_by("source").aggregate(
            key=found.key.min(), desk=found.desk.min(), crossed_at=found.crossed_at.min(),
            placeholder=found.placeholder.any(),
        )  # fmt: skip

    def _tickets(self, remotes: ir.Table) -> ir.Table:
        """Return the pairs of tickets; one that went on to a third desk is paired with where it is now."""
        first = self._pairs(remotes, "ticket").drop("placeholder").cache()
        found = first
        for _hop in range(_HOPS - 1):
            onward = first.select(key="source", _next="key", _desk="desk")
            found = found.left_join(onward, "key").drop("key_right")
            found = found.select("source", "crossed_at", key=found["_next"].coalesce(found.key),
                                 desk=found["_desk"].coalesce(found.desk))  # fmt: skip
        return found.filter(found.source != found.key)

    def _same(self, remotes: ir.Table) -> ir.Table:
        """Return `source` and `key` of people, teams, organizations and inboxes that are one.

        A stand-in at the destination is read as the person whom it stands for, who was an agent, maybe.
        """
        parts = [self._pairs(remotes, kind) for kind in _SAME if kind in self.snapshot.files]
        if not parts:
            return ibis.memtable({"source": [0], "key": [0]}, schema={"source": "int64", "key": "int64"}).limit(0)
        found = parts[0]
        for part in parts[1:]:
            found = found.union(part)
        stands = found.filter(found.placeholder).select(source="key", key="source")
        return found.filter(~found.placeholder).select("source", "key").union(stands).distinct()

    def _joined(self, name: str, table: ir.Table, pairs: ir.Table, copies: ir.Table) -> ir.Table | None:
        if name == "ticket":
            return self._ticket_rows(table, pairs)
        if name in _TIMES:
            return _parts(name, table, pairs, copies)
        if name == "tagging":
            return table.anti_join(pairs, table[f"{KEY_OF}record_id"] == pairs.source)
        if name == "vendor_metric":
            return _moved(table.anti_join(pairs, table[f"{KEY_OF}ticket_id"] == pairs.key), pairs)
        return table if any(map(_refers, table.columns)) else None

    def _ticket_rows(self, table: ir.Table, pairs: ir.Table) -> ir.Table:
        """Return tickets: those at the destination with what the source knows, those that crossed no longer."""
        key = f"{KEY_OF}id"
        names = [name for name in (*_BEGAN, *_HAPPENED) if name in table.columns]
        sources = table.inner_join(pairs, table[key] == pairs.source)
        told = sources.group_by(_key=sources.key).aggregate(
            **{f"_{name}": sources[name].argmin(sources.created_at) for name in names}
        )
        left = table.anti_join(pairs, table[key] == pairs.source)
        rows = left.left_join(told, left[key] == told["_key"]).drop("_key")
        values = {name: rows[f"_{name}"].coalesce(rows[name]) for name in names if name in _BEGAN}
        values |= {name: rows[name].coalesce(rows[f"_{name}"]) for name in names if name in _HAPPENED}
        return rows.mutate(**values).select(*table.columns)

    def _with_same(self, name: str, table: ir.Table, same: ir.Table) -> ir.Table:
        """Return rows that name people, teams, organizations and inboxes by the keys of where they are now."""
        columns = list(table.columns)
        if name in _SAME:
            table = table.anti_join(same, table[f"{KEY_OF}id"] == same.source)
        for column in filter(_refers, columns):
            other = same.select(_from="source", _to="key")
            table = table.left_join(other, table[column] == other["_from"]).drop("_from")
            table = table.mutate(**{column: table["_to"].coalesce(table[column])}).drop("_to")
        return table.select(*columns)


def _refers(column: str) -> bool:
    """Whether a column has the key of a record that both sides may have."""
    own = {"id", "ticket_id", "message_id", "record_id", "update_id", "chat_session_id", "session_id"}
    return column.startswith(KEY_OF) and column.removeprefix(KEY_OF) not in own


def _parts(name: str, table: ir.Table, pairs: ir.Table, copies: ir.Table) -> ir.Table:
    """Return parts of tickets: the source's under the key of the ticket, the destination's without the migration's."""
    arrived = pairs.group_by(_key=pairs.key).aggregate(_crossed_at=pairs.crossed_at.min())
    rows = table.left_join(arrived, table[f"{KEY_OF}ticket_id"] == arrived["_key"])
    migrated = (rows[_TIMES[name]] <= rows["_crossed_at"]).fill_null(False)
    if name == "message":
        migrated = migrated | rows.is_opening.fill_null(False)
    if name == "sla_event":  # its clocks begin anew at the destination: those of the source are judged
        migrated = ibis.literal(value=True)
    rows = rows.filter(rows["_key"].isnull() | ~migrated).drop("_key", "_crossed_at")
    return _moved(rows.anti_join(copies, rows.id == copies.remote), pairs)


def _moved(rows: ir.Table, pairs: ir.Table) -> ir.Table:
    """Return rows of tickets that crossed as rows of what they are now."""
    column = f"{KEY_OF}ticket_id"
    columns = list(rows.columns)
    there = pairs.select(_source="source", _key="key", _desk="desk")
    rows = rows.left_join(there, rows[column] == there["_source"])
    values = {column: rows["_key"].coalesce(rows[column]), "connection": rows["_desk"].coalesce(rows.connection)}
    return rows.mutate(**values).select(*columns)


class Opened(NamedTuple):
    """A snapshot that is read."""

    backend: Any
    held: Sequence[ir.Table]
    """What must not go as long as it is read."""
    shelf: KeptFacts | None
    """Where facts are kept for the next question; a joint history has none."""


def opened(store: Store, tables: Mapping[str, set[str]], engine: str, question: Question) -> Opened:
    """Return a backend on a snapshot of these tables.

    Desks between which tickets crossed are one in it, unless they are to be separate.
    """
    joint = not question.separate and is_migrated(store)
    asked = with_joint_tables(tables) if joint else tables
    snapshot, backend = _read(store, asked, engine)
    by_history = "ticket" in asked and lacks_status(backend.table("ticket"))
    if by_history:
        events = asked.get("ticket_event", set()) | wanted(("id", *HISTORY))
        snapshot, backend = _read(store, {**asked, "ticket_event": events}, engine)
    if joint:
        return Opened(backend, join_desks(backend, snapshot), None)
    keeps = engine == "duckdb" and not by_history  # what is kept of a ticket is not named after its events
    return Opened(backend, [], KeptFacts(backend, snapshot, question.exclude) if keeps else None)


def _read(store: Store, asked: Mapping[str, set[str]], engine: str) -> tuple[Snapshot, Any]:
    snapshot = Snapshot.refresh(store, {name: sorted(columns) for name, columns in asked.items()})
    return snapshot, snapshot.connect(engine)
