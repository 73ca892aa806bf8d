"""A migration from end to end on an in-memory desk: what crosses, what is asked, what is refused, what is proven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from deskferry.connectors.kit.contract import Ref
from deskferry.errors import ConfigError, Findings, OpenQuestions, TooManyErrors
from deskferry.migrate.load import LoadOptions
from deskferry.migrate.migrate import plan
from deskferry.migrate.scope import Scope
from deskferry.store import Store, machinery
from tests.migrate.desk import MAIL, FakeWriter
from tests.migrate.world import World


@pytest.fixture
def world(store: Store) -> World:
    return World(store).fill()


def rows(store: Store, table: Any) -> list[Any]:
    with store.read() as database:
        return list(database.execute(select(table)))


def test_everything_crosses_in_order_and_verifies(world: World) -> None:
    result = world.migrate()
    assert result.verify is not None
    assert [one.sentence() for one in result.verify.differences] == []
    assert result.exit_code == 0
    assert result.load is not None
    assert result.load.counts["ticket"] == {"created": 3}
    assert result.load.counts["message"] == {"created": 6}
    assert result.verify.verified == {"organization": 1, "person": 3, "ticket": 3, "message": 6}
    second = world.ticket("2")
    assert [one["text"].splitlines()[-1] for one in second["messages"]] == ["Twin writes.", "Internal: éè 🎉", "Done."]
    assert second["status"] == "closed"
    assert world.ticket("1")["assignee"] == "7"
    assert world.ticket("1")["group"] == "70"
    assert world.ticket("1")["custom_fields"] == {"cf_plan": "Gold"}


def test_twins_by_address_become_one_person(world: World) -> None:
    world.migrate()
    assert sorted(one["name"] for one in world.desk.people.values()) == [
        "Ana Agent", "Bob Gone", "Cora Customer", "Unknown person 99",
    ]  # fmt: skip
    assert world.ticket("2")["requester"] == world.ticket("1")["requester"]
    twins = [one for one in rows(world.store, machinery.crossing) if one.record_id in ("old:user:1", "old:user:2")]
    assert len({one.remote_id for one in twins}) == 1
    assert {one.state for one in twins} == {"created", "matched"}
    losses = {(one.record_id, one.field, one.cause) for one in rows(world.store, machinery.loss)}
    assert ("old:user:2", "notes", "crosses_as_its_twin") in losses


def test_every_loss_is_planned_counted_and_a_row(world: World) -> None:
    planned = plan(world.job())
    result = world.migrate()
    held = rows(world.store, machinery.loss)
    assert all(one.planned for one in held)
    by_cause: dict[str, int] = {}
    for one in held:
        by_cause[one.cause] = by_cause.get(one.cause, 0) + 1
    assert by_cause == {cause: line.count for cause, line in planned.losses.items()}
    assert result.load is not None
    assert by_cause == dict(result.load.losses)


def test_a_loss_that_no_plan_named_is_an_error(world: World) -> None:
    class Sly(FakeWriter):
        def compose_ticket(self, aggregate: Any, crossings: Any) -> Any:
            made = super().compose_ticket(aggregate, crossings)
            self.loss = "met_later" if self.sends else None
            return made

    result = world.migrate(writer=Sly(world.desk), verify=False)
    assert result.exit_code == 1
    assert any(one.rule == "migrate.loss_unplanned" for one in rows(world.store, machinery.finding))
    assert any(not one.planned for one in rows(world.store, machinery.loss))


def test_what_a_connector_drops_in_silence_is_an_error(world: World) -> None:
    class Careless(FakeWriter):
        def compose_ticket(self, aggregate: Any, crossings: Any) -> Any:
            made = super().compose_ticket(aggregate, crossings)
            kept = tuple(one for one in made.operations if not one.part.endswith(":23"))
            return type(made)(kept, tuple(one for one in made.losses if not one.record_id.endswith(":23")))

    result = world.migrate(writer=Careless(world.desk))
    assert result.exit_code == 1
    assert result.load is not None
    assert [one.record_id for one in result.load.unplanned] == ["old:comment:23"]


def test_left_out_are_spam_drafts_suspended_and_agents_without_tickets(world: World) -> None:
    planned = plan(world.job())
    assert dict(planned.left_out) == {
        ("ticket", "spam"): 1, ("message", "draft"): 1, ("person", "suspended"): 1,
    }  # fmt: skip
    named = plan(world.job(mapping="[leave_out]\nspam = false\ndrafts = false\n"))
    assert named.counts["ticket"] == {"create": 4}
    assert named.counts["message"]["create"] == 8


def test_without_consent_nothing_is_written(world: World) -> None:
    with pytest.raises(ConfigError, match=r"were not accepted: customer_mail\.") as refused:
        world.migrate(load=LoadOptions(frozenset({"automations"})))
    assert refused.value.exit_code == 2
    assert world.desk.calls == []
    with pytest.raises(ConfigError, match="There is no effect typo"):
        world.migrate(load=LoadOptions(frozenset({"typo"})))
    assert world.desk.calls == []


def test_an_effect_that_is_not_needed_need_not_be_accepted(world: World) -> None:
    world.source.ticket("2", "Second", requester_id="old:user:2", status="open")
    result = world.migrate(load=LoadOptions(frozenset({"automations"})))
    assert result.exit_code == 0
    assert MAIL not in {one.name for one, _count in result.plan.effects}


def test_a_question_without_default_refuses_and_a_mapping_answers(world: World) -> None:
    world.desk.people["8"] = {"name": "Bob One", "email": "bob@desk.org", "role": "agent", "mark": None}
    world.desk.people["9"] = {"name": "Bob Two", "email": "bob@desk.org", "role": "agent", "mark": None}
    with pytest.raises(OpenQuestions) as refused:
        world.migrate()
    assert refused.value.exit_code == 2
    assert world.desk.calls == []
    result = world.migrate(mapping='[agents]\n"bob@desk.org" = "8"\n')
    assert result.exit_code == 0
    assert world.ticket("2")["messages"][2]["author"] == "8"


def test_the_plan_asks_for_what_nothing_matches(world: World) -> None:
    asked = {(one.code, one.subject): one for one in plan(world.job()).questions}
    assert set(asked) == {
        ("agent_unmatched", "Bob Gone <bob@desk.org>"),
        ("team_unknown", "404"),
        ("field_unknown", "ticket field gone"),
        ("option_unmatched", "ticket field Plan: Copper"),
        ("person_unknown", "99"),
    }
    assert all(one.default for one in asked.values())
    answers = (
        '[agents]\n"bob@desk.org" = "placeholder"\n[teams]\n"404" = "Support"\n[people]\n"99" = "cora@acme.org"\n'
        '[fields.ticket.gone]\nto = "none"\n[fields.ticket.plan]\nto = "cf_plan"\nvalues."Copper" = "Silver"\n'
    )
    world.desk.people["50"] = {"name": "Cora", "email": "cora@acme.org", "role": "end_user", "mark": None}
    answered = plan(world.job(mapping=answers))
    assert [(one.code, one.subject) for one in answered.questions] == []


def test_a_source_that_was_not_pulled_is_refused(store: Store) -> None:
    world = World(store)
    with pytest.raises(ConfigError, match="never pulled"):
        world.migrate()
    world.source.mark_pulled(exit_code=None)
    with pytest.raises(Findings, match="did not end") as unfinished:
        world.migrate()
    assert unfinished.value.exit_code == 1
    world.source.mark_pulled(exit_code=4)
    with pytest.raises(Findings, match="exit code 4"):
        plan(world.job())


def test_a_source_whose_pull_is_short_is_refused(world: World) -> None:
    with world.store.write() as database:
        database.execute(
            machinery.declared_count.insert().values(
                {"connection": "old", "stream": "comments", "parent_id": "old:ticket:1", "measure": "messages",
                 "class": "exact", "declared": 3, "fetched": 2, "reread": True, "run_id": "x"}
            )
        )  # fmt: skip
    with pytest.raises(Findings, match=r"old:ticket:1 \(2 of 3 messages\)"):
        world.migrate()


def test_a_dry_run_sends_nothing_and_tells_each_operation(world: World) -> None:
    result = world.migrate(dry_run=True)
    assert result.exit_code == 0
    assert world.desk.calls == []
    assert result.dry_run is not None
    assert ("old:ticket:2", "state", "ticket.update") in result.dry_run.would_send
    assert rows(world.store, machinery.write_op) == []


def test_a_refused_record_goes_into_the_ledger_and_its_dependents_wait(world: World) -> None:
    world.desk.before = lambda _n, one: "refuse" if one.record_id == "old:user:1" else None
    result = world.migrate()
    assert result.exit_code == 1
    assert result.load is not None
    assert result.load.counts["person"]["refused"] == 1
    assert result.load.counts["ticket"] == {"created": 1, "not_sent": 2}
    states = {(one.record_id, one.part): (one.state, one.code) for one in rows(world.store, machinery.write_op)}
    assert states["old:user:1", ""] == ("refused", "invalid")
    assert states["old:ticket:1", "old:comment:12"] == ("not_sent", "depends_on")
    world.desk.before = lambda _n, _one: None
    again = world.migrate(prove=True)
    assert again.exit_code == 0
    assert again.load is not None
    assert again.load.counts["ticket"] == {"created": 2, "unchanged": 1}


def test_max_errors_stops_and_the_same_command_goes_on(world: World) -> None:
    world.desk.before = lambda _n, one: "refuse" if one.kind == "person" else None
    with pytest.raises(TooManyErrors):
        world.migrate(max_errors=0)
    world.desk.before = lambda _n, _one: None
    assert world.migrate(prove=True).exit_code == 0


def test_the_second_pass_writes_nothing(world: World) -> None:
    first = world.migrate(prove=True)
    assert first.proof is not None
    assert first.proof.holds
    calls = list(world.desk.calls)
    again = world.migrate(prove=True)
    assert world.desk.calls == calls
    assert again.exit_code == 0
    assert again.load is not None
    assert again.load.counts["ticket"] == {"unchanged": 3}


def test_a_failed_proof_is_an_error(world: World) -> None:
    class Restless(FakeWriter):
        turn = 0

        def compose_ticket(self, aggregate: Any, crossings: Any) -> Any:
            made = super().compose_ticket(aggregate, crossings)
            Restless.turn += 1
            first = made.operations[0]
            changed = type(first)(**{**{name: getattr(first, name) for name in first.__slots__},
                                     "body": {**first.body, "turn": Restless.turn},
                                     "source_hash": str(Restless.turn)})  # fmt: skip
            return type(made)((changed, *made.operations[1:]), made.losses)

    result = world.migrate(writer=Restless(world.desk), prove=True, verify=False)
    assert result.proof is not None
    assert not result.proof.holds
    assert result.exit_code == 1


def test_only_the_edited_ticket_moves(world: World) -> None:
    world.migrate()
    world.desk.calls.clear()
    world.source.message("2", "25", "One more thing.", author_id="old:user:2", seq=5)
    world.source.ticket("2", "Second, edited", requester_id="old:user:2", team_id="old:group:404", status="closed",
                        created_at="2026-03-01T10:00:00.000000Z",
                        custom_fields={"plan": "Copper", "gone": "x"})  # fmt: skip
    result = world.migrate(prove=True)
    assert result.exit_code == 0
    assert world.desk.calls == [
        ("ticket.update", "old:ticket:2", ""),
        ("note.create", "old:ticket:2", "old:comment:25"),
        ("ticket.update", "old:ticket:2", "state"),
    ]
    assert world.ticket("2")["status"] == "closed"
    assert world.ticket("2")["subject"] == "Second, edited"
    assert result.verify is not None
    assert result.verify.checked["ticket"] == 1


def test_a_newer_mapping_is_counted_and_pushed_only_when_asked(world: World) -> None:
    world.migrate()
    world.desk.calls.clear()
    tagged = 'migrated_tag = "moved"\n'
    result = world.migrate(mapping=tagged)
    assert result.load is not None
    assert result.load.counts["ticket"] == {"newer_mapping": 3}
    assert world.desk.calls == []
    pushed = world.migrate(mapping=tagged, push_mapping_changes=True)
    assert pushed.exit_code == 0
    assert {record for _call, record, _part in world.desk.calls} == {f"old:ticket:{n}" for n in (1, 2, 3)}
    assert "moved" in world.ticket("1")["tags"]


def test_what_cannot_be_updated_is_a_planned_loss(world: World) -> None:
    world.migrate()
    world.source.organization("1", "Acme", details="Makers of things")
    world.desk.calls.clear()
    result = world.migrate(prove=True)
    assert world.desk.calls == []
    assert result.exit_code == 0
    causes = {(one.record_id, one.cause, one.planned) for one in rows(world.store, machinery.loss)}
    assert ("old:organization:1", "update_not_possible", True) in causes


def test_a_twin_that_appeared_meanwhile_is_adopted_and_named(world: World) -> None:
    writer = FakeWriter(world.desk)

    def appear(number: int, _operation: Any) -> None:
        world.desk.people.setdefault(
            "77", {"name": "Cora", "email": "cora@acme.org", "role": "end_user", "mark": None, "at": 0.0}
        )

    world.desk.before = appear
    result = world.migrate(writer=writer, verify=False)
    assert result.exit_code == 1
    assert result.load is not None
    assert [one.cause for one in result.load.unplanned] == ["existing_twin_adopted"]
    assert world.ticket("1")["requester"] == "77"


def test_a_sample_brings_only_its_people(world: World) -> None:
    result = world.migrate(scope=Scope(sample=1))
    assert result.exit_code == 0
    assert [one["mark"] for one in world.desk.tickets.values()] == ["old:ticket:1"]
    assert sorted(one["name"] for one in world.desk.people.values()) == ["Ana Agent", "Cora Customer"]
    assert world.migrate(prove=True).exit_code == 0
    assert len(world.desk.tickets) == 3


def test_only_organizations(world: World) -> None:
    world.migrate(scope=Scope(only=("organization",)))
    assert len(world.desk.companies) == 1
    assert world.desk.tickets == {}
    with pytest.raises(ConfigError, match="--only takes"):
        Scope(only=("message",))


def test_a_canary_goes_first_and_may_stop(world: World) -> None:
    stopped = world.migrate(canary=True, confirm_canary=lambda _result: False)
    assert stopped.stopped_at_canary
    assert stopped.canary is not None
    assert 0 < stopped.canary.checked["ticket"] <= 3
    on = world.migrate(canary=True, prove=True)
    assert on.exit_code == 0
    assert len(world.desk.tickets) == 3


def test_threads_and_batches_come_to_the_same_end(store: Store) -> None:
    plain, busy = World(store).fill(), None
    plain.migrate()
    expected = plain.desk.content()
    busy = World(store)
    busy.source = plain.source
    busy.desk.clock = plain.desk.clock
    writer = FakeWriter(busy.desk, batch=2)
    writer.account = lambda: type(FakeWriter(busy.desk).account())("acc-2", None, None, None)  # type: ignore[method-assign]
    result = busy.migrate(writer=writer, threads=4, prove=True)
    assert result.exit_code == 0
    assert busy.desk.content() == expected


class Linking(FakeWriter):
    """Names in each ticket another one that comes later, as a link would."""

    def __init__(self, desk: Any, links: dict[str, str]) -> None:
        super().__init__(desk)
        self.links = links

    def compose_ticket(self, aggregate: Any, crossings: Any) -> Any:
        made = super().compose_ticket(aggregate, crossings)
        other = self.links.get(aggregate.ticket["id"])
        if other is None:
            return made
        first = replace(made.operations[0], body={**made.operations[0].body, "related": Ref(other)})
        return replace(made, operations=(first, *made.operations[1:]))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_ticket_that_names_a_later_one_waits_for_it(world: World, threads: int) -> None:
    result = world.migrate(writer=Linking(world.desk, {"old:ticket:1": "old:ticket:3"}), prove=True, threads=threads)
    assert result.exit_code == 0
    third = next(key for key, one in world.desk.tickets.items() if one["mark"] == "old:ticket:3")
    assert world.ticket("1")["related"] == third


def test_tickets_that_name_each_other_are_told_not_sent(world: World) -> None:
    links = {"old:ticket:1": "old:ticket:3", "old:ticket:3": "old:ticket:1"}
    result = world.migrate(writer=Linking(world.desk, links), verify=False)
    assert result.exit_code == 1
    assert result.load is not None
    assert result.load.counts["ticket"] == {"created": 1, "not_sent": 2}
