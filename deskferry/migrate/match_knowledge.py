"""Which categories, articles and macros of a source stand at the destination already: none of them is doubled.

A category is the same where its name and all above it are, an article where its title and its place are, a macro where
its name is and all agents may use it. They are used as they are and never overwritten: what differs is a loss.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, select

from deskferry.connectors.kit.contract import Destination, WritesKnowledge, WritesMacros
from deskferry.migrate.mapping_file import fold
from deskferry.migrate.matches import Found, Matches, canonical_rows
from deskferry.migrate.shelves import KIND, Places, Shelves, made_there, places
from deskferry.store import machinery


def match_knowledge(
    database: Connection, source: str, destination: str, account_id: str, writer: Destination, matches: Matches
) -> None:
    """Put in what stands there already; what an earlier run created, or may have, is not matched with its own copy."""
    written = set(writer.written_kinds())
    if isinstance(writer, WritesKnowledge) and KIND in written:
        tree = places(database, source, destination, account_id, matches)
        _match_categories(database, account_id, writer, tree, matches)
        _match_articles(database, source, destination, account_id, tree, matches)
    if isinstance(writer, WritesMacros) and "macro" in written:
        _match_macros(database, source, destination, account_id, matches)


def _own(database: Connection, account_id: str, kind: str) -> set[str]:
    """Return the source's records that a run created, or may have."""
    crossing, operation = machinery.crossing, machinery.write_op
    written = select(crossing.c.record_id).where(
        crossing.c.account_id == account_id, crossing.c.kind == kind, crossing.c.part == "",
        crossing.c.state.in_(("created", "adopted")),
    )  # fmt: skip
    doubtful = select(operation.c.record_id).where(
        operation.c.account_id == account_id, operation.c.kind == kind, operation.c.part == "",
        operation.c.state.in_(("intended", "in_doubt", "quarantined")),
    )  # fmt: skip
    return {*database.execute(written).scalars(), *database.execute(doubtful).scalars()}


def _match_categories(
    database: Connection, account_id: str, writer: WritesKnowledge, tree: Places, matches: Matches
) -> None:
    own = _own(database, account_id, KIND)
    by_path: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for record_id in tree.there.rows:
        if record_id not in tree.made:
            by_path[tree.there.path(record_id)].append(record_id)
    for record_id in tree.here.in_order():
        candidates = by_path.get(tree.here.path(record_id), ())
        if record_id in own or len(candidates) != 1:
            continue
        there = tree.there.rows[candidates[0]]
        if writer.same_category(tree.aggregate(record_id), there):
            matches.found[record_id] = Found(
                KIND, there["source_id"], there["source_object"], there["name"], how="name"
            )


def _match_articles(
    database: Connection, source: str, destination: str, account_id: str, tree: Places, matches: Matches
) -> None:
    columns = ("id", "source_id", "source_object", "title", "category_id")
    made, own = made_there(database, account_id, destination, "article"), _own(database, account_id, "article")
    there: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in canonical_rows(database, "article", destination, columns):
        if row.id not in made:
            there[_place(row, tree.there)].append(row)
    if not there:
        return
    for row in canonical_rows(database, "article", source, columns):
        candidates = there.get(_place(row, tree.here), ())
        if row.id not in own and row.title and len(candidates) == 1:
            (only,) = candidates
            matches.found[row.id] = Found("article", only.source_id, only.source_object, only.title, how="title")


def _place(row: Any, tree: Shelves) -> tuple[str, ...]:
    path = tree.path(row.category_id) if row.category_id in tree.rows else ()
    # The topmost and the last: what lies between may have been flattened.
    return (*path[:1], *path[-1:], fold(row.title))


def _match_macros(database: Connection, source: str, destination: str, account_id: str, matches: Matches) -> None:
    columns = ("id", "source_id", "source_object", "name", "visibility")
    made, own = made_there(database, account_id, destination, "macro"), _own(database, account_id, "macro")
    there: dict[str, list[Any]] = defaultdict(list)
    for row in canonical_rows(database, "macro", destination, columns):
        if row.id not in made and row.visibility == "agents":
            there[fold(row.name)].append(row)
    for row in canonical_rows(database, "macro", source, columns) if there else ():
        candidates = there.get(fold(row.name), ())
        if row.id not in own and row.name and row.visibility == "agents" and len(candidates) == 1:
            (only,) = candidates
            matches.found[row.id] = Found("macro", only.source_id, only.source_object, only.name, how="name")
