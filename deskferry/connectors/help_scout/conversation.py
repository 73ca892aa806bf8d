"""One conversation as raw records: itself, its threads, what it declares, and those that were merged into it.

`threads` counts what is published, without line items, drafts and what is held for review (developer.helpscout.com,
webhooks/objects/conversation, of `threadCount`). A conversation that was merged away is in no list: a line item of the
surviving one names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.connectors.help_scout.history import LINE_ITEM, in_context
from deskferry.connectors.help_scout.streams import WHOLE
from deskferry.connectors.kit.contract import Declared, DeclaredClass, Measure, Raw, RawRecord, Tombstone

MERGED = "merged"
_UNCOUNTED = frozenset({"draft", "underreview", "review"})
_CUTS = frozenset({25, 50, 100})
"""Sizes at which embedded threads may be a page of them only; nothing says that they are all."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """What a conversation came with. `complete`: every thread that it declares is there."""

    records: tuple[RawRecord | Tombstone, ...]
    declared: tuple[Declared, ...]
    complete: bool


def embedded_threads(row: Mapping[str, Any]) -> list[Raw] | None:
    """Return the threads that a conversation came with; None where it came without any."""
    found = (row.get("_embedded") or {}).get("threads")
    return found if isinstance(found, list) else None


def bare(row: Raw) -> Raw:
    """Return a conversation without its threads, as every list and view tells it."""
    if "_embedded" not in row:
        return row
    rest = {key: value for key, value in (row["_embedded"] or {}).items() if key != "threads"}
    kept = {key: value for key, value in row.items() if key != "_embedded"}
    return {**kept, "_embedded": rest} if rest else kept


def unfolded(row: Raw, threads: Sequence[Raw], *, listed: bool = False) -> Unfolded:
    """Return the records of a conversation; `listed`: its threads come from their own list, which is not cut off."""
    own = str(row["id"])
    records = [
        RawRecord("thread", str(one["id"]), {"conversationId": row["id"], **one}, own)
        for one in in_context(threads, row.get("status"))
    ]
    messages = [one for one in threads if one.get("type") != LINE_ITEM]
    uncounted = sum(one.get("state") in _UNCOUNTED for one in messages)
    told = row.get("threads")
    due = (told if isinstance(told, int) else 0) + uncounted
    said = Declared(WHOLE, "conversation", own, Measure.MESSAGES, due, DeclaredClass.EXACT)
    declared = (said,) if isinstance(told, int) else ()
    complete = len(messages) >= due and (listed or len(threads) not in _CUTS)
    gone = tuple(merged_away(row["id"], threads))
    return Unfolded((RawRecord("conversation", own, bare(row)), *records, *gone), declared, complete)


def merged_from(thread: Mapping[str, Any]) -> str | None:
    """Return the id of the conversation that a line item says was merged into its own."""
    action = thread.get("action") or {}
    if action.get("type") != MERGED:
        return None
    original = (action.get("associatedEntities") or {}).get("originalConversation")
    found = original.get("id") if isinstance(original, Mapping) else original
    return None if found in (None, "", 0) else str(found)


def merged_away(survivor: Any, threads: Sequence[Raw]) -> Iterator[Tombstone]:
    """Yield the ends of the conversations that were merged into this one."""
    for one in threads:
        original = merged_from(one)
        if original is not None and original != str(survivor):
            yield merged(original, str(survivor), one.get("createdAt"))


def merged(original: str, survivor: str, at: str | None = None) -> Tombstone:
    """Return the end of a conversation that was merged into another one."""
    return Tombstone("conversation", original, "vendor", at, {"id": original}, merged_into=survivor)
