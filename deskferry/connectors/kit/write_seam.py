"""The seam by which a destination is written: what a connector composes from canonical records, sends, finds again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from deskferry.connectors.kit.links import Text
from deskferry.connectors.kit.read_seam import Account

if TYPE_CHECKING:
    from deskferry.connectors.kit.session import Session

Row = dict[str, Any]
"""A canonical record as plain values: times are aware datetimes, JSON columns are decoded."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that writing causes at the destination and that its API cannot switch off.

    `name` is what `--accept` takes.
    """

    name: str
    says: str
    """What happens and who hears of it."""
    avoid: str = ""
    """How an administrator switches it off."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something only the user can decide. Without `default` the migration refuses to begin until a mapping answers."""

    code: str
    """A stable code: `team_unmatched`, `origin_field_missing`, ..."""
    subject: str
    """The record or setting it is about, as a person reads it."""
    says: str
    answer: str
    """The line of the mapping file that answers it."""
    default: str | None = None
    """What is done without an answer; None: the migration refuses."""
    count: int = 1
    """How many records it concerns."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A field or value that the destination cannot hold, and what became of it. `cause` is a stable code."""

    record_id: str
    field: str
    value: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A place in a request body that takes the destination's id of a source record, once it has one."""

    record_id: str
    part: str = ""
    """Which crossing of the record; "" is the record itself."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file to upload: streamed from the blob store by its hash."""

    attachment_id: str
    filename: str
    content_type: str | None
    size: int
    sha256: str
    of: str = ""
    """Hash of the file of which this is a part, from `offset` on; "" where it is a whole file."""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What becomes of files that are larger than the destination takes."""

    oversize: Literal["leave", "link", "split"] = "leave"
    """`leave`: named in the text; `link`: its address stands there; `split`: in parts that are put together again."""
    link: str = ""
    """Where the user keeps such files: an address with {sha256} and {filename}; "" for the old desk's own."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of one call that changes a destination.

    `record_id` and `part` are its identity across runs: a part is "" for the record itself; what is written for a
    message (kind `message`) has the message's record id as its part, its further pieces `#` and a word after it.
    `body` is JSON in which `Ref` stands for ids that are known only at sending, `LinkedText` for texts with links to
    other records: sent with the old address where the new one is not known yet, and the receipt tells (`links_left`).
    """

    record_id: str
    part: str
    kind: str
    """Canonical kind of the record."""
    action: Literal["create", "update"]
    call: str
    """The connector's name of the call (`ticket.create`, `note.create`); rows of one call may be sent as a batch."""
    object: str
    """Object of what comes into being at the destination (`ticket`, `conversation`, `user`)."""
    body: Mapping[str, Any]
    target: Ref | None = None
    """The existing remote record that the call addresses (the ticket of a note, the ticket to update)."""
    files: tuple[FilePart, ...] = ()
    mark: str = ""
    """The origin mark by which the result is found again after a crash."""
    source_hash: str = ""
    """Hash of the source content that it was composed from: tells a change at the source from a newer mapping."""
    effects: tuple[str, ...] = ()
    """Names of the effects that sending it has."""
    adopt: bool = False
    """True where an already existing twin (a duplicate answer) may be taken as the result: people, organizations."""
    only_again: bool = False
    """True where it is sent only if an earlier crossing of this part exists: what a new record has by itself."""
    carries: tuple[str, ...] = ()
    """Messages that the body of a ticket's own operation carries, in order, where it carries more than the opening one
    (an import of a ticket with its comments): the n-th is the n-th message of the written ticket. A further piece of a
    message has `#` and a word after its id; what is no message of the source has `#` and a word after the ticket's."""
    file_of: Mapping[str, str] = field(default_factory=dict)
    """Attachment → message that it belongs to, where the operation carries several messages."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation.

    `done`: it took effect; `adopted`: a twin existed and was taken; `refused`: the vendor rejected this record for
    good; `in_doubt`: it may or may not have taken effect. A stop of the whole run is an exception, not an outcome.
    """

    state: Literal["done", "adopted", "refused", "in_doubt"]
    remote_id: str | None = None
    url: str | None = None
    code: str = ""
    detail: str = ""
    receipt: Mapping[str, Any] = field(default_factory=dict)
    """What the vendor answered that verify needs later: created_at, ids of attachments; `dropped` lists keys of the
    body that it did not take, each a loss."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a source record goes at the destination: an existing remote record, or one that this migration creates."""

    remote_id: str | None
    object: str
    role: str | None = None
    """Of people: the canonical role there (`agent`, `admin`, `end_user`)."""
    name: str | None = None
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one custom field crosses: key there, type there, and values (source option → destination option)."""

    key: str
    type: str
    values: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderSettings:
    """The line that keeps the original author and time in a migrated text."""

    form: str = "{author} · {time}"
    language: str = "en"
    timezone: str = "UTC"
    time_form: str = "%Y-%m-%d %H:%M %Z"


class Crossings(Protocol):
    """What a connector may ask while it composes: where records, values and fields go. Answers come from the plan."""

    header: HeaderSettings
    files: FileSettings
    migrated_tag: str | None

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        """Return the SHA-256 of a part of a stored file."""
        ...

    def target(self, record_id: str | None) -> Target | None:
        """Return where a source record goes; None where it does not cross (unknown, left out)."""
        ...

    def field_rule(self, kind: str, key: str) -> FieldRule | None:
        """Return where a custom field goes; None is a planned loss."""
        ...

    def value(self, what: str, value: str) -> str | None:
        """Return the mapping's answer for an enumerated value (`status`, `priority`, `type`, `channel`), or None."""
        ...

    def person(self, record_id: str | None) -> Row | None:
        """Return the source's person row (name, email, role, ...), or None."""
        ...

    def setting(self, name: str) -> str | None:
        """Return a destination-specific answer of the mapping (`origin_field`), or None."""
        ...

    def linked(self, text: str) -> tuple[Text, Sequence[str]]:
        """Return a text with its links to records of the source left open, and the links that go on pointing there."""
        ...

    def address(self, record_id: str) -> str | None:
        """Return where a record is looked at in the source, or None; in a text that `linked` takes it is rewritten."""
        ...


@dataclass(frozen=True, slots=True)
class TicketAggregate:
    """A ticket with all that travels with it, as canonical rows; messages in order of `seq`."""

    ticket: Row
    messages: tuple[Row, ...]
    attachments: Mapping[str, tuple[Row, ...]]
    """By message id; "" holds those of the ticket itself."""
    tags: tuple[str, ...]
    followers: tuple[Row, ...]
    links: tuple[Row, ...]
    events: tuple[Row, ...]
    ratings: tuple[Row, ...]
    time_entries: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryAggregate:
    """A category, section or folder of articles, with what its place and its readers follow from."""

    row: Row
    ancestors: tuple[Row, ...] = ()
    """The categories that it is in, the topmost first."""
    visibilities: tuple[str, ...] = ()
    """Of the articles right in it, each once, the widest first."""
    earlier: Mapping[str, Any] = field(default_factory=dict)
    """What an earlier run wrote of the category itself (part ""), by the keys of the body."""
    taken: Mapping[str, Row] = field(default_factory=dict)
    """Name, folded → category of the destination that stands in the same place already and that no run made."""


@dataclass(frozen=True, slots=True)
class ArticleAggregate:
    """An article of the knowledge base with its translations and files, as canonical rows."""

    article: Row
    translations: tuple[Row, ...]
    attachments: tuple[Row, ...]
    category: CategoryAggregate | None = None
    """The category that it is in; None where the source does not tell of it."""


@dataclass(frozen=True, slots=True)
class Composition:
    """The ordered operations of one record or aggregate, and what they lose."""

    operations: tuple[Operation, ...]
    losses: tuple[Loss, ...]


class Destination(Protocol):
    """Writes into one account.

    Pure where it composes; HTTP only in `account`, `questions`, `setup`, `send`, `find`, `witness`.
    """

    search_lag: float
    """Seconds after which a written record is surely found by its mark."""

    def account(self) -> Account:
        """Return who we are there."""
        ...

    def effects(self) -> Sequence[Effect]:
        """Return the effects of writing that the API cannot switch off."""
        ...

    def matched_kinds(self) -> Sequence[str]:
        """Return kinds whose records are matched with existing ones and never created unasked (team, agent, field)."""
        ...

    def written_kinds(self) -> Sequence[str]:
        """Return kinds that are created, in the order in which they must be."""
        ...

    def questions(self, fields: Sequence[Row]) -> Sequence[Question]:
        """Return what the destination itself needs answered; `fields` are its custom_field rows as pulled."""
        ...

    def setup(self, fields: Sequence[Row]) -> Sequence[Operation]:
        """Return operations that create what marks need (the origin field), where the API can and it is missing.

        The part of each names the setting that its result answers: from then on `crossings.setting(part)` is the
        outcome's `remote_id`. Called before anything is composed, so that the account's fields can be learned.
        """
        ...

    def compose_organization(self, row: Row, crossings: Crossings) -> Composition:
        """Return an organization's operations; beside its columns the row has `tags`."""
        ...

    def compose_person(self, row: Row, crossings: Crossings) -> Composition:
        """Return a person's operations; beside its columns the row has `tags` and `memberships` (organizations)."""
        ...

    def compose_ticket(self, aggregate: TicketAggregate, crossings: Crossings) -> Composition:
        """Return a ticket's operations: the ticket, each message in order, the final state last.

        Beside its columns the ticket's row has `status_name` and `form_name`, those of its precise status and its form.
        """
        ...

    def calls(self, composition: Composition) -> int:
        """Return how many calls sending it takes."""
        ...

    def batch_size(self, call: str) -> int:
        """Return how many rows of this call go into one request."""
        ...

    def send(self, operations: Sequence[Operation], resolve: Resolve, files: OpenFile) -> Sequence[Outcome]:
        """Send one batch of one call; an outcome per row, in order. Raises Refused or Stopped to end the run."""
        ...

    def find(self, operation: Operation, resolve: Resolve) -> Sequence[Outcome]:
        """Look for what an operation in doubt may have created, by its mark; all hits are returned."""
        ...

    def witness(self, source: Session, remote_ticket_id: str) -> WitnessTicket | None:
        """Return a written ticket at hand-named paths of the raw JSON, not through the read mapping; None when gone."""
        ...


@runtime_checkable
class Updates(Protocol):
    """What a destination offers beside `Destination` when it can change what it wrote before."""

    def as_update(self, operation: Operation) -> Operation | None:
        """Return the operation that brings an existing record to what a `create` would have written now.

        `operation` is the one composed now; the existing remote record is `Ref(operation.record_id, operation.part)`.
        None where the API cannot change it: the engine counts a loss (`update_not_possible`).
        """
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """All that earlier calls wrote into a record or part, the latest value of each key, as plain JSON.

    Ids of the destination stand as `{"$ref": record id, "part": part}`, long texts as their hash and length.
    """

    body: Mapping[str, Any]
    """Without what the destination did not take (`dropped`)."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Attachment → name of the file."""
    carries: tuple[str, ...] = ()
    """What the operation carried that created it."""


@runtime_checkable
class Amends(Protocol):
    """What a destination offers beside `Updates` where an update depends on what was written before."""

    def amend(self, update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, Sequence[Loss]]:
        """Return the update that also empties what an earlier call filled and the draft leaves empty, and the losses.

        `draft` is the operation composed now, `update` what `as_update` made of it. What no earlier call wrote is left
        as it is: people at the destination may have filled it in. Losses (`update_not_possible`) name what the API
        cannot bring to the present draft, by message where it is a message's.
        """
        ...


@runtime_checkable
class Reimports(Protocol):
    """What a destination offers beside `Destination` when a ticket that crossed can make way for a new import of it."""

    def removal(self, operation: Operation) -> Operation:
        """Return the operation that puts the earlier copy of a ticket into the trash.

        It is an update with a part of its own. Sent again it does no harm; what it removed is found by no mark.
        """
        ...


@runtime_checkable
class Appends(Protocol):
    """What a destination offers beside `Destination` when tickets that crossed can be added to, with effects."""

    def appended(
        self, draft: Operation, earlier: Earlier, added: Collection[str]
    ) -> tuple[Sequence[Operation], Sequence[Loss]]:
        """Return what brings a ticket to the present draft: its new messages, one operation each, then its values.

        `draft` is the operation composed now, `earlier` what created the ticket and changed it since, `added` are the
        messages that were appended before. The last operation has the draft's identity. Losses name what cannot be
        changed any more, and stand for the messages of `added` as well.
        """
        ...


@runtime_checkable
class Headers(Protocol):
    """What a destination offers beside `Destination` when it writes author and time into the text of a message."""

    def header(self, message: Row, crossings: Crossings) -> str:
        """Return the plain text of the line that precedes this message's text, "" where none is written."""
        ...

    def strip_header(self, text: str) -> str:
        """Return the plain text of a written message without what was put around it (header, mark, links to files)."""
        ...


@runtime_checkable
class SpellsTags(Protocol):
    """What a destination offers beside `Destination` when it spells tags its own way, or sets some by itself."""

    def tag_there(self, tag: str) -> str:
        """Return how a tag reads there."""
        ...

    def tags_beside(self, composition: Composition) -> Collection[str]:
        """Return the tags that the written values of a ticket set by themselves."""
        ...


@runtime_checkable
class RefusesSuspended(Protocol):
    """What a destination has beside `Destination` when it takes no ticket of a requester who is suspended there."""

    refuses_suspended: Literal[True]


@runtime_checkable
class TellsValues(Protocol):
    """What a destination offers beside `Destination` to show in a plan where an enumerated value goes."""

    def value_there(self, what: str, value: str, label: str | None, crossings: Crossings) -> str:
        """Return how a canonical `status`, `priority`, `type` or `channel` reads there, as its agents see it."""
        ...


@runtime_checkable
class WritesKnowledge(Protocol):
    """What a destination offers beside `Destination` when it has a knowledge base that can be written.

    Visibility is never widened: where the destination has no equal, the stricter or a draft is taken, and a loss told.
    """

    def same_category(self, aggregate: CategoryAggregate, there: Row) -> bool:
        """Whether an existing category of the same name, in the same place, stands for the source's as it is."""
        ...

    def compose_article_category(self, aggregate: CategoryAggregate, crossings: Crossings) -> Composition: ...

    def compose_article(self, aggregate: ArticleAggregate, crossings: Crossings) -> Composition:
        """Return an article's operations: the article, its translations (kind `article_translation`), more files."""
        ...

    def witness_article(self, source: Session, remote_id: str) -> WitnessArticle | None:
        """Return a written article at hand-named paths of the raw JSON; None when it is gone."""
        ...


@runtime_checkable
class WritesMacros(Protocol):
    """What a destination offers beside `Destination` when macros (canned responses) can be created."""

    def compose_macro(self, row: Row, crossings: Crossings) -> Composition: ...


Resolve = Callable[[Ref], str]
"""Return the destination's id; raises LookupError when the referenced record has none."""
OpenFile = Callable[[FilePart], Path]
"""Return the path of a blob."""


@dataclass(frozen=True, slots=True)
class WitnessMessage:
    """A written message as its raw JSON says."""

    remote_id: str
    author: str | None
    private: bool | None
    incoming: bool | None
    created_at: str | None
    text: str
    files: Mapping[str, tuple[int, str]]
    """Attachment name (by remote id) → size, url."""


@dataclass(frozen=True, slots=True)
class WitnessArticle:
    """A written article as its raw JSON says, in canonical words where it has codes."""

    remote_id: str
    title: str
    text: str
    """HTML."""
    status: str | None
    visibility: str | None
    files: Mapping[str, tuple[int, str]]
    """Remote id → size, url."""


@dataclass(frozen=True, slots=True)
class WitnessTicket:
    """A written ticket as its raw JSON says; `messages` begin with the opening one."""

    remote_id: str
    status: str
    mark: str | None
    messages: tuple[WitnessMessage, ...]
