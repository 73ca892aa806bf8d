"""The folder that `deskferry export --format ndjson` writes, read back: the same rows under this connection's name.

Every id that begins with the name of the exported connection begins with ours from now on; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from deskferry.canonical_schema import (
    ENGINE_COLUMNS,
    KINDS,
    bool_columns,
    column_names,
    json_columns,
    time_columns,
)
from deskferry.canonical_schema.json_schema import load_schema
from deskferry.connectors.files.maps import ID, PLACE, unread, unread_map
from deskferry.connectors.files.opening import COMPRESSED, open_text
from deskferry.connectors.files.source import Feed
from deskferry.connectors.kit.contract import Mode, Stream
from deskferry.connectors.kit.converters import time, whole
from deskferry.connectors.kit.mapping import Map, ObjectMap, Raw, Rejected, Table
from deskferry.errors import ConfigError

FOLDER = "files"
"""Where the bytes of attachments lie, by their SHA-256."""
_NO_REFERENCES = frozenset({
    "source_id", "external_id", "raw_record_id", "update_id", "chat_session_id", "content_id", "rfc_message_id",
})  # fmt: skip
_MACHINERY = frozenset({"id", "connection", "content_hash", "synced_at", "raw_record_id"})


def is_interchange(folder: Path) -> bool:
    """Return whether a folder is in the interchange format."""
    return folder.is_dir() and _file(folder, "ticket") is not None


def _file(folder: Path, kind: str) -> Path | None:
    for ending in ("", *COMPRESSED):
        path = folder / f"{kind}.ndjson{ending}"
        if path.is_file():
            return path
    return None


def kinds_in(folder: Path) -> list[str]:
    """Return the kinds of which the folder has a file."""
    return [kind.value for kind in KINDS if _file(folder, kind.value) is not None]


def exported_connection(folder: Path, wanted: str | None) -> str:
    """Return the name under which the rows were exported; raises ConfigError where there are several to choose from."""
    if wanted is not None:
        return wanted
    names: set[str] = set()
    for kind in kinds_in(folder):
        path = _file(folder, kind)
        assert path is not None
        with open_text(path, None) as handle:
            for text in handle:
                names.add(_connection_of(text))
                if len(names) > 1:
                    break
    names.discard("")
    if len(names) > 1:
        raise ConfigError(
            f"{folder} holds several connections.", 'Say which one is meant: exported = "old" in the configuration.'
        )
    return names.pop() if names else ""


def _connection_of(text: str) -> str:
    if text.startswith('{"id":"'):  # the first key of every line that `export` writes
        return text[7:200].partition(":")[0]
    try:
        return str(orjson.loads(text).get("connection") or "")
    except (orjson.JSONDecodeError, AttributeError):
        return ""


def feeds(folder: Path, exported: str) -> tuple[Feed, ...]:
    """Return a feed for each kind."""

    def wanted(raw: Raw) -> bool:
        return raw.get("connection") == exported

    found = []
    for kind in kinds_in(folder):
        path = _file(folder, kind)
        assert path is not None
        found.append(Feed(kind, (path.name,), {"format": "ndjson"}, _own_id(exported), wanted=wanted))
    return tuple(found)


def streams(folder: Path) -> tuple[Stream, ...]:
    """Return a stream for each kind."""
    return tuple(Stream(kind, Mode.FULL, (kind,), (kind,), f"{kind}.ndjson") for kind in kinds_in(folder))


def maps(folder: Path, exported: str, connection: str) -> dict[str, ObjectMap]:
    """Return the mapping of each kind; what breaks the published schema of its kind becomes a reject."""
    bytes_at = {path.name for path in (folder / FOLDER).iterdir()} if (folder / FOLDER).is_dir() else set()
    found = {kind: _map(kind, exported, connection, frozenset(bytes_at)) for kind in kinds_in(folder)}
    return found | {unread(kind): unread_map(kind) for kind in found}


def _own_id(exported: str) -> Callable[[Raw], str]:
    def own(raw: Raw) -> str:
        return str(raw.get("id")).removeprefix(f"{exported}:")

    return own


def _map(kind: str, exported: str, connection: str, bytes_at: frozenset[str]) -> ObjectMap:
    rows = []
    for column in column_names(kind):
        if column in _MACHINERY or column in ENGINE_COLUMNS[kind]:
            continue
        rows.append(_row(kind, column, exported, connection, bytes_at))
    table = Table(kind, tuple(rows), source_id=_own_id(exported), of="", takes=column_names(kind))
    return ObjectMap(
        kind,
        (table,),
        ignored={
            PLACE: "where the row stood in the file",
            **dict.fromkeys(_MACHINERY - {"id"}, "the store makes it anew"),
            **dict.fromkeys(ENGINE_COLUMNS[kind], "the store finds it out anew"),
        },
        volatile=(PLACE, "synced_at", "content_hash", "raw_record_id"),
        id_path=ID,
        own_kinds=frozenset({kind}),
        place=PLACE,
        check=_check(kind),
    )


def _row(kind: str, column: str, exported: str, connection: str, bytes_at: frozenset[str]) -> Map:
    if column in json_columns(kind):
        return Map(column, column, whole)
    if column in time_columns(kind):
        return Map(column, column, time)
    if kind == "message" and column == "is_opening":
        return Map(column, ".", is_opening)
    if kind == "attachment" and column == "url":
        return Map(column, ".", _address(bytes_at))
    renamed = column.endswith("_id") and column not in _NO_REFERENCES
    if renamed or (kind == "ticket_event" and column in {"old_value", "new_value"}):
        return Map(column, column, _renamed(exported, connection))
    return Map(column, column, flag if column in bool_columns(kind) else None)


def flag(value: Any) -> Any:
    """Return true, false or unknown as it is."""
    return value


def is_opening(raw: Raw) -> Any:
    """Return what the source told; what the store took from the order of the messages it takes anew."""
    return None if raw.get("opening_by_order") else raw.get("is_opening")


def _address(bytes_at: frozenset[str]) -> Callable[[Raw], Any]:
    def address(raw: Raw) -> Any:
        sha256 = raw.get("sha256")
        return f"{FOLDER}/{sha256}" if sha256 in bytes_at else raw.get("url")

    return address


def _renamed(exported: str, connection: str) -> Callable[[Any], Any]:
    before, after = f"{exported}:", f"{connection}:"

    def renamed(value: Any) -> Any:
        return after + value[len(before) :] if type(value) is str and value.startswith(before) else value

    return renamed


@cache
def _validator(kind: str) -> Any:
    return jsonschema_rs.validator_for(load_schema(kind))


def _check(kind: str) -> Callable[[Raw], Rejected | None]:
    valid = _validator(kind)

    def check(raw: Raw) -> Rejected | None:
        row = {name: value for name, value in raw.items() if name != PLACE}
        if valid.is_valid(row):
            return None
        first = next(iter(valid.iter_errors(row)))
        place = ".".join(str(step) for step in first.instance_path)
        return Rejected("schema", f"{place}: {first.message[:200]}")

    return check
