"""What lies in tables of its own and travels with a row: tags and memberships of people, the name of a status.

Put into the row under names that no column has: `tags`, `memberships` (organizations, the main one first),
`status_name` and `form_name` (of the precise status and of the form, where the account has some of its own).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row

TAGS, MEMBERSHIPS = "tags", "memberships"
_NAMED = (
    ("status_name", "status_definition_id", "status_definition", "label"),
    ("form_name", "form_id", "config_item", "name"),
)


def add_tags(database: Connection, rows: Sequence[Row]) -> None:
    """Put their tags into rows of people or organizations."""
    table = sql_table("tagging")
    found: dict[str, list[str]] = defaultdict(list)
    statement = select(table.c.record_id, table.c.tag).where(
        table.c.record_id.in_([row["id"] for row in rows]), table.c.deleted_at.is_(None)
    )
    for record_id, tag in database.execute(statement.order_by(table.c.tag)):
        found[record_id].append(tag)
    for row in rows:
        row[TAGS] = tuple(found.get(row["id"], ()))


def add_memberships(database: Connection, rows: Sequence[Row]) -> None:
    """Put their organizations into rows of people."""
    table = sql_table("person_organization")
    found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    statement = select(table.c.person_id, table.c.organization_id, table.c.is_primary).where(
        table.c.person_id.in_([row["id"] for row in rows]), table.c.deleted_at.is_(None)
    )
    for person, organization, primary in database.execute(statement):
        found[person].append((not primary, organization))
    for row in rows:
        row[MEMBERSHIPS] = tuple(organization for _main, organization in sorted(found.get(row["id"], ())))


def add_names(database: Connection, tickets: Sequence[Row]) -> None:
    """Put the names of their precise status and their form into rows of tickets."""
    for name, column, kind, label in _NAMED:
        table = sql_table(kind)
        ids = {row[column] for row in tickets if row[column]}
        found = database.execute(select(table.c.id, table.c[label].label("name")).where(table.c.id.in_(ids)))
        names = {row.id: row.name for row in found}
        for row in tickets:
            row[name] = names.get(row[column])
