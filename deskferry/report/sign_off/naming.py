"""What records and fields are called, and where a person looks at them: ids alone tell a manager nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.report.excerpt import link, plain

_NAMED = ("person", "team", "organization", "inbox")
_LINKED = ("ticket", "person", "organization", "article", "macro")
_OF_TICKET = ("message", "attachment", "ticket_link", "ticket_follower", "survey_response", "time_entry")
_CUSTOM = "custom_fields."


@dataclass(slots=True)
class Naming:
    """Names and addresses of a few records, looked up at once."""

    names: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def value(self, text: str | None) -> str | None:
        """Return the name that a value which is a record's id stands for, else the value."""
        return None if text is None else self.names.get(text, text)

    def field_name(self, name: str) -> str:
        """Return a field as people know it: the label of a custom field, else its column."""
        key = name.removeprefix(_CUSTOM)
        return self.labels.get(key, key) if name.startswith(_CUSTOM) else name


def naming(database: Connection, connection: str, records: Iterable[str], values: Iterable[str | None]) -> Naming:
    """Return what a report needs to speak of these records and values."""
    found = Naming()
    ids = sorted({one for one in values if one and one.startswith(f"{connection}:")})
    for kind in _NAMED:
        table = sql_table(kind)
        rows = database.execute(select(table.c.id, table.c.name).where(table.c.id.in_(ids)))
        found.names.update({row.id: plain(row.name) for row in rows if row.name})
    wanted = sorted(set(records))
    for kind in _LINKED:
        table = sql_table(kind)
        _put(found.urls, database.execute(select(table.c.id, table.c.source_url).where(table.c.id.in_(wanted))))
    ticket = sql_table("ticket")
    for kind in _OF_TICKET:
        table = sql_table(kind)
        joined = table.join(ticket, ticket.c.id == table.c.ticket_id)
        statement = select(table.c.id, ticket.c.source_url).select_from(joined).where(table.c.id.in_(wanted))
        _put(found.urls, database.execute(statement))
    custom = sql_table("custom_field")
    rows = database.execute(select(custom.c.key, custom.c.label).where(custom.c.connection == connection))
    found.labels = {row.key: plain(row.label) for row in rows if row.label}
    return found


def _put(urls: dict[str, str], rows: Iterable[Any]) -> None:
    for record_id, url in rows:
        safe = link(url)
        if safe is not None:
            urls[record_id] = safe
