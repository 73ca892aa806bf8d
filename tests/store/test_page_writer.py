"""Pages into rows: what changed is written, what did not is left alone, what cannot be written is kept as a reject."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import zstandard
from sqlalchemy import inspect, text

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Child, Page, RawRecord, Tombstone
from deskferry.connectors.kit.mapping import Context, Map, ObjectMap, Table
from deskferry.store import Store
from deskferry.store.page_writer import PageWriter
from deskferry.store.raw_archive import RawArchive, compressed
from tests.fake_desk import MAPS, content

T1, T2, T3 = (f"2026-01-0{n}T00:00:00.000000Z" for n in (1, 2, 3))
ODD = ObjectMap(
    "odd",
    (
        Table(
            "status_definition",
            (Map("label", "label"), Map("position", "position"), Map("created_at", "at", lambda value: value)),
        ),
    ),
)


class Writer:
    """Writes pages as a pull would."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        context = Context("old", "fake", "https://fake.example")
        self.pages = PageWriter(context, {**MAPS, "odd": ODD}, "run-1", **options)

    def page(self, *records: RawRecord | Tombstone, at: str = T1, stream: str = "s", **page: Any) -> None:
        """Write one page."""
        full = page.pop("full", False)
        with self.store.write() as database:
            refusal = self.pages.write_page(database, stream, Page(records, **page), at, full=full)
        if refusal is not None:
            raise refusal

    def child(self, parent: str, *records: RawRecord | Tombstone, at: str = T1, **page: Any) -> None:
        """Write one child."""
        with self.store.write() as database:
            self.pages.write_child(database, Child("comments", parent), Page(records, **page), at)


@pytest.fixture
def writer(store: Store) -> Writer:
    """Give a writer of pages of the connection `old`."""
    return Writer(store)


def user(key: str = "1", **fields: Any) -> RawRecord:
    """Return a user."""
    return RawRecord("user", key, {"id": key, "name": "Ann", **fields})


def comment(key: str, parent: str = "7", **fields: Any) -> RawRecord:
    """Return a comment."""
    return RawRecord("comment", key, {"id": key, "ticket_id": parent, **fields}, parent)


def rows(store: Store, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with store.read() as database:
        return [tuple(row) for row in database.execute(text(statement))]


def everything(store: Store) -> dict[str, Any]:
    """Return raw and canonical rows with every column, times and compressed bytes included."""
    with store.read() as database:
        names = [name for name in inspect(database).get_table_names() if name not in {"stream_cursor", "stream_todo"}]
        return {
            name: sorted(map(repr, (tuple(row) for row in database.execute(text(f"SELECT * FROM {name}")))))
            for name in names
        }


def test_a_volatile_change_writes_nothing(store: Store, writer: Writer) -> None:
    """Not a byte of raw or canonical rows moves, `synced_at` and `fetched_at` among them."""
    writer.page(user(tags=["a"], last_login_at="monday"))
    before = everything(store)
    writer.page(user(tags=["a"], last_login_at="tuesday"), at=T2)
    assert everything(store) == before
    assert writer.pages.tally.as_json()["raw"]["s"] == {"inserted": 1, "updated": 0, "unchanged": 1}


def test_texts_have_their_flags_from_the_write_that_brings_them(store: Store, writer: Writer) -> None:
    """A change of the text changes them, a volatile change and another scanner alone do not; `normalize` does."""
    statement = "SELECT id, text_flags FROM message ORDER BY id"
    writer.page(comment("1", body="card 4111 1111 1111 1111"), comment("2", body="fine"))
    assert rows(store, statement) == [("old:comment:1", "card_number@body_text:1"), ("old:comment:2", None)]
    with store.write() as database:
        database.execute(text("UPDATE message SET text_flags = 'of an older scanner:1'"))
    writer.page(comment("1", body="card 4111 1111 1111 1111"), comment("2", body="Espa\u00c3\u00b1a"), at=T2)
    assert rows(store, statement) == [
        ("old:comment:1", "of an older scanner:1"),
        ("old:comment:2", "mojibake@body_text:1"),
    ]
    writer.page(comment("1", body="redacted"), comment("2", body="Espa\u00c3\u00b1a"), at=T3)
    assert rows(store, statement) == [("old:comment:1", None), ("old:comment:2", "mojibake@body_text:1")]


def test_volatile_paths_inside_lists(store: Store, writer: Writer) -> None:
    """A signed address moves with every answer; the payload that is kept is the first one."""
    file = {"id": "f", "name": "a", "url": "https://x/f?sig=1"}
    writer.page(comment("1", files=[file]))
    before = everything(store)
    writer.page(comment("1", files=[{**file, "url": "https://x/f?sig=2"}]), at=T2)
    assert everything(store) == before
    writer.page(comment("1", body="edited", files=[{**file, "url": "https://x/f?sig=3"}]), at=T3)
    assert rows(store, "SELECT url, fetch_state FROM attachment") == [("https://x/f?sig=3", "pending")]


def test_a_changed_record_leaves_its_unchanged_parts_alone(store: Store, writer: Writer) -> None:
    """One new tag is one new row; the other tag keeps the time at which it was written."""
    writer.page(user(tags=["a", "b"]))
    writer.page(user(tags=["a", "c"]), at=T2)
    found = [(tag, str(at)[:10]) for tag, at in rows(store, "SELECT tag, synced_at FROM tagging ORDER BY tag")]
    assert found == [("a", "2026-01-01"), ("c", "2026-01-02")]
    kinds = writer.pages.tally.as_json()["kinds"]
    assert kinds["tagging"] == {"inserted": 3, "updated": 0, "unchanged": 1}
    assert kinds["person"] == {"inserted": 1, "updated": 0, "unchanged": 1}
    assert rows(store, "SELECT kind, record_id, change FROM change_log") == [
        ("tagging", "old:user:1/tag/b", "vanished")
    ]


def test_parts_of_kinds_without_an_index_vanish_too(store: Store, writer: Writer) -> None:
    """A derived opening goes when the description does; messages that an update no longer carries go with it."""
    ticket = {"id": "7", "description": "Help"}
    writer.page(RawRecord("ticket", "7", ticket), comment("1"))
    writer.page(RawRecord("update", "u", {"id": "u", "ticket_id": "7", "comments": [{"id": "2"}, {"id": "3"}]}))
    writer.page(RawRecord("ticket", "7", {"id": "7"}), at=T2)
    writer.page(RawRecord("update", "u", {"id": "u", "ticket_id": "7", "comments": [{"id": "3"}]}), at=T2)
    assert rows(store, "SELECT id FROM message ORDER BY id") == [("old:comment:1",), ("old:comment:3",)]


def test_a_part_that_another_record_brings_now_stays(store: Store, writer: Writer) -> None:
    """A row goes only with the raw record that brought it last."""
    update = {"id": "u", "ticket_id": "7", "comments": [{"id": "1", "body": "a"}]}
    writer.page(RawRecord("update", "u", update))
    writer.page(comment("1", body="a"), at=T2)
    writer.page(RawRecord("update", "u", {**update, "comments": []}), at=T3)
    assert rows(store, "SELECT id, raw_record_id FROM message") == [("old:comment:1", "old:comment:1")]


def test_new_records_that_bring_a_row_that_is_there(store: Store, writer: Writer) -> None:
    """Rows of new records are taken to be new; where one is not it is compared, and the rest of the page is written."""
    writer.page(comment("1", body="a"), comment("2", body="b"))
    again = {"id": "u", "ticket_id": "7", "comments": [{"id": "1", "body": "a"}, {"id": "2", "body": "c"}, {"id": "3"}]}
    writer.page(RawRecord("update", "u", again), user(tags=["x"]), at=T2)
    writer.page(RawRecord("update", "v", {**again, "id": "v", "comments": [{"id": "3", "body": "d"}]}), at=T3)
    found = rows(store, "SELECT id, body_text, raw_record_id FROM message ORDER BY id")
    assert found == [
        ("old:comment:1", "a", "old:update:u"),
        ("old:comment:2", "c", "old:update:u"),
        ("old:comment:3", "d", "old:update:v"),
    ]
    kinds = writer.pages.tally.as_json()["kinds"]
    assert kinds["message"] == {"inserted": 3, "updated": 2, "unchanged": 1}
    assert kinds["person"] == {"inserted": 1, "updated": 0, "unchanged": 0}
    assert rows(store, "SELECT * FROM reject") == []


def test_the_last_of_two_in_a_page(store: Store, writer: Writer) -> None:
    """Vendors repeat records across the edges of their pages."""
    writer.page(user(name="first"), user(name="second"))
    assert rows(store, "SELECT name FROM person") == [("second",)]
    assert writer.pages.tally.as_json()["raw"]["s"]["inserted"] == 1


# ----------------------------------------------------------------------------------------------------------- tombstones


def test_a_deletion_keeps_the_content(store: Store, writer: Writer) -> None:
    """The row says since when it is gone and how we know; the ticket keeps its last real status."""
    writer.page(RawRecord("ticket", "7", {"id": "7", "status": "open", "tags": ["a"]}))
    writer.page(Tombstone("ticket", "7", "vendor", "2026-01-05T10:00:00Z", {"id": "7", "why": "asked"}), at=T2)
    assert rows(store, "SELECT status, status_before, deletion_evidence FROM ticket") == [("deleted", "open", "vendor")]
    with store.read() as database:
        stored = RawArchive("old").one(database, "old:ticket:7")
    assert stored is not None
    assert (stored.payload, stored.tombstone) == (
        {"id": "7", "status": "open", "tags": ["a"]},
        {"id": "7", "why": "asked"},
    )
    assert (stored.deleted_at, stored.deletion_evidence) == ("2026-01-05T10:00:00.000000Z", "vendor")
    before = everything(store)
    writer.page(Tombstone("ticket", "7", "404"), at=T3)
    assert everything(store) == before, "told twice, it is written once"


def test_a_deletion_without_a_time_takes_the_time_it_was_seen(store: Store, writer: Writer) -> None:
    writer.page(user())
    writer.page(Tombstone("user", "1", "404", "sometime"), at=T2)
    assert [str(at)[:10] for (at,) in rows(store, "SELECT deleted_at FROM person")] == ["2026-01-02"]


def test_a_deletion_before_the_record(store: Store, writer: Writer) -> None:
    """What was never seen leaves a tombstone and no row; if it comes after all, it lives."""
    writer.page(Tombstone("user", "1", "vendor"))
    assert rows(store, "SELECT id FROM person") == []
    assert rows(store, "SELECT id FROM reject") == []
    writer.page(user(), at=T2)
    assert rows(store, "SELECT name, deleted_at FROM person") == [("Ann", None)]
    assert rows(store, "SELECT deleted_at, tombstone FROM raw_record") == [(None, None)]


def test_within_a_page_the_last_word_counts(store: Store, writer: Writer) -> None:
    writer.page(user("1"), Tombstone("user", "1", "vendor"), Tombstone("user", "2", "vendor"), user("2"))
    assert rows(store, "SELECT source_id FROM person") == [("2",)]


def test_a_restored_record_lives_again(store: Store, writer: Writer) -> None:
    """Also when its payload is the same as before."""
    writer.page(user())
    before = content(store, times=True)["person"][0]["content_hash"]
    writer.page(Tombstone("user", "1", "vendor"), at=T2)
    assert content(store)["person"][0]["content_hash"] != before
    writer.page(user(), at=T3)
    person = content(store)["person"][0]
    assert (person["deleted_at"], person["deletion_evidence"], person["content_hash"]) == (None, None, before)


def test_thousands_of_deletions(store: Store, writer: Writer) -> None:
    writer.page(*(user(str(n)) for n in range(2500)))
    writer.page(*(Tombstone("user", str(n), "vendor") for n in range(2500)), at=T2)
    assert rows(store, "SELECT COUNT(*) FROM person WHERE deleted_at IS NULL") == [(0,)]
    assert writer.pages.tally.deleted["user"] == 2500


# ---------------------------------------------------------------------------------------------------------------- scans


def scan(writer: Writer, *keys: int, **options: Any) -> None:
    """Write a complete scan in two pages."""
    half = len(keys) // 2
    writer.page(*(user(str(key)) for key in keys[:half]), full=True, cursor={"n": 1}, **options)
    writer.page(*(user(str(key)) for key in keys[half:]), full=True, last=True, complete=True, **options)


def live(store: Store) -> int:
    """Return how many people live."""
    return int(rows(store, "SELECT COUNT(*) FROM person WHERE deleted_at IS NULL")[0][0])


def test_what_a_complete_scan_lacks_is_gone(store: Store, writer: Writer) -> None:
    scan(writer, *range(100))
    scan(writer, *range(90), at=T2)
    assert live(store) == 90
    evidence = rows(store, "SELECT DISTINCT deletion_evidence FROM person WHERE deleted_at IS NOT NULL")
    assert evidence == [("absent",)]
    scan(writer, *range(100), at=T3)
    assert live(store) == 100
    assert rows(store, "SELECT COUNT(*) FROM stream_seen") == [(0,)]


def test_a_scan_that_another_process_goes_on_with_knows_what_the_first_one_saw(store: Store, writer: Writer) -> None:
    """New, changed and unchanged records of the first half: only the last are noted, and none of them is buried."""
    writer.page(*(user(str(key)) for key in range(30)), full=True, last=True, complete=True)
    first = [user("0"), user("1", name="Bob"), user("new")]
    writer.page(*first, full=True, cursor={"n": 1}, at=T2)
    assert rows(store, "SELECT raw_record_id FROM stream_seen") == [("old:user:0",)]
    Writer(store).page(*(user(str(key)) for key in range(2, 29)), full=True, last=True, complete=True, at=T3)
    gone = rows(store, "SELECT id FROM raw_record WHERE deleted_at IS NOT NULL")
    assert gone == [("old:user:29",)]
    assert rows(store, "SELECT scan_from FROM stream_cursor") == [(None,)]


def test_a_first_scan_notes_nothing(store: Store, writer: Writer) -> None:
    writer.page(*(user(str(key)) for key in range(3)), full=True, cursor={"n": 1})
    assert rows(store, "SELECT COUNT(*) FROM stream_seen") == [(0,)]
    assert rows(store, "SELECT scan_from FROM stream_cursor") == [(0,)]


def test_a_scan_that_is_not_complete_buries_nobody(store: Store, writer: Writer) -> None:
    scan(writer, *range(10))
    writer.page(user("1"), full=True, last=True, at=T2)
    assert live(store) == 10


def test_implausible_absence_is_refused(store: Store, writer: Writer) -> None:
    """More than a fifth, and at least twenty: that is a lost permission. What did come is kept, nothing is buried."""
    scan(writer, *range(100))
    with pytest.raises(Exception, match="30 of 101 records are suddenly absent"):
        scan(writer, *range(70), 200, at=T2)
    assert live(store) == 101
    assert rows(store, "SELECT scanning FROM stream_cursor WHERE stream = 's'") in ([(0,)], [(False,)])
    assert rows(store, "SELECT COUNT(*) FROM stream_seen") == [(0,)], "the next scan begins afresh"
    scan(writer, *range(100), 200, at=T3)
    assert live(store) == 101


def test_memberships_of_people_who_are_gone_are_not_suddenly_absent(store: Store, writer: Writer) -> None:
    """After a rollback, or any clearing out of people, their memberships went with them."""
    members = [RawRecord("ticket", str(n), {"id": str(n)}) for n in range(60)]
    writer.page(*members, full=True, last=True, complete=True)
    common = {"connection": "old", "vendor": "v", "source_object": "o", "content_hash": "h", "synced_at": T1}
    person, joined = sql_table("person"), sql_table("person_organization")
    with store.write() as database:
        for n in range(60):
            own = {**common, "source_id": str(n)}
            database.execute(person.insert().values(id=f"old:user:m{n}", is_active=n >= 30, **own))
            database.execute(
                joined.insert().values(
                    id=f"old:m:{n}",
                    raw_record_id=f"old:ticket:{n}",
                    person_id=f"old:user:m{n}",
                    organization_id="old:o:1",
                    **own,
                )
            )
    with pytest.raises(Exception, match="60 of 60 records are suddenly absent"):
        writer.page(full=True, last=True, complete=True, at=T2)
    writer.page(*members[30:], full=True, last=True, complete=True, at=T2)
    assert rows(store, "SELECT COUNT(*) FROM raw_record WHERE deleted_at IS NULL") == [(30,)]


def test_a_stream_of_several_objects(store: Store, writer: Writer) -> None:
    """Absence is counted over all that the stream brought, and other streams are left alone."""
    tickets = [RawRecord("ticket", str(n), {"id": str(n)}) for n in range(10)]
    writer.page(*tickets, user("1"), full=True, last=True, complete=True)
    writer.page(user("2"), stream="other", full=True, last=True, complete=True)
    writer.page(*tickets[:9], full=True, last=True, complete=True, at=T2)
    gone = rows(store, "SELECT id FROM raw_record WHERE deleted_at IS NOT NULL ORDER BY id")
    assert gone == [("old:ticket:9",), ("old:user:1",)]


def test_a_complete_child_lacks_what_is_gone(store: Store, writer: Writer) -> None:
    """Only of that parent, only of that stream, and only when the child says that it is complete."""
    for parent in ("7", "8"):
        writer.child(parent, *(comment(f"{parent}{n}", parent) for n in range(3)))
    writer.child("7", comment("70"), at=T2)
    assert rows(store, "SELECT COUNT(*) FROM message WHERE deleted_at IS NULL") == [(6,)]
    writer.child("7", comment("70"), at=T2, complete=True)
    found = rows(store, "SELECT source_id FROM message WHERE deleted_at IS NULL ORDER BY id")
    assert [key for (key,) in found] == ["70", "80", "81", "82"]


# -------------------------------------------------------------------------------------------------------------- rejects


def test_a_record_that_cannot_be_mapped_is_kept_with_its_reason(store: Store, writer: Writer) -> None:
    """Its raw record is there, the others of its page are written, and a mended record takes its reject away."""
    writer.page(user("1", created_at="not a time", name="nul \x00"), user("2"))
    found = content(store)["reject"]
    assert [(one["id"], one["code"]) for one in found] == [("old:user:1", "bad_time")]
    assert found[0]["raw"] == {"id": "1", "name": "nul \ufffd", "created_at": "not a time"}
    assert content(store)["payloads"]["old:user:1"][0]["name"] == "nul \x00"
    assert rows(store, "SELECT source_id FROM person") == [("2",)]
    writer.page(user("1", created_at="2026-01-01"), at=T2)
    assert rows(store, "SELECT COUNT(*) FROM reject") == [(0,)]
    assert rows(store, "SELECT COUNT(*) FROM person") == [(2,)]


def test_a_record_that_becomes_unreadable_leaves_no_stale_rows(store: Store, writer: Writer) -> None:
    writer.page(user("1", tags=["a"]), user("2", tags=["a"]))
    writer.page(user("1", tags=["a"], created_at="not a time"), at=T2)
    assert rows(store, "SELECT id FROM person") == [("old:user:2",)]
    assert rows(store, "SELECT id FROM tagging") == [("old:user:2/tag/a",)]


@pytest.mark.parametrize(
    "bad",
    [
        RawRecord("odd", "2", {"id": "2", "label": "x", "position": 2**63}),
        RawRecord("comment", "2", {"id": "2", "body": "of no ticket", "files": [{"id": "f"}]}),
    ],
    ids=["beyond 64 bits", "a required column is missing"],
)
def test_a_value_that_no_column_takes(store: Store, writer: Writer, bad: RawRecord) -> None:
    """What the mapping lets pass and a database does not is a reject; its page is written without it."""
    good = [RawRecord("odd", key, {"id": key, "label": "fine", "position": 1}) for key in ("1", "3")]
    writer.page(good[0], bad, good[1], stream="odds")
    assert rows(store, "SELECT source_id FROM status_definition ORDER BY id") == [("1",), ("3",)]
    assert rows(store, "SELECT id, code, stream FROM reject") == [(f"old:{bad.object}:2", "unwritable", "odds")]
    assert rows(store, "SELECT COUNT(*) FROM raw_record") == [(3,)]
    assert rows(store, "SELECT COUNT(*) FROM attachment") == [(0,)]
    assert writer.pages.tally.as_json()["kinds"]["status_definition"]["inserted"] == 2


def test_what_no_database_takes_is_tamed(store: Store, writer: Writer) -> None:
    """NUL, lone surrogates, huge integers, astral letters and long texts: in values, keys, ids and tags."""
    payload = {
        "id": "1", "name": "nul\x00, half a letter \ud83d, a whole one \U0001f600",
        "tags": ["t\x00", "\udc00x", "\U0001f600"], "huge": 2**70, "\ud800key": {"deep": ["\x00", -(2**64)]},
        "literal": "\\u0000 is only spoken of",
    }  # fmt: skip
    writer.page(RawRecord("user", "1", payload), RawRecord("user", "nul\x00", {"id": "nul\x00", "name": "b"}))
    found = content(store)
    by_id = {one["id"]: one for one in found["person"]}
    assert by_id["old:user:1"]["name"] == "nul\ufffd, half a letter \ufffd, a whole one \U0001f600"
    assert by_id["old:user:1"]["extra"] == {
        "huge": str(2**70), "\ufffdkey": {"deep": ["\ufffd", str(-(2**64))]}, "literal": "\\u0000 is only spoken of",
    }  # fmt: skip
    assert by_id["old:user:nul\ufffd"]["name"] == "b"
    assert sorted(one["tag"] for one in found["tagging"]) == ["t\ufffd", "\ufffdx", "\U0001f600"]
    assert found["payloads"]["old:user:1"][0] == payload, "the archive keeps it verbatim"
    assert "reject" not in found
    before = everything(store)
    writer.page(RawRecord("user", "1", payload), at=T2)
    assert everything(store) == before


def test_a_nul_in_the_key_of_a_part(store: Store, writer: Writer) -> None:
    """Parts are named by what vendors let people type."""
    writer.page(user("1", tags=["a\x00b"]))
    assert rows(store, "SELECT id, tag FROM tagging") == [("old:user:1/tag/a\ufffdb", "a\ufffdb")]
    assert rows(store, "SELECT id FROM reject") == []


def test_long_texts(store: Store, writer: Writer) -> None:
    """Ten megabytes in one message, in a script that takes four bytes a letter."""
    body = "\U0001f600abc" * (10_000_000 // 7)
    writer.page(comment("1", body=body), comment("2", body="short"))
    found = {one["source_id"]: one["body_text"] for one in content(store)["message"]}
    assert found == {"1": body, "2": "short"}
    assert content(store)["payloads"]["old:comment:1"][0]["body"] == body


# -------------------------------------------------------------------------------------------------------------- archive


def test_versions_are_kept_on_request(store: Store) -> None:
    writer = Writer(store, keep_versions=True)
    writer.page(user(name="a"))
    writer.page(Tombstone("user", "2", "vendor"))
    writer.page(user(name="b"), user("2"), at=T2)
    writer.page(user(name="c"), at=T3)
    with store.read() as database:
        archive = RawArchive("old")
        found = database.execute(text("SELECT payload, dictionary_id FROM raw_version ORDER BY arrival"))
        names = [archive.unpack(database, *row)["name"] for row in found]
    assert names == ["a", "b"]


def test_a_dictionary_a_stream(store: Store, writer: Writer) -> None:
    """It is trained from the first page that is long enough, and later pages and processes use it."""
    writer.page(*(user(str(n), email=f"somebody-{n}@example.org", signature=f"Kind regards, {n}") for n in range(200)))
    writer.page(user("300", email="somebody-300@example.org", signature="Kind regards, 300"), at=T2)
    Writer(store).page(user("301", email="somebody-301@example.org"), at=T3)
    assert rows(store, "SELECT stream FROM raw_dictionary") == [("s",)]
    assert rows(store, "SELECT COUNT(*) FROM raw_record WHERE dictionary_id IS NULL") == [(0,)]
    with store.read() as database:
        assert len(RawArchive("old").some(database, [f"old:user:{n}" for n in range(302)])) == 202


def test_a_rolled_back_dictionary_is_forgotten(store: Store, writer: Writer) -> None:
    """Its id may be given to another one: what was compressed with the lost one would be lost with it."""
    records = [user(str(n), signature=f"Kind regards, {n}", email=f"somebody-{n}@example.org") for n in range(200)]
    with suppress(ZeroDivisionError), store.write() as database:
        writer.pages.write_page(database, "s", Page(tuple(records)), T1, full=False)
        writer.pages.archive.some(database, ["old:user:1"])
        raise ZeroDivisionError
    writer.pages.rolled_back()
    writer.page(*(user(str(n), phone=f"+49 30 {n:06}", notes=f"Calls at {n} o'clock") for n in range(200)))
    with store.read() as database:
        assert len(writer.pages.archive.some(database, [f"old:user:{n}" for n in range(200)])) == 200
        assert len(RawArchive("old").some(database, [f"old:user:{n}" for n in range(200)])) == 200
    assert rows(store, "SELECT MIN(arrival), MAX(arrival) FROM raw_record") == [(0, 199)]


def test_unknown_objects_are_kept_raw(store: Store, writer: Writer) -> None:
    writer.page(RawRecord("novelty", "1", {"id": "1", "a": 1}))
    assert content(store)["payloads"] == {"old:novelty:1": ({"id": "1", "a": 1}, None)}
    assert writer.pages.coverage["novelty"].report()[0][:2] == ("a", "unknown")


def test_payloads_are_compressed_alike_one_by_one_and_at_once() -> None:
    """What a payload becomes does not depend on how many are compressed with it."""
    dictionary = zstandard.train_dictionary(
        4096, [f'{{"id": {n}, "subject": "ticket {n * n}"}}'.encode() for n in range(2000)], k=200, d=8
    )
    for compressor in (zstandard.ZstdCompressor(level=3, dict_data=dictionary), zstandard.ZstdCompressor(level=3)):
        payloads = [b"", b"\xff" * 70_000, *(f'{{"id": {n}}}'.encode() for n in range(300))]
        assert compressed(compressor, payloads) == [compressor.compress(one) for one in payloads]
        assert compressed(compressor, payloads[:2]) == [compressor.compress(one) for one in payloads[:2]]
