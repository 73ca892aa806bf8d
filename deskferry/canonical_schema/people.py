"""Organizations, people, teams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical, by_raw_record, text_flags
from deskferry.canonical_schema.columns import choice, flag, json_value, text, time
from deskferry.canonical_schema.enums import Role


class Organization(Canonical, table=True):
    """A company or other group of customers."""

    __tablename__ = "organization"

    name: str | None = text("Its name")
    domains: Any = json_value(shapes.TEXTS, "E-mail domains whose senders belong to it, lower-cased")
    external_id: str | None = text("The id that the customer's own systems gave it")
    address: str | None = text("Postal address, lines separated by line feeds")
    details: str | None = text("What it is, in the vendor's field for facts")
    notes: str | None = text("What agents noted about it")
    custom_fields: Any = json_value(shapes.OBJECT, "Values by `custom_field.key`")
    text_flags: str | None = text_flags()


class Person(Canonical, table=True):
    """A customer, an agent, a bot, or the vendor's own system user."""

    __tablename__ = "person"

    name: str | None = text("Full name as shown")
    first_name: str | None = text("Given name, where the vendor keeps it apart")
    last_name: str | None = text("Family name, where the vendor keeps it apart")
    email: str | None = text("Primary e-mail address, lower-cased", index=True)
    emails: Any = json_value(shapes.EMAILS, "All e-mail addresses, the primary one included")
    phone: str | None = text("Primary phone number as the vendor keeps it")
    phones: Any = json_value(shapes.PHONES, "All phone numbers, the primary one included")
    identities: Any = json_value(shapes.IDENTITIES, "Social handles, chat ids and the like")
    role: str | None = choice(Role, "What the person is in the desk now")
    job_title: str | None = text("Job title")
    address: str | None = text("Postal address, lines separated by line feeds")
    notes: str | None = text("What agents noted about the person")
    organization_id: str | None = text("The organization the person mainly belongs to")
    external_id: str | None = text("The id that the customer's own systems gave the person")
    language: str | None = text("Language of the person as a BCP 47 tag, e.g. `pt-BR`")
    timezone: str | None = text("Time zone as the vendor names it, IANA where it can be told")
    is_active: bool | None = flag("False when deactivated or deleted softly")
    suspended: bool | None = flag("True when the desk refuses what the person sends")
    opted_out: bool | None = flag("True when the person does not want marketing or surveys")
    merged_into_id: str | None = text("The person that this one was merged into")
    is_placeholder: bool | None = flag("True for a stand-in that deskferry made for a person the desk lacks")
    signature: str | None = text("E-mail signature of an agent, HTML where the vendor keeps HTML")
    signup_at: datetime | None = time("When the person signed up at the customer's product")
    custom_fields: Any = json_value(shapes.OBJECT, "Values by `custom_field.key`")
    text_flags: str | None = text_flags()


class PersonOrganization(Canonical, table=True):
    """One membership of a person in an organization; a person may have several."""

    __tablename__ = "person_organization"
    __table_args__ = (by_raw_record("person_organization"),)

    person_id: str = text("The member", required=True, index=True)
    organization_id: str = text("The organization", required=True, index=True)
    is_primary: bool | None = flag("True for the membership that new tickets get")


class RoleChange(Canonical, table=True):
    """From when on a person had a role: who answered as an agent stays one in old messages."""

    __tablename__ = "role_change"

    person_id: str = text("Whose role changed", required=True, index=True)
    role: str | None = choice(Role, "The role from then on")
    from_at: datetime | None = time("From when on")


class Team(Canonical, table=True):
    """A group of agents."""

    __tablename__ = "team"

    name: str | None = text("Its name")
    description: str | None = text("What it is for")


class TeamMember(Canonical, table=True):
    """One agent's membership of a team."""

    __tablename__ = "team_member"
    __table_args__ = (by_raw_record("team_member"),)

    team_id: str = text("The team", required=True, index=True)
    person_id: str = text("The agent", required=True, index=True)
