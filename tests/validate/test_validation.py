"""Whole runs of `validate`: what they keep, what the configuration changes, what is new and gone since the last one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError
from deskferry.store import Store, machinery, open_store, state
from deskferry.store.blobs import BlobStore
from deskferry.toml_table import Table
from deskferry.validate import Severity, findings_of, rules, settings_of, validate, validation
from deskferry.validate.history import compared, gone
from deskferry.validate.rule_results import EXAMINED, OFF, results_of
from deskferry.validate.settings import Settings

FEW = tuple(
    one
    for one in rules.RULES
    if one.id
    in {
        "ticket.no_requester", "ticket.solved_before_created", "ticket.open_for_ages", "ticket.no_message",
        "reference.ticket.assignee_id", "ticket.number_gaps",
    }
)  # fmt: skip
BUDGET = {
    "id": "ticket.no_team", "kind": "ticket", "severity": "error", "name": "Tickets without a team",
    "detail": "status {status}", "reads": {"ticket": ["team_id", "status"]},
    "sql": "SELECT connection, id AS record_id, status FROM ticket WHERE team_id IS NULL AND deleted_at IS NULL",
}  # fmt: skip


@pytest.fixture(autouse=True)
def few_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run some rules only: `test_rules` has them all, and a snapshot of all tables takes long."""
    monkeypatch.setattr(rules, "RULES", FEW)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store, for what is the same on both databases."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def put(store: Store, kind: str, name: str, connection: str = "old", **values: Any) -> str:
    key = f"{connection}:{kind}:{name}"
    row = {
        "id": key, "connection": connection, "vendor": "zendesk", "source_object": kind, "source_id": name,
        "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z", **values,
    }  # fmt: skip
    with store.write() as database:
        database.execute(insert(sql_table(kind)).values(**row))
    return key


def ticket(store: Store, number: int, **values: Any) -> str:
    """Add a ticket with nothing wrong but what is told."""
    plain = {"created_at": "2026-01-01T00:00:00.000000Z", "status": "open", "requester_id": "old:person:1"}
    key = put(store, "ticket", str(number), **{**plain, **values})
    put(store, "message", f"m{number}", ticket_id=key)
    return key


def configured(**section: Any) -> Settings:
    return settings_of(Table(section, "deskferry.toml: [validate]", Path()), validation.known_rules())


def run(store: Store, day: int, settings: Settings | None = None, connections: tuple[str, ...] = ("old",)) -> str:
    """Validate as of noon of a day in February 2026; return the run."""
    run_id = state.begin_run(store, "validate", None, f"2026-02-{day:02}T12:00:00.000000Z")
    validate(store, connections, run_id, settings or Settings())
    return run_id


def found(store: Store, run_id: str) -> list[tuple[str, str | None]]:
    return sorted((one.rule, one.record_id) for one in findings_of(store, run_id))


def test_a_run_keeps_findings_and_numbers_and_the_next_one_tells_what_changed(store: Store) -> None:
    put(store, "person", "1", role="end_user")
    ticket(store, 1, requester_id=None)
    ticket(store, 2, requester_id=None, assignee_id="old:person:9")
    ticket(store, 3, solved_at="2025-01-01T00:00:00.000000Z")
    first = run(store, 1)
    assert found(store, first) == [
        ("reference.ticket.assignee_id", "old:ticket:2"), ("ticket.no_requester", "old:ticket:1"),
        ("ticket.no_requester", "old:ticket:2"), ("ticket.solved_before_created", "old:ticket:3"),
    ]  # fmt: skip
    told = {one.rule: one for one in results_of(store, first)}
    assert set(told) == {one.id for one in FEW} | {"record.rejected", "record.schema", "attachment.hash_mismatch"}
    one = told["ticket.no_requester"]
    assert (one.state, one.checked, one.offending, one.findings, one.appeared, one.gone) == (
        EXAMINED, 3, 2, 2, None, None,
    )  # fmt: skip
    assert told["reference.ticket.assignee_id"].checked == 1
    assert {one.state for one in compared(store, first)} == {"new"}

    with store.write() as database:
        table = sql_table("ticket")
        database.execute(update(table).where(table.c.id == "old:ticket:1").values(requester_id="old:person:1"))
    ticket(store, 4, requester_id=None)
    second = run(store, 2)
    changed = {(one.finding.rule, one.finding.record_id): one.state for one in compared(store, second)}
    assert changed["ticket.no_requester", "old:ticket:4"] == "new"
    assert [key for key, told in changed.items() if told == "new"] == [("ticket.no_requester", "old:ticket:4")]
    assert [(one.rule, one.record_id) for one in gone(store, second)] == [("ticket.no_requester", "old:ticket:1")]
    one = next(one for one in results_of(store, second) if one.rule == "ticket.no_requester")
    assert (one.appeared, one.gone) == (1, 1)


def test_severities_thresholds_exceptions_and_own_rules_are_configured(store: Store) -> None:
    put(store, "person", "1", role="end_user")
    for number, status in ((1, "open"), (2, "pending"), (3, "new")):
        ticket(store, number, requester_id=None, status=status)
    settings = configured(
        rules={
            "ticket.no_requester": {"severity": "warning", "except": ["old:ticket:1", "status = pending"]},
            "ticket.open_for_ages": {"days": 30, "severity": "info", "except": ["is_spam = true"]},
            "ticket.no_message": {"severity": "off"},
        },
        own=[BUDGET],
    )
    put(store, "ticket", "5", status="solved", requester_id="old:person:1", team_id="x", is_spam=True)
    run_id = run(store, 20, settings)
    assert found(store, run_id) == [
        ("ticket.no_requester", "old:ticket:3"), ("ticket.no_team", "old:ticket:1"), ("ticket.no_team", "old:ticket:2"),
        ("ticket.no_team", "old:ticket:3"), ("ticket.open_for_ages", "old:ticket:1"),
        ("ticket.open_for_ages", "old:ticket:2"), ("ticket.open_for_ages", "old:ticket:3"),
    ]  # fmt: skip
    told = {one.rule: one for one in results_of(store, run_id)}
    assert (told["ticket.no_requester"].severity, told["ticket.no_requester"].offending) == (Severity.WARNING, 1)
    assert (told["ticket.no_message"].state, told["ticket.no_message"].findings) == (OFF, None)
    assert {one.severity for one in findings_of(store, run_id) if one.rule == "ticket.open_for_ages"} == {Severity.INFO}
    assert {one.detail for one in findings_of(store, run_id) if one.record_id == "old:ticket:2"} >= {"status pending"}


def test_a_rule_that_is_off_has_nothing_gone_and_old_findings_are_forgotten(store: Store) -> None:
    ticket(store, 1, requester_id=None)
    first = run(store, 1)
    second = run(store, 2, configured(rules={"ticket.no_requester": {"severity": "off"}}))
    assert [one.rule for one in gone(store, second)] == []
    third = run(store, 3, configured(keep_runs=2))
    assert found(store, first) == []
    assert results_of(store, first)
    assert ("ticket.no_requester", "old:ticket:1") in found(store, third)


def test_without_the_extra_a_crossing_is_checked_all_the_same(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sqlite_store
    put(store, "person", "1", role="end_user")
    ticket(store, 1, assignee_id="old:person:9", requester_id=None)
    put(store, "ticket", "2", status="open")
    with_it = run(store, 1)
    monkeypatch.setattr(validation, "missing_extra", lambda: "Install it: pip install 'deskferry[analysis]'")
    said: list[str] = []
    run_id = state.begin_run(store, "validate", None, "2026-02-02T12:00:00.000000Z")
    validate(store, ["old"], run_id, say=said.append)
    assert ["deskferry[analysis]" in one for one in said] == [True]
    both = {"reference.ticket.assignee_id", "ticket.no_message"}
    told = [(one.rule, one.record_id, one.detail) for one in findings_of(store, run_id)]
    assert told == [(one.rule, one.record_id, one.detail) for one in findings_of(store, with_it) if one.rule in both]
    assert {one for one, *_rest in told} == both


def test_files_are_read_and_compared_with_their_hash(sqlite_store: Store) -> None:
    store = sqlite_store
    blobs = BlobStore(store.blobs)
    held = {name: blobs.put([name.encode()]) for name in ("fine", "changed", "lost", "short")}
    for name, blob in held.items():
        size = 99 if name == "short" else blob.size
        put(store, "attachment", name, fetch_state="done", sha256=blob.sha256, size=size)
    put(store, "attachment", "pending", fetch_state="pending", sha256=None)
    blobs.path(held["changed"].sha256).write_bytes(b"CHANGED")
    blobs.path(held["lost"].sha256).unlink()
    assert [(one.record_id, one.detail) for one in findings_of(store, run(store, 1)) if "hash" in one.rule] == [
        (f"old:attachment:{name}", detail)
        for name, detail in sorted(
            {
                "changed": "its file has other bytes than were downloaded", "lost": "its file is not there",
                "short": "its file has 5 bytes, 99 are declared",
            }.items(),
            key=lambda one: held[one[0]].sha256,
        )
    ]  # fmt: skip
    quick = run(store, 2, configured(rules={"attachment.hash_mismatch": {"hash": False}}))
    assert {one.record_id for one in findings_of(store, quick) if "hash" in one.rule} == {
        "old:attachment:lost", "old:attachment:short",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"rules": {"ticket.no_requestor": {}}}, "ticket.no_requester"),
        ({"rules": {"ticket.no_requester": {"severty": "off"}}}, "severity"),
        ({"rules": {"ticket.no_requester": {"severity": "eror"}}}, "error"),
        ({"rules": {"ticket.no_requester": {"except": ["statsu = open"]}}}, "status"),
        ({"rules": {"ticket.open_for_ages": {"days": "many"}}}, "must be a number"),
        ({"rules": {"record.rejected": {"except": ["status = open"]}}}, "ids"),
        ({"rule": {}}, "rules"),
        ({"keep_runs": 1}, "at least 2"),
        ({"own": [{**BUDGET, "id": "ticket.no_requester"}]}, "two rules"),
        ({"own": [{**BUDGET, "kind": "tickets"}]}, "ticket"),
        ({"own": [{**BUDGET, "reads": {"ticket": ["team"]}}]}, "team_id"),
        ({"own": [{**BUDGET, "detail": "{status"}]}, "cannot be read"),
        ({"own": [{"id": "ticket.no_team", "kind": "ticket"}]}, "sql"),
        ({"own": [{**BUDGET, "dimension": "beauty"}]}, "uniqueness"),
    ],
)
def test_what_is_configured_wrongly_is_named(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(**section)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "words"), [("SELECT nothing FROM ticket", "cannot be run"), ("SELECT id FROM ticket", "record_id")]
)
def test_sql_that_does_not_work_is_an_error_of_the_configuration(sqlite_store: Store, sql: str, words: str) -> None:
    ticket(sqlite_store, 1)
    with pytest.raises(ConfigError, match=words) as caught:
        run(sqlite_store, 1, configured(own=[{**BUDGET, "sql": sql}]))
    assert "ticket.no_team" in str(caught.value)


def test_a_connection_is_compared_with_its_own_last_run(sqlite_store: Store) -> None:
    store = sqlite_store
    ticket(store, 1, requester_id=None)
    put(store, "ticket", "7", "new", status="open", requester_id=None, created_at="2026-01-01T00:00:00.000000Z")
    run(store, 1, connections=("old", "new"))
    run(store, 2, connections=("new",))
    with store.write() as database:
        database.execute(delete(sql_table("ticket")))
        database.execute(delete(sql_table("message")))
    both = run(store, 3, connections=("old", "new"))
    assert sorted(one.record_id or "" for one in gone(store, both) if one.rule == "ticket.no_requester") == [
        "new:ticket:7", "old:ticket:1",
    ]  # fmt: skip
    with store.read() as database:
        assert database.execute(select(machinery.finding).where(machinery.finding.c.run_id == both)).all() == []
