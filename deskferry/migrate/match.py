"""Which source records exist at the destination already, by e-mail, external id, name or domain.

Works on the canonical tables of both connections, whatever the vendors. What matches several candidates becomes a
question; source people who share an e-mail address, or whom somebody decided to be the same, become one person (n:1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.names import folded
from deskferry.migrate.journal import UNDO
from deskferry.migrate.mapping_file import CREATE, NONE, RouteMapping
from deskferry.migrate.match_fields import match_fields
from deskferry.migrate.match_people import match_people
from deskferry.migrate.matches import Found, Matches, ambiguous, answered, canonical_rows
from deskferry.migrate.pair_decisions import PairDecisions, pair_decisions
from deskferry.store import machinery


def match(database: Connection, source: str, destination: str, account_id: str, mapping: RouteMapping) -> Matches:
    """Return what of the source exists at the destination, and what has to be asked."""
    matches = Matches()
    made = _made(database, account_id)
    _match_organizations(database, source, destination, mapping, matches, made)
    match_people(database, source, destination, mapping, matches, made, _reassigned(database, account_id))
    _match_named(database, "team", "teams", source, destination, mapping, matches)
    _match_named(database, "inbox", "inboxes", source, destination, mapping, matches)
    matches.fields, asked = match_fields(database, source, destination, mapping)
    matches.questions += asked
    return matches


def _made(database: Connection, account_id: str) -> dict[str, str | None]:
    """Return what an earlier run created, or may have, with its id there: it is not matched with its own copy."""
    crossing, operation = machinery.crossing, machinery.write_op
    kinds = ("person", "organization")
    written = select(crossing.c.record_id, crossing.c.remote_id).where(
        crossing.c.account_id == account_id,
        crossing.c.state.in_(("created", "adopted")),
        crossing.c.part == "",
        crossing.c.kind.in_(kinds),
    )
    doubtful = select(operation.c.record_id).where(
        operation.c.account_id == account_id,
        operation.c.state.in_(("intended", "in_doubt", "quarantined")),
        operation.c.part == "",
        operation.c.action != UNDO,
        operation.c.kind.in_(kinds),
    )
    made: dict[str, str | None] = dict.fromkeys(database.execute(doubtful).scalars())
    made.update((row.record_id, row.remote_id) for row in database.execute(written))
    return made


def _reassigned(database: Connection, account_id: str) -> dict[str, str]:
    """Return where placeholders went that became, or were merged into, real people (`deskferry reassign`)."""
    crossing = machinery.crossing
    rows = database.execute(
        select(crossing.c.record_id, crossing.c.remote_id, crossing.c.receipt).where(
            crossing.c.account_id == account_id, crossing.c.kind == "person", crossing.c.state == "matched",
            crossing.c.receipt.is_not(None),
        )
    )  # fmt: skip
    return {row.record_id: row.remote_id for row in rows if (row.receipt or {}).get("reassigned")}


# ------------------------------------------------------------------------------------------------------ organizations


def _match_organizations(
    database: Connection, source: str, destination: str, mapping: RouteMapping, matches: Matches,
    made: Mapping[str, str | None],
) -> None:  # fmt: skip
    columns = ("id", "source_id", "source_object", "name", "external_id", "domains")
    by: dict[str, dict[str, list[Any]]] = {
        name: defaultdict(list) for name in ("source_id", "external_id", "name", "domain")
    }
    for row in canonical_rows(database, "organization", destination, columns):
        by["source_id"][row.source_id].append(row)
        by["name"][folded(row.name)].append(row)
        if row.external_id:
            by["external_id"][row.external_id].append(row)
        for domain in row.domains or ():
            by["domain"][folded(domain)].append(row)
    decided = pair_decisions(database, "organization", source)
    first: dict[str, str] = {}
    for row in canonical_rows(database, "organization", source, columns):
        twin = _twin(row, first, decided)
        if twin != row.id:
            matches.leads[row.id] = twin
            matches.organization_twins.add(row.id)
            continue
        if row.id in made:
            continue
        answer = mapping.choice("organizations", row.name, row.source_id)
        if answer == NONE:
            matches.refused.add(row.id)
        elif answer not in (None, CREATE):
            matches.found[row.id] = answered(answer, by, "organization", row.name)
        elif answer is None:
            _find_organization(row, by, matches)


def _twin(row: Any, first: dict[str, str], decided: PairDecisions) -> str:
    """Return the first organization that bears the same name or was decided to be the same; else this one."""
    keys = [key for key in (folded(row.name) if row.name else None, decided.one_as(row.id)) if key is not None]
    earlier = (first[key] for key in keys if key in first)
    twin = next((one for one in earlier if not decided.apart([row.id], [one])), str(row.id))
    for key in keys:
        first.setdefault(key, twin)
    return twin


def _find_organization(row: Any, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    tries: tuple[tuple[str, list[str]], ...] = (
        ("external_id", [row.external_id] if row.external_id else []),
        ("name", [folded(row.name)] if row.name else []),
        ("domain", [folded(domain) for domain in row.domains or ()]),
    )
    for how, keys in tries:
        candidates = {one.id: one for key in keys for one in by[how].get(key, ())}
        if len(candidates) == 1:
            (only,) = candidates.values()
            matches.found[row.id] = Found("organization", only.source_id, only.source_object, only.name, None, how)
            return
        if candidates:
            matches.questions.append(ambiguous("organization", row, candidates.values(), how, default=CREATE))
            return


# ----------------------------------------------------------------------------------------------------- teams, inboxes


def _match_named(
    database: Connection,
    kind: str,
    section: str,
    source: str,
    destination: str,
    mapping: RouteMapping,
    matches: Matches,
) -> None:
    columns = ("id", "source_id", "source_object", "name", *(("email", "kind") if kind == "inbox" else ()))
    by: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in ("email", "name", "source_id")}
    for row in canonical_rows(database, kind, destination, columns):
        by["source_id"][row.source_id].append(row)
        by["name"][folded(row.name)].append(row)
        email = getattr(row, "email", None)
        if email:
            by["email"][folded(email)].append(row)
    for row in _known_and_missing(database, kind, source, columns):
        answer = mapping.choice(section, row.name, row.source_id, getattr(row, "email", None))
        if answer == NONE:
            matches.refused.add(row.id)
        elif answer is not None:
            matches.found[row.id] = answered(answer, by, kind, row.name or row.source_id)
        else:
            _find_named(kind, row, by, matches)


def _find_named(kind: str, row: Any, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    for how, key in (("email", getattr(row, "email", None)), ("name", row.name)):
        candidates = by[how].get(folded(key), []) if key else []
        # A brand and a mail address may have one name.
        alike = [one for one in candidates if getattr(one, "kind", None) == getattr(row, "kind", None)]
        candidates = alike or candidates
        if len(candidates) == 1:
            only = candidates[0]
            matches.found[row.id] = Found(kind, only.source_id, only.source_object, only.name, None, how)
            return
        if candidates:
            matches.questions.append(ambiguous(kind, row, candidates, how, default=NONE))
            return
    matches.unfound[row.id] = (kind, row.name, row.source_id)


@dataclass(frozen=True, slots=True)
class Missing:
    """A record that others refer to and that the store does not have."""

    id: str
    source_id: str
    source_object: str
    name: str | None = None
    email: str | None = None


_REFERRED: dict[str, tuple[str, ...]] = {"team": ("team_id",), "inbox": ("inbox_id", "brand_id")}


def _known_and_missing(database: Connection, kind: str, source: str, columns: Iterable[str]) -> Iterator[Any]:
    known = set()
    for row in canonical_rows(database, kind, source, columns, live=False):
        known.add(row.id)
        yield row
    ticket = sql_table("ticket")
    for column in _REFERRED[kind]:
        found = select(ticket.c[column]).where(ticket.c.connection == source, ticket.c[column].is_not(None)).distinct()
        for record_id in sorted(set(database.execute(found).scalars()) - known):
            known.add(record_id)
            object_name, _, source_id = record_id.partition(":")[2].partition(":")
            yield Missing(record_id, source_id, object_name)
