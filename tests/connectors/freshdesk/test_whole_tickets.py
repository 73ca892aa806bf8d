"""A ticket read whole: its files, its conversations however many, whichever way it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fd_account import Desk, answered, paged, query
from sqlalchemy import text

from deskferry.config import parse_config
from deskferry.connectors.freshdesk.children import SHOWN_WITH_TICKET, named
from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.kit.contract import Child, DeclaredClass, Measure, Page, RawRecord, Tombstone
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.connectors.kit.session import VendorStatus
from deskferry.errors import Stopped
from deskferry.migrate.pull import PullOptions, PullResult, refetch
from deskferry.simulators.freshdesk import FreshdeskDesk
from deskferry.simulators.freshdesk.desk import build
from deskferry.simulators.server import SimTransport
from deskferry.workbench import Workbench

STATS = {"resolved_at": None, "closed_at": None, "first_responded_at": "2025-03-01T09:30:00Z"}
ROW = {"id": 42, "subject": "Hello", "source": 2, "updated_at": "2025-03-02T10:30:00Z", "stats": STATS}
FILE = {"id": 501, "name": "a.txt", "size": 5, "attachment_url": "https://files.example/501?X-Amz-Signature=abc"}
VIEW = {**{name: ROW[name] for name in ROW if name != "stats"}, "description": "<p>Hi</p>", "description_text": "Hi",
        "attachments": [FILE], "spam": False}  # fmt: skip


def conversations(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "ticket_id": 42, "body": f"n{number}"} for number in range(1, count + 1)]


def viewed(count: int = 0, stats: Any = None, **more: Any) -> Any:
    """Answer a view as the vendor does: what is included is asked for, ten conversations at most."""

    def answer(request: httpx.Request) -> httpx.Response:
        include = query(request).get("include", "").split(",")
        shown: dict[str, Any] = {**VIEW, **more}
        if "conversations" in include:
            shown["conversations"] = conversations(count)[:10]
        if "stats" in include:
            shown["stats"] = stats or STATS
        return answered(shown)

    return answer


def desk_with(count: int = 0, **more: Any) -> Desk:
    return Desk({"GET tickets/42": viewed(count, **more), "GET tickets/42/conversations": paged(conversations(count))})


def kept(child: Child) -> Child:
    """Return a child as the to-do list gives it back."""
    return Child(child.stream, child.parent, orjson.loads(orjson.dumps(dict(child.args))))


def read(desk: Desk, row: dict[str, Any] | None = ROW) -> Page:
    """Read a ticket that a row of the list named; without a row by its number alone."""
    child = Child("whole_tickets", "42", {"short": True}) if row is None else kept(named(row))
    return desk.source().child(child.stream, child)


def ticket_of(page: Page) -> dict[str, Any]:
    record = page.records[0]
    assert isinstance(record, RawRecord)
    assert (record.object, record.source_id, record.parent_id) == ("ticket", "42", None)
    return record.payload


def test_a_ticket_its_files_and_its_conversations_take_one_call() -> None:
    desk = desk_with(3)
    page = read(desk)
    assert ticket_of(page) == {**VIEW, "stats": STATS}
    assert [(one.object, one.source_id) for one in page.records[1:]] == [("conversation", str(n)) for n in (1, 2, 3)]
    assert [query(request) for request in desk.seen] == [{"include": "conversations"}]


def test_a_file_of_the_description_belongs_to_the_opening_message() -> None:
    out: dict[str, list[Any]] = {}
    mapper = Mapper(MAPS["ticket"], Context("new", "freshdesk", "https://acme.freshdesk.com"))
    assert mapper.apply(ticket_of(read(desk_with())), "42", "2026-01-01T00:00:00.000000Z", out) is None
    ((file, *rest),) = out["attachment"]
    assert file == "new:attachment:501"
    assert "new:ticket:42/opening" in rest


@pytest.mark.parametrize(
    ("count", "calls"), [(0, 1), (SHOWN_WITH_TICKET - 1, 1), (SHOWN_WITH_TICKET, 2), (11, 2), (100, 2), (231, 4)]
)
def test_all_conversations_come_however_many(count: int, calls: int) -> None:
    desk = desk_with(count)
    page = read(desk)
    assert [one.source_id for one in page.records[1:]] == [str(number) for number in range(1, count + 1)]
    assert all(isinstance(one, RawRecord) and one.parent_id == "42" for one in page.records[1:])
    assert page.complete
    assert len(desk.seen) == calls


def test_conversations_that_never_end_are_a_fault_and_no_endless_call() -> None:
    """The same page again and again, each time with a link to the next one."""
    again = {"link": '<https://acme.freshdesk.com/api/v2/tickets/42/conversations?page=2>; rel="next"'}
    desk = Desk({
        "GET tickets/42": viewed(30),
        "GET tickets/42/conversations": answered(conversations(100), **again),
    })  # fmt: skip
    with pytest.raises(PagingLoop, match="the same page came twice"):
        read(desk)
    assert len(desk.seen) == 4  # the second page is asked for once more


def test_the_answer_for_another_ticket_is_no_answer() -> None:
    gone = {"GET tickets/42": answered(None, 404), "GET tickets/archived/42": answered({**VIEW, "id": 43})}
    for desk in (Desk({"GET tickets/42": viewed(2, id=43)}), Desk(gone)):
        with pytest.raises(Stopped, match="ticket 42 with something else"):
            read(desk)


def test_conversations_that_are_no_list_are_not_none_at_all() -> None:
    """Taken for an empty list, the store would bury every message of the ticket."""
    odd = answered({"message": "busy"})
    desk = Desk({"GET tickets/42": viewed(30), "GET tickets/42/conversations": odd})
    with pytest.raises(Stopped, match="no list"):
        read(desk)


def test_a_view_that_shows_no_conversations_has_them_listed() -> None:
    """An account that ignores the include is no ticket without conversations."""
    desk = Desk({"GET tickets/42": answered(VIEW), "GET tickets/42/conversations": paged(conversations(2))})
    assert [one.source_id for one in read(desk).records] == ["42", "1", "2"]


@pytest.mark.parametrize("count", [0, 10, 11])
def test_named_by_the_list_or_asked_for_again_the_payloads_are_the_same(count: int) -> None:
    by_list, again = read(desk_with(count)), read(desk_with(count), None)
    assert by_list == again
    mapper = Mapper(MAPS["ticket"], Context("new", "freshdesk", "https://acme.freshdesk.com"))
    assert mapper.raw_hash(ticket_of(by_list)) == mapper.raw_hash(ticket_of(again))


def test_stats_of_the_list_are_not_put_into_a_ticket_that_changed_since() -> None:
    newer = {**STATS, "closed_at": "2025-03-03T08:00:00Z"}
    desk = desk_with(updated_at="2025-03-03T08:00:00Z", stats=newer)
    assert ticket_of(read(desk))["stats"] == newer
    assert [query(request)["include"] for request in desk.seen] == ["conversations", "conversations,stats"]


@pytest.mark.parametrize("stats", [None, {}])
def test_stats_that_the_list_left_out_are_asked_for(stats: Any) -> None:
    desk = desk_with()
    assert ticket_of(read(desk, {**ROW, "stats": stats}))["stats"] == STATS
    assert len(desk.seen) == 1


def test_of_a_web_chat_the_first_message_is_declared() -> None:
    (declared,) = read(desk_with(source=15)).declared
    assert (declared.stream, declared.parent, declared.measure, declared.count, declared.trust) == (
        "whole_tickets", "42", Measure.MESSAGES, 1, DeclaredClass.BOUND,
    )  # fmt: skip
    assert read(desk_with()).declared == ()


# ------------------------------------------------------------------------------------------------------ gone, refused


def test_a_vanished_ticket_is_a_tombstone_and_an_archived_one_is_not() -> None:
    assert read(Desk()).records == (Tombstone("ticket", "42", "404"),)
    desk = Desk(
        {
            "GET tickets/archived/42": answered({"id": 42, "subject": "old"}),
            "GET tickets/archived/42/conversations": paged(conversations(120)),
        }
    )
    page = read(desk)
    assert ticket_of(page) == {"id": 42, "subject": "old", "archived": True}
    assert len(page.records) == 121
    assert page.complete
    assert query(desk.seen[1]) == {"include": "stats"}
    assert read(desk, None) == page


def test_an_archive_that_takes_no_include_is_read_without() -> None:
    def archived(request: httpx.Request) -> httpx.Response:
        return answered({"description": "Validation failed"}, 400) if request.url.query else answered({"id": 42})

    desk = Desk({"GET tickets/archived/42": archived, "GET tickets/archived/42/conversations": answered(None, 403)})
    page = read(desk)
    assert ticket_of(page) == {"id": 42, "archived": True}
    assert not page.complete  # nothing that was read before is buried
    assert "refused (403)" in page.notes[0]


def test_a_ticket_that_vanishes_between_its_calls_is_no_half_ticket() -> None:
    pages = paged(conversations(150))

    def vanishing(request: httpx.Request) -> httpx.Response:
        return pages(request) if query(request)["page"] == "1" else httpx.Response(404)

    desk = Desk({"GET tickets/42": viewed(150), "GET tickets/42/conversations": vanishing})
    assert read(desk).records == (Tombstone("ticket", "42", "404"),)


@pytest.mark.parametrize("mark", ["deleted", "spam"])
def test_what_the_list_said_of_trash_and_spam_is_kept(mark: str) -> None:
    row = {**ROW, mark: True, "description": "<p>Hi</p>"}
    assert read(Desk(), row).records == (Tombstone("ticket", "42", "404", payload=row),)
    refusing = Desk({"GET tickets/42": answered(None, 405), "GET tickets": answered([])})
    page = read(refusing, row)
    assert ticket_of(page) == row
    assert page.notes
    assert not page.complete
    shown = read(desk_with(2, **{mark: True}), row)
    assert ticket_of(shown) == {**VIEW, mark: True, "stats": STATS}
    assert len(shown.records) == 3


def test_a_ticket_that_may_not_be_seen_is_told_and_a_revoked_right_stops() -> None:
    """What is struck off the to-do list is never asked for again: a lost right must not strike off everything."""
    denied = answered({"code": "access_denied", "message": "no"}, 403)
    page = read(Desk({"GET tickets/42": denied, "GET tickets": answered([])}))
    assert (page.records, page.complete) == ((), False)
    assert page.notes == ("tickets: ticket 42 may not be read (403).",)
    with pytest.raises(VendorStatus):
        read(Desk({"GET tickets/42": denied, "GET tickets": denied}))


# -------------------------------------------------------------------------------------------------------- a whole desk


@contextmanager
def bench_on(desk: FreshdeskDesk, directory: Path) -> Iterator[tuple[Workbench, SimTransport]]:
    transport = SimTransport(desk)
    config = parse_config(
        f'[store]\nurl = "sqlite:///{directory / "store.db"}"\n'
        f'[connections.new]\nvendor = "freshdesk"\ndomain = "acme"\napi_key = "{desk.credentials()["api_key"]}"\n',
        directory / "deskferry.toml",
    )
    with Workbench(config, clock=desk.clock, transport=lambda _name: transport) as bench:
        yield bench, transport


def pulled(bench: Workbench, **options: Any) -> PullResult:
    return bench.pull(["new"], PullOptions(**options))["new"]


def rows(bench: Workbench, sql: str) -> list[Any]:
    with bench.store.read() as database:
        return [tuple(row) for row in database.execute(text(sql))]


def content(bench: Workbench) -> dict[str, list[Any]]:
    tables = ("ticket", "message", "attachment", "tagging", "ticket_follower", "ticket_link", "raw_record")
    return {table: rows(bench, f"SELECT * FROM {table} ORDER BY id") for table in tables}


def written(result: PullResult) -> int:
    counts: list[dict[str, int]] = [one for part in ("raw", "kinds") for one in result.tally[part].values()]
    deleted: dict[str, int] = result.tally["deleted"]
    return sum(one["inserted"] + one["updated"] for one in counts) + sum(deleted.values())


def test_every_file_of_every_ticket_arrives_and_no_second_reading_writes(tmp_path: Path) -> None:
    desk = build(tickets=60, seed=4, plan="enterprise-2000")
    tables = desk.account.tables
    for mark, ticket in zip(["delete_ticket"] * 3 + ["spam_ticket"] * 3, tables["tickets"], strict=False):
        desk.patch({"op": mark, "id": ticket})
    with bench_on(desk, tmp_path) as (bench, transport):
        result = pulled(bench)
        assert (result.open_rejects, result.shortfalls, result.notes, result.refused) == (0, [], [], {})
        viewing = [one for one in transport.log if one.path.startswith("/api/v2/tickets/")]
        counts = [len(found) for found in desk.account.notes_of.values()]
        listing = sum(-(-count // 100) for count in counts if count >= SHOWN_WITH_TICKET)
        assert listing > 1
        assert len(viewing) == len(tables["tickets"]) + listing
        held = {
            key: (state, digest) for key, state, digest in rows(bench, "SELECT id, fetch_state, sha256 FROM attachment")
        }
        stored = {
            f"new:attachment:{number}": tables["attachments"][number]
            for table in ("tickets", "conversations")
            for owner in tables[table].values()
            for number in owner["_files"]
        }
        assert held.keys() == stored.keys()
        for key, (state, digest) in held.items():
            gone = stored[key].get("_health") == "gone"
            assert (state, digest) == (("missing", None) if gone else ("done", stored[key]["_sha256"]))
        openings = rows(bench, "SELECT message_id FROM attachment WHERE message_id LIKE '%/opening'")
        assert len(openings) > 5
        marks = Counter(status for (status,) in rows(bench, "SELECT status FROM ticket"))
        assert (marks["deleted"], marks["spam"]) == (
            sum(bool(one["deleted"]) for one in tables["tickets"].values()),
            sum(bool(one["spam"]) for one in tables["tickets"].values()),
        )
        before = content(bench)
        desk.clock.sleep(3600)
        assert written(pulled(bench)) == 0
        assert written(pulled(bench, full=True)) == 0
        with bench.run("reread", "new") as record:
            again = [Child("whole_tickets", str(number)) for number in tables["tickets"]]
            assert written(refetch(bench.store, bench.connection("new"), record.id, again)) == 0
        assert content(bench) == before


def test_a_note_that_was_removed_is_gone_and_a_change_fetches_no_file_again(tmp_path: Path) -> None:
    desk = build(tickets=40, seed=4, plan="enterprise-2000")
    account = desk.account
    ticket = next(one for one in account.tables["tickets"].values() if one["_files"] and account.notes_of[one["id"]])
    note = account.notes_of[ticket["id"]][-1]
    with bench_on(desk, tmp_path) as (bench, transport):
        pulled(bench)
        desk.clock.sleep(600)
        account.notes_of[ticket["id"]].remove(note)
        del account.tables["conversations"][note]
        desk.patch({"op": "edit_ticket", "id": ticket["id"], "fields": {"subject": "Another"}, "touch": True})
        transport.log.clear()
        result = pulled(bench)
        assert result.files == {"done": 0, "missing": 0, "refused": 0}
        assert rows(bench, f"SELECT subject FROM ticket WHERE id = 'new:ticket:{ticket['id']}'") == [("Another",)]
        gone = rows(bench, "SELECT id, deletion_evidence FROM message WHERE deleted_at IS NOT NULL")
        assert gone == [(f"new:conversation:{note}", "absent")]
        assert [one.path for one in transport.log].count(f"/api/v2/tickets/{ticket['id']}") == 1
