"""M33, M34, M37, M44: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.errors import ConfigError
from deskferry.metrics.result import Computed, Result
from tests.metrics.build import World, by_group, by_period, line_of


def subscribe(world: World, name: str, begin: str, end: str | None = None) -> None:
    world.put("subscription", customer_id=world.person(name), active_from=begin, active_to=end)


def order(world: World, name: str | None, at: str, amount: float | None = 10, **values: Any) -> str:
    customer = world.person(name) if name else None
    values = {"currency": "EUR", **values}
    return world.put("purchase", customer_id=customer, occurred_at=at, amount=amount, **values)


def four_customers(world: World) -> None:
    """January: two stay, one is lost, one comes, and one who left in 2024 comes back."""
    subscribe(world, "Ada", "2025-01-01 00:00")
    subscribe(world, "Bob", "2025-01-01 00:00", "2026-06-01 00:00")
    subscribe(world, "Cyd", "2025-01-01 00:00", "2026-01-15 00:00")
    subscribe(world, "Dan", "2026-01-10 00:00")
    subscribe(world, "Eve", "2024-01-01 00:00", "2024-12-01 00:00")
    subscribe(world, "Eve", "2026-01-20 00:00")


JANUARY = {"start": "2026-01-01", "end": "2026-02-01"}


def test_retention_is_who_is_left_of_those_there_at_the_start(world: World) -> None:
    four_customers(world)
    result = world.compute("M33", **JANUARY)
    assert result.value == pytest.approx(2 / 3)
    assert (result.total.figures["numerator"], result.total.figures["denominator"]) == (2, 3)
    (january,) = result.extra["periods"]
    assert january == {"start": "2026-01-01", "at_start": 3, "at_end": 4, "new": 1, "reactivated": 1, "lost": 1}
    e, n, s = january["at_end"] - january["reactivated"], january["new"], january["at_start"]
    assert (e - n) / s == pytest.approx(result.value), "(E - N) / S, who came back apart"


def test_churn_is_the_rest_of_the_same_customers(world: World) -> None:
    four_customers(world)
    churn, kept = world.compute("M34", **JANUARY), world.compute("M33", **JANUARY)
    assert churn.value == pytest.approx(1 / 3)
    assert kept.value is not None
    assert churn.value + kept.value == 1
    assert churn.total.n_computed == kept.total.n_computed == 3
    assert churn.definition_id == "churn.v1"


def test_periods_join_on_one_instant(world: World) -> None:
    subscribe(world, "Ada", "2025-12-01 00:00")
    subscribe(world, "Bob", "2025-12-01 00:00", "2026-02-01 00:00")  # exclusive: no longer there on 1 February
    subscribe(world, "Cyd", "2026-01-01 00:00", "2026-02-01 00:00")
    result = world.compute("M33", period="month", start="2026-01-01", end="2026-03-01")
    assert by_period(result) == {"2026-01": pytest.approx(1 / 3), "2026-02": 1}
    first, second = result.extra["periods"]
    assert first["at_end"] == second["at_start"] == 1
    assert result.value == 2 / 4, "the total pools the months"


def test_without_a_range_months_are_pooled_and_the_one_that_goes_on_is_left_out(world: World) -> None:
    world.as_of = world.at("2026-03-10 00:00")
    subscribe(world, "Ada", "2025-12-15 00:00")
    subscribe(world, "Bob", "2025-12-15 00:00", "2026-02-10 00:00")
    subscribe(world, "Cyd", "2025-12-15 00:00", "2026-03-05 00:00")
    result = world.compute("M34")
    assert (result.total.figures["numerator"], result.total.figures["denominator"]) == (1, 6)
    assert any("month" in note for note in result.notes)
    months = world.compute("M34", period="month").lines
    assert [(line.period.label, line.value, line.period.is_complete) for line in months if line.period] == [
        ("2026-01", 0, True), ("2026-02", pytest.approx(1 / 3), True), ("2026-03", None, False),
    ]  # fmt: skip


def test_a_contract_that_goes_on_the_same_instant_is_no_gap(world: World) -> None:
    subscribe(world, "Ada", "2025-01-01 00:00", "2026-01-01 00:00")
    subscribe(world, "Ada", "2026-01-01 00:00", "2026-01-20 00:00")
    subscribe(world, "Ada", "2026-01-10 00:00")  # overlaps
    result = world.compute("M33", period="month", start="2025-11-01", end="2026-02-01")
    assert by_period(result) == {"2025-11": 1, "2025-12": 1, "2026-01": 1}
    assert [one["reactivated"] for one in result.extra["periods"]] == [0, 0, 0]


def test_orders_need_a_lapse_rule_and_it_is_printed(world: World) -> None:
    order(world, "Ada", "2025-12-20 10:00")
    order(world, "Ada", "2026-01-15 10:00")
    order(world, "Bob", "2025-12-20 10:00")
    order(world, "Cyd", "2025-12-20 10:00", state="cancelled")
    order(world, "Cyd", "2026-01-20 10:00")
    result = world.compute("M33", lapse_days=30, **JANUARY)
    assert (result.value, result.total.n_computed) == (0.5, 2), "Cyd's cancelled order made no customer"
    assert "without a subscription a customer is active for 30 days after an order" in result.notes
    assert world.compute("M33", lapse_days=90, **JANUARY).value == 1
    assert not any("order" in note for note in world.compute("M33", basis="subscriptions").notes)


def test_subscriptions_win_over_orders_of_the_same_connection(world: World) -> None:
    four_customers(world)
    order(world, "Zoe", "2025-12-30 10:00")
    assert world.compute("M33", **JANUARY).total.n_computed == 3
    assert world.compute("M33", basis="purchases", **JANUARY).total.n_computed == 1


def test_churn_by_how_many_tickets_a_customer_had(world: World) -> None:
    for number, name in enumerate(("Ada", "Bob", "Cyd", "Dan")):
        subscribe(world, name, "2025-01-01 00:00", "2026-01-20 00:00" if name in "Cyd Dan" else None)
        for _ in range(number if name != "Dan" else 6):
            world.ticket("2026-01-05 10:00", requester=name)
        world.ticket("2026-02-05 10:00", requester=name)
    result = world.compute("M34", **JANUARY)
    assert result.extra["by_tickets"] == [
        {"band": "0", "customers": 1, "value": 0},
        {"band": "1", "customers": 1, "value": 0},
        {"band": "2-4", "customers": 1, "value": 1},
        {"band": "5+", "customers": 1, "value": 1},
    ]
    assert any("association" in note for note in result.notes)


def test_a_customer_may_be_an_organization(world: World) -> None:
    firm = world.put("organization", name="Acme")
    world.put("subscription", customer_id=firm, active_from="2025-01-01 00:00", active_to=None)
    world.ticket("2026-01-05 10:00", organization_id=firm)
    result = world.compute("M33", **JANUARY)
    assert result.value == 1
    assert result.extra["by_tickets"] == [{"band": "1", "customers": 1, "value": 1}]


def test_one_customer_of_two_connections_is_one(world: World) -> None:
    world.person("Ada", email="ada@example.org")
    subscribe(world, "Ada", "2025-01-01 00:00", "2026-01-10 00:00")
    world.connection = "new"
    world.person("Ada", email="ada@example.org")
    subscribe(world, "Ada", "2026-01-10 00:00")
    result = world.compute("M33", **JANUARY)
    assert (result.value, result.total.n_computed) == (1, 1)


def test_no_activity_is_said(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    for name in ("M33", "M34"):
        assert world.compute(name).reason == "no customer activity in the store"
    order(world, "Ada", "2026-01-05 10:00")
    assert world.compute("M33", basis="subscriptions").status is Computed.NOT_COMPUTABLE


# M37


def test_an_order_converts_the_latest_ticket_before_it(world: World) -> None:
    first = world.ticket("2026-01-05 10:00")
    second = world.ticket("2026-01-06 10:00")
    world.ticket("2026-01-07 10:00", requester="Max")
    order(world, "Cleo", "2026-01-08 10:00", 30, refunded_amount=5)
    order(world, "Cleo", "2026-01-09 10:00", 20)
    result = world.compute("M37")
    assert (result.value, result.total.figures["numerator"]) == (pytest.approx(1 / 3), 1)
    assert (result.total.figures["orders"], result.total.figures["revenue"]) == (2, 45)
    world.change(second, status="spam")
    assert world.compute("M37").total.figures["numerator"] == 1, "then the one before it"
    world.change(first, status="spam")
    assert world.compute("M37").value == 0


@pytest.mark.parametrize(
    ("at", "converted"),
    [("2026-01-05 10:00", 0), ("2026-01-05 10:00:01", 1), ("2026-01-10 10:00", 1), ("2026-01-10 10:00:01", 0)],
)
def test_the_window_is_open_at_the_creation_and_closed_after_five_days(world: World, at: str, converted: int) -> None:
    world.ticket("2026-01-05 10:00")
    order(world, "Cleo", at)
    result = world.compute("M37")
    assert result.total.figures["numerator"] == converted
    assert any("5 days" in note for note in result.notes)


def test_the_window_is_a_parameter(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    order(world, "Cleo", "2026-01-09 10:00")
    assert world.compute("M37").value == 1
    assert world.compute("M37", days=3).value == 0


def test_a_later_ticket_out_of_two_takes_the_order_from_the_first(world: World) -> None:
    world.ticket("2026-01-05 10:00", channel="email")
    world.ticket("2026-01-06 10:00", channel="chat")
    order(world, "Cleo", "2026-01-07 10:00")
    result = world.compute("M37", by="channel")
    assert by_group(result) == {"email": 0, "chat": 1}
    pooled = [line_of(result, channel).figures for channel in ("email", "chat")]
    assert sum(one["numerator"] or 0 for one in pooled) == result.total.figures["numerator"]


def test_cancelled_and_test_orders_do_not_count(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    order(world, "Cleo", "2026-01-06 10:00", state="Cancelled")
    order(world, "Cleo", "2026-01-06 10:00", state="test")
    assert world.compute("M37").value == 0
    assert world.compute("M37", void_states="test").value == 1


def test_tickets_without_a_customer_are_missing_on_both_sides(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-05 10:00", requester_id=None)
    order(world, "Cleo", "2026-01-06 10:00")
    total = world.compute("M37").total
    assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)


def test_the_last_five_days_are_immature(world: World) -> None:
    world.as_of = world.at("2026-01-12 00:00")
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-08 10:00")
    order(world, "Cleo", "2026-01-09 10:00")
    total = world.compute("M37").total
    assert (total.value, total.n_eligible, total.figures["immature"]) == (0, 1, 1)
    assert total.figures["rate_with_immature"] == 0.5


def test_a_reply_before_the_order_can_be_required(world: World) -> None:
    first, second = world.ticket("2026-01-05 10:00"), world.ticket("2026-01-05 10:00", requester="Max")
    for ticket in (first, second):
        world.customer(ticket, "2026-01-05 10:00")
    world.reply(first, "2026-01-06 10:00")
    world.reply(second, "2026-01-08 10:00")
    order(world, "Cleo", "2026-01-07 10:00")
    order(world, "Max", "2026-01-07 10:00")
    assert world.compute("M37").value == 1
    assert world.compute("M37", replied=True).value == 0.5


def test_revenue_is_in_one_currency(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    order(world, "Cleo", "2026-01-06 10:00", 10)
    order(world, "Cleo", "2026-01-06 11:00", 99, currency="USD")
    result = world.compute("M37")
    assert (result.value, result.total.figures["revenue"]) == (1, None)
    assert any("EUR, USD" in note for note in result.notes)
    chosen = world.compute("M37", currency="USD").total.figures
    assert (chosen["revenue"], chosen["orders"], chosen["unpriced"]) == (99, 2, 1)


def test_a_shop_of_its_own_serves_the_desk_by_the_address(world: World) -> None:
    world.person("Cleo", email="cleo@example.org")
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-05 10:00", requester="Max")  # has no address: nobody can tell what Max bought
    world.connection = "shop"
    world.person("Cleo", email="cleo@example.org")
    order(world, "Cleo", "2026-01-06 10:00")
    world.connection = "old"
    total = world.compute("M37").total
    assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)


def test_a_desk_that_tells_its_own_orders_does_not_serve_another(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    order(world, "Cleo", "2026-01-06 10:00")
    world.connection = "new"
    world.ticket("2026-01-05 10:00")
    result = world.compute("M37")
    assert (result.value, result.status) == (1, Computed.PARTIAL)
    assert result.reason == "no transaction in the store: new"


def test_no_orders_is_said(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    for name in ("M37", "M44"):
        assert world.compute(name).reason == "no transaction in the store"


# M44


def rate(result: Result) -> tuple[float | None, float | None, float | None]:
    return result.value, result.total.figures["numerator"], result.total.figures["denominator"]


def test_tickets_per_order_of_the_same_period(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-02-05 10:00", requester_id=None)
    world.ticket("2026-02-05 10:00", status="spam")
    order(world, "Ada", "2026-01-05 10:00")
    order(world, "Bob", "2026-01-06 10:00", refunded_amount=10)  # refunded is still an order
    order(world, None, "2026-02-05 10:00")
    order(world, "Bob", "2026-02-05 10:00", state="cancelled")
    result = world.compute("M44", period="month")
    assert rate(result) == (pytest.approx(2 / 3), 2, 3)
    assert by_period(result) == {"2026-01": 0.5, "2026-02": 1, "2026-03": None}


def test_repeat_orders_and_the_tickets_after_the_second(world: World) -> None:
    for day in (1, 5, 9):
        order(world, "Ada", f"2026-01-{day:02} 10:00")
    order(world, "Bob", "2026-01-01 10:00")
    for day in (3, 6, 7, 8):
        world.ticket(f"2026-01-{day:02} 10:00", requester="Ada")
    world.ticket("2026-01-05 10:00", requester="Ada")  # not after the second order
    world.ticket("2026-01-06 10:00", requester="Bob")
    assert rate(world.compute("M44", variant="repeat")) == (1.5, 3, 2)
    world.ticket("2026-01-06 10:00", requester_id=None)
    total = world.compute("M44", variant="repeat").total
    assert (total.value, total.n_missing) == (1.5, 1)


def test_tickets_within_thirty_days_count_once_for_the_latest_order(world: World) -> None:
    order(world, "Ada", "2026-01-01 10:00")
    order(world, "Ada", "2026-01-05 10:00")
    world.ticket("2026-01-01 10:00", requester="Ada")
    world.ticket("2026-02-04 10:00", requester="Ada")  # 30 days after the second
    world.ticket("2026-02-04 10:00:01", requester="Ada")
    order(world, "Bob", "2026-02-20 10:00")  # too young on 1 March
    world.ticket("2026-02-20 10:00", requester="Bob")
    result = world.compute("M44", variant="within_days", period="month")
    assert rate(result) == (1, 2, 2)
    assert by_period(result)["2026-01"] == 1, "at the time of the order"
    assert world.compute("M44", variant="within_days", days=10).total.figures["denominator"] == 2


def test_tickets_that_name_an_order(world: World) -> None:
    order(world, "Ada", "2026-01-01 10:00", id="old:order:1001")
    order(world, "Ada", "2026-01-02 10:00", id="old:order:A-7")
    world.ticket("2026-01-05 10:00", custom_fields={"order": 1001})
    world.ticket("2026-01-05 10:00", custom_fields={"order": "A-7"})
    world.ticket("2026-01-06 10:00", custom_fields={"order": "A-7"})
    world.ticket("2026-01-06 10:00", custom_fields={"order": "unheard"})
    world.ticket("2026-01-06 10:00")
    assert rate(world.compute("M44", variant="linked", field="order")) == (1.5, 3, 2)
    with pytest.raises(ConfigError, match="custom field"):
        world.compute("M44", variant="linked")


def test_orders_without_a_desk_have_no_contact_rate(world: World) -> None:
    order(world, "Ada", "2026-01-01 10:00")
    assert world.compute("M44").value is None


# properties


def _desk(world: World, shift: int = 0) -> None:
    """Some weeks of orders, subscriptions and tickets; `shift` in weeks."""
    for number in range(24):
        name = f"P{number % 5}"
        day, hour = 1 + shift * 7 + number, number % 24
        moment = f"2026-01-{day:02} {hour:02}:00" if day <= 31 else f"2026-02-{day - 31:02} {hour:02}:00"
        order(world, name, moment, amount=number)
        world.ticket(moment.replace(":00", ":30"), requester=f"P{number % 7}", channel=("email", "chat")[number % 2])


@pytest.mark.parametrize(("name", "options"), [("M37", {}), ("M44", {}), ("M44", {"variant": "repeat"})])
def test_shifting_by_a_week_and_unrelated_tickets_change_nothing(
    world: World, name: str, options: dict[str, Any]
) -> None:
    _desk(world)
    before = world.compute(name, **options).total
    later = World(world.folder, as_of="2026-03-08 00:00")
    _desk(later, shift=1)
    assert later.compute(name, **options).total == before
    later.ticket("2026-01-15 10:00", requester="Stranger", status="spam")
    assert later.compute(name, **options).total == before
    later.through_store = True
    assert later.compute(name, **options).total == before


def test_connections_pool_to_the_total(world: World) -> None:
    _desk(world)
    world.connection = "new"
    _desk(world)
    for name in ("M33", "M37", "M44"):
        result = world.compute(name, by="connection", period="week")
        parts = [line for line in result.lines if line.group and line.period is None]
        for figure in ("numerator", "denominator"):
            assert sum(line.figures[figure] or 0 for line in parts) == result.total.figures[figure], name
