"""What threads tell only beside those before them: a new assignee, and what a restored conversation went back to.

A thread names whose the conversation was when it came, in line items of any action and in messages alike
(developer.helpscout.com, webhooks/objects/thread, `assignedTo`): an assignment is where that differs from the thread
before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import Raw

LINE_ITEM = "lineitem"
RESTORED = "restoreTicket"
ASSIGNED, AGAIN = "_assigned", "_status_again"
"""Marks of a thread: that its assignee is a new one, and the status that the conversation has again."""
_DRAFTS = frozenset({"draft", "underreview", "review"})
_NOTHING = (None, "", "nochange")


def tells_status(thread: Mapping[str, Any]) -> bool:
    """Return whether a thread tells a status."""
    return thread.get("status") not in _NOTHING


def action_of(thread: Mapping[str, Any]) -> str | None:
    """Return what a line item or a workflow did."""
    found = (thread.get("action") or {}).get("type")
    return None if found in (None, "") else str(found)


def assignee(thread: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the object and id of whom a thread names as the assignee: line items, and what users wrote.

    What a customer wrote names one as well, but it assigned nobody.
    """
    by, to = thread.get("createdBy"), thread.get("assignedTo")
    by_user = isinstance(by, Mapping) and by.get("type") in {"user", "system_user"}
    if not (thread.get("type") == LINE_ITEM or (by_user and thread.get("state") not in _DRAFTS)):
        return None
    if not isinstance(to, Mapping) or to.get("id") in (None, "", 0):
        return None
    kind = to.get("type")
    return (kind if kind in {"team", "system_user"} else "user"), to["id"]


def in_context(threads: Sequence[Raw], status: Any) -> list[Raw]:
    """Return threads as they come, marked with what those before them make of them; `status`: the conversation's."""
    marks: dict[int, Raw] = {}
    whose: tuple[str, Any] | None = None
    told = None
    for place in sorted(range(len(threads)), key=lambda at: _age(threads[at])):
        one = threads[place]
        if tells_status(one):
            told = one["status"]
        elif action_of(one) == RESTORED:
            marks[place] = {AGAIN: told or status}
        found = assignee(one)
        if found is None:
            whose = None if _takes_away(one) else whose
        elif found != whose:
            marks[place] = {**marks.get(place, {}), ASSIGNED: True}
            whose = found
    return [{**one, **marks[place]} if place in marks else one for place, one in enumerate(threads)]


def _takes_away(thread: Mapping[str, Any]) -> bool:
    """Return whether a line item may have left the conversation to nobody: it says nothing else and names no one."""
    return thread.get("type") == LINE_ITEM and not tells_status(thread) and action_of(thread) in {None, "default"}


def _age(thread: Mapping[str, Any]) -> tuple[str, int, str]:
    own = str(thread.get("id"))
    return str(thread.get("createdAt") or ""), len(own), own
