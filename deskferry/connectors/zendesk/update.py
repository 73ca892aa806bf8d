"""Changing people and organizations that crossed before: one call each; addresses stay what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.kit.contract import Earlier, Loss, Operation, Outcome, Ref, Resolve
from deskferry.connectors.kit.links import Addresses, NewAddresses
from deskferry.connectors.kit.session import InDoubt, Session
from deskferry.connectors.zendesk.answers import problems
from deskferry.connectors.zendesk.send import resolved
from deskferry.connectors.zendesk.settings import ADDRESSES
from deskferry.errors import Refused

CANNOT_UPDATE = "update_not_possible"
CALLS: Mapping[str, tuple[str, str]] = {
    "organization.update": ("organizations/{}", "organization"),
    "user.update": ("users/{}", "user"),
}
_ONLY_AT_FIRST: Mapping[str, tuple[str, ...]] = {
    # An address given to an update becomes one more, and its owner gets a mail.
    "user": ("email", "identities", "phone", "skip_verify_email", "external_id", "verified"),
    "organization": ("external_id",),
}
_LOSS_FIELDS = {"email": "emails", "identities": "emails", "phone": "phones"}
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "user": {**dict.fromkeys(("notes", "details", "alias", "organization_id")), "tags": []},
    "organization": {**dict.fromkeys(("notes", "details", "group_id")), "domain_names": [], "tags": []},
}
"""What the API takes for nothing, by key; what is not listed is never emptied."""
_FIELDS = {"user": "user_fields", "organization": "organization_fields"}
_JUDGED = (400, 403, 404, 409, 422)


def as_update(operation: Operation) -> Operation | None:
    """Return the call that brings a written person or organization to the present draft; None for a ticket."""
    kind = operation.call.partition(".")[0]
    if kind not in _ONLY_AT_FIRST:
        return None
    body = {key: value for key, value in operation.body.items() if key not in _ONLY_AT_FIRST[kind]}
    return replace(
        operation, action="update", call=f"{kind}.update", body=body, adopt=False,
        target=Ref(operation.record_id, operation.part),
    )  # fmt: skip


def amend(update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, list[Loss]]:
    """Return an update that also empties what an earlier call filled, and what cannot be brought to the draft."""
    kind = draft.call.partition(".")[0]
    if kind not in _ONLY_AT_FIRST:
        return update, []
    losses = list(_fixed(kind, draft, earlier.body))
    emptied = {
        key: empty
        for key, empty in _EMPTY[kind].items()
        if _filled(earlier.body.get(key)) and not _filled(draft.body.get(key))
    }
    body = {**update.body, **emptied}
    before, now = earlier.body.get(_FIELDS[kind]) or {}, draft.body.get(_FIELDS[kind]) or {}
    gone = {key: None for key, value in before.items() if _filled(value) and not _filled(now.get(key))}
    if gone:
        body[_FIELDS[kind]] = {**now, **gone}
    return replace(update, body=body), losses


def _fixed(kind: str, draft: Operation, before: Mapping[str, Any]) -> Iterator[Loss]:
    """Yield what only creating takes and has changed since."""
    for key in _ONLY_AT_FIRST[kind]:
        if key in {"skip_verify_email", "verified"} or before.get(key) == draft.body.get(key):
            continue
        name = _LOSS_FIELDS.get(key, key)
        yield Loss(draft.record_id, name, str(draft.body.get(key))[:500], CANNOT_UPDATE)


def _filled(value: Any) -> bool:
    return value not in (None, "", [], {})


def send(session: Session, operation: Operation, resolve: Resolve, site: str) -> Outcome:
    """Send one update."""
    path, envelope = CALLS[operation.call]
    told = NewAddresses(Addresses(site, ADDRESSES), lambda record_id: resolve(Ref(record_id)))
    try:
        assert operation.target is not None
        remote_id = resolve(operation.target)
        body = resolved(operation.body, resolve, told)
    except LookupError as missing:
        return Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))
    try:
        answer = session.request_json("PUT", path.format(remote_id), {envelope: body}, allow=_JUDGED, idempotent=True)
    except InDoubt as doubt:
        return Outcome("in_doubt", code="no_answer", detail=str(doubt))
    if answer.status == 403:
        raise Refused(
            f"zendesk: {operation.call} is refused: {problems(answer)}.",
            "Log in as an administrator, with the scopes `read` and `write`.",
        )
    if answer.status >= 400:
        code = "target_gone" if answer.status == 404 else f"status_{answer.status}"
        return Outcome("refused", code=code, detail=problems(answer))
    record = answer.body.get(envelope) or {}
    return Outcome("done", remote_id, receipt={"updated_at": record.get("updated_at")})
