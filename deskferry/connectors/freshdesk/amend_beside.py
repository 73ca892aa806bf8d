"""Changes of what stands beside tickets. Readers are never widened by one, and what lies in a folder stays in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.freshdesk.compose_knowledge import READERS
from deskferry.connectors.kit.contract import Earlier, Loss, Operation, Ref

_CANNOT = "update_not_possible"
_NOT_SENT: Mapping[str, frozenset[str]] = {
    "solution_folder": frozenset({"visibility"}),
    "canned_response": frozenset({"folder_id"}),
    "time_entry": frozenset({"timer_running"}),
}
"""What is written once: who may read a folder is what its articles were sorted by."""
_FIXED = frozenset({"canned_folder", "rating"})
_DRAFT = 1
_SOME_GROUPS = 2


def as_update(operation: Operation) -> Operation | None:
    """Return the call that brings a written record to the present draft; None where the API has none."""
    what, _, verb = operation.call.partition(".")
    if what in _FIXED or verb == "attach":
        return None
    body = {key: value for key, value in operation.body.items() if key not in _NOT_SENT.get(what, ())}
    return replace(
        operation, action="update", call=f"{what}.update", body=body, files=(), adopt=False,
        target=Ref(operation.record_id, operation.part),
    )  # fmt: skip


def readers(update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, list[Loss]]:
    """Return an update that shows nobody more than before, and the loss where who may read cannot follow.

    No call moves an article to another folder: one that fewer may read by now becomes a draft.
    """
    body: dict[str, Any] = dict(update.body)
    if draft.call == "canned_response.create":
        return _response(update, body, draft, earlier)
    was, now = earlier.body.get(READERS), draft.body.get(READERS)
    if was is None or was == now:
        return update, []
    body[READERS] = was
    if now > was:
        body["status"] = _DRAFT
    return replace(update, body=body), [Loss(draft.record_id, "visibility", str(now), _CANNOT)]


def _response(
    update: Operation, body: dict[str, Any], draft: Operation, earlier: Earlier
) -> tuple[Operation, list[Loss]]:
    if draft.body["visibility"] == _SOME_GROUPS:
        return update, []
    for name in ("visibility", "group_ids"):
        body.pop(name, None)
    if earlier.body.get("visibility") == _SOME_GROUPS:
        return replace(update, body=body), [Loss(draft.record_id, "visibility", "agents", _CANNOT)]
    return replace(update, body=body), []
