"""Taking back: tickets go to the trash, notes and companies are deleted, contacts for good; changes are changed back.

The API deletes no ticket for good. `hard_delete` of a contact does, with all tickets of that person, so that only those
are deleted hard who have no other ticket (`tickets_of`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.connectors.freshdesk import find
from deskferry.connectors.freshdesk.scan import BEGINNING
from deskferry.connectors.freshdesk.send import errors_of
from deskferry.connectors.freshdesk.words import ASSIGNMENT_EMAILS, AUTOMATIONS, STATUS_EMAILS
from deskferry.connectors.kit.contract import Operation, Resolve, Undone, Written
from deskferry.connectors.kit.session import Answer, Session

TRASHED_TICKET = "trashed_ticket"
TRASHED_CONTACT = "trashed_contact"
USED_NUMBER = "used_number"
EFFECTS: Mapping[str, tuple[str, ...]] = {
    "ticket.update": (ASSIGNMENT_EMAILS, STATUS_EMAILS, AUTOMATIONS),
    "note.update": (AUTOMATIONS,),
}
"""Call → what changing it back may cause; deleting mails nobody."""
_ALLOWED = (400, 403, 404, 405, 409)
_PATHS: Mapping[str, str] = {
    "ticket": "tickets",
    "contact": "contacts",
    "company": "companies",
    "note": "conversations",
    "solution_category": "solutions/categories",
    "solution_folder": "solutions/folders",
    "solution_article": "solutions/articles",
    "canned_response": "canned_responses",
    "time_entry": "time_entries",
}
_KEPT: Mapping[str, str] = {
    "canned_folder": "kept_macro_folder",
    "canned_response": "kept_macro",
    "rating": "kept_rating",
    "solution_translation": "kept_translation",
}
"""What the API has no way to delete, and the residue that it is."""
_INSIDE: Mapping[str, str] = {
    "solution_category": "solutions/categories/{}/folders",
    "solution_folder": "solutions/folders/{}/articles",
}
"""Where what is inside is listed: deleting one deletes all that people put there since."""
_LISTS: tuple[dict[str, str], ...] = ({}, {"filter": "deleted"}, {"filter": "spam"})


# ------------------------------------------------------------------------------------------------------ before-images


def before(session: Session, operation: Operation, resolve: Resolve) -> Mapping[str, Any] | None:
    """Return what the keys of an update hold now; None where the record is gone."""
    assert operation.target is not None
    what, remote_id = operation.call.partition(".")[0], resolve(operation.target)
    if what == "note":
        ticket = resolve(type(operation.target)(operation.record_id))
        rows = find.listed(session, f"tickets/{ticket}/conversations", {}, (404, 405))
        row = next((one for one in rows if str(one.get("id")) == remote_id), None)
    elif what not in _PATHS or what == "time_entry":
        return None  # the API shows none of them by itself
    else:
        answer = session.request_json("GET", f"{_PATHS[what]}/{remote_id}", allow=(404, 405))
        row = answer.body if answer.status == 200 and isinstance(answer.body, dict) else None
    return None if row is None else _image(operation.body, row)


def _image(body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    image: dict[str, Any] = {}
    for key, value in body.items():
        held = row.get(key)
        if isinstance(value, Mapping) and isinstance(held, Mapping) and key == "custom_fields":
            image[key] = {name: held.get(name) for name in value}
        else:
            image[key] = held
    return image


# ------------------------------------------------------------------------------------------------------- taking back


def undo(session: Session, written: Written) -> Undone:
    """Take one operation back."""
    what = written.call.partition(".")[0]
    if written.action == "update":
        return _restored(session, written, what)
    if written.receipt.get("adopted"):
        # Of what was there before only contacts were taken out of the trash; folders were left as they were.
        return _trash_contact(session, written.remote_id, residue="") if what == "contact" else Undone("done")
    if what == "contact":
        return _delete_contact(session, written.remote_id)
    if what == "ticket":
        return _trash_ticket(session, written.remote_id)
    return _deleted(session, written, what)


def _deleted(session: Session, written: Written, what: str) -> Undone:
    if written.call == "solution_article.attach":
        return _kept(session, written, "solution_translation")  # files, too, go with their article
    if what in _KEPT or what not in _PATHS:
        return _kept(session, written, what)
    if what in _INSIDE:
        inside = session.request_json("GET", _INSIDE[what].format(written.remote_id), allow=(404,))
        if inside.status == 200 and inside.body:
            return Undone("refused", code="not_empty", detail="it holds what is not of this run")
    return _verdict(_request(session, "DELETE", f"{_PATHS[what]}/{written.remote_id}"))


def _request(session: Session, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
    # Each may be sent again: deleting twice deletes once, and values are written over themselves.
    return session.request_json(method, path, body, allow=_ALLOWED, idempotent=True)


def _verdict(answer: Answer, residue: str = "") -> Undone:
    if answer.status < 300:
        return Undone("done", residue)
    if answer.status == 404:
        return Undone("gone")
    first = errors_of(answer)[0]
    said = ": ".join(str(first[key]) for key in ("field", "message") if first.get(key))
    code = str(first.get("code") or ("target_locked" if answer.status == 405 else f"status_{answer.status}"))
    return Undone("refused", code=code, detail=said or f"status {answer.status}")


def _kept(session: Session, written: Written, what: str) -> Undone:
    """Return what stays: the API deletes none of these by itself, a translation goes with its article."""
    if what == "solution_translation" and written.target is not None:
        article = session.request_json("GET", f"solutions/articles/{written.target}", allow=(404,))
        if article.status == 404:
            return Undone("gone")
    return Undone("refused", _KEPT.get(what, f"kept_{what}"), "no_undo", f"the API takes no {written.call} back")


def _restored(session: Session, written: Written, what: str) -> Undone:
    image = {key: value for key, value in (written.before or {}).items() if value is not None or key in _NULLABLE}
    return _verdict(_request(session, "PUT", f"{_PATHS[what]}/{written.remote_id}", image))


_NULLABLE = frozenset(
    {
        "responder_id", "group_id", "product_id", "email_config_id", "type", "company_id", "job_title", "address",
        "description", "email", "phone", "mobile", "unique_external_id", "note",
    }
)  # fmt: skip
"""What may be written as nothing; other keys were there before, or the vendor would not show them empty."""


def _trash_ticket(session: Session, ticket: str) -> Undone:
    answer = _request(session, "DELETE", f"tickets/{ticket}")
    if answer.status < 300:
        return Undone("done", TRASHED_TICKET)
    if answer.status in (404, 405):
        known = session.request_json("GET", f"tickets/{ticket}", allow=(404, 405))
        if isinstance(known.body, dict) and known.body.get("deleted"):
            return Undone("gone", TRASHED_TICKET)
        if known.status == 404:
            return _archived(session, ticket)
    return _verdict(answer)


def _archived(session: Session, ticket: str) -> Undone:
    """Delete an archived ticket, which the vendor does for good; else it is gone."""
    answer = _request(session, "DELETE", f"tickets/archived/{ticket}")
    return Undone("done" if answer.status < 300 else "gone", USED_NUMBER)


def _delete_contact(session: Session, contact: str) -> Undone:
    answer = session.request_json(
        "DELETE", f"contacts/{contact}/hard_delete", params={"force": "true"}, allow=_ALLOWED, idempotent=True
    )
    if answer.status < 300:
        return Undone("done", purged=True)
    if answer.status == 404:
        return Undone("gone", purged=True)
    return _trash_contact(session, contact, TRASHED_CONTACT)


def _trash_contact(session: Session, contact: str, residue: str) -> Undone:
    answer = _request(session, "DELETE", f"contacts/{contact}")
    if answer.status == 405:  # it lies there already
        return Undone("gone", residue)
    return _verdict(answer, residue)


def tickets_of(session: Session, written: Written) -> Iterator[str]:
    """Yield the ids of the tickets of a contact or company: live ones, in the trash, in spam."""
    key = "company_id" if written.object == "company" else "requester_id"
    for narrow in _LISTS:
        params = {key: written.remote_id, "updated_since": BEGINNING, "order_by": "created_at", **narrow}
        for row in find.listed(session, "tickets", params, (400, 404)):
            yield str(row["id"])
