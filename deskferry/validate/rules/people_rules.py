"""Rules on people, organizations and teams, and on who works on a ticket."""

from __future__ import annotations

from functools import partial
from zoneinfo import available_timezones

import ibis
import ibis.expr.types as ir

from deskferry.canonical_schema.enums import AGENT_ROLES
from deskferry.store.json_texts import elements
from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_UNSOLVED = ("new", "open", "pending", "on_hold")
_PERSON = ("key_of_id", "role", "is_active", "suspended")
_ASSIGNED = {"ticket": ("key_of_assignee_id", "key_of_team_id", "status"), "person": _PERSON}
_WAYS = ("email", "phone", "emails", "phones", "identities")


def _none(value: ir.StringValue) -> ir.BooleanValue:
    return value.isnull() | value.isin(("", "[]"))


def _no(flag: ir.BooleanValue) -> ir.BooleanValue:
    return ~flag.fill_null(ibis.literal(value=False))


def _own(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    """Return who stands for himself: merged people and stand-ins do not."""
    return rows.key_of_merged_into_id.isnull() & _no(rows.is_placeholder)


def _unknown_zone(table: str, rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    if f"zones of {table}" not in desk.kept:
        told = desk.live(table).select("timezone").distinct().to_pyarrow()["timezone"].to_pylist()
        desk.kept[f"zones of {table}"] = sorted(set(told) - available_timezones() - {None})
    unknown = desk.kept[f"zones of {table}"]
    return rows.timezone.isin(unknown) if unknown else ibis.literal(value=False)


def _two_roles(desk: Desk) -> ir.Table:
    """Yield customers whose address is an agent's as well."""
    rows = desk.live("person")
    rows = rows.filter(_own(rows, desk), rows.email.notnull())
    agents = rows.filter(rows.role.isin(sorted(AGENT_ROLES))).select("connection", "email").distinct()
    return rows.filter(rows.role == "end_user").semi_join(agents, ["connection", "email"]).mutate(record_id="id")


def _same_email(desk: Desk) -> ir.Table:
    rows = desk.live("person")
    rows = rows.filter(_own(rows, desk), rows.email.notnull())
    several = rows.group_by("connection", "email").aggregate(
        people=rows.count(), customers=(rows.role == "end_user").sum()
    )
    # An agent and a customer of one address are `person.agent_and_end_user`.
    several = several.filter((several.customers > 1) | (several.people - several.customers > 1))
    return rows.inner_join(several, ["connection", "email"]).mutate(record_id=rows.id)


def _same_name(desk: Desk) -> ir.Table:
    rows = desk.live("organization")
    rows = rows.filter(rows.name.notnull()).mutate(plain=rows.name.strip().lower())
    several = rows.group_by("connection", "plain").aggregate(others=rows.count() - 1).filter(ibis._.others > 0)
    return rows.inner_join(several, ["connection", "plain"]).mutate(record_id=rows.id)


def _empty_organizations(desk: Desk) -> ir.Table:
    members = desk.live("person").select(held="key_of_organization_id")
    members = members.union(desk.live("person_organization").select(held="key_of_organization_id"))
    return desk.live("organization").anti_join(members, [("key_of_id", "held")]).mutate(record_id="id")


def _shared_domain(desk: Desk) -> ir.Table:
    rows = desk.live("organization")
    rows = rows.filter(rows.domains.notnull())
    rows = rows.select("connection", record_id="id", domain=elements(rows.domains).unnest())
    rows = rows.distinct()
    several = rows.group_by("connection", "domain").aggregate(others=rows.count() - 1).filter(ibis._.others > 0)
    found = rows.inner_join(several, ["connection", "domain"])
    return found.group_by("connection", "record_id").aggregate(domains=found.count(), others=found.others.max())


def _without_members(desk: Desk) -> ir.Table:
    members = desk.live("team_member").select("connection", held="key_of_team_id")
    teams = desk.live("team").semi_join(members, "connection")  # some vendors do not tell who is in a team
    return teams.anti_join(members, [("key_of_id", "held")]).mutate(record_id="id")


def _assigned(desk: Desk) -> ir.Table:
    """Return unsolved tickets beside whom they are assigned to."""
    tickets = desk.live("ticket")
    people = desk.every("person").select(
        "role", "is_active", "suspended", key_of_assignee_id="key_of_id", gone_at="deleted_at"
    )
    return tickets.inner_join(people, "key_of_assignee_id").mutate(record_id=tickets.id)


def _by_inactive(desk: Desk) -> ir.Table:
    rows = _assigned(desk)
    left = rows.gone_at.notnull() | ~rows.is_active.fill_null(ibis.literal(value=True)) | ~_no(rows.suspended)
    return rows.filter(rows.status.isin(_UNSOLVED), left)


def _by_customer(desk: Desk) -> ir.Table:
    rows = _assigned(desk)
    return rows.filter(rows.role == "end_user")


def _outside_team(desk: Desk) -> ir.Table:
    """Yield unsolved tickets whose agent is in other teams than theirs; of teams that are known to have members."""
    members = desk.live("team_member").select(key_of_team_id="key_of_team_id", key_of_assignee_id="key_of_person_id")
    tickets = desk.live("ticket")
    tickets = tickets.filter(
        tickets.status.isin(_UNSOLVED), tickets.key_of_team_id.notnull(), tickets.key_of_assignee_id.notnull()
    )
    known = tickets.semi_join(members.select("key_of_team_id"), "key_of_team_id")
    return known.anti_join(members, ["key_of_team_id", "key_of_assignee_id"]).mutate(record_id="id")


_OF_PERSON = ("email", "role", "key_of_merged_into_id", "is_placeholder")

RULES = (
    Rule(
        "person.agent_and_end_user", "person", Dimension.UNIQUENESS, Severity.WARNING,
        "Customers who are agents as well", "a customer with the address of an agent",
        "Merge the customer into the agent: what either writes is read by the role of the one that wrote it.",
        {"person": _OF_PERSON}, offending=_two_roles, among=lambda rows, _desk: rows.role == "end_user",
    ),
    Rule(
        "person.duplicate_email", "person", Dimension.UNIQUENESS, Severity.WARNING,
        "People who share an address", "one of {people} people with the same address",
        "`deskferry duplicates` proposes whom to merge.",
        {"person": _OF_PERSON}, offending=_same_email, among=lambda rows, desk: rows.email.notnull() & _own(rows, desk),
    ),
    Rule(
        "person.no_way_to_reach", "person", Dimension.COMPLETENESS, Severity.WARNING,
        "Customers without address, number or handle", "nothing by which an answer could reach the person",
        "Tickets of such people cannot be answered, and cross with a stand-in only.",
        {"person": (*_WAYS, "role", "key_of_merged_into_id", "is_placeholder")},
        where=lambda rows, _desk: ibis.and_(*(_none(rows[name]) for name in _WAYS)),
        among=lambda rows, desk: (rows.role == "end_user") & _own(rows, desk),
    ),
    Rule(
        "person.unknown_timezone", "person", Dimension.ACCURACY, Severity.WARNING,
        "People in a time zone that does not exist", "time zone {timezone}",
        "Correct it at the vendor: business hours and local times of the person fall back to UTC.",
        {"person": ("timezone",)}, where=partial(_unknown_zone, "person"),
        among=lambda rows, _desk: rows.timezone.notnull(),
    ),
    Rule(
        "schedule.unknown_timezone", "schedule", Dimension.ACCURACY, Severity.ERROR,
        "Business hours in a time zone that does not exist", "time zone {timezone}",
        "Correct it at the vendor: business time cannot be told.",
        {"schedule": ("timezone",)},
        where=lambda rows, desk: _unknown_zone("schedule", rows, desk) | rows.timezone.isnull(),
    ),
    Rule(
        "organization.without_people", "organization", Dimension.COMPLETENESS, Severity.INFO,
        "Organizations without people", "nobody belongs to it",
        "Leave it out of a migration, or pull the people, too.",
        {"organization": ("key_of_id",), "person": ("key_of_organization_id",),
         "person_organization": ("key_of_organization_id",)},
        offending=_empty_organizations,
    ),
    Rule(
        "organization.domain_of_several", "organization", Dimension.UNIQUENESS, Severity.WARNING,
        "Organizations that share a domain", "{domains} of its domains belong to other organizations as well",
        "Whoever writes from there is put into one of them by chance: leave the domain to one.",
        {"organization": ("domains",)}, offending=_shared_domain,
        among=lambda rows, _desk: ~_none(rows.domains),
    ),
    Rule(
        "organization.duplicate_name", "organization", Dimension.UNIQUENESS, Severity.WARNING,
        "Organizations of the same name", "{others} others have the same name",
        "`deskferry duplicates --kind organization` proposes which to merge.",
        {"organization": ("name",)}, offending=_same_name, among=lambda rows, _desk: rows.name.notnull(),
    ),
    Rule(
        "team.without_members", "team", Dimension.COMPLETENESS, Severity.WARNING,
        "Teams without members", "nobody is in it",
        "What is assigned to it waits: put somebody in, or leave it out of a migration.",
        {"team": ("key_of_id",), "team_member": ("key_of_team_id",)}, offending=_without_members,
    ),
    Rule(
        "ticket.assignee_inactive", "ticket", Dimension.TIMELINESS, Severity.WARNING,
        "Open tickets of agents who are gone", "{status}, and its agent is inactive, suspended or deleted",
        "Assign it to somebody who works here.",
        _ASSIGNED, offending=_by_inactive,
        among=lambda rows, _desk: rows.status.isin(_UNSOLVED) & rows.key_of_assignee_id.notnull(),
    ),
    Rule(
        "ticket.assignee_is_end_user", "ticket", Dimension.CONSISTENCY, Severity.WARNING,
        "Tickets that are assigned to a customer", "{status}, and its agent has the role {role}",
        "An agent who became a customer: at most vendors nobody sees such a ticket in his queue.",
        _ASSIGNED, offending=_by_customer, among=lambda rows, _desk: rows.key_of_assignee_id.notnull(),
    ),
    Rule(
        "ticket.assignee_not_in_team", "ticket", Dimension.CONSISTENCY, Severity.WARNING,
        "Open tickets whose agent is not in their team", "{status}, and its agent belongs to other teams only",
        "Assign it to another agent or team; most vendors refuse the pair.",
        {**_ASSIGNED, "team_member": ("key_of_team_id", "key_of_person_id")}, offending=_outside_team,
        among=lambda rows, _desk: rows.status.isin(_UNSOLVED) & rows.key_of_assignee_id.notnull(),
    ),
)  # fmt: skip
