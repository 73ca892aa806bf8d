"""The Zendesk simulator as a reader sees it: paging, exports, history, people, files."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from typing import Any

import pytest

from deskferry.simulators.zendesk.ids import seconds
from tests.simulators.zendesk_client import Client, client

DAY = 86_400


@pytest.fixture(scope="module")
def desk() -> Client:
    return client()


def test_cursor_pages_cover_a_list_once(desk: Client) -> None:
    first = desk.json("tickets", **{"page[size]": 7})
    assert len(first["tickets"]) == 7
    assert first["meta"]["has_more"] is True
    rows = desk.listed("tickets", "tickets", **{"page[size]": 7})
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))
    back = desk.json(
        "tickets", **{"page[size]": 7, "page[before]": desk.json(first["links"]["next"])["meta"]["before_cursor"]}
    )
    assert back["tickets"] == first["tickets"]


def test_offset_pages_agree_with_cursor_pages(desk: Client) -> None:
    page = desk.json("tickets", per_page=20)
    rows = page["tickets"]
    while page["next_page"]:
        page = desk.json(page["next_page"])
        rows += page["tickets"]
    assert rows == desk.listed("tickets", "tickets")
    assert page["count"] == len(rows)
    assert page["previous_page"]


@pytest.mark.parametrize("params", [{"page": 101}, {"page": 500, "per_page": 21}])
def test_offset_depth_ends_at_ten_thousand(desk: Client, params: dict[str, Any]) -> None:
    answer = desk.get("users", **params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidPaginationDepth"
    assert desk.get("users", page=100).status_code == 200


@pytest.mark.parametrize("params", [{"page[size]": 101}, {"page[size]": 0}, {"page[after]": "nonsense"}])
def test_wrong_cursors_and_sizes_are_400(desk: Client, params: dict[str, Any]) -> None:
    assert desk.get("tickets", **params).json()["errors"][0]["code"] == "InvalidPaginationParameter"


def test_sorting_by_cursor_knows_three_fields(desk: Client) -> None:
    rows = desk.listed("tickets", "tickets", sort="-updated_at")
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps, reverse=True)
    assert desk.get("tickets", **{"page[size]": 5, "sort": "subject"}).status_code == 400
    ignored = desk.json("tickets", **{"page[size]": 5, "sort_by": "subject", "sort_order": "desc"})
    assert [row["id"] for row in ignored["tickets"]] == sorted(row["id"] for row in ignored["tickets"])


def test_json_suffix_and_unknown_paths(desk: Client) -> None:
    assert desk.json("groups.json") == desk.json("groups") | {"groups": desk.json("groups")["groups"]}
    assert desk.get("unheard_of").status_code == 404
    assert "Invalid Endpoint" in desk.get("unheard_of").text
    assert desk.get("tickets/999999").json() == {"error": "RecordNotFound", "description": "Not found"}


def test_export_has_archived_and_deleted_that_lists_lack(desk: Client) -> None:
    exported = desk.exported("tickets/cursor", "tickets", support_type_scope="all")
    listed = {row["id"] for row in desk.listed("tickets", "tickets")}
    assert len(exported) == 120
    tombstones = [row for row in exported if row["status"] == "deleted"]
    assert tombstones
    assert all(row["subject"] == "SCRUBBED" and row["id"] not in listed for row in tombstones)
    assert all(desk.get(f"tickets/{row['id']}/comments").status_code == 404 for row in tombstones)
    now = desk.desk.clock.now()
    archived = [r for r in exported if r["status"] == "closed" and seconds(r["updated_at"]) < now - 121 * DAY]
    assert archived
    assert not listed & {row["id"] for row in archived}
    assert desk.get(f"tickets/{archived[0]['id']}/comments").status_code == 200
    kept = desk.exported("tickets/cursor", "tickets", support_type_scope="all", exclude_deleted="true")
    assert len(kept) == len(exported) - len(tombstones)


def test_ai_agents_tickets_want_their_scope(desk: Client) -> None:
    by_scope = {
        s: desk.exported("tickets/cursor", "tickets", support_type_scope=s) for s in ("agent", "ai_agent", "all")
    }
    assert by_scope["ai_agent"]
    assert len(by_scope["all"]) == len(by_scope["agent"]) + len(by_scope["ai_agent"])
    assert desk.exported("tickets/cursor", "tickets") == by_scope["agent"]
    assert desk.get("incremental/tickets/cursor", start_time=0, support_type_scope="none").status_code == 400


def test_export_pages_by_cursor_in_the_order_of_the_internal_stamp(desk: Client) -> None:
    small = desk.exported("tickets/cursor", "tickets", per_page=11)
    assert small == desk.exported("tickets/cursor", "tickets")
    stamps = [row["generated_timestamp"] for row in small]
    assert stamps == sorted(stamps)
    page = desk.json("incremental/tickets/cursor", start_time=0, per_page=11)
    stamp, identifier = base64.b64decode(page["after_cursor"]).decode().rstrip("|").split("||")
    assert (int(float(stamp)), int(identifier)) == (
        page["tickets"][-1]["generated_timestamp"],
        page["tickets"][-1]["id"],
    )
    middle = stamps[len(stamps) // 2]
    later = desk.exported("tickets/cursor", "tickets", start_time=middle)
    assert {row["id"] for row in later} == {row["id"] for row in small if row["generated_timestamp"] >= middle}


def test_the_newest_minute_is_withheld() -> None:
    desk = client(40)
    made = desk.patch("create_ticket", subject="now", body="hello")["id"]
    page = desk.json("incremental/tickets/cursor", start_time=0)
    assert made not in {row["id"] for row in page["tickets"]}
    assert page["end_of_stream"] is True
    assert made not in {row["ticket_id"] for row in desk.exported("ticket_events", "ticket_events")}
    desk.desk.clock.sleep(61)
    resumed = desk.json("incremental/tickets/cursor", cursor=page["after_cursor"])
    assert [row["id"] for row in resumed["tickets"]] == [made], "a cursor stays good for later"
    assert made in {row["ticket_id"] for row in desk.exported("ticket_events", "ticket_events")}
    young = int(desk.desk.clock.now()) - 59
    assert desk.get("incremental/tickets/cursor", start_time=young).status_code == 422
    assert desk.get("incremental/tickets/cursor").status_code == 400


def test_time_export_repeats_the_last_second_and_can_stand_still() -> None:
    desk = client(40)
    desk.desk.clock.sleep(3600)
    for number in range(1005):
        desk.patch("create_ticket", subject=str(number), body="x")
    desk.desk.clock.sleep(120)
    page = desk.json("incremental/tickets", start_time=int(desk.desk.clock.now()) - 600)
    assert page["count"] == 1000
    assert page["end_of_stream"] is False
    again = desk.json(page["next_page"])
    assert again["next_page"] == page["next_page"]
    assert again["tickets"] == page["tickets"], "more than a page in one second: no way on by time"
    assert len(desk.exported("tickets/cursor", "tickets", start_time=page["end_time"])) == 1005


def all_audits(desk: Client, ticket: int) -> list[Any]:
    page = desk.json(f"tickets/{ticket}/audits")
    audits = page["audits"]
    while page["next_page"]:
        page = desk.json(page["next_page"])
        audits += page["audits"]
    return audits


def test_archived_tickets_give_all_their_audits_at_once(desk: Client) -> None:
    assert set(desk.json("tickets/2/audits", **{"page[size]": 1})) == {"audits", "count", "next_page", "previous_page"}
    assert len(desk.json("tickets/17/audits", **{"page[size]": 1})["audits"]) == 1


def test_audits_comments_and_event_rows_share_their_ids(desk: Client) -> None:
    rows = desk.exported("ticket_events", "ticket_events", include="comment_events", support_type_scope="all")
    by_ticket: dict[int, list[Any]] = {}
    for row in {row["id"]: row for row in rows}.values():
        by_ticket.setdefault(row["ticket_id"], []).append(row)
    for ticket in (2, 3, 6, 10, 17):
        audits = all_audits(desk, ticket)
        assert [audit["id"] for audit in audits] == [row["id"] for row in by_ticket[ticket]]
        comments = desk.listed(f"tickets/{ticket}/comments", "comments")
        events = [event for audit in audits for event in audit["events"] if event["type"] == "Comment"]
        children = [c for row in by_ticket[ticket] for c in row["child_events"] if c["event_type"] == "Comment"]
        assert [one["id"] for one in comments] == [one["id"] for one in events] == [one["id"] for one in children]
        assert [one["audit_id"] for one in comments] == [one["audit_id"] for one in children]
        for comment, child in zip(comments, children, strict=True):
            same = ("body", "html_body", "public", "author_id", "created_at", "attachments", "type")
            assert {name: comment[name] for name in same} == {name: child[name] for name in same}


def test_events_without_the_sideload_only_tell_that_a_comment_is_there(desk: Client) -> None:
    rows = desk.exported("ticket_events", "ticket_events")
    children = [child for row in rows for child in row["child_events"] if child["event_type"] == "Comment"]
    assert children
    assert all("body" not in child and child["comment_present"] is True for child in children)
    changes = [child for row in rows for child in row["child_events"] if child["event_type"] == "Change"]
    assert any("custom_ticket_fields" in child for child in changes)
    assert any("added_tags" in child and "previous_value" in child for child in changes)


def test_comments_page_and_count(desk: Client) -> None:
    comments = desk.listed("tickets/17/comments", "comments")
    assert len(comments) == 300
    assert desk.json("tickets/17/comments/count")["count"]["value"] == 300
    assert desk.listed("tickets/17/comments", "comments", sort="-created_at")[0]["id"] == comments[-1]["id"]
    assert [one["id"] for one in desk.json("tickets/17/comments", per_page=10, page=2)["comments"]] == [
        one["id"] for one in comments[10:20]
    ]
    assert desk.json("tickets/17/comments", include="users")["users"]


def test_phone_calls_are_voice_comments(desk: Client) -> None:
    first = desk.json("tickets/23/comments")["comments"][0]
    assert first["type"] == "VoiceComment"
    assert first["data"]["call_duration"] == 173
    assert desk.json("tickets/23")["ticket"]["via"]["channel"] == "voice"


def test_inline_images_hide_unless_asked_for(desk: Client) -> None:
    (hidden, *_), (shown, *_) = (
        desk.json("tickets/6/comments", include_inline_images=flag)["comments"] for flag in ("false", "true")
    )
    assert hidden["attachments"] == []
    assert [one["inline"] for one in shown["attachments"]] == [True]
    assert shown["attachments"][0]["content_url"] in shown["html_body"]
    bare = desk.json("tickets/7/comments", include_inline_images="true")["comments"][0]
    assert bare["attachments"] == []
    (url,) = re.findall(r'<img src="([^"]+/attachments/token/[^"]+)"', bare["html_body"])
    assert len(desk.get(url).content) == 23_456


def test_downloads_flaky_gone_and_on_another_host(desk: Client) -> None:
    def files(ticket: int) -> list[Any]:
        return [a for c in desk.json(f"tickets/{ticket}/comments")["comments"] for a in c["attachments"]]

    flaky = files(22)[0]["content_url"]
    assert [desk.get(flaky).status_code for _ in range(2)] == [503, 200]
    assert desk.get(files(21)[0]["content_url"]).status_code == 404
    empty, large = files(19)[:2]
    assert desk.get(empty["content_url"]).content == b""
    moved = desk.get(large["content_url"])
    assert moved.status_code == 302
    assert "zdusercontent" in moved.headers["Location"]
    assert desk.get(moved.headers["Location"]).status_code == 400, "credentials must not travel along"
    target = desk.http.build_request("GET", moved.headers["Location"])
    assert len(desk.http.send(target, auth=None).content) == large["size"] == 8_000_000


def test_sideloads_of_the_ticket_export(desk: Client) -> None:
    page = desk.json("incremental/tickets/cursor", start_time=0, include="metric_sets,users,groups,organizations")
    ticket = page["tickets"][0]
    assert ticket["metric_set"] == desk.json(f"tickets/{ticket['id']}/metrics")["ticket_metric"]
    known = {user["id"] for user in page["users"]}
    assert {row["requester_id"] for row in page["tickets"]} <= known
    assert page["groups"]
    assert page["organizations"]


def test_metric_sets_follow_the_history(desk: Client) -> None:
    for ticket in desk.exported("tickets/cursor", "tickets", include="metric_sets"):
        if ticket["status"] == "deleted":
            continue
        audits = desk.desk.state.tickets.get(ticket["id"])
        assert audits is not None
        check_metrics(ticket, audits.audits)


def check_metrics(ticket: dict[str, Any], audits: list[Any]) -> None:
    """Work the metrics out a second way, from the statuses alone."""
    created, metrics = seconds(ticket["created_at"]), ticket["metric_set"]
    statuses = [
        (seconds(audit["created_at"]), event["value"])
        for audit in audits
        for event in audit["events"]
        if event.get("field_name") == "status"
    ]
    spans = [(status, end - start) for (start, status), (end, _) in pairwise(statuses)]
    for name, wanted in (("agent_wait", {"pending"}), ("requester_wait", {"new", "open", "hold"})):
        known = [span for status, span in spans if status in wanted]
        value = metrics[f"{name}_time_in_minutes"]["calendar"]
        assert (value is None) == (not known)
        assert abs((value or 0) - sum(known) / 60) <= max(1, len(known) / 2)
    solves = [at for at, status in statuses if status == "solved"] or [at for at, s in statuses if s == "closed"]
    first = metrics["first_resolution_time_in_minutes"]["calendar"]
    assert first == (round((solves[0] - created) / 60) if solves else None)
    assert metrics["reopens"] == sum(
        1
        for (_, old), (_, new) in pairwise(statuses)
        if old in ("solved", "closed") and new not in ("solved", "closed")
    )
    business = metrics["first_resolution_time_in_minutes"]["business"]
    assert business is None or 0 <= business <= first


def test_metric_events_by_time_and_by_cursor(desk: Client) -> None:
    by_time = {row["id"]: row for row in desk.exported("ticket_metric_events", "ticket_metric_events")}
    by_cursor = desk.listed("incremental/ticket_metric_events", "ticket_metric_events", start_time=0)
    assert [row["id"] for row in by_cursor] == list(by_time)
    times = [row["time"] for row in by_cursor]
    assert times == sorted(times)
    assert {row["type"] for row in by_cursor} >= {
        "activate",
        "pause",
        "fulfill",
        "apply_sla",
        "breach",
        "update_status",
    }
    late = desk.json("incremental/ticket_metric_events", start_time=seconds(times[500]))
    assert late["ticket_metric_events"][0]["time"] == times[500]


def test_groups_deleted_users_and_identities(desk: Client) -> None:
    assert len(desk.json("groups")["groups"]) == 4
    assert len(desk.json("groups", exclude_deleted="false")["groups"]) == 5
    gone = desk.listed("deleted_users", "deleted_users")
    assert any(user["name"] == "Permanently Deleted User" and user["email"] is None for user in gone)
    assert not {user["id"] for user in gone} & {user["id"] for user in desk.listed("users", "users")}
    assert desk.json(f"users/{gone[0]['id']}")["user"]["active"] is False
    user = next(one for one in desk.listed("users", "users") if one["email"] and one["phone"])
    identities = desk.json(f"users/{user['id']}/identities")["identities"]
    assert {(one["type"], one["value"]) for one in identities if one["primary"]} >= {("email", user["email"])}


def test_every_reference_resolves(desk: Client) -> None:
    users = {row["id"] for row in desk.exported("users/cursor", "users")}
    organizations = {row["id"] for row in desk.exported("organizations", "organizations")}
    groups = {row["id"] for row in desk.json("groups", exclude_deleted="false")["groups"]}
    lists = {
        name: {row["id"] for row in desk.json(name)[name]} for name in ("brands", "ticket_forms", "custom_statuses")
    }
    fields = {row["id"] for row in desk.json("ticket_fields")["ticket_fields"]}
    for ticket in desk.exported("tickets/cursor", "tickets"):
        assert {ticket["requester_id"], ticket["submitter_id"], *ticket["collaborator_ids"]} <= users
        assert {ticket["assignee_id"]} <= users | {None}
        assert {ticket["organization_id"]} <= organizations | {None}
        assert {ticket["group_id"]} <= groups | {None}
        assert ticket["brand_id"] in lists["brands"]
        assert ticket["ticket_form_id"] in lists["ticket_forms"]
        assert ticket["custom_status_id"] in lists["custom_statuses"]
        assert {one["id"] for one in ticket["custom_fields"]} <= fields
    for membership in desk.listed("organization_memberships", "organization_memberships"):
        assert membership["user_id"] in users
        assert membership["organization_id"] in organizations
        assert membership["default"] in (True, None)


def test_search_limits(desk: Client) -> None:
    assert desk.get("search", query="type:ticket", **{"page[size]": 10}).status_code == 400
    assert desk.get("search", query="type:ticket", page=11).status_code == 422
    found = desk.json("search", query="type:ticket status:closed")
    assert all(row["status"] == "closed" and row["result_type"] == "ticket" for row in found["results"])
    exported = desk.json("search/export", query="status:closed", **{"filter[type]": "ticket", "page[size]": 1000})
    assert len(exported["results"]) == found["count"]
    part = desk.json("search/export", query="status:closed", **{"filter[type]": "ticket", "page[size]": 5})
    desk.desk.clock.tick(3700)
    assert desk.get(part["links"]["next"]).status_code == 400, "the cursor lives for an hour"


def test_search_lags_behind() -> None:
    desk = client(20)
    desk.patch("create_ticket", subject="a needle", body="x")
    assert desk.json("search", query="needle")["count"] == 0
    desk.desk.clock.sleep(121)
    assert desk.json("search", query="needle")["count"] == 1


def test_help_centre(desk: Client) -> None:
    page = desk.json("help_center/articles", per_page=2)
    assert (page["page"], page["page_count"], page["count"]) == (1, 3, 6)
    articles = desk.json("help_center/articles.json")["articles"]
    assert {one["user_segment_id"] is None for one in articles} == {True, False}
    assert any(one["draft"] for one in articles)
    translations = desk.json(f"help_center/articles/{articles[0]['id']}/translations")["translations"]
    assert {one["locale"] for one in translations} == {"en-us", "es", "ja"}
    assert [one["outdated"] for one in translations if one["locale"] == "es"] == [True]
    with_files = next(one for one in articles if "article_attachments" in (one["body"] or ""))
    files = desk.json(f"help_center/articles/{with_files['id']}/attachments")["article_attachments"]
    assert [one["inline"] for one in files] == [True, False]
    assert len(desk.get(files[0]["content_url"]).content) == files[0]["size"]
    public = desk.http.build_request("GET", "/api/v2/help_center/articles")
    public.headers.pop("authorization", None)
    assert len(desk.http.send(public, auth=None).json()["articles"]) == 3
    increment = desk.json("help_center/incremental/articles", start_time=0)
    assert "end_of_stream" not in increment
    assert len(increment["articles"]) == 6


def test_schedules_with_holidays(desk: Client) -> None:
    schedules = desk.json("business_hours/schedules")["schedules"]
    assert [one["time_zone"] for one in schedules] == ["Madrid", "Eastern Time (US & Canada)"]
    holidays = desk.json(f"business_hours/schedules/{schedules[0]['id']}/holidays")["holidays"]
    assert holidays[1]["start_date"] == "2025-04-17"


def test_satisfaction_ratings_and_their_filters(desk: Client) -> None:
    rows = desk.listed("satisfaction_ratings", "satisfaction_ratings")
    assert {row["score"] for row in rows} == {"offered", "good", "bad"}
    good = desk.listed("satisfaction_ratings", "satisfaction_ratings", score="good_with_comment")
    assert good == [row for row in rows if row["score"] == "good" and row["comment"]]
    single = desk.json(f"satisfaction_ratings/{rows[0]['id']}")["satisfaction_rating"]
    assert single == [rows[0]]


def test_tags_are_no_inventory(desk: Client) -> None:
    counted = {row["name"] for row in desk.json("tags")["tags"]}
    everything = {tag for row in desk.exported("tickets/cursor", "tickets") for tag in row["tags"]}
    assert counted < everything


def test_deleted_tickets_of_the_last_month(desk: Client) -> None:
    rows = desk.json("deleted_tickets")["deleted_tickets"]
    assert rows
    assert all(seconds(row["deleted_at"]) > desk.desk.clock.now() - 30 * DAY for row in rows)
    assert len(rows) < sum(row["status"] == "deleted" for row in desk.exported("tickets/cursor", "tickets"))
