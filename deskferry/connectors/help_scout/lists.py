"""Lists that are read whole every time, those below an inbox or a team included; what a complete one lacks is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deskferry.connectors.help_scout.hal import Beyond, HalPage, every_row, walk
from deskferry.connectors.help_scout.streams import BY_NAME
from deskferry.connectors.kit.contract import Declared, DeclaredClass, Measure, Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.session import Session, VendorStatus
from deskferry.errors import Stopped

REFUSED = (403, 404)
_KEYS: Mapping[str, str] = {
    "customer_properties": "customer-properties",
    "organization_properties": "organization-properties",
}
"""Where the envelope is not named like the stream."""
_IDS = {"customer_property": "slug", "organization_property": "slug"}
_ORDERS: Mapping[str, Mapping[str, Any]] = {
    "organizations": {"sort": "name,asc", "sortField": "name", "sortOrder": "asc"},
}
"""What keeps rows in their places: organizations come by their last interaction unless told otherwise (reference,
organizations/list: `sort`; its clients send the two others)."""
Walk = Callable[[Session], Iterator[list[RawRecord]]]


def counted(object_name: str, count: int) -> Declared:
    """Return what a list declares of all its rows."""
    return Declared("", object_name, "", Measure.RECORDS, count, DeclaredClass.EXACT)


def record(object_name: str, row: Raw, parent: Any = None) -> RawRecord:
    """Return a row as a raw record under its own id."""
    own = str(row[_IDS.get(object_name, "id")])
    return RawRecord(object_name, own, row, None if parent is None else str(parent))


def whole(session: Session, stream: str, request: PullRequest) -> Iterator[Page]:
    """Yield a list that stands by itself; deletions show as absence."""
    name, path = BY_NAME[stream].objects[0], BY_NAME[stream].path
    amend = _WITH_MORE.get(stream)
    begin = int((request.cursor or {}).get("page", 1))
    seen: set[str] = set()
    for page in _until_the_end(session, path, _KEYS.get(stream, stream), begin, _ORDERS.get(stream)):
        rows = page.rows if amend is None else amend(session, page.rows)
        records = tuple(record(name, row) for row in rows)
        seen.update(one.source_id for one in records)
        over = begin == 1 and page.steady and not page.more and (page.total is None or len(seen) >= page.total)
        declared = () if page.more or page.total is None else (counted(name, page.total),)
        cursor = {"page": page.number + 1} if page.more else {}
        yield Page(records, cursor, not page.more, complete=over, declared=declared)


def _until_the_end(
    session: Session, path: str, key: str, begin: int, order: Mapping[str, Any] | None
) -> Iterator[HalPage]:
    """Yield the pages of a list; one that the vendor does not show to its end raises Stopped."""
    try:
        yield from walk(session, path, key, order, begin=begin)
    except Beyond as end:
        raise Stopped(
            f"help_scout: {path} is longer than the vendor shows.", "Leave it out with `streams` of the connection."
        ) from end


def walked(session: Session, stream: str, request: PullRequest) -> Iterator[Page]:
    """Yield what lies below each inbox, a page an inbox; an interrupted walk begins after the last one."""
    done = int((request.cursor or {}).get("at", 0))
    first = done == 0
    held: Page | None = None
    for place, found in enumerate(WALKS[stream](session), 1):
        if held is not None:
            yield held
        held = None if place <= done else Page(tuple(found), {"at": place})
    yield Page(() if held is None else held.records, {}, last=True, complete=first)


# ------------------------------------------------------------------------------------------------- what a row lacks


def _organizations(session: Session, rows: Any) -> list[Raw]:
    """Return organizations with their properties: the list leaves them out, and most accounts have none at all."""
    if all("properties" in row for row in rows) or not _has_properties(session):
        return list(rows)
    asked = {"includeCounts": True, "includeProperties": True}
    found = []
    for row in rows:
        answer = session.request_json("GET", f"organizations/{row['id']}", params=asked, allow=REFUSED)
        found.append(answer.body if answer.status == 200 and isinstance(answer.body, dict) else row)
    return found


def _has_properties(session: Session) -> bool:
    try:
        return bool(every_row(session, "organizations/properties", _KEYS["organization_properties"]))
    except VendorStatus as refusal:
        if refusal.status in REFUSED:
            return False
        raise


def _teams(session: Session, rows: Any) -> list[Raw]:
    """Return teams with the ids of their members, in a stable order."""
    return [
        {**row, "members": sorted(one["id"] for one in every_row(session, f"teams/{row['id']}/members", "users"))}
        for row in rows
    ]


_WITH_MORE: Mapping[str, Callable[[Session, Any], list[Raw]]] = {"organizations": _organizations, "teams": _teams}


# --------------------------------------------------------------------------------------------------- below an inbox


def _inboxes(session: Session) -> Iterator[Any]:
    for row in every_row(session, "mailboxes", "mailboxes"):
        yield row["id"]


def _below(object_name: str, what: str, key: str) -> Walk:
    """Return the walk of a list below each inbox; a row says of which one it is."""

    def walk_all(session: Session) -> Iterator[list[RawRecord]]:
        for inbox in _inboxes(session):
            rows = every_row(session, f"mailboxes/{inbox}/{what}", key)
            yield [record(object_name, {"mailboxId": inbox, **row}, inbox) for row in rows]

    return walk_all


def _routing(session: Session) -> Iterator[list[RawRecord]]:
    """Yield how each inbox hands its conversations out; inboxes without it have none."""
    for inbox in _inboxes(session):
        answer = session.request_json("GET", f"mailboxes/{inbox}/routing", allow=REFUSED)
        told = answer.body if answer.status == 200 else None
        yield [] if not told else [record("routing", {"id": inbox, "mailboxId": inbox, "routing": told}, inbox)]


def _saved_replies(session: Session) -> Iterator[list[RawRecord]]:
    """Yield the saved replies of each inbox with their texts: the list tells only how they begin."""
    for inbox in _inboxes(session):
        path = f"mailboxes/{inbox}/saved-replies"
        rows = every_row(session, path, "saved-replies", {"includeChatReplies": True})
        yield [record("saved_reply", _reply(session, path, {"mailboxId": inbox, **row}), inbox) for row in rows]


def _reply(session: Session, path: str, row: Raw) -> Raw:
    if "text" in row or "chatText" in row:
        return row
    answer = session.request_json("GET", f"{path}/{row['id']}", allow=REFUSED)
    return {**row, **answer.body} if answer.status == 200 and isinstance(answer.body, dict) else row


WALKS: Mapping[str, Walk] = {
    "fields": _below("field", "fields", "fields"),
    "folders": _below("folder", "folders", "folders"),
    "routing": _routing,
    "saved_replies": _saved_replies,
}
