"""Writing into one Zendesk account: what it asks and warns of, composes, sends, finds again and testifies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from deskferry.config import ConnectionConfig
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
    Raw,
    Resolve,
    Row,
    TicketAggregate,
    Undone,
    WitnessArticle,
    WitnessTicket,
    Written,
)
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.settings import parse_settings
from deskferry.connectors.zendesk import (
    codes,
    compose_knowledge,
    compose_macro,
    compose_people,
    compose_ticket,
    delta,
    find,
    send_guide,
    undo,
    undo_guide,
    update,
)
from deskferry.connectors.zendesk.account import read_account
from deskferry.connectors.zendesk.compose_comments import author_line
from deskferry.connectors.zendesk.desk import Desk, folded, learned
from deskferry.connectors.zendesk.fields import spelled
from deskferry.connectors.zendesk.guide import Guide, guide_of
from deskferry.connectors.zendesk.lists import REFUSED, every_row
from deskferry.connectors.zendesk.send import BULK, ROWS, Sender
from deskferry.connectors.zendesk.settings import ZendeskSettings, site
from deskferry.connectors.zendesk.streams import LISTINGS
from deskferry.connectors.zendesk.witness import witness
from deskferry.connectors.zendesk.words import EFFECTS, bracketed, without_lines


class ZendeskDestination:
    """Writes into one account: people and organizations by bulk jobs, tickets by imports, which are silent."""

    undo_effects = undo.EFFECTS
    refuses_suspended: Literal[True] = True
    search_lag = 300.0
    """What was written is surely found by its external id after this: lookup and search lag by minutes."""

    def __init__(self, session: Session, connection: ConnectionConfig) -> None:
        settings = parse_settings(ZendeskSettings, connection)
        self._session = session
        self._site = site(connection)
        self._by_token = not settings.by_api_token
        self._sender = Sender(session, self._site)
        self._undoer = undo.Undoer(session, self._sender.jobs)
        self._desk: Desk | None = None
        self._account: Account | None = None
        self._jobs_ended = False
        self._guide = Guide()

    def account(self) -> Account:
        """Return who we are there."""
        if self._account is None:
            self._account = read_account(self._session, by_token=self._by_token)
        return self._account

    def effects(self) -> Sequence[Effect]:
        """Return what the API cannot switch off: imports have no effect, updates of tickets have."""
        return EFFECTS

    def matched_kinds(self) -> Sequence[str]:
        """Return what is never created: agents cost a seat each, groups, brands and fields are the administrator's."""
        return ("team", "agent", "custom_field", "inbox")

    def written_kinds(self) -> Sequence[str]:
        """Return what is created, in order."""
        return ("organization", "person", "ticket", "article_category", "article", "macro")

    # -------------------------------------------------------------------------------------------------------- set-up

    def questions(self, fields: Sequence[Row]) -> Sequence[Question]:
        """Return what the account itself needs answered."""
        self._learn(fields)
        asked = []
        if self.account().role != "admin":
            asked.append(
                Question(
                    "administrator_needed",
                    self.account().user or "the user of these credentials",
                    "Only administrators can import tickets; these credentials are no administrator's.",
                    '[settings]\nimports_permitted = "yes"',
                )
            )
        asked += [
            Question(
                "required_field",
                f"ticket field {row.get('label') or row['key']}",
                "Agents must fill this field to solve a ticket: solved and closed ones are refused without it.",
                f'[fields.ticket."…"]\nto = "{row["key"]}"',
                "solved and closed tickets without a value are refused, and listed",
            )
            for row in fields
            if row.get("kind") == "ticket" and row.get("is_required") and row.get("is_active") is not False
        ]
        return asked

    def setup(self, fields: Sequence[Row]) -> Sequence[Operation]:
        """Return nothing: the external id is the mark, and every account has it."""
        self._learn(fields)
        return ()

    def _learn(self, fields: Sequence[Row]) -> None:
        if self._desk is None:
            named = ("custom_statuses", "group_memberships", "ticket_forms")
            statuses, memberships, forms = map(self._listed, named)
            self._desk = learned(fields, statuses, memberships, forms)
            self._guide = guide_of(self._session)

    def _listed(self, name: str) -> Sequence[Raw]:
        _status, rows = every_row(self._session, LISTINGS[name], REFUSED)
        return rows

    @property
    def desk(self) -> Desk:
        """What the account was found to have; nothing before `questions` or `setup` was asked."""
        return self._desk or Desk()

    # ------------------------------------------------------------------------------------------------------- compose

    def compose_organization(self, row: Row, crossings: Crossings) -> Composition:
        """Return the organization."""
        return compose_people.organization(row, crossings)

    def compose_person(self, row: Row, crossings: Crossings) -> Composition:
        """Return the user of a person, or the placeholder of an agent without a seat."""
        return compose_people.person(row, crossings)

    def compose_ticket(self, aggregate: TicketAggregate, crossings: Crossings) -> Composition:
        """Return a ticket's row of an import."""
        return compose_ticket.ticket(aggregate, crossings, self.desk, self._session.clock.now())

    def same_category(self, aggregate: CategoryAggregate, there: Row) -> bool:
        """Whether an existing category or section stands for the source's."""
        return there.get("source_object") == ("section" if aggregate.ancestors else "category")

    def compose_article_category(self, aggregate: CategoryAggregate, crossings: Crossings) -> Composition:  # noqa: ARG002
        """Return the category or the section of a category."""
        return compose_knowledge.category(aggregate, self._guide)

    def compose_article(self, aggregate: ArticleAggregate, crossings: Crossings) -> Composition:
        """Return an article's operations."""
        return compose_knowledge.article(aggregate, crossings, self._guide)

    def compose_macro(self, row: Row, crossings: Crossings) -> Composition:
        """Return the macro."""
        return compose_macro.macro(row, crossings)

    def witness_article(self, source: Session, remote_id: str) -> WitnessArticle | None:
        """Return a written article as its raw JSON says; None when gone."""
        return send_guide.witness_article(source, remote_id)

    def as_update(self, operation: Operation) -> Operation | None:
        """Return the call that brings a written record to the present draft; None for tickets (see the policies)."""
        if operation.action == "update":
            return operation
        return send_guide.as_update(operation) if send_guide.is_guide(operation) else update.as_update(operation)

    def amend(self, update_: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, Sequence[Loss]]:
        """Return the update that also empties what an earlier call filled, and what it cannot change."""
        if send_guide.is_guide(draft):
            return send_guide.amend(update_, draft, earlier)
        return update.amend(update_, draft, earlier)

    def removal(self, operation: Operation) -> Operation:
        """Return the operation that puts the earlier copy of a ticket into the trash."""
        return delta.removal(operation)

    def appended(
        self, draft: Operation, earlier: Earlier, added: Collection[str]
    ) -> tuple[Sequence[Operation], Sequence[Loss]]:
        """Return what adds a ticket's new messages and values to what crossed before."""
        return delta.appended(draft, earlier, added)

    # --------------------------------------------------------------------------------------- what is shown and undone

    def header(self, message: Row, crossings: Crossings) -> str:
        """Return the line that names an author who does not cross; "" where the author is kept."""
        author = message.get("author_id")
        kept = author is not None and crossings.target(author) is not None
        return "" if kept else bracketed(author_line(message, crossings))

    def strip_header(self, text: str) -> str:
        """Return the plain text of a written message without the lines of ours before it."""
        return without_lines(text).strip()

    def tag_there(self, tag: str) -> str:
        """Return how a tag reads there."""
        return spelled(tag)

    def tags_beside(self, composition: Composition) -> Collection[str]:
        """Return the tags that the written values set by themselves: options and ticked checkboxes are tags there."""
        found: set[str] = set()
        for operation in composition.operations:
            for one in operation.body.get("custom_fields") or () if operation.kind == "ticket" else ():
                found |= self._tags_of(str(one["id"]), one["value"])
        return found

    def _tags_of(self, key: str, value: Any) -> set[str]:
        if value is True:
            tag = self.desk.checkbox_tags.get(key)
            return {tag} if tag else set()
        several = value if isinstance(value, list) else [value]
        return {str(one) for one in several} & self.desk.options.get(key, frozenset())

    def value_there(self, what: str, value: str, label: str | None, crossings: Crossings) -> str:
        """Return how a canonical value reads there."""
        answer = crossings.value(what, value)
        if answer is not None:
            return answer
        if what == "status":
            return codes.STATUS.get(value, ("open", False))[0]
        if what == "priority":
            return codes.PRIORITY.get(value, value)
        if what == "channel":
            return codes.CHANNEL.get(value, "api")
        return folded(label or value) if folded(label or value) in codes.TYPES else "none"

    def calls(self, composition: Composition) -> int:
        """Return how many calls sending takes: a row of a batch each, and an upload a file."""
        return sum(1 + len(operation.files) for operation in composition.operations)

    def batch_size(self, call: str) -> int:
        """Return how many rows go into one call; a batch of long tickets is sent in several."""
        return ROWS if call in BULK else 1

    # ---------------------------------------------------------------------------------------------------------- send

    def send(self, operations: Sequence[Operation], resolve: Resolve, files: OpenFile) -> Sequence[Outcome]:
        """Send one batch of one call; an outcome each."""
        if operations[0].call in BULK:
            outcomes = self._sender.create(operations, resolve, files)
        else:
            outcomes = [self._one(one, resolve, files) for one in operations]
        if any(one.state == "in_doubt" for one in outcomes):
            self._jobs_ended = False
        return outcomes

    def _one(self, operation: Operation, resolve: Resolve, files: OpenFile) -> Outcome:
        if send_guide.is_guide(operation):
            return send_guide.send(self._session, operation, resolve, files, self._site)
        if operation.call == "ticket.remove":
            return self._sender.remove(operation, resolve)
        if operation.call in {"ticket.update", "ticket.comment", "ticket.noted"}:
            return self._sender.update(operation, resolve, files)
        return update.send(self._session, operation, resolve, self._site)

    def find(self, operation: Operation, resolve: Resolve) -> Sequence[Outcome]:
        """Look for what an operation in doubt may have done: all hits. Jobs that may still do it are waited for."""
        if operation.action == "update":
            return ()
        if send_guide.is_guide(operation):
            return [Outcome("done", one) for one in send_guide.find(self._session, operation, resolve)]
        if operation.target is not None:
            rows = find.comments(self._session, resolve(operation.target), operation.mark)
            return [Outcome("done", str(row["id"]), receipt=_appended(row)) for row in rows]
        if not self._jobs_ended:
            self._sender.jobs.wait_for_all()
            self._jobs_ended = True
        if operation.object == "ticket":
            rows = find.tickets(self._session, operation.mark)
        elif operation.object == "organization":
            rows = find.organizations(self._session, {"external_id": operation.mark})
        else:
            rows = find.users(self._session, {"external_id": operation.mark})
        return [
            Outcome(
                "done", str(row["id"]), self._sender.url(operation.object, str(row["id"])),
                receipt={"created_at": row.get("created_at")},
            )
            for row in rows
        ]  # fmt: skip

    # ---------------------------------------------------------------------------------------------------------- undo

    def before(self, operation: Operation, resolve: Resolve) -> Mapping[str, Any] | None:
        """Return what the keys of an update's body hold now; None where the record is gone."""
        if send_guide.is_guide(operation):
            return undo_guide.before(self._session, operation, resolve)
        return undo.before(self._session, operation, resolve)

    def undo_batch(self, call: str) -> int:
        """Return how many rows of this call are taken back in one request."""
        return undo.batch_of(call.partition(".")[0]) if call in BULK else 1

    def undo(self, written: Sequence[Written]) -> Sequence[Undone]:
        """Take back one batch of one call."""
        if send_guide.is_guide(written[0]):
            return [undo_guide.undo(self._session, one) for one in written]
        return self._undoer.undo(written)

    def tickets_of(self, written: Written) -> Iterator[str]:
        """Yield the tickets that hang on a person or an organization."""
        return self._undoer.tickets_of(written)

    def promote(self, remote_id: str, email: str | None = None) -> Outcome:
        """Make a placeholder an agent, who takes a seat."""
        return self._undoer.promote(remote_id, email)

    def merge(self, remote_id: str, into: str) -> Outcome:
        """Merge a placeholder into another end user."""
        return self._undoer.merge(remote_id, into)

    # -------------------------------------------------------------------------------------------------------- testify

    def witness(self, source: Session, remote_ticket_id: str) -> WitnessTicket | None:
        """Return a written ticket as its raw JSON says; None when gone."""
        return witness(source, remote_ticket_id)


def _appended(comment: Raw) -> dict[str, Any]:
    return {"appended": True, "created_at": comment.get("created_at")}
