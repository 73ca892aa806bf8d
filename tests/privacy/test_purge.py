"""A connection that was purged is nowhere, what others have stays, and the certificate tells all of it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import insert, select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.config import Hold
from deskferry.errors import ConfigError
from deskferry.migrate.progress import Silent
from deskferry.privacy import purge as purging
from deskferry.privacy.purge import Certificate, Purge
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore
from tests.privacy.account import ADDRESS, NOW, SECRETS, Account, account, everything
from tests.privacy.deep import Search
from tests.privacy.dying import Killed, dying

CROSSINGS = {"account_id": "elsewhere", "part": "", "kind": "person", "state": "created", "remote_object": "user",
             "placeholder": False, "run_id": "r", "written_at": NOW}  # fmt: skip


@pytest.fixture
def two(store: Store, tmp_path: Path) -> Account:
    """Give an account, and a few rows of another connection."""
    full = account(store, tmp_path)
    common = {"vendor": "fake", "content_hash": "h", "synced_at": NOW, "connection": "new"}
    with store.write() as database:
        database.execute(
            insert(sql_table("person")).values(id="new:user:1", source_object="user", source_id="1", name="A", **common)
        )
        database.execute(
            insert(sql_table("attachment")).values(
                id="new:file:1", source_object="file", source_id="1", sha256=full.shared, fetch_state="done", **common
            )
        )
        rows = [{**CROSSINGS, "record_id": "old:user:11", "remote_id": "1", "receipt": {"name": "x"}},
                {**CROSSINGS, "record_id": "new:user:1", "remote_id": "2", "receipt": None}]  # fmt: skip
        database.execute(insert(machinery.crossing), rows)
    return full


def work(full: Account, crossings: str = "keep", hold: Hold | None = None) -> Purge:
    """Return what purges the old connection."""
    tokens = full.directory / "store.old.tokens.json"
    return Purge(full.store, hold or Hold(), "old", crossings, tokens, Silent(), lambda: NOW)


def run(purge: Purge) -> dict[str, Any]:
    """Purge; returns the certificate as it was delivered."""
    told: list[Certificate] = []
    purge.run("purge", told.append)
    return told[0].as_json()


def test_nothing_is_left(two: Account) -> None:
    (two.directory / "store.old.tokens.json").write_text("{}", encoding="utf-8")
    blobs = BlobStore(two.store.blobs)
    before = everything(two.store)
    found = work(two, "drop").check()
    certificate = run(work(two, "drop"))
    schema = json.loads(
        resources.files("deskferry.privacy").joinpath("json/certificate.schema.json").read_text("utf-8")
    )
    jsonschema.Draft202012Validator(schema).validate(certificate)
    assert {name: certificate["tables"][name]["rows"] for name in found} == found
    assert certificate["token_file"]
    assert not list(two.directory.glob("*.tokens.json"))
    assert certificate["files"]["rows"] == 2
    assert blobs.path(two.shared).exists(), "the other connection has it too"
    assert not blobs.path(two.sent).exists()
    assert Search(two.store, SECRETS).tables() == {}
    assert Search(two.store, SECRETS).files(two.directory) == {}
    after = everything(two.store)
    for kind in KINDS:
        assert [key for key in after[kind.value] if "'old" in key] == []
        theirs = {key: row for key, row in before[kind.value].items() if "'new" in key}
        assert after[kind.value] == theirs
    with pytest.raises(ConfigError, match="holds nothing"):
        work(two, "drop").check()


def test_crossings(two: Account) -> None:
    table = machinery.crossing
    run(work(two))
    with two.store.read() as database:
        kept = database.execute(
            select(table).where(table.c.account_id == "elsewhere").order_by(table.c.record_id)
        ).all()
    assert [(row.record_id, row.receipt) for row in kept] == [("new:user:1", None), ("old:user:11", None)]


def test_crossings_that_go_too(two: Account) -> None:
    table = machinery.crossing
    run(work(two, "drop"))
    with two.store.read() as database:
        assert list(database.execute(select(table.c.record_id)).scalars()) == ["new:user:1"]


def test_a_run_over_several_connections_keeps_the_scores_of_the_others(two: Account) -> None:
    table, parts = machinery.run, {"new": {"all": {"checked": 1}}, "old": {"all": {"checked": 2}}}
    with two.store.write() as database:
        counts = {"ticket.late": 1, "scores": {"all": {"checked": 3}, "connections": parts}}
        database.execute(insert(table).values(id="several", command="audit", started_at=NOW, counts=counts))
    run(work(two))
    with two.store.read() as database:
        (kept,) = database.execute(select(table.c.counts).where(table.c.id == "several")).scalars()
    assert kept == {"ticket.late": 1, "scores": {"all": {"checked": 3}, "connections": {"new": parts["new"]}}}


def test_killed_anywhere(two: Account, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of a purge that died again and again counts what one that did not would have."""
    found = work(two).check()
    monkeypatch.setattr(purging, "_BATCH", 50)
    deaths = 0
    delivered: list[Certificate] = []
    for point in range(400):
        with dying(two.store, monkeypatch, point):
            try:
                work(two).run("purge", delivered.append)
            except Killed:
                deaths += 1
            if delivered:
                break
    told = delivered[0].as_json()
    assert deaths > 10
    assert {name: told["tables"][name]["rows"] for name in found} == found
    assert told["files"]["rows"] == 2


@pytest.mark.parametrize(
    "hold", [Hold(people=(ADDRESS,)), Hold(people=("old:user:7",)), Hold(organizations=("acme.example",))]
)
def test_a_hold_blocks(two: Account, hold: Hold) -> None:
    before = everything(two.store)
    with pytest.raises(ConfigError, match="on hold") as refusal:
        run(work(two, hold=hold))
    assert ADDRESS not in str(refusal.value)
    assert everything(two.store) == before


def test_operations_in_doubt_block(two: Account) -> None:
    with two.store.write() as database:
        database.execute(machinery.write_op.update().values(state="in_doubt", source="old"))
    with pytest.raises(ConfigError, match="in doubt"):
        work(two).check()
    run(work(two, "drop"))
