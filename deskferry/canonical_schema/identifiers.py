"""Ids that need no lookup: whoever knows the vendor's id knows ours."""

from __future__ import annotations

import re
from typing import NamedTuple

CONNECTION_NAME = re.compile(r"[a-z0-9_-]+")
_OBJECT = re.compile(r"[a-z][a-z0-9_]*")


class Identifier(NamedTuple):
    """The pieces of an id; `part` is what follows the first slash, "" for a record with an id of its own."""

    connection: str
    object: str
    source_id: str
    part: str


def record_id(connection: str, object: str, source_id: str | int) -> str:  # noqa: A002  # the word of the docs
    """Return `<connection>:<object>:<vendor id>`; a name against the rules or an empty id is refused."""
    if not CONNECTION_NAME.fullmatch(connection):
        raise ValueError(f"{connection!r} is no connection name; use lower-case letters, digits, _ and -")
    if not _OBJECT.fullmatch(object):
        raise ValueError(f"{object!r} is no object name; use the vendor's resource, singular, in snake case")
    if source_id == "":
        raise ValueError(f"the {object} has an empty id; a record without an id is a part: see part_id")
    return f"{connection}:{object}:{source_id}"


def part_id(parent_id: str, what: str, key: str | int | None = None) -> str:
    """Return `<parent id>/<what>/<key>`, or `<parent id>/<what>` where there is but one, as an opening."""
    return f"{parent_id}/{what}" if key is None else f"{parent_id}/{what}/{key}"


def split_id(id: str) -> Identifier:  # noqa: A002  # the column is called so
    """Return the pieces of an id; a text that is none is refused."""
    connection, colon, rest = id.partition(":")
    object_name, second_colon, tail = rest.partition(":")
    source_id, _, part = tail.partition("/")
    if not (colon and second_colon and CONNECTION_NAME.fullmatch(connection) and source_id):
        raise ValueError(f"{id!r} is no id; it would read <connection>:<object>:<vendor id>")
    return Identifier(connection, object_name, source_id, part)
