"""Whom the store must not hold: keyed hashes of ids, addresses, numbers and names, and the token that stands for each.

The hashes are all that is kept of a person who was forgotten. Whatever is stored from then on is read word by word, and
what hashes to an entry is replaced; without entries nothing is looked at.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from deskferry.store import machinery
from deskferry.store.upsert import chunks

SALT = "suppression_salt"
"""Entry of `store_meta`: the key of the hashes."""
RECORD, EMAIL, PHONE, NAME, HANDLE = "record", "email", "phone", "name", "handle"
TOKEN_DOMAINS = ("erased.invalid", "pseudonym.invalid")
"""Domains that nobody has: addresses below them are tokens of ours."""
FORGOTTEN = "forgotten"
"""Stands for a hash of what was sent and is forgotten: the next crossing takes what it finds for what was sent."""
_BUCKETS = 4096
_AMONG = 500
WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d")


def name_words(text: str) -> tuple[str, ...]:
    """Return the words of a name as they are compared: composed, without case."""
    return tuple(WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def email_key(text: str) -> str:
    """Return an address as it is compared."""
    return text.strip().lower()


def phone_key(text: str) -> str:
    """Return a number as it is compared: digits, without the zeros of an international prefix."""
    digits = "".join(_DIGITS.findall(text))
    return digits.removeprefix("00")


def handle_key(text: str) -> str:
    """Return a social handle as it is compared."""
    return text.strip(".@ ").casefold()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that tells who a person is, and what is written in its place."""

    what: str
    value: str
    """As it is compared; never stored."""
    token: str
    linked: bool = False
    """True where others bear it too: only what is linked to the person is changed."""

    @property
    def length(self) -> int:
        """How long it is: the words of a name, the digits of a number."""
        return len(self.value.split(" ")) if self.what == NAME else len(self.value)


@dataclass(slots=True)
class Suppression:
    """All entries, as lookups by hash; of one connection those that apply to it."""

    salt: bytes
    tokens: dict[str, str] = field(default_factory=dict)
    """Hash → token."""
    linked: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    """Hash of a record → mode."""
    lengths: dict[str, frozenset[int]] = field(default_factory=dict)
    buckets: frozenset[int] = frozenset()
    """Of the first words of names: all other words need no second look."""
    name_tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Hash of a record, and of each address of its person → (name, address) that stand there; "" for no address."""

    def digest(self, what: str, value: str) -> str:
        """Return the keyed hash of a value."""
        return keyed(self.salt, what, value)

    def token(self, what: str, value: str, *, linked: bool = False) -> str | None:
        """Return what stands for a value, or None where nothing is known of it."""
        found = self.digest(what, value)
        if found in self.linked and not linked:
            return None
        return self.tokens.get(found)

    def bucket(self, word: str) -> int:
        """Return the bucket of a first word."""
        return bucket_of(self.salt, word)

    def person(self, record_id: str) -> tuple[str, str] | None:
        """Return (name, address) that stand for a record of a forgotten person; None for everybody else."""
        return self.name_tokens.get(self.digest(RECORD, record_id))

    def person_at(self, address: str) -> tuple[str, str] | None:
        """Return the same for whoever has an address."""
        return self.name_tokens.get(self.digest(EMAIL, email_key(address)))


def keyed(salt: bytes, what: str, value: str) -> str:
    """Return the keyed hash of a value."""
    return hashlib.blake2b(f"{what}\0{value}".encode("utf-8", "surrogatepass"), digest_size=16, key=salt).hexdigest()


def bucket_of(salt: bytes, word: str) -> int:
    """Return one of a few thousand buckets: it tells little of a word, and spares hashing what follows it."""
    return int(keyed(salt, "word", word)[:8], 16) % _BUCKETS


def salt_of(database: Connection, *, create: bool = False) -> bytes | None:
    """Return the key of the hashes; with `create` it is made where there is none."""
    table = machinery.store_meta
    held: str | None = database.execute(select(table.c.value).where(table.c.name == SALT)).scalar()
    if held is None and create:
        held = secrets.token_hex(32)
        database.execute(table.insert().values(name=SALT, value=held))
    return None if held is None else bytes.fromhex(held)


def load_suppression(database: Connection, connection: str = "") -> Suppression | None:
    """Return the entries that apply to a connection ("": those for all), or None where nobody was ever forgotten."""
    table = machinery.suppression
    statement = select(table).where(table.c.connection.in_(("", connection)))
    rows = database.execute(statement.order_by(table.c.digest)).all()
    if not rows:
        return None
    salt = salt_of(database)
    assert salt is not None, "entries without the key of their hashes"
    found = Suppression(salt)
    lengths: dict[str, set[int]] = {}
    buckets = set()
    tokens_of = {row.person: (row.token, row.address or "") for row in rows if row.what == RECORD}
    for row in rows:
        if row.what == EMAIL and row.person in tokens_of:
            found.name_tokens[row.digest] = tokens_of[row.person]
        if row.what == RECORD:
            found.people[row.digest] = row.mode
            found.name_tokens[row.digest] = (row.token, row.address or "")
            continue
        found.tokens[row.digest] = row.token
        if row.linked:
            found.linked.add(row.digest)
        lengths.setdefault(row.what, set()).add(row.length)
        if row.bucket is not None:
            buckets.add(row.bucket)
    found.lengths = {what: frozenset(held) for what, held in lengths.items()}
    found.buckets = frozenset(buckets)
    return found


@dataclass(frozen=True, slots=True)
class Forgotten:
    """One person, as entries."""

    person: str
    """Names the person in the store: an order number, nothing about them."""
    mode: str
    connection: str
    name_token: str
    address_token: str
    records: Sequence[str]
    entries: Sequence[Entry]


def write_suppression(database: Connection, salt: bytes, one: Forgotten, run_id: str, now: str) -> int:
    """Add the entries of a person that are not there yet; returns how many."""
    table = machinery.suppression
    common = {"person": one.person, "mode": one.mode, "connection": one.connection, "run_id": run_id,
              "created_at": now, "finished_at": None}  # fmt: skip
    rows = [
        {**common, "digest": keyed(salt, RECORD, record), "what": RECORD, "token": one.name_token,
         "address": one.address_token or None, "linked": False, "length": 0, "bucket": None}
        for record in one.records
    ]  # fmt: skip
    for entry in one.entries:
        first = entry.value.split(" ")[0]
        rows.append(
            {**common, "digest": keyed(salt, entry.what, entry.value), "what": entry.what, "token": entry.token,
             "address": None, "linked": entry.linked, "length": entry.length,
             "bucket": bucket_of(salt, first) if entry.what == NAME else None}
        )  # fmt: skip
    held = held_digests(database, [str(row["digest"]) for row in rows], one.connection)
    fresh = {str(row["digest"]): row for row in rows if row["digest"] not in held}
    if fresh:
        database.execute(table.insert(), list(fresh.values()))
    return len(fresh)


def held_digests(database: Connection, digests: Sequence[str], connection: str = "") -> dict[str, str]:
    """Return digest → person, of those that the store has for this scope."""
    table = machinery.suppression
    found: dict[str, str] = {}
    for part in chunks(sorted(set(digests)), _AMONG):
        rows = database.execute(
            select(table.c.digest, table.c.person).where(
                table.c.digest.in_(part), table.c.connection.in_(("", connection))
            )
        )
        found.update((row.digest, row.person) for row in rows)
    return found


def finish(database: Connection, people: Iterable[str], now: str) -> None:
    """Note that nothing of these people is left."""
    table = machinery.suppression
    database.execute(table.update().where(table.c.person.in_(list(people))).values(finished_at=now))


def unfinished(database: Connection) -> list[str]:
    """Return whom a command that ended early has not forgotten to the end."""
    table = machinery.suppression
    found = select(table.c.person).where(table.c.finished_at.is_(None)).distinct().order_by(table.c.person)
    return list(database.execute(found).scalars())
