"""What matching comes to, and the words that its questions use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import FieldRule, Question
from deskferry.errors import ConfigError
from deskferry.migrate.mapping_file import fold

AGENT_ROLES = frozenset({"agent", "light_agent", "admin"})
MACHINE_ROLES = frozenset({"bot", "system"})


@dataclass(frozen=True, slots=True)
class Found:
    """An existing record at the destination."""

    kind: str
    remote_id: str
    object: str
    name: str | None
    role: str | None = None
    how: str = ""
    """By what it was found: mapping, email, external_id, name, domain, earlier."""


@dataclass(slots=True)
class Matches:
    """Where source records go that need not be created."""

    found: dict[str, Found] = field(default_factory=dict)
    """Source record → existing record: people, organizations, teams, inboxes."""
    leads: dict[str, str] = field(default_factory=dict)
    """Source record → the source record that crosses for it: twins by e-mail or name, people who were merged."""
    organization_twins: set[str] = field(default_factory=set)
    """Of the leads those that are organizations; the others are people."""
    placeholders: set[str] = field(default_factory=set)
    """Agents (and machines) without an agent there: a stand-in is made where a crossing ticket names them."""
    taken: dict[str, frozenset[str]] = field(default_factory=dict)
    """Person who crossed before → addresses that came since and are another record's at the destination."""
    refused: set[str] = field(default_factory=set)
    """Records that the mapping answers with `none`."""
    fields: dict[tuple[str, str], FieldRule] = field(default_factory=dict)
    unfound: dict[str, tuple[str, str | None, str]] = field(default_factory=dict)
    """Teams and inboxes that nothing matches: (kind, name, source id)."""
    questions: list[Question] = field(default_factory=list)

    def lead(self, record_id: str) -> str:
        """Return the record that crosses for a record: itself, its twin, the one it was merged into."""
        seen = set()
        while record_id in self.leads and record_id not in seen:
            seen.add(record_id)
            record_id = self.leads[record_id]
        return record_id


def canonical_rows(
    database: Connection, kind: str, connection: str, columns: Iterable[str], *, live: bool = True
) -> Iterator[Any]:
    table = sql_table(kind)
    statement = select(*(table.c[name] for name in columns)).where(table.c.connection == connection)
    if live:
        statement = statement.where(table.c.deleted_at.is_(None))
    yield from database.execute(statement.order_by(table.c.id).execution_options(yield_per=1000))


def answered(answer: str | None, by: dict[str, dict[str, list[Any]]], what: str, subject: str | None) -> Found:
    candidates = {row.id: row for table in by.values() for row in table.get(answer or "", table.get(fold(answer), ()))}
    if len(candidates) != 1:
        found = "none" if not candidates else f"{len(candidates)} of them"
        raise ConfigError(
            f"The mapping sends {what} {subject!r} to {answer!r}, and the destination has {found}.",
            f"Name a {what} of the destination by its id.",
        )
    (only,) = candidates.values()
    return Found(what, only.source_id, only.source_object, only.name, getattr(only, "role", None), "mapping")


def ambiguous(what: str, row: Any, candidates: Iterable[Any], how: str, default: str | None) -> Question:
    section = {"organization": "organizations", "person": "people", "team": "teams", "inbox": "inboxes"}[what]
    listed = ", ".join(f"{one.name} ({one.source_id})" for one in candidates)
    key = (row.email if what == "person" else row.name) or row.source_id
    return Question(
        f"{what}_ambiguous",
        str(row.name or key),
        f"Several records of the destination match this {what} by {how}: {listed}.",
        f'[{section}]\n{quoted(key)} = ""',
        default,
    )


def quoted(text: str) -> str:
    """Return a text as a TOML key or value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escape(one) for one in escaped) + '"'


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 32 or ord(character) == 127 else character
