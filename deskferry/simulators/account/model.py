"""The words of a generated account: plain records, no vendor's names.

Keys count from 1 within their kind and stay the same for the same seed and size. Times are Unix seconds.
People are customers and agents in one sequence; key 0 as an actor is the system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, overload

from deskferry.simulators.account.files import file_content, file_sha256
from deskferry.simulators.account.texts import Body, TextRecipe, compose

Status = Literal["new", "open", "pending", "hold", "solved", "closed"]
Score = Literal["offered", "good", "bad"]
Role = Literal["customer", "agent", "light_agent", "admin"]
SYSTEM = 0
T = TypeVar("T")


class Lazy(Sequence[T], Generic[T]):
    """A sequence whose records are made when they are asked for: `[0]` has key 1."""

    def __init__(self, length: int, make: Callable[[int], T]) -> None:
        self._length = length
        self._make = make

    def __len__(self) -> int:
        """Return how many records there are; none is made for it."""
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        """Return the record at a position, or a list of them."""
        if isinstance(index, slice):
            return [self._make(position + 1) for position in range(*index.indices(self._length))]
        position = index + self._length if index < 0 else index
        if not 0 <= position < self._length:
            raise IndexError(index)
        return self._make(position + 1)

    def __iter__(self) -> Iterator[T]:
        """Make the records one after another."""
        return (self._make(position + 1) for position in range(self._length))

    def by_key(self, key: int) -> T:
        """Return the record of a key; raises KeyError."""
        if not 1 <= key <= self._length:
            raise KeyError(key)
        return self._make(key)


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer's company."""

    key: int
    name: str
    domains: tuple[str, ...]
    created_at: int
    updated_at: int
    external_id: str | None = None
    details: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or somebody who works at the desk. `emails` and `phones` begin with the primary one."""

    key: int
    name: str
    role: Role
    created_at: int
    updated_at: int
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organizations: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    language: str = "en"
    timezone: str = "Europe/Madrid"
    active: bool = True
    suspended: bool = False
    erased: bool = False
    verified: bool = True
    external_id: str | None = None
    alias: str | None = None
    signature: str | None = None
    notes: str = ""
    details: str = ""
    twitter: str | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    last_login_at: int | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the person works at the desk, now or until they left."""
        return self.role != "customer"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `inline` is `part` (attached and shown), `bare` (only a URL in the text) or None.

    `health` is what a download meets: `ok`, `flaky` (fails once) or `gone`.
    """

    key: int
    seed: int
    name: str
    content_type: str
    size: int
    inline: Literal["part", "bare"] | None = None
    health: Literal["ok", "flaky", "gone"] = "ok"

    def content(self) -> bytes:
        """Return the bytes, made on demand."""
        return file_content(self.seed, self.key, self.content_type, self.size)

    def sha256(self) -> str:
        """Return the hash of the bytes in hexadecimal."""
        return file_sha256(self.seed, self.key, self.content_type, self.size)


@dataclass(frozen=True, slots=True)
class Message:
    """Something said on a ticket, its text made on demand.

    `{{file:KEY}}` in it stands for a file's URL, `{{ticket:KEY}}` for that of a ticket.
    """

    author: int
    public: bool
    recipe: TextRecipe
    files: tuple[File, ...] = ()

    def body(self) -> Body:
        """Return the text and the HTML."""
        return compose(self.recipe)


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed: people and groups by key, tags as tuples, custom fields as `field:KEY`."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Update:
    """What happened to a ticket in one go. `channel` is how: web, email, api, rule, merge, ..."""

    at: int
    actor: int
    channel: str
    message: Message | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Csat:
    """A satisfaction survey of a ticket; `score` is offered, good or bad."""

    offered_at: int
    score: Score
    rated_at: int | None = None
    comment: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket in its last state with its whole history: `updates[0]` is the creation, with the opening."""

    key: int
    subject: str | None
    status: Status
    priority: str | None
    type: str | None
    channel: str
    requester: int
    submitter: int
    assignee: int | None
    group: int | None
    organization: int | None
    brand: int
    mailbox: int
    form: int
    custom_status: int
    created_at: int
    updated_at: int
    updates: tuple[Update, ...]
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    ccs: tuple[int, ...] = ()
    followers: tuple[int, ...] = ()
    language: str = "en"
    external_id: str | None = None
    due_at: int | None = None
    problem: int | None = None
    incidents: tuple[int, ...] = ()
    follow_up_of: int | None = None
    follow_ups: tuple[int, ...] = ()
    merged_into: int | None = None
    disposition: Literal["deleted", "spam"] | None = None
    ended_by: int = SYSTEM
    csat: Csat | None = None
    handled_by_ai: bool = False
    touched_at: int = 0  # the system moved something that no history shows, after the last update

    @property
    def messages(self) -> list[tuple[Update, Message]]:
        """The updates that said something, with what they said."""
        return [(update, update.message) for update in self.updates if update.message is not None]

    @property
    def solved_at(self) -> int | None:
        """When it was last solved, if ever."""
        moments = [u.at for u in self.updates for c in u.changes if c.field == "status" and c.new == "solved"]
        return moments[-1] if moments else None

    @property
    def closed_at(self) -> int | None:
        """When it was closed, if it is."""
        moments = [u.at for u in self.updates for c in u.changes if c.field == "status" and c.new == "closed"]
        return moments[-1] if moments else None
