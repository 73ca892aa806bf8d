"""The two seams between a vendor and the engine: what a source yields and what a destination accepts.

A connector speaks values only. It never sees the store: a source yields pages of raw records, a destination composes
operations from a canonical aggregate and sends them. The engine journals, retries, resumes and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

    from deskferry.config import ConnectionConfig
    from deskferry.connectors.kit.capabilities import Capabilities
    from deskferry.connectors.kit.clock import Clock
    from deskferry.connectors.kit.mapping import ObjectMap
    from deskferry.connectors.kit.oauth import OAuth
    from deskferry.connectors.kit.session import Session

Raw = dict[str, Any]
Cursor = dict[str, Any]
Row = dict[str, Any]
"""A canonical record as plain values: times are aware datetimes, JSON columns are decoded."""


# --------------------------------------------------------------------------------------------------------------- read


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A vendor's JSON object, verbatim. `object` is the vendor's own singular name for it (`ticket`, `user`)."""

    object: str
    source_id: str
    payload: Raw
    parent_id: str | None = None
    """Source id of what it belongs to (a comment's ticket); None where it stands alone or the payload says it."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Evidence that a record is gone. The last real payload is kept; `payload` is what the vendor says of its end."""

    object: str
    source_id: str
    evidence: Literal["vendor", "404", "absent"]
    at: str | None = None
    """When it was deleted, as the vendor wrote it; None where unknown."""
    payload: Raw | None = None


class Measure(StrEnum):
    """What of a parent is counted in the store and compared with what the vendor declares."""

    MESSAGES = "messages"
    """Live messages of a ticket."""
    OPENING = "opening"
    """Opening messages of a ticket."""
    AGENT_REPLIES = "agent_replies"
    """Public messages by agents after the opening one."""
    RECORDS = "records"
    """Live raw records of an object in the whole connection; `parent_id` is the object's name."""


class DeclaredClass(StrEnum):
    """How far a vendor's number can be trusted."""

    EXACT = "exact"
    """Short is an error."""
    BOUND = "bound"
    """Short after one more read is a warning."""
    UNVERIFIED = "unverified"
    """Kept and reported."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A number that the vendor states about its own data.

    `stream` is the child stream that is read once more when the store holds fewer ("" where there is none);
    `parent` is the source id of the parent (its object is `parent_object`).
    """

    stream: str
    parent_object: str
    parent: str
    measure: Measure
    count: int
    trust: DeclaredClass


@dataclass(frozen=True, slots=True)
class Child:
    """An entry of the to-do list: `stream` is still to be fetched for the parent with this source id."""

    stream: str
    parent: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a stream, or everything of one child: written in one transaction together with its cursor.

    `cursor`: go on from here after a crash, and begin the next pull here when `last` is true. None keeps the old one.
    `complete`: true on the last page of a full scan that saw everything, so that records not seen are gone.
    """

    records: tuple[RawRecord | Tombstone, ...]
    cursor: Cursor | None = None
    last: bool = False
    complete: bool = False
    declared: tuple[Declared, ...] = ()
    children: tuple[Child, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the run's report: a gap, a fallback and what it misses."""


class Mode(StrEnum):
    """How a stream is read again."""

    INCREMENTAL = "incremental"
    """From its cursor."""
    FULL = "full"
    """Whole, every time; what is absent from a complete scan is gone."""
    CHILD = "child"
    """For one parent at a time, from the to-do list."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One list of a vendor's API. The order of a connector's streams is the order in which they are pulled."""

    name: str
    mode: Mode
    kinds: tuple[str, ...]
    """Canonical kinds that it feeds."""
    objects: tuple[str, ...]
    """Objects of the raw records that it yields."""
    path: str = ""
    """The vendor's path, for the docs."""
    optional: bool = False
    """Gated by the account's plan or settings: a refusal (403, 404) is a note, not an error."""
    cap: int | None = None
    """Rows after which the vendor stops answering; the connector reads around it."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What the engine asks of a stream."""

    cursor: Cursor | None
    """Where it stopped; None begins at the beginning."""
    since: str | None = None
    """Only what was updated since (ISO 8601), where the vendor can; with a cursor None."""
    known: Callable[[str], bool] = lambda _source_id: False
    """Whether the store holds a live raw record of the stream's first object with this source id."""
    before: Cursor | None = None
    """Of a stream that is read whole: the cursor with which its last complete scan ended. A source that can tell that
    nothing moved since answers with one page that is `last` and not `complete`."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the vendor. `id` pins the connection: another account is refused."""

    id: str
    """The vendor's account id; the origin of the base URL where the API tells none."""
    name: str | None
    user: str | None
    """Who the credentials belong to, as a person would recognise (never the secret)."""
    role: str | None
    scopes: tuple[str, ...] = ()
    plan: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    """Calls a minute by bucket, as far as known at the first contact."""
    hides: tuple[str, ...] = ()
    """What this role or scope keeps from us, in words, each with its remedy."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a full pull of one stream costs: rows and calls; None where the vendor does not count."""

    stream: str
    rows: int | None
    calls: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class BlobRef:
    """An attachment to download: its canonical id, and what the mapping kept of it."""

    attachment_id: str
    url: str
    size: int | None
    parent: str | None = None
    """Source id of the ticket, to refresh an expired link."""


class Source(Protocol):
    """Reads one account."""

    def account(self) -> Account:
        """Return who we are, by as few calls as possible; raises Refused on bad credentials."""
        ...

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are pulled."""
        ...

    def estimate(self) -> Sequence[Estimate]:
        """Return what a full pull would cost, by the vendor's own counters."""
        ...

    def pages(self, stream: str, request: PullRequest) -> Iterator[Page]:
        """Yield the pages of a stream from the cursor on; the last one has `last=True`.

        May be stopped and begun again at any page: the same rows come in the end.
        """
        ...

    def child(self, stream: str, child: Child) -> Page:
        """Return all pages of one child as one page; a vanished parent (404) yields its tombstone."""
        ...

    def blob(self, ref: BlobRef) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the bytes of an attachment; raises Gone (404, 410) or Denied (401, 403) of `kit.session`."""
        ...


# -------------------------------------------------------------------------------------------------------------- write


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


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of one call that changes a destination.

    `record_id` and `part` are its identity across runs: a part is "" for the record itself; what is written for a
    message (kind `message`) has the message's record id as its part, its further pieces `#` and a word after it.
    `body` is JSON in which `Ref` stands for ids that are known only at sending.
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
    migrated_tag: str | None

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

    def compose_organization(self, row: Row, crossings: Crossings) -> Composition: ...

    def compose_person(self, row: Row, crossings: Crossings) -> Composition: ...

    def compose_ticket(self, aggregate: TicketAggregate, crossings: Crossings) -> Composition:
        """Return a ticket's operations: the ticket, each message in order, the final state last."""
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
class Headers(Protocol):
    """What a destination offers beside `Destination` when it writes author and time into the text of a message."""

    def header(self, message: Row, crossings: Crossings) -> str:
        """Return the plain text of the line that precedes this message's text, "" where none is written."""
        ...

    def strip_header(self, text: str) -> str:
        """Return the plain text of a written message without what was put around it (header, mark, links to files)."""
        ...


@runtime_checkable
class TellsValues(Protocol):
    """What a destination offers beside `Destination` to show in a plan where an enumerated value goes."""

    def value_there(self, what: str, value: str, label: str | None, crossings: Crossings) -> str:
        """Return how a canonical `status`, `priority`, `type` or `channel` reads there, as its agents see it."""
        ...


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
class WitnessTicket:
    """A written ticket as its raw JSON says; `messages` begin with the opening one."""

    remote_id: str
    status: str
    mark: str | None
    messages: tuple[WitnessMessage, ...]


# ---------------------------------------------------------------------------------------------------------- connector


@dataclass(frozen=True, slots=True)
class Connector:
    """A vendor: everything the registry, the docs and the engine know of it."""

    name: str
    title: str
    settings: type[BaseModel]
    """The vendor's part of a connection's configuration; field descriptions are its documentation."""
    capabilities: Capabilities
    maps: Mapping[str, ObjectMap]
    """Read mapping by object."""
    streams: tuple[Stream, ...]
    session: Callable[[ConnectionConfig, Clock, httpx.BaseTransport | None], Session]
    """Build the HTTP session of a connection: credentials, limits, own hosts. No call is made yet; a transport given
    takes the place of the network (an in-process simulator)."""
    source: Callable[[Session, ConnectionConfig], Source]
    """Build the reading side on a session."""
    destination: Callable[[Session, ConnectionConfig], Destination] | None = None
    """Build the writing side on a session; None: the connector does not write."""
    site: Callable[[ConnectionConfig], str] = lambda connection: connection.base_url or ""
    """Return the origin of the vendor's user interface of a connection (`https://acme.zendesk.com`), for links."""
    ticket_children: tuple[str, ...] = ()
    """Child streams that together bring one ticket anew, its own record included: what verify reads."""
    login: OAuthLogin | None = None
    """How `deskferry login` gets tokens in the browser; None: the vendor has no such way."""
    configured: Callable[[Connector, ConnectionConfig], Connector] = lambda connector, _connection: connector
    """Return the connector as one connection has it, where streams and mapping follow from its settings (`files`)."""


@dataclass(frozen=True, slots=True)
class OAuthLogin:
    """Where a vendor's OAuth authorization-code flow begins, and what is asked for."""

    oauth: Callable[[ConnectionConfig, Clock], OAuth]
    """Build the connection's credentials with the place where tokens are kept."""
    authorize_url: Callable[[ConnectionConfig], str]
    scopes: tuple[str, ...]
