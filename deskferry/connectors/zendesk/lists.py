"""Lists that are paged by cursor, and the lists that stand in where the exports are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.session import Answer, Session
from deskferry.connectors.zendesk.exports import local
from deskferry.connectors.zendesk.streams import LIST_SIZE, Listing

REFUSED = (403, 404)
"""What the vendor answers where plan or role lack a list (403), or the account a help centre (404)."""


def next_place(body: Any) -> dict[str, Any] | None:
    """Return where a list goes on: a cursor, or the link of a list that knows no cursors; None at its end."""
    if not isinstance(body, Mapping):
        return None
    meta = body.get("meta")
    if isinstance(meta, Mapping):
        after = meta.get("after_cursor")
        return {"after": after} if meta.get("has_more") and after else None
    link = local(body.get("next_page"))
    return {"next": link} if link else None


def call(session: Session, listing: Listing, place: Mapping[str, Any], size: int, allow: Sequence[int] = ()) -> Answer:
    """Fetch one page of a list."""
    if "next" in place:
        return session.get_page(str(place["next"]), allow=allow)
    params = dict(listing.params)
    if listing.paged:
        params |= {"page[size]": size, "page[after]": place.get("after")}
    # What changed since one time and since another may be the same: only a later page must be another one.
    return session.get_page(listing.path, params, allow=allow, alike=place.get("after") is None)


def every_row(session: Session, listing: Listing, allow: Sequence[int] = ()) -> tuple[int, list[Raw]]:
    """Return the status of the first answer and all rows of a list; for lists that belong to one parent."""
    rows: list[Raw] = []
    place: dict[str, Any] | None = {}
    status = 200
    while place is not None:
        answer = call(session, listing, place, LIST_SIZE, allow)
        if answer.status in allow:
            return answer.status, rows
        rows += answer.body.get(listing.envelope) or ()
        place = next_place(answer.body)
        status = answer.status
    return status, rows


def records(name: str, rows: Sequence[Raw]) -> tuple[RawRecord, ...]:
    """Return rows as raw records under their own id."""
    return tuple(RawRecord(name, str(row["id"]), row) for row in rows)


def whole(
    session: Session,
    listing: Listing,
    request: PullRequest,
    size: int,
    *,
    optional: bool,
    title: str,
    amend: Callable[[Raw], Raw] | None = None,
) -> Iterator[Page]:
    """Yield a list that is read whole every time; a complete scan shows deletions as absence.

    Where plan or role lack it, an optional list is one empty page with a note, and nothing counts as gone.
    """
    place: dict[str, Any] = dict(request.cursor or {})
    while True:
        answer = call(session, listing, place, size, REFUSED if optional else ())
        if answer.status in REFUSED:
            yield Page((), {}, last=True, notes=(unavailable(title, answer.status),))
            return
        rows = answer.body.get(listing.envelope) or ()
        follower = next_place(answer.body) if rows else None
        found = [amend(row) for row in rows] if amend else rows
        last = follower is None
        yield Page(records(listing.object, found), follower or {}, last, complete=last)
        if follower is None:
            return
        place = follower


def unavailable(title: str, status: int) -> str:
    """Return the sentence for a list that these credentials, this plan or this account lack."""
    why = "the account has none" if status == 404 else "the plan lacks it, or the role may not see it"
    return f"{title}: not read ({status}: {why})."
