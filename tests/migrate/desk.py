"""A help desk in memory, and a destination that writes into it: stateful, and mean at any point that a test names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import (
    Account,
    Composition,
    Crossings,
    Effect,
    FilePart,
    Loss,
    OpenFile,
    Operation,
    Outcome,
    Question,
    Ref,
    Resolve,
    Row,
    TicketAggregate,
    WitnessMessage,
    WitnessTicket,
)
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.faults import InDoubt
from deskferry.migrate.requests import digest
from deskferry.store.engine import now_text
from tests.migrate.builder import Builder

MAIL, RULES = "customer_mail", "automations"


@dataclass
class Desk:
    """What the account holds, and what goes wrong."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    lag: float = 0.0
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    mailbox: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Every call that arrived: (call, record, part)."""
    before: Callable[[int, Operation], str | None] = lambda _n, _operation: None
    """Asked before the n-th call takes effect: `refuse`, `lost` (in doubt, no effect), or it raises."""
    after: Callable[[int, Operation], str | None] = lambda _n, _operation: None
    """Asked after it took effect: `lost` (in doubt), or it raises."""
    _next: int = 100

    def new_id(self) -> str:
        self._next += 1
        return str(self._next)

    def content(self) -> Any:
        """Return everything that is there, without ids and times."""
        names = {key: one["name"] for key, one in self.people.items()}
        return {
            "people": sorted(
                (one["name"], one.get("email") or "", one.get("mark") or "") for one in self.people.values()
            ),
            "companies": sorted(one["name"] for one in self.companies.values()),
            "tickets": sorted(
                (one["mark"], one["subject"], one["status"], names[one["requester"]], tuple(sorted(one["tags"])),
                 tuple((m["mark"], m["text"], m["private"], names.get(m["author"]), tuple(sorted(m["files"].items())))
                       for m in one["messages"]))
                for one in self.tickets.values()
            ),
        }  # fmt: skip


class FakeWriter:
    """Implements Destination, Updates and Headers on a Desk."""

    def __init__(self, desk: Desk, *, loss: str | None = None, batch: int = 1) -> None:
        self.desk = desk
        self.search_lag = desk.lag
        self.loss = loss
        self.batch = batch
        self.sends = 0

    # ---------------------------------------------------------------------------------------------------------- facts

    def account(self) -> Account:
        return Account("acc-1", "Fake", "me", "admin", limits={"account": 60.0, "note.create": 20.0})

    def effects(self) -> Sequence[Effect]:
        return (Effect(MAIL, "It mails."), Effect(RULES, "It runs rules."))

    def matched_kinds(self) -> Sequence[str]:
        return ("team", "custom_field")

    def written_kinds(self) -> Sequence[str]:
        return ("organization", "person", "ticket")

    def questions(self, fields: Sequence[Row]) -> Sequence[Question]:
        return ()

    def setup(self, fields: Sequence[Row]) -> Sequence[Operation]:
        if any(row["key"] == "cf_origin" for row in fields):
            return ()
        body = {"label": "origin"}
        return (Operation("new:custom_field:origin", "origin_field", "custom_field", "create", "field.create",
                          "ticket_field", body, mark="origin"),)  # fmt: skip

    # ------------------------------------------------------------------------------------------------------ composing

    def compose_organization(self, row: Row, crossings: Crossings) -> Composition:
        body = {"name": row["name"], "details": row["details"]}
        return Composition((self._operation(row, "organization", "company.create", "company", body),), ())

    def compose_person(self, row: Row, crossings: Crossings) -> Composition:
        target = crossings.target(row["id"])
        placeholder = target is not None and target.placeholder
        body: dict[str, Any] = {"name": row["name"]}
        losses = []
        if placeholder:
            losses = [Loss(row["id"], "email", row["email"], "left_out_of_placeholder")] if row["email"] else []
        else:
            body["email"] = row["email"]
        if row["organization_id"] and crossings.target(row["organization_id"]):
            body["company"] = Ref(row["organization_id"])
        operation = self._operation(row, "person", "contact.create", "user", body)
        return Composition((replace(operation, adopt=True),), tuple(losses))

    def _operation(self, row: Row, kind: str, call: str, remote: str, body: Mapping[str, Any]) -> Operation:
        return Operation(
            row["id"], "", kind, "create", call, remote, body, mark=row["id"], source_hash=row["content_hash"] or "-"
        )

    def compose_ticket(self, aggregate: TicketAggregate, crossings: Crossings) -> Composition:
        row, messages = aggregate.ticket, aggregate.messages
        losses = [Loss(one["id"], "created_at", None, "created_at_in_text") for one in messages]
        if self.loss:
            losses.append(Loss(row["id"], "something", None, self.loss))
        body = {
            "subject": row["subject"], "requester": Ref(row["requester_id"]), "status": "open",
            "origin": crossings.setting("origin_field") or "cf_origin",
            "tags": [*aggregate.tags, *([crossings.migrated_tag] if crossings.migrated_tag else [])],
            "message": self._message(messages[0], crossings), "mark": row["id"],
        }  # fmt: skip
        for name, remote in (("assignee_id", "assignee"), ("team_id", "group")):
            if row[name]:
                target = crossings.target(row[name])
                if target is None or target.placeholder:
                    losses.append(Loss(row["id"], name, row[name], f"{remote}_unmatched"))
                else:
                    body[remote] = Ref(row[name])
        for key, value in (row["custom_fields"] or {}).items():
            rule = crossings.field_rule("ticket", key)
            if rule is None:
                losses.append(Loss(row["id"], f"custom_fields.{key}", str(value), "field_unmatched"))
            else:
                body.setdefault("custom_fields", {})[rule.key] = rule.values.get(str(value), value)
        first = Operation(
            row["id"], "", "ticket", "create", "ticket.create", "ticket", body, mark=row["id"],
            files=_files(aggregate, messages[0], loose=True), effects=(RULES,),
            source_hash=digest([row["content_hash"], messages[0]["content_hash"]]),
        )  # fmt: skip
        operations = [first, *(self._note(aggregate, one, crossings) for one in messages[1:])]
        if row["status"] != "open":
            operations.append(
                Operation(row["id"], "state", "ticket", "update", "ticket.update", "ticket", {"status": row["status"]},
                          target=Ref(row["id"]), mark=row["id"], source_hash=row["content_hash"], effects=(MAIL,))
            )  # fmt: skip
        return Composition(tuple(operations), tuple(losses))

    def _note(self, aggregate: TicketAggregate, message: Row, crossings: Crossings) -> Operation:
        return Operation(
            aggregate.ticket["id"], message["id"], "message", "create", "note.create", "conversation",
            self._message(message, crossings), target=Ref(aggregate.ticket["id"]), mark=message["id"],
            files=_files(aggregate, message, loose=False), source_hash=message["content_hash"], effects=(RULES,),
        )  # fmt: skip

    def _message(self, message: Row, crossings: Crossings) -> dict[str, Any]:
        author = crossings.target(message["author_id"])
        return {
            "text": f"{self.header(message, crossings)} [{message['id']}]\n{message['body_text']}",
            "private": not message["is_public"],
            "author": Ref(message["author_id"]) if author else None,
        }

    def header(self, message: Row, crossings: Crossings) -> str:
        person = crossings.person(message["author_id"]) or {"name": "?"}
        time = message["created_at"].strftime(crossings.header.time_form)
        return crossings.header.form.format(author=person["name"], time=time)

    def strip_header(self, text: str) -> str:
        head, found, rest = text.partition("]")
        return rest.strip() if found and "[" in head else text

    def as_update(self, operation: Operation) -> Operation | None:
        if operation.kind in {"ticket", "message", "person"}:
            call = {"ticket": "ticket.update", "message": "note.update", "person": "contact.update"}[operation.kind]
            return replace(operation, action="update", call=call, target=Ref(operation.record_id, operation.part))
        return None

    def calls(self, composition: Composition) -> int:
        return len(composition.operations)

    def batch_size(self, call: str) -> int:
        return self.batch if call in {"contact.create", "ticket.create"} else 1

    # -------------------------------------------------------------------------------------------------------- sending

    def send(self, operations: Sequence[Operation], resolve: Resolve, files: OpenFile) -> Sequence[Outcome]:
        number, self.sends = self.sends, self.sends + 1
        for operation in operations:
            self.desk.calls.append((operation.call, operation.record_id, operation.part))
        verdict = self.desk.before(number, operations[0])
        if verdict == "refuse":
            return [Outcome("refused", code="invalid", detail="no") for _ in operations]
        if verdict == "lost":
            raise InDoubt("POST", "lost on the way")
        outcomes = [self._write(one, resolve, files) for one in operations]
        if self.desk.after(number, operations[0]) == "lost":
            raise InDoubt("POST", "timed out")
        return outcomes

    def _write(self, one: Operation, resolve: Resolve, files: OpenFile) -> Outcome:
        desk = self.desk
        body = _resolved(one.body, resolve)
        now = {"at": desk.clock.now()}
        if one.call == "field.create":
            desk.fields["cf_origin"] = {"label": "origin", "type": "text"}
            return Outcome("done", "cf_origin")
        if one.call == "company.create":
            return self._put(desk.companies, {**body, **now, "mark": one.mark})
        if one.call == "contact.create":
            twin = next(
                (key for key, p in desk.people.items() if body.get("email") and p.get("email") == body["email"]), None
            )
            if twin is not None:
                return Outcome("adopted", twin)
            return self._put(desk.people, {**body, **now, "mark": one.mark, "role": "end_user"})
        if one.call == "contact.update":
            desk.people[resolve(one.target)].update(body)  # type: ignore[arg-type]
            return Outcome("done")
        parts = {file.filename: stored(files(file)) for file in one.files}
        if one.call == "ticket.create":
            message = {**body.pop("message"), **now, "files": parts, "id": "", "mark": one.mark}
            return self._put(desk.tickets, {**body, **now, "messages": [message]})
        ticket = desk.tickets[resolve(replace_part(one.target))]
        if one.call == "ticket.update":
            self.desk.mailbox += ["closed"] if body.get("status") == "closed" else []
            message = body.pop("message", None)
            cleared = dict.fromkeys(("assignee", "group", "custom_fields")) if message else {}
            ticket.update({**cleared, **body})
            if message:
                ticket["messages"][0].update(message)
            return Outcome("done")
        if one.call == "note.update":
            found = next(m for m in ticket["messages"] if m["mark"] == one.mark)
            found.update(body)
            return Outcome("done", found["id"], receipt={"created_at": now_text(found["at"])})
        message = {**body, **now, "files": parts, "id": desk.new_id(), "mark": one.mark}
        ticket["messages"].append(message)
        if ticket["status"] != "open":
            ticket["status"] = "open"  # a note reopens
        return Outcome("done", message["id"], receipt={"created_at": now_text(message["at"])})

    def _put(self, where: dict[str, dict[str, Any]], what: dict[str, Any]) -> Outcome:
        key = self.desk.new_id()
        where[key] = what
        return Outcome("done", key, receipt={"created_at": now_text(what["at"])})

    def find(self, operation: Operation, resolve: Resolve) -> Sequence[Outcome]:
        desk, seen = self.desk, self.desk.clock.now() - self.desk.lag
        places = {"contact.create": desk.people, "company.create": desk.companies, "ticket.create": desk.tickets}
        if operation.call in places:
            return [
                Outcome("done", key, receipt={"created_at": now_text(one["at"])})
                for key, one in places[operation.call].items()
                if one["mark"] == operation.mark and one["at"] <= seen
            ]
        if operation.call == "field.create":
            return [Outcome("done", "cf_origin")] if "cf_origin" in desk.fields else []
        assert operation.target is not None
        return [
            Outcome("done", one["id"], receipt={"created_at": now_text(one["at"])})
            for one in desk.tickets[resolve(operation.target)]["messages"]
            if one["mark"] == operation.mark and one["at"] <= seen
        ]

    def witness(self, source: Any, remote_ticket_id: str) -> WitnessTicket:
        ticket = self.desk.tickets[remote_ticket_id]
        return WitnessTicket(
            remote_ticket_id, ticket["status"], ticket["mark"],
            tuple(
                WitnessMessage(
                    one["id"] or remote_ticket_id, one["author"], one["private"], None, now_text(one["at"]),
                    one["text"],
                    {name: (size, f"sim:{sha}") for name, (sha, size) in one["files"].items()},
                )
                for one in ticket["messages"]
            ),
        )  # fmt: skip


def replace_part(ref: Ref | None) -> Ref:
    """Return the ticket that a reference to it or to one of its messages means."""
    assert ref is not None
    return Ref(ref.record_id)


def _files(aggregate: TicketAggregate, message: Row, *, loose: bool) -> tuple[FilePart, ...]:
    rows = (*(aggregate.attachments.get("", ()) if loose else ()), *aggregate.attachments.get(message["id"], ()))
    return tuple(FilePart(one["id"], one["filename"], None, one["size"], one["sha256"]) for one in rows)


def _resolved(value: Any, resolve: Resolve) -> Any:
    if isinstance(value, Ref):
        return resolve(value)
    if isinstance(value, Mapping):
        return {key: _resolved(one, resolve) for key, one in value.items()}
    return [_resolved(one, resolve) for one in value] if isinstance(value, (list, tuple)) else value


def stored(path: Path) -> tuple[str, int]:
    """Return what the desk keeps of a file: hash and size."""
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest(), len(content)


def pull_desk(desk: Desk, builder: Builder) -> None:
    """Write what the desk holds into the destination's canonical tables, as a pull would."""
    builder.clear()
    for key, label in desk.groups.items():
        builder.team(key, label)
    for key, one in desk.fields.items():
        builder.custom_field(key, one["label"], one["type"], one.get("options"))
    for key, one in desk.companies.items():
        builder.organization(key, one["name"], details=one.get("details"))
    for key, one in desk.people.items():
        company = one.get("company")
        builder.person(key, one["name"], one.get("email"), role=one["role"],
                       organization_id=builder.id("company", company) if company else None)  # fmt: skip
    for key, one in desk.tickets.items():
        _pull_ticket(key, one, builder)


def _pull_ticket(key: str, ticket: dict[str, Any], builder: Builder) -> None:
    def reference(what: str, name: str) -> str | None:
        return builder.id(what, ticket[name]) if ticket.get(name) else None

    builder.ticket(
        key, ticket["subject"], requester_id=reference("user", "requester"), assignee_id=reference("user", "assignee"),
        team_id=reference("group", "group"), status=ticket["status"], tags=ticket["tags"],
        custom_fields=ticket.get("custom_fields"),
    )  # fmt: skip
    for number, one in enumerate(ticket["messages"], 1):
        name = one["id"] or f"{key}-opening"
        author = builder.id("user", one["author"]) if one["author"] else None
        builder.message(
            key, name, one["text"], author_id=author, public=not one["private"], seq=number,
            at=time_text(now_text(one["at"])), is_opening=number == 1,
        )  # fmt: skip
        for filename, (sha, size) in one["files"].items():
            builder.attachment(key, f"{name}-{filename}", filename, sha, message=name, size=size)
