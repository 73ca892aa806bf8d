"""The picture of the whole account, for tests that compare end states."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row

_HIDDEN = ("_threads", "_made", "_kept")


def snapshot(account: Account) -> dict[str, Any]:
    """Return every table as a list of records in order of id; what is not shown by the API without its underscore."""
    found = {table: [_picture(row) for _, row in sorted(rows.items())] for table, rows in account.tables.items()}
    found["threads"] = [
        {**_picture(thread), "conversation": row["id"]}
        for _, row in sorted(account.tables["conversations"].items())
        for thread in row["_threads"]
    ]
    found |= {f"docs_{table}": [_picture(row) for row in rows.values()] for table, rows in account.docs.items()}
    return found


def _picture(row: Row) -> Row:
    shown = {key.removeprefix("_"): value for key, value in row.items() if key not in _HIDDEN}
    made = row.get("_made")
    return {**shown, "sha256": made.sha256()} if made is not None else shown
