"""Stores to test on: each test that asks for one runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.store import Store, open_store
from tests.journey.seeds import VARIABLE, crash_seed
from tests.postgresql import Server

LONG = (
    "journey/test_rollback.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[postgresql]",
    "journey/test_rollback.py::test_a_delta_is_taken_back_and_then_what_it_stood_on",
    "journey/test_rollback.py::test_what_people_changed_since_is_left_alone_unless_forced[postgresql]",
    "journey/test_rollback_zendesk.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[zendesk-postg",
    "journey/test_rollback_zendesk.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[freshdesk-pos",
    "journey/test_mending.py::test_a_rehearsal_touches_nothing_real[postgresql]",
    "journey/test_mending.py::test_a_refused_ticket_is_taken_up_when_its_cause_was_mended[postgresql]",
    "journey/test_mending.py::test_one_record_is_taken_up_and_the_others_wait[postgresql]",
    "journey/test_mending.py::test_a_rehearsal_with_a_zendesk_meets_what_the_real_one_meets[freshdesk]",
    "journey/test_zendesk_delta.py::test_a_reimport_is_killed",
    "journey/test_zendesk_moves.py::test_a_desk_moves_into_a_zendesk[ugly-freshdesk]",
    "journey/test_zendesk_moves.py::test_a_desk_moves_into_a_zendesk[plain-zendesk]",
    "journey/test_report.py::test_a_migration_into_a_zendesk_is_reported_too[freshdesk]",
    "journey/test_knowledge.py::test_the_plan_names_what_reading_it_back_costs[freshdesk]",
    "journey/test_delta_edits.py::",
    "journey/test_vendor_numbers.py::",
    "report/test_table_export.py::",
    "report/test_dashboard.py::",
    "report/test_sign_off.py::test_fifty_thousand_losses_stay_readable[postgresql]",
    "privacy/test_purge.py::test_killed_anywhere[postgresql]",
    "privacy/test_resume.py::test_killed_anywhere[postgresql]",
    "migrate/test_pull.py::test_stopped_at_some_moments_it_ends_the_same[postgresql]",
    "validate/corruption/test_corruption.py::test_all_at_once",
    "connectors/files/test_pages.py::test_pages_and_normalize_make_no_difference",
    "journey/test_crash_load.py::test_answers_that_never_came[beside tickets",
    "journey/test_crash_load.py::test_answers_that_never_came[the search lags",
    "journey/test_errors.py::test_ctrl_c[/incremental",
    "journey/test_errors.py::test_ctrl_c[/attachments",
    "journey/test_forget.py::test_forgotten_and_pulled_again",
    "journey/test_mending.py::test_a_rehearsal_with_a_zendesk",
    "journey/test_moves.py::test_verify_names_what_was_corrupted[text]",
    "journey/test_moves.py::test_verify_names_what_was_corrupted[time]",
    "journey/test_moves.py::test_verify_names_what_was_corrupted[visibility]",
    "journey/test_report.py::test_a_migration_into_a_zendesk_is_reported_too[zendesk]",
    "journey/test_rollback_zendesk.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[zendesk-sqlite]",
    "metrics/test_calendars.py::test_from_a_to_c",
    "report/test_sign_off.py::test_fifty_thousand_losses_stay_readable[sqlite]",
    "validate/duplicates/test_people.py::test_small_and_odd_accounts",
    "journey/test_secrets.py::test_what_a_desk_tells_is_found",
    "journey/test_secrets.py::test_every_command_ran",
    "journey/test_secrets.py::test_no_secret_is_in_what_was_written",
    "journey/test_secrets.py::test_the_token_file_is_for_its_owner_only",
    "journey/test_crash_load.py::test_killed_three_times[1]",
    "journey/test_crash_load.py::test_killed_while_answers_are_lost[1]",
    "journey/test_crash_pull.py::test_killed_three_times[zendesk-1]",
    "journey/test_crash_pull.py::test_every_write_of_a_pull_is_a_point[freshdesk]",
    "journey/test_crash_pull.py::test_every_write_of_a_pull_is_a_point[help_scout]",
    "journey/test_crash_pull.py::test_killed_three_times[freshdesk",
    "journey/test_crash_pull.py::test_killed_three_times[help_scout",
    "journey/test_rollback.py::test_killed_twice_and_run_again[1]",
    "journey/test_rollback.py::test_a_run_that_was_never_verified_is_compared_field_by_field",
    "journey/test_knowledge.py::test_on_postgresql_too",
    "journey/test_knowledge.py::test_the_plan_names_what_reading_it_back_costs[zendesk]",
    "journey/test_zendesk_delta.py::test_append_is_refused_without_a_yes",
    "journey/test_zendesk_delta.py::test_closed_first_leaves_them_and_counts",
    "journey/test_zendesk_delta.py::test_early_moves_only_what_is_final",
    "journey/test_mending.py::test_a_rehearsal_tells_what_it_refuses",
    "journey/test_zendesk_questions.py::test_without_a_mapping_the_defaults_hold",
    "journey/test_zendesk_moves.py::test_bulk_imports_of_users_may_be_switched_off",
    "journey/test_zendesk_crash.py::test_killed_at_points_by_a_printed_seed[help centre]",
    "metrics/test_kept_facts.py::test_what_is_left_out_and_other_code_have_files_of_their_own",
)
"""What takes long and looks once more: on PostgreSQL after SQLite, for a second vendor, many edits, whole exports; and
the search for secrets after every command."""
FIRST = ("migrate/test_resume.py", "journey/", "report/", "store/test_snapshot.py", "privacy/")
"""Files that take longest: a worker that comes to one last would work on alone (`make test` keeps a file together)."""
ON_BOTH = {
    "report/test_sign_off.py": ("adds_up", "every_loss", "side_by_side"),
    "privacy/test_forget.py": ("nothing_is_left", "brings_them_back"),
    "privacy/test_resume.py": ("crosses_again[postgresql-ana", "namesake", "pseudonym"),
    "migrate/test_migrate.py": ("everything", "second_pass", "refused", "max_errors", "edited", "waits_for_it"),
    "store/test_snapshot.py": ("both_databases", "every_change", "another_database", "written_anew", "during"),
}  # fmt: skip
"""Of these files `make test` looks on PostgreSQL only at the tests that are named: the others ask it nothing new."""
_CALL = re.compile(
    r"migrate/test_resume\.py::test_(?:killed_at_a_call|in_doubt_is_settled)\w+\[(?:\w+-[\d.]+-)?(?:\w+-)?(\d+)"
)
_FOUR_THREADS = re.compile(r"test_crash_load\.py::test_answers_that_never_came\[.*-4\]")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to `make exhaustive`, and begin with the files that take longest."""
    items.sort(key=lambda item: not any(f"tests/{name}" in item.nodeid for name in FIRST))
    for item in items:
        if any(name in item.nodeid for name in LONG) or _FOUR_THREADS.search(item.nodeid) or _once_more(item.nodeid):
            item.add_marker(pytest.mark.exhaustive)


def _once_more(name: str) -> bool:
    """Whether a test looks at what a like one looks at too: on the second database, or every second crash point."""
    if (call := _CALL.search(name)) is not None:
        return int(call[1]) % 2 == 0
    file, _, test = name.partition("tests/")[2].partition("::")
    return "[postgresql" in test and not any(word in test for word in ON_BOTH.get(file, ("",)))


def pytest_configure() -> None:
    """Choose the seed of this session before its workers begin: they inherit it, whatever is printed."""
    crash_seed()


def pytest_report_header() -> str:
    """Tell by which seed this session chooses crash points."""
    return f"crash points: {VARIABLE}={crash_seed()} chooses the same again"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str, worker_id: str) -> Iterator[Server]:
    """Give the PostgreSQL server of this test session, shared by its workers."""
    base = tmp_path_factory.getbasetemp()
    lock = (base if worker_id == "master" else base.parent) / "postgresql.lock"
    server = Server.shared(testrun_uid, lock)
    yield server
    server.leave()


@pytest.fixture
def postgresql_url(postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the URL of a fresh PostgreSQL database that already has the tables of a store, and a place for its files."""
    monkeypatch.setenv("DESKFERRY_FILES", str(tmp_path / "store.db.files"))
    with postgresql.database(f"t_{secrets.token_hex(6)}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty store, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Give an open, empty store, once on each database."""
    with open_store(store_url) as opened:
        yield opened
