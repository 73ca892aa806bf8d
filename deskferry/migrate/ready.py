"""Whether a source may be migrated: it was pulled, the pull ended, and nothing that the vendor declares is missing."""

from __future__ import annotations

from sqlalchemy import func, select

from deskferry.errors import ConfigError, Findings
from deskferry.store import Store, machinery
from deskferry.store.declared import shortfalls
from deskferry.store.state import count_todos, last_run, pinned


def require_pulled(store: Store, source: str) -> None:
    """Raise ConfigError when the source was never pulled, Findings when its last pull did not end or is short."""
    again = f"Run `deskferry pull {source}`: it goes on where it stopped."
    cursor = machinery.stream_cursor
    with store.read() as database:
        read = database.execute(
            select(func.count()).select_from(cursor).where(cursor.c.connection == source)
        ).scalar_one()
        if pinned(database, source) is None or not read:
            raise ConfigError(f"{source} was never pulled.", f"Run `deskferry pull {source}` first.")
        if source in store.needs_normalize:
            raise ConfigError(f"The records of {source} are to be rebuilt.", f"Run `deskferry normalize {source}`.")
        scanning = list(
            database.execute(
                select(cursor.c.stream).where(cursor.c.connection == source, cursor.c.scanning.is_(True))
            ).scalars()
        )
        left = count_todos(database, source)
        last = last_run(database, "pull", source)
        short = [one for one in shortfalls(database, source) if one.trust == "exact" and not one.acknowledged]
    if scanning or left:
        what = f"in the middle of {', '.join(sorted(scanning))}" if scanning else f"with {left} children to fetch"
        raise Findings(f"The last pull of {source} stopped {what}.", again)
    if last is not None and last["exit_code"] not in (0, 1):
        how = "did not end" if last["exit_code"] is None else f"ended with exit code {last['exit_code']}"
        raise Findings(f"The last pull of {source} {how}.", again)
    if short:
        first = short[0]
        raise Findings(
            f"{source} is short: {len(short)} records have less than the vendor declares, the first is "
            f"{first.parent_id} ({first.fetched} of {first.declared} {first.measure}).",
            f"Pull again, or acknowledge the shortfall; `deskferry validate {source}` lists them.",
        )
