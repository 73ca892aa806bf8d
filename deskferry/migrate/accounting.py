"""Where every record of the source went before anything was written: chosen, matched, left out and why, out of scope.

Kept with the run, so that its report can add up to what the source held at that time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, null, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row
from deskferry.migrate.compose import Composed
from deskferry.migrate.requests import message_of
from deskferry.migrate.scope import Scope, Selection
from deskferry.migrate.scope_knowledge import KNOWLEDGE
from deskferry.migrate.work import Work

_ALONE = {"message": "no_ticket", "attachment": "of_article"}
"""Kinds that travel with tickets, and what those are that belong to none."""


@dataclass(slots=True)
class Accounted:
    """One kind: the records of the source by what was decided about them. Everything but `added` sums to `source`."""

    source: int = 0
    chosen: int = 0
    """Of the source's records those that are to cross."""
    matched: int = 0
    twins: int = 0
    """They cross as another record: same address, or merged."""
    left_out: Counter[str] = field(default_factory=Counter)
    out_of_scope: int = 0
    """Not asked for: `--only`, `--since`, `--sample` or the route's `select`."""
    added: int = 0
    """Chosen beside the source's records: people whom tickets name and whom the source does not tell of."""

    @property
    def unexplained(self) -> int:
        """Return how many records nothing accounts for: 0, or there is a bug."""
        known = self.chosen + self.matched + self.twins + self.left_out.total() + self.out_of_scope
        return self.source - known

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain JSON."""
        return {
            "source": self.source, "chosen": self.chosen, "matched": self.matched, "twins": self.twins,
            "left_out": dict(sorted(self.left_out.items())), "out_of_scope": self.out_of_scope,
            "added": self.added, "unexplained": self.unexplained,
        }  # fmt: skip


def account_for(work: Work, scope: Scope) -> dict[str, Accounted]:
    """Return where the source's records go, by kind."""
    composer = work.composer
    selection = composer.crossings.selection
    narrowed = scope.partial or bool(scope.only)
    found: dict[str, Accounted] = {}
    with composer.store.read() as database:
        for kind in ("organization", "person", *(one for one in work.kinds() if one in KNOWLEDGE)):
            found[kind] = _records(database, composer.source, kind, work, narrowed=narrowed)
        found["ticket"] = _tickets(database, composer.source, selection, narrowed=narrowed)
        for kind in _ALONE:
            found[kind] = _travelling(database, composer.source, kind, selection, composer.mapping.leave_out.drafts)
    return found


def carried(composed: Composed) -> Counter[str]:
    """Return how many messages and files of a ticket its operations carry, and (`lost_…`) how many stay as a whole.

    What is chosen of the knowledge base and the macros and becomes no operation stays too: its loss says why.
    """
    if composed.kind in KNOWLEDGE:
        found = Counter() if composed.article is None else _files(composed, composed.article.attachments)
        if not composed.operations:
            found[f"lost_{composed.kind}"] = 1
        return found
    if composed.aggregate is None:
        return Counter()
    there = {message_of(one) for one in composed.operations} | {composed.opening}
    there |= {message for one in composed.operations for message in one.carries}
    messages = [message["id"] for message in composed.aggregate.messages]
    found = _files(composed, [row for those in composed.aggregate.attachments.values() for row in those])
    found["message"] = sum(one in there for one in messages)
    found["lost_message"] = len(messages) - found["message"]
    return found


def _files(composed: Composed, rows: Sequence[Row]) -> Counter[str]:
    files = {file.attachment_id for one in composed.operations for file in one.files}
    taken = sum(row["id"] in files for row in rows)
    return Counter({"attachment": taken, "lost_attachment": len(rows) - taken})


def _records(database: Connection, source: str, kind: str, work: Work, *, narrowed: bool) -> Accounted:
    """Return where organizations, people, articles or macros go, looking at each."""
    matches, selection = work.composer.crossings.matches, work.composer.crossings.selection
    chosen, table = set(selection.of(kind)), sql_table(kind)
    counted = Accounted(left_out=_left_out(selection, kind))
    rest = deleted = 0
    statement = select(table.c.id, table.c.deleted_at.is_not(None).label("gone")).where(table.c.connection == source)
    for row in database.execute(statement.execution_options(yield_per=5000)):
        counted.source += 1
        if row.id in chosen:
            counted.chosen += 1
        elif row.id in matches.leads:
            counted.twins += 1
        elif row.id in matches.found:
            counted.matched += 1
        else:
            rest += 1
            deleted += bool(row.gone)
    counted.added = len(chosen) - counted.chosen
    rest -= counted.left_out.total()
    if kind != "person":  # what is deleted is not looked at when these are chosen
        counted.left_out["deleted"] += deleted
        rest -= deleted
    _narrow(counted, rest, narrowed=narrowed)
    return counted


def _tickets(database: Connection, source: str, selection: Selection, *, narrowed: bool) -> Accounted:
    table = sql_table("ticket")
    total, vanished = database.execute(
        select(func.count(), _sum(and_(table.c.deleted_at.is_not(None), table.c.status != "deleted")))
        .where(table.c.connection == source)
    ).one()  # fmt: skip
    counted = Accounted(total, len(selection.tickets), left_out=_left_out(selection, "ticket"))
    rest = total - counted.chosen - counted.left_out.total()
    if rest and "deleted" not in counted.left_out and not narrowed:
        counted.left_out["deleted"] = min(rest, int(vanished or 0))
        rest -= counted.left_out["deleted"]
    _narrow(counted, rest, narrowed=narrowed)
    return counted


def _narrow(counted: Accounted, rest: int, *, narrowed: bool) -> None:
    if narrowed and rest > 0:
        counted.out_of_scope = rest
    counted.left_out = +counted.left_out


def _left_out(selection: Selection, kind: str) -> Counter[str]:
    return Counter({reason: count for (of, reason), count in selection.left_out.items() if of == kind})


def _travelling(
    database: Connection, source: str, kind: str, selection: Selection, drafts: bool
) -> Accounted:  # fmt: skip
    """Return where messages or files go: with their tickets; with `drafts` those of unsent messages stay."""
    counted, articles = Accounted(), frozenset(selection.of("article"))
    rows = database.execute(_by_owner(source, kind).execution_options(yield_per=5000))
    for ticket, article, count, gone, unsent in rows:
        counted.source += count
        if ticket is None and article in articles:
            counted.left_out["deleted"] += int(gone or 0)
            counted.chosen += count - int(gone or 0)
        elif ticket is None:
            counted.left_out[_ALONE[kind]] += count
        elif ticket not in selection.ticket_set:
            counted.left_out["ticket_left"] += count
        else:
            draft = int(unsent or 0) if drafts else 0
            counted.left_out["deleted"] += int(gone or 0)
            counted.left_out["draft"] += draft
            counted.chosen += count - int(gone or 0) - draft
    counted.left_out = +counted.left_out
    return counted


def _by_owner(source: str, kind: str) -> Select[Any]:
    """Return a statement for (ticket, article, how many, of them deleted, of them unsent)."""
    table, message = sql_table(kind), sql_table("message")
    state = table.c.state if kind == "message" else message.c.state
    joined = table if kind == "message" else table.outerjoin(message, message.c.id == table.c.message_id)
    live = table.c.deleted_at.is_(None)
    article = table.c.article_id if kind == "attachment" else null()
    return (
        select(table.c.ticket_id, article, func.count(), _sum(~live), _sum(and_(live, state == "draft")))
        .select_from(joined)
        .where(table.c.connection == source)
        .group_by(table.c.ticket_id, *([table.c.article_id] if kind == "attachment" else []))
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
