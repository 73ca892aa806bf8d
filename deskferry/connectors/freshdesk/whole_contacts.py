"""One contact read whole: the list leaves out tags, further addresses, the picture and a right in the portal.

What comes is written under the name of the list, so that a contact is a record of one stream, however it came.
"""

from __future__ import annotations

from deskferry.connectors.freshdesk.children import require_own
from deskferry.connectors.kit.contract import Child, Page, Raw, RawRecord
from deskferry.connectors.kit.session import Session

STREAM = "contacts"
_REFUSED = (403, 404, 405)
_NOTE = (
    "contacts: the vendor shows some by the list only ({status}); their tags, further addresses and pictures are "
    "missing."
)


def listed_contact(row: Raw) -> Child:
    """Return the child of a row of the list; it may be gone, or not be shown, when we come to it."""
    return Child(STREAM, str(row["id"]), {"listed": row})


def whole(session: Session, child: Child) -> Page:
    """Return a contact as its view and the list together tell; where the view is refused, as the list told."""
    listed: Raw = child.args.get("listed") or {}
    answer = session.request_json("GET", f"contacts/{child.parent}", allow=_REFUSED)
    if answer.status == 200:
        require_own(answer.body, child.parent, "contact")
        return Page((RawRecord("user", child.parent, {**listed, **answer.body}),))
    if answer.status == 404 and _is_agent(session, child.parent):
        return Page(())
    notes = () if answer.status == 404 else (_NOTE.format(status=answer.status),)
    return Page((RawRecord("user", child.parent, listed),) if listed else (), notes=notes)


def _is_agent(session: Session, person: str) -> bool:
    """Return whether a contact was made an agent since: with the same id, under which the list of agents has it."""
    return session.request_json("GET", f"agents/{person}", allow=_REFUSED).status == 200
