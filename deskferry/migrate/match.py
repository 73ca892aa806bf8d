"""Which source records exist at the destination already, by e-mail, external id, name or domain.

Works on the canonical tables of both connections, whatever the vendors. What matches several candidates becomes a
question; source people who share an e-mail address become one person (n:1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import FieldRule, Question
from deskferry.errors import ConfigError
from deskferry.migrate.mapping_file import CREATE, NONE, PLACEHOLDER, RouteMapping, fold
from deskferry.migrate.match_fields import match_fields
from deskferry.store import machinery

AGENT_ROLES = frozenset({"agent", "light_agent", "admin"})
MACHINE_ROLES = frozenset({"bot", "system"})


@dataclass(frozen=True, slots=True)
class Found:
    """An existing record at the destination."""

    kind: str
    remote_id: str
    object: str
    name: str | None
    role: str | None = None
    how: str = ""
    """By what it was found: mapping, email, external_id, name, domain, earlier."""


@dataclass(slots=True)
class Matches:
    """Where source records go that need not be created."""

    found: dict[str, Found] = field(default_factory=dict)
    """Source record → existing record: people, organizations, teams, inboxes."""
    leads: dict[str, str] = field(default_factory=dict)
    """Source record → the source record that crosses for it: twins by e-mail or name, people who were merged."""
    organization_twins: set[str] = field(default_factory=set)
    """Of the leads those that are organizations; the others are people."""
    placeholders: set[str] = field(default_factory=set)
    """Agents (and machines) without an agent there: a stand-in is made where they wrote or asked something."""
    refused: set[str] = field(default_factory=set)
    """Records that the mapping answers with `none`."""
    fields: dict[tuple[str, str], FieldRule] = field(default_factory=dict)
    unfound: dict[str, tuple[str, str | None, str]] = field(default_factory=dict)
    """Teams and inboxes that nothing matches: (kind, name, source id)."""
    questions: list[Question] = field(default_factory=list)

    def lead(self, record_id: str) -> str:
        """Return the record that crosses for a record: itself, its twin, the one it was merged into."""
        seen = set()
        while record_id in self.leads and record_id not in seen:
            seen.add(record_id)
            record_id = self.leads[record_id]
        return record_id


def match(database: Connection, source: str, destination: str, account_id: str, mapping: RouteMapping) -> Matches:
    """Return what of the source exists at the destination, and what has to be asked."""
    matches = Matches()
    made = _made(database, account_id)
    _match_organizations(database, source, destination, mapping, matches, made)
    _match_people(database, source, destination, mapping, matches, made)
    _match_named(database, "team", "teams", source, destination, mapping, matches)
    _match_named(database, "inbox", "inboxes", source, destination, mapping, matches)
    matches.fields, asked = match_fields(database, source, destination, mapping)
    matches.questions += asked
    return matches


def _made(database: Connection, account_id: str) -> set[str]:
    """Return what an earlier run created, or may have: it is not matched with its own copy."""
    crossing, operation = machinery.crossing, machinery.write_op
    kinds = ("person", "organization")
    written = select(crossing.c.record_id).where(
        crossing.c.account_id == account_id,
        crossing.c.state.in_(("created", "adopted")),
        crossing.c.part == "",
        crossing.c.kind.in_(kinds),
    )
    doubtful = select(operation.c.record_id).where(
        operation.c.account_id == account_id,
        operation.c.state.in_(("intended", "in_doubt", "quarantined")),
        operation.c.part == "",
        operation.c.kind.in_(kinds),
    )
    return set(database.execute(written).scalars()) | set(database.execute(doubtful).scalars())


def _rows(
    database: Connection, kind: str, connection: str, columns: Iterable[str], *, live: bool = True
) -> Iterator[Any]:
    table = sql_table(kind)
    statement = select(*(table.c[name] for name in columns)).where(table.c.connection == connection)
    if live:
        statement = statement.where(table.c.deleted_at.is_(None))
    yield from database.execute(statement.order_by(table.c.id).execution_options(yield_per=1000))


# ------------------------------------------------------------------------------------------------------ organizations


def _match_organizations(
    database: Connection, source: str, destination: str, mapping: RouteMapping, matches: Matches, made: set[str]
) -> None:
    columns = ("id", "source_id", "source_object", "name", "external_id", "domains")
    by: dict[str, dict[str, list[Any]]] = {
        name: defaultdict(list) for name in ("source_id", "external_id", "name", "domain")
    }
    for row in _rows(database, "organization", destination, columns):
        by["source_id"][row.source_id].append(row)
        by["name"][fold(row.name)].append(row)
        if row.external_id:
            by["external_id"][row.external_id].append(row)
        for domain in row.domains or ():
            by["domain"][fold(domain)].append(row)
    first: dict[str, str] = {}
    for row in _rows(database, "organization", source, columns):
        twin = first.setdefault(fold(row.name), row.id) if row.name else row.id
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
            matches.found[row.id] = _answered(answer, by, "organization", row.name)
        elif answer is None:
            _find_organization(row, by, matches)


def _find_organization(row: Any, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    tries: tuple[tuple[str, list[str]], ...] = (
        ("external_id", [row.external_id] if row.external_id else []),
        ("name", [fold(row.name)] if row.name else []),
        ("domain", [fold(domain) for domain in row.domains or ()]),
    )
    for how, keys in tries:
        candidates = {one.id: one for key in keys for one in by[how].get(key, ())}
        if len(candidates) == 1:
            (only,) = candidates.values()
            matches.found[row.id] = Found("organization", only.source_id, only.source_object, only.name, None, how)
            return
        if candidates:
            matches.questions.append(_ambiguous("organization", row, candidates.values(), how, default=CREATE))
            return


def _answered(answer: str | None, by: dict[str, dict[str, list[Any]]], what: str, subject: str | None) -> Found:
    candidates = {row.id: row for table in by.values() for row in table.get(answer or "", table.get(fold(answer), ()))}
    if len(candidates) != 1:
        found = "none" if not candidates else f"{len(candidates)} of them"
        raise ConfigError(
            f"The mapping sends {what} {subject!r} to {answer!r}, and the destination has {found}.",
            f"Name a {what} of the destination by its id.",
        )
    (only,) = candidates.values()
    return Found(what, only.source_id, only.source_object, only.name, getattr(only, "role", None), "mapping")


def _ambiguous(what: str, row: Any, candidates: Iterable[Any], how: str, default: str | None) -> Question:
    section = {"organization": "organizations", "person": "people", "team": "teams", "inbox": "inboxes"}[what]
    listed = ", ".join(f"{one.name} ({one.source_id})" for one in candidates)
    key = (row.email if what == "person" else row.name) or row.source_id
    return Question(
        f"{what}_ambiguous",
        str(row.name or key),
        f"Several records of the destination match this {what} by {how}: {listed}.",
        f'[{section}]\n{quoted(key)} = ""',
        default,
    )


def quoted(text: str) -> str:
    """Return a text as a TOML key or value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escape(one) for one in escaped) + '"'


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 32 or ord(character) == 127 else character


# ------------------------------------------------------------------------------------------------------------- people

_PERSON = (
    "id", "source_id", "source_object", "name", "email", "emails", "external_id", "role",
    "is_active", "suspended", "created_at", "merged_into_id",
)  # fmt: skip


@dataclass(slots=True)
class _Group:
    """Source people who share an e-mail address, and all their addresses."""

    rows: list[Any]
    emails: list[str]


def addresses_of(row: Any) -> list[str]:
    """Return all e-mail addresses of a person, lower-cased, the primary one first."""
    listed = [entry.get("value") for entry in row.emails or () if isinstance(entry, dict)]
    return list(dict.fromkeys(text.strip().lower() for text in (row.email, *listed) if text and text.strip()))


def _groups(rows: Iterable[Any]) -> list[_Group]:
    """Return people grouped by shared addresses; those without one stand alone."""
    of_email: dict[str, _Group] = {}
    groups: dict[int, _Group] = {}
    for row in rows:
        emails = addresses_of(row)
        merged = _Group([row], emails)
        for other in {id(of_email[email]): of_email[email] for email in emails if email in of_email}.values():
            merged = _Group(other.rows + merged.rows, list(dict.fromkeys(other.emails + merged.emails)))
            groups.pop(id(other), None)
        groups[id(merged)] = merged
        of_email.update(dict.fromkeys(merged.emails, merged))
    return list(groups.values())


def _match_people(
    database: Connection, source: str, destination: str, mapping: RouteMapping, matches: Matches, made: set[str]
) -> None:
    by: dict[str, dict[str, list[Any]]] = {
        name: defaultdict(list) for name in ("email", "external_id", "source_id", "name")
    }
    for row in _rows(database, "person", destination, _PERSON):
        for email in addresses_of(row):
            by["email"][email].append(row)
        by["source_id"][row.source_id].append(row)
        if row.external_id:
            by["external_id"][row.external_id].append(row)
        if row.role in AGENT_ROLES:
            by["name"][fold(row.name)].append(row)
    people = []
    for row in _rows(database, "person", source, _PERSON):
        if row.merged_into_id:
            matches.leads[row.id] = row.merged_into_id
        else:
            people.append(row)
    for group in _groups(people):
        _match_group(group, by, mapping, matches, made)


def _match_group(
    group: _Group, by: dict[str, dict[str, list[Any]]], mapping: RouteMapping, matches: Matches, made: set[str]
) -> None:
    lead = min(group.rows, key=lambda row: (row.id not in made, row.role not in AGENT_ROLES, row.is_active is False,
                                            bool(row.suspended), str(row.created_at or "~"), row.id))  # fmt: skip
    matches.leads.update({row.id: lead.id for row in group.rows if row.id != lead.id})
    if lead.id in made:
        if lead.role in AGENT_ROLES | MACHINE_ROLES:
            matches.placeholders.add(lead.id)
        return
    is_agent = lead.role in AGENT_ROLES
    names = [key for row in group.rows for key in (row.source_id, *addresses_of(row))]
    section = "agents" if is_agent else "people"
    answer = mapping.choice(section, *names, lead.name if is_agent else None)
    if answer == PLACEHOLDER or (answer is None and lead.role in MACHINE_ROLES):
        matches.placeholders.add(lead.id)
        return
    if answer not in (None, CREATE):
        matches.found[lead.id] = _answered(answer, by, "person", lead.name or lead.email)
        return
    found = None if answer == CREATE else _candidate(lead, group, by, matches)
    if found is not None:
        matches.found[lead.id] = found
    if is_agent and (found is None or found.role not in AGENT_ROLES):
        matches.placeholders.add(lead.id)


def _candidate(lead: Any, group: _Group, by: dict[str, dict[str, list[Any]]], matches: Matches) -> Found | None:
    """Return the person of the destination; an agent there is preferred, and so is the primary address."""
    external = [row.external_id for row in group.rows if row.external_id]
    tries = (("email", group.emails), ("external_id", external))
    for how, keys in tries:
        candidates = {one.id: one for key in keys for one in by[how].get(key, ())}
        agents = {key: one for key, one in candidates.items() if one.role in AGENT_ROLES}
        chosen = agents or candidates
        if not chosen:
            continue
        if len(chosen) > 1:
            primary = [one for one in chosen.values() if lead.email and lead.email in addresses_of(one)]
            default = primary[0].source_id if len(primary) == 1 else None
            question = _ambiguous("person", lead, chosen.values(), how, default)
            if lead.role in AGENT_ROLES:
                question = _ask_as_agent(question)
            matches.questions.append(question)
            chosen = {one.id: one for one in primary} if default else chosen
        only = next(iter(chosen.values()))
        return Found("person", only.source_id, only.source_object, only.name, only.role, how)
    return None


def _ask_as_agent(question: Question) -> Question:
    answer = question.answer.replace("[people]", "[agents]", 1)
    return Question(question.code, question.subject, question.says, answer, question.default)


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
    columns = ("id", "source_id", "source_object", "name", *(("email",) if kind == "inbox" else ()))
    by: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in ("email", "name", "source_id")}
    for row in _rows(database, kind, destination, columns):
        by["source_id"][row.source_id].append(row)
        by["name"][fold(row.name)].append(row)
        email = getattr(row, "email", None)
        if email:
            by["email"][fold(email)].append(row)
    for row in _known_and_missing(database, kind, source, columns):
        answer = mapping.choice(section, row.name, row.source_id, getattr(row, "email", None))
        if answer == NONE:
            matches.refused.add(row.id)
        elif answer is not None:
            matches.found[row.id] = _answered(answer, by, kind, row.name or row.source_id)
        else:
            _find_named(kind, row, by, matches)


def _find_named(kind: str, row: Any, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    for how, key in (("email", getattr(row, "email", None)), ("name", row.name)):
        candidates = by[how].get(fold(key), []) if key else []
        if len(candidates) == 1:
            only = candidates[0]
            matches.found[row.id] = Found(kind, only.source_id, only.source_object, only.name, None, how)
            return
        if candidates:
            matches.questions.append(_ambiguous(kind, row, candidates, how, default=NONE))
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
    for row in _rows(database, kind, source, columns, live=False):
        known.add(row.id)
        yield row
    ticket = sql_table("ticket")
    for column in _REFERRED[kind]:
        found = select(ticket.c[column]).where(ticket.c.connection == source, ticket.c[column].is_not(None)).distinct()
        for record_id in sorted(set(database.execute(found).scalars()) - known):
            known.add(record_id)
            object_name, _, source_id = record_id.partition(":")[2].partition(":")
            yield Missing(record_id, source_id, object_name)
