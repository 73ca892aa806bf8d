"""Every connector, pulled from its simulator: every record, once, on good days and on bad ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.connectors.kit.contract import Source
from deskferry.errors import Refused, Stopped
from deskferry.migrate.pull import PullResult
from deskferry.store import Store, open_store
from tests.connectors.conformance.subjects import SUBJECTS, Account, Subject
from tests.journey.content import Content, content

each = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def good_days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Content]:
    """What each vendor's account brings when nothing goes wrong, by vendor; filled as it is asked for."""
    return {}


def good_day(subject: Subject, held: dict[str, Content], directory: Path) -> Content:
    """Return what a good day brings."""
    if subject.name not in held:
        path = directory / "good.db"
        with open_store(f"sqlite:///{path}") as opened:
            result = Account(subject).pull(opened)
        assert result.exit_code(partial=False) == 0, (result.refused, result.shortfalls, result.notes)
        held[subject.name] = content(path)
    return held[subject.name]


def ids(store: Store, kind: str) -> set[str]:
    """Return the source ids of all rows of a kind that stand for a record of their own."""
    table = sql_table(kind)
    with store.read() as database:
        return {row[0] for row in database.execute(table.select().with_only_columns(table.c.source_id))}


@each
def test_the_source_keeps_its_seam(subject: Subject) -> None:
    account = Account(subject, tickets=1)
    connector = subject.connector
    with connector.session(account.config, account.desk.clock, account.transport) as session:
        source: Source = connector.source(session, account.config)
        assert [stream.name for stream in source.streams()] == [stream.name for stream in connector.streams]
    assert {name for stream in connector.streams for name in stream.objects} == set(connector.maps)
    assert {kind for stream in connector.streams for kind in stream.kinds} <= set(
        connector.capabilities.kinds_of("read")
    )


@each
def test_what_is_declared_to_be_read_has_a_stream_or_a_map(subject: Subject) -> None:
    connector = subject.connector
    mapped = {table.kind for one in connector.maps.values() for table in one.tables}
    assert set(connector.capabilities.kinds_of("read")) == mapped


@each
def test_every_record_arrives_and_every_field_is_accounted_for(subject: Subject, store: Store) -> None:
    account = Account(subject)
    result = account.pull(store)
    assert result.exit_code(partial=False) == 0, (result.refused, result.shortfalls, result.notes)
    for kind, truth in subject.truth(account.desk.snapshot()).items():
        assert truth, kind
        assert truth <= ids(store, kind), kind
    unknown = {
        name: [path for path, what, _reason, _count in lines if what == "unknown"]
        for name, lines in result.coverage.items()
    }
    assert not any(unknown.values()), unknown
    with store.read() as database:
        files = dict(database.execute(text("SELECT fetch_state, COUNT(*) FROM attachment GROUP BY fetch_state")).all())
    assert not files.get("pending")
    assert files["done"]


@each
def test_a_second_pull_writes_nothing(subject: Subject, store: Store) -> None:
    account = Account(subject)
    account.pull(store)
    again = account.pull(store)
    written = {
        kind: counts
        for kind, counts in (again.tally["kinds"] | again.tally["raw"]).items()
        if counts["inserted"] or counts["updated"]
    }
    assert not written
    assert not again.tally["deleted"]


FAULTS = {
    "throttled": "429@{tickets}:nth=1,retry_after=7;429@{setup}:nth=1;429@{tickets}:nth=3",
    "errors and no answers": "500@{setup}:nth=1;502@{tickets}:nth=1;503@{tickets}:nth=3;reset@{setup}:nth=3",
    "half an answer, a page of HTML": "truncate@{tickets}:nth=1;html@{tickets}:nth=3;html@{setup}:nth=1",
    "everything, now and then": "429@/:every=7,retry_after=1;500@/:every=11;reset@/:every=13;truncate@/:every=17",
}


@each
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_day_brings_the_same_rows_or_a_stop_that_can_be_gone_on_with(
    subject: Subject, fault: str, tmp_path: Path, good_days: dict[str, Content]
) -> None:
    expected = good_day(subject, good_days, tmp_path)
    account = Account(subject)
    account.faults(FAULTS[fault].format(tickets=subject.tickets, setup=subject.setup))
    path = tmp_path / "bad.db"
    with open_store(f"sqlite:///{path}") as opened:
        assert pulled_at_last(account, opened).exit_code(partial=False) == 0
    assert any(entry.fault for entry in account.transport.log)
    assert known(content(path)) == known(expected)


def pulled_at_last(account: Account, store: Store) -> PullResult:
    """Pull until a pull comes to its end."""
    for _ in range(5):
        try:
            result = account.pull(store)
        except Stopped:
            continue
        if not result.refused:
            return result
    raise AssertionError("no pull came to its end")


def known(held: Content) -> dict[str, dict[str, Any]]:
    """Return the canonical rows, apart from signed links, and from when we found that somebody is gone."""
    return {kind.value: {key: _steady(row) for key, row in held[kind.value].items()} for kind in KINDS}


def _steady(row: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in row.items() if key != "url"}
    return found | ({"deleted_at": "found"} if row.get("deletion_evidence") in {"404", "absent"} else {})


@each
def test_a_credential_that_runs_out_is_renewed_or_the_run_is_refused(subject: Subject, store: Store) -> None:
    account = Account(subject)
    account.faults(f"401@{subject.tickets}:nth=1")
    if not subject.renews:
        with pytest.raises(Refused):
            account.pull(store, only=("ticket",))
        return
    assert account.pull(store).exit_code(partial=False) == 0
    assert [entry.status for entry in account.transport.log if entry.fault] == [401]


def _several_pages(subject: Subject) -> dict[str, Any]:
    """Return the options of an account whose lists have several pages."""
    fixed = "page_size" not in subject.connector.settings.model_fields
    return {"tickets": 60} if fixed else {"tickets": 40, "page_size": 7}


@each
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_a_page_that_repeats_loses_nothing(subject: Subject, every: bool, tmp_path: Path) -> None:
    """The page before comes again in the place of another one: of each list the second, or (every) of the first six."""
    options = _several_pages(subject)
    account = Account(subject, **options)
    with open_store(f"sqlite:///{tmp_path / 'good.db'}") as opened:
        account.pull(opened)
    expected = known(content(tmp_path / "good.db"))
    asked: dict[str, list[str]] = {}
    for entry in account.transport.log:
        if entry.method == "GET":
            asked.setdefault(entry.path, []).append(entry.query)
    places = [(path, nth) for path, queries in asked.items() for nth in range(2, len(queries) + 1)
              if queries[nth - 1] != queries[nth - 2] and nth <= (6 if every else 2)]  # fmt: skip
    assert any(re.search(subject.tickets, path) for path, _nth in places)
    for number, (path, nth) in enumerate(places):
        account = Account(subject, **options)
        account.faults(f"repeat@^{re.escape(path)}$:nth={nth},count=1")
        file = tmp_path / f"{number}.db"
        with open_store(f"sqlite:///{file}") as opened:
            assert pulled_at_last(account, opened).exit_code(partial=False) == 0
        assert [entry.fault for entry in account.transport.log if entry.fault] == ["repeat"], (path, nth)
        assert known(content(file)) == expected, (path, nth)


@each
def test_a_page_that_repeats_for_ever_ends_the_run_and_not_the_list(subject: Subject, tmp_path: Path) -> None:
    account = Account(subject, **_several_pages(subject))
    account.faults(f"repeat@{subject.tickets}")
    with open_store(f"sqlite:///{tmp_path / 'bad.db'}") as opened:
        with pytest.raises(Stopped, match=r"twice|leads back|another one came"):
            account.pull(opened, only=("ticket",))
        account.faults("")
        account.pull(opened)
    good = Account(subject, **_several_pages(subject))
    with open_store(f"sqlite:///{tmp_path / 'good.db'}") as opened:
        good.pull(opened)
    assert known(content(tmp_path / "bad.db")) == known(content(tmp_path / "good.db"))


COUNTED = [subject for subject in SUBJECTS if subject.drop is not None]


@pytest.mark.parametrize("subject", COUNTED, ids=lambda subject: subject.name)
def test_a_message_that_is_dropped_in_silence_is_named(subject: Subject, store: Store) -> None:
    account = Account(subject)
    assert subject.drop is not None
    change, ticket, trust = subject.drop(account.desk.snapshot())
    account.change(**change)
    for _ in range(2):  # every time, not only when it is found
        result = account.pull(store)
        assert {(one.parent_id, one.trust, one.reread) for one in result.shortfalls} == {(ticket, trust, True)}
        assert result.exit_code(partial=False) == (1 if trust == "exact" else 0)
