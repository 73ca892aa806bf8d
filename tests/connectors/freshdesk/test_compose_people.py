"""Organizations, people and custom fields as the vendor takes them."""

from __future__ import annotations

from typing import Any

import pytest
from fd_account import AT, Plan, plan

from deskferry.connectors.freshdesk.compose_people import organization, person
from deskferry.connectors.freshdesk.desk import Desk, learned
from deskferry.connectors.freshdesk.fields import custom_fields
from deskferry.connectors.freshdesk.words import LOSS_CAUSES
from deskferry.connectors.kit.composing import display_name, is_email
from deskferry.connectors.kit.contract import Composition, FieldRule, Ref


def one(made: Composition) -> dict[str, Any]:
    (operation,) = made.operations
    assert operation.adopt
    assert {loss.cause for loss in made.losses} <= set(LOSS_CAUSES)
    return dict(operation.body)


def causes(made: Composition) -> list[str]:
    return sorted(loss.cause for loss in made.losses)


def someone(**more: Any) -> dict[str, Any]:
    return {"id": "old:user:1", "name": "Zoë Müller", "email": "zoe@x.org", "role": "end_user", **more}


def test_a_company_takes_what_it_has_a_place_for() -> None:
    row = {
        "id": "old:organization:7", "name": "Ñandú", "domains": ["x.org"], "details": "d", "notes": "n",
        "external_id": "e", "created_at": AT, "extra": {"shared": True},
    }  # fmt: skip
    made = organization(row, plan(), Desk())
    assert one(made) == {"name": "Ñandú", "domains": ["x.org"], "description": "d", "note": "n"}
    assert causes(made) == ["field_not_there", "time_not_written", "vendor_fields_not_written"]
    assert one(organization({"id": "old:organization:8", "domains": ["y.org"]}, plan(), Desk())) == {
        "name": "y.org", "domains": ["y.org"],
    }  # fmt: skip


def test_a_contact_takes_addresses_numbers_and_company() -> None:
    row = someone(
        emails=[{"value": "zoe@x.org"}, {"value": "two@x.org"}, {"value": "broken@"}],
        phones=[{"value": "1", "type": "work"}, {"value": "2", "type": "mobile"}, {"value": "3"}],
        phone="1", job_title="CEO", address="Gran Vía 1", notes="VIP", organization_id="old:organization:7",
        external_id="crm-7",
    )  # fmt: skip
    made = person(row, plan(), Desk())
    assert one(made) == {
        "name": "Zoë Müller", "email": "zoe@x.org", "other_emails": ["two@x.org"], "phone": "1", "mobile": "2",
        "unique_external_id": "crm-7", "job_title": "CEO", "address": "Gran Vía 1", "description": "VIP",
        "company_id": Ref("old:organization:7"),
    }  # fmt: skip
    assert causes(made) == ["email_invalid", "phone_dropped"]
    assert made.operations[0].effects == ("activation_emails",)


def test_a_person_whom_nothing_identifies_gets_the_mark() -> None:
    made = person(someone(name=None, email="no mail", phone=None), plan(), Desk())
    body = one(made)
    assert body["unique_external_id"] == "old:user:1"
    assert "email" not in body
    assert causes(made) == ["email_invalid", "name_defaulted"]
    assert made.operations[0].effects == ()


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"name": " A  B "}, "A B"),
        ({"first_name": "A", "last_name": "B"}, "A B"),
        ({"email": "a.b@x.org"}, "a.b"),
        ({"phone": "+1"}, "+1"),
        ({}, None),
    ],
)
def test_names_fall_back(row: dict[str, Any], name: str | None) -> None:
    assert display_name(row) == name


@pytest.mark.parametrize("address", ["a@b.co", "ünï@exämple.org", "a+b@x.y.org"])
def test_addresses_that_are_fit(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize("address", ["", None, "a@b", "a b@x.org", "a@x..", "a@@x.org", "<a@x.org>", "a@x.org,b@x.org"])
def test_addresses_that_are_not(address: str | None) -> None:
    assert not is_email(address)


def test_an_agent_without_a_seat_becomes_a_stand_in_whom_no_mail_reaches() -> None:
    made = person(
        someone(id="old:user:8", name="Bob Gone", email="bob@desk.org", role="agent", phone="5"), plan(), Desk()
    )
    assert one(made) == {
        "name": "Bob Gone", "unique_external_id": "old:user:8", "tags": ["deskferry-placeholder"],
        "description": "Stands in for Bob Gone of the former desk, who has no seat here.",
    }  # fmt: skip
    assert causes(made) == ["left_out_of_placeholder", "left_out_of_placeholder"]
    assert made.operations[0].effects == ()


def test_braces_in_names_are_no_places() -> None:
    body = one(person(someone(role="bot", name="{} {0}"), plan(), Desk()))
    assert body["description"] == "Stands in for {} {0} of the former desk, who has no seat here."


def test_language_and_zone_cross_where_the_desk_has_them() -> None:
    row = someone(language="pt-BR", timezone="Europe/Madrid")
    assert causes(person(row, plan(), Desk())) == ["language_not_written", "timezone_not_written"]
    crossings = plan(settings={"contact_time_zone": "true"})
    made = person(row, crossings, Desk(languages=frozenset({"en", "pt-BR"})))
    assert (one(made)["language"], one(made)["time_zone"]) == ("pt-BR", "Madrid")
    assert causes(made) == []


def test_an_organization_that_stays_behind_is_a_loss() -> None:
    assert causes(person(someone(organization_id="old:organization:9"), plan(), Desk())) == ["organization_unmatched"]


# --------------------------------------------------------------------------------------------------------------- fields


def values(rule: FieldRule, value: Any, desk: Desk | None = None) -> Any:
    crossings: Plan = plan(rules={("ticket", "f"): rule})
    found, losses = custom_fields("ticket", {"id": "t", "custom_fields": {"f": value}}, crossings, desk or Desk())
    return found or [loss.cause for loss in losses]


@pytest.mark.parametrize(
    ("rule", "value", "result"),
    [
        (FieldRule("cf", "select", {"r": "Red"}, ("Red",)), "r", {"cf": "Red"}),
        (FieldRule("cf", "select", {}, ("Red",)), "Red", {"cf": "Red"}),
        (FieldRule("cf", "select", {}, ("Red",)), "Blue", ["option_unmatched"]),
        (FieldRule("cf", "select", {}, ("Red",)), ["Red", "Red"], ["value_unfit"]),
        (FieldRule("cf", "multi_select", {"r": "Red"}, ("Blue",)), ["r", "Blue"], {"cf": ["Red", "Blue"]}),
        (FieldRule("cf", "number"), "12", {"cf": 12}),
        (FieldRule("cf", "number"), 1.5, ["value_unfit"]),
        (FieldRule("cf", "number"), "twelve", ["value_unfit"]),
        (FieldRule("cf", "decimal"), "1.5", {"cf": 1.5}),
        (FieldRule("cf", "decimal"), "x", ["value_unfit"]),
        (FieldRule("cf", "boolean"), "yes", {"cf": True}),
        (FieldRule("cf", "boolean"), False, {"cf": False}),
        (FieldRule("cf", "boolean"), "maybe", ["value_unfit"]),
        (FieldRule("cf", "date"), "2025-03-01T10:00:00Z", {"cf": "2025-03-01"}),
        (FieldRule("cf", "date"), "soon", ["value_unfit"]),
        (FieldRule("cf", "datetime"), "2025-03-01T10:00:00+00:00", {"cf": "2025-03-01T10:00:00+00:00"}),
        (FieldRule("cf", "text", {"a": "A"}), ["a", "b"], {"cf": "A, b"}),
        (FieldRule("cf", "text"), True, {"cf": "true"}),
        (FieldRule("cf", "text"), "x" * 256, ["value_unfit"]),
        (FieldRule("cf", "textarea"), "x" * 256, {"cf": "x" * 256}),
        (FieldRule("cf", "text"), {"a": 1}, ["value_unfit"]),
    ],
)
def test_values_are_written_as_the_field_wants_them(rule: FieldRule, value: Any, result: Any) -> None:
    assert values(rule, value) == result


def test_nested_values_go_into_one_key_a_level() -> None:
    desk = Desk(levels={"cf_country": ("cf_city",)})
    rule = FieldRule("cf_country", "nested_select", {}, ("Spain",))
    assert values(rule, "Spain::Madrid", desk) == {"cf_country": "Spain", "cf_city": "Madrid"}
    assert values(rule, "Spain", desk) == {"cf_country": "Spain"}
    assert values(rule, "Spain::Madrid::Centro", desk) == ["option_unmatched"]
    assert values(rule, "Peru", desk) == ["option_unmatched"]


def test_a_field_without_a_rule_is_a_planned_loss() -> None:
    found, losses = custom_fields("ticket", {"id": "t", "custom_fields": {"a": 1, "b": None}}, plan(), Desk())
    assert (found, [(loss.field, loss.value, loss.cause) for loss in losses]) == (
        {}, [("custom_fields.a", "1", "field_unmatched")],
    )  # fmt: skip


def test_the_desk_is_learned_from_its_fields() -> None:
    def field(source_id: str, key: str, label: str, **more: Any) -> dict[str, Any]:
        return {
            "kind": "ticket",
            "key": key,
            "label": label,
            "source_object": "ticket_field",
            "source_id": source_id,
            **more,
        }

    desk = learned(
        [
            field("1", "cf_deskferry_origin2", "Deskferry origin"),
            field("2", "ticket_type", "Type", options=[{"value": "Incident"}]),
            field("6", "cf_country", "Country"),
            field("6/level/cf_district", "cf_district", "District", extra={"level": 3, "ticket_field_id": 6}),
            field("6/level/cf_city", "cf_city", "City", extra={"level": 2, "ticket_field_id": 6}),
            {"kind": "person", "key": "x", "label": "Deskferry origin"},
        ]
    )
    assert desk.origin_key == "cf_deskferry_origin2"
    assert desk.types == {"incident": "Incident"}
    assert desk.levels == {"cf_country": ("cf_city", "cf_district")}
    assert learned([field("1", "cf_x", "Deskferry origin", is_active=False)]).origin_key is None
