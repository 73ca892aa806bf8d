"""A plan: its published form, its numbers, and what is matched with what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deskferry.connectors.kit.contract import Account
from deskferry.migrate.mapping_file import parse_mapping
from deskferry.migrate.match import match
from deskferry.migrate.matches import Matches
from deskferry.migrate.migrate import plan
from deskferry.migrate.scope import Scope
from deskferry.store import open_store
from tests.migrate.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        yield World(store)


def matched(world: World, mapping: str = "") -> Matches:
    world.pull()
    with world.store.read() as database:
        return match(database, "old", "new", "acc-1", parse_mapping(mapping))


def test_the_json_of_a_plan_is_as_published(world: World) -> None:
    schema = json.loads(resources.files("deskferry.migrate").joinpath("json/plan.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    made = plan(world.fill().job())
    document = json.loads(json.dumps(made.as_json()))
    Draft202012Validator(schema).validate(document)
    assert document["kinds"]["ticket"] == {"create": 3}
    assert document["kinds"]["person"] == {"create": 3, "matched": 1, "twin": 1}
    assert document["tables"]["teams"] == [
        {"name": "Support ", "source_id": "1", "count": 1, "to": "support", "to_id": "70", "how": "name"},
        {"name": None, "source_id": "404", "count": 1, "to": None, "to_id": None, "how": "nothing matches"},
    ]


def test_calls_and_hours_follow_from_the_limit_that_binds(world: World) -> None:
    made = plan(world.fill().job(share_of_limit=0.5))
    assert made.calls["ticket.create"] == 3
    assert made.calls["note.create"] == 3
    assert made.operations == 12
    assert made.limit == "account"
    assert made.minutes == pytest.approx(sum(made.calls.values()) / 30.0)
    assert (made.files, made.file_bytes) == (1, 8)
    job = world.job(account=Account("acc-1", None, None, None, limits={"account": 1000.0, "note.create": 1.0}))
    assert plan(job).limit == "note.create"


def test_a_plan_writes_nothing(world: World) -> None:
    world.fill()
    plan(world.job())
    assert world.desk.calls == []
    with world.store.read() as database:
        for table in ("write_op", "crossing", "loss", "finding"):
            assert database.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar() == 0


def person(key: str, email: str | None, role: str = "end_user", **more: Any) -> dict[str, dict[str, Any]]:
    return {key: {"name": f"P{key}", "email": email, "role": role, "mark": None, **more}}


def test_people_by_any_address_agents_to_agents_only(world: World) -> None:
    one = world.source
    world.desk.people.update(person("20", "x@a.org"))
    world.desk.people.update(person("21", "y@a.org"))
    by_second = one.person("1", "By second", "first@a.org", others=["X@a.org"])
    agent_there = one.person("2", "Customer here", "ana@desk.org")
    contact_there = one.person("3", "Agent here", "y@a.org", role="agent")
    nowhere = one.person("4", "Agent nowhere", "z@a.org", role="admin")
    found = matched(world)
    assert found.found[by_second].remote_id == "20"
    assert found.found[agent_there].remote_id == "7"
    assert found.found[agent_there].role == "agent"
    assert found.found[contact_there].remote_id == "21", "the contact stands in, no twin is made"
    assert {contact_there, nowhere} == found.placeholders
    assert nowhere not in found.found


def test_shared_addresses_chain(world: World) -> None:
    one = world.source
    ids = [
        one.person("1", "A", "a@a.org", created_at="2026-01-02T00:00:00.000000Z"),
        one.person("2", "B", "b@a.org", created_at="2026-01-01T00:00:00.000000Z"),
        one.person("3", "C", "c@a.org", others=["a@a.org", "b@a.org"], is_active=False),
    ]
    found = matched(world)
    assert {found.lead(record) for record in ids} == {ids[1]}, "the oldest active one crosses for all"


def test_a_merged_person_crosses_as_the_one_that_stayed(world: World) -> None:
    stayed = world.source.person("1", "Stayed", "s@a.org")
    gone = world.source.person("2", "Gone", "g@a.org", merged_into_id=stayed)
    assert matched(world).lead(gone) == stayed


def test_whom_the_destination_deleted_matches_nobody(world: World) -> None:
    """Zendesk answers a ticket of theirs with `Requester: is invalid`."""
    customer = world.source.person("1", "Back Again", "x@a.org", external_id="e-1")
    agent = world.source.person("2", "Left", "left@desk.org", role="agent")
    world.pull()
    world.there.person("40", "Deleted", "x@a.org", is_active=False, external_id="e-1")
    world.there.person("41", "Left", "left@desk.org", role="agent", is_active=False)
    with world.store.read() as database:
        found = match(database, "old", "new", "acc-1", parse_mapping(""))
    assert {customer, agent} & set(found.found) == set()
    assert found.placeholders == {agent}


def test_whoever_is_to_be_created_leaves_an_address_to_those_who_have_it(world: World) -> None:
    world.desk.people.update(person("20", "x@a.org"))
    own = world.source.person("1", "Another", "x@a.org", others=["free@a.org"])
    assert matched(world).found[own].remote_id == "20"
    found = matched(world, '[people]\n"x@a.org" = "create"\n')
    assert own not in found.found
    assert found.taken == {own: frozenset({"x@a.org"})}


def test_several_candidates_are_asked_for(world: World) -> None:
    world.desk.people.update(person("20", "x@a.org"))
    world.desk.people.update(person("21", "y@a.org"))
    both = world.source.person("1", "Both", "x@a.org", others=["y@a.org"])
    none = world.source.person("2", "Agent", "z@a.org", role="agent", others=["ana@desk.org", "eva@desk.org"])
    world.desk.people.update(person("22", "eva@desk.org", "agent"))
    found = matched(world)
    asked = {one.subject: one for one in found.questions}
    assert asked["Both"].default == "20"
    assert found.found[both].remote_id == "20"
    assert asked["Agent"].default is None
    assert asked["Agent"].answer.startswith("[agents]")
    answered = matched(world, '[agents]\n"z@a.org" = "eva@desk.org"\n[people]\n"x@a.org" = "21"\n')
    assert answered.questions == []
    assert answered.found[none].remote_id == "22"
    assert answered.found[both].remote_id == "21"


def test_organizations_by_external_id_name_then_domain(world: World) -> None:
    one = world.source
    by_name = one.organization("1", " acme ")
    twin = one.organization("2", "ACME")
    by_domain = one.organization("3", "Other", domains=["b.org"])
    new = one.organization("4", "New")
    world.desk.companies["30"] = {"name": "Acme", "mark": None}
    world.pull()
    world.there.organization("31", "Elsewhere", domains=["B.org"])
    with world.store.read() as database:
        found = match(database, "old", "new", "acc-1", parse_mapping(""))
    assert found.found[by_name].remote_id == "30"
    assert found.lead(twin) == by_name
    assert (found.found[by_domain].remote_id, found.found[by_domain].how) == ("31", "domain")
    assert new not in found.found


def test_fields_by_key_or_label_and_compatible_type(world: World) -> None:
    one = world.source
    world.desk.fields.update(
        {
            "cf_size": {"label": "Shoe size", "type": "number"},
            "cf_note": {"label": "Remark", "type": "text"},
            "cf_when": {"label": "When", "type": "date"},
        }
    )
    one.custom_field("size", "Grösse", "number")
    one.custom_field("4711", "remark", "select", ["a", "b"])
    one.custom_field("when", "When", "text")
    found = matched(world)
    assert found.fields["ticket", "size"].key == "cf_size"
    assert found.fields["ticket", "4711"].key == "cf_note"
    assert found.fields["ticket", "4711"].values == {"a": "a", "b": "b"}
    assert ("ticket", "when") not in found.fields, "a text does not fit into a date"


def test_a_selection_brings_its_people_and_nothing_else(world: World) -> None:
    world.fill()
    only = plan(world.job(scope=Scope(select={"team": "support "})))
    assert only.counts["ticket"] == {"create": 1}
    tagged = plan(world.job(scope=Scope(select={"tag": ["VIP"], "created_to": "2026-03-01T09:30:00Z"})))
    assert tagged.counts["ticket"] == {"create": 1}
    assert tagged.counts["person"]["create"] == 1
    assert plan(world.job(scope=Scope(select={"status": "closed"}))).counts["ticket"] == {"create": 1}
    assert "ticket" not in plan(world.job(scope=Scope(since="2030-01-01"))).counts


def test_leave_out_by_tag_team_status_and_age(world: World) -> None:
    world.fill()
    left = plan(world.job(mapping='[leave_out]\ntags = ["VIP"]\nstatuses = ["Closed"]\n')).left_out
    assert left["ticket", "tag"] == 1
    assert left["ticket", "status"] == 1
    assert plan(world.job(mapping='[leave_out]\nteams = ["404"]\n')).left_out["ticket", "team"] == 1
    aged = plan(world.job(mapping='[leave_out]\ncreated_before = "2026-03-01T10:30:00Z"\n')).left_out
    assert aged["ticket", "created_before"] == 2


def test_an_agent_who_is_only_an_assignee_becomes_a_placeholder(world: World) -> None:
    one = world.fill().source
    one.person("6", "Only Assigned", "only@desk.org", role="agent")
    one.person("7", "Never Named", "never@desk.org", role="agent")
    one.ticket("1", "First", requester_id=one.id("user", "1"), assignee_id=one.id("user", "6"))
    made = plan(world.job())
    agents = {line["name"]: (line["to"], line["how"]) for line in made.tables["agents"]}
    assert agents["Only Assigned"] == ("placeholder", "no agent there")
    assert agents["Never Named"] == ("left out", "no crossing ticket names them")
    assert made.left_out["person", "agent_not_named"] == 1
    asked = {one.subject: one.default for one in made.questions if one.code == "agent_unmatched"}
    assert asked["Only Assigned <only@desk.org>"] == "a placeholder"
    assert "Never Named <never@desk.org>" not in asked
    world.migrate()
    assert "Only Assigned" in {person["name"] for person in world.desk.people.values()}
