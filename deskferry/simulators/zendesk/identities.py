"""The ways in which a user is known: no two users share an e-mail address, a deleted one gives theirs back."""

from __future__ import annotations

import copy

from deskferry.simulators.kernel import Mail
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.state import Record, State


class People:
    """Users by each of their e-mail addresses and by their external id, which is the same in any case."""

    def __init__(self, state: State) -> None:
        self.emails: dict[str, int] = {}
        self.externals: dict[str, int] = {}
        for user in state.users:
            self.note(user, identities_of(state, user["id"]))

    def note(self, user: Record, identities: list[Record]) -> None:
        """Take in a user as they are now."""
        self.forget(user["id"], user["external_id"])
        if not user["active"]:
            return
        if user["email"]:
            self.emails[user["email"].lower()] = user["id"]
        for one in identities:
            if one["type"] == "email":
                self.emails[str(one["value"]).lower()] = user["id"]
        if user["external_id"]:
            self.externals[user["external_id"].lower()] = user["id"]

    def forget(self, identifier: int, external: str | None) -> None:
        """Give back what a user had; the search is only needed for somebody who changes."""
        if external and self.externals.get(external.lower()) == identifier:
            del self.externals[external.lower()]


def people(state: State) -> People:
    """Return the index of users, made when it is first wanted."""
    if state.written.people is None:
        state.written.people = People(state)
    found: People = state.written.people
    return found


def identities_of(state: State, user_id: int) -> list[Record]:
    """Return the identities of a user."""
    own = state.new_identities.get(user_id)
    return state.identities(user_id) if own is None else own


def keep_identities(state: State, user_id: int, identities: list[Record]) -> None:
    """Keep the identities of a user; addresses that are gone are free again."""
    index = people(state)
    before = {one["value"] for one in identities_of(state, user_id) if one["type"] == "email"}
    after = {one["value"] for one in identities if one["type"] == "email"}
    for gone in before - after:
        index.emails.pop(str(gone).lower(), None)
    for email in after:
        index.emails[email] = user_id
    state.new_identities[user_id] = identities


def add_identity(state: State, user_id: int, kind: str, value: str, *, quiet: bool, verified: bool = False) -> Record:
    """Give a user one more identity; the first of its type is the primary one. An address gets a mail, if not quiet."""
    check_free(state, kind, value, user_id)
    own = copy.deepcopy(identities_of(state, user_id))
    known = next((one for one in own if one["type"] == kind and one["value"] == value), None)
    if known is not None:
        return known
    identifier, now = state.new_id("identity"), iso(state.now())
    address = {"undeliverable_count": 0, "deliverable_state": "deliverable"} if kind == "email" else {}
    row = {
        "url": f"{state.host}/api/v2/users/{user_id}/identities/{identifier}.json",
        "id": identifier,
        "user_id": user_id,
        "type": kind,
        "value": value,
        "verified": verified,
        "primary": not any(one["type"] == kind for one in own),
        "created_at": now,
        "updated_at": now,
        "verification_method": "low" if verified else "none",
        **address,
    }
    keep_identities(state, user_id, [*own, row])
    if kind == "email" and not quiet:
        verification_mail(state, value)
    return row


def verification_mail(state: State, email: str) -> None:
    """Ask somebody to confirm their address."""
    if state.written.settings.verification_mails:
        text = "Verify your email address"
        state.written.mailbox.append(Mail("verify_email", email, text, None, float(state.now())))


def check_free(state: State, kind: str, value: str, user_id: int | None) -> None:
    """Refuse an address that belongs to somebody else."""
    owner = people(state).emails.get(value.lower()) if kind == "email" else None
    if owner is not None and owner != user_id:
        raise record_invalid(email=problem(f"Email: {value} is already being used by another user", "DuplicateValue"))


def check_external(state: State, value: str | None, user_id: int | None) -> None:
    """Refuse an external id that somebody else has, in whatever case."""
    owner = people(state).externals.get(value.lower()) if value else None
    if owner is not None and owner != user_id:
        raise record_invalid(external_id=problem("External has already been taken", "DuplicateValue"))
