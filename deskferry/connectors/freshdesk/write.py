"""Writing into one Freshdesk account: what it asks and warns of, composes, sends, finds again and testifies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from deskferry.config import ConnectionConfig
from deskferry.connectors.freshdesk import (
    amend,
    amend_beside,
    codes,
    compose_knowledge,
    compose_macro,
    compose_people,
    compose_ticket,
    find,
    find_beside,
    reassign,
    undo,
)
from deskferry.connectors.freshdesk import send as sending
from deskferry.connectors.freshdesk.api import read_account
from deskferry.connectors.freshdesk.beside import Beside
from deskferry.connectors.freshdesk.compose_messages import header_line
from deskferry.connectors.freshdesk.desk import (
    ORIGIN_KEY,
    ORIGIN_LABEL,
    ORIGIN_SETTING,
    TYPE_KEY,
    Desk,
    learned,
    with_origin,
)
from deskferry.connectors.freshdesk.header import split_text_header
from deskferry.connectors.freshdesk.settings import site
from deskferry.connectors.freshdesk.witness import witness
from deskferry.connectors.freshdesk.witness_article import witness_article
from deskferry.connectors.freshdesk.words import ASSIGNMENT_EMAILS, AUTOMATIONS, EFFECTS, STATUS_EMAILS
from deskferry.connectors.kit.contract import (
    Account,
    ArticleAggregate,
    CategoryAggregate,
    Composition,
    Crossings,
    Earlier,
    Effect,
    Loss,
    OpenFile,
    Operation,
    Outcome,
    Question,
    Ref,
    Resolve,
    Row,
    TicketAggregate,
    Undone,
    WitnessArticle,
    WitnessTicket,
    Written,
)
from deskferry.connectors.kit.pieces import without_placeholders
from deskferry.connectors.kit.request_body import resolved
from deskferry.connectors.kit.session import Session

_ORIGIN_RECORD = "deskferry:ticket_field:origin"
"""Stands for the field in the journal; the part is the setting that its key answers."""
_NOT_IN_UPDATES = frozenset({"cc_emails", "name", "email", "unique_external_id"})
"""What creating a ticket takes and updating does not."""


class FreshdeskDestination:
    """Writes into one account by the public API."""

    search_lag = 30.0
    """Everything is found by lists, which the vendor does not say to lag; that they never do is not written either, and
    half a minute before a write is sent again costs less than one that is there twice."""
    undo_effects = undo.EFFECTS
    reassign_effects = reassign.EFFECTS

    def __init__(self, session: Session, connection: ConnectionConfig) -> None:
        self._session = session
        self._site = site(connection)
        self._desk = Desk()
        self._account: Account | None = None
        self._languages: frozenset[str] | None = None
        self._origin: str | None = None
        self._administrator: bool | None = None
        self._beside = Beside(session)

    def account(self) -> Account:
        """Return who we are there."""
        if self._account is None:
            self._account = read_account(self._session)
        return self._account

    def effects(self) -> Sequence[Effect]:
        """Return what the API cannot switch off."""
        return EFFECTS

    def matched_kinds(self) -> Sequence[str]:
        """Return what is never created: agents cost a seat each, groups and fields are the administrator's."""
        return ("team", "agent", "custom_field", "inbox")

    def written_kinds(self) -> Sequence[str]:
        """Return what is created, in order."""
        return ("organization", "person", "ticket", "article_category", "article", "macro")

    # -------------------------------------------------------------------------------------------------------- set-up

    def questions(self, fields: Sequence[Row]) -> Sequence[Question]:
        """Return what the account itself needs answered."""
        self._learn(fields)
        asked = []
        if self._desk.origin_key is None and not self._may_create_fields():
            asked.append(
                Question(
                    "origin_field_missing",
                    ORIGIN_LABEL,
                    f"Tickets need a text field that holds where they came from; an administrator creates one "
                    f"({ORIGIN_LABEL!r}), or an administrator's API key lets deskferry do it.",
                    f'[settings]\n{ORIGIN_SETTING} = "{ORIGIN_KEY}"',
                )
            )
        asked += [
            _required(row)
            for row in fields
            if row.get("kind") == "ticket" and row.get("is_required") and row.get("is_active") is not False
        ]
        return asked

    def setup(self, fields: Sequence[Row]) -> Sequence[Operation]:
        """Return the operation that creates the origin field, where it is missing and the role may."""
        self._learn(fields)
        return (*self._origin_field(), *((compose_macro.folder(),) if self._may_create_fields() else ()))

    def _origin_field(self) -> Sequence[Operation]:
        if self._desk.origin_key is not None or not self._may_create_fields():
            return ()
        return (
            Operation(
                record_id=_ORIGIN_RECORD,
                part=ORIGIN_SETTING,
                kind="custom_field",
                action="create",
                call="ticket_field.create",
                object="ticket_field",
                body={
                    "label": ORIGIN_LABEL,
                    "label_for_customers": ORIGIN_LABEL,
                    "type": "custom_text",
                    "customers_can_edit": False,
                    "displayed_to_customers": False,
                    "required_for_agents": False,
                    "required_for_closure": False,
                    "required_for_customers": False,
                },
                mark=ORIGIN_LABEL,
                adopt=True,
            ),
        )

    def _learn(self, fields: Sequence[Row]) -> None:
        known = self._desk.origin_key
        self._desk = self._beside.told(learned(fields, self._supported_languages()))
        if self._desk.origin_key is None and known is not None:
            self._desk = with_origin(self._desk, known)

    def _supported_languages(self) -> frozenset[str]:
        """Return the languages that contacts may have, where the desk has more than one."""
        if self._languages is None:
            answer = self._session.request_json("GET", "settings/helpdesk", allow=(403, 404))
            known = answer.body if isinstance(answer.body, dict) else {}
            more = known.get("supported_languages") or ()
            self._languages = frozenset((known.get("primary_language", ""), *more)) - {""} if more else frozenset()
            self._beside.language = str(known.get("primary_language") or "") or None
        return self._languages

    def _may_create_fields(self) -> bool:
        """Return whether the role is an administrator's, who alone may see the fields this way."""
        if self._administrator is None:
            answer = self._session.request_json("GET", "admin/ticket_fields", allow=(403, 404))
            self._administrator = answer.status == 200
        return self._administrator

    # ------------------------------------------------------------------------------------------------------- compose

    def compose_organization(self, row: Row, crossings: Crossings) -> Composition:
        """Return the company of an organization."""
        return compose_people.organization(row, crossings, self._desk)

    def compose_person(self, row: Row, crossings: Crossings) -> Composition:
        """Return the contact of a person, or the placeholder of an agent without a seat."""
        return compose_people.person(row, crossings, self._desk)

    def compose_ticket(self, aggregate: TicketAggregate, crossings: Crossings) -> Composition:
        """Return a ticket's operations."""
        self._origin = self._desk.origin(crossings)
        return compose_ticket.ticket(aggregate, crossings, self._desk)

    def same_category(self, aggregate: CategoryAggregate, there: Row) -> bool:
        """Whether an existing category stands for the source's: those at the top; folders differ by their readers."""
        return not aggregate.ancestors and there.get("source_object") == "category"

    def compose_article_category(self, aggregate: CategoryAggregate, crossings: Crossings) -> Composition:
        """Return the category or the folders of a category."""
        return compose_knowledge.category(aggregate, crossings)

    def compose_article(self, aggregate: ArticleAggregate, crossings: Crossings) -> Composition:
        """Return an article's operations."""
        return compose_knowledge.article(aggregate, crossings, self._desk)

    def compose_macro(self, row: Row, crossings: Crossings) -> Composition:
        """Return the canned response of a macro."""
        return compose_macro.macro(row, crossings, may_write=self._may_create_fields())

    def as_update(self, operation: Operation) -> Operation | None:
        """Return the call that brings a written record to the present draft; None for the origin field."""
        if operation.action == "update":
            return operation
        call, _, verb = operation.call.partition(".")
        if call in find_beside.CALLS:
            return amend_beside.as_update(operation)
        if call == "ticket_field":
            return None
        body = dict(operation.body)
        effects: tuple[str, ...] = ()
        if call == "ticket":
            body = {key: value for key, value in body.items() if key not in _NOT_IN_UPDATES}
            if verb == "begin":
                # The status is provisional there; the last operation writes the real one.
                body.pop("status", None)
            told = {AUTOMATIONS, ASSIGNMENT_EMAILS, *((STATUS_EMAILS,) if "status" in body else ())}
            effects = tuple(name for name in operation.effects if name in told)
        elif call == "note":
            body, effects = {"body": body["body"]}, (AUTOMATIONS,)
        return replace(
            operation, action="update", call=f"{call}.update", body=body, files=(), adopt=False, effects=effects,
            target=Ref(operation.record_id, operation.part),
        )  # fmt: skip

    def amend(self, update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, Sequence[Loss]]:
        """Return the update that also empties what an earlier call filled, and what it cannot change."""
        return amend.amend(update, draft, earlier)

    # --------------------------------------------------------------------------------------- what is shown and undone

    def header(self, message: Row, crossings: Crossings) -> str:
        """Return the line that tells author and time of a message."""
        return header_line(message, crossings)

    def strip_header(self, text: str) -> str:
        """Return the plain text of a written message without header, mark and names of images."""
        _, rest = split_text_header(text)
        return without_placeholders(rest).strip()

    def value_there(self, what: str, value: str, label: str | None, crossings: Crossings) -> str:
        """Return how a canonical value reads there."""
        answer = crossings.value(what, value)
        if what == "type":
            wanted = answer or label or value
            return self._desk.types.get(wanted.casefold()) or answer or "none"
        tables: dict[str, codes.Narrowed[Any]] = {
            "status": codes.STATUS, "priority": codes.PRIORITY, "channel": codes.CHANNEL,
        }  # fmt: skip
        code = codes.by_answer(what, answer) if answer else None
        if code is None:
            found = tables[what].code(value)
            code = found[0] if found else codes.OPEN
        return codes.label_of(what, code)

    def calls(self, composition: Composition) -> int:
        """Return how many calls sending takes: one an operation of a new record."""
        return sum(1 for operation in composition.operations if not operation.only_again)

    def batch_size(self, call: str) -> int:  # noqa: ARG002 - the same at every vendor
        """Return 1: the API takes one record a call."""
        return 1

    # ---------------------------------------------------------------------------------------------------------- send

    def send(self, operations: Sequence[Operation], resolve: Resolve, files: OpenFile) -> Sequence[Outcome]:
        """Send one after another; an outcome each."""
        outcomes = []
        for operation in operations:
            outcome = sending.send(self._session, operation, resolve, files, self._site)
            if operation.call == "ticket_field.create" and outcome.remote_id is not None:
                self._desk = with_origin(self._desk, outcome.remote_id)
            outcomes.append(outcome)
        return outcomes

    def find(self, operation: Operation, resolve: Resolve) -> Sequence[Outcome]:
        """Look for what an operation in doubt may have done: all hits."""
        try:
            body = resolved(operation.body, resolve)
            target = resolve(operation.target) if operation.target is not None else ""
        except LookupError:
            return ()
        if operation.action == "update":
            return self._find_update(operation, body, target)
        kind = operation.call.partition(".")[0]
        if kind in find_beside.CALLS:
            return [self._hit(operation, one) for one in find_beside.hits(self._session, operation, body, target)]
        if kind == "ticket":
            rows = find.tickets(self._session, body, operation.mark)
        elif kind == "note":
            rows = find.notes(self._session, target, operation.mark)
        else:
            return [self._hit(operation, one) for one in self._ids(kind, body)]
        return [
            replace(self._hit(operation, str(row["id"])), receipt={"created_at": row.get("created_at")}) for row in rows
        ]

    def _ids(self, kind: str, body: dict[str, object]) -> list[str]:
        if kind == "company":
            return find.companies(self._session, str(body["name"]))
        if kind == "contact":
            return find.people(self._session, body)
        found = find.ticket_fields(self._session, str(body["label"]))
        if found:
            self._desk = with_origin(self._desk, found[0])
        return found

    def _hit(self, operation: Operation, remote_id: str) -> Outcome:
        return Outcome("done", remote_id, sending.url(operation.object, remote_id, self._site))

    def _find_update(self, operation: Operation, body: dict[str, object], target: str) -> Sequence[Outcome]:
        """Return the record where it has the written values already; sending them again does no harm either."""
        if operation.call != "ticket.update":
            return ()
        answer = self._session.request_json("GET", f"tickets/{target}", allow=(404,))
        raw = answer.body if isinstance(answer.body, dict) else {}
        if answer.status != 200 or any(raw.get(key) != body[key] for key in body if key in ("status", "priority")):
            return ()
        return [self._hit(operation, target)] if set(body) == {"status"} else ()

    # ------------------------------------------------------------------------------------------------ undo, reassign

    def before(self, operation: Operation, resolve: Resolve) -> Mapping[str, Any] | None:
        """Return what the keys of an update hold now; None where the record is gone."""
        return undo.before(self._session, operation, resolve)

    def undo_batch(self, call: str) -> int:  # noqa: ARG002 - bulk_delete answers with a job that tells less
        """Return 1: each row has its own answer."""
        return 1

    def undo(self, written: Sequence[Written]) -> Sequence[Undone]:
        """Take back one after another."""
        return [undo.undo(self._session, one) for one in written]

    def tickets_of(self, written: Written) -> Iterator[str]:
        """Yield the ids of the tickets that hang on a contact or company."""
        return undo.tickets_of(self._session, written)

    def promote(self, remote_id: str, email: str | None = None) -> Outcome:
        """Make a placeholder an agent."""
        return reassign.promote(self._session, remote_id, email)

    def merge(self, remote_id: str, into: str) -> Outcome:
        """Merge a placeholder into another contact."""
        return reassign.merge(self._session, remote_id, into)

    def witness_article(self, source: Session, remote_id: str) -> WitnessArticle | None:
        """Return a written article as its raw JSON says; None when gone."""
        return witness_article(source, remote_id)

    def witness(self, source: Session, remote_ticket_id: str) -> WitnessTicket | None:
        """Return a written ticket as its raw JSON says; None when gone."""
        return witness(source, remote_ticket_id, self._origin or self._desk.origin_key or ORIGIN_KEY)


def _required(row: Row) -> Question:
    return Question(
        "required_field",
        f"ticket field {row.get('label') or row['key']}",
        "Agents must fill this field: Freshdesk refuses a ticket without it.",
        f'[fields.ticket."…"]\nto = "{TYPE_KEY if row["key"] == TYPE_KEY else row["key"]}"',
        "tickets without a value are refused, and listed",
    )
