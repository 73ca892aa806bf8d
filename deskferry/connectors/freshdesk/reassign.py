"""Placeholders become agents, or the contacts whom they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.connectors.freshdesk.send import errors_of
from deskferry.connectors.freshdesk.words import ACTIVATION_EMAILS
from deskferry.connectors.kit.contract import Outcome
from deskferry.connectors.kit.session import Answer, Session

EFFECTS: Mapping[str, tuple[str, ...]] = {"promote": (ACTIVATION_EMAILS,)}
_ALLOWED = (400, 403, 404, 405, 409)
_MERGED = ("phone", "mobile", "twitter_id", "unique_external_id")
"""What must be told where both sides have it (reference)."""


def promote(session: Session, contact: str, email: str | None) -> Outcome:
    """Make a contact an agent; it needs an address first (409 `inconsistent_state` without one)."""
    known = session.request_json("GET", f"contacts/{contact}", allow=(404, 405))
    if known.status == 404:
        agent = session.request_json("GET", f"agents/{contact}", allow=(403, 404))
        return Outcome("done", contact) if agent.status == 200 else Outcome("refused", code="target_gone")
    held = known.body if isinstance(known.body, dict) else {}
    if not held.get("email"):
        if not email:
            return Outcome("refused", code="email_missing", detail="an agent needs an e-mail address")
        answer = session.request_json("PUT", f"contacts/{contact}", {"email": email}, allow=_ALLOWED)
        if answer.status >= 300:
            return _refused(answer)
    answer = session.request_json("PUT", f"contacts/{contact}/make_agent", {}, allow=_ALLOWED)
    return Outcome("done", contact) if answer.status < 300 else _refused(answer)


def merge(session: Session, contact: str, into: str) -> Outcome:
    """Merge a contact into another; agents take no contact in."""
    primary = session.request_json("GET", f"contacts/{into}", allow=(404, 405))
    if primary.status != 200 or not isinstance(primary.body, dict) or primary.body.get("deleted"):
        return Outcome(
            "refused", code="not_a_contact",
            detail="the API merges contacts into contacts only; write `agent` to make the placeholder an agent",
        )  # fmt: skip
    second = session.request_json("GET", f"contacts/{contact}", allow=(404, 405))
    if second.status != 200 or not isinstance(second.body, dict) or second.body.get("deleted"):
        return Outcome("done", into)  # merged before: the vendor hides what was merged
    answer = session.request_json(
        "POST", "contacts/merge",
        {
            "primary_contact_id": int(into), "secondary_contact_ids": [int(contact)],
            "contact": _told(primary.body, second.body),
        },
        allow=_ALLOWED,
    )  # fmt: skip
    return Outcome("done", into) if answer.status < 300 else _refused(answer)


def _told(primary: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {key: primary[key] for key in _MERGED if primary.get(key) and second.get(key)}
    if primary.get("email"):
        told["email"] = primary["email"]
    return told


def _refused(answer: Answer) -> Outcome:
    first = errors_of(answer)[0]
    said = ": ".join(str(first[key]) for key in ("field", "message") if first.get(key))
    return Outcome("refused", code=str(first.get("code") or f"status_{answer.status}"), detail=said)
