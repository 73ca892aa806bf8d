"""Fields, time entries, surveys, canned responses, knowledge base, exports of the Freshdesk simulator."""

from __future__ import annotations

from urllib.parse import urlsplit

import orjson
import pytest

from tests.simulators.freshdesk_client import Client


@pytest.fixture
def desk() -> Client:
    return Client()


def test_choices_have_a_shape_for_each_type(desk: Client) -> None:
    fields = {field["name"]: field for field in desk.ok("GET", "/ticket_fields")}
    assert fields["ticket_type"]["choices"][:2] == ["Question", "Incident"]
    assert fields["priority"]["choices"]["Urgent"] == 4
    assert fields["status"]["choices"]["5"] == ["Closed", "This ticket has been Closed"]
    assert fields["status"]["choices"]["11"][0] == "On Hold"
    agent = desk.ok("GET", "/agents/me")
    assert fields["agent"]["choices"][agent["contact"]["name"]] == agent["id"]
    assert fields["cf_severity"]["choices"] == ["Minor", "Major", "Blocker"]
    assert fields["cf_region"]["choices"][0] == {"Europe": [{"Nordics": ["Oslo", "Turku"]}]}
    levels = [(level["name"], level["level"]) for level in fields["cf_region"]["nested_ticket_fields"]]
    assert levels == [("cf_subregion", 2), ("cf_city", 3)]
    assert [field["name"] for field in desk.ok("GET", "/ticket_fields?type=default_source")] == ["source"]


def test_a_new_field_gets_its_name_from_its_label(desk: Client) -> None:
    body = {"label": "Legacy ID", "type": "custom_text", "label_for_customers": "Legacy ID"}
    first = desk.ok("POST", "/admin/ticket_fields", body)
    second = desk.ok("POST", "/admin/ticket_fields", body)
    assert first["name"] == "cf_legacy_id"
    assert second["name"].startswith("cf_legacy_id")
    assert second["name"] != first["name"]
    ticket = desk.ticket(custom_fields={"cf_legacy_id": "Z-1"})
    assert ticket["custom_fields"]["cf_legacy_id"] == "Z-1"
    desk.ok("DELETE", f"/admin/ticket_fields/{first['id']}")
    assert "cf_legacy_id" not in desk.ok("GET", "/tickets/1")["custom_fields"]


def test_choices_are_changed_by_id(desk: Client) -> None:
    body = {
        "label": "Colour",
        "type": "custom_dropdown",
        "choices": [{"value": "Red", "position": 1}, {"value": "Blue"}],
    }
    field = desk.ok("POST", "/admin/ticket_fields", body)
    red, blue = (choice["id"] for choice in field["choices"])
    change = {"choices": [{"id": red, "deleted": True}, {"id": blue, "value": "Navy"}, {"value": "Green"}]}
    changed = desk.ok("PUT", f"/admin/ticket_fields/{field['id']}", change)
    assert [choice["value"] for choice in changed["choices"]] == ["Navy", "Green"]
    assert changed["choices"][0]["id"] == blue
    assert desk.bad("POST", "/admin/ticket_fields", {"label": "X", "type": "magic"}) == [("type", "invalid_value")]
    assert "choices" not in next(f for f in desk.ok("GET", "/admin/ticket_fields") if f["id"] == field["id"])


def test_contact_fields_have_plain_names_and_two_spellings(desk: Client) -> None:
    field = desk.ok(
        "POST", "/contact_fields", {"label": "Legacy ID", "label_for_customers": "L", "type": "custom_text"}
    )
    assert field["name"] == "legacy_id"
    assert desk.contact(custom_fields={"legacy_id": "7"})["custom_fields"]["legacy_id"] == "7"
    desk.ok("DELETE", f"/contact_field/{field['id']}")
    assert (
        desk.ok("POST", "/contact_fields", {"label": "Email", "label_for_customers": "E", "type": "custom_text"})[
            "name"
        ]
        == "custom_email"
    )


def test_an_agent_key_makes_fields_only_where_it_may() -> None:
    body = {"label": "Legacy ID", "type": "custom_text"}
    assert Client(role="agent").send("POST", "/admin/ticket_fields", body).status == 403
    Client(role="agent", require_origin_field_rights=False).ok("POST", "/admin/ticket_fields", body)


def test_sections_and_forms(desk: Client) -> None:
    field = desk.ok(
        "GET",
        f"/admin/ticket_fields/{next(f['id'] for f in desk.ok('GET', '/ticket_fields') if f['name'] == 'cf_severity')}",
    )
    url = f"/admin/ticket_fields/{field['id']}/sections"
    made = desk.ok("POST", url, {"label": "Bad", "choice_ids": [field["choices"][2]["id"]]})["sections"][0]
    assert desk.ok("GET", f"{url}/{made['id']}")["section"]["label"] == "Bad"
    form = desk.ok("GET", "/ticket-forms")[0]
    assert "requester" in [item["name"] for item in desk.ok("GET", f"/ticket-forms/{form['id']}")["fields"]]
    assert desk.bad("POST", "/ticket-forms", {"title": "T", "fields": []}) == [("fields", "missing_field")]


def test_the_account_says_what_it_is(desk: Client) -> None:
    account = desk.ok("GET", "/account")
    assert (account["account_id"], account["account_domain"]) == (1_840_509, "acme.freshdesk.com")
    assert account["total_agents"]["full_time"] == 6
    assert account["tier_type"] == "Enterprise"
    desk.desk.patch({"op": "account", "id": 7, "domain": "other"})
    assert desk.ok("GET", "/account")["account_id"] == 7
    assert desk.ok("GET", "/settings/helpdesk")["supported_languages"] == ["de", "es"]
    for url in ("/roles", "/products", "/business_hours", "/sla_policies", "/email_configs", "/scenario_automations"):
        assert desk.ok("GET", url), url
    assert len(desk.ok("GET", "/automations/4/rules")["rules"]) == 2


def test_time_entries_keep_when_they_were_executed(desk: Client) -> None:
    desk.ticket()
    agent = desk.ok("GET", "/agents")[0]["id"]
    body = {"time_spent": "1:30", "executed_at": "2020-01-01T10:00:00Z", "agent_id": agent, "timer_running": False}
    entry = desk.ok("POST", "/tickets/1/time_entries", body)
    assert (entry["time_spent"], entry["executed_at"], entry["timer_running"]) == (
        "01:30",
        "2020-01-01T10:00:00Z",
        False,
    )
    assert desk.ok("GET", "/time_entries?executed_before=2020-01-02")[0]["id"] == entry["id"]
    running = desk.ok("POST", "/tickets/1/time_entries", {"agent_id": agent})
    assert running["timer_running"] is True
    assert entry["time_spent_in_seconds"] == 5400
    desk.desk.clock.sleep(643)
    desk.ok("POST", "/tickets/1/time_entries", {"agent_id": agent})
    stopped = next(row for row in desk.ok("GET", "/tickets/1/time_entries") if row["id"] == running["id"])
    assert (stopped["timer_running"], stopped["time_spent"], stopped["time_spent_in_seconds"]) == (False, "00:10", 643)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"start_time": "2030-01-01T00:00:00Z"}, ("start_time", "invalid_value")),
        ({"start_time": "2020-01-01T00:00:00Z", "timer_running": False}, ("start_time", "invalid_value")),
        ({"time_spent": "90"}, ("time_spent", "invalid_value")),
        ({"agent_id": 5, "time_spent": "00:10"}, ("agent_id", "invalid_value")),
    ],
)
def test_time_entries_are_validated(desk: Client, body: object, wanted: object) -> None:
    desk.ticket()
    assert desk.bad("POST", "/tickets/1/time_entries", body) == [wanted]


def test_ratings_are_made_now_and_for_the_requester(desk: Client) -> None:
    ticket = desk.ticket()
    url = "/tickets/1/satisfaction_ratings"
    made = desk.ok("POST", url, {"feedback": "ok", "ratings": {"default_question": 103}})
    assert (made["user_id"], made["created_at"]) == (ticket["requester_id"], "2025-06-15T15:06:40Z")
    assert desk.bad("POST", url, {"ratings": {"default_question": 5}}) == [
        ("ratings.default_question", "invalid_value")
    ]
    assert desk.bad("POST", url, {"ratings": {"default_question": 103}, "created_at": "2020-01-01"}) == [
        ("created_at", "invalid_field"),
    ]
    assert [row["id"] for row in desk.ok("GET", "/surveys/satisfaction_ratings?created_since=2025-06-15")] == [
        made["id"]
    ]
    desk.desk.patch({"op": "settings", "surveys": False})
    assert desk.send("POST", url, {"ratings": {"default_question": 103}}).status == 403
    assert Client(plan="growth").send("GET", "/surveys").status == 403


def test_canned_responses_live_in_folders(desk: Client) -> None:
    folder = desk.ok("POST", "/canned_response_folders", {"name": "Mine"})
    assert set(folder) == {"Id", "name"}
    body = {
        "title": "Hi",
        "content_html": "Hello {{ticket.requester.name}}",
        "folder_id": folder["Id"],
        "visibility": 0,
    }
    made = desk.ok("POST", "/canned_responses", body)
    assert made["content"] == "Hello {{ticket.requester.name}}"
    assert desk.bad("POST", "/canned_responses", {**body, "visibility": 2}) == [("group_ids", "missing_field")]
    assert desk.ok("GET", f"/canned_response_folders/{folder['Id']}")["canned_responses"] == [
        {"id": made["id"], "title": "Hi"}
    ]
    assert (
        desk.ok("GET", f"/canned_response_folders/{folder['Id']}/responses")[0]["content_html"] == made["content_html"]
    )
    desk.ok("POST", "/canned_responses/bulk", {"canned_responses": [{**body, "title": "Ho"}]}, 202)
    desk.desk.clock.sleep(5)
    counts = {row["name"]: row["responses_count"] for row in desk.ok("GET", "/canned_response_folders")}
    assert counts["Mine"] == 2
    first = desk.send("GET", f"/canned_response_folders/{folder['Id']}/responses?per_page=1")
    assert 'rel="next"' in first.headers["Link"]
    assert len(desk.ok("GET", f"/canned_response_folders/{folder['Id']}/responses?per_page=1&page=2")) == 1


def test_the_knowledge_base_and_its_translations(desk: Client) -> None:
    category = desk.ok("POST", "/solutions/categories", {"name": "Help"})
    assert desk.bad("POST", "/solutions/categories", {"name": "help"}, 409) == [("name", "duplicate_value")]
    folder = desk.ok("POST", f"/solutions/categories/{category['id']}/folders", {"name": "Start", "visibility": 1})
    sub = {"name": "Deep", "parent_folder_id": folder["id"]}
    desk.ok("POST", f"/solutions/categories/{category['id']}/folders", sub)
    body = {"title": "How", "description": "<p>So<!-- x --></p>", "status": 2, "tags": ["a"]}
    article = desk.ok(
        "POST", f"/solutions/folders/{folder['id']}/articles", {**body, "seo_data": {"meta_keywords": ["a", "b"]}}
    )
    assert (article["description"], article["seo_data"]) == ("<p>So</p>", {"meta_keywords": "a,b"})
    assert [level["data"]["name"] for level in article["hierarchy"]] == ["Help", "Start"]
    url = f"/solutions/articles/{article['id']}"
    assert desk.send("GET", url + "/de").status == 404
    desk.ok("POST", url + "/de", {"title": "Wie", "description": "So", "status": 1})
    assert desk.ok("GET", url + "/de")["title"] == "Wie"
    assert desk.ok("GET", url)["title"] == "How"
    assert desk.send("POST", url + "/fr", body).status == 404
    assert [row["id"] for row in desk.ok("GET", f"/solutions/folders/{folder['id']}/articles/de")] == [article["id"]]
    assert desk.ok("PUT", url, {"status": 1})["status"] == 1
    assert [row["name"] for row in desk.ok("GET", f"/solutions/folders/{folder['id']}/subfolders")] == ["Deep"]
    desk.ok("DELETE", f"/solutions/categories/{category['id']}")
    assert desk.send("GET", url).status == 404


def test_watchers_are_told(desk: Client) -> None:
    desk.ticket()
    agent = desk.ok("GET", "/agents")[0]
    desk.ok("POST", "/tickets/1/watch", {"user_id": agent["id"]}, 204)
    assert desk.ok("GET", "/tickets/1/watchers") == {"watcher_ids": [agent["id"]]}
    desk.desk.mailbox.clear()
    desk.ok("POST", "/tickets/1/notes", {"body": "x", "private": False})
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox][1:] == [("watcher", agent["contact"]["email"])]


def test_summaries_and_accesses(desk: Client) -> None:
    desk.ticket()
    assert desk.send("GET", "/tickets/1/summary").status == 404
    assert desk.ok("PUT", "/tickets/1/summary", {"body": "So far"})["body_text"] == "So far"
    desk.ok("DELETE", "/tickets/1/summary")
    desk.ok("POST", "/tickets/1/accesses", {"user_ids": [1, 2]})
    change = {"user_ids": [{"id": 2, "deleted": True}, {"id": 3}]}
    assert desk.ok("PATCH", "/tickets/1/accesses", change)["user_ids"] == [1, 3]


def test_contacts_are_exported_as_csv(desk: Client) -> None:
    desk.contact(custom_fields={"department": "Ops"})
    body = {"fields": {"default_fields": ["name", "email"], "custom_fields": ["department"]}}
    export = desk.ok("POST", "/contacts/export", body)
    assert desk.send("POST", "/contacts/export", body).status == 409
    assert desk.ok("GET", f"/contacts/export/{export['id']}") == {"id": export["id"], "status": "in_progress"}
    desk.desk.clock.sleep(5)
    url = urlsplit(desk.ok("GET", f"/contacts/export/{export['id']}")["download_url"])
    data = desk.send("GET", f"{url.path}?{url.query}", authorization="").body
    assert data == b"name,email,department\r\nKim,kim@customer.example,Ops\r\n"


def test_the_account_export_and_the_activities_of_a_day(desk: Client) -> None:
    desk.ticket()
    desk.ok("PUT", "/tickets/1", {"status": 5})
    job = desk.ok("POST", "/account/export", {"resources": [{"name": "tickets"}], "output_format": "json"}, 200)["job"]
    desk.desk.clock.sleep(86_400)
    done = desk.ok("GET", f"/jobs/{job['id']}")
    assert done["status"] == "COMPLETED"
    url = urlsplit(desk.ok("GET", "/export/ticket_activities?created_at=2025-06-15")["export"][0]["url"])
    rows = orjson.loads(desk.send("GET", f"{url.path}?{url.query}", authorization="").body)["activities_data"]
    assert [row["activity"].get("status") for row in rows] == [2, 5]
    assert rows[0]["performed_at"] == "15-06-2025 15:06:40 +0000"
    assert desk.send("GET", "/export/ticket_activities?created_at=2025-06-14").status == 404
    assert Client(plan="pro").send("GET", "/export/ticket_activities").status == 403


def test_mailboxes_tell_the_addresses_also_where_the_older_list_is_gone() -> None:
    desk = Client()
    (config,) = desk.ok("GET", "/email_configs")
    (mailbox,) = desk.ok("GET", "/email/mailboxes")
    assert (mailbox["id"], mailbox["support_email"]) == (config["id"], config["reply_email"])
    assert mailbox["freshdesk_mailbox"] == {"forward_email": config["to_email"]}
    assert desk.ok("GET", f"/email_configs/{config['id']}") == config
    assert Client(email_configs=False).send("GET", "/email_configs").status == 404
    assert Client(email_configs=False).ok("GET", "/email/mailboxes")
