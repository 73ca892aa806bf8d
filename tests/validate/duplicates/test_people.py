"""People who are there twice are found, and people who only look alike are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deskferry.store import Store, open_store
from deskferry.store.machinery import account_pin, crossing
from deskferry.validate.duplicates.verdict import Pair, Verdict
from tests.validate.duplicates.population import Maker
from tests.validate.duplicates.quality import people_found, put_rows, quality

CERTAIN_PRECISION, PROBABLE_F1 = 0.995, 0.95


@pytest.mark.parametrize("size", [700, pytest.param(20_000, marks=pytest.mark.exhaustive)])
def test_a_generated_account(size: int, tmp_path: Path) -> None:
    made = Maker(seed=11).account(size)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        put_rows(store, "person", made.rows)
        found = people_found(store, "old")
    certain, probable = (quality(found, made.pairs, verdict) for verdict in (Verdict.CERTAIN, Verdict.PROBABLE))
    assert certain.precision >= CERTAIN_PRECISION, certain
    assert certain.recall >= 0.5, certain
    assert probable.f1 >= PROBABLE_F1, probable


def person(number: int, connection: str = "old", **values: Any) -> dict[str, Any]:
    return {
        "id": f"{connection}:user:{number}", "connection": connection, "vendor": "zendesk", "source_object": "user",
        "source_id": str(number), "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z", "role": "end_user",
        **values,
    }  # fmt: skip


def filler() -> list[dict[str, Any]]:
    """Return people who are nobody's double: what a name or number is worth is learnt from them."""
    return [row for row in Maker(seed=3, connection="old").account(150, doubles=0.0).rows if int(row["source_id"]) > 40]


def by_ids(found: list[Pair]) -> dict[tuple[str, str], Pair]:
    return {(one.record_id, one.other_id): one for one in found}


def test_who_is_one_person_and_who_is_two(store: Store) -> None:
    home = {"phone": "+34 911 222 333", "address": "7 Oak Street\n28001 Madrid"}
    people = [
        person(1, name="Jane Roe", email="jane.roe+shop@gmail.com"),
        person(2, name="Jane Roe", email="JaneRoe@googlemail.com"),
        person(3, name="Robert Stone", email="stone@acme.example", phone="0034 611 222 444"),
        person(4, name="Stone, Bob", email="bob@other.example", phone="+34 611-222-444"),
        person(5, name="Lucia Barano", email="lucia@barano.example", **home),
        person(6, name="Marta Barano", email="marta@barano.example", **home),
        person(7, name="Omar Keltonez", email="shop@kelton.example"),
        person(8, name="Layla Keltonez", email="shop@kelton.example"),
        person(9, name="Ana Ruiz", email="ana@mail.example"),
        person(10, name="Ana Ruiz", email="ana+news@mail.example"),
        person(11, name="Gone Person", email="jane.roe@gmail.com", deleted_at="2026-01-01T00:00:00.000000Z"),
        person(12, name="A Bot", email="jane.roe@gmail.com", role="bot"),
        person(13, name="Robert Dunez Jr.", phone="+34 655 000 111"),
        person(14, name="Robert Dunez Sr.", phone="+34 655 000 111"),
    ]
    put_rows(store, "person", filler() + people)
    found = by_ids(people_found(store, "old"))

    def verdict(one: int, other: int) -> Verdict | None:
        ids = sorted((f"old:user:{one}", f"old:user:{other}"))
        pair = found.get((ids[0], ids[1]))
        return pair and pair.verdict

    assert verdict(1, 2) == Verdict.CERTAIN  # one mailbox of Gmail
    assert verdict(3, 4) == Verdict.CERTAIN  # one number in two forms, a nickname, swapped
    assert verdict(5, 6) is None  # one household
    assert verdict(7, 8) == Verdict.POSSIBLE  # two people with one address
    assert verdict(9, 10) == Verdict.PROBABLE  # a tag that another provider may take for another address
    assert verdict(13, 14) is None  # father and son
    assert not {each for pair in found for each in pair} & {"old:user:11", "old:user:12"}
    assert [(each.field, each.how) for each in found["old:user:3", "old:user:4"].agreed if each.field == "phone"] == [
        ("phone", "same")
    ]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([], 0),
        ([{"name": "Ana Ruiz"}], 0),
        ([{}, {}, {}], 0),
        ([{"name": "Ana Ruiz", "email": "ana@x.example"}] * 2, 1),
        ([{"identities": [{"type": "twitter", "value": "@a", "name": None}]}] * 2, 1),
        ([{"email": "ana@x.example"}] * 3, 3),
        ([{"email": "info@x.example", "name": name} for name in ("Ana Ruiz", "Info") * 30], 59),
        ([{"name": "🎉" * 3000, "email": '"<script>"@x.example', "phone": "+" * 50, "external_id": "o'hara"}] * 2, 1),
        ([{"custom_fields": {"a": n, "b": None, "c": [1], "d": {"x": 1}, "e": True}} for n in range(40)], 0),
    ],
)
def test_small_and_odd_accounts(people: list[dict[str, Any]], expected: int, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        if people:
            put_rows(store, "person", [person(number, **one) for number, one in enumerate(people)])
        assert len(people_found(store, "old")) == expected


def test_across_connections_but_for_who_crossed(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        people = [
            person(1, name="Jane Roe", email="jane@acme.example"),
            person(1, "new", name="Jane Roe", email="jane@acme.example"),
            person(2, name="Tom Reed", email="tom@acme.example"),
            person(2, "new", name="Tom Reed", email="tom@acme.example"),
        ]
        put_rows(store, "person", filler() + people)
        with store.write() as database:
            database.execute(account_pin.insert().values(
                connection="new", vendor="zendesk", account_id="77", pinned_at="2026-01-01T00:00:00.000000Z"
            ))  # fmt: skip
            database.execute(crossing.insert().values(
                account_id="77", record_id="old:user:2", part="", kind="person", state="created", remote_object="user",
                remote_id="2", placeholder=False, run_id="r", written_at="2026-01-01T00:00:00.000000Z",
            ))  # fmt: skip
        ids = {(one.record_id, one.other_id) for one in people_found(store, "old", "new")}
        assert ("new:user:1", "old:user:1") in ids
        assert ("new:user:2", "old:user:2") not in ids
        assert people_found(store, "new") == []
