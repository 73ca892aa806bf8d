"""The steps as a user runs them: connections opened, locks held, runs recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from deskferry.config import Config
from deskferry.connectors.kit.clock import Clock, clock_from_environment
from deskferry.connectors.kit.contract import BlobRef, Child, Connector, Destination, Tombstone, WritesKnowledge
from deskferry.connectors.kit.links import Addresses
from deskferry.connectors.registry import connector
from deskferry.errors import CapabilityError, ConfigError, DeskferryError, Interrupted
from deskferry.migrate.compare_knowledge import WitnessedArticle
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.delta import policy_for
from deskferry.migrate.mapping_file import RouteMapping, read_mapping
from deskferry.migrate.migrate import Migration
from deskferry.migrate.normalize import NormalizeResult, normalize
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.pull import PullOptions, PullResult, pull, refetch
from deskferry.migrate.reassign import (
    Reassignment,
    ReassignOptions,
    ReassignResult,
    read_lines,
    reassign,
    require_reassigns,
)
from deskferry.migrate.scope import Scope
from deskferry.migrate.scope_knowledge import knowledge_of
from deskferry.migrate.url_map import Moved, url_map
from deskferry.store import Store, open_store
from deskferry.store.engine import now_text
from deskferry.store.page_writer import PageWriter
from deskferry.store.state import begin_run, end_run, locked, pinned

_MATCHED = {
    "organization", "person", "person_organization", "team", "team_member", "inbox", "status_definition",
    "custom_field",
}  # fmt: skip
"""Kinds of a destination that a plan matches with."""

MakeTransport = Callable[[str], httpx.BaseTransport | None]


@dataclass
class RunRecord:
    """A run under way: what is set here is kept with it."""

    id: str
    counts: Any = None
    notes: list[str] = field(default_factory=list)
    exit_code: int = 0


class Workbench:
    """A configuration, its store, and the connections opened so far."""

    def __init__(
        self,
        config: Config,
        *,
        progress: Progress | None = None,
        clock: Clock | None = None,
        transport: MakeTransport = lambda _name: None,
    ) -> None:
        self.config = config
        self.progress = progress or Silent()
        self.clock = clock or clock_from_environment()
        self._transport = transport
        self._store: Store | None = None
        self._open: dict[str, OpenConnection] = {}
        self._closing = ExitStack()
        self._reread_run: str | None = None

    @property
    def store(self) -> Store:
        """The store, opened at the first use; rebuilds canonical rows that an upgrade dropped."""
        if self._store is None:
            self._store = self._closing.enter_context(open_store(self.config.store_url, files=self.config.files))
            for name in self._store.needs_normalize:
                self.progress.say(f"{name}: the canonical tables are of an older version and are rebuilt from raw.")
                normalize(self._store, name, self.connector(name), "upgrade", self.progress)
        return self._store

    def close(self) -> None:
        """Close connections and store."""
        self._closing.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def connector(self, name: str) -> Connector:
        """Return the connector of a configured connection."""
        config = self.config.connection(name)
        found = connector(config.vendor)
        return found.configured(found, config)

    def connection(self, name: str) -> OpenConnection:
        """Return a connection ready for use; opened once. No call is made yet."""
        if name not in self._open:
            config = self.config.connection(name)
            found = self.connector(name)
            session = self._closing.enter_context(found.session(config, self.clock, self._transport(name)))
            writes = found.destination
            self._open[name] = OpenConnection(
                name=name,
                connector=found,
                session=session,
                source=found.source(session, config),
                clock=self.clock,
                site=found.site(config),
                destination=None if writes is None else lambda: writes(session, config),
                threads=config.threads,
                share_of_limit=config.share_of_limit,
                start_date=config.start_date,
                streams=config.streams or (),
            )
        return self._open[name]

    def now(self) -> str:
        """Return the clock's time as canonical text."""
        return now_text(self.clock.now())

    @contextmanager
    def run(self, command: str, connection: str | None) -> Iterator[RunRecord]:
        """Record a run around a step, with the exit code that its error has."""
        record = RunRecord(begin_run(self.store, command, connection, self.now()))
        try:
            yield record
        except KeyboardInterrupt:
            record.exit_code = Interrupted.exit_code
            raise
        except DeskferryError as error:
            record.exit_code = error.exit_code
            record.notes.append(str(error))
            raise
        except BaseException:
            record.exit_code = DeskferryError.exit_code
            raise
        finally:
            end_run(self.store, record.id, record.exit_code, record.counts, record.notes, self.now())

    # ---------------------------------------------------------------------------------------------------------- steps

    def pull(self, names: Sequence[str], options: PullOptions) -> Mapping[str, PullResult]:
        """Pull connections, several in parallel; raises the first error after all have ended."""
        opened = [self.connection(name) for name in names]
        _ = self.store
        if len(opened) == 1:
            return {opened[0].name: self._pull_one(opened[0], options, None)}
        stop = threading.Event()
        results: dict[str, PullResult] = {}
        with ThreadPoolExecutor(len(opened), thread_name_prefix="pull") as pool:
            futures = {one.name: pool.submit(self._pull_one, one, options, stop) for one in opened}
            try:
                errors = [future.exception() for future in futures.values()]
            except KeyboardInterrupt:
                stop.set()
                raise
            results = {name: future.result() for name, future in futures.items() if future.exception() is None}
        worst = [error for error in errors if error is not None]
        if worst:
            raise worst[0]
        return results

    def _pull_one(self, one: OpenConnection, options: PullOptions, stop: threading.Event | None) -> PullResult:
        with (
            self.run("pull", one.name) as record,
            locked(self.store, one.name, record.id, "pull", self.now()),
        ):
            options = replace(options, keep_versions=self.config.history)
            result = pull(self.store, one, record.id, options, self.progress, stop)
            record.counts = {**result.tally, "calls": result.calls, "files": result.files}
            record.notes += result.notes
            record.exit_code = result.exit_code(partial=options.partial)
            return result

    def normalize(self, name: str) -> NormalizeResult:
        """Map everything of a connection anew from the raw archive."""
        with (
            self.run("normalize", name) as record,
            locked(self.store, name, record.id, "normalize", self.now()),
        ):
            result = normalize(self.store, name, self.connector(name), record.id, self.progress)
            record.counts = {"raw": result.raw, "rows": result.rows, "rejected": result.rejected}
            record.exit_code = 1 if result.rejected else 0
            return result

    # ------------------------------------------------------------------------------------------------------ migrating

    def migration(self, source: str, destination: str, mapping: Path | None, scope: Scope) -> Migration:
        """Return a route that is ready to be planned, loaded and verified; the destination is met and pinned.

        Without a mapping of the command line the route's own is taken, where the configuration has one.
        """
        self.config.connection(source)
        route = self.config.route(source, destination)
        there = self.connection(destination)
        if there.destination is None:
            raise CapabilityError(
                f"{there.connector.title} cannot be written to yet.", "See `deskferry connectors` for those that can."
            )
        chosen = mapping or route.mapping
        account = there.meet(self.store)
        writer = there.destination()
        if not scope.select and route.select:
            scope = replace(scope, select=route.select)
        return Migration(
            store=self.store, source=source, destination=destination, writer=writer, account=account,
            clock=self.clock, mapping=read_mapping(chosen) if chosen else RouteMapping(), scope=scope,
            refresh=lambda: self._refresh(there, source, scope, writer.written_kinds()),
            reread=lambda ids: self._reread(there, ids),
            bury=lambda gone: self._bury(there, gone),
            witness=lambda remote_id: writer.witness(there.session, remote_id),
            fetch=lambda url: there.source.blob(BlobRef("", url, None)),
            witness_article=_witness_article(there, writer),
            addresses=self.addresses(source), addresses_there=self.addresses(destination),
            policy=policy_for(there.connector.capabilities, route.delta),
            read_lag=there.connector.capabilities.read_lag, share_of_limit=there.share_of_limit,
            progress=self.progress,
        )  # fmt: skip

    def url_map(self, source: str, destination: str, kinds: Sequence[str]) -> Iterator[Moved]:
        """Yield where everything that crossed was looked at and is now; no call is made. Raises ConfigError."""
        self.config.connection(source)
        self.config.connection(destination)
        with self.store.read() as database:
            pin = pinned(database, destination)
        if pin is None:
            raise ConfigError(
                f"Nothing has crossed to {destination} yet: it was never contacted.",
                f"`deskferry migrate {source} {destination}` moves tickets there.",
            )
        there = self.addresses(destination)
        return url_map(self.store, source, pin["account_id"], self.addresses(source), there, kinds)

    def addresses(self, name: str) -> Addresses:
        """Return where records of a connection are looked at."""
        config, found = self.config.connection(name), self.connector(name)
        hosts = [urlsplit(config.base_url).netloc] if config.base_url else []
        return Addresses(found.site(config), found.addresses, hosts)

    def _refresh(self, there: OpenConnection, source: str, scope: Scope, written: Sequence[str]) -> None:
        """Pull what a destination has of people, organizations, teams and fields; its tickets stay unread.

        Its knowledge base and macros are read where the source has any that are to cross.
        """
        with self.store.read() as database:
            matched = _MATCHED | (knowledge_of(database, source, scope) & set(written))
        kinds = {kind for stream in there.source.streams() for kind in stream.kinds} & matched
        with self.run("pull", there.name) as record:
            options = PullOptions(only=tuple(sorted(kinds)), attachments=False)
            result = pull(self.store, there, record.id, options, self.progress)
            record.counts = {**result.tally, "calls": result.calls}

    def reassign(self, destination: str, path: Path, options: ReassignOptions) -> ReassignResult:
        """Make real people of a destination's placeholders, as a file says."""
        there = self.connection(destination)
        if there.destination is None:
            raise CapabilityError(
                f"{there.connector.title} cannot be written to yet.", "See `deskferry connectors` for those that can."
            )
        writer = there.destination()
        require_reassigns(writer, there.connector.title)
        read_lines(path)
        account = there.meet(self.store)
        with (
            self.run("reassign", destination) as record,
            locked(self.store, destination, record.id, "reassign", self.now()),
        ):
            pull(self.store, there, record.id, PullOptions(only=("person",), attachments=False), self.progress)
            job = Reassignment(
                self.store, destination, account.id, writer, self.clock, record.id, self.progress
            )  # fmt: skip
            result = reassign(job, path, options)
            record.counts, record.exit_code = result.as_json(), result.exit_code
            return result

    def _bury(self, there: OpenConnection, gone: Sequence[tuple[str, str]]) -> None:
        """Mark records of a destination as deleted that a rollback deleted: lists do not tell of all of them."""
        writer = PageWriter(there.context, there.connector.maps, "rollback")
        tombstones = [Tombstone(object_name, source_id, "vendor") for object_name, source_id in gone]
        with self.store.write() as database:
            writer.bury(database, tombstones, self.now())

    def _reread(self, there: OpenConnection, ids: Sequence[str]) -> None:
        """Read tickets of a destination again, with their messages and files."""
        if self._reread_run is None:
            with self.run("reread", there.name) as record:
                self._reread_run = record.id
        children = [Child(stream, one) for one in ids for stream in there.connector.ticket_children]
        refetch(self.store, there, self._reread_run, children)


def _witness_article(there: OpenConnection, writer: Destination) -> WitnessedArticle | None:
    if not isinstance(writer, WritesKnowledge):
        return None
    return lambda remote_id: writer.witness_article(there.session, remote_id)
