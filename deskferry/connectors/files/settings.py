"""What a connection to files is configured with, and what follows from it: layout, streams, mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field

from deskferry.config import ConnectionConfig
from deskferry.connectors.files import interchange
from deskferry.connectors.files.columns import wanted
from deskferry.connectors.files.layout import READY, Entry, load_layout, ready_layouts
from deskferry.connectors.files.maps import is_record, maps_of, row_id, streams_of
from deskferry.connectors.files.source import Feed, FilesSource
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Connector, Stream
from deskferry.connectors.kit.mapping import ObjectMap
from deskferry.connectors.kit.opening import offline_session
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.settings import parse_settings
from deskferry.errors import ConfigError


class FilesSettings(BaseModel):
    """Files that a user brings."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="A file or folder, relative to the configuration")
    layout: str | None = Field(
        None,
        description="A layout's TOML file, or the name of a ready one; not needed for a folder that `export` wrote",
    )
    exported: str | None = Field(
        None, description="Of a folder that `export` wrote with several connections: the one to read"
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a connection reads."""

    root: Path
    account: str
    feeds: tuple[Feed, ...]
    streams: tuple[Stream, ...]
    maps: Mapping[str, ObjectMap]


def reading(connection: ConnectionConfig) -> Reading:
    """Return what a connection reads; raises ConfigError for a path or a layout that is none."""
    settings = parse_settings(FilesSettings, connection)
    root = connection.path(settings.path)
    if not root.exists():
        raise ConfigError(f"[connections.{connection.name}]: there is nothing at {root}.", "Check `path`.")
    if settings.layout is None:
        return _interchange(connection, root, settings)
    layout = load_layout(_layout_file(connection, settings.layout))
    return Reading(
        root,
        layout.account or _name(root),
        tuple(_feed(one) for one in layout.entries),
        streams_of(layout),
        maps_of(layout, connection.name),
    )


def _feed(entry: Entry) -> Feed:
    return Feed(
        entry.name,
        entry.patterns,
        entry.options,
        row_id(entry),
        keyless=not entry.main.key,
        alone=bool(entry.main.key) and not entry.main.shared,
        is_record=is_record(entry),
        wants=wanted(entry),
        track=entry.track,
    )


def _name(root: Path) -> str:
    return root.resolve().name


def _layout_file(connection: ConnectionConfig, named: str) -> Path:
    path = connection.path(named)
    if named in ready_layouts() and not path.is_file():
        return READY / f"{named}.toml"
    return path


def _interchange(connection: ConnectionConfig, root: Path, settings: FilesSettings) -> Reading:
    if not interchange.is_interchange(root):
        raise ConfigError(
            f"[connections.{connection.name}] has no layout, and {root} is no folder that `deskferry export` wrote.",
            f"`deskferry init --layout FILE` proposes a layout; ready ones are {', '.join(ready_layouts())}.",
        )
    exported = interchange.exported_connection(root, settings.exported)
    return Reading(
        root,
        f"{_name(root)}/{exported}",
        interchange.feeds(root, exported),
        interchange.streams(root),
        interchange.maps(root, exported, connection.name),
    )


def configured(connector: Connector, connection: ConnectionConfig) -> Connector:
    """Return the connector with the streams and the mapping of one connection."""
    found = reading(connection)
    return replace(connector, streams=found.streams, maps=found.maps)


def open_session(connection: ConnectionConfig, clock: Clock, _transport: httpx.BaseTransport | None = None) -> Session:
    """Return a session that refuses every call."""
    return offline_session(connection, clock, parse_settings(FilesSettings, connection).path)


def open_source(_session: Session, connection: ConnectionConfig) -> FilesSource:
    """Return the reading side."""
    found = reading(connection)
    return FilesSource(found.root, found.account, found.feeds, found.streams)


__all__ = ["FilesSettings", "configured", "open_session", "open_source", "reading"]
