"""The seam by which a source is read: what a connector yields, page by page, and what the engine asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

Raw = dict[str, Any]
Cursor = dict[str, Any]


@dataclass(slots=True)  # a frozen one takes thrice as long to make, and there is one for each record that comes
class RawRecord:
    """A vendor's JSON object, verbatim. `object` is the vendor's own singular name for it (`ticket`, `user`).

    Never changed: `replace` makes another one.
    """

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
    merged_into: str | None = None
    """Source id of the record of the same object that it was merged into: a ticket is then `merged`, not deleted."""


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
    `sweep`: objects of which an incremental stream is just being read whole; with `complete`, those not seen are gone.
    `whole`: (object of the children, source id of the parent) of which this page holds every child: others are gone.
    """

    records: tuple[RawRecord | Tombstone, ...]
    cursor: Cursor | None = None
    last: bool = False
    complete: bool = False
    declared: tuple[Declared, ...] = ()
    children: tuple[Child, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the run's report: a gap, a fallback and what it misses."""
    sweep: tuple[str, ...] = ()
    whole: tuple[tuple[str, str], ...] = ()


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
    holds: Callable[[str, str], bool] = lambda _object, _source_id: False
    """Whether the store has heard of a record of any object, a deleted one included."""
    live: Callable[[], int] = lambda: 0
    """How many live raw records of the stream's first object the store holds."""
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
    article: str | None = None
    """Source id of the article, for the same."""


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
