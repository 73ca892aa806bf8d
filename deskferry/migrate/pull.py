"""Vendor → store: pages, then children, then files; each write is one transaction, and a kill costs at most one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from deskferry.connectors.kit.contract import Child, DeclaredClass, Mode, Page, PullRequest, Stream
from deskferry.errors import ConfigError, Interrupted, Refused, TooManyErrors
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.pull_files import PulledFiles
from deskferry.migrate.threads import fetched_ahead, in_parallel
from deskferry.store import Store, machinery
from deskferry.store.declared import Shortfall, compare_declared, mark_reread, shortfalls
from deskferry.store.page_writer import PageWriter
from deskferry.store.settle import settle
from deskferry.store.state import count_live, count_todos, raw_is_known, raw_is_live, reset_streams, stream_state, todos

_LINKS_LIVE = 120.0
"""Seconds of children after which their files are fetched: signed links live for five minutes (Freshdesk)."""


@dataclass(frozen=True, slots=True)
class PullOptions:
    """What the user asked for."""

    only: tuple[str, ...] = ()
    """Canonical kinds; empty: all."""
    since: str | None = None
    full: bool = False
    attachments: bool = True
    max_errors: int | None = None
    max_error_share: float | None = None
    partial: bool = False
    """What the role hides is no finding."""
    keep_versions: bool = False
    """Keep every version of a raw record (`[store] history`)."""


@dataclass
class PullResult:
    """What a pull did and found."""

    run_id: str
    tally: dict[str, Any]
    calls: int
    notes: list[str]
    shortfalls: list[Shortfall]
    refused: dict[str, str] = field(default_factory=dict)
    """Streams that the vendor refused, with its words."""
    lacking: frozenset[str] = frozenset()
    """Those of them that the account's plan or settings may well lack, and of which nothing ever came: no finding."""
    hides: tuple[str, ...] = ()
    coverage: dict[str, list[tuple[str, str, str, int]]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    open_rejects: int = 0

    def exit_code(self, *, partial: bool) -> int:
        """Return 1 where the data have findings that a green run must not hide, else 0."""
        exact = any(one.trust == "exact" and not one.acknowledged for one in self.shortfalls)
        hidden = bool(self.hides or self.refused.keys() - self.lacking) and not partial
        return 1 if exact or self.open_rejects or hidden else 0


_LACKING = frozenset({402, 403, 404})
"""What a vendor answers where the plan has no such list; of credentials that are refused (401) nothing follows."""


class Pull:
    """One pull of one connection."""

    def __init__(
        self,
        store: Store,
        connection: OpenConnection,
        run_id: str,
        options: PullOptions,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.store = store
        self.connection = connection
        self.options = options
        self.progress = progress or Silent()
        self.stop = stop or threading.Event()
        self.writer = PageWriter(
            connection.context, connection.connector.maps, run_id, keep_versions=options.keep_versions
        )
        self.files = PulledFiles(store, connection)
        self.refused: dict[str, str] = {}
        self.lacking: set[str] = set()
        self.run_id = run_id
        self._calls_before = connection.session.meter.snapshot()["calls"]
        self._reading = {stream.name: stream for stream in connection.source.streams()}

    def run(self) -> PullResult:
        """Pull; raises Stopped when it ended early and can be resumed, Refused when nothing was permitted."""
        for kind in self.options.only:
            self.connection.connector.capabilities.refuse_before_http(kind, "read")
        account = self.connection.meet(self.store)
        streams = self._wanted()
        if self.options.full:
            with self.store.write() as database:
                reset_streams(database, self.connection.name, [stream.name for stream in streams])
        lists = [stream for stream in streams if stream.mode is not Mode.CHILD]
        for stream in lists:
            self._list(stream)
        if lists and len(self.refused) == len(lists):
            raise Refused(f"{self.connection.name}: {next(iter(self.refused.values()))}")
        self._children()
        self._complete()
        if self.options.attachments:
            self._fetch_files()
        return self._result(account.hides)

    def run_children(self, children: Sequence[Child]) -> PullResult:
        """Read the named children, compare and fetch their files; lists and cursors stay as they are."""
        account = self.connection.meet(self.store)
        self._fetch_children(children)
        self._complete()
        self._fetch_files()
        return self._result(account.hides)

    def _wanted(self) -> list[Stream]:
        streams = list(self._reading.values())
        if self.connection.streams:
            unknown = set(self.connection.streams) - set(self._reading)
            if unknown:
                raise ConfigError(
                    f"{self.connection.name}: no such stream: {', '.join(sorted(unknown))}.",
                    f"There are: {', '.join(self._reading)}.",
                )
            streams = [stream for stream in streams if stream.name in self.connection.streams]
        if self.options.only:
            known = {kind for stream in streams for kind in stream.kinds}
            unknown = set(self.options.only) - known
            if unknown:
                raise ConfigError(
                    f"{self.connection.name} has no kind {', '.join(sorted(unknown))}.",
                    f"--only takes: {', '.join(sorted(known))}.",
                )
            streams = [stream for stream in streams if set(stream.kinds) & set(self.options.only)]
        return streams

    # ---------------------------------------------------------------------------------------------------------- lists

    def _list(self, stream: Stream) -> None:
        name = self.connection.name
        with self.store.read() as database:
            state = stream_state(database, name, stream.name)
        window = self.options.since is not None and state.cursor is not None
        cursor = None if window or (stream.mode is Mode.FULL and not state.scanning) else state.cursor
        if stream.mode is Mode.FULL and cursor is None:
            with self.store.write() as database:
                reset_streams(database, name, [stream.name])
        request = PullRequest(
            cursor,
            self.options.since or self.connection.start_date,
            before=state.cursor if stream.mode is Mode.FULL and cursor is None and not window else None,
            known=self._known(stream),
            holds=self._holds,
            live=self._live(stream),
        )
        self.progress.begin(stream.name)
        try:
            for page in fetched_ahead(self.connection.source.pages(stream.name, request)):
                self._write_page(stream, page, keep_cursor=window)
                self.progress.advance(len(page.records))
        except Refused as refusal:
            if self.options.only and not stream.optional:
                raise
            self.refused[stream.name] = str(refusal)
            if stream.optional and refusal.status in _LACKING and not request.live():
                self.lacking.add(stream.name)
            self.progress.say(f"{stream.name}: {refusal}")
        finally:
            self.progress.end()

    def _known(self, stream: Stream) -> Any:
        prefix = f"{self.connection.name}:{stream.objects[0]}:" if stream.objects else ""

        def known(source_id: str) -> bool:
            with self.store.read() as database:
                return raw_is_live(database, prefix + source_id)

        return known

    def _holds(self, object_name: str, source_id: str) -> bool:
        with self.store.read() as database:
            return raw_is_known(database, f"{self.connection.name}:{object_name}:{source_id}")

    def _live(self, stream: Stream) -> Callable[[], int]:
        def live() -> int:
            with self.store.read() as database:
                return count_live(database, self.connection.name, stream.objects[0]) if stream.objects else 0

        return live

    def _write_page(self, stream: Stream, page: Page, *, keep_cursor: bool) -> None:
        if keep_cursor:
            page = replace(page, cursor=None)
        try:
            with self.store.write() as database:
                now = self.connection.now()
                refusal = self.writer.write_page(database, stream.name, page, now, full=stream.mode is Mode.FULL)
        except BaseException:
            self.writer.rolled_back()
            raise
        if refusal is not None:
            raise refusal
        self._mind_errors()

    def _mind_errors(self) -> None:
        """Stop between two writes when asked to, or when too much was rejected."""
        if self.stop.is_set():
            raise Interrupted("Stopped.", "Run the same command again: it goes on where it stopped.")
        rejected = sum(self.writer.tally.rejected.values())
        most = self.options.max_errors
        if most is not None and rejected > most:
            raise TooManyErrors(
                f"{rejected} records were rejected, more than --max-errors {most}.",
                "Look at the rejects (`deskferry runs`), then run the same command again with a higher bound.",
            )
        share = self.options.max_error_share
        seen = sum(one.inserted + one.updated for one in self.writer.tally.raw.values())
        if share is not None and seen >= 100 and rejected > share * seen:
            raise TooManyErrors(
                f"{rejected} of {seen} records were rejected, more than --max-errors {share:.0%}.",
                "Look at the rejects (`deskferry runs`), then run the same command again with a higher bound.",
            )

    # ------------------------------------------------------------------------------------------------------- children

    def _children(self) -> None:
        name = self.connection.name
        with self.store.read() as database:
            left = count_todos(database, name)
        if not left:
            return
        self.progress.begin("children", left, "parents")
        try:
            while True:
                with self.store.read() as database:
                    batch = todos(database, name)
                if not batch:
                    return
                self._fetch_children(self._while_links_live(batch))
                if self.options.attachments:
                    self.files.fetch(self._mind_errors)
        finally:
            self.progress.end()

    def _while_links_live(self, batch: Sequence[Child]) -> Iterator[Child]:
        """Yield children for a while; the others stay on the list."""
        clock = self.connection.clock
        end = clock.now() + _LINKS_LIVE
        for child in batch:
            yield child
            if clock.now() > end:
                return

    def _fetch_children(self, batch: Iterable[Child]) -> None:
        source = self.connection.source

        def fetch(child: Child) -> Page:
            return source.child(child.stream, child)

        for child, page in in_parallel(batch, fetch, self.connection.threads):
            try:
                with self.store.write() as database:
                    now = self.connection.now()
                    self.writer.write_child(database, child, page, now)
            except BaseException:
                self.writer.rolled_back()
                raise
            self.progress.advance()
            self._mind_errors()

    # --------------------------------------------------------------------------------------------------- completeness

    def _complete(self) -> None:
        """Settle, compare with what the vendor declares, and read short parents once more."""
        name = self.connection.name
        with self.store.write() as database:
            settle(database, name)
            compare_declared(database, name)
        with self.store.read() as database:
            short = [one for one in shortfalls(database, name) if self._worth_a_read(one)]
        if not short:
            return
        again = sorted({(one.stream, one.parent_id) for one in short})
        children = [Child(stream, parent.rpartition(":")[2], {"short": True}) for stream, parent in again]
        self.progress.begin("short records, read once more", len(children), "parents")
        try:
            self._fetch_children(children)
        finally:
            self.progress.end()
        with self.store.write() as database:
            mark_reread(database, name, again)
            settle(database, name)
            compare_declared(database, name)

    def _worth_a_read(self, short: Shortfall) -> bool:
        trusted = short.trust != DeclaredClass.UNVERIFIED.value
        return trusted and not short.reread and not short.acknowledged and short.stream in self._reading

    # ---------------------------------------------------------------------------------------------------------- files

    def _fetch_files(self) -> None:
        self.progress.begin("files", None, "files")
        try:
            self.files.fetch(self._file_came)
        finally:
            self.progress.end()

    def _file_came(self) -> None:
        self.progress.advance()
        self._mind_errors()

    # --------------------------------------------------------------------------------------------------------- result

    def _result(self, hides: tuple[str, ...]) -> PullResult:
        with self.store.read() as database:
            short = shortfalls(database, self.connection.name)
            table = machinery.reject
            rejects: int = database.execute(
                select(func.count()).select_from(table).where(table.c.connection == self.connection.name)
            ).scalar_one()
        tally = self.writer.tally
        calls = self.connection.session.meter.snapshot()["calls"] - self._calls_before
        coverage = {name: one.report() for name, one in self.writer.coverage.items() if one.seen}
        return PullResult(
            run_id=self.run_id,
            tally=tally.as_json(),
            calls=calls,
            notes=tally.notes,
            shortfalls=short,
            refused=self.refused,
            lacking=frozenset(self.lacking),
            hides=hides,
            coverage=coverage,
            files=self.files.counts,
            open_rejects=rejects,
        )


def pull(
    store: Store,
    connection: OpenConnection,
    run_id: str,
    options: PullOptions,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> PullResult:
    """Pull one connection into the store; the same call goes on where a stopped one ended."""
    return Pull(store, connection, run_id, options, progress, stop).run()


def refetch(store: Store, connection: OpenConnection, run_id: str, children: Sequence[Child]) -> PullResult:
    """Read the named children again, and their files: what verify needs of a destination."""
    return Pull(store, connection, run_id, PullOptions()).run_children(children)
