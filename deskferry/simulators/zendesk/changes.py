"""Changes behind the API's back: what people at work, customers and the system do while somebody reads.

    {"op": "edit_ticket", "id": 3, "fields": {"status": "solved"}, "touch_updated_at": true, "author": USER_ID}
    {"op": "add_comment", "ticket": 3, "author": USER_ID, "body": "...", "public": true}
    {"op": "create_ticket", "requester": USER_ID, "subject": "...", "body": "..."}      answers {"id"}
    {"op": "delete_ticket", "id": 3}
    {"op": "merge_tickets", "winner": 3, "losers": [4, 5]}
    {"op": "delete_user", "id": USER_ID}           {"op": "edit_user", "id": USER_ID, "fields": {...}}
    {"op": "edit_organization", "id": ID, "fields": {...}}
    {"op": "touch", "kind": "ticket" | "user" | "attachments", "id": ID}    moves volatile things only
    {"op": "redact_comment", "id": COMMENT_ID, "body": "..."}    the text that is left
    {"op": "make_private", "id": COMMENT_ID}
    {"op": "drop_comment", "id": COMMENT_ID}       gone from answers, still counted
    {"op": "set_role", "role": "admin" | "agent" | "end-user"}    of the credentials
    {"op": "set_scopes", "scopes": ["read"]}       of the long-lived access token
    {"op": "revoke"}                               no credentials are good any more
    {"op": "account", "subdomain": "other", "id": 99}
    {"op": "plan", "plan": "suite_team"}
    {"op": "settings", "notifications": false, ...}    fields of `Settings`
    {"op": "sign_in", "id": USER_ID}               answers a password with which a user may call
    {"op": "job_fault", "do": "fail" | "kill" | "lose" | "truncate" | "stall", "after": 3}    of the next job

Each edit writes its audit and moves the generated timestamp; with `touch_updated_at` false it is a change of the
system, which leaves `updated_at` and the history alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from deskferry.simulators.zendesk.auth import ACCESS_TOKEN, Auth
from deskferry.simulators.zendesk.identities import identities_of, keep_identities
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.jobs import JOB_FAULTS
from deskferry.simulators.zendesk.plans import has
from deskferry.simulators.zendesk.settings import Settings
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_bin import bin_ticket, merge
from deskferry.simulators.zendesk.ticket_edits import (
    WEB,
    add_audit,
    comment,
    created,
    editable,
    empty_record,
    keep,
    next_number,
    note_new,
    set_fields,
)
from deskferry.simulators.zendesk.tickets import TicketFile
from deskferry.simulators.zendesk.users import delete_user, keep_user


class Changes:
    """Applies changes to a state."""

    def __init__(self, state: State, auth: Auth) -> None:
        self._state = state
        self._auth = auth
        self._operations: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "edit_ticket": self.edit_ticket,
            "add_comment": self.add_comment,
            "create_ticket": self.create_ticket,
            "delete_ticket": self.delete_ticket,
            "merge_tickets": self.merge_tickets,
            "delete_user": self.delete_user,
            "edit_user": self.edit_user,
            "edit_organization": self.edit_organization,
            "touch": self.touch,
            "redact_comment": self.redact_comment,
            "make_private": self.make_private,
            "drop_comment": self.drop_comment,
            "set_role": self.set_role,
            "set_scopes": self.set_scopes,
            "revoke": self.revoke,
            "account": self.account,
            "plan": self.plan,
            "settings": self.settings,
            "sign_in": self.sign_in,
            "job_fault": self.job_fault,
        }

    def apply(self, change: Mapping[str, Any]) -> Any:
        """Apply one change; ValueError names what is wrong with it."""
        operation = self._operations.get(str(change.get("op")))
        if operation is None:
            raise ValueError(f"op is one of {', '.join(self._operations)}.")
        return operation(change)

    def edit_ticket(self, change: Mapping[str, Any]) -> Any:
        """Change fields of a ticket as somebody at work, or as the system with `touch_updated_at` false."""
        file = editable(self._state, change["id"])
        events = set_fields(file, change.get("fields", {}))
        visible = bool(change.get("touch_updated_at", True))
        if visible and events:
            add_audit(self._state, file, int(change.get("author", self._auth.user_id)), events)
        keep(self._state, file, updated=visible)
        return {"id": file.record["id"]}

    def add_comment(self, change: Mapping[str, Any]) -> Any:
        """Say something on a ticket; `fields` change with it."""
        file = editable(self._state, change["ticket"])
        author = int(change.get("author", self._auth.user_id))
        event = comment(author, str(change["body"]), bool(change.get("public", True)))
        add_audit(self._state, file, author, [event, *set_fields(file, change.get("fields", {}))])
        keep(self._state, file)
        return {"id": event["id"], "audit_id": event["audit_id"]}

    def create_ticket(self, change: Mapping[str, Any]) -> Any:
        """Open a ticket; `fields` are set at once."""
        state, now = self._state, self._state.now()
        identifier = int(change.get("id") or next_number(state))
        if state.tickets.get(identifier) is not None:
            raise ValueError(f"There is a ticket {identifier} already.")
        requester = int(change.get("requester", self._auth.user_id))
        body, subject = str(change.get("body", "Hello")), change.get("subject")
        audits: list[Record] = []
        values = {"subject": subject, "requester_id": requester, "status": "new", **change.get("fields", {})}
        record = {
            **empty_record(state, identifier, now),
            "via": copy.deepcopy(WEB),
            "raw_subject": subject,
            "description": body,
            "submitter_id": requester,
            **values,
        }
        file = TicketFile(record, lambda: audits, now)
        add_audit(state, file, requester, [comment(requester, body, True), *created(values)])
        note_new(state, file)
        state.tickets.put(identifier, file, now)
        return {"id": identifier}

    def delete_ticket(self, change: Mapping[str, Any]) -> Any:
        """Throw a ticket into the bin: a tombstone in the export from then on."""
        file = editable(self._state, change["id"])
        if file.is_deleted:
            raise ValueError("The ticket is deleted already.")
        bin_ticket(self._state, file, self._auth.user_id)
        return {"id": file.record["id"]}

    def merge_tickets(self, change: Mapping[str, Any]) -> Any:
        """Merge tickets into one: the losers are closed and tagged, both sides get a note."""
        winner = editable(self._state, change["winner"])
        merge(self._state, winner, [editable(self._state, one) for one in change["losers"]], self._auth.user_id)
        return {"id": winner.record["id"]}

    def _user(self, identifier: Any) -> Record:
        user = self._state.users.get(int(identifier))
        if user is None:
            raise ValueError(f"There is no user {identifier}.")
        return copy.deepcopy(user)

    def delete_user(self, change: Mapping[str, Any]) -> Any:
        """Delete a user softly."""
        user = self._user(change["id"])
        kept = {"email": user["email"], "role": user["role"], "organization_id": user["organization_id"]}
        keep_user(self._state, {**delete_user(self._state, user), **kept})
        return {"id": user["id"]}

    def edit_user(self, change: Mapping[str, Any]) -> Any:
        """Change fields of a user; a new e-mail becomes the primary identity."""
        user, now = self._user(change["id"]), self._state.now()
        values = dict(change.get("fields", {}))
        if "email" in values:
            own = copy.deepcopy(identities_of(self._state, user["id"]))
            for one in own:
                if one["type"] == "email" and one["primary"]:
                    one |= {"value": values["email"], "updated_at": iso(now)}
            keep_identities(self._state, user["id"], own)
        keep_user(self._state, {**user, **values})
        return {"id": user["id"]}

    def edit_organization(self, change: Mapping[str, Any]) -> Any:
        """Change fields of an organization."""
        found = self._state.organizations.get(int(change["id"]))
        if found is None:
            raise ValueError(f"There is no organization {change['id']}.")
        record = {**copy.deepcopy(found), **change.get("fields", {}), "updated_at": iso(self._state.now())}
        self._state.organizations.put(record["id"], record, self._state.now())
        return {"id": record["id"]}

    def touch(self, change: Mapping[str, Any]) -> Any:
        """Move what moves without a change: generated timestamps, last logins, tokens of URLs."""
        kind, now = change["kind"], self._state.now()
        if kind == "ticket":
            keep(self._state, editable(self._state, change["id"]), updated=False)
        elif kind == "user":
            user = {**self._user(change["id"]), "last_login_at": iso(now)}
            self._state.users.put(user["id"], user, now)
        elif kind == "attachments":
            self._state.renew_urls()
            self._state.tickets.forget()
        else:
            raise ValueError("kind is ticket, user or attachments.")
        return {"touched": kind}

    def redact_comment(self, change: Mapping[str, Any]) -> Any:
        """Take words out of a comment for good."""
        body = str(change["body"])
        shown = comment(0, body, public=True)
        texts = {name: shown[name] for name in ("body", "html_body", "plain_body")}
        return self._rewrite(int(change["id"]), texts, {"type": "CommentRedactionEvent"})

    def make_private(self, change: Mapping[str, Any]) -> Any:
        """Hide a comment from the customer."""
        return self._rewrite(int(change["id"]), {"public": False}, {"type": "CommentPrivacyChange", "public": False})

    def _rewrite(self, comment: int, values: Record, event: Record) -> Any:
        """Change a comment where it stands; an event of its ticket says so."""
        found = next((file for file in self._state.tickets if comment in {one["id"] for one in file.comments()}), None)
        if found is None:
            raise ValueError(f"There is no comment {comment}.")
        own = editable(self._state, found.record["id"])
        for audit in own.audits:
            audit["events"] = [{**one, **values} if one["id"] == comment else one for one in audit["events"]]
        add_audit(self._state, own, self._auth.user_id, [{"id": 0, **event, "comment_id": comment}])
        keep(self._state, own)
        return {"ticket": own.record["id"]}

    def drop_comment(self, change: Mapping[str, Any]) -> Any:
        """Leave a comment out of all answers, while the counts still have it."""
        wanted = int(change["id"])
        for file in self._state.tickets:
            if any(one["id"] == wanted for one in file.comments()):
                own = editable(self._state, file.record["id"])
                own.hidden.add(wanted)
                self._state.tickets.put(own.record["id"], own, own.generated)
                return {"ticket": own.record["id"]}
        raise ValueError(f"There is no comment {wanted}.")

    def set_role(self, change: Mapping[str, Any]) -> Any:
        """Change the role of the user behind the credentials."""
        if change["role"] not in ("admin", "agent", "end-user"):
            raise ValueError("role is admin, agent or end-user.")
        self._auth.role = change["role"]
        return self.edit_user({"id": self._auth.user_id, "fields": {"role": change["role"]}})

    def set_scopes(self, change: Mapping[str, Any]) -> Any:
        """Change the scopes of the long-lived access token."""
        self._auth.tokens[ACCESS_TOKEN].scopes = tuple(change["scopes"])
        return {"scopes": list(change["scopes"])}

    def revoke(self, _change: Mapping[str, Any]) -> Any:
        """Make every credential worthless."""
        self._auth.revoked = True
        return {"revoked": True}

    def account(self, change: Mapping[str, Any]) -> Any:
        """Pretend to be another account."""
        self._state.subdomain = str(change.get("subdomain", self._state.subdomain))
        self._state.account_id = int(change.get("id", self._state.account_id))
        return {"subdomain": self._state.subdomain, "id": self._state.account_id}

    def plan(self, change: Mapping[str, Any]) -> Any:
        """Change what the plan includes."""
        has(str(change["plan"]), "csat")
        self._state.plan = str(change["plan"])
        return {"plan": self._state.plan}

    def settings(self, change: Mapping[str, Any]) -> Any:
        """Switch what an administrator can switch."""
        known = {one.name for one in fields(Settings)}
        wrong = set(change) - known - {"op"}
        if wrong:
            raise ValueError(f"There is no setting {', '.join(sorted(wrong))}: {', '.join(sorted(known))}.")
        for name in set(change) - {"op"}:
            setattr(self._state.written.settings, name, change[name])
        return asdict(self._state.written.settings)

    def sign_in(self, change: Mapping[str, Any]) -> Any:
        """Give a user a password: end users may do little, but some things only they may."""
        user = self._user(change["id"])
        if not user["email"]:
            raise ValueError("Only somebody with an e-mail address can sign in.")
        self._auth.passwords[user["email"]] = (user["id"], f"sim-password-{user['id']}")
        return {"email": user["email"], "password": f"sim-password-{user['id']}"}

    def job_fault(self, change: Mapping[str, Any]) -> Any:
        """Let the next background job end badly, or be forgotten."""
        if change["do"] not in JOB_FAULTS:
            raise ValueError(f"do is one of {', '.join(JOB_FAULTS)}.")
        self._state.written.job_faults.append((str(change["do"]), int(change.get("after", 0))))
        return {"faults": len(self._state.written.job_faults)}
