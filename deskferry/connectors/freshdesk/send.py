"""Sending one operation: the request as the vendor wants it, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from deskferry.connectors.freshdesk import find, find_beside
from deskferry.connectors.freshdesk.compose_knowledge import LANGUAGE
from deskferry.connectors.freshdesk.settings import ADDRESSES
from deskferry.connectors.kit.contract import OpenFile, Operation, Outcome, Ref, Resolve
from deskferry.connectors.kit.links import LINKS_LEFT, Addresses, Link, LinkedText, NewAddresses
from deskferry.connectors.kit.session import Answer, FileField, InDoubt, Session
from deskferry.errors import Refused

_CALLS: Mapping[str, tuple[str, str]] = {
    "company.create": ("POST", "companies"),
    "company.update": ("PUT", "companies/{}"),
    "contact.create": ("POST", "contacts"),
    "contact.update": ("PUT", "contacts/{}"),
    "ticket.begin": ("POST", "tickets"),
    "ticket.create": ("POST", "tickets"),
    "ticket.update": ("PUT", "tickets/{}"),
    "note.create": ("POST", "tickets/{}/notes"),
    "note.update": ("PUT", "conversations/{}"),
    "ticket_field.create": ("POST", "admin/ticket_fields"),
    "solution_category.create": ("POST", "solutions/categories"),
    "solution_category.update": ("PUT", "solutions/categories/{}"),
    "solution_folder.create": ("POST", "solutions/categories/{}/folders"),
    "solution_folder.update": ("PUT", "solutions/folders/{}"),
    "solution_article.create": ("POST", "solutions/folders/{}/articles"),
    "solution_article.attach": ("PUT", "solutions/articles/{}"),
    "solution_article.update": ("PUT", "solutions/articles/{}"),
    "solution_translation.create": ("POST", "solutions/articles/{}"),
    "solution_translation.update": ("PUT", "solutions/articles/{}"),
    "canned_folder.create": ("POST", "canned_response_folders"),
    "canned_response.create": ("POST", "canned_responses"),
    "canned_response.update": ("PUT", "canned_responses/{}"),
    "rating.create": ("POST", "tickets/{}/satisfaction_ratings"),
    "time_entry.create": ("POST", "tickets/{}/time_entries"),
    "time_entry.update": ("PUT", "time_entries/{}"),
}
_JUDGED = (400, 403, 404, 405, 409, 413, 415, 422)
_TICKET_LINKS = frozenset({"responder_id", "group_id", "product_id", "email_config_id", "type"})
_DROPPABLE: Mapping[str, frozenset[str]] = {
    "company.create": frozenset({"domains"}),
    "contact.create": frozenset({"language", "time_zone"}),
    "contact.update": frozenset({"language", "time_zone"}),
    "note.create": frozenset({"user_id"}),
    "solution_article.create": frozenset({"agent_id"}),
    "solution_article.update": frozenset({"agent_id"}),
    "time_entry.create": frozenset({"agent_id"}),
    "time_entry.update": frozenset({"agent_id"}),
    "ticket.begin": _TICKET_LINKS,
    "ticket.create": _TICKET_LINKS,
}
_DUPLICATE = "duplicate_value"
_ID_KEYS = {"ticket_field.create": "name", "canned_folder.create": "Id"}
"""Where an answer tells the id, if not in `id`."""
_PATHS = {"ticket": "tickets", "user": "contacts", "company": "companies", "article": "solutions/articles"}
_NAMED = frozenset({"category", "folder", "canned_response_folder"})
"""Objects that are one of a name in their list."""


def send(session: Session, operation: Operation, resolve: Resolve, files: OpenFile, site: str) -> Outcome:
    """Send one operation once, and return what became of it."""
    method, path = _CALLS[operation.call]
    told = NewAddresses(Addresses(site, ADDRESSES), lambda record_id: resolve(Ref(record_id)))
    try:
        body = resolved(operation.body, resolve, told)
        if operation.target is not None:
            path = path.format(resolve(operation.target))
        path, body = addressed(operation.call, path, body)
        parts: list[FileField] = [
            ("attachments[]", file.filename, files(file), file.content_type) for file in operation.files
        ]
    except LookupError as missing:
        return Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))
    dropped: tuple[str, ...] = ()
    try:
        answer = _request(session, method, path, body, parts)
        if answer.status in {400, 403, 409}:
            dropped = _droppable(operation, answer, body)
            if dropped:
                body = {key: value for key, value in body.items() if key not in dropped}
                answer = _request(session, method, path, body, parts)
    except InDoubt as doubt:
        return Outcome("in_doubt", code="no_answer", detail=str(doubt))
    if answer.status < 300:
        outcome = _done(operation, answer, site)
        also = {"dropped": list(dropped), LINKS_LEFT: told.left}
        return replace(outcome, receipt={**outcome.receipt, **{key: value for key, value in also.items() if value}})
    return _refused(session, operation, answer, body, site, path)


def addressed(call: str, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return address and body without what is for us alone; the language of a new translation ends the address."""
    told = {key: value for key, value in body.items() if not key.startswith("_")}
    return (f"{path}/{body[LANGUAGE]}" if call == "solution_translation.create" else path), told


def _request(session: Session, method: str, path: str, body: Mapping[str, Any], parts: Sequence[FileField]) -> Answer:
    if parts:
        return session.request_json(method, path, data=list(form(body)), files=parts, allow=_JUDGED)
    return session.request_json(method, path, body, allow=_JUDGED)


def _droppable(operation: Operation, answer: Answer, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys without which the record would be taken: better without them than not at all.

    The author of a note may have to be an agent, an agent may not see the group, a domain may be another company's, and
    language and time zone are features of the plan (`require_feature` names no field).
    """
    keys = _DROPPABLE.get(operation.call, frozenset())
    errors = errors_of(answer)
    if answer.status == 403:
        gated = any(error.get("code") == "require_feature" for error in errors)
        return tuple(key for key in ("language", "time_zone") if gated and key in keys and key in body)
    fields = {str(error.get("field") or "").partition(".")[0].partition("[")[0] for error in errors}
    return tuple(sorted(fields)) if fields <= (keys & body.keys()) else ()


# ---------------------------------------------------------------------------------------------------------- requests


def resolved(value: Any, resolve: Resolve, told: Callable[[Link], str | None] = lambda _link: None) -> Any:
    """Return a body with the destination's ids, as numbers, in place of references, and new addresses in texts."""
    if isinstance(value, LinkedText):
        return value.told(told)
    if isinstance(value, Ref):
        found = resolve(value)
        return int(found) if found.isdigit() else found
    if isinstance(value, Mapping):
        return {key: resolved(item, resolve, told) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, resolve, told) for item in value]
    return value


def form(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the fields of a multipart form: `custom_fields[name]`, `tags[]`; what is None is left out."""
    for key, value in body.items():
        name = f"{prefix}[{key}]" if prefix else key
        if value is None:
            continue
        if isinstance(value, Mapping):
            yield from form(value, name)
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield f"{name}[]", _text(item)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


# ----------------------------------------------------------------------------------------------------------- answers


def _done(operation: Operation, answer: Answer, site: str) -> Outcome:
    body = answer.body if isinstance(answer.body, dict) else {}
    # A field is known by its key, which the vendor makes of the label.
    remote_id = str(body.get(_ID_KEYS.get(operation.call, "id")) or "") or None
    if remote_id is not None and operation.object == "article_translation":
        remote_id = f"{remote_id}/{operation.body[LANGUAGE]}"
    receipt: dict[str, Any] = {key: body[key] for key in ("created_at", "updated_at") if body.get(key)}
    if body.get("attachments"):
        receipt["attachments"] = [
            {"id": str(file.get("id")), "name": file.get("name"), "size": file.get("size", file.get("file_size"))}
            for file in body["attachments"]
        ]
    return Outcome("done", remote_id, url(operation.object, remote_id, site), receipt=receipt)


def url(object_name: str, remote_id: str | None, site: str) -> str | None:
    """Return where a person looks at a record."""
    path = _PATHS.get(object_name)
    return f"{site}/a/{path}/{remote_id}" if path and remote_id else None


def _refused(
    session: Session, operation: Operation, answer: Answer, body: Mapping[str, Any], site: str, path: str
) -> Outcome:
    errors = errors_of(answer)
    code = str(errors[0].get("code") or f"status_{answer.status}")
    detail = "; ".join(": ".join(str(error[key]) for key in ("field", "message") if error.get(key)) for error in errors)
    duplicates = [error for error in errors if error.get("code") == _DUPLICATE]
    if operation.adopt and operation.action == "create" and (duplicates or answer.status == 409):
        if operation.object in _NAMED:
            twin = next(iter(find_beside.named(session, path, body)), None)
        else:
            twin = _twin(session, operation, duplicates, body)
        if twin is not None:
            restored = operation.object == "user" and _restored(session, twin)
            return Outcome(
                "adopted", twin, url(operation.object, twin, site), code=_DUPLICATE, detail=detail,
                receipt={"adopted": True, **({"restored": True} if restored else {})},
            )  # fmt: skip
    if answer.status == 403 and code != "require_feature":
        raise Refused(
            f"freshdesk: {operation.call} is refused ({code}): {detail or 'the role may not write'}.",
            "Use the API key of an agent whose role may create this, an administrator's at best.",
        )
    if answer.status == 404:
        code = "target_gone"
    elif answer.status == 405:
        code = "target_locked"
    return Outcome("refused", code=code, detail=detail or f"status {answer.status}")


def errors_of(answer: Answer) -> Sequence[Mapping[str, Any]]:
    """Return the errors of an answer: `errors: [{field, message, code}]`, or the body itself; never empty."""
    if isinstance(answer.body, Mapping):
        errors = answer.body.get("errors")
        if isinstance(errors, list):
            found = [error for error in errors if isinstance(error, Mapping)]
            if found:
                return found
        return [answer.body]
    return [{"message": str(answer.body)[:300] if answer.body else ""}]


def _twin(
    session: Session, operation: Operation, duplicates: Sequence[Mapping[str, Any]], body: Mapping[str, Any]
) -> str | None:
    """Return the id of the record that is there already; a trashed contact is restored first (PUT on it is 405)."""
    if operation.object == "company":
        if duplicates and all(error.get("field") not in (None, "name") for error in duplicates):
            return None
        return next(iter(find.companies(session, str(body.get("name")))), None)
    if operation.object != "user":
        found = find.ticket_fields(session, str(body.get("label")))
        return found[0] if found else None
    told = [error.get("additional_info") for error in duplicates]
    twin = next((str(info["user_id"]) for info in told if isinstance(info, Mapping) and info.get("user_id")), None)
    if twin is None:
        hits = find.people(session, body, trashed=True)
        twin = hits[0] if hits else None
    return twin


def _restored(session: Session, contact: str) -> bool:
    """Take a contact out of the trash; whether it was there."""
    known = session.request_json("GET", f"contacts/{contact}", allow=(404, 405))
    if known.status != 405 and not (isinstance(known.body, dict) and known.body.get("deleted")):
        return False
    session.request_json("PUT", f"contacts/{contact}/restore", allow=(400, 404, 405), idempotent=True)
    return True
