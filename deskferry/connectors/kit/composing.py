"""What composing needs whatever the vendor: hashes of the source, values as text, losses of what is not written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from deskferry.connectors.kit.contract import Loss, Row
from deskferry.connectors.kit.mapping import digest

_EMAIL = re.compile(r"[^@\s<>(),;:\\\"\[\]]+@[^@\s<>(),;:\\\"\[\]]+\.[^@\s<>(),;:\\\"\[\].]{2,}")
_EMAIL_LIMIT = 255
AGENT_ROLES = frozenset({"agent", "light_agent", "admin"})


def is_email(value: str | None) -> bool:
    """Return whether a vendor would take this as an e-mail address."""
    return bool(value) and len(str(value)) <= _EMAIL_LIMIT and _EMAIL.fullmatch(str(value)) is not None


def source_hash(*rows: Row, also: Sequence[Any] = ()) -> str:
    """Return a hash of the source content: of the rows' own hashes where they have them, and of what `also` tells."""
    told = [row.get("content_hash") or sorted((key, str(value)) for key, value in row.items()) for row in rows]
    return digest([told, [str(one) for one in also]])


def iso(value: Any) -> str | None:
    """Return a value of a row as text."""
    return None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)[:500]


def not_written(row: Row, names: tuple[str, ...], cause: str = "field_not_there") -> list[Loss]:
    """Return a loss for each of these fields that has a value."""
    return [Loss(row["id"], name, iso(row[name]), cause) for name in names if row.get(name) not in (None, "", [], {})]


def extra_lost(row: Row) -> list[Loss]:
    """Return the loss of what only the old vendor has: one row a record, with the names."""
    extra = row.get("extra")
    if not extra:
        return []
    return [Loss(row["id"], "extra", ", ".join(sorted(map(str, extra)))[:500], "vendor_fields_not_written")]


def display_name(row: Row) -> str | None:
    """Return the best name of a person: the full one, its parts, the address, a number."""
    parts = " ".join(str(part) for part in (row.get("first_name"), row.get("last_name")) if part)
    email = str(row.get("email") or "")
    for candidate in (row.get("name"), parts, email.partition("@")[0], row.get("phone")):
        text = " ".join(str(candidate or "").split())
        if text:
            return text
    return None
