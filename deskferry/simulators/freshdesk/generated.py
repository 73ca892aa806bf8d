"""A generated account, told as Freshdesk would have it: the same people and tickets in the vendor's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.simulators import account as neutral
from deskferry.simulators.account.side import Field
from deskferry.simulators.freshdesk import contacts, field_admin, generated_tickets, inserts, provision
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.times import stamp

FIELD_TYPES = {
    "text": "custom_text",
    "regexp": "custom_text",
    "multiselect": "custom_paragraph",
    "dropdown": "custom_dropdown",
    "integer": "custom_number",
    "decimal": "custom_decimal",
    "checkbox": "custom_checkbox",
    "date": "custom_date",
    "textarea": "custom_paragraph",
}
TABLES = {"ticket": "ticket_fields", "person": "contact_fields", "organization": "company_fields"}
LANGUAGES = {"ja": "ja-JP", "pt": "pt-BR", "ru": "ru-RU", "sv": "sv-SE", "zh": "zh-CN"}
ZONES = {
    "America/New_York": "Eastern Time (US & Canada)",
    "Europe/Madrid": "Madrid",
    "Europe/Berlin": "Berlin",
    "Asia/Tokyo": "Tokyo",
    "Asia/Dubai": "Abu Dhabi",
}
VISIBILITY = {"all": 1, "signed_in": 2, "staff": 3}


def staff(source: neutral.Account) -> list[Row]:
    """Return the agents of a generated account who still work there, ready for the `agents` of a desk."""
    found = [person for person in source.agents if person.active and person.emails]
    return [{"name": p.name, "email": p.emails[0], "occasional": p.role == "light_agent"} for p in found]


def teams(source: neutral.Account) -> list[str]:
    """Return the names of the groups of a generated account, ready for the `groups` of a desk."""
    return [group.name for group in source.side.groups if not group.deleted]


class Filler:
    """Puts a generated account into a desk, and remembers which key became which id."""

    def __init__(self, account: Account, source: neutral.Account) -> None:
        self.account = account
        self.source = source
        self.people: dict[int, int] = {}
        self.groups: dict[int, int] = {}
        self.companies: dict[int, int] = {}
        self.fields: dict[str, tuple[Field, str]] = {}

    def fill(self) -> None:
        """Store all of it, in an order in which references are known."""
        self._fields()
        self._groups()
        for organization in self.source.organizations:
            self._company(organization)
        for person in self.source.people:
            self._person(person)
        self._knowledge()
        self._answers()
        generated_tickets.fill(self)

    def values(self, given: Mapping[str, Any]) -> Row:
        """Return custom values under the names of this account."""
        found = {}
        for key, value in given.items():
            field, name = self.fields[key]
            labels = dict(field.options)
            if isinstance(value, list | tuple):
                found[name] = ", ".join(labels.get(item, str(item)) for item in value) or None
            else:
                found[name] = labels.get(value, value) if isinstance(value, str) else value
        return found

    def _fields(self) -> None:
        for field in self.source.side.fields:
            table = TABLES[field.kind]
            given: Row = {"label": field.title, "type": FIELD_TYPES[field.type]}
            if field.type == "dropdown":
                given["choices"] = [label for _, label in field.options]
            row = field_admin.add_field(self.account, table, given)
            self.fields[field.key] = (field, row["name"])

    def _groups(self) -> None:
        for group in self.source.side.groups:
            if not group.deleted:
                self.groups[group.key] = provision.add_group(self.account, group.name, [])["id"]

    def _company(self, given: neutral.Organization) -> None:
        values: Row = {"name": given.name, "domains": list(given.domains), "description": given.details or None}
        values |= {"note": given.notes or None, "custom_fields": self.values(given.fields)}
        values |= {"created_at": stamp(given.created_at), "updated_at": stamp(given.updated_at)}
        self.companies[given.key] = inserts.insert(self.account, {"kind": "company", "fields": values})

    def _person(self, given: neutral.Person) -> None:
        if given.is_staff and given.active and given.emails:
            agent = {"name": given.name, "email": given.emails[0], "occasional": given.role == "light_agent"}
            groups = [self.groups[key] for key in given.groups if key in self.groups]
            self.people[given.key] = provision.add_agent(self.account, {**agent, "group_ids": groups})["id"]
            return
        known = self.account.people_by["email"]
        emails = [address for address in given.emails if address.lower() not in known]
        companies = [self.companies[key] for key in given.organizations]
        values: Row = {"name": given.name, "email": emails[0] if emails else None, "other_emails": emails[1:]}
        values |= {"phone": next(iter(given.phones), None), "mobile": next(iter(given.phones[1:]), None)}
        values |= {"unique_external_id": given.external_id, "twitter_id": given.twitter, "active": given.verified}
        values |= {"company_id": next(iter(companies), None), "tags": list(given.tags)}
        values["other_companies"] = [{"company_id": key, "view_all_tickets": False} for key in companies[1:]]
        values |= {"language": LANGUAGES.get(given.language, given.language)}
        values |= {"time_zone": ZONES.get(given.timezone, self.account.settings.time_zone)}
        values |= {"description": given.notes or None, "custom_fields": self.values(given.fields)}
        values |= {"deleted": given.erased or not given.active, "_blocked": given.suspended}
        values |= {"created_at": stamp(given.created_at), "updated_at": stamp(given.updated_at)}
        self.people[given.key] = contacts.add(self.account, values)["id"]

    def _answers(self) -> None:
        folder = next(iter(self.account.tables["canned_response_folders"]))
        for macro in self.source.side.macros:
            actions: dict[str, Any] = {action[0]: action[1] for action in macro.actions}
            text = actions.get("comment_value_html") or actions.get("comment_value")
            if text and macro.active:
                body = text[-1] if isinstance(text, list) else text
                row: Row = {"id": 0, "title": macro.title, "folder_id": folder, "content_html": f"<div>{body}</div>"}
                self.account.add("canned_responses", row | {"visibility": 0, "group_ids": [], "_files": []})

    def _knowledge(self) -> None:
        side, account = self.source.side, self.account
        categories: dict[int, int] = {}
        for key, (name, text) in enumerate(side.categories, 1):
            row: Row = {"id": 0, "name": name, "description": text or None, "_translations": {}}
            categories[key] = account.add("solution_categories", row)["id"]
        folders: dict[int, Row] = {}
        for section in side.sections:
            parent = folders[section.parent]["id"] if section.parent else None
            shelf: Row = {
                "id": 0,
                "name": section.name,
                "description": None,
                "category_id": categories[section.category],
            }
            shelf |= {"parent_folder_id": parent, "visibility": 1, "_translations": {}}
            folders[section.key] = account.add("solution_folders", shelf)
        for article in side.articles:
            folder = folders[article.section]
            folder["visibility"] = max(folder["visibility"], VISIBILITY[article.visibility])
            self._article(article, folder)

    def _article(self, article: Any, folder: Row) -> None:
        texts = {locale.split("-")[0]: text for locale, text in article.texts.items()}
        first = self.account.settings.languages[0]
        language = first if first in texts else next(iter(texts))
        title, html = texts.pop(language)
        status = 1 if article.draft else 2
        row: Row = {"id": 0, "title": title, "description": html, "status": status, "agent_id": self._author(article)}
        row |= {
            "type": 1,
            "category_id": folder["category_id"],
            "folder_id": folder["id"],
            "tags": list(article.labels),
        }
        row |= {"hits": 0, "thumbs_up": 0, "thumbs_down": 0, "seo_data": {}, "_files": []}
        known = self.account.settings.languages[1:]
        row["_translations"] = {
            code: {"title": text[0], "description": text[1], "status": status}
            for code, text in texts.items()
            if code in known
        }
        self.account.add("solution_articles", row)

    def _author(self, article: Any) -> int:
        found = self.people.get(article.author, 0)
        agents = self.account.tables["agents"]
        return found if found in agents else next(iter(agents))
