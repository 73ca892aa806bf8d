"""Reading a folder: streams of files, in pages, from where a killed pull stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from deskferry.connectors.files import decode
from deskferry.connectors.files.columns import Wanted, matched
from deskferry.connectors.files.decode import Bad, Decoded
from deskferry.connectors.files.keys import content_key
from deskferry.connectors.files.look_back import KnownKeys, Track, looking_back, said_by
from deskferry.connectors.files.maps import BAD, PLACE, ROW, TEXT, unread
from deskferry.connectors.kit.clock import give_way
from deskferry.connectors.kit.collector import collector_paused
from deskferry.connectors.kit.contract import (
    Account,
    BlobRef,
    Child,
    Estimate,
    Page,
    PullRequest,
    Raw,
    RawRecord,
    Stream,
)
from deskferry.connectors.kit.mapping import Unreadable
from deskferry.connectors.kit.session import Gone
from deskferry.errors import CapabilityError, ConfigError

PAGE_ROWS = 5_000
PAGE_CHARACTERS = 8_000_000
"""A page ends earlier where its rows are long, so that memory does not grow with them."""
_AT_A_STRETCH = 25
"""Rows that are made ready before the thread that writes may go on, if it waits for it."""
_CHUNK = 1 << 16
_NOT_COMPLETE = "{}: {} rows could not be read, so that nothing that is missing was marked as deleted."
_KEY_REPEATED = "key_repeated"
_REPEATED = "{} has the same key with other content, and is what was read ({})"


@dataclass(frozen=True, slots=True)
class Feed:
    """What a stream is read from, and how a row of it is known."""

    name: str
    """Of the stream and of the object of its raw records."""
    patterns: tuple[str, ...]
    options: Mapping[str, Any]
    own_id: Callable[[Raw], str]
    keyless: bool = False
    alone: bool = False
    """Whether a row alone speaks of its record, so that a second one with its key and other content is a mistake."""
    is_record: Callable[[Raw], bool] | None = None
    """Whether a row is a record of its own kind at all, or only brings others; None: every one is."""
    wants: Wanted = field(default_factory=Wanted)
    """The columns that a file should have."""
    track: Track | None = None
    wanted: Callable[[Raw], bool] | None = None
    """Whether a row is read at all."""


class FilesSource:
    """Reads the files of one connection."""

    def __init__(self, root: Path, account: str, feeds: Sequence[Feed], streams: Sequence[Stream]) -> None:
        self.root, self._account, self._streams = root, account, tuple(streams)
        self._feeds = {feed.name: feed for feed in feeds}

    def account(self) -> Account:
        """Return the name that pins the connection."""
        return Account(id=self._account, name=str(self.root), user=None, role=None)

    def streams(self) -> Sequence[Stream]:
        """Return a stream for each [[files]] of the layout."""
        return self._streams

    def estimate(self) -> Sequence[Estimate]:
        """Return how large the files are; their rows are not counted before they are read."""
        found = []
        for stream in self._streams:
            files = self.files(self._feeds[stream.name])
            size = sum(path.stat().st_size for path in files)
            found.append(Estimate(stream.name, None, 0, f"{len(files)} files, {size / 1_000_000:.1f} MB"))
        return found

    def files(self, feed: Feed) -> list[Path]:
        """Return the files of a feed in the order of their names; none is an error, for it looks like deletion."""
        base = self.root if self.root.is_dir() else self.root.parent
        found: dict[Path, None] = {}
        for pattern in feed.patterns:
            if self.root.is_file() and len(self._feeds) == 1:
                found[self.root] = None
                continue
            for path in sorted(base.glob(pattern)):
                if path.is_file():
                    found[path] = None
        if not found and not feed.options.get("optional"):
            raise ConfigError(
                f"There is no file {' or '.join(feed.patterns)} in {base}.",
                "Check `path` of the connection and of the layout.",
            )
        return list(found)

    def pages(self, stream: str, request: PullRequest) -> Iterator[Page]:
        """Yield the rows of a stream's files; files that did not change since the last scan are not read."""
        feed = self._feeds[stream]
        files = self.files(feed)
        if not files:
            yield Page((), last=True, notes=(f"{stream}: there is no file {' or '.join(feed.patterns)}.",))
            return
        prints = {self._name(path): fingerprint(path) for path in files}
        if request.before is not None and request.before.get("done") and request.before.get("files") == prints:
            yield Page((), request.before, last=True)
            return
        cursor = request.cursor or {}
        same = cursor.get("files") == prints
        # What an earlier version of the files showed was seen in this scan too: it is read whole once more.
        stale = bool(cursor) and (not same or bool(cursor.get("stale")))
        read = _Reading(feed, self._name, cursor.get("unread", 0) if same else 0)
        start, skip = (cursor.get("file", 0), cursor.get("rows", 0)) if same else (0, 0)
        for n, path in enumerate(files):
            if n < start:
                read.replay(path)
                continue
            for page, rows in read.pages(path, skip if n == start else 0):
                at = {"files": prints, "file": n, "rows": rows, "stale": stale, "unread": read.unread}
                yield Page(page, at, notes=read.told())
        notes = read.told()
        sweep: tuple[str, ...] = ()
        if read.unread:
            notes += (_NOT_COMPLETE.format(stream, read.unread),)
            sweep = (unread(stream),)  # of the rows that could not be read it is known which are there
        yield Page((), {"files": prints, "done": not stale}, last=True, complete=True, sweep=sweep, notes=notes)

    def _name(self, path: Path) -> str:
        base = self.root if self.root.is_dir() else self.root.parent
        return path.relative_to(base).as_posix()

    def child(self, stream: str, child: Child) -> Page:
        """Files have no children."""
        raise CapabilityError(f"{stream} of {child.parent}: files have no child streams.")

    @contextmanager
    def blob(self, ref: BlobRef) -> Iterator[Iterator[bytes]]:
        """Stream a file that lies in the folder; an address elsewhere is not called."""
        base = (self.root if self.root.is_dir() else self.root.parent).resolve()
        path = base / ref.url
        if "://" in ref.url or not path.is_file() or base not in path.resolve().parents:
            raise Gone(f"{ref.url[:200]} is no file in {base}.")
        with path.open("rb") as handle:
            yield iter(lambda: handle.read(_CHUNK), b"")


def fingerprint(path: Path) -> str:
    """Return what tells whether a file changed: size, time, and a hash of its ends."""
    stat = path.stat()
    hashed = hashlib.blake2b(digest_size=8)
    with path.open("rb") as handle:
        hashed.update(handle.read(_CHUNK))
        if stat.st_size > _CHUNK:
            handle.seek(-_CHUNK, 2)
            hashed.update(handle.read(_CHUNK))
    return f"{stat.st_size}-{stat.st_mtime_ns}-{hashed.hexdigest()}"


class _Reading:
    """The rows of a feed's files in order, with what must be known of the rows before."""

    def __init__(self, feed: Feed, name: Callable[[Path], str], before: int) -> None:
        self.feed, self._name_of = feed, name
        self.unread = before
        """Rows so far that could not be read: any record that is missing may be one of them."""
        self._look_back = looking_back(feed.track, keyless=feed.keyless, nested=feed.wants.nested)
        self._keys = KnownKeys() if feed.alone else None
        self._supersede = bool(feed.options.get("supersede"))
        self._missing: dict[str, str] = {}
        self._said: set[str] = set()

    def _header(self, path: Path, names: Sequence[str]) -> Sequence[str]:
        found, missing = matched(path, names, self.feed.wants)
        self._missing = {**missing, **self._missing}
        return found

    def told(self) -> tuple[str, ...]:
        """Return what is to be said of columns that were missing since this was asked last; of each column once."""
        news = tuple(note for column, note in self._missing.items() if column not in self._said)
        self._said.update(self._missing)
        return news

    def replay(self, path: Path) -> None:
        """Go through a file whose rows were written before, for what follows from them."""
        if self._look_back is not None or self._keys is not None:
            self._pass_by(self._name_of(path), decode.rows(path, self.feed.options, self._header))

    def _pass_by(self, name: str, rows: Iterable[Decoded]) -> int:
        passed = 0
        for line, payload, _bad in rows:
            passed += 1
            if payload is not None:
                self._record(name, line, payload)
        return passed

    def pages(self, path: Path, skip: int) -> Iterator[tuple[tuple[RawRecord, ...], int]]:
        """Yield pages of records, each with the number of rows read so far; the first `skip` rows are not yielded."""
        name, rows = self._name_of(path), decode.rows(path, self.feed.options, self._header)
        read = self._pass_by(name, islice(rows, skip))
        while True:
            with collector_paused():
                records, taken = self._page(name, rows)
            read += taken
            if records:
                yield tuple(records), read
            else:
                return

    def _page(self, name: str, rows: Iterator[Decoded]) -> tuple[list[RawRecord], int]:
        """Return the records of the next rows, and how many rows that took; none at the end."""
        records: list[RawRecord] = []
        size, taken = 0, 0
        wanted, object_name = self.feed.wanted, self.feed.name
        most_rows, most_characters = PAGE_ROWS, PAGE_CHARACTERS
        for line, payload, bad in rows:
            taken += 1
            if not taken % _AT_A_STRETCH:
                give_way()
            if payload is None:
                assert bad is not None
                records.append(self._bad(name, line, bad))
                self.unread += 1
                size += _length(records[-1].payload)
            else:
                if wanted is not None and not wanted(payload):
                    continue
                size += _length(payload)
                record = self._record(name, line, payload)
                if record is not None:
                    records.append(record)
                    self.unread += record.object != object_name and record.payload[BAD][0] != _KEY_REPEATED
            if len(records) >= most_rows or size >= most_characters:
                break
        return records, taken

    def _record(self, name: str, line: int, payload: Raw) -> RawRecord | None:
        """Return the record of a row; None for one that says a second time what was said before."""
        said = 0 if self._keys is None else said_by(payload)
        if self._look_back is not None:
            self._look_back(payload)
        try:
            source_id = self.feed.own_id(payload)
        except Unreadable as unreadable:
            return self._bad(name, line, Bad(unreadable.code, unreadable.detail, ""), payload)
        if self._keys is not None:
            first = self._keys.met(source_id, said, name, line, supersede=self._supersede)
            if first is not None:
                same, place = first
                if same:
                    return None
                if self.feed.is_record is None or self.feed.is_record(payload):
                    # Without what it says: nothing would tell whose row it is, should somebody be forgotten.
                    return self._bad(name, line, Bad(_KEY_REPEATED, _REPEATED.format(place, source_id), ""))
                source_id = f"{source_id}.{content_key(payload)}"
        payload[PLACE] = f"{name}:{line}"
        return RawRecord(self.feed.name, source_id, payload)

    def _bad(self, name: str, line: int, bad: Bad, payload: Raw | None = None) -> RawRecord:
        held = {TEXT: bad.text} if payload is None else {ROW: payload}
        said: Raw = {PLACE: f"{name}:{line}", BAD: [bad.code, bad.detail], **held}
        return RawRecord(unread(self.feed.name), f"{name}:{line}".replace("/", "%2F"), said)


def _length(payload: Raw) -> int:
    """Return the characters of a row, of its texts at least."""
    try:
        return len("".join(payload.values()))
    except TypeError:
        return len("".join([one for one in payload.values() if type(one) is str]))
