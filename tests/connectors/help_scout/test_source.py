"""The simulated account, read while people work in it: what moves, what merges, what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from deskferry.connectors.help_scout.scan import instant
from deskferry.connectors.kit.clock import utc
from deskferry.connectors.kit.contract import Child, PullRequest, Tombstone
from deskferry.store import Store, open_store
from tests.connectors.conformance.subjects import Account
from tests.connectors.help_scout.hs_account import SUBJECT, during

LIST = r"^/v2/conversations$"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def account() -> Account:
    """Give an account of three pages of conversations."""
    return Account(SUBJECT, tickets=60)


def rows(store: Store, statement: str, **values: Any) -> list[dict[str, Any]]:
    with store.read() as database:
        return [dict(row) for row in database.execute(text(statement), values).mappings()]


def ticket(store: Store, number: int) -> dict[str, Any]:
    (found,) = rows(store, "SELECT * FROM ticket WHERE id = :id", id=f"old:conversation:{number}")
    return found


def live(account: Account) -> list[dict[str, Any]]:
    """Return the conversations that lists show, the newest first."""
    found = [
        one
        for one in account.desk.snapshot()["conversations"]
        if one["state"] != "deleted" and one["merged_into"] is None
    ]
    return sorted(found, key=lambda one: -one["number"])


def lists(account: Account) -> int:
    """Return how many pages of conversations were asked for since the last time."""
    found = sum(entry.path == "/v2/conversations" for entry in account.transport.log)
    account.transport.log.clear()
    return found


def edit(account: Account, number: int, **fields: Any) -> None:
    account.change(op="edit_conversation", id=number, fields=fields, user=True)


# ------------------------------------------------------------------------------------------------ while we read


def test_closed_pending_and_spam_conversations_come_too(account: Account, store: Store) -> None:
    account.pull(store)
    there = {(one["status"], str(one["id"])) for one in live(account)}
    assert {status for status, _ in there} >= {"active", "pending", "closed", "spam"}
    held = {(row["status_label"], row["source_id"]) for row in rows(store, "SELECT * FROM ticket")}
    assert there <= held


@pytest.mark.parametrize("place", [0, -1], ids=["of what was read", "of what is still to be read"])
def test_an_edit_during_the_first_scan_arrives(account: Account, store: Store, place: int) -> None:
    chosen = live(account)[place]["id"]
    during(account, LIST, 1, lambda: edit(account, chosen, subject="edited meanwhile"))
    account.pull(store)
    assert ticket(store, chosen)["subject"] == "edited meanwhile"


def test_a_new_conversation_and_a_late_one_arrive(account: Account, store: Store) -> None:
    account.pull(store)
    first, second = (one["id"] for one in live(account)[5:7])
    edit(account, first, subject="seen late")
    # The vendor's index shows it ten minutes late, with the time at which it happened.
    account.change(op="touch_conversation", id=first, at=_ago(account, 600))
    account.desk.clock.sleep(3600)
    edit(account, second, subject="edited")
    account.pull(store)
    assert (ticket(store, first)["subject"], ticket(store, second)["subject"]) == ("seen late", "edited")


def _ago(account: Account, seconds: float) -> str:
    return instant(utc(account.desk.clock.now() - seconds))


def test_what_is_deleted_during_the_scan_hides_nothing(account: Account, store: Store) -> None:
    chosen = live(account)
    during(account, LIST, 1, lambda: [account.change(op="delete_conversation", id=one["id"]) for one in chosen[:3]])
    account.pull(store)
    held = {row["source_id"] for row in rows(store, "SELECT source_id FROM ticket")}
    assert {str(one["id"]) for one in chosen} <= held


def test_a_token_that_expires_in_the_middle_is_renewed(account: Account, store: Store) -> None:
    during(account, LIST, 2, lambda: account.change(op="expire_tokens"))
    assert account.pull(store).exit_code(partial=False) == 0
    assert [entry.path for entry in account.transport.log].count("/v2/oauth2/token") == 2


@pytest.mark.parametrize("window", [25, 50])
def test_what_lies_beyond_the_end_that_a_list_shows_is_read_from_the_other_side(
    account: Account, store: Store, window: int
) -> None:
    account.change(op="settings", window=window)
    result = account.pull(store, only=("ticket",))
    assert (result.exit_code(partial=False), result.shortfalls) == (0, [])
    held = {row["source_id"] for row in rows(store, "SELECT source_id FROM ticket")}
    assert {str(one["id"]) for one in live(account)} <= held
    account.desk.clock.sleep(3600)
    for one in live(account):
        edit(account, one["id"], subject="changed")
    account.pull(store, only=("ticket",))
    assert {row["subject"] for row in rows(store, "SELECT subject FROM ticket WHERE status <> 'merged'")} == {"changed"}


# ------------------------------------------------------------------------------------------------- pull by pull


def test_a_second_pull_reads_only_what_changed(account: Account, store: Store) -> None:
    account.pull(store)
    assert lists(account) >= 3
    account.desk.clock.sleep(3600)
    edit(account, live(account)[30]["id"], subject="again")
    result = account.pull(store)
    assert lists(account) == 2  # what changed, and the total
    assert result.tally["raw"]["conversations"]["updated"] == 1


def test_what_moves_to_the_front_while_changes_are_read_arrives_in_the_same_pull(
    account: Account, store: Store
) -> None:
    account.pull(store)
    account.desk.clock.sleep(3600)
    chosen = [one["id"] for one in live(account)]
    for number in chosen:
        account.desk.clock.sleep(1)
        edit(account, number, subject="changed")
    # The first answer is the total, the second the latest changes: the oldest one is still to be read.
    during(account, LIST, 2, lambda: edit(account, chosen[0], subject="changed again"))
    account.pull(store)
    assert ticket(store, chosen[0])["subject"] == "changed again"
    assert {row["subject"] for row in rows(store, "SELECT subject FROM ticket WHERE status <> 'merged'")} == {
        "changed", "changed again",
    }  # fmt: skip


def test_a_merged_conversation_points_to_the_survivor_and_its_messages_move(account: Account, store: Store) -> None:
    account.pull(store)
    loser, winner = (one["id"] for one in live(account)[3:5])
    moved = rows(store, "SELECT id FROM message WHERE ticket_id = :id", id=f"old:conversation:{loser}")
    before = ticket(store, loser)["status"]
    account.desk.clock.sleep(3600)
    account.change(op="merge", loser=loser, winner=winner)
    account.pull(store)
    found = ticket(store, loser)
    assert (found["status"], found["status_before"]) == ("merged", before)
    assert found["merged_into_id"] == f"old:conversation:{winner}"
    assert found["subject"] is not None
    there = {row["id"] for row in rows(store, "SELECT id FROM message WHERE ticket_id = :id AND deleted_at IS NULL",
                                       id=f"old:conversation:{winner}")}  # fmt: skip
    assert {row["id"] for row in moved} <= there
    (link,) = rows(store, "SELECT * FROM ticket_link WHERE ticket_id = :id", id=f"old:conversation:{loser}")
    assert (link["kind"], link["other_ticket_id"]) == ("merged_into", f"old:conversation:{winner}")


def test_a_deletion_that_no_list_tells_is_found_by_the_total(account: Account, store: Store) -> None:
    account.pull(store)
    chosen = live(account)[10]["id"]
    account.desk.clock.sleep(3600)
    account.change(op="delete_conversation", id=chosen)
    account.pull(store)
    found = ticket(store, chosen)
    assert (found["status"], found["deletion_evidence"]) == ("deleted", "absent")
    lists(account)
    account.pull(store)
    assert lists(account) == 2  # nobody looks for it any more


def test_a_full_pull_finds_deletions_too(account: Account, store: Store) -> None:
    account.pull(store)
    chosen = live(account)[10]["id"]
    account.change(op="delete_conversation", id=chosen)
    account.pull(store, full=True)
    assert ticket(store, chosen)["deletion_evidence"] == "absent"


def test_deleted_people_are_kept_with_what_conversations_tell(account: Account, store: Store) -> None:
    account.pull(store)
    gone = rows(store, "SELECT * FROM person WHERE deletion_evidence = '404'")
    assert {row["source_object"] for row in gone} == {"customer", "user"}
    missing = rows(
        store,
        "SELECT t.id FROM ticket t WHERE t.requester_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id = t.requester_id)",
    )
    assert not missing


def test_a_page_that_is_dropped_in_silence_is_named(account: Account, store: Store) -> None:
    account.change(op="drop_page", path="/v2/conversations", page=2)
    result = account.pull(store)
    assert [(one.parent_id, one.trust) for one in result.shortfalls] == [("conversation", "exact")]
    assert result.exit_code(partial=False) == 1
    account.change(op="drop_page", path="/v2/conversations")
    account.pull(store, full=True)
    assert account.pull(store).exit_code(partial=False) == 0


def test_a_pull_since_a_time_declares_nothing_of_the_whole(account: Account, store: Store) -> None:
    result = account.pull(store, since=_ago(account, 86_400.0), only=("ticket",))
    held = rows(store, "SELECT COUNT(*) AS n FROM ticket")[0]["n"]
    assert held < len(live(account))
    assert not [one for one in result.shortfalls if one.parent_id == "conversation"]
    again = account.pull(store, only=("ticket",))
    assert not [one for one in again.shortfalls if one.parent_id == "conversation"]


def test_every_page_can_be_the_last_before_a_crash(account: Account) -> None:
    connector = SUBJECT.connector
    there = {str(one["id"]) for one in live(account)}
    with connector.session(account.config, account.desk.clock, account.transport) as session:
        source = connector.source(session, account.config)
        pages = len(list(source.pages("conversations", PullRequest(None))))
        for stopped_after in range(pages):
            seen: set[str] = set()
            cursor, last, runs = None, False, 0
            while not last:
                runs += 1
                for number, page in enumerate(source.pages("conversations", PullRequest(cursor))):
                    seen |= {one.source_id for one in page.records if one.object == "conversation"}
                    cursor, last = page.cursor, page.last
                    if number == stopped_after and runs < 20:
                        break
            assert there <= seen


# --------------------------------------------------------------------------------------------------- one by one


def child(account: Account, number: str) -> Any:
    connector = SUBJECT.connector
    with connector.session(account.config, account.desk.clock, account.transport) as session:
        return connector.source(session, account.config).child("whole_conversations", Child("w", number))


def test_a_merged_one_leads_to_the_survivor_for_as_long_as_the_vendor_says_so(account: Account) -> None:
    loser, winner = (str(one["id"]) for one in live(account)[3:5])
    account.change(op="merge", loser=int(loser), winner=int(winner))
    page = child(account, loser)
    (gone,) = page.records
    assert isinstance(gone, Tombstone)
    assert (gone.source_id, gone.merged_into) == (loser, winner)
    assert [one.parent for one in page.children] == [winner]


def test_a_deleted_one_is_gone_by_evidence(account: Account) -> None:
    chosen = str(live(account)[3]["id"])
    account.change(op="delete_conversation", id=int(chosen))
    assert child(account, chosen).records == (Tombstone("conversation", chosen, "404"),)


def test_a_conversation_of_many_threads_is_read_page_by_page(account: Account) -> None:
    threads: dict[int, int] = {}
    for one in account.desk.snapshot()["threads"]:
        threads[one["conversation"]] = threads.get(one["conversation"], 0) + 1
    longest, count = max(threads.items(), key=lambda item: item[1])
    assert count > 100
    page = child(account, str(longest))
    assert len(page.records) == count + 1
    assert page.complete


def test_ratings_carry_the_name_by_which_they_were_asked_for(account: Account, store: Store) -> None:
    account.pull(store)
    spelled = {"great": "great", "okay": "ok", "not_good": "not-good"}
    there = sorted((str(one["conversationId"]), spelled[one["rating"]]) for one in account.desk.snapshot()["ratings"])
    held = sorted(
        (row["ticket_id"].rpartition(":")[2], row["label"]) for row in rows(store, "SELECT * FROM survey_response")
    )
    assert held == there
    assert {row["score"] for row in rows(store, "SELECT score FROM survey_response")} <= {1.0, 2.0, 3.0}


def test_the_vendors_assistants_are_no_users_and_nobody_who_left(account: Account, store: Store) -> None:
    """Conversations call them users; what they wrote is a bot's, so that no metric takes it for an agent's answer."""
    account.pull(store)
    (bot,) = rows(store, "SELECT * FROM person WHERE role = 'bot'")
    assert (bot["source_object"], bot["deleted_at"]) == ("system_user", None)
    kinds = {row["author_kind"] for row in rows(store, "SELECT * FROM message WHERE author_id = :id", id=bot["id"])}
    assert kinds == {"bot"}
    assert not rows(store, "SELECT id FROM person WHERE id = :id", id=f"old:user:{bot['source_id']}")


def test_where_assistants_may_not_be_listed_nothing_is_missing_but_their_name(account: Account, store: Store) -> None:
    account.faults("404@/v3/system-users:every=1")
    assert account.pull(store).exit_code(partial=False) == 0
    assert not rows(store, "SELECT id FROM person WHERE role = 'bot'")


def test_assignments_are_those_that_happened(account: Account, store: Store) -> None:
    """Each is another assignee than the one before, and the last one is the conversation's."""
    account.pull(store)
    found: dict[str, list[str]] = {}
    for row in rows(store, "SELECT * FROM ticket_event WHERE field IN ('assignee_id', 'team_id') ORDER BY occurred_at"):
        found.setdefault(row["ticket_id"], []).append(row["new_value"])
    assert len(found) > 20
    for own, told in found.items():
        assert all(one != two for one, two in pairwise(told)), own


def test_files_arrive_byte_by_byte(account: Account, store: Store) -> None:
    account.pull(store)
    hashes = {one["sha256"] for one in account.desk.snapshot()["attachments"]}
    held = {row["sha256"] for row in rows(store, "SELECT sha256 FROM attachment WHERE fetch_state = 'done'")}
    assert held
    assert held <= hashes


def test_an_estimate_is_the_vendors_totals(account: Account) -> None:
    connector = SUBJECT.connector
    with connector.session(account.config, account.desk.clock, account.transport) as session:
        source = connector.source(session, account.config)
        by_name = {one.stream: one for one in source.estimate()}
        assert by_name["conversations"].rows == len(live(account))
        pages = list(source.pages("conversations", PullRequest(None)))
    assert by_name["conversations"].calls == len(pages) + 1  # and the total
