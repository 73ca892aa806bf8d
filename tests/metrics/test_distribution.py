"""M45: the checks and edges of its card, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.errors import ConfigError
from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_group, by_period, line_of


def test_tags_have_shares_of_all_tickets_and_may_sum_above_one(world: World) -> None:
    for tags in (("vip", "late"), ("vip",), (), ()):
        world.ticket("2026-01-05 09:00", tags=tags)
    result = world.compute("M45")
    assert by_group(result) == {"vip": 2, "late": 1, "(none)": 2}
    assert (result.value, result.total.n_eligible) == (4, 4), "a ticket of two tags is one ticket"
    assert {key: line_of(result, key).figures["share"] for key in ("vip", "late", "(none)")} == {
        "vip": 0.5, "late": 0.25, "(none)": 0.5,
    }  # fmt: skip
    assert result.notes == ("a ticket may have several values of tag: the shares sum above 100 %",)


def test_a_field_of_one_value_sums_to_all_and_of_several_may_not(world: World) -> None:
    for fields in (
        {"plan": "gold", "parts": ["a", "b"]},
        {"plan": "gold", "parts": ["a"]},
        {"plan": 3},
        {"plan": True},
    ):
        world.ticket("2026-01-05 09:00", custom_fields=fields)
    plan = world.compute("M45", of="field:plan")
    assert (by_group(plan), plan.notes) == ({"gold": 2, "3": 1, "true": 1}, ())
    assert sum(line.figures["share"] or 0 for line in plan.lines) == 1
    parts = world.compute("M45", of="field:parts")
    assert (by_group(parts), parts.value) == ({"a": 2, "b": 1, "(none)": 2}, 4)


def test_no_value_and_not_on_this_form_are_two_classes(world: World) -> None:
    world.put("custom_field", kind="ticket", key="plan", applies_to={"forms": ["7"], "types": ["question"]})
    for form, kind, fields in (
        ("old:form:7", "question", {"plan": "gold"}),
        ("old:form:7", "question", {"plan": None}),
        ("old:form:7", "question", None),
        ("old:form:8", "question", None),
        ("old:form:7", "incident", None),
        ("old:form:8", "question", {"plan": "gold"}),  # it has one all the same
        (None, "question", None),  # nobody knows its form
    ):
        world.ticket("2026-01-05 09:00", form_id=form, type=kind, custom_fields=fields)
    assert by_group(world.compute("M45", of="field:plan")) == {"gold": 2, "(none)": 3, "(not on this form)": 2}


def test_a_renamed_option_is_one_by_its_value(world: World) -> None:
    world.put("custom_field", kind="ticket", key="plan", options=[{"value": "g1", "label": "Gold (new name)"}])
    world.ticket("2026-01-05 09:00", custom_fields={"plan": "g1"})
    world.ticket("2026-02-05 09:00", custom_fields={"plan": "g1"})
    result = world.compute("M45", of="field:plan")
    assert by_group(result) == {"g1": 2}
    assert (dict(result.lines[0].group), dict(result.lines[0].labels)) == (
        {"field:plan": "g1"}, {"field:plan": "Gold (new name)"},
    )  # fmt: skip


def test_the_value_at_creation_is_an_option(world: World) -> None:
    kept = world.ticket("2026-01-05 09:00", custom_fields={"7": "gold"})
    changed = world.ticket("2026-01-05 09:00", custom_fields={"7": "gold"})
    world.event(changed, "2026-01-06 09:00", "custom_field:7", "silver", "bronze")
    world.event(changed, "2026-01-07 09:00", "custom_field:7", "gold")
    filled = world.ticket("2026-01-05 09:00", custom_fields={"7": "gold"})
    world.event(filled, "2026-01-06 09:00", "7", "gold")
    begun = world.ticket("2026-01-05 09:00", custom_fields={"7": "gold"})
    world.event(begun, "2026-01-05 09:00", "custom_field:7", "iron")
    world.event(begun, "2026-01-05 09:00", "custom_field:7", "bronze")
    world.event(begun, "2026-01-06 09:00", "custom_field:7", "gold")
    assert kept
    assert by_group(world.compute("M45", of="field:7")) == {"gold": 4}
    result = world.compute("M45", of="field:7", value="created")
    assert by_group(result) == {"gold": 1, "bronze": 2, "(none)": 1}


def test_tags_at_creation_are_lists(world: World) -> None:
    first = world.ticket("2026-01-05 09:00", tags=("vip",))
    world.event(first, "2026-01-06 09:00", "tags", '["vip"]', '["late", "new"]')
    second = world.ticket("2026-01-05 09:00", tags=("vip",))
    world.event(second, "2026-01-06 09:00", "tags", '["vip"]', "[]")
    world.ticket("2026-01-05 09:00", tags=("vip",))
    assert by_group(world.compute("M45", value="created")) == {"late": 1, "new": 1, "vip": 1, "(none)": 1}
    assert world.compute("M45", value="created").value == 3


def test_the_creation_decides_the_period_and_dimensions_split_it(world: World) -> None:
    world.ticket("2026-01-05 09:00", tags=("vip", "late"), channel="email")
    world.ticket("2026-02-05 09:00", tags=("vip",), channel="chat")
    result = world.compute("M45", period="month", start="2026-01-01", end="2026-03-01", by="channel")
    assert by_period(result) == {"2026-01": 1, "2026-02": 1}
    assert by_group(result) == {("vip", "email"): 1, ("late", "email"): 1, ("vip", "chat"): 1}
    assert (
        line_of(world.compute("M45", period="month", end="2026-03-01"), "vip", period="2026-01").figures["share"] == 1
    )
    assert by_group(world.compute("M45", by="tag")) == {"vip": 2, "late": 1}
    world.put("custom_field", kind="ticket", key="plan")
    looked = world.compute("M45", by="field:plan")
    assert (by_group(looked), looked.options["of"]) == ({"(none)": 2}, "field:plan"), "what is split by is looked at"


def test_spam_and_unrelated_tickets_change_nothing(world: World) -> None:
    world.ticket("2026-01-05 09:00", tags=("vip",))
    before = world.compute("M45").total
    world.ticket("2026-01-05 09:00", tags=("vip",), is_spam=True)
    world.ticket("2026-01-05 09:00", tags=("vip",), deleted_at="2026-01-06 09:00")
    assert world.compute("M45").total == before


def test_a_tag_or_field_that_is_not_there_is_said(world: World) -> None:
    world.ticket("2026-01-05 09:00", custom_fields={"plan": "gold"})
    reason = "field or tag not present in the store"
    for of in ("tag", "field:plam"):
        result = world.compute("M45", of=of)
        assert (result.status, result.reason, result.value) == (Computed.NOT_COMPUTABLE, reason, None)
    assert world.compute("M45", of="field:plan").value == 1
    world.put("custom_field", kind="ticket", key="plam")
    assert by_group(world.compute("M45", of="field:plam")) == {"(none)": 1}
    with pytest.raises(ConfigError):
        world.compute("M45", of="channel")


def test_a_desk_without_the_field_makes_the_total_partial(world: World) -> None:
    world.ticket("2026-01-05 09:00", custom_fields={"plan": "gold"})
    world.connection = "other"
    world.ticket("2026-01-05 09:00")
    result = world.compute("M45", of="field:plan")
    assert (result.value, result.status, result.total.n_missing) == (1, Computed.PARTIAL, 1)


@pytest.mark.parametrize("of", ["tag", "field:plan"])
@pytest.mark.parametrize("value", ["current", "created"])
def test_a_store_and_its_snapshot_give_the_same(world: World, of: str, value: str) -> None:
    world.put("custom_field", kind="ticket", key="plan", applies_to={"inboxes": ["old:inbox:1"]})
    for number in range(6):
        ticket = world.ticket(
            "2026-01-05 09:00", tags=("vip", "late")[: number % 3], inbox_id=f"old:inbox:{number % 2}",
            custom_fields={"plan": "gold"} if number % 3 else None,
        )  # fmt: skip
        world.event(ticket, "2026-01-06 09:00", "plan", "gold", None if number % 2 else "iron")
        world.event(ticket, "2026-01-06 09:00", "tags", '["vip"]', '["new", "old"]')
    direct = world.compute("M45", of=of, value=value)
    world.through_store = True
    assert world.compute("M45", of=of, value=value).lines == direct.lines
