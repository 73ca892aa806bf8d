"""What of a knowledge base and of the macros crosses: all of it, or what was asked for with the categories it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.migrate.shelves import shelves

if TYPE_CHECKING:
    from deskferry.migrate.scope import Scope, Selection

KNOWLEDGE = ("article_category", "article", "macro")


def choose_knowledge(
    database: Connection, source: str, scope: Scope, since: str | None, found: Mapping[str, Any], chosen: Selection
) -> None:
    """Put in what crosses; `found` are the records that stand at the destination already."""
    wanted = {kind for kind in KNOWLEDGE if _asked(kind, scope)}
    if not wanted:
        return
    if "article" in wanted:
        chosen.knowledge["article"] = _articles(database, source, since, found)
    if "macro" in wanted:
        chosen.knowledge["macro"] = _macros(database, source, since, found, chosen)
    chosen.knowledge["article_category"] = _categories(
        database, source, found, chosen.knowledge.get("article", []),
        whole="article_category" in wanted and since is None,
    )  # fmt: skip
    for kind in wanted:
        _gone(database, source, kind, chosen)


def knowledge_of(database: Connection, source: str, scope: Scope) -> set[str]:
    """Return the kinds of which the source has something that is asked for, with those that they lie in."""
    found = set()
    for kind in KNOWLEDGE:
        table = sql_table(kind)
        statement = select(table.c.id).where(table.c.connection == source, table.c.deleted_at.is_(None)).limit(1)
        if _asked(kind, scope) and database.execute(statement).first() is not None:
            found.add(kind)
    # Articles lie in categories, and whether an existing one is the same is a matter of what lies there.
    return found | {"article", "article_category"} if found & {"article", "article_category"} else found


def leave_knowledge(chosen: Selection, written: Sequence[str]) -> None:
    """Leave out what the destination has no place for, and count it."""
    for kind in KNOWLEDGE:
        if kind not in written:
            left = chosen.knowledge.pop(kind, [])
            chosen.left_out[kind, "not_written_there"] += len(left)
            if not left:
                del chosen.left_out[kind, "not_written_there"]


def _asked(kind: str, scope: Scope) -> bool:
    """Whether a kind is asked for: by name, or because everything is."""
    if scope.only:
        return kind in scope.only
    return not (scope.sample is not None or scope.tickets or scope.select)


def _articles(database: Connection, source: str, since: str | None, found: Mapping[str, Any]) -> list[str]:
    table = sql_table("article")
    statement = select(table.c.id).where(table.c.connection == source, table.c.deleted_at.is_(None))
    if since is not None:
        statement = statement.where(table.c.updated_at >= since)
    statement = statement.order_by(table.c.created_at, func.length(table.c.source_id), table.c.source_id)
    return [one for one in database.execute(statement).scalars() if one not in found]


def _macros(
    database: Connection, source: str, since: str | None, found: Mapping[str, Any], chosen: Selection
) -> list[str]:
    table = sql_table("macro")
    statement = select(table.c.id, table.c.is_active).where(table.c.connection == source, table.c.deleted_at.is_(None))
    if since is not None:
        statement = statement.where(table.c.updated_at >= since)
    statement = statement.order_by(table.c.created_at, func.length(table.c.source_id), table.c.source_id)
    ids = []
    for row in database.execute(statement):
        if row.id in found:
            continue
        if row.is_active is False:
            chosen.left_out["macro", "inactive"] += 1
        else:
            ids.append(row.id)
    return ids


def _categories(
    database: Connection, source: str, found: Mapping[str, Any], articles: list[str], *, whole: bool
) -> list[str]:
    """Return the categories, each after the one that it is in; those of the chosen articles alone unless `whole`."""
    tree = shelves(database, source)
    if whole:
        return [one for one in tree.in_order() if one not in found]
    table, named = sql_table("article"), set()
    chosen = set(articles)
    rows = database.execute(select(table.c.id, table.c.category_id).where(table.c.connection == source))
    for row in rows:
        if row.id in chosen and row.category_id in tree.rows:
            named |= {row.category_id, *(one["id"] for one in tree.ancestors(row.category_id))}
    return [one for one in tree.in_order() if one in named and one not in found]


def _gone(database: Connection, source: str, kind: str, chosen: Selection) -> None:
    table = sql_table(kind)
    statement = select(table.c.id).where(table.c.connection == source, table.c.deleted_at.is_not(None))
    gone = list(database.execute(statement).scalars())
    if gone:
        chosen.gone.setdefault(kind, []).extend(gone)
