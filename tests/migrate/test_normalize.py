"""Mapping the archive again gives the very rows that the pulls gave, however they came about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.mapping import Map, Table
from deskferry.errors import ConfigError
from deskferry.migrate.normalize import explain_record, normalize
from deskferry.store import Store
from tests.fake_desk import COMMENT, CONNECTOR, MAPS, TICKET, Desk, content, pull_all, small_account


def later(clock: VirtualClock, store: Store, desk: Desk) -> None:
    """Pull an hour later."""
    clock.sleep(3600)
    pull_all(store, desk, clock)


def a_long_life(store: Store) -> None:
    """Let an account live through all that moves rows: edits, parts that vanish, deletions, returns, late arrivals."""
    desk, clock = small_account(), VirtualClock()
    desk.put_user("5", created_at="never")
    pull_all(store, desk, clock)
    desk.put_ticket("10", tags=["a", "new"], metrics={"n": 2})
    desk.put_ticket("14", description="")
    desk.put_comment("11", "105", author_id="77", created_at="2026-01-01T07:00:00Z")
    desk.put_user("1", organization_id=None)
    later(clock, store, desk)
    desk.put_user("77", role="agent")
    desk.put_user("3", role="agent")
    desk.put_user("2", created_at="never")
    desk.delete_ticket("12", "2026-02-01T00:00:00Z")
    file = {"id": "f1", "name": "a.txt", "size": 5, "url": "https://fake.example/f/1?sig=9"}
    desk.put_comment("10", "101", body="edited", author_id="1", created_at="2026-01-01T10:00:00Z", files=[file])
    later(clock, store, desk)
    desk.deleted.pop("12")
    desk.put_ticket("12", status="open")
    desk.put_update("u4", "11", at="2026-01-01T00:00:00Z", changes=[{"id": "c0", "field": "status", "value": "new"}],
                    comments=[{"id": "105", "author_id": "77", "body": "told again, otherwise", "public": True,
                               "created_at": "2026-01-01T07:00:00Z"}])  # fmt: skip
    desk.delete_ticket("13", "2026-02-03T00:00:00Z")
    desk.users.pop("4")
    later(clock, store, desk)


def test_the_same_rows_with_every_column(store: Store) -> None:
    """Times of writing, places, downloads, what authors were, rejects and declared counts among them."""
    a_long_life(store)
    before = content(store, times=True)
    result = normalize(store, "old", CONNECTOR, "run-2")
    after = content(store, times=True)
    assert after == before
    assert result.raw == len(before["payloads"])
    assert result.rejected == {"bad_time": 2}
    assert result.rows["message"] >= 6
    normalize(store, "old", CONNECTOR, "run-3")
    assert content(store, times=True) == before


def test_flags_of_texts_are_those_of_the_scanner_now(store: Store) -> None:
    desk = small_account()
    desk.put_comment("10", "102", body="card 4111 1111 1111 1111", author_id="3", created_at="2026-01-01T07:00:00Z")
    pull_all(store, desk)
    before = content(store, times=True)
    with store.write() as database:
        database.execute(text("UPDATE message SET text_flags = 'of an older scanner:1'"))
    assert content(store, times=True) != before
    normalize(store, "old", CONNECTOR, "run")
    assert content(store, times=True) == before
    assert "card_number@body_text:1" in {one["text_flags"] for one in before["message"]}


def test_a_message_that_moves_to_another_ticket(store: Store) -> None:
    """Both tickets are numbered anew."""
    desk = small_account()
    desk.put_comment("11", "90", author_id="3", created_at="2026-01-01T07:00:00Z")
    pull_all(store, desk)
    desk.comments["11"] = []
    desk.put_comment("10", "90", author_id="3", created_at="2026-01-01T07:00:00Z")
    pull_all(store, desk)
    places = {one["id"].rpartition(":")[2]: (one["ticket_id"][-2:], one["seq"]) for one in content(store)["message"]}
    assert {key: places[key] for key in ("90", "100", "101", "110")} == {
        "90": ("10", 1), "100": ("10", 2), "101": ("10", 3), "110": ("11", 1),
    }  # fmt: skip
    before = content(store, times=True)
    normalize(store, "old", CONNECTOR, "run")
    assert content(store, times=True) == before


def test_another_connection_is_left_alone(store: Store) -> None:
    pull_all(store, small_account())
    with store.write() as database:
        database.execute(text("UPDATE person SET connection = 'new', id = 'new:user:4' WHERE source_id = '4'"))
    normalize(store, "old", CONNECTOR, "run")
    with store.read() as database:
        assert database.execute(text("SELECT COUNT(*) FROM person WHERE id = 'new:user:4'")).scalar() == 1
        assert database.execute(text("SELECT COUNT(*) FROM person WHERE connection = 'old'")).scalar() == 4


def test_one_row_from_two_raw_records_is_that_of_the_later(store: Store) -> None:
    """A comment that the export and the list both tell is as the one that came last told it."""
    desk = small_account()
    told = {"id": "100", "author_id": "2", "public": True, "created_at": "2026-01-01T09:00:00Z"}
    desk.put_update("u9", "10", at="2026-01-01T09:00:00Z", comments=[{**told, "body": "from the export"}])
    pull_all(store, desk)

    def bodies() -> list[tuple[Any, ...]]:
        with store.read() as database:
            found = database.execute(text("SELECT body_text, raw_record_id FROM message WHERE id = 'old:comment:100'"))
            return [tuple(row) for row in found]

    assert bodies() == [("Text 100", "old:comment:100")]
    normalize(store, "old", CONNECTOR, "run")
    assert bodies() == [("Text 100", "old:comment:100")]
    desk.put_update("u9", "10", at="2026-01-01T09:00:00Z", comments=[{**told, "body": "edited later"}])
    pull_all(store, desk)
    assert bodies() == [("edited later", "old:update:u9")]
    normalize(store, "old", CONNECTOR, "run")
    assert bodies() == [("edited later", "old:update:u9")]


def test_a_mended_mapping_needs_no_download(store: Store) -> None:
    """New rows, new counts, mended rejects; and the file that was downloaded still is."""
    desk = small_account()
    desk.put_user("3", created_at="01.02.2026")
    pull_all(store, desk)
    user = MAPS["user"]
    person = user.tables[0]
    lenient = [row for row in person.rows if row.to != "created_at"]
    mended_person = replace(person, rows=(*lenient, Map("notes", "created_at")))
    files = COMMENT.tables[1]
    mended_files = replace(files, rows=(*files.rows, Map("content_type", "name")))
    fewer = Table("message", TICKET.tables[3].rows, source_id=None, part="opening", key=None, when=lambda *_: False)
    maps = {
        **MAPS,
        "user": replace(user, tables=(mended_person, *user.tables[1:])),
        "comment": replace(COMMENT, tables=(COMMENT.tables[0], mended_files)),
        "ticket": replace(TICKET, tables=(*TICKET.tables[:3], fewer)),
    }
    desk.log.clear()
    result = normalize(store, "old", replace(CONNECTOR, maps=maps), "run")
    assert desk.log == []
    assert result.rejected == {}
    found = content(store)
    assert "reject" not in found
    assert {one["source_id"]: one["notes"] for one in found["person"]}["3"] == "01.02.2026"
    assert [one for one in found["message"] if one["id"].endswith("/opening")] == []
    (file,) = found["attachment"]
    assert (file["content_type"], file["fetch_state"], len(file["sha256"])) == ("a.txt", "done", 64)


def test_what_was_never_pulled(store: Store) -> None:
    with pytest.raises(ConfigError, match="old was never pulled"):
        normalize(store, "old", CONNECTOR, "run")


def test_explain(store: Store) -> None:
    """Each field with its path, raw value, converter and result; also of a part, and of what is settled."""
    pull_all(store, small_account())
    told = explain_record(store, "old", CONNECTOR, "message", "100")
    fields = {one["field"]: one for one in told["fields"]}
    assert fields["author_id"] == {
        "field": "author_id", "path": "author_id", "raw": "2", "converter": "ref(user)", "result": "old:user:2",
    }  # fmt: skip
    assert told["settled"]["seq"] == 1
    assert told["settled"]["author_kind"] == "end_user"
    opening = explain_record(store, "old", CONNECTOR, "message", "old:ticket:14/opening")
    assert opening["raw_record_id"] == "old:ticket:14"
    with pytest.raises(ConfigError, match="old has no message 9999"):
        explain_record(store, "old", CONNECTOR, "message", "9999")
