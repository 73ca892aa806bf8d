"""The bench itself: it says what was missed and what was named though nothing was wrong with it."""

from __future__ import annotations

from pathlib import Path

from deskferry.store import open_store
from tests.validate.corruption.bench import Damaged, Look
from tests.validate.corruption.damage import Damage
from tests.validate.corruption.defect import Defect, Seen, seen


def spam(_desk: Damage) -> Seen:
    return seen("bad:ticket:1")


def cycle(_desk: Damage) -> Seen:
    return seen("bad:ticket:2", "bad:ticket:3")


def twins(_desk: Damage) -> Seen:
    return seen("bad:person:1", instead=["bad:person:2"])


def stale(desk: Damage) -> Seen:
    return seen(None, connection=desk.beside("old"))


DEFECTS = [
    Defect("ticket.spam", spam), Defect("ticket.cycle", cycle), Defect("person.twins", twins),
    Defect("connection.stale", stale),
]  # fmt: skip
GOOD = {
    ("ticket.spam", "bad:ticket:1"), ("ticket.cycle", "bad:ticket:2"), ("ticket.cycle", "bad:ticket:3"),
    ("person.twins", "bad:person:2"), ("inbox.unused", "bad:inbox:5"),
}  # fmt: skip
CLEAN = {("inbox.unused", "clean:inbox:5")}


def faults(directory: Path, named: set[tuple[str, str | None]], beside: set[tuple[str, str | None]]) -> list[str]:
    with open_store(f"sqlite:///{directory / 'store.db'}") as store:
        desk = Damage(store, "zendesk", "2026-06-01T00:00:00.000000Z", "bad")
        damaged = Damaged(desk, "clean").suffer(DEFECTS)
        return damaged.faults(Look({"bad": named, "clean": CLEAN, "bad_old": beside}, {}))


def test_what_is_as_it_has_to_be_is_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD, {("connection.stale", None)}) == []


def test_what_was_missed_is_a_fault(tmp_path: Path) -> None:
    named = GOOD - {("ticket.cycle", "bad:ticket:3"), ("person.twins", "bad:person:2")}
    assert faults(tmp_path, named, set()) == [
        "connection.stale misses ['None']",
        "person.twins misses ['bad:person:1']",
        "ticket.cycle misses ['bad:ticket:3']",
    ]


def test_what_was_named_for_nothing_is_a_fault(tmp_path: Path) -> None:
    named = GOOD | {("ticket.spam", "bad:ticket:9"), ("ticket.no_channel", "bad:ticket:1"), ("person.twins", None)}
    assert faults(tmp_path, named, {("connection.stale", None), ("ticket.spam", "bad_old:ticket:1")}) == [
        "person.twins names None of bad, which has no defect",
        "ticket.no_channel names bad:ticket:1 of bad, which has no defect",
        "ticket.spam names bad:ticket:9 of bad, which has no defect",
        "ticket.spam names bad_old:ticket:1 of bad_old, which has no defect",
    ]
