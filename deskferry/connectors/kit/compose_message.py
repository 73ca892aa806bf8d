"""What holds of a message at every destination: whether it is written, who may read it, which details get lost."""

from __future__ import annotations

from collections.abc import Collection

from deskferry.connectors.kit.composing import extra_lost
from deskferry.connectors.kit.contract import Crossings, Loss, Row

_UNWRITTEN_STATES = {"draft": "draft_not_written", "scheduled": "draft_not_written", "hidden": "hidden_not_written"}
_STATE_SETTINGS = {"draft": "drafts", "scheduled": "drafts", "hidden": "hidden"}
_MAIL_DETAILS = (
    "sender", "to_addresses", "cc_addresses", "bcc_addresses", "rfc_message_id", "in_reply_to", "chat_session_id",
    "side_conversation_id", "edited_at",
)  # fmt: skip


def kept_out(message: Row, crossings: Crossings) -> Loss | None:
    """Return the loss of a message that is not written: drafts and hidden ones, unless a setting says `note`."""
    state = str(message.get("state"))
    cause = _UNWRITTEN_STATES.get(state)
    if cause is None or crossings.setting(_STATE_SETTINGS[state]) == "note":
        return None
    return Loss(message["id"], "state", state, cause)


def is_public(message: Row) -> bool:
    """Return whether the customer may read a message; what is not known to be public, or was not sent, is private.

    A forward or a system message that the customer could read is public.
    """
    return (
        message.get("is_public") is True
        and message.get("kind") != "private_note"
        and message.get("state") not in _UNWRITTEN_STATES
    )


def details_lost(message: Row, own_extra: Collection[str] = ()) -> list[Loss]:
    """Return the losses of what no destination has a place for; `own_extra` crosses in another form."""
    losses = []
    names = [name for name in _MAIL_DETAILS if message.get(name) not in (None, "", [])]
    if names:
        losses.append(Loss(message["id"], "mail", ", ".join(names), "mail_details_not_written"))
    if message.get("is_public") is None:
        losses.append(Loss(message["id"], "is_public", None, "visibility_unknown"))
    elif message["is_public"] and not is_public(message):
        unsent = message.get("state") in _UNWRITTEN_STATES
        losses.append(Loss(message["id"], "is_public", "true", "unsent_private" if unsent else "visibility_unknown"))
    return losses + extra_lost(message, own_extra)
