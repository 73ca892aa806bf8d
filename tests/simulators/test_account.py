"""The generated account: the same for a seed, ugly in every promised way, made on demand."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise

import pytest

from deskferry.simulators.account import Account, Ticket, generate


@pytest.fixture(scope="module")
def account() -> Account:
    return generate(seed=7, tickets=300)


def whole(account: Account) -> list[object]:
    bodies = [message.body() for ticket in account.tickets for _, message in ticket.messages]
    return [list(account.tickets), list(account.people), list(account.organizations), account.side, bodies]


def test_same_seed_same_account() -> None:
    assert whole(generate(3, 60)) == whole(generate(3, 60))
    assert whole(generate(3, 60)) != whole(generate(4, 60))


def test_any_ticket_alone_is_the_ticket_of_the_list() -> None:
    everything = list(generate(5, 80).tickets)
    alone = generate(5, 80)
    assert alone.tickets.by_key(71) == everything[70]
    assert alone.tickets[-1] == everything[79]
    with pytest.raises(KeyError):
        alone.tickets.by_key(81)


def check_history(ticket: Ticket) -> None:
    """The updates add up to the last state, in order."""
    values: dict[str, object] = {}
    for update in ticket.updates:
        for change in update.changes:
            assert values.get(change.field) == change.old, (ticket.key, change)
            values[change.field] = change.new
    assert values["status"] == ticket.status
    assert values.get("assignee") == ticket.assignee
    assert values.get("tags", ()) == ticket.tags
    assert {f"field:{name}": value for name, value in ticket.fields.items()}.items() <= values.items()
    assert ticket.updates[0].message is not None
    assert all(early.at <= late.at for early, late in pairwise(ticket.updates))
    assert ticket.updates[-1].at == ticket.updated_at <= ticket.touched_at


def test_histories_add_up(account: Account) -> None:
    for ticket in account.tickets:
        check_history(ticket)
        assert ticket.updated_at < account.now - 60


def test_references_exist(account: Account) -> None:
    for ticket in account.tickets:
        people = [ticket.requester, ticket.submitter, *ticket.ccs, *ticket.followers]
        people += [update.actor for update in ticket.updates if update.actor]
        assert all(1 <= key <= len(account.people) for key in people)
        assert ticket.organization is None or ticket.organization <= len(account.organizations)
        for other in (ticket.merged_into, ticket.problem, ticket.follow_up_of, *ticket.incidents, *ticket.follow_ups):
            assert other is None or 1 <= other <= len(account.tickets)
    merged = [ticket for ticket in account.tickets if ticket.merged_into]
    assert merged
    assert all(ticket.status == "closed" and "closed_by_merge" in ticket.tags for ticket in merged)
    for ticket in account.tickets:
        assert all(account.tickets.by_key(key).problem == ticket.key for key in ticket.incidents)
        assert all(account.tickets.by_key(key).follow_up_of == ticket.key for key in ticket.follow_ups)


def test_the_ugly_is_all_there(account: Account) -> None:
    tickets = list(account.tickets)
    files = [file for ticket in tickets for _, message in ticket.messages for file in message.files]
    bodies = [message.body() for ticket in tickets for _, message in ticket.messages]
    assert {ticket.language for ticket in tickets} == {"en", "es", "de", "ja", "ar"}
    assert {ticket.disposition for ticket in tickets} == {None, "deleted", "spam"}
    assert max(len(ticket.messages) for ticket in tickets) == 300
    assert any(ticket.subject is None for ticket in tickets)
    assert any(ticket.handled_by_ai for ticket in tickets)
    assert {0, 8_000_000} <= {file.size for file in files}
    assert any(file.size > 20_000_000 for file in files)
    assert {"part", "bare", None} == {file.inline for file in files}
    assert {"ok", "flaky", "gone"} == {file.health for file in files}
    assert any(body.text == "" for body in bodies)
    assert any(64_000 < len(body.text) <= 65_535 for body in bodies)
    assert any("gmail_quote" in body.html for body in bodies)
    assert any('dir="rtl"' in body.html for body in bodies)
    assert any(ord(letter) > 0xFFFF for body in bodies for letter in body.text)
    assert any(not message.public for ticket in tickets for _, message in ticket.messages)
    assert len({ticket.created_at for ticket in tickets}) < len(tickets), "bursts share a second"
    assert {"good", "bad", "offered"} <= {ticket.csat.score for ticket in tickets if ticket.csat}


def test_odd_people(account: Account) -> None:
    assert account.odd_person("no_email").emails == ()
    assert account.odd_person("suspended").suspended
    assert not account.odd_person("deleted").active
    assert account.odd_person("erased").name == "Permanently Deleted User"
    one, two = account.odd_person("duplicate_a"), account.odd_person("duplicate_b")
    assert one.phones[0].replace(" ", "").endswith(two.phones[0])
    assert one.emails != two.emails
    assert len(account.odd_person("many_organizations").organizations) == 3
    assert any(not agent.active for agent in account.agents)


def test_plain_accounts_are_plain_and_counted() -> None:
    account = generate(1, 50, profile="plain", comments_per_ticket=3)
    assert {len(ticket.messages) for ticket in account.tickets} == {3}
    assert {ticket.disposition for ticket in account.tickets} == {None}
    assert {ticket.language for ticket in account.tickets} == {"en"}


def test_files_are_made_on_demand_and_hash_the_same(account: Account) -> None:
    files = [file for ticket in account.tickets for _, message in ticket.messages for file in message.files]
    small = [file for file in files if file.size < 1_000_000]
    assert len({file.key for file in files}) == len(files)
    for file in small[:20]:
        assert len(file.content()) == file.size
        assert file.sha256() == file.sha256()
    assert len({file.sha256() for file in small if file.size}) == len([file for file in small if file.size])


def test_a_big_account_costs_only_what_is_looked_at() -> None:
    tracemalloc.start()
    began = time.perf_counter()
    account = generate(1, 100_000, comments_per_ticket=3)
    assert account.tickets.by_key(99_999).messages
    took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 5
    assert peak < 20_000_000
