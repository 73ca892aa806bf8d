"""The two seams between a vendor and the engine: what a source yields and what a destination accepts.

A connector speaks values only. It never sees the store: a source yields pages of raw records, a destination composes
operations from a canonical aggregate and sends them. The engine journals, retries, resumes and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deskferry.connectors.kit.links import Address
from deskferry.connectors.kit.read_seam import (
    Account,
    BlobRef,
    Child,
    Cursor,
    Declared,
    DeclaredClass,
    Estimate,
    Measure,
    Mode,
    Page,
    PullRequest,
    Raw,
    RawRecord,
    Source,
    Stream,
    Tombstone,
)
from deskferry.connectors.kit.undo_seam import ReassignEffects, Reassigns, ShowsTickets, Undoes, Undone, Written
from deskferry.connectors.kit.write_seam import (
    Amends,
    Appends,
    ArticleAggregate,
    CategoryAggregate,
    Composition,
    Crossings,
    Destination,
    Earlier,
    Effect,
    FieldRule,
    FilePart,
    FileSettings,
    Headers,
    HeaderSettings,
    Loss,
    OpenFile,
    Operation,
    Outcome,
    Question,
    Ref,
    RefusesSuspended,
    Reimports,
    Resolve,
    Row,
    SpellsTags,
    Target,
    TellsValues,
    TicketAggregate,
    Updates,
    WitnessArticle,
    WitnessMessage,
    WitnessTicket,
    WritesKnowledge,
    WritesMacros,
)

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

    from deskferry.config import ConnectionConfig
    from deskferry.connectors.kit.capabilities import Capabilities
    from deskferry.connectors.kit.clock import Clock
    from deskferry.connectors.kit.mapping import ObjectMap
    from deskferry.connectors.kit.oauth import OAuth
    from deskferry.connectors.kit.session import Session

__all__ = [
    "Account",
    "Amends",
    "Appends",
    "ArticleAggregate",
    "BlobRef",
    "CategoryAggregate",
    "Child",
    "Composition",
    "Connector",
    "Crossings",
    "Cursor",
    "Declared",
    "DeclaredClass",
    "Destination",
    "Earlier",
    "Effect",
    "Estimate",
    "FieldRule",
    "FilePart",
    "FileSettings",
    "HeaderSettings",
    "Headers",
    "Loss",
    "Measure",
    "Mode",
    "OAuthLogin",
    "OpenFile",
    "Operation",
    "Outcome",
    "Page",
    "PullRequest",
    "Question",
    "Raw",
    "RawRecord",
    "ReassignEffects",
    "Reassigns",
    "Ref",
    "RefusesSuspended",
    "Reimports",
    "Resolve",
    "Row",
    "ShowsTickets",
    "Source",
    "SpellsTags",
    "Stream",
    "Target",
    "TellsValues",
    "TicketAggregate",
    "Tombstone",
    "Undoes",
    "Undone",
    "Updates",
    "WitnessArticle",
    "WitnessMessage",
    "WitnessTicket",
    "WritesKnowledge",
    "WritesMacros",
    "Written",
]


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
    addresses: tuple[Address, ...] = ()
    """Where a person looks at records below `site`: links in texts are recognised and rewritten by these."""
    loss_words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Cause of a loss that writing has → what it means and what became of the value, in English and Spanish."""
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
