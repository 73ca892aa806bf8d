"""Which tickets a sign-off shows: as different as possible, and the same ones every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.report.sign_off.facts import Facts
from deskferry.store import machinery
from deskferry.store.upsert import chunks

WANTED = 20
_LOOKED_AT = 2_000
_AMONG = 500


def chosen_tickets(facts: Facts, database: Connection, differing: Iterable[str]) -> list[tuple[str, str]]:
    """Return up to twenty (source ticket, its id at the destination), those with a difference and rare traits first.

    Of what this run wrote; where that is less, of what earlier runs of the route wrote too.
    """
    crossed = _crossed(facts, database, own=True)
    if len(crossed) < WANTED:
        crossed = {**_crossed(facts, database, own=False), **crossed}
    wrong = set(differing)
    step = max(len(crossed) // _LOOKED_AT, 1)
    candidates = sorted(crossed, key=_shuffled)[::step]
    candidates = [*(one for one in sorted(wrong) if one in crossed and one not in candidates), *candidates]
    traits = _traits(database, candidates, wrong)
    picked = _most_varied(candidates, traits)
    return [(one, crossed[one]) for one in picked]


def _crossed(facts: Facts, database: Connection, *, own: bool) -> dict[str, str]:
    """Return tickets that a run of the route wrote, with their canonical ids at the destination."""
    crossing, run = machinery.crossing, machinery.run
    if own:
        op = machinery.write_op
        written = select(op.c.record_id).where(op.c.run_id == facts.run_id, op.c.state.in_(("done", "adopted")))
        where = crossing.c.record_id.in_(written)
    else:
        where = crossing.c.run_id.in_(select(run.c.id).where(run.c.connection == facts.route))
    rows = database.execute(
        select(crossing.c.record_id, crossing.c.remote_object, crossing.c.remote_id).where(
            crossing.c.account_id == facts.destination.account_id, crossing.c.kind == "ticket", crossing.c.part == "",
            crossing.c.state != "matched", where,
        )
    )  # fmt: skip
    name = facts.destination.name
    return {row.record_id: f"{name}:{row.remote_object}:{row.remote_id}" for row in rows}


def _shuffled(record_id: str) -> bytes:
    """Return what orders records without regard to their age, the same way every time."""
    return hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _traits(database: Connection, ids: Sequence[str], wrong: set[str]) -> dict[str, frozenset[str]]:
    """Return what is remarkable about each ticket."""
    found: dict[str, set[str]] = {one: {"differs"} if one in wrong else set() for one in ids}
    ticket, message, attachment = sql_table("ticket"), sql_table("message"), sql_table("attachment")
    columns = ("id", "status", "channel", "priority", "assignee_id", "organization_id", "custom_fields", "subject")
    for part in chunks(list(ids), _AMONG):
        rows = database.execute(select(*(ticket.c[name] for name in columns)).where(ticket.c.id.in_(part)))
        for row in rows.mappings():
            found[row["id"]] |= _of_ticket(dict(row))
        counted = database.execute(
            select(message.c.ticket_id, message.c.is_public, func.count().label("n"))
            .where(message.c.ticket_id.in_(part), message.c.deleted_at.is_(None))
            .group_by(message.c.ticket_id, message.c.is_public)
        )
        for ticket_id, public, n in counted:
            found[ticket_id] |= {"private"} if public is False else set()
            found[ticket_id] |= {"long"} if n > 10 else {"short"} if n == 1 else {"some"}
        for one in database.execute(
            select(attachment.c.ticket_id).where(attachment.c.ticket_id.in_(part)).distinct()
        ).scalars():
            found[one].add("files")
    return {one: frozenset(traits) for one, traits in found.items()}


def _of_ticket(row: Mapping[str, Any]) -> set[str]:
    traits = {f"{name} {row[name]}" for name in ("status", "channel", "priority")}
    traits |= {"fields"} if row["custom_fields"] else set()
    traits |= {"nobody"} if row["assignee_id"] is None else set()
    traits |= {"organization"} if row["organization_id"] else set()
    traits |= {"script"} if not (row["subject"] or "").isascii() else set()
    return traits | ({"no subject"} if not row["subject"] else set())


def _most_varied(candidates: Sequence[str], traits: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the candidates that bring the most traits not seen yet, one after the other, then the next in order."""
    left, picked, seen = list(candidates), list[str](), set[str]()
    while left and len(picked) < WANTED:
        best = max(left, key=lambda one: ("differs" in traits[one], len(traits[one] - seen)))
        if not traits[best] - seen and "differs" not in traits[best]:
            break
        seen |= traits[best]
        picked.append(best)
        left.remove(best)
    return picked + left[: WANTED - len(picked)]
