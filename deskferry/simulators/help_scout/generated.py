"""A generated account, told as Help Scout would have it: the same people and tickets in the vendor's words.

Staff who left are no users any more; deleted customers are gone but their conversations stay. Person and organization
fields become properties, ticket fields become custom fields of every inbox, groups teams, macros saved replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.simulators import account as neutral
from deskferry.simulators.account.side import Field
from deskferry.simulators.help_scout import (
    customers,
    generated_conversations,
    inboxes,
    organizations,
    people,
    properties,
    saved_replies,
    users,
    workflows,
)
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.times import stamp

FIELD_TYPES = {
    "text": "singleline",
    "regexp": "singleline",
    "decimal": "singleline",
    "multiselect": "singleline",
    "textarea": "multiline",
    "integer": "number",
    "date": "date",
    "dropdown": "dropdown",
    "checkbox": "dropdown",
}
PROPERTY_TYPES = {"dropdown": "dropdown", "integer": "number", "date": "date"}
ROLES = {"admin": "owner", "agent": "user", "light_agent": "user"}
YES_NO = ("Yes", "No")
NAME = 40
WITHOUT_A_NAME = 7


class Filler:
    """Puts a generated account into a desk, and remembers which key became which id."""

    def __init__(self, account: Account, source: neutral.Account) -> None:
        self.account = account
        self.source = source
        self.users: dict[int, int] = {}
        self.customers: dict[int, int] = {}
        self.organizations: dict[int, int] = {}
        self.teams: dict[int, int] = {}
        self.inboxes: dict[int, int] = {}
        self.fields: dict[tuple[int, str], Row] = {}
        self.saved: dict[int, int] = {}
        self.ai = 0

    def fill(self) -> None:
        """Store all of it, in an order in which references are known."""
        for person in self.source.agents:
            self._staff(person)
        self._ai()
        self._teams()
        self._inboxes()
        self._properties()
        for organization in self.source.organizations:
            self._organization(organization)
        for person in self.source.people:
            if not person.is_staff:
                self._customer(person)
        workflows.prepare(self.account, list(self.inboxes.values()))
        generated_conversations.fill(self)

    @property
    def is_ugly(self) -> bool:
        """Say whether the account has what real ones have."""
        return self.source.profile == "ugly"

    def _staff(self, person: neutral.Person) -> None:
        times = {"createdAt": stamp(person.created_at), "updatedAt": stamp(person.updated_at)}
        values: Row = {"name": person.name, "email": person.emails[0], "role": ROLES[person.role], **times}
        if person.key % 2 == 0:
            values |= {"photoUrl": f"https://d33v4339jhl8k0.cloudfront.net/users/{person.key}.jpg", "jobTitle": "Agent"}
            values |= {"phone": "+34 600 00 00 00", "alternateEmails": [f"alias{person.key}@acme.example"]}
        row = users.add_user(self.account, {**values, "timezone": person.timezone})
        self.users[person.key] = row["id"]
        if not person.active:
            self.account.gone_users[row["id"]] = self.account.tables["users"].pop(row["id"])

    def _ai(self) -> None:
        """Add the vendor's assistant: no user, but it writes."""
        row_id = self.account.new_id("users")
        row: Row = {"id": row_id, "type": people.SYSTEM_USER, "firstName": "AI", "lastName": "Answers", "email": ""}
        self.account.gone_users[row_id] = row
        self.ai = row_id

    def _teams(self) -> None:
        for group in self.source.side.groups:
            if not group.deleted:
                members = [self.users[p.key] for p in self.source.agents if group.key in p.groups]
                self.teams[group.key] = users.add_team(self.account, group.name, members)["id"]

    def _inboxes(self) -> None:
        side, moment = self.source.side, stamp(self.source.agents[0].created_at)
        times = {"createdAt": moment, "updatedAt": moment}
        for box in side.mailboxes:
            row = inboxes.add(self.account, box.name, box.email, **times)
            self.inboxes[box.key] = row["id"]
            for field in side.fields:
                if field.kind == "ticket" and field.active:
                    labels = YES_NO if field.type == "checkbox" else tuple(label for _, label in field.options)
                    kind = FIELD_TYPES[field.type]
                    self.fields[box.key, field.key] = inboxes.add_field(
                        self.account, row["id"], field.title, kind, labels if kind == "dropdown" else ()
                    )
            for macro in side.macros:
                self._saved_reply(row["id"], macro)

    def _saved_reply(self, inbox: int, macro: Any) -> None:
        actions = dict(macro.actions)
        text = actions.get("comment_value_html") or actions.get("comment_value")
        if text and macro.active:
            body = f"<p>{text[-1] if isinstance(text, list) else text}</p>" if "<" not in text else text
            row = saved_replies.add(self.account, inbox, macro.title, str(body))
            self.saved[inbox] = row["id"]

    def _properties(self) -> None:
        tables = {"person": "customer_properties", "organization": "organization_properties"}
        for field in self.source.side.fields:
            if field.kind in tables:
                labels = tuple(label for _, label in field.options)
                kind = PROPERTY_TYPES.get(field.type, "text")
                properties.define(self.account, tables[field.kind], field.title, kind, labels, slug=field.key)

    def values(self, inbox: int, given: Mapping[str, Any]) -> dict[int, str]:
        """Return custom values by the ids of an inbox: texts all, of a dropdown the id of the option."""
        found: dict[int, str] = {}
        for key, value in given.items():
            row = self.fields.get((inbox, key))
            if row is not None and value not in (None, (), ""):
                found[row["id"]] = _text(row, self._field(key), value)
        return found

    def _field(self, key: str) -> Field:
        return next(field for field in self.source.side.fields if field.key == key)

    def _organization(self, given: neutral.Organization) -> None:
        values: Row = {"name": given.name, "domains": list(given.domains), "description": given.details or None}
        values |= {"note": given.notes or None, "website": f"https://{given.domains[0]}"}
        if given.key % 3 == 0:
            values |= {"phones": ["+34 900 000 000"], "location": "Bilbao", "brandColor": "#1292ee"}
            values["logoUrl"] = f"https://d33v4339jhl8k0.cloudfront.net/logos/{given.key}.png"
        values |= {"createdAt": stamp(given.created_at), "updatedAt": stamp(given.updated_at)}
        values["_properties"] = self._property_values("organization", given.fields)
        self.organizations[given.key] = organizations.add(self.account, values)["id"]

    def _property_values(self, kind: str, given: Mapping[str, Any]) -> Row:
        table = self.account.tables["customer_properties" if kind == "person" else "organization_properties"]
        definitions = {row["slug"]: row for row in table.values()}
        found: Row = {}
        for key, value in given.items():
            if value is not None and key in definitions:
                found[key] = _text(definitions[key], self._field(key), value)
        return found

    def _customer(self, person: neutral.Person) -> None:
        first, _, last = person.name.partition(" ")
        if person.name == "-":  # some have no name at all
            first = last = ""
        elif person.key % WITHOUT_A_NAME == 0:
            first, last = person.name, ""
        organization = next((self.organizations[key] for key in person.organizations), None)
        values: Row = {"firstName": first[:NAME] or None, "lastName": last[:NAME] or None}
        values |= {"organizationId": organization, "background": person.notes or None}
        values["organization"] = self.account.tables["organizations"].get(organization or 0, {}).get("name")
        values |= {"createdAt": stamp(person.created_at), "updatedAt": stamp(person.updated_at)}
        kinds = ("work", "home", "other")
        addresses = [address for address in person.emails if address.casefold() not in self.account.emails]
        values["_emails"] = [{"value": one, "type": kinds[n % 3]} for n, one in enumerate(addresses)]
        values["_phones"] = [{"value": one, "type": "mobile" if n else "work"} for n, one in enumerate(person.phones)]
        values["_properties"] = self._property_values("person", person.fields)
        values |= self._extras(person) if self.is_ugly else {}
        row = customers.add(self.account, values)
        self.customers[person.key] = row["id"]
        if person.erased or not person.active:
            customers.forget(self.account, row)

    def _extras(self, person: neutral.Person) -> Row:
        handle, found = f"customer{person.key}", Row()
        if person.key % 9 == 0:
            photo = f"https://secure.gravatar.com/avatar/{person.key:032x}"
            found |= {"photoType": "gravatar", "photoUrl": photo, "gender": "Female", "age": "30-35"}
            found |= {"jobTitle": "CEO 🦊", "location": "Málaga"}
        if person.twitter or person.key % 6 == 0:
            profile = {"value": f"https://twitter.com/{person.twitter or handle}", "type": "twitter"}
            found["_social_profiles"] = [profile]
        if person.key % 8 == 0:
            found["_chats"] = [{"value": f"{handle}.skype", "type": "skype"}]
            found["_websites"] = [{"value": f"https://{handle}.example/größe"}]
        if person.key % 5 == 0:
            lines = ["Calle Mayor 1", "2.º izquierda"]
            address = {"city": "Madrid", "lines": lines, "state": "", "postalCode": "28013", "country": "ES"}
            found["_address"] = address
        return found


def _text(row: Row, field: Field, value: Any) -> str:
    """Return a value as the vendor keeps it: a text; of a dropdown the id of the option."""
    if row["type"] == "dropdown":
        label = YES_NO[0 if value else 1] if field.type == "checkbox" else dict(field.options)[value]
        return str(next(option["id"] for option in row["options"] if option["label"] == label))
    if isinstance(value, tuple | list):
        return ", ".join(dict(field.options)[item] for item in value)
    return str(value)
