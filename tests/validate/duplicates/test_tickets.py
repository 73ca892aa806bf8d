"""Tickets that are there twice: never by their subject alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deskferry.store import Store, open_store
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.search import find_duplicates
from deskferry.validate.duplicates.ticket_texts import compared_text, is_automatic, likeness
from tests.validate.duplicates.quality import put_rows

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEXT = (
    "Hello, my order 1234 has not arrived and the tracking page has not changed since Monday morning. It was meant as "
    "a birthday present for my sister, so I would like to know today whether it is still on its way or not. Thanks!"
)
OTHER = (
    "The invoice of last month shows the wrong company address, please send a corrected one to our accounting office."
)
COMMON = {"connection": "old", "vendor": "zendesk", "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z"}


class Desk:
    """Tickets with their opening messages."""

    def __init__(self) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []

    def ask(self, number: int, minutes: float, text: str | None = TEXT, *, by: int = 1, **values: Any) -> None:
        opening = {name: values.pop(name) for name in ("rfc_message_id",) if name in values}
        created = START + timedelta(minutes=minutes)
        id_ = f"old:ticket:{number}"
        self.tickets.append({
            **COMMON, "id": id_, "source_object": "ticket", "source_id": str(number), "requester_id": f"old:user:{by}",
            "subject": "Help", "status": "open", "created_at": created, **values,
        })  # fmt: skip
        self.messages.append({
            **COMMON, "id": f"old:comment:{number}", "source_object": "comment", "source_id": str(number),
            "ticket_id": id_, "is_opening": True, "body_text": text, **opening,
        })  # fmt: skip

    def found(self, store: Store) -> dict[tuple[int, int], str]:
        put_rows(store, "ticket", self.tickets)
        put_rows(store, "message", self.messages)
        find_duplicates(store, ["old"], ["ticket"], "run")
        with store.read() as database:
            return {
                (int(one.record_id.rsplit(":", 1)[1]), int(one.other_id.rsplit(":", 1)[1])): one.verdict.value
                for one in pairs_of(database, "ticket", ["old"])
            }


def test_the_same_person_writes_the_same_again(store: Store) -> None:
    desk = Desk()
    desk.ask(10, 0)
    desk.ask(11, 5)
    desk.ask(12, 0, by=2)
    desk.ask(13, 300, TEXT.replace("Monday", "Tuesday"), by=2)
    desk.ask(14, 0, by=3)
    desk.ask(15, 60 * 50, by=3)
    desk.ask(16, 0, by=4)
    desk.ask(17, 60 * 24 * 9, by=4)
    assert desk.found(store) == {(10, 11): "certain", (12, 13): "probable", (14, 15): "possible"}


def test_what_is_no_duplicate(tmp_path: Path) -> None:
    desk = Desk()
    desk.ask(10, 0, TEXT)
    desk.ask(11, 5, OTHER)  # the same subject, another question
    desk.ask(12, 6, TEXT, by=2)  # two people with the same text
    desk.ask(13, 0, "Help!", by=3)
    desk.ask(14, 1, "Help!", by=3)  # too little is said
    desk.ask(15, 0, None, by=5)
    desk.ask(16, 1, None, by=5)
    for number in range(30):  # a machine that reports
        desk.ask(100 + number, number * 10, "Disk of server web-1 is 91 percent full, please have a look", by=4)
    desk.ask(18, 0, by=6)
    desk.ask(19, 1, by=6, status="merged")
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        assert desk.found(store) == {}


def test_imported_twice_and_loops(tmp_path: Path) -> None:
    desk = Desk()
    desk.ask(10, 0, TEXT, rfc_message_id="<a@x>")
    desk.ask(11, 900, OTHER, by=2, rfc_message_id="<a@x>")
    desk.ask(12, 0, by=3, external_id="E-7")
    desk.ask(13, 0, by=3, external_id="E-7")
    desk.ask(14, 0, OTHER, by=5, external_id="E-8")
    desk.ask(15, 99_999, TEXT, by=6, external_id="E-8")
    for number in range(4):
        desk.ask(20 + number, number, None, by=4, subject="Automatic reply: your request")
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        found = desk.found(store)
    assert (found.pop((10, 11)), found.pop((12, 13)), found.pop((14, 15))) == ("certain", "certain", "possible")
    assert set(found.values()) == {"probable"}
    assert (20, 21) in found


def test_texts() -> None:
    one, same, near, other = (compared_text(text) for text in (
        TEXT, f"{TEXT.upper()}\n> an earlier mail", TEXT.replace("Monday", "Tuesday"), OTHER
    ))  # fmt: skip
    assert one is not None
    assert same is not None
    assert near is not None
    assert other is not None
    assert one.digest == same.digest != near.digest
    assert likeness(one.sketch, near.sketch) > 0.8 > 0.2 > likeness(one.sketch, other.sketch)
    assert compared_text("Help!") is None
    assert is_automatic("Automatische Antwort: Urlaub")
