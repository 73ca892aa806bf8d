"""One conversation read whole: where not all of its threads came along, and where it alone is asked for."""

from __future__ import annotations

from collections.abc import Callable

from deskferry.connectors.help_scout.conversation import embedded_threads, merged, unfolded
from deskferry.connectors.help_scout.hal import every_row
from deskferry.connectors.help_scout.streams import WHOLE
from deskferry.connectors.kit.contract import Child, Page, Raw, Tombstone
from deskferry.connectors.kit.session import Session, VendorStatus

_GONE = (404, 410)


def whole(session: Session, child: Child, named: Callable[[Raw], Raw]) -> Page:
    """Return a conversation with all its threads; one that was merged away or deleted yields its tombstone.

    `named` calls the vendor's assistants what they are.

    A merged one answers 301 for 60 days, which leads to the survivor: what comes then has another id.
    """
    answer = session.request_json(
        "GET", f"conversations/{child.parent}", params={"embed": "threads"}, allow=(403, *_GONE)
    )
    if answer.status == 403:
        session.get_json("users/me")  # a right that was revoked must not strike off all that is still to be read
        return Page((), notes=(f"conversations: conversation {child.parent} may not be read (403).",))
    if answer.status in _GONE:
        return Page((Tombstone("conversation", child.parent, "404"),))
    row = named(answer.body)
    if str(row["id"]) != child.parent:
        survivor = str(row["id"])
        return Page((merged(child.parent, survivor),), children=(Child(WHOLE, survivor),))
    threads = embedded_threads(row)
    found = unfolded(row, threads or ())
    if threads is None or not found.complete or child.args.get("short"):
        try:
            listed = every_row(session, f"conversations/{child.parent}/threads", "threads")
        except VendorStatus as refusal:
            if refusal.status not in _GONE:
                raise
            return Page((Tombstone("conversation", child.parent, "404"),))
        found = unfolded(row, [named(one) for one in listed], listed=True)
    return Page(found.records, complete=found.complete, declared=found.declared)
