"""Organizations that are in a store more than once: by external id, domain and name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.store.snapshot import needed
from deskferry.validate.duplicates.blocking import pair_up
from deskferry.validate.duplicates.normalize import folded_text
from deskferry.validate.duplicates.verdict import Agreement, Pair, Verdict

_LEGAL = frozenset({
    "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "plc", "co", "corp", "corporation", "company", "gmbh",
    "ag", "kg", "ohg", "ug", "mbh", "sa", "sl", "slu", "sau", "sas", "sarl", "srl", "spa", "bv", "nv", "oy", "oyj",
    "ab", "as", "asa", "aps", "pty", "pte", "sp", "zoo", "kft", "doo", "the",
})  # fmt: skip
_PROVIDERS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com",
    "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "mail.ru", "yandex.ru", "proton.me", "protonmail.com", "qq.com",
    "163.com",
})  # fmt: skip
"""Domains at which anybody may have an address: they name no organization."""
_COLUMNS = ("id", "connection", "name", "domains", "external_id", "address")
_BATCH = 5_000
_SCORES = {Verdict.CERTAIN: 1.0, Verdict.PROBABLE: 0.9, Verdict.POSSIBLE: 0.6}
_LIKENESS = (
    "CASE WHEN l.name IS NULL OR r.name IS NULL THEN NULL WHEN l.name = r.name THEN 'same' "
    "WHEN l.words = r.words THEN 'swapped' "
    "WHEN (jaro_winkler_similarity(l.name, r.name) >= 0.93 AND l.digits = r.digits) "
    "OR (least(length(l.name), length(r.name)) >= 4 "
    "AND (starts_with(l.name, r.name || ' ') OR starts_with(r.name, l.name || ' '))) "
    "THEN 'similar' ELSE 'conflict' END"
)


def organization_pairs(duck: Any, database: Connection, connections: Collection[str]) -> Iterator[Pair]:
    """Yield organizations that may be one."""
    if _write(duck, database, connections) < 2:
        return
    duck.execute(
        "CREATE TABLE keys AS "
        "SELECT unique_id, 'domain' AS rule, unnest(domains) AS value FROM organizations "
        "UNION ALL SELECT unique_id, 'external_id', external_id FROM organizations WHERE external_id IS NOT NULL "
        "UNION ALL SELECT unique_id, 'words', words FROM organizations WHERE words IS NOT NULL "
        "UNION ALL SELECT unique_id, 'start', left(name, 6) FROM organizations WHERE length(name) >= 6 "
        "UNION ALL SELECT unique_id, 'address', address FROM organizations WHERE address IS NOT NULL"
    )
    pair_up(duck, ("domain", "external_id", "words"))
    cursor = duck.cursor()
    cursor.execute(
        f"SELECT join_key_l, join_key_r, {_LIKENESS} AS name, list_has_any(l.domains, r.domains) AS domain, "
        "len(l.domains) > 0 AND len(r.domains) > 0 AS both_domains, l.external_id = r.external_id AS external_id, "
        "l.address = r.address AS address, l.connection = r.connection AS one_connection FROM candidates "
        "JOIN organizations l ON l.unique_id = join_key_l JOIN organizations r ON r.unique_id = join_key_r "
        "ORDER BY join_key_l, join_key_r"
    )
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(_BATCH):
        for values in rows:
            row = dict(zip(names, values, strict=True))
            verdict = _verdict(row)
            if verdict is not None:
                agreed = tuple(Agreement(field, how) for field, how in _agreed(row))
                yield Pair("organization", row["join_key_l"], row["join_key_r"], _SCORES[verdict], verdict, agreed)


def _verdict(row: dict[str, Any]) -> Verdict | None:
    named = row["name"] in ("same", "swapped")
    alike = named or row["name"] == "similar"
    beside = bool(row["domain"] or row["address"])
    if (row["external_id"] and alike and row["one_connection"]) or (named and (beside or row["external_id"])):
        return Verdict.CERTAIN
    if (alike and (beside or row["external_id"])) or (named and not row["both_domains"]):
        return Verdict.PROBABLE
    if named or (row["domain"] and row["name"] is None) or (row["external_id"] and row["one_connection"]):
        return Verdict.POSSIBLE
    return None


def _agreed(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if row["name"] is not None:
        yield "name", row["name"]
    for field in ("domain", "external_id", "address"):
        if row[field]:
            yield field, "same"


def _write(duck: Any, database: Connection, connections: Collection[str]) -> int:
    (arrow,) = needed("pyarrow", extra="duplicates")
    table = sql_table("organization")
    statement = select(*(table.c[name] for name in _COLUMNS)).where(
        table.c.connection.in_(sorted(connections)), table.c.deleted_at.is_(None)
    )
    texts = ("unique_id", "connection", "name", "words", "digits", "external_id", "address")
    schema = arrow.schema([(name, arrow.string()) for name in texts] + [("domains", arrow.list_(arrow.string()))])
    duck.execute(f"CREATE TABLE organizations ({', '.join(f'{name} VARCHAR' for name in texts)}, domains VARCHAR[])")
    rows = (_compared(row) for row in database.execute(statement.execution_options(yield_per=1000)))
    written = 0
    while batch := list(islice(rows, _BATCH)):
        page = arrow.Table.from_pylist(batch, schema=schema)
        duck.register("page", page)
        duck.execute("INSERT INTO organizations SELECT * FROM page")
        duck.unregister("page")
        written += len(batch)
    return written


def _compared(row: Any) -> dict[str, Any]:
    name = organization_name(row.name)
    domains = {str(one).strip().casefold().removeprefix("www.") for one in row.domains or () if str(one).strip()}
    return {
        "unique_id": row.id, "connection": row.connection, "name": name,
        "words": " ".join(sorted((name or "").split())) or None,
        "digits": " ".join(word for word in (name or "").split() if word.isdigit()),
        "external_id": (row.external_id or "").strip() or None, "address": folded_text(row.address),
        "domains": sorted(domains - _PROVIDERS),
    }  # fmt: skip


def organization_name(name: str | None) -> str | None:
    """Return a name as it is compared: without its legal form."""
    words = (folded_text((name or "").replace(".", "")) or "").split()
    return " ".join(word for word in words if word not in _LEGAL) or " ".join(words) or None
