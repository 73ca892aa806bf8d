"""Which source people exist at the destination: by any address, then by external id; twins become one.

Twins share an address. What a person decided of a pair comes before: the same become one whatever their addresses,
the different stay two, and what both call theirs stays with the first.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from deskferry.canonical_schema.enums import AGENT_ROLES, MACHINE_ROLES
from deskferry.connectors.kit.contract import Question
from deskferry.connectors.kit.names import folded
from deskferry.migrate.mapping_file import CREATE, PLACEHOLDER, RouteMapping
from deskferry.migrate.matches import Found, Matches, ambiguous, answered, canonical_rows
from deskferry.migrate.pair_decisions import PairDecisions, pair_decisions

_PERSON = (
    "id", "source_id", "source_object", "name", "email", "emails", "external_id", "role",
    "is_active", "suspended", "created_at", "merged_into_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Person:
    """What matching needs of a person: a few hundred bytes, because there may be very many."""

    id: str
    source_id: str
    source_object: str
    name: str | None
    email: str | None
    emails: tuple[str, ...]
    external_id: str | None
    role: str | None
    is_active: bool | None
    suspended: bool | None
    created: float


def addresses_of(row: Any) -> list[str]:
    """Return all e-mail addresses of a person, lower-cased, the primary one first."""
    listed = [entry.get("value") for entry in row.emails or () if isinstance(entry, dict)]
    return list(dict.fromkeys(text.strip().lower() for text in (row.email, *listed) if text and text.strip()))


def _person(row: Any) -> _Person:
    created = row.created_at.timestamp() if row.created_at is not None else float("inf")
    return _Person(
        row.id, row.source_id, sys.intern(row.source_object), row.name, row.email, tuple(addresses_of(row)),
        row.external_id, None if row.role is None else sys.intern(row.role), row.is_active, row.suspended, created,
    )  # fmt: skip


def _groups(
    people: Iterable[_Person], decided: PairDecisions, taken: dict[str, frozenset[str]]
) -> Iterator[list[_Person]]:
    """Yield people grouped by shared addresses and by decisions, directly or over others; who shares none is alone.

    Notes in `taken` the addresses that stay with another person, because the two are decided to be different.
    """
    of_key: dict[str, list[_Person]] = {}
    groups: dict[int, list[_Person]] = {}
    for one in people:
        joined = decided.one_as(one.id)
        merged = [one]
        kept_apart = []
        for other in {id(of_key[key]): of_key[key] for key in _keys(one, joined) if key in of_key}.values():
            if decided.apart((each.id for each in merged), (each.id for each in other)):
                kept_apart.append(other)
                continue
            groups.pop(id(other), None)
            merged = other + merged
        if kept_apart:
            merged[-1] = _without(
                one, {email for other in kept_apart for each in other for email in each.emails}, taken
            )
        groups[id(merged)] = merged
        of_key.update((key, merged) for each in merged for key in _keys(each, decided.one_as(each.id)))
    of_key.clear()
    yield from groups.values()


def _keys(person: _Person, joined: str | None) -> tuple[str, ...]:
    return person.emails if joined is None else (*person.emails, f"one as {joined}")


def _without(person: _Person, addresses: set[str], taken: dict[str, frozenset[str]]) -> _Person:
    """Return a person without the addresses that somebody else keeps."""
    lost = frozenset(addresses).intersection(person.emails)
    taken[person.id] = taken.get(person.id, frozenset()) | lost
    left = tuple(email for email in person.emails if email not in lost)
    return replace(person, emails=left, email=left[0] if left else None)


def match_people(
    database: Connection, source: str, destination: str, mapping: RouteMapping, matches: Matches,
    made: Mapping[str, str | None], reassigned: Mapping[str, str],
) -> None:  # fmt: skip
    """Add to the matches where people go, who crosses for whom, and what has to be asked."""
    people: list[_Person] = []
    for row in canonical_rows(database, "person", source, _PERSON):
        if row.merged_into_id and row.id not in made:
            matches.leads[row.id] = row.merged_into_id
        else:
            people.append(_person(row))
    answers = {
        answer.strip().lower()
        for section in ("people", "agents")
        for answer in (mapping.document.get(section) or {}).values()
    }
    told = answers | {one for one in made.values() if one} | set(reassigned.values())
    by = _people_there(database, destination, people, told)
    decided = pair_decisions(database, "person", source)
    for group in _groups(people, decided, matches.taken):
        if not _match_reassigned(group, by, matches, reassigned):
            _match_group(group, by, mapping, matches, made)


def _match_reassigned(
    group: list[_Person], by: dict[str, dict[str, list[Any]]], matches: Matches, reassigned: Mapping[str, str]
) -> bool:
    """Match a group with the real person whom a user gave to its placeholder; whether there is one."""
    for one in group:
        real = next(iter(by["source_id"].get(reassigned.get(one.id, ""), ())), None)
        if real is not None:
            matches.leads.update({other.id: one.id for other in group if other.id != one.id})
            matches.found[one.id] = Found(
                "person", real.source_id, real.source_object, real.name, real.role, "reassigned"
            )
            return True
    return False


def _people_there(
    database: Connection, destination: str, people: Iterable[_Person], answers: set[str]
) -> dict[str, dict[str, list[Any]]]:
    """Return the destination's people by what may match: of customers those only whom source or mapping name.

    Who was deleted or deactivated there matches nobody: no ticket can be theirs. Their addresses may still be `held`.
    """
    by: dict[str, dict[str, list[Any]]] = {
        name: defaultdict(list) for name in ("email", "external_id", "source_id", "name", "held")
    }
    known = answers | {key for one in people for key in (*one.emails, one.external_id) if key}
    for row in canonical_rows(database, "person", destination, _PERSON):
        there = _person(row)
        is_agent = there.role in AGENT_ROLES
        for email in there.emails:
            if email in known:
                by["held"][email].append(there)
        if there.is_active is False:
            continue
        for email in there.emails:
            if is_agent or email in known:
                by["email"][email].append(there)
        if there.external_id in known:
            by["external_id"][str(there.external_id)].append(there)
        if is_agent:
            by["name"][folded(there.name)].append(there)
        if is_agent or there.source_id in answers:
            by["source_id"][there.source_id].append(there)
    return by


def _match_group(
    group: list[_Person], by: dict[str, dict[str, list[Any]]], mapping: RouteMapping, matches: Matches,
    made: Mapping[str, str | None],
) -> None:  # fmt: skip
    lead = min(group, key=lambda one: (one.id not in made, one.role not in AGENT_ROLES, one.is_active is False,
                                       bool(one.suspended), one.created, one.id))  # fmt: skip
    # Whoever crossed for themselves stays who they are there: what names them was written under their own contact.
    matches.leads.update({one.id: lead.id for one in group if one.id != lead.id and one.id not in made})
    if lead.id in made:
        for one in group:
            if one.id in made:
                _made_before(one, made[one.id], by, matches)
        return
    is_agent = lead.role in AGENT_ROLES
    names = [key for one in group for key in (one.source_id, *one.emails)]
    section = "agents" if is_agent else "people"
    answer = mapping.choice(section, *names, lead.name if is_agent else None)
    if answer == PLACEHOLDER or (answer is None and lead.role in MACHINE_ROLES):
        matches.placeholders.add(lead.id)
        return
    if answer not in (None, CREATE):
        matches.found[lead.id] = answered(answer, by, "person", lead.name or lead.email)
        return
    if answer == CREATE:
        _leave_taken(lead, None, by, matches)
    found = None if answer == CREATE else _candidate(lead, group, by, matches)
    if found is not None:
        matches.found[lead.id] = found
    if is_agent and (found is None or found.role not in AGENT_ROLES):
        matches.placeholders.add(lead.id)


def _made_before(person: _Person, remote_id: str | None, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    """Add what became since of a person whom an earlier run created: an agent there, or somebody's address."""
    if remote_id is None:
        return
    now = next((one for one in by["source_id"].get(remote_id, ()) if one.role in AGENT_ROLES), None)
    if now is not None:
        matches.found[person.id] = Found("person", now.source_id, now.source_object, now.name, now.role, "earlier")
        return
    if person.role in AGENT_ROLES | MACHINE_ROLES:
        matches.placeholders.add(person.id)
    _leave_taken(person, remote_id, by, matches)


def _leave_taken(person: _Person, remote_id: str | None, by: dict[str, dict[str, list[Any]]], matches: Matches) -> None:
    """Note the addresses that others have there: no two people share one."""
    taken = {email for email in person.emails for one in by["held"].get(email, ()) if one.source_id != remote_id}
    if taken:
        matches.taken[person.id] = matches.taken.get(person.id, frozenset()) | taken


def _candidate(
    lead: _Person, group: list[_Person], by: dict[str, dict[str, list[Any]]], matches: Matches
) -> Found | None:
    """Return the person of the destination; an agent there is preferred, and so is the primary address."""
    emails = [email for one in group for email in one.emails]
    external = [one.external_id for one in group if one.external_id]
    tries = (("email", emails), ("external_id", external))
    for how, keys in tries:
        candidates = {one.id: one for key in keys for one in by[how].get(key, ())}
        agents = {key: one for key, one in candidates.items() if one.role in AGENT_ROLES}
        chosen = agents or candidates
        if not chosen:
            continue
        if len(chosen) > 1:
            primary = [one for one in chosen.values() if lead.email and lead.email in one.emails]
            default = primary[0].source_id if len(primary) == 1 else None
            question = ambiguous("person", lead, chosen.values(), how, default)
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
