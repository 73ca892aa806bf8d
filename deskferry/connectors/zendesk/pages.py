"""Bodies of lists and exports → pages: side-loaded parts are put where they belong, deletions become tombstones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import (
    Child,
    Cursor,
    Declared,
    DeclaredClass,
    Measure,
    Page,
    Raw,
    RawRecord,
    Tombstone,
)
from deskferry.connectors.zendesk.children import rewritten

BOUND = DeclaredClass.BOUND


def ticket_page(body: Raw, cursor: Cursor | None, *, last: bool, children: bool) -> Page:
    """Return tickets with their metric sets, and what they declare about their comments.

    Vendor: `include=metric_sets` brings a list beside the tickets, one for each; a deleted ticket stays in the export
    with status `deleted`, scrubbed, and has neither comments nor audits.
    """
    sets = {one.get("ticket_id"): one for one in body.get("metric_sets") or ()}
    records: list[RawRecord | Tombstone] = []
    declared: list[Declared] = []
    todo: list[Child] = []
    for row in body.get("tickets") or ():
        ticket = str(row["id"])
        if row.get("status") == "deleted":
            records.append(Tombstone("ticket", ticket, "vendor", row.get("updated_at"), row))
            continue
        known = sets.get(row["id"])
        payload = {**row, "metric_set": known} if known is not None else row
        records.append(RawRecord("ticket", ticket, payload))
        declared += declarations(ticket, payload)
        if children:
            todo.append(Child("comments", ticket))
    return Page(tuple(records), cursor, last, declared=tuple(declared), children=tuple(todo))


def declarations(ticket: str, payload: Mapping[str, Any]) -> Iterable[Declared]:
    """Yield what the vendor says of a ticket's comments, and that each ticket begins with one."""
    count = payload.get("comment_count")
    if isinstance(count, int):
        yield Declared("comments", "ticket", ticket, Measure.MESSAGES, count, BOUND)
    replies = (payload.get("metric_set") or {}).get("replies")
    if isinstance(replies, int):
        yield Declared("comments", "ticket", ticket, Measure.AGENT_REPLIES, replies, BOUND)
    yield Declared("comments", "ticket", ticket, Measure.OPENING, 1, BOUND)


def event_page(body: Raw, cursor: Cursor, *, last: bool, note: str) -> Page:
    """Return rows of the ticket event export; tickets whose comments were changed are read once more."""
    rows = body.get("ticket_events") or []
    records = tuple(
        RawRecord("ticket_event", str(row["id"]), row, str(row["ticket_id"]) if row.get("ticket_id") else None)
        for row in rows
    )
    return Page(records, cursor, last, children=rewritten(rows), notes=(note,) if note else ())


def user_page(body: Raw, cursor: Cursor | None, *, last: bool) -> Page:
    """Return users with their identities, which `include=identities` brings beside them."""
    owned: dict[Any, list[Raw]] = {}
    for identity in body.get("identities") or ():
        owned.setdefault(identity.get("user_id"), []).append(identity)
    told = "identities" in body
    records = []
    for row in body.get("users") or ():
        payload = {**row, "identities": owned.get(row["id"], [])} if told else row
        records.append(RawRecord("user", str(row["id"]), payload))
    return Page(tuple(records), cursor, last)


def organization_page(body: Raw, cursor: Cursor | None, *, last: bool, note: str = "") -> Page:
    """Return organizations; a deleted one stays in the export with `deleted_at`, under a rewritten name."""
    records: list[RawRecord | Tombstone] = []
    for row in body.get("organizations") or ():
        if row.get("deleted_at"):
            records.append(Tombstone("organization", str(row["id"]), "vendor", row["deleted_at"], row))
        else:
            records.append(RawRecord("organization", str(row["id"]), row))
    return Page(tuple(records), cursor, last, notes=(note,) if note else ())


def article_page(body: Raw, cursor: Cursor, segments: Sequence[Raw], *, last: bool) -> Page:
    """Return articles with the user segments that they name; files, and translations not brought along, are to do."""
    by_id = {one.get("id"): one for one in segments}
    records, todo = [], []
    for row in body.get("articles") or ():
        article = str(row["id"])
        ids = [*(row.get("user_segment_ids") or ()), row.get("user_segment_id")]
        named = [by_id[one] for one in dict.fromkeys(ids) if one in by_id]
        records.append(RawRecord("article", article, {**row, "user_segments": named} if named else row))
        todo.append(Child("article_attachments", article))
        if "translations" not in row:
            todo.append(Child("translations", article, {"locale": row.get("source_locale") or row.get("locale")}))
    return Page(tuple(records), cursor, last, children=tuple(todo))
