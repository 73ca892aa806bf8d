"""Contacts, companies, agents and groups of the Freshdesk simulator."""

from __future__ import annotations

import orjson
import pytest

from tests.simulators.freshdesk_client import Client


@pytest.fixture
def desk() -> Client:
    return Client()


@pytest.mark.parametrize(
    ("twin", "field"),
    [
        ({"email": "KIM@customer.example"}, "email"),
        ({"unique_external_id": "ext-1"}, "unique_external_id"),
        ({"twitter_id": "77"}, "twitter_id"),
        ({"phone": "1", "other_emails": ["kim@customer.example"]}, "other_emails"),
        ({"email": "second@customer.example"}, "email"),
    ],
)
def test_a_twin_is_refused_and_the_existing_one_is_named(desk: Client, twin: object, field: str) -> None:
    first = desk.contact(unique_external_id="ext-1", twitter_id="77", other_emails=["second@customer.example"])
    for state in ("live", "deleted"):
        assert desk.bad("POST", "/contacts", {"name": "Kim", **twin}, 409) == [(field, "duplicate_value")]
        error = orjson.loads(desk.last.body)["errors"][0]
        assert error["additional_info"] == {"user_id": first["id"]}
        if state == "live":
            desk.ok("DELETE", f"/contacts/{first['id']}")


def test_an_agent_address_is_taken_too(desk: Client) -> None:
    agent = desk.ok("GET", "/agents/me")
    body = {"name": "x", "email": agent["contact"]["email"]}
    assert desk.bad("POST", "/contacts", body, 409) == [("email", "duplicate_value")]


def test_a_contact_in_the_trash_can_be_read_and_restored_but_not_changed(desk: Client) -> None:
    kim = desk.contact()
    url = f"/contacts/{kim['id']}"
    desk.ok("DELETE", url)
    assert desk.send("PUT", url, {"phone": "1"}).status == 405
    assert desk.send("DELETE", url).status == 405
    assert desk.ok("GET", url)["deleted"] is True
    assert desk.ok("GET", "/contacts") == []
    assert [row["id"] for row in desk.ok("GET", "/contacts?state=deleted")] == [kim["id"]]
    desk.ok("PUT", url + "/restore", status=204)
    assert "deleted" not in desk.ok("GET", url)
    assert desk.send("PUT", url + "/restore").status == 404


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"email": "a@b.example"}, ("name", "missing_field")),
        ({"name": "A"}, ("email", "missing_field")),
        ({"name": "A", "email": "no-address"}, ("email", "invalid_value")),
        ({"name": "A", "phone": 5}, ("phone", "datatype_mismatch")),
        ({"name": "A", "phone": "5", "active": True}, ("active", "invalid_field")),
        ({"name": "A", "phone": "5", "company_id": 9}, ("company_id", "invalid_value")),
        ({"name": "A", "phone": "5", "time_zone": "Europe/Berlin"}, ("time_zone", "invalid_value")),
        ({"name": "A", "phone": "5", "language": "xx"}, ("language", "invalid_value")),
        ({"name": "A", "phone": "5", "custom_fields": {"loyalty": "Tin"}}, ("custom_fields.loyalty", "invalid_value")),
    ],
)
def test_contacts_are_validated(desk: Client, body: object, wanted: object) -> None:
    assert desk.bad("POST", "/contacts", body) == [wanted]


def test_lists_of_contacts_show_less_than_a_view(desk: Client) -> None:
    first = desk.ok("POST", "/companies", {"name": "First"})
    second = desk.ok("POST", "/companies", {"name": "Second"})
    others = [{"company_id": second["id"], "view_all_tickets": True}]
    kim = desk.contact(tags=["vip"], other_emails=["k2@c.example"], company_id=first["id"], other_companies=others)
    assert kim["other_companies"] == others
    listed = desk.ok("GET", "/contacts")[0]
    assert listed["other_companies"] == [second["id"]]
    assert not {"tags", "other_emails", "avatar"} & set(listed)


def test_contacts_come_in_alphabetical_order_and_by_filters(desk: Client) -> None:
    for name in ("Zoe", "adam", "Mia"):
        desk.contact(name, mobile=f"+1{name}")
        desk.desk.clock.sleep(10)
    assert [row["name"] for row in desk.ok("GET", "/contacts")] == ["adam", "Mia", "Zoe"]
    assert [row["name"] for row in desk.ok("GET", "/contacts?email=MIA@customer.example")] == ["Mia"]
    assert [row["name"] for row in desk.ok("GET", "/contacts?mobile=%2B1adam")] == ["adam"]
    for key in ("updated_since", "_updated_since"):
        assert [row["name"] for row in desk.ok("GET", f"/contacts?{key}=2025-06-15T15:06:50Z")] == ["adam", "Mia"]
    assert desk.ok("GET", "/contacts?state=verified") == []
    assert desk.ok("GET", "/contacts/autocomplete?term=mi") == [
        {"id": desk.ok("GET", "/contacts")[1]["id"], "name": "Mia"}
    ]


def test_a_contact_joins_the_company_of_its_domain(desk: Client) -> None:
    company = desk.ok("POST", "/companies", {"name": "Cust", "domains": ["customer.example"]})
    kim = desk.contact()
    assert kim["company_id"] == company["id"]
    assert desk.ticket(requester_id=kim["id"])["company_id"] == company["id"]
    desk.ok("DELETE", f"/companies/{company['id']}")
    assert desk.ok("GET", f"/contacts/{kim['id']}")["company_id"] is None
    assert desk.ok("GET", "/tickets/1")["company_id"] is None


def test_companies_have_unique_names_and_domains(desk: Client) -> None:
    desk.ok("POST", "/companies", {"name": "Cust", "domains": ["c.example"]})
    other = desk.ok("POST", "/companies", {"name": "Other"})
    assert desk.bad("POST", "/companies", {"name": "cust"}, 409) == [("name", "duplicate_value")]
    assert desk.bad("PUT", f"/companies/{other['id']}", {"domains": ["C.example"]}, 409) == [
        ("domains", "duplicate_value")
    ]
    assert desk.bad("POST", "/companies", {"name": "N", "industry": "Magic"}) == [("industry", "invalid_value")]
    renewed = desk.ok("PUT", f"/companies/{other['id']}", {"renewal_date": "2026-01-31", "name": "Cust 2"})
    assert renewed["renewal_date"] == "2026-01-31T00:00:00Z"
    desk.ok("POST", "/companies", {"name": "Other"})
    assert desk.ok("GET", "/companies/autocomplete?name=2") == {"companies": [{"id": other["id"], "name": "Cust 2"}]}


def test_hard_deletion_takes_the_tickets_along(desk: Client) -> None:
    kim = desk.contact()
    desk.ticket(requester_id=kim["id"])
    url = f"/contacts/{kim['id']}/hard_delete"
    assert desk.send("DELETE", url).status == 400
    assert desk.last.body == b""
    desk.ok("DELETE", url + "?force=true")
    assert desk.send("GET", f"/contacts/{kim['id']}").status == 404
    assert desk.send("GET", "/tickets/1").status == 404
    desk.contact()


def test_merging_moves_tickets_and_addresses(desk: Client) -> None:
    kim, kim2 = desk.contact(phone="1"), desk.contact("Kim2", phone="2")
    desk.ticket(requester_id=kim2["id"])
    body = {"primary_contact_id": kim["id"], "secondary_contact_ids": [kim2["id"]]}
    assert desk.bad("POST", "/contacts/merge", body) == [("contact.phone", "missing_field")]
    desk.ok("POST", "/contacts/merge", {**body, "contact": {"phone": "1"}}, 204)
    merged = desk.ok("GET", f"/contacts/{kim['id']}")
    assert merged["other_emails"] == ["kim2@customer.example"]
    assert desk.ok("GET", "/tickets/1")["requester_id"] == kim["id"]
    assert [row["id"] for row in desk.ok("GET", "/contacts")] == [kim["id"]]


def test_agents_and_contacts_share_ids_and_turn_into_one_another(desk: Client) -> None:
    kim = desk.contact()
    agent = desk.ok("PUT", f"/contacts/{kim['id']}/make_agent", {"occasional": True})
    assert agent["agent"]["id"] == kim["id"]
    assert desk.send("GET", f"/contacts/{kim['id']}").status == 404
    desk.ok("DELETE", f"/agents/{kim['id']}")
    assert desk.send("GET", f"/agents/{kim['id']}").status == 404
    assert desk.ok("GET", f"/contacts/{kim['id']}")["email"] == "kim@customer.example"


def test_seats_run_out(desk: Client) -> None:
    desk.desk.patch({"op": "settings", "max_agents": 6})
    body = {"email": "seven@acme.example", "ticket_scope": 1}
    assert desk.send("POST", "/agents", body).status == 403
    assert orjson.loads(desk.last.body)["code"] == "max_agents_reached"
    desk.ok("POST", "/agents", {**body, "occasional": True})


def test_agents_given_to_the_desk_are_there() -> None:
    desk = Client(agents=[{"name": "Zed", "email": "zed@old.example"}], groups=["Tier 1"])
    found = desk.ok("GET", "/agents?email=zed@old.example")
    assert [row["contact"]["name"] for row in found] == ["Zed"]
    groups = desk.ok("GET", "/groups")
    assert [group["name"] for group in groups] == ["Tier 1"]
    assert "agent_ids" not in groups[0]
    assert desk.ok("GET", f"/groups/{groups[0]['id']}")["agent_ids"] == [found[0]["id"]]
    assert desk.ok("GET", "/admin/groups")[0]["agent_ids"] == [found[0]["id"]]


def test_groups_through_both_apis_are_the_same(desk: Client) -> None:
    agent = desk.ok("GET", "/agents")[0]
    group = desk.ok("POST", "/admin/groups", {"name": "New", "type": "support_agent_group"})
    desk.ok("PATCH", f"/admin/groups/{group['id']}/agents", {"agents": [{"id": agent["id"]}]}, 204)
    assert desk.ok("GET", f"/groups/{group['id']}")["agent_ids"] == [agent["id"]]
    assert group["id"] in desk.ok("GET", f"/agents/{agent['id']}")["group_ids"]
    assert desk.bad("POST", "/groups", {"name": "new"}, 409) == [("name", "duplicate_value")]
    assert desk.bad("POST", "/groups", {"name": "N", "business_calendar_id": 1}) == [
        ("business_calendar_id", "invalid_field")
    ]


def test_an_agent_key_is_refused_where_an_administrator_is_needed() -> None:
    desk = Client(role="agent")
    for url in ("/agents", "/groups", "/admin/groups", "/admin/ticket_fields"):
        assert desk.send("GET", url).status == 403, url
        assert orjson.loads(desk.last.body)["code"] == "access_denied"
    for url in ("/agents/me", "/ticket_fields", "/contacts", "/tickets", "/contact_fields"):
        assert desk.send("GET", url).status == 200, url
    desk.desk.patch({"op": "set_role", "role": "admin"})
    assert desk.send("GET", "/agents").status == 200
