"""Tables of parts that every vendor's records carry alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from deskferry.connectors.kit.mapping import Const, Map, RefTo, Table


def tag_table(kind: str, object_name: str, each: str | Callable[[Any], Iterable[Any]], path: str = "tag") -> Table:
    """Return the tags of a record: `each` yields them, `path` leads to their text, which is their key too."""
    rows = (Map("kind", via=Const(kind)), Map("record_id", "^id", RefTo(object_name)), Map("tag", path))
    if isinstance(each, str):
        return Table("tagging", rows, each=each, source_id=None, part="tag")
    return Table("tagging", rows, each=each, source_id=None, part="tag", key=path, takes=("tags",))


def copied_table(object_name: str, each: Callable[[Any], Iterable[Any]], takes: tuple[str, ...] = ()) -> Table:
    """Return who is copied on a ticket, by address: `each` yields objects with an `email`."""
    rows = (Map("ticket_id", "^id", RefTo(object_name)), Map("email", "email"), Map("kind", via=Const("cc")))
    return Table("ticket_follower", rows, each=each, source_id=None, part="cc", key="email", takes=takes)
