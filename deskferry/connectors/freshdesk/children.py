"""One ticket read whole: the list leaves out its files, and its conversations come with the view.

Whichever way a ticket comes (named by the list, or asked for again by its number alone), its payload is the same: the
list's `stats` are put in only where the ticket has not changed since, else they are asked for as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deskferry.connectors.freshdesk.converters import WEB_CHAT
from deskferry.connectors.kit.contract import (
    Child,
    Declared,
    DeclaredClass,
    Measure,
    Page,
    Raw,
    RawRecord,
    Tombstone,
)
from deskferry.connectors.kit.paging import Fetched, Numbered, Params, offset
from deskferry.connectors.kit.session import Answer, Session
from deskferry.errors import Stopped

STREAM = "whole_tickets"
SHOWN_WITH_TICKET = 10
"""Conversations that `GET /tickets/{id}?include=conversations` shows at most (reference)."""
_REFUSED = (403, 404)
_MOST_ROWS = 100
"""Conversations that a page of their list has at most (reference)."""
_TRASH_NOTE = (
    "tickets: the vendor shows some of those in the trash and in spam by the list only; their files and conversations "
    "are missing."
)


def has_next(answer: Answer) -> bool:
    """Return whether the vendor says that there is another page."""
    return 'rel="next"' in answer.headers.get("link", "")


def named(row: Raw) -> Child:
    """Return the child of a row of the list, with what the view need not say again.

    Of tickets in the trash and in spam the whole row: they may be purged, or not be shown, when we come to them.
    """
    if row.get("deleted") or row.get("spam"):
        listed = row
    else:
        listed = {name: row[name] for name in ("stats", "updated_at") if row.get(name)}
    return Child(STREAM, str(row["id"]), {"listed": listed})


def whole(session: Session, child: Child, size: int) -> Page:
    """Return a ticket with all its conversations; an archived one from there, a vanished one as its tombstone."""
    listed: Raw = child.args.get("listed") or {}
    answer = _view(session, child.parent, listed)
    if answer.status in {403, 405}:
        return _refused(session, child.parent, listed, answer.status)
    if answer.status == 404:
        return _elsewhere(session, child.parent, listed, size)
    require_own(answer.body, child.parent)
    shown = answer.body.get("conversations")
    if not isinstance(shown, list) or len(shown) >= SHOWN_WITH_TICKET:
        status, shown = _conversations(session, f"tickets/{child.parent}", size)
        if status != 200:
            return _elsewhere(session, child.parent, listed, size)
    return _page(child.parent, {key: value for key, value in answer.body.items() if key != "conversations"}, shown)


def require_own(body: Any, source_id: str, what: str = "ticket") -> None:
    """Refuse what is said of another record: caches in between did that, and it would lie under this one's name."""
    if not isinstance(body, dict) or str(body.get("id")) != source_id:
        raise Stopped(
            f"Freshdesk answered the question for {what} {source_id} with something else.",
            "Run the same command again; if it stays, look at the proxy that `base_url` or `proxy` names.",
        )


def _view(session: Session, ticket: str, listed: Raw) -> Answer:
    """Return the view of a ticket, its stats included: the list's own unless it has changed since."""
    path, allow = f"tickets/{ticket}", (*_REFUSED, 405)
    if listed.get("stats"):
        answer = session.request_json("GET", path, params={"include": "conversations"}, allow=allow)
        if answer.status != 200:
            return answer
        if answer.body.get("updated_at") == listed.get("updated_at"):
            return Answer(answer.status, answer.headers, {**answer.body, "stats": listed["stats"]})
    return session.request_json("GET", path, params={"include": "conversations,stats"}, allow=allow)


def _conversations(session: Session, path: str, size: int) -> tuple[int, list[Raw]]:
    """Return the status and all conversations, oldest first; none of them where any page is refused."""
    rows: list[Raw] = []
    for page in _conversation_pages(session, path, size):
        if page.body.status != 200:
            return page.body.status, []
        rows += page.items
    return 200, rows


def _conversation_pages(session: Session, path: str, size: int) -> Iterator[Fetched]:
    """Yield pages whose body is the answer; one that is refused is the last, and holds nothing."""

    def fetch(url: str, params: Params) -> Answer:
        return session.get_page(url, params, allow=_REFUSED)

    def rows(answer: Answer) -> Sequence[Raw]:
        if answer.status != 200 or answer.body is None:
            return ()
        if not isinstance(answer.body, list):  # taken for none, those that the store holds would be gone
            raise Stopped(
                f"{path}/conversations: Freshdesk answered with no list.", "Run the same command again later."
            )
        return answer.body

    by = Numbered(size, more=lambda answer, _found: has_next(answer))
    return offset(fetch, f"{path}/conversations", {}, rows, by)


def _page(ticket: str, payload: Raw, conversations: Sequence[Raw], notes: tuple[str, ...] = ()) -> Page:
    """Return what was read of a ticket; without notes it is complete: other conversations of it are gone."""
    return Page(
        (
            RawRecord("ticket", ticket, payload),
            *(RawRecord("conversation", str(row["id"]), row, ticket) for row in conversations),
        ),
        complete=not notes,
        declared=_declared(ticket, payload),
        notes=notes,
    )


def _declared(ticket: str, payload: Mapping[str, Any]) -> tuple[Declared, ...]:
    """Of a web chat the description is no message: the first conversation must come."""
    if payload.get("source") != WEB_CHAT or not (payload.get("description") or payload.get("description_text")):
        return ()
    return (Declared(STREAM, "ticket", ticket, Measure.MESSAGES, 1, DeclaredClass.BOUND),)


def _refused(session: Session, ticket: str, listed: Raw, status: int) -> Page:
    """Return what the list said of a ticket whose view alone is refused; raises VendorStatus where all are.

    A ticket may be moved out of a restricted role's sight. A right that was revoked must not strike off all that is
    still to be read.
    """
    session.get_json("tickets", {"per_page": 1})
    if "id" in listed:
        return Page((RawRecord("ticket", ticket, listed),), notes=(_TRASH_NOTE,))
    return Page((), notes=(f"tickets: ticket {ticket} may not be read ({status}).",))


def _elsewhere(session: Session, ticket: str, listed: Raw, size: int) -> Page:
    """Return an archived ticket, else the tombstone; archived tickets leave the lists and are still there."""
    path = f"tickets/archived/{ticket}"
    archived = session.request_json("GET", path, params={"include": "stats"}, allow=(400, *_REFUSED))
    if archived.status == 400:  # nothing says that archived tickets take an include
        archived = session.request_json("GET", path, allow=_REFUSED)
    if archived.status != 200:
        return Page((Tombstone("ticket", ticket, "404", payload=listed if "id" in listed else None),))
    require_own(archived.body, ticket)
    status, rows = _conversations(session, path, size)
    missing = f"tickets: the conversations of archived ticket {ticket} are refused ({status})."
    return _page(ticket, {"archived": True, **archived.body}, rows, () if status == 200 else (missing,))


def file_link(session: Session, ticket: str, file: str) -> str | None:
    """Return a new link to a file of a ticket or of its conversations; None where it is not found any more."""
    for path in (f"tickets/{ticket}", f"tickets/archived/{ticket}"):
        answer = session.request_json("GET", path, allow=_REFUSED)
        if answer.status != 200 or not isinstance(answer.body, dict):
            continue
        found = _link(file, [answer.body])
        if found is None:
            pages = _conversation_pages(session, path, _MOST_ROWS)
            found = next(filter(None, (_link(file, page.items) for page in pages)), None)
        return found
    return None


def _link(file: str, holders: Sequence[Mapping[str, Any]]) -> str | None:
    for holder in holders:
        for one in holder.get("attachments") or ():
            if str(one.get("id")) == file:
                url = one.get("attachment_url")
                return None if url is None else str(url)
    return None
