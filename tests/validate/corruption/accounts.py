"""Clean accounts: each vendor's simulator pulled into one store, and copied there under other names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from deskferry.canonical_schema import KINDS, column_names
from deskferry.store import Store, machinery
from deskferry.store.engine import now_text
from deskferry.store.state import begin_run, end_run
from tests.connectors.conformance.subjects import Account, Subject
from tests.validate.corruption.damage import later


def pull_clean(store: Store, subject: Subject, tickets: int) -> str:
    """Pull a plain account under its vendor's name; returns the time five minutes after."""
    account = Account(subject, tickets=tickets, profile="plain", name=subject.name)
    run = begin_run(store, "pull", subject.name, now_text(account.desk.clock.now()))
    result = account.pull(store)
    assert result.exit_code(partial=False) == 0, (result.refused, result.shortfalls, result.notes)
    ended = now_text(account.desk.clock.now())
    end_run(store, run, 0, {}, [], ended)
    return later(ended, minutes=5)


def copy_account(store: Store, account: str, name: str) -> None:
    """Put a copy of a connection beside it under another name: rows, raw records, where its pull stands."""
    with store.write() as database:
        for kind in KINDS:
            _copy(database, kind.value, column_names(kind.value), account, name)
        columns = tuple(column.name for column in machinery.raw_record.columns)
        _copy(database, "raw_record", columns, account, name)
        columns = tuple(column.name for column in machinery.stream_cursor.columns)
        _copy(database, "stream_cursor", columns, account, name)
        columns = tuple(column.name for column in machinery.run.columns)
        _copy(database, "run", columns, account, name, id=f"pull-{name}")


def _copy(database: Any, table: str, columns: tuple[str, ...], account: str, name: str, **given: str) -> None:
    values = {"connection": name, **given}
    shown = ", ".join(
        f"'{values[one]}'" if one in values
        else f"CASE WHEN {one} LIKE :prefix || '%' THEN :name || SUBSTR({one}, LENGTH(:prefix)) ELSE {one} END"
        if one == "id" or one.endswith("_id")
        else f"REPLACE({one}, '\"' || :prefix, '\"' || :name || ':')" if one == "category_ids"
        else f'"{one}"'
        for one in columns
    )  # fmt: skip
    listed = ", ".join(f'"{one}"' for one in columns)
    database.execute(
        text(f"INSERT INTO {table} ({listed}) SELECT {shown} FROM {table} WHERE connection = :account"),
        {"prefix": f"{account}:", "name": name, "account": account},
    )
