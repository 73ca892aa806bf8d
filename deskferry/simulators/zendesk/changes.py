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

Each edit writes its audit and moves the generated timestamp; with `touch_updated_at` false it is a change of the
system, which leaves `updated_at` and the history alone.
"""

from __future__ import annotations

import copy
import html
from collections.abc import Callable, Mapping
from typing import Any, Final

from deskferry.simulators.zendesk.auth import ACCESS_TOKEN, Auth
from deskferry.simulators.zendesk.ids import audit_id, event_id, iso
from deskferry.simulators.zendesk.plans import has
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.tickets import TicketFile

_VIA: Final[Record] = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
_MERGE: Final[Record] = {"channel": "system", "source": {"from": {}, "to": {}, "rel": "merge"}}
_TEXT_IDS: Final = frozenset({"requester_id", "assignee_id", "group_id", "organization_id", "custom_status_id"})
_SILENT: Final = frozenset({"raw_subject", "generated_timestamp", "fields"})


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
        }

    def apply(self, change: Mapping[str, Any]) -> Any:
        """Apply one change; ValueError names what is wrong with it."""
        operation = self._operations.get(str(change.get("op")))
        if operation is None:
            raise ValueError(f"op is one of {', '.join(self._operations)}.")
        return operation(change)

    def _editable(self, identifier: Any) -> TicketFile:
        file = self._state.tickets.get(int(identifier))
        if file is None:
            raise ValueError(f"There is no ticket {identifier}.")
        own = copy.copy(file)
        own.record = copy.deepcopy(file.record)
        audits = copy.deepcopy(file.audits)
        own.make_audits = lambda: audits
        own.hidden = set(file.hidden)
        return own

    def _keep(self, file: TicketFile, updated: bool = True) -> None:
        now = self._state.now()
        file.generated = now
        file.record["generated_timestamp"] = now
        if updated:
            file.record["updated_at"] = iso(now)
        self._state.tickets.put(file.record["id"], file, now)

    def _audit(self, file: TicketFile, author: int, events: list[Record], via: Record | None = None) -> None:
        """Write an audit, and its row of the export."""
        place = self._state.tickets.place(file.record["id"])
        place = len(self._state.tickets) if place is None else place
        sequence, now = len(file.audits), self._state.now()
        identifier = audit_id(place, sequence)
        for number, event in enumerate(events):
            event["id"] = event_id(identifier, number)
            if event["type"] == "Comment":
                event["audit_id"] = identifier
        file.audits.append(
            {
                "id": identifier,
                "ticket_id": file.record["id"],
                "created_at": iso(now),
                "author_id": author,
                "metadata": {"system": {}, "custom": {}},
                "events": events,
                "via": copy.deepcopy(via or _VIA),
            }
        )
        self._state.events.add(now, place, sequence)

    def _set(self, file: TicketFile, fields: Mapping[str, Any]) -> list[Record]:
        """Set fields and return the events that say so."""
        events = []
        for name, value in fields.items():
            if name == "custom_fields":
                events += self._set_custom(file, value)
                continue
            old = file.record.get(name)
            file.record[name] = value
            if name == "subject":
                file.record["raw_subject"] = value
            if old != value and name not in _SILENT:
                events.append(_changed(name, old, value))
        return events

    def _set_custom(self, file: TicketFile, values: list[Record]) -> list[Record]:
        events = []
        known = {one["id"]: one for one in file.record["custom_fields"]}
        for one in values:
            row = known.get(one["id"])
            if row is None:
                raise ValueError(f"The ticket has no custom field {one['id']}.")
            if row["value"] != one["value"]:
                events.append(_changed(str(one["id"]), row["value"], one["value"]))
                row["value"] = one["value"]
        file.record["fields"] = file.record["custom_fields"]
        return events

    def edit_ticket(self, change: Mapping[str, Any]) -> Any:
        """Change fields of a ticket as somebody at work, or as the system with `touch_updated_at` false."""
        file = self._editable(change["id"])
        events = self._set(file, change.get("fields", {}))
        visible = bool(change.get("touch_updated_at", True))
        if visible and events:
            self._audit(file, int(change.get("author", self._auth.user_id)), events)
        self._keep(file, updated=visible)
        return {"id": file.record["id"]}

    def add_comment(self, change: Mapping[str, Any]) -> Any:
        """Say something on a ticket; `fields` change with it."""
        file = self._editable(change["ticket"])
        author = int(change.get("author", self._auth.user_id))
        event = _comment(author, str(change["body"]), bool(change.get("public", True)))
        self._audit(file, author, [event, *self._set(file, change.get("fields", {}))])
        self._keep(file)
        return {"id": event["id"], "audit_id": event["audit_id"]}

    def create_ticket(self, change: Mapping[str, Any]) -> Any:
        """Open a ticket; `fields` are set at once."""
        tickets, now = self._state.tickets, self._state.now()
        identifier = int(change.get("id") or max(tickets.ids(), default=0) + 1)
        if tickets.get(identifier) is not None:
            raise ValueError(f"There is a ticket {identifier} already.")
        requester = int(change.get("requester", self._auth.user_id))
        body = str(change.get("body", "Hello"))
        audits: list[Record] = []
        record = self._new_record(identifier, requester, change.get("subject"), body, now)
        file = TicketFile(record, lambda: audits, now)
        values = {"subject": record["subject"], "requester_id": requester, "status": "new", **change.get("fields", {})}
        record |= values
        events = [_comment(requester, body, True)]
        events += [
            {"id": 0, "type": "Create", "value": _text(name, value), "field_name": name}
            for name, value in values.items()
        ]
        self._audit(file, requester, events)
        tickets.put(identifier, file, now)
        return {"id": identifier}

    def _new_record(self, identifier: int, requester: int, subject: Any, body: str, now: int) -> Record:
        pattern = next(iter(self._state.tickets), None)
        shape: Record = {} if pattern is None else copy.deepcopy(pattern.record)
        empty = dict.fromkeys(shape)
        for name, value in shape.items():
            if isinstance(value, list):
                empty[name] = []
        custom = [{"id": one["id"], "value": None} for one in shape.get("custom_fields", [])]
        kept = {name: shape.get(name) for name in ("brand_id", "ticket_form_id", "allow_attachments", "support_type")}
        return {
            **empty,
            **kept,
            "url": f"{self._state.host}/api/v2/tickets/{identifier}.json",
            "id": identifier,
            "via": copy.deepcopy(_VIA),
            "created_at": iso(now),
            "updated_at": iso(now),
            "subject": subject,
            "raw_subject": subject,
            "description": body,
            "status": "new",
            "requester_id": requester,
            "submitter_id": requester,
            "has_incidents": False,
            "is_public": True,
            "custom_fields": custom,
            "fields": custom,
            "support_type": "agent",
            "allow_channelback": False,
            "from_messaging_channel": False,
            "generated_timestamp": now,
        }

    def delete_ticket(self, change: Mapping[str, Any]) -> Any:
        """Throw a ticket into the bin: a tombstone in the export from then on."""
        file = self._editable(change["id"])
        if file.is_deleted:
            raise ValueError("The ticket is deleted already.")
        file.state_before = file.record["status"]
        file.deleted_at, file.deleted_by = self._state.now(), self._auth.user_id
        file.record |= {
            "status": "deleted",
            "subject": "SCRUBBED",
            "raw_subject": "SCRUBBED",
            "description": "SCRUBBED",
        }
        self._keep(file)
        return {"id": file.record["id"]}

    def merge_tickets(self, change: Mapping[str, Any]) -> Any:
        """Merge tickets into one: the losers are closed and tagged, both sides get a note."""
        winner = self._editable(change["winner"])
        losers = [self._editable(one) for one in change["losers"]]
        author = self._auth.user_id
        for loser in losers:
            text = f"This request was closed and merged into request #{winner.record['id']}."
            tags = sorted({*loser.record["tags"], "closed_by_merge"})
            events = [_comment(author, text, False), *self._set(loser, {"status": "closed", "tags": tags})]
            self._audit(loser, author, events, _MERGE)
            self._keep(loser)
        names = ", ".join(f"#{loser.record['id']}" for loser in losers)
        note = _comment(author, f"Requests {names} were closed and merged into this request.", False)
        self._audit(winner, author, [note], _MERGE)
        self._keep(winner)
        return {"id": winner.record["id"]}

    def _user(self, identifier: Any) -> Record:
        user = self._state.users.get(int(identifier))
        if user is None:
            raise ValueError(f"There is no user {identifier}.")
        return copy.deepcopy(user)

    def delete_user(self, change: Mapping[str, Any]) -> Any:
        """Delete a user softly."""
        return self.edit_user({"id": change["id"], "fields": {"active": False}})

    def edit_user(self, change: Mapping[str, Any]) -> Any:
        """Change fields of a user; a new e-mail becomes the primary identity."""
        user, now = self._user(change["id"]), self._state.now()
        fields = dict(change.get("fields", {}))
        if "email" in fields:
            own = copy.deepcopy(self._state.new_identities.get(user["id"]) or self._state.identities(user["id"]))
            for one in own:
                if one["type"] == "email" and one["primary"]:
                    one |= {"value": fields["email"], "updated_at": iso(now)}
            self._state.new_identities[user["id"]] = own
        user |= {**fields, "updated_at": iso(now)}
        self._state.users.put(user["id"], user, now)
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
            self._keep(self._editable(change["id"]), updated=False)
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
        shown = _comment(0, body, public=True)
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
        own = self._editable(found.record["id"])
        for audit in own.audits:
            audit["events"] = [{**one, **values} if one["id"] == comment else one for one in audit["events"]]
        self._audit(own, self._auth.user_id, [{"id": 0, **event, "comment_id": comment}])
        self._keep(own)
        return {"ticket": own.record["id"]}

    def drop_comment(self, change: Mapping[str, Any]) -> Any:
        """Leave a comment out of all answers, while the counts still have it."""
        wanted = int(change["id"])
        for file in self._state.tickets:
            if any(one["id"] == wanted for one in file.comments()):
                own = self._editable(file.record["id"])
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


def _comment(author: int, body: str, public: bool) -> Record:
    markup = "".join(f'<p dir="auto">{html.escape(part)}</p>' for part in body.split("\n\n"))
    return {
        "id": 0,
        "type": "Comment",
        "author_id": author,
        "body": body,
        "html_body": f'<div class="zd-comment" dir="auto">{markup}</div>',
        "plain_body": body,
        "public": public,
        "attachments": [],
        "audit_id": 0,
    }


def _text(name: str, value: Any) -> Any:
    return str(value) if name in _TEXT_IDS and value is not None else value


def _changed(name: str, old: Any, new: Any) -> Record:
    return {
        "id": 0,
        "type": "Change",
        "value": _text(name, new),
        "field_name": name,
        "previous_value": _text(name, old),
    }
