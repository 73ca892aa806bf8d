"""An update beside what was written before: what to empty, and what the API cannot change any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.freshdesk import amend_beside
from deskferry.connectors.kit.contract import Earlier, Loss, Operation, Ref

CANNOT_UPDATE = "update_not_possible"
_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "ticket": {
        **dict.fromkeys(("responder_id", "group_id", "product_id", "email_config_id", "type")),
        "tags": [],
    },
    "contact": {
        **dict.fromkeys(("company_id", "job_title", "address", "description", "email", "phone", "mobile")),
        **dict.fromkeys(("unique_external_id",)),
        "other_emails": [],
        "tags": [],
    },
    "company": {**dict.fromkeys(("description", "note")), "domains": []},
}
"""What the API takes for nothing, by key; what is not listed is never emptied."""
_FIXED = {"contact": ("language", "time_zone")}
"""What can be changed and not emptied."""
_IDENTITIES = frozenset({"email", "phone", "mobile", "unique_external_id"})


def amend(update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, list[Loss]]:
    """Return an update that also empties what an earlier call filled, and what cannot be brought to the draft."""
    call = draft.call.partition(".")[0]
    losses = list(_files(draft, earlier))
    if call == "note":
        return update, [*losses, *_of_note(draft, earlier)]
    if call in {"solution_article", "canned_response"}:
        readers, lost = amend_beside.readers(update, draft, earlier)
        return readers, [*losses, *lost]
    if call == "ticket":
        losses += _copied(draft, earlier)
    for key in _FIXED.get(call, ()):
        if _filled(earlier.body.get(key)) and key not in draft.body:
            losses.append(Loss(draft.record_id, key, str(earlier.body[key]), CANNOT_UPDATE))
    body = {**update.body, **_emptied(call, draft, earlier.body)}
    customs = _emptied_customs(draft.body.get("custom_fields"), earlier.body.get("custom_fields"))
    if customs:
        body["custom_fields"] = {**(draft.body.get("custom_fields") or {}), **customs}
    return replace(update, body=body), losses


def _filled(value: Any) -> bool:
    return value not in (None, "", [], {})


def _emptied(call: str, draft: Operation, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that an earlier call filled and the draft does not, with nothing in them."""
    found = {
        key: empty
        for key, empty in _EMPTY.get(call, {}).items()
        if _filled(before.get(key)) and not _filled(draft.body.get(key))
    }
    if call == "contact":
        if before.get("unique_external_id") == draft.mark or not draft.body.keys() & _IDENTITIES:
            # The mark still finds the contact again; without any identity it would be refused.
            found.pop("unique_external_id", None)
        if not draft.body.keys() & _IDENTITIES and not _filled(before.get("unique_external_id")):
            found = {key: value for key, value in found.items() if key not in _IDENTITIES}
    return found


def _emptied_customs(now: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the custom fields that an earlier call filled and the draft does not: checkboxes unticked, others null."""
    return {
        key: False if isinstance(value, bool) else None
        for key, value in (before or {}).items()
        if _filled(value) and value is not False and not _filled((now or {}).get(key))
    }


def _copied(draft: Operation, earlier: Earlier) -> Iterator[Loss]:
    """Yield the copied addresses that came or went: only creating a ticket takes them."""
    now, before = set(draft.body.get("cc_emails") or ()), set(earlier.body.get("cc_emails") or ())
    for address in sorted(now ^ before):
        yield Loss(draft.record_id, "ticket_follower", address, CANNOT_UPDATE)


def _files(draft: Operation, earlier: Earlier) -> Iterator[Loss]:
    """Yield the files that came or went: an update would add them once more, and takes none away."""
    now = {file.attachment_id: file.filename for file in draft.files}
    record = draft.part.partition("#")[0] or draft.record_id
    for attachment in sorted(now.keys() ^ earlier.files.keys()):
        yield Loss(record, "file", now.get(attachment) or earlier.files[attachment], CANNOT_UPDATE)


def _of_note(draft: Operation, earlier: Earlier) -> Iterator[Loss]:
    """Yield what a note keeps for good: who may read it, and who wrote it."""
    message = draft.part.partition("#")[0]
    if "private" in earlier.body and draft.body["private"] is not earlier.body["private"]:
        side = "private" if draft.body["private"] else "public"
        yield Loss(message, "is_public", side, CANNOT_UPDATE)
    author = draft.body.get("user_id")
    wanted = author.record_id if isinstance(author, Ref) else None
    if wanted != (earlier.body.get("user_id") or {}).get("$ref"):
        yield Loss(message, "author_id", wanted, CANNOT_UPDATE)
