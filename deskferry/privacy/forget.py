"""Forgets a person: written down as hashes first, then removed everywhere, then the room is given back.

The entries are committed before anything is removed. From then on nothing that arrives brings the person back, and a
command that was killed finds by them what it had to do: every step looks through all of it and changes what is left.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.config import Hold
from deskferry.errors import ConfigError
from deskferry.privacy.compact import compact
from deskferry.privacy.hold import refuse_held_person
from deskferry.privacy.people import Who, find, references, shared_names
from deskferry.privacy.sweep import Sweep
from deskferry.privacy.sweep_files import FileSweep
from deskferry.privacy.sweep_raw import RawSweep
from deskferry.privacy.sweep_tables import TableSweep
from deskferry.store import Store
from deskferry.store.machinery import raw_record, suppression
from deskferry.store.suppression import (
    EMAIL,
    HANDLE,
    NAME,
    PHONE,
    RECORD,
    Entry,
    Forgotten,
    finish,
    held_digests,
    keyed,
    salt_of,
    unfinished,
    write_suppression,
)

Mode = Literal["erase", "pseudonymize"]
ERASED = "[erased]"


@dataclass
class ForgetResult:
    """What was, or would be, forgotten. Nothing in it tells who it was."""

    state: Literal["forgotten", "already", "dry_run"]
    mode: str
    records: list[str] = field(default_factory=list)
    """The person's records, by id."""
    known_by: dict[str, int] = field(default_factory=dict)
    """How many addresses, numbers, names and handles were looked for."""
    shared_names: int = 0
    """Names that others bear too, or of one word: replaced in what is linked to the person only."""
    named_in: dict[str, int] = field(default_factory=dict)
    """Rows that name the person by id, by column: of a dry run."""
    changed: dict[str, int] = field(default_factory=dict)
    removed_files: int = 0
    files_to_look_at: list[str] = field(default_factory=list)
    run_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON (`json/forget.schema.json`)."""
        return {
            "state": self.state, "mode": self.mode, "run": self.run_id, "records": self.records,
            "known_by": self.known_by, "shared_names": self.shared_names, "named_in": self.named_in,
            "changed": self.changed, "removed_files": self.removed_files, "files_to_look_at": self.files_to_look_at,
        }  # fmt: skip


@dataclass
class Forget:
    """One person, in one store."""

    store: Store
    hold: Hold
    person: str
    mode: Mode
    key_file: Path
    """Keeps the key of pseudonyms."""
    connection: str | None = None
    who: Who = field(init=False)
    known: set[str] = field(init=False)
    """Numbers of people among the entries who are this person: of an earlier command."""

    def look(self) -> ForgetResult:
        """Find out who is meant; raises ConfigError where it is nobody, or somebody on hold."""
        scope = self.connection or ""
        with self.store.read() as database:
            self.who = find(database, self.person, self.connection)
            if "@" in self.person and not self.who.rows:
                self.who.emails.add(self.person.strip().removeprefix("mailto:").lower())
            refuse_held_person(database, self.hold, self.who)
            salt = salt_of(database)
            digests = {} if salt is None else held_digests(database, self._digests(salt), scope)
            self.known = set(digests.values())
            if not self.who.rows and not self.who.emails and not self.known:
                raise ConfigError(
                    "There is nobody of this id in the store.",
                    "Give an e-mail address, a record id (old:user:7), or a connection and its id there.",
                )
            entries = self._entries(database)
            done = self.known and not self.known & set(unfinished(database))
            fresh = salt is None or any(
                keyed(salt, one.what, one.value) not in digests for one in entries
            ) or any(keyed(salt, RECORD, one) not in digests for one in self.who.ids)  # fmt: skip
            named = references(database, self.who.ids)
        result = ForgetResult("already" if done and not fresh else "dry_run", self._mode(), self.who.ids)
        result.known_by = {what: n for what in (EMAIL, PHONE, NAME, HANDLE) if (n := _count(entries, what))}
        result.shared_names = sum(one.linked for one in entries)
        result.named_in = named
        return result

    def _mode(self) -> str:
        """Return the mode: that of the earlier command where there was one."""
        if not self.known:
            return self.mode
        with self.store.read() as database:
            found = select(suppression.c.mode).where(suppression.c.person.in_(self.known)).limit(1)
            return str(database.execute(found).scalar_one())

    def _digests(self, salt: bytes) -> list[str]:
        found = [keyed(salt, RECORD, one) for one in self.who.ids]
        return found + [keyed(salt, EMAIL, one) for one in self.who.emails]

    # --------------------------------------------------------------------------------------------------------- entries

    def _entries(self, database: Connection) -> list[Entry]:
        # What records tell that are forgotten already are tokens.
        salt = salt_of(database)
        held = {} if salt is None else held_digests(database, self._digests(salt), self.connection or "")
        rows = {one: row for one, row in self.who.rows.items() if salt is None or keyed(salt, RECORD, one) not in held}
        telling = Who(rows, self.who.emails)
        names = telling.names()
        shared = shared_names(database, names, self.who.ids) if names else set()
        tokens = _Tokens(self.mode, self.key_file, self._anchor())
        made = [Entry(EMAIL, one, tokens.email(one)) for one in sorted(self.who.emails)]
        made += [Entry(PHONE, one, tokens.phone) for one in sorted(telling.phones())]
        made += [Entry(HANDLE, one, tokens.handle) for one in sorted(telling.handles())]
        made += [
            Entry(NAME, " ".join(words), tokens.name, linked=len(words) == 1 or words in shared)
            for words in sorted(names)
        ]  # fmt: skip
        return made

    def _anchor(self) -> str:
        """Return what the pseudonym is made of: the same for the same person, whichever way they are named."""
        return min(self.who.emails, default=min(self.who.ids, default=self.person))

    def begin(self, run_id: str, now: str) -> None:
        """Write the entries: from now on the person does not come back."""
        with self.store.write() as database:
            salt = salt_of(database, create=True)
            assert salt is not None
            tokens = _Tokens(self.mode, self.key_file, self._anchor(), create=True)
            one = Forgotten(
                min(self.known, default=secrets.token_hex(4)), self._mode(), self.connection or "",
                tokens.name, tokens.address, self.who.ids, self._entries(database),
            )  # fmt: skip
            self.known.add(one.person)
            write_suppression(database, salt, one, run_id, now)
            table = suppression
            database.execute(table.update().where(table.c.person.in_(self.known)).values(finished_at=None))

    def run(self, sweep: Sweep, connections: Iterable[str]) -> ForgetResult:
        """Forget; killed at any point, the same call brings it to the same end."""
        result = self.look()
        if result.state == "already":
            return result
        self.begin(sweep.run_id, sweep.now)
        for name in connections:
            if not self.connection or name == self.connection:
                RawSweep(sweep, name).run()
        files = FileSweep(sweep)
        files.remove()
        TableSweep(sweep).run()
        files.search()
        sweep.progress.say("The database is written anew, without what was removed.")
        compact(self.store, (*sweep.changed, "suppression"))
        with self.store.write() as database:
            finish(database, self.known, sweep.now)
        result.state, result.run_id, result.named_in = "forgotten", sweep.run_id, {}
        result.changed, result.removed_files = dict(sorted(sweep.changed.items())), sweep.removed_files
        result.files_to_look_at = sorted(set(sweep.named_in))
        return result


def _count(entries: Sequence[Entry], what: str) -> int:
    return sum(one.what == what for one in entries)


class _Tokens:
    """What stands in the place of a person: nothing that tells, or a pseudonym that stays the same."""

    def __init__(self, mode: Mode, key_file: Path, anchor: str, *, create: bool = False) -> None:
        self._key = _pseudonym_key(key_file, create=create) if mode == "pseudonymize" else None
        self._pseudonym = self._made(anchor)
        self.name = ERASED if self._key is None else f"Person {self._pseudonym}"
        self.address = "" if self._key is None else self.email(anchor)
        self.phone = ERASED if self._key is None else f"[phone {self._pseudonym}]"
        self.handle = ERASED if self._key is None else f"[handle {self._pseudonym}]"

    def _made(self, value: str) -> str:
        if self._key is None:
            return secrets.token_hex(6)
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]

    def email(self, address: str) -> str:
        """Return what stands for an address; no two addresses share it, for ids are made of them."""
        if self._key is None:
            return f"erased-{self._made(address)}@erased.invalid"
        return f"person-{self._made(address)}@pseudonym.invalid"


def _pseudonym_key(path: Path, *, create: bool) -> bytes:
    """Return the key of pseudonyms; it is made with the first one. Of a look alone a passing one."""
    if path.exists():
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    key = secrets.token_bytes(32)
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as out:
            out.write(key.hex())
            out.flush()
            os.fsync(out.fileno())
    return key


def connections_of(store: Store) -> list[str]:
    """Return every connection of which the store holds something."""
    found: set[str] = set()
    with store.read() as database:
        for table in (raw_record, *(sql_table(kind.value) for kind in KINDS)):
            found |= set(database.execute(select(table.c.connection).distinct()).scalars())
    return sorted(found)
