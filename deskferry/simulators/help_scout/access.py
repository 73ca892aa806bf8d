"""Which conversation a call means, and what is said when it is not there any more."""

from __future__ import annotations

from deskferry.simulators.help_scout.errors import ApiError, Row, not_found
from deskferry.simulators.help_scout.routing import Call
from deskferry.simulators.help_scout.times import seconds_of


def readable(call: Call, row_id: int, tail: str = "") -> Row:
    """Return a conversation to read; raises the 301 of a merged one for sixty days, then the 404.

    The 301 is the vendor's word; that what lies below the conversation (`tail`) answers it too is our reading of its
    silence: a client that follows blindly takes the threads of one conversation for those of another.
    """
    account = call.account
    row = account.get("conversations", row_id)
    if row["_merged_into"] is not None:
        age = account.clock.now() - seconds_of(row["_merged_at"])
        if age > account.settings.merge_days * 86_400:
            raise not_found()
        version = "v3" if call.is_v3 else "v2"
        # Where that one was merged as well, it redirects in its turn.
        target = f"{account.settings.origin}/{version}/conversations/{row['_merged_into']}{tail}"
        raise ApiError(301, None, {"Location": target})
    if row["state"] == "deleted":
        raise not_found()
    return row


def writable(call: Call) -> Row:
    """Return a conversation to change; a merged one is 404 for every write."""
    row = call.account.get("conversations", call.id)
    if row["_merged_into"] is not None or row["state"] == "deleted":
        raise not_found()
    return row


def thread_of(row: Row, thread_id: int) -> Row:
    """Return a thread of a conversation; raises the 404."""
    thread: Row | None = next((one for one in row["_threads"] if one["id"] == thread_id), None)
    if thread is None:
        raise not_found()
    return thread
