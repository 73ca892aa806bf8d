"""Taking back what was written: created records are deleted for good, changed ones get back what they held.

Deleting mails nobody; giving a ticket its former values back is an update like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import Operation, Outcome, Raw, Resolve, Undone, Written
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk.answers import problems
from deskferry.connectors.zendesk.jobs import Jobs
from deskferry.connectors.zendesk.words import UPDATE_TRIGGERS

EFFECTS: Mapping[str, tuple[str, ...]] = {"ticket.update": (UPDATE_TRIGGERS,)}
"""Call → effects of taking it back."""
USED_NUMBER, ERASED_USER, KEPT_COMMENT = "used_number", "erased_user", "kept_comment"
_ENVELOPES = {"ticket": "tickets", "user": "users", "organization": "organizations"}
_MANY = frozenset({"ticket", "user", "organization"})
_JUDGED = (400, 403, 404, 422)


def batch_of(object_name: str) -> int:
    """Return how many records are deleted in one call."""
    return 100 if object_name in _MANY else 1


def before(session: Session, operation: Operation, resolve: Resolve) -> dict[str, Any] | None:
    """Return what the keys of an update's body hold now; None where the record is gone."""
    if operation.call in {"ticket.remove", "ticket.noted"}:
        return {}
    assert operation.target is not None
    envelope = operation.object
    path = f"{_ENVELOPES[envelope]}/{resolve(operation.target)}"
    answer = session.request_json("GET", path, allow=(404,))
    record = answer.body.get(envelope) if answer.status == 200 else None
    if not isinstance(record, dict) or not _lives(record):
        return None
    return {key: _held(record, key, value) for key, value in operation.body.items() if key in record}


def _held(record: Raw, key: str, asked: Any) -> Any:
    if key == "custom_fields":
        named = {one["id"] for one in asked}
        return [
            {"id": one["id"], "value": one["value"]} for one in record.get("custom_fields") or () if one["id"] in named
        ]
    if key in {"user_fields", "organization_fields"}:
        return {name: (record.get(key) or {}).get(name) for name in asked}
    return record.get(key)


class Undoer:
    """Takes back what lies in one account."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def undo(self, written: Sequence[Written]) -> list[Undone]:
        """Take back one batch of one call."""
        first = written[0]
        if first.call == "ticket.comment":
            return [Undone("refused", KEPT_COMMENT, "comments_stay", "no API deletes a comment")] * len(written)
        if first.action == "update":
            return [self._change_back(one) for one in written]
        return self._delete(_ENVELOPES[first.object], written)

    # ------------------------------------------------------------------------------------------------------- changing

    def _change_back(self, one: Written) -> Undone:
        if one.call == "ticket.remove":
            path, body = f"deleted_tickets/{one.remote_id}/restore", None
        elif not one.before:
            return Undone("done")
        else:
            path, body = f"{_ENVELOPES[one.object]}/{one.remote_id}", {one.object: dict(one.before)}
        answer = self._session.request_json("PUT", path, body, allow=_JUDGED, idempotent=True)
        if answer.status == 404:
            return Undone("gone")
        return Undone("done") if answer.status < 300 else Undone("refused", code="not_changed", detail=problems(answer))

    # ------------------------------------------------------------------------------------------------------- deleting

    def _delete(self, name: str, written: Sequence[Written]) -> list[Undone]:
        """Delete records by their ids, tickets and users for good."""
        ids = [one.remote_id for one in written]
        shown = self._shown(name, ids)
        # Archived tickets are in no list: each is asked for.
        apart = {one for one in ids if name == "tickets" and one not in shown and self._is_there(name, one)}
        asked = shown | apart
        if asked:
            self._destroy(name, sorted(asked))
        left = (self._shown(name, sorted(shown)) if shown else set()) | {
            one for one in apart if self._is_there(name, one)
        }
        gone = [one for one in ids if one not in left]
        if name == "tickets" and gone:
            self._destroy("deleted_tickets", gone)
        for one in gone if name == "users" else ():
            self._session.request_json("DELETE", f"deleted_users/{one}", allow=_JUDGED)
        residue = {"tickets": USED_NUMBER, "users": ERASED_USER}.get(name, "")
        return [
            Undone("refused", code="not_deleted", detail="it is still there") if one in left
            else Undone("done" if one in asked else "gone", residue)
            for one in ids
        ]  # fmt: skip

    def _destroy(self, path: str, ids: Sequence[str]) -> None:
        """Delete many at once; what became of each is looked at afterwards."""
        if len(ids) == 1:
            self._session.request_json("DELETE", f"{path}/{ids[0]}", allow=_JUDGED)
            return
        params = {"ids": ",".join(ids)}
        answer = self._session.request_json("DELETE", f"{path}/destroy_many", params=params, allow=_JUDGED)
        job = answer.body.get("job_status") if answer.status < 300 and isinstance(answer.body, dict) else None
        if job:
            self._jobs.wait(job, len(ids))

    def _shown(self, name: str, ids: Sequence[str]) -> set[str]:
        """Return those of these records that a list shows as living."""
        answer = self._session.request_json("GET", f"{name}/show_many", params={"ids": ",".join(ids)}, allow=(404,))
        rows = (answer.body.get(name) or ()) if answer.status == 200 else ()
        return {str(row["id"]) for row in rows if _lives(row)}

    def _is_there(self, name: str, remote_id: str) -> bool:
        answer = self._session.request_json("GET", f"{name}/{remote_id}", allow=(404,))
        record = answer.body.get(name.removesuffix("s")) if answer.status == 200 else None
        return isinstance(record, dict) and _lives(record)

    def tickets_of(self, written: Written) -> Iterator[str]:
        """Yield the tickets that a person asked or that belong to an organization."""
        lists = {
            "user": ("users/{}/tickets/requested", "users/{}/tickets/ccd", "users/{}/tickets/assigned"),
            "organization": ("organizations/{}/tickets",),
        }[written.object]
        for path in lists:
            params: dict[str, Any] = {"page[size]": 100}
            while True:
                answer = self._session.request_json("GET", path.format(written.remote_id), params=params, allow=(404,))
                body = answer.body if answer.status == 200 else {}
                yield from (str(row["id"]) for row in body.get("tickets") or ())
                meta = body.get("meta") or {}
                if not meta.get("has_more"):
                    break
                params["page[after]"] = meta.get("after_cursor")

    # ---------------------------------------------------------------------------------------------------- placeholders

    def promote(self, remote_id: str, email: str | None) -> Outcome:
        """Make a placeholder an agent; it takes a seat."""
        answer = self._session.request_json("GET", f"users/{remote_id}", allow=(404,))
        user = answer.body.get("user") if answer.status == 200 else None
        if user is None or user.get("active") is False:
            return Outcome("refused", code="target_gone", detail="the placeholder is gone")
        if user.get("role") in {"agent", "admin"}:
            return Outcome("done", remote_id)
        body: dict[str, Any] = {"role": "agent", "skip_verify_email": True}
        if email and not user.get("email"):
            body["email"] = email
        answer = self._session.request_json("PUT", f"users/{remote_id}", {"user": body}, allow=_JUDGED, idempotent=True)
        if answer.status >= 400:
            return Outcome("refused", code="not_promoted", detail=problems(answer))
        return Outcome("done", remote_id)

    def merge(self, remote_id: str, into: str) -> Outcome:
        """Merge a placeholder into another end user; the vendor merges no agents."""
        answer = self._session.request_json(
            "PUT", f"users/{remote_id}/merge", {"user": {"id": int(into)}}, allow=_JUDGED, idempotent=True
        )
        if answer.status == 404 and not self._is_there("users", remote_id) and self._is_there("users", into):
            return Outcome("done", into)
        if answer.status >= 400:
            return Outcome("refused", code="not_merged", detail=problems(answer))
        return Outcome("done", into)


def _lives(record: Raw) -> bool:
    return record.get("status") != "deleted" and record.get("active") is not False
