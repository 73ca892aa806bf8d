"""What is fetched for one parent: a ticket's comments and audits, an article's files and translations."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.kit.contract import Child, Page, Raw, RawRecord, Tombstone
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk.lists import REFUSED, every_row
from deskferry.connectors.zendesk.streams import Listing

REWRITING = frozenset({"CommentPrivacyChange", "CommentRedactionEvent", "AttachmentRedactionEvent"})
"""Events that change a comment of an earlier row of the export: its ticket's comments are read as they are now."""
NO_AUDITS = (
    "audits: these credentials may not read them (403), so that the history of tickets that were read one at a time is "
    "missing. Audits need an OAuth token with the scope `read`."
)


def of_ticket(session: Session, child: Child) -> Page:
    """Return the comments of a ticket as they are now, and its audits unless the child says otherwise.

    The ticket's id is put into each comment: the vendor's answer does not repeat it.
    """
    path = f"tickets/{child.parent}/comments"
    listing = Listing(path, "comments", "comment", params={"include_inline_images": True})
    status, rows = every_row(session, listing, REFUSED)
    if status == 404:
        return Page((Tombstone("ticket", child.parent, "404"),))
    if status == 403:
        return Page((), notes=(f"tickets: the comments of ticket {child.parent} may not be read (403).",))
    ticket = int(child.parent) if child.parent.isdigit() else child.parent
    comments = tuple(RawRecord("comment", str(row["id"]), {"ticket_id": ticket, **row}, child.parent) for row in rows)
    if child.args.get("history") is False:
        return Page(comments)
    history = audits(session, child)
    return Page(history.records + comments, notes=history.notes)


def whole(session: Session, child: Child) -> Page:
    """Return a ticket as it is now with its comments, its history left aside; a vanished one as its tombstone."""
    params = {"include": "metric_sets,comment_count"}
    answer = session.request_json("GET", f"tickets/{child.parent}", params=params, allow=REFUSED)
    raw = answer.body.get("ticket") if answer.status == 200 and isinstance(answer.body, dict) else None
    if answer.status == 403:
        return Page((), notes=(f"tickets: ticket {child.parent} may not be read (403).",))
    if raw is None or raw.get("status") == "deleted":
        return Page((Tombstone("ticket", child.parent, "404"),))
    beside = answer.body.get("metric_sets")
    ticket = {**raw, "metric_set": beside[0]} if beside else raw
    comments = of_ticket(session, Child(child.stream, child.parent, {"history": False}))
    return Page((RawRecord("ticket", child.parent, ticket), *comments.records), notes=comments.notes)


def audits(session: Session, child: Child) -> Page:
    """Return the audits of a ticket; vendor: those of an archived ticket come all at once."""
    listing = Listing(f"tickets/{child.parent}/audits", "audits", "audit")
    status, rows = every_row(session, listing, REFUSED)
    if status == 404:
        return Page((Tombstone("ticket", child.parent, "404"),))
    if status == 403:
        return Page((), notes=(NO_AUDITS,))
    return Page(tuple(RawRecord("audit", str(row["id"]), row, child.parent) for row in rows))


def article_files(session: Session, child: Child) -> Page:
    """Return the files of an article, those shown in its text included."""
    path = f"help_center/articles/{child.parent}/attachments.json"
    status, rows = every_row(session, Listing(path, "article_attachments", "article_attachment"), REFUSED)
    if status == 404:
        return Page((Tombstone("article", child.parent, "404"),))
    found = ({"article_id": _number(child.parent), **row} for row in rows)
    return Page(tuple(RawRecord("article_attachment", str(row["id"]), row, child.parent) for row in found))


def translations(session: Session, child: Child) -> Page:
    """Return the translations of an article; the one in its own language is the article itself."""
    path = f"help_center/articles/{child.parent}/translations.json"
    status, rows = every_row(session, Listing(path, "translations", "translation"), REFUSED)
    if status == 404:
        return Page((Tombstone("article", child.parent, "404"),))
    own = child.args.get("locale")
    return Page(
        tuple(
            RawRecord("translation", str(row["id"]), {"source_id": _number(child.parent), **row}, child.parent)
            for row in rows
            if row.get("locale") != own
        )
    )


def _number(text: str) -> Any:
    return int(text) if text.isdigit() else text


def rewritten(rows: list[Raw] | tuple[Raw, ...]) -> tuple[Child, ...]:
    """Return the tickets of export rows that made a comment private or blotted something out of it."""
    tickets = {
        str(row["ticket_id"]): None
        for row in rows
        if row.get("ticket_id") is not None
        and any((one.get("event_type") or one.get("type")) in REWRITING for one in row.get("child_events") or ())
    }
    return tuple(Child("comments", ticket, {"history": False}) for ticket in tickets)
