"""Removes a connection: everything that the store holds of it, counted and hashed for a certificate.

Rows go in batches; what was removed is counted in the transaction that removes it, so that a purge that was killed and
run again certifies all of it. Of each row the key is hashed; the hashes are added, so that the order does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, and_, false, func, or_, select, tuple_

from deskferry import __version__
from deskferry.canonical_schema import metadata as canonical
from deskferry.canonical_schema import sql_table
from deskferry.config import Hold
from deskferry.errors import ConfigError
from deskferry.migrate.progress import Progress
from deskferry.privacy.compact import compact
from deskferry.privacy.hold import refuse_held_connection
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore
from deskferry.store.upsert import is_sqlite
from deskferry.validate.kept_scores import forget_connection

_BATCH = 2_000
_META = "purge:"
_MODULUS = 1 << 256
_UNSETTLED = ("intended", "in_doubt")
_ELSEWHERE = frozenset({"store_meta", "suppression", "run_lock", "run", "crossing", "write_op", "account_pin"})


@dataclass
class Removed:
    """What was removed of one table."""

    rows: int = 0
    keys: str = "0" * 64
    """Sum of the SHA-256 of each key, modulo 2^256, in hexadecimal."""

    def add(self, keys: Sequence[str]) -> None:
        """Count rows by their keys."""
        total = int(self.keys, 16)
        for key in keys:
            total += int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest(), "big")
        self.rows += len(keys)
        self.keys = f"{total % _MODULUS:064x}"


@dataclass
class Account:
    """What a purge has removed so far; kept in the store while it goes on."""

    connection: str
    started_at: str
    vendor: str | None = None
    account_id: str | None = None
    crossings: str = "keep"
    tables: dict[str, Removed] = field(default_factory=dict)
    files: Removed = field(default_factory=Removed)
    file_bytes: int = 0
    going: list[str] = field(default_factory=list)
    """Files that are counted and may not be removed yet."""
    tokens: bool = False

    def table(self, name: str) -> Removed:
        """Return what was removed of a table."""
        return self.tables.setdefault(str(name), Removed())


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was removed, when, by what."""

    account: Account
    ended_at: str
    run_id: str

    def as_json(self) -> dict[str, Any]:
        """Return the certificate as plain JSON (`json/certificate.schema.json`)."""
        one = self.account
        listed = {
            "tables": {name: asdict(found) for name, found in sorted(one.tables.items()) if found.rows},
            "files": {**asdict(one.files), "bytes": one.file_bytes},
        }
        packed = orjson.dumps(listed, option=orjson.OPT_SORT_KEYS)
        return {
            "certificate": "deskferry purge", "connection": one.connection, "vendor": one.vendor,
            "account_id": one.account_id, "started_at": one.started_at, "ended_at": self.ended_at,
            "run": self.run_id, "version": __version__, "crossings": one.crossings, "token_file": one.tokens,
            "rows": sum(found.rows for found in one.tables.values()), **listed,
            "sha256": hashlib.sha256(packed).hexdigest(),
        }  # fmt: skip


@dataclass
class Purge:
    """One connection, in one store."""

    store: Store
    hold: Hold
    connection: str
    crossings: str
    """`keep`: where records went stays known, so that nothing crosses twice; `drop`: that goes too."""
    token_file: Path | None
    progress: Progress
    now: Callable[[], str]

    def check(self) -> dict[str, int]:
        """Return how many rows there are, by table; raises ConfigError where there are none, or somebody is on hold."""
        with self.store.read() as database:
            refuse_held_connection(database, self.hold, self.connection)
            resumed = _account(database, self.connection) is not None
            found = {table.name: n for table, where in self._tables(database) if (n := _count(database, table, where))}
            if not found and not resumed:
                raise ConfigError(f"The store holds nothing of {self.connection}.", "Nothing is to be done.")
            table = machinery.write_op
            unsettled = _count(database, table, and_(self._ours(table), table.c.state.in_(_UNSETTLED)))
        if unsettled and self.crossings == "keep":
            raise ConfigError(
                f"{unsettled} operations of {self.connection} are in doubt: what became of them is not known.",
                "Run `deskferry migrate` once more, which settles them; or purge with --crossings drop.",
            )
        return found

    def run(self, run_id: str, deliver: Callable[[Certificate], None]) -> Certificate:
        """Remove everything, and have the certificate delivered before what it is made of is removed too.

        Killed at any point, the same call brings it to the same end.
        """
        self.check()
        account = self._begin()
        self._files(account)
        with self.store.read() as database:
            tables = self._tables(database)
        for table, where in tables:
            self._table(account, table, where)
        self._runs(account)
        self._tokens(account)
        self.progress.say("The database is written anew, without what was removed.")
        compact(self.store, [*account.tables, "store_meta"])
        certificate = Certificate(account, self.now(), run_id)
        deliver(certificate)
        self._end()
        return certificate

    # ------------------------------------------------------------------------------------------------------------ what

    def _tables(self, database: Connection) -> list[tuple[Table, Any]]:
        """Return every table with what of it belongs to the connection; the pin goes last, for it tells the account."""
        found = [
            (table, self._ours(table))
            for table in (*canonical.sorted_tables, *machinery.metadata.sorted_tables) if table.name not in _ELSEWHERE
        ]  # fmt: skip
        found.append((machinery.write_op, self._ours(machinery.write_op)))
        if self.crossings == "drop":
            begun, pin = _account(database, self.connection), database.execute(self._pin()).first()
            account_id = begun.account_id if begun is not None else None if pin is None else pin.account_id
            crossing = machinery.crossing
            there = crossing.c.account_id == account_id if account_id is not None else false()
            found.append((crossing, or_(crossing.c.record_id.startswith(self._prefix, autoescape=True), there)))
        return [*found, (machinery.account_pin, self._ours(machinery.account_pin))]

    @property
    def _prefix(self) -> str:
        return f"{self.connection}:"

    def _pin(self) -> Any:
        return select(machinery.account_pin).where(machinery.account_pin.c.connection == self.connection)

    def _ours(self, table: Table) -> Any:
        if table.name == "write_op":
            return or_(table.c.source == self.connection, table.c.destination == self.connection)
        names = [name for name in ("record_id", "other_id", "raw_record_id") if name in table.c]
        prefixed = [table.c[name].startswith(self._prefix, autoescape=True) for name in names]
        if table.name == "vendor_metric" or "connection" in table.c:
            prefixed = [table.c.connection == self.connection]
            if table.name == "finding":
                prefixed.append(table.c.record_id.startswith(self._prefix, autoescape=True))
        return or_(false(), *prefixed)

    # ----------------------------------------------------------------------------------------------------------- steps

    def _begin(self) -> Account:
        with self.store.write() as database:
            account = _account(database, self.connection)
            if account is None:
                found = database.execute(self._pin()).mappings().first()
                pin: dict[str, Any] = {} if found is None else dict(found)
                account = Account(self.connection, self.now(), pin.get("vendor"), pin.get("account_id"), self.crossings)
                _keep(database, account)
        self.crossings = account.crossings
        return account

    def _end(self) -> None:
        table = machinery.store_meta
        with self.store.write() as database:
            database.execute(table.delete().where(table.c.name == _META + self.connection))

    def _table(self, account: Account, table: Table, where: Any) -> None:
        keys = list(table.primary_key.columns)
        self.progress.begin(table.name)
        try:
            while True:
                with self.store.write() as database:
                    if is_sqlite(database):
                        database.exec_driver_sql("PRAGMA secure_delete = ON")
                    rows = database.execute(select(*keys).where(where).order_by(*keys).limit(_BATCH)).all()
                    if not rows:
                        break
                    last = tuple(rows[-1])
                    upto = _upto(keys, last)
                    database.execute(table.delete().where(where, upto))
                    account.table(table.name).add([_key(table.name, row) for row in rows])
                    _keep(database, account)
                self.progress.advance(len(rows))
        finally:
            self.progress.end()

    def _files(self, account: Account) -> None:
        """Remove files that no other connection has. The count first: a file that is gone cannot be counted again."""
        table, blobs = sql_table("attachment"), BlobStore(self.store.blobs)
        blobs.sweep()
        for sha256 in account.going:
            blobs.path(sha256).unlink(missing_ok=True)
        others = table.alias()
        shared = select(others.c.id).where(others.c.sha256 == table.c.sha256, others.c.connection != self.connection)
        mine = select(table.c.sha256).where(
            table.c.connection == self.connection, table.c.sha256.is_not(None), ~shared.exists()
        )
        after = ""
        while True:
            with self.store.read() as database:
                found = list(
                    database.execute(
                        mine.where(table.c.sha256 > after).distinct().order_by(table.c.sha256).limit(500)
                    ).scalars()
                )
            if not found:
                return
            there = [(sha256, size) for sha256 in found if (size := blobs.size(sha256)) is not None]
            account.files.add([f"file {sha256}" for sha256, _size in there])
            account.file_bytes += sum(size for _sha256, size in there)
            self._unlink(account, blobs, [sha256 for sha256, _size in there])
            after = found[-1]

    def _unlink(self, account: Account, blobs: BlobStore, going: list[str]) -> None:
        account.going = going
        with self.store.write() as database:
            _keep(database, account)
        for sha256 in going:
            blobs.path(sha256).unlink(missing_ok=True)

    def _runs(self, account: Account) -> None:
        """Remove the connection's own runs; of routes what was counted and said, for sentences may name records.

        Runs over several connections lose the scores that they kept of this one.
        """
        table = machinery.run
        self._table(account, table, and_(table.c.connection == self.connection, table.c.command != "purge"))
        route = or_(
            table.c.connection.startswith(f"{self.connection}>", autoescape=True),
            table.c.connection.endswith(f">{self.connection}", autoescape=True),
        )
        with self.store.write() as database:
            database.execute(table.update().where(route).values(counts=None, notes=None))
            forget_connection(database, self.connection)
            if self.crossings == "keep":
                crossing = machinery.crossing
                kept = crossing.c.record_id.startswith(self._prefix, autoescape=True)
                database.execute(crossing.update().where(kept).values(receipt=None))

    def _tokens(self, account: Account) -> None:
        if self.token_file is None:
            return
        for path in (self.token_file, self.token_file.with_name(self.token_file.name + ".lock")):
            account.tokens = account.tokens or path.exists()
            path.unlink(missing_ok=True)


def _key(table: str, row: Any) -> str:
    return f"{table} " + orjson.dumps([str(one) for one in row]).decode()


def _upto(keys: list[Any], last: tuple[Any, ...]) -> Any:
    return tuple_(*keys) <= tuple_(*last)


def _count(database: Connection, table: Table, where: Any) -> int:
    total: int = database.execute(select(func.count()).select_from(table).where(where)).scalar_one()
    return total


def _account(database: Connection, connection: str) -> Account | None:
    table = machinery.store_meta
    held = database.execute(select(table.c.value).where(table.c.name == _META + connection)).scalar()
    if held is None:
        return None
    found = orjson.loads(held)
    found["tables"] = {name: Removed(**one) for name, one in found["tables"].items()}
    found["files"] = Removed(**found["files"])
    return Account(**found)


def _keep(database: Connection, account: Account) -> None:
    table = machinery.store_meta
    name, value = _META + account.connection, orjson.dumps(asdict(account)).decode()
    if database.execute(table.update().where(table.c.name == name).values(value=value)).rowcount == 0:
        database.execute(table.insert().values(name=name, value=value))
