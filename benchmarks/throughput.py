"""From raw JSON pages in memory to rows in a store, over the least that any program must do with the same rows.

The floor decodes the same pages with orjson, compresses the same payloads with the same dictionaries, and inserts ready
tuples of the same raw and canonical rows into the same tables, in one transaction a page: executemany on SQLite, COPY
on PostgreSQL. Both run by turns in one process; the medians are compared.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import zstandard

from benchmarks.desk import zendesk
from deskferry.config import load_config
from deskferry.connectors.kit.contract import Page, PullRequest, RawRecord
from deskferry.connectors.kit.mapping import Context
from deskferry.connectors.zendesk import CONNECTOR
from deskferry.migrate.threads import fetched_ahead
from deskferry.simulators.server import SimTransport
from deskferry.store import Store, machinery, open_store, page_writer, raw_archive, upsert
from deskferry.store.page_writer import PageWriter
from deskferry.store.raw_archive import RAW_COLUMNS
from deskferry.store.upsert import WireRow
from deskferry.workbench import Workbench

STREAMS = ("organizations", "users", "tickets", "ticket_events", "satisfaction_ratings", "ticket_metric_events")
"""What makes up the bulk of an account."""
NOW = "2026-06-01T09:00:00.000000Z"


@dataclass
class RawPage:
    """A page as it came: JSON bytes; everything else about it is small."""

    stream: str
    body: bytes
    shell: Page


@dataclass
class Inserts:
    """The rows that writing one page inserts, by table; payloads of raw rows are still to be compressed."""

    rows: list[tuple[str, tuple[str, ...], list[WireRow]]] = field(default_factory=list)
    dictionary: bytes | None = None


def fetched(tickets: int, directory: Path) -> list[RawPage]:
    """Return the pages of an account, as the connector yields them, with their records as JSON bytes."""
    desk = zendesk(tickets, None)
    config = directory / "deskferry.toml"
    config.write_text(
        f'[store]\nurl = "sqlite:///{directory / "unused.db"}"\n[connections.old]\nvendor = "zendesk"\n'
        f'subdomain = "acme"\noauth_token = "{desk.credentials()["oauth_token"]}"\n',
        encoding="utf-8",
    )
    pages = []
    with Workbench(load_config(config), clock=desk.clock, transport=lambda _name: SimTransport(desk)) as bench:
        source = bench.connection("old").source
        for stream in STREAMS:
            for page in source.pages(stream, PullRequest(None)):
                records = [
                    (one.object, one.source_id, one.parent_id, one.payload)
                    for one in page.records
                    if isinstance(one, RawRecord)
                ]
                pages.append(RawPage(stream, orjson.dumps(records), replace(page, records=())))
    return pages


def write(store: Store, pages: list[RawPage]) -> None:
    """Do what a pull does: a thread decodes ahead; map, compress, compare, write; one transaction a page."""
    writer = PageWriter(Context("old", "zendesk", "https://acme.zendesk.com"), CONNECTOR.maps, "run")
    for stream, page in fetched_ahead(_decoded(pages)):
        with store.write() as database:
            writer.write_page(database, stream, page, NOW, full=False)


def _decoded(pages: list[RawPage]) -> Iterator[tuple[str, Page]]:
    for page in pages:
        records = tuple(RawRecord(what, key, raw, parent) for what, key, parent, raw in orjson.loads(page.body))
        yield page.stream, replace(page.shell, records=records)


@contextmanager
def _watched(pages: list[Inserts]) -> Iterator[None]:
    """Note the rows that are inserted; the last of the pages is the current one."""
    real = upsert.insert_rows

    def noting(connection: Any, table: str, columns: Any, rows: Any) -> None:
        if rows:
            pages[-1].rows.append((table, tuple(columns), list(rows)))
        real(connection, table, columns, rows)

    for module in (upsert, page_writer):
        module.insert_rows = noting  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in (upsert, page_writer):
            module.insert_rows = real  # type: ignore[attr-defined]


def recorded(pages: list[RawPage], directory: Path) -> list[Inserts]:
    """Write the pages once, and return the inserts of each."""
    found: list[Inserts] = []
    payload, number = RAW_COLUMNS.index("payload"), RAW_COLUMNS.index("dictionary_id")
    with open_store(f"sqlite:///{directory / 'recorded.db'}") as store, _watched(found):
        writer = PageWriter(Context("old", "zendesk", "https://acme.zendesk.com"), CONNECTOR.maps, "run")
        for stream, page in _decoded(pages):
            found.append(Inserts())
            with store.write() as database:
                writer.write_page(database, stream, page, NOW, full=False)
                for n, (table, columns, rows) in enumerate(found[-1].rows):
                    if table == "raw_record":
                        plain = [_with_plain_payload(writer, database, row, payload, number) for row in rows]
                        found[-1].rows[n] = (table, columns, plain)
                        found[-1].dictionary = _dictionary(database, rows[0][number])
    return found


def _with_plain_payload(writer: PageWriter, database: Any, row: WireRow, payload: int, number: int) -> WireRow:
    plain = raw_archive.encode(writer.archive.unpack(database, row[payload], row[number]))
    return (*row[:payload], plain, *row[payload + 1 :])


def _dictionary(database: Any, number: int | None) -> bytes | None:
    if number is None:
        return None
    table = machinery.raw_dictionary
    data: bytes = database.execute(table.select().where(table.c.id == number)).one().dictionary
    return data


def insert(store: Store, pages: list[RawPage], inserts: list[Inserts]) -> None:
    """Do the least: decode the pages, compress the payloads, insert the ready rows."""
    payload = RAW_COLUMNS.index("payload")
    plain = zstandard.ZstdCompressor(level=3)
    compressors: dict[bytes | None, zstandard.ZstdCompressor] = {None: plain}
    for page, ready in zip(pages, inserts, strict=True):
        orjson.loads(page.body)
        if ready.dictionary not in compressors:
            assert ready.dictionary is not None
            known = zstandard.ZstdCompressionDict(ready.dictionary)
            compressors[ready.dictionary] = zstandard.ZstdCompressor(level=3, dict_data=known)
        compress = compressors[ready.dictionary].compress
        with store.write() as database:
            driver: Any = database.connection.driver_connection
            for table, columns, rows in ready.rows:
                if table == "raw_record":
                    rows = [(*row[:payload], compress(row[payload]), *row[payload + 1 :]) for row in rows]  # noqa: PLW2901
                names = ", ".join(f'"{column}"' for column in columns)
                if store.is_sqlite:
                    holes = ", ".join("?" * len(columns))
                    driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({holes})", rows)
                    continue
                with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)


@dataclass(frozen=True, slots=True)
class Ratio:
    """What writing took over what the floor took."""

    rows: int
    seconds: float
    floor: float

    @property
    def value(self) -> float:
        """The ratio of the medians."""
        return self.seconds / self.floor


def compare(
    pages: list[RawPage], inserts: list[Inserts], empty: Callable[[], Any], runs: int, *, warm: int = 1
) -> Ratio:
    """Write and insert by turns into empty stores; return the medians."""
    times: dict[str, list[float]] = {"write": [], "insert": []}
    gc.collect()
    gc.freeze()  # a pull does not hold its whole account in memory: what is prepared here is no work for its collector
    for run in range(runs + warm):
        for what in ("insert", "write"):
            with empty() as store:
                gc.collect()
                begun = time.perf_counter()
                if what == "write":
                    write(store, pages)
                else:
                    insert(store, pages, inserts)
                if run >= warm:
                    times[what].append(time.perf_counter() - begun)
    rows = sum(len(rows) for page in inserts for _table, _columns, rows in page.rows)
    return Ratio(rows, statistics.median(times["write"]), statistics.median(times["insert"]))


def sqlite_stores(directory: Path) -> Callable[[], Any]:
    """Return a function that opens one empty SQLite store after the other."""
    number = iter(range(1_000))

    @contextmanager
    def empty() -> Iterator[Store]:
        path = directory / f"{next(number)}.db"
        with open_store(f"sqlite:///{path}") as store:
            yield store
        for left in directory.glob(f"{path.name}*"):
            left.unlink()

    return empty
