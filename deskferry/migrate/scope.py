"""What crosses and what stays: the user's scope and the mapping's `leave_out`, resolved to records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, literal, or_, select, union

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.mapping import Unreadable
from deskferry.errors import ConfigError
from deskferry.migrate.mapping_file import LeaveOut, fold
from deskferry.migrate.matches import AGENT_ROLES, MACHINE_ROLES, Matches
from deskferry.migrate.scope_knowledge import KNOWLEDGE, choose_knowledge
from deskferry.store.upsert import chunks

KINDS = ("organization", "person", "ticket", *KNOWLEDGE)
"""What is written for itself, in this order; the rest travels with tickets."""
_AMONG = 500
_GONE = frozenset({"deleted", "spam", "merged"})
_SELECT = frozenset(
    {"brand", "inbox", "team", "tag", "status", "created_from", "created_to", "updated_from", "updated_to"}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the user wants to move."""

    only: tuple[str, ...] = ()
    """Kinds; empty: all. People and organizations of chosen tickets come along."""
    since: str | None = None
    """Only what was updated since."""
    early: bool = False
    """Only tickets that are final: closed for good, or archived."""
    sample: int | None = None
    """So many tickets, spread over the whole time."""
    tickets: tuple[str, ...] = ()
    """These tickets and no others."""
    select: Mapping[str, Any] = field(default_factory=dict)
    """The route's `select`: brand, inbox, team, tag, status, created_from/to, updated_from/to."""

    def __post_init__(self) -> None:
        unknown = set(self.only) - set(KINDS)
        if unknown:
            raise ConfigError(f"--only takes {', '.join(KINDS)}, not {', '.join(sorted(unknown))}.")
        if set(self.select) - _SELECT:
            wrong = ", ".join(sorted(set(self.select) - _SELECT))
            raise ConfigError(f"select has no {wrong}.", f"It takes {', '.join(sorted(_SELECT))}.")

    @property
    def partial(self) -> bool:
        """Whether only the people and organizations of the chosen tickets come along."""
        return bool(self.sample is not None or self.tickets or self.select or self.since or self.early)


@dataclass(slots=True)
class Selection:
    """The records that cross, in the order in which they are written, and how many stay and why."""

    organizations: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    missing_people: set[str] = field(default_factory=set)
    """People whom tickets name and whom the store lacks: a stand-in is made for each."""
    left_people: set[str] = field(default_factory=set)
    left_organizations: set[str] = field(default_factory=set)
    ticket_set: frozenset[str] = frozenset()
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, reason) → how many stay."""
    gone: dict[str, list[str]] = field(default_factory=dict)
    """Kind → records that the source has deleted, merged away or marked as spam: they may have crossed before."""
    knowledge: dict[str, list[str]] = field(default_factory=dict)
    """Categories, articles, macros."""

    def of(self, kind: str) -> list[str]:
        """Return the ids of one kind."""
        if kind in KNOWLEDGE:
            return self.knowledge.get(kind, [])
        return {"organization": self.organizations, "person": self.people, "ticket": self.tickets}[kind]


def choose(database: Connection, source: str, scope: Scope, leave: LeaveOut, matches: Matches) -> Selection:
    """Return what crosses."""
    chosen = Selection()
    _choose_tickets(database, source, scope, leave, chosen)
    people, organizations = _referred(database, chosen)
    _choose_people(database, source, scope, leave, matches, chosen, people)
    _choose_organizations(database, source, scope, matches, chosen, organizations)
    choose_knowledge(database, source, scope, _instant(scope.since), matches.found, chosen)
    return chosen


# ------------------------------------------------------------------------------------------------------------ tickets


def _reason(leave: LeaveOut) -> ColumnElement[Any]:
    """Return why a ticket stays, or NULL, as SQL."""
    ticket, tagging, team = sql_table("ticket"), sql_table("tagging"), sql_table("team")
    tagged = exists().where(tagging.c.record_id == ticket.c.id, tagging.c.deleted_at.is_(None),
                            func.lower(tagging.c.tag).in_([tag.lower() for tag in leave.tags]))  # fmt: skip
    in_team = or_(
        ticket.c.team_id.in_(select(team.c.id).where(func.lower(team.c.name).in_([n.lower() for n in leave.teams]))),
        *(ticket.c.team_id.like(f"%:{name}") for name in leave.teams if name.isalnum()),
    )
    labels = [fold(status) for status in leave.statuses]
    rules: list[tuple[bool, ColumnElement[bool], str]] = [
        (leave.deleted, or_(ticket.c.deleted_at.is_not(None), ticket.c.status == "deleted"), "deleted"),
        (leave.spam, or_(ticket.c.status == "spam", ticket.c.is_spam.is_(True)), "spam"),
        (leave.merged, or_(ticket.c.status == "merged", ticket.c.merged_into_id.is_not(None)), "merged"),
        (bool(labels), or_(ticket.c.status.in_(labels), func.lower(ticket.c.status_label).in_(labels)), "status"),
        (bool(leave.tags), tagged, "tag"),
        (bool(leave.teams), in_team, "team"),
    ]
    if leave.created_before is not None:
        rules.append((True, ticket.c.created_at < _instant(leave.created_before), "created_before"))
    held = [(condition, literal(reason)) for wanted, condition, reason in rules if wanted]
    return case(*held, else_=None) if held else literal(None)


def _instant(text: str | None) -> str | None:
    try:
        return time_text(text)
    except Unreadable:
        raise ConfigError(f"{text!r} is no time.", "Write it as 2026-01-31 or 2026-01-31T12:00:00Z.") from None


def _wanted(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the scope's conditions on tickets."""
    ticket = sql_table("ticket")
    conditions: list[ColumnElement[bool]] = []
    if scope.since is not None:
        conditions.append(ticket.c.updated_at >= _instant(scope.since))
    if scope.early:
        conditions.append(or_(ticket.c.status == "closed", ticket.c.is_archived.is_(True)))
    times = {"created_from": ("created_at", ">="), "created_to": ("created_at", "<"),
             "updated_from": ("updated_at", ">="), "updated_to": ("updated_at", "<")}  # fmt: skip
    for name, (column, sign) in times.items():
        if name in scope.select:
            moment = _instant(str(scope.select[name]))
            conditions.append(ticket.c[column] >= moment if sign == ">=" else ticket.c[column] < moment)
    for name, column in (("brand", "brand_id"), ("inbox", "inbox_id"), ("team", "team_id")):
        if name in scope.select:
            conditions.append(_named("team" if name == "team" else "inbox", column, _texts(scope.select[name])))
    if "status" in scope.select:
        wanted = [fold(one) for one in _texts(scope.select["status"])]
        conditions.append(or_(ticket.c.status.in_(wanted), func.lower(ticket.c.status_label).in_(wanted)))
    if "tag" in scope.select:
        tagging = sql_table("tagging")
        tags = [tag.lower() for tag in _texts(scope.select["tag"])]
        conditions.append(exists().where(tagging.c.record_id == ticket.c.id, func.lower(tagging.c.tag).in_(tags)))
    return conditions


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]


def _named(kind: str, column: str, names: Sequence[str]) -> ColumnElement[bool]:
    ticket, table = sql_table("ticket"), sql_table(kind)
    found = select(table.c.id).where(
        or_(func.lower(table.c.name).in_([name.lower() for name in names]), table.c.source_id.in_(names))
    )
    return ticket.c[column].in_(found)


def _choose_tickets(database: Connection, source: str, scope: Scope, leave: LeaveOut, chosen: Selection) -> None:
    ticket = sql_table("ticket")
    if scope.only and "ticket" not in scope.only:
        return
    reason = _reason(leave).label("reason")
    statement = (
        select(ticket.c.id, reason)
        .where(ticket.c.connection == source, *_wanted(scope))
        .order_by(ticket.c.created_at, func.length(ticket.c.source_id), ticket.c.source_id)
    )
    if not leave.deleted:
        statement = statement.where(or_(ticket.c.deleted_at.is_(None), ticket.c.status == "deleted"))
    named = set(scope.tickets)
    for row in database.execute(statement.execution_options(yield_per=5000)):
        if named and row.id not in named:
            continue
        if row.reason is None:
            chosen.tickets.append(row.id)
        else:
            chosen.left_out["ticket", row.reason] += 1
            if row.reason in _GONE:
                chosen.gone.setdefault("ticket", []).append(row.id)
    if scope.sample is not None and len(chosen.tickets) > scope.sample:
        step = len(chosen.tickets) / max(scope.sample, 1)
        chosen.tickets = [chosen.tickets[int(n * step)] for n in range(scope.sample)]
    chosen.ticket_set = frozenset(chosen.tickets)


# ---------------------------------------------------------------------------------------------- people, organizations


def _referred(database: Connection, chosen: Selection) -> tuple[set[str], set[str]]:
    """Return the people and organizations that the chosen tickets and their messages name."""
    people: set[str] = set()
    organizations: set[str] = set()
    ticket = sql_table("ticket")
    for part in chunks(chosen.tickets, _AMONG):
        people.update(database.execute(_people_of(part)).scalars())
        statement = select(ticket.c.organization_id).where(ticket.c.id.in_(part)).distinct()
        organizations.update(one for one in database.execute(statement).scalars() if one)
    return people, organizations


def _people_of(tickets: Sequence[str]) -> Any:
    """Return a statement for the people whom tickets name."""
    ticket, message = sql_table("ticket"), sql_table("message")
    parts: list[Select[Any]] = []
    for table, column, key in (
        (ticket, "requester_id", "id"), (ticket, "submitter_id", "id"), (ticket, "assignee_id", "id"),
        (message, "author_id", "ticket_id"),
        (sql_table("ticket_follower"), "person_id", "ticket_id"),
        (sql_table("survey_response"), "person_id", "ticket_id"),
    ):  # fmt: skip
        parts.append(select(table.c[column]).where(table.c[column].is_not(None), table.c[key].in_(tickets)))
    return union(*parts)


def _choose_people(
    database: Connection,
    source: str,
    scope: Scope,
    leave: LeaveOut,
    matches: Matches,
    chosen: Selection,
    referred: set[str],
) -> None:
    needed = {matches.lead(one) for one in referred}
    table = sql_table("person")
    columns = (table.c.id, table.c.role, table.c.is_active, table.c.suspended, table.c.deleted_at, table.c.updated_at)
    statement = select(*columns).where(table.c.connection == source)
    statement = statement.order_by(table.c.created_at, func.length(table.c.source_id), table.c.source_id)
    whole = (not scope.only or "person" in scope.only) and (not scope.partial or scope.since is not None)
    since = None if scope.since is None else time_text(scope.since)
    known: set[str] = set()
    for row in database.execute(statement.execution_options(yield_per=5000)):
        known.add(row.id)
        if row.id in matches.leads or row.id in matches.found:
            continue
        if row.id in needed:
            chosen.people.append(row.id)
            continue
        reason = _why_left(row, leave, matches)
        if reason is None and whole and (since is None or _after(row.updated_at, since)):
            chosen.people.append(row.id)
            continue
        chosen.left_people.add(row.id)
        if whole and reason is not None:
            chosen.left_out["person", reason] += 1
        if reason in _GONE:
            chosen.gone.setdefault("person", []).append(row.id)
    if not scope.only or {"ticket", "person"} & set(scope.only):
        chosen.missing_people = {one for one in needed - known if one not in matches.found}
        chosen.people += sorted(chosen.missing_people)


def _after(moment: Any, since: str | None) -> bool:
    return moment is not None and since is not None and moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") >= since


def _why_left(row: Any, leave: LeaveOut, matches: Matches) -> str | None:
    if row.deleted_at is not None or (row.is_active is False and leave.deleted):
        return "deleted"
    if row.suspended and leave.suspended:
        return "suspended"
    if row.role in AGENT_ROLES or row.id in matches.placeholders:
        return "agent_not_named"
    return "machine_not_named" if row.role in MACHINE_ROLES else None


def _choose_organizations(
    database: Connection, source: str, scope: Scope, matches: Matches, chosen: Selection, referred: set[str]
) -> None:
    table, person = sql_table("organization"), sql_table("person")
    whole = (not scope.only or "organization" in scope.only) and not scope.partial
    needed = {matches.lead(one) for one in referred}
    if not whole:
        for part in chunks(chosen.people, _AMONG):
            found = select(person.c.organization_id).where(person.c.id.in_(part)).distinct()
            needed.update(matches.lead(one) for one in database.execute(found).scalars() if one)
    statement = (
        select(table.c.id)
        .where(table.c.connection == source, table.c.deleted_at.is_(None))
        .order_by(table.c.created_at, func.length(table.c.source_id), table.c.source_id)
    )
    for record_id in database.execute(statement).scalars():
        if record_id in matches.found or record_id in matches.leads:
            continue
        if record_id in matches.refused:
            chosen.left_out["organization", "mapping"] += 1
        elif whole or record_id in needed:
            chosen.organizations.append(record_id)
        else:
            chosen.left_organizations.add(record_id)
