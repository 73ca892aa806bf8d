"""Who is meant: the rows of a person in every connection, and what in the store tells who it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Text, cast, func, or_, select

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError
from deskferry.store import machinery
from deskferry.store.scrub import is_token
from deskferry.store.suppression import email_key, handle_key, name_words, phone_key
from deskferry.store.upsert import chunks

_AMONG = 300
_SHORTEST_NUMBER, _LONGEST_NUMBER = 7, 15
_TELEPHONE = ("phone", "mobile", "telefon", "fax")
_NATIONAL = (9, 10)
"""Digits of a number without its country: how people write it at home."""


@dataclass
class Who:
    """A person as the store knows them."""

    rows: dict[str, Any] = field(default_factory=dict)
    emails: set[str] = field(default_factory=set)

    @property
    def ids(self) -> list[str]:
        """The records, by id."""
        return sorted(self.rows)

    def phones(self) -> set[str]:
        """Return the numbers as they are compared, also as they are written without the country."""
        found: set[str] = set()
        for row in self.rows.values():
            for number in (row.phone or "", *_values(row.phones), *_numbers(row.custom_fields), *_numbers(row.extra)):
                digits = phone_key(number)
                if not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
                    continue
                found.add(digits)
                international = number.strip().startswith(("+", "00"))
                found |= {digits[-n:] for n in _NATIONAL if international and n + 1 <= len(digits) <= n + 3}
        return found

    def names(self) -> set[tuple[str, ...]]:
        """Return the names as words; also family name first."""
        found = set()
        for row in self.rows.values():
            parts = " ".join(part for part in (row.first_name, row.last_name) if part)
            for text in (row.name, parts):
                words = name_words(text or "")
                if words and "@" not in (text or "") and not _is_mark(text):
                    found.add(words)
        return found | {(words[-1], *words[:-1]) for words in found if len(words) > 1}

    def handles(self) -> set[str]:
        """Return social handles and the like."""
        listed = (value for row in self.rows.values() for value in _values(row.identities))
        keys = {handle_key(value) for value in listed if "@" not in value.strip("@") and not value.isdigit()}
        return {key for key in keys if len(key) > 3 and phone_key(key) != key}


def _is_mark(text: str | None) -> bool:
    return bool(text) and str(text).startswith("[") and str(text).endswith("]")


def _numbers(fields: Any) -> list[str]:
    """Return what lies under a name that speaks of a telephone, where no mapping knows the field."""
    named = fields.items() if isinstance(fields, dict) else ()
    return [
        str(one) for key, one in named if any(word in key.lower() for word in _TELEPHONE) and type(one) in (str, int)
    ]


def _values(listed: Any) -> list[str]:
    return [str(one["value"]) for one in listed or () if isinstance(one, dict) and one.get("value")]


def find(database: Connection, person: str, connection: str | None) -> Who:
    """Return everybody who is this person: by address, merged, and where they crossed to; empty where nobody is."""
    who = Who()
    emails, ids = _named(database, person, connection)
    if emails:
        who.emails |= emails
    while emails or ids:
        found = [*_by_email(database, emails, connection), *_by_id(database, ids, connection)]
        fresh = [row for row in found if row.id not in who.rows]
        who.rows.update((row.id, row) for row in fresh)
        emails = {one for row in fresh for one in emails_of(row)} - who.emails
        who.emails |= emails
        ids = {one for row in fresh for one in _same(database, row)} - who.rows.keys()
    return who


def _named(database: Connection, person: str, connection: str | None) -> tuple[set[str], set[str]]:
    text = person.strip()
    if " " in text:
        name, _, source_id = text.partition(" ")
        return set(), _with_source_id(database, name, source_id.strip())
    if ":" in text and not text.startswith("mailto:"):
        return set(), {text}
    if "@" in text:
        return {email_key(text.removeprefix("mailto:"))}, set()
    if connection is not None:
        return set(), _with_source_id(database, connection, text)
    raise ConfigError(
        "That names no person.",
        "Give an e-mail address, a record id (old:user:7), or a connection and its id there.",
    )


def _with_source_id(database: Connection, connection: str, source_id: str) -> set[str]:
    table = sql_table("person")
    found = select(table.c.id).where(table.c.connection == connection, table.c.source_id == source_id)
    return set(database.execute(found).scalars())


def emails_of(row: Any) -> set[str]:
    """Return all addresses of a person, but tokens of ours."""
    found = {email_key(one) for one in (row.email, *_values(row.emails), *_values(row.identities)) if one}
    return {one for one in found if "@" in one.strip("@") and not is_token(one)}


def _by_email(database: Connection, emails: Iterable[str], connection: str | None) -> Iterator[Any]:
    table = sql_table("person")
    for part in chunks(sorted(emails), 20):
        listed = [func.lower(cast(table.c[name], Text)) for name in ("emails", "identities")]
        wanted: list[Any] = [table.c.email.in_(part)]
        wanted += [text.contains(f'"{one}"', autoescape=True) for text in listed for one in part]
        for row in database.execute(_of(select(table).where(or_(*wanted)), connection)):
            if emails_of(row) & set(part):
                yield row


def _by_id(database: Connection, ids: Iterable[str], connection: str | None) -> Iterator[Any]:
    table = sql_table("person")
    for part in chunks(sorted(ids), _AMONG):
        yield from database.execute(_of(select(table).where(table.c.id.in_(part)), connection))


def _of(statement: Any, connection: str | None) -> Any:
    table = sql_table("person")
    return statement if connection is None else statement.where(table.c.connection == connection)


def _same(database: Connection, row: Any) -> set[str]:
    """Return the ids that are the same person without sharing an address: merged records, and what crossed as them."""
    table, crossing, pin = sql_table("person"), machinery.crossing, machinery.account_pin
    found = set(database.execute(select(table.c.id).where(table.c.merged_into_id == row.id)).scalars())
    if row.merged_into_id:
        found.add(row.merged_into_id)
    # Many may have been matched with one record there (a mapping says so): only what was made for them is theirs.
    made = crossing.c.kind == "person", crossing.c.part == "", crossing.c.state == "created"
    there = select(pin.c.connection, crossing.c.remote_object, crossing.c.remote_id).where(
        pin.c.account_id == crossing.c.account_id, crossing.c.record_id == row.id, *made
    )
    found |= {f"{one.connection}:{one.remote_object}:{one.remote_id}" for one in database.execute(there)}
    here = select(crossing.c.record_id).where(
        pin.c.account_id == crossing.c.account_id, pin.c.connection == row.connection,
        crossing.c.remote_object == row.source_object, crossing.c.remote_id == row.source_id, *made,
    )  # fmt: skip
    return found | set(database.execute(here).scalars())


def shared_names(database: Connection, names: Iterable[tuple[str, ...]], ids: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the names that others bear too: people, organizations, teams, inboxes."""
    wanted, found = set(names), set()
    first = {words[0] for words in wanted}
    for kind in ("person", "organization", "team", "inbox"):
        table = sql_table(kind)
        rows = database.execute(select(table.c.id, table.c.name).where(table.c.name.is_not(None)))
        for row in rows.yield_per(1000):
            if row.id in ids or not any(one in row.name.casefold() for one in first):
                continue
            words = name_words(row.name)
            found |= {words, (words[-1], *words[:-1])} & wanted if words else set()
    return found


REFERENCES = (
    ("ticket", "requester_id"), ("ticket", "submitter_id"), ("ticket", "assignee_id"), ("message", "author_id"),
    ("ticket_follower", "person_id"), ("ticket_event", "actor_id"), ("survey_response", "person_id"),
    ("survey_response", "agent_id"), ("time_entry", "person_id"), ("team_member", "person_id"),
    ("person_organization", "person_id"), ("article", "author_id"), ("article_comment", "author_id"),
    ("interaction", "person_id"), ("interaction", "agent_id"), ("agent_shift", "agent_id"), ("agent_state", "agent_id"),
    ("purchase", "customer_id"), ("subscription", "customer_id"),
)  # fmt: skip


def references(database: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return in how many rows the person is named by id, by table and column."""
    found: dict[str, int] = {}
    for kind, column in REFERENCES:
        table = sql_table(kind)
        count = 0
        for part in chunks(list(ids), _AMONG):
            counted = select(func.count()).select_from(table).where(table.c[column].in_(part))
            count += database.execute(counted).scalar_one()
        if count:
            found[f"{kind}.{column}"] = count
    return found
