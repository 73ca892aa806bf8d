"""What the journal says: effects that were seen, placeholders, operations without an outcome, what was refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.migrate.journal import PENDING
from deskferry.report.excerpt import excerpt
from deskferry.report.sign_off.facts import Facts, instant
from deskferry.report.wording import Words
from deskferry.store import machinery

_SHOWN = 50
_OPEN = (*PENDING, "quarantined")
_FAILED = ("refused", "not_sent")


def effects(facts: Facts, words: Words) -> list[dict[str, Any]]:
    """Return the effects that the plan named: whether somebody said yes, and how many operations had each."""
    accepted = set(facts.told.get("accepted") or ())
    with facts.store.read() as database:
        seen = _effects_seen(database, facts.run_id)
    named = {one["name"]: one for one in facts.plan.get("effects") or ()}
    return [
        {
            "name": name,
            "says": _effect_word(words, name, "says", named.get(name, {}).get("says", name)),
            "avoid": _effect_word(words, name, "avoid", named.get(name, {}).get("avoid", "")),
            "translated": words.has(f"effects.{name}.says") or words.language == "en",
            "accepted": name in accepted,
            "planned": named.get(name, {}).get("operations", 0),
            "sent": seen[name],
        }
        for name in sorted(named.keys() | seen.keys())
    ]


def _effect_word(words: Words, name: str, what: str, own: str) -> str:
    """Return the connector's own sentence in English, its translation where the words have one."""
    key = f"effects.{name}.{what}"
    return words(key) if words.language != "en" and words.has(key) else own


def _effects_seen(database: Connection, run_id: str) -> Counter[str]:
    """Count operations that took effect, by the effects that they have; the database groups equal lists."""
    table = machinery.write_op
    listed: ColumnElement[Any]
    if database.dialect.name == "sqlite":
        listed = func.json_extract(table.c.request, "$.effects")
    else:
        listed = func.jsonb_extract_path_text(table.c.request, "effects")
    rows = database.execute(
        select(listed.label("effects"), func.count().label("n"))
        .where(table.c.run_id == run_id, table.c.state.in_(("done", "adopted")))
        .group_by(listed)
    )
    seen: Counter[str] = Counter()
    for row in rows:
        for name in json.loads(row.effects or "[]"):
            seen[name] += row.n
    return seen


def placeholders(facts: Facts) -> dict[str, Any]:
    """Return the people for whom a stand-in was made at the destination."""
    crossing, person = machinery.crossing, sql_table("person")
    where = (
        crossing.c.account_id == facts.destination.account_id, crossing.c.placeholder.is_(True), crossing.c.part == "",
        crossing.c.record_id.like(f"{_escaped(facts.source.name)}:%", escape="\\"),
    )  # fmt: skip
    with facts.store.read() as database:
        total = database.execute(select(func.count()).select_from(crossing).where(*where)).scalar_one()
        rows = database.execute(
            select(crossing.c.record_id, crossing.c.remote_id, person.c.name, person.c.email, person.c.role)
            .outerjoin(person, person.c.id == crossing.c.record_id)
            .where(*where)
            .order_by(person.c.name, crossing.c.record_id)
            .limit(_SHOWN)
        ).all()
    return {
        "total": total,
        "shown": [
            {"record_id": row.record_id, "name": excerpt(row.name), "email": excerpt(row.email), "role": row.role,
             "remote_id": row.remote_id}
            for row in rows
        ],
    }  # fmt: skip


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")


def open_operations(facts: Facts) -> dict[str, Any]:
    """Return operations of the route without a known outcome, and what this run could not write."""
    table = machinery.write_op
    route = (table.c.source == facts.source.name, table.c.destination == facts.destination.name)
    with facts.store.read() as database:
        return {
            "open": _listed(database, *route, table.c.state.in_(_OPEN)),
            "failed": _listed(database, *route, table.c.run_id == facts.run_id, table.c.state.in_(_FAILED)),
        }


def _listed(database: Connection, *where: Any) -> dict[str, Any]:
    table = machinery.write_op
    columns = ("state", "kind", "record_id", "part", "call", "code", "detail", "intended_at")
    total = database.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    rows = database.execute(
        select(*(table.c[name] for name in columns)).where(*where).order_by(table.c.id).limit(_SHOWN)
    ).mappings()
    shown = [{**row, "detail": excerpt(row["detail"], 300), "intended_at": instant(row["intended_at"])} for row in rows]
    return {"total": total, "shown": shown}
