"""Writing the help centre of the Zendesk simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(3)


def shelf(desk: Client) -> Any:
    category = desk.wrote("POST", "help_center/es/categories", {"category": {"name": "Ayuda"}})["category"]
    path = f"help_center/categories/{category['id']}/sections"
    return desk.wrote("POST", path, {"section": {"name": "First", "locale": "en-us"}})["section"]


def article(desk: Client, notify: bool | None = False, **more: Any) -> Any:
    given = {"title": "T", "body": "<p>B</p>", "permission_group_id": 1, "user_segment_id": None, **more}
    body: dict[str, Any] = {"article": {name: value for name, value in given.items() if value != "leave out"}}
    if notify is not None:
        body["notify_subscribers"] = notify
    return desk.wrote("POST", f"help_center/sections/{shelf(desk)['id']}/articles", body)["article"]


def test_a_section_and_its_article_are_read_back(desk: Client) -> None:
    made = article(desk, locale="es", label_names=["x"], promoted=True, created_at="2015-01-01T00:00:00Z")
    shown = desk.json(f"help_center/articles/{made['id']}")["article"]
    assert (shown["title"], shown["body"], shown["locale"], shown["promoted"]) == ("T", "<p>B</p>", "es", True)
    assert shown["created_at"] > "2020"  # the original dates cannot be kept
    (translation,) = desk.json(f"help_center/articles/{made['id']}/translations")["translations"]
    assert (translation["locale"], translation["title"]) == ("es", "T")
    desk.desk.clock.sleep(120)
    rows = desk.json("help_center/incremental/articles", start_time=0)["articles"]
    assert made["id"] in {row["id"] for row in rows}


def test_subscribers_are_mailed_unless_told_not_to(desk: Client) -> None:
    article(desk, notify=False)
    article(desk, notify=None, draft=True)
    assert desk.mails() == []
    article(desk, notify=None)
    article(desk, notify=True)
    assert desk.mails() == ["article_subscription"] * 2
    assert all("@" in mail.to for mail in desk.desk.mailbox)


@pytest.mark.parametrize(
    "more",
    [
        {"permission_group_id": None},
        {"user_segment_id": "leave out"},
        {"user_segment_id": 4711},
        {"title": ""},
        {"locale": "xx"},
        {"author_id": 4711},
    ],
)
def test_what_an_article_needs(desk: Client, more: dict[str, Any]) -> None:
    given = {"title": "T", "permission_group_id": 1, "user_segment_id": None, **more}
    body = {"article": {name: value for name, value in given.items() if value != "leave out"}}
    path = f"help_center/sections/{shelf(desk)['id']}/articles"
    assert desk.refused("POST", path, body)["error"] == "RecordInvalid"


def test_a_segment_limits_who_reads(desk: Client) -> None:
    segment = desk.json("help_center/user_segments")["user_segments"][1]["id"]
    made = article(desk, user_segment_id=segment)
    assert (made["user_segment_id"], made["user_segment_ids"]) == (segment, [segment])
    assert desk.http.get(f"/api/v2/help_center/articles/{made['id']}", auth=None).status_code == 404


def test_text_goes_through_translations_and_draft_only_at_creation(desk: Client) -> None:
    made = article(desk, draft=True)
    path = f"help_center/articles/{made['id']}"
    answer = desk.send("PUT", path, {"article": {"title": "N", "body": "N", "draft": False, "promoted": True}})
    assert '"title"' in answer.headers["X-Zendesk-API-Warn"]
    after = answer.json()["article"]
    assert (after["title"], after["draft"], after["promoted"]) == ("T", True, True)
    desk.desk.clock.sleep(10)
    row = desk.wrote("PUT", f"{path}/translations/en-us", {"translation": {"title": "N", "draft": False}})[
        "translation"
    ]
    after = desk.json(path)["article"]
    assert (after["title"], after["draft"], after["edited_at"]) == ("N", False, row["updated_at"])
    desk.desk.clock.sleep(10)
    same = desk.wrote("PUT", f"{path}/translations/en-us", {"translation": {"title": "N"}})["translation"]
    assert same["updated_at"] == row["updated_at"]


def test_languages_are_added_once_and_one_stays(desk: Client) -> None:
    made = article(desk)
    path = f"help_center/articles/{made['id']}/translations"
    more = {"translation": {"locale": "es", "title": "Hola", "body": "B"}}
    row = desk.wrote("POST", path, more)["translation"]
    assert desk.refused("POST", path, more)["details"]["locale"][0]["error"] == "DuplicateValue"
    assert desk.refused("POST", path, {"translation": {"locale": "xx", "title": "T"}})["error"] == "RecordInvalid"
    assert desk.send("PUT", f"help_center/articles/{made['id']}/source_locale", {"article_locale": "es"}).is_success
    assert desk.json(f"help_center/articles/{made['id']}")["article"]["title"] == "Hola"
    first = next(one for one in desk.json(path)["translations"] if one["locale"] == "en-us")
    assert desk.send("DELETE", f"help_center/translations/{first['id']}").status_code == 204
    assert desk.refused("DELETE", f"help_center/translations/{row['id']}")["error"] == "RecordInvalid"


def test_files_are_sent_as_forms_and_associated_twenty_at_most(desk: Client) -> None:
    made = article(desk)

    def sent(path: str, **fields: str) -> Any:
        files = {"file": ("ü.png", b"\x89PNG\r\n--x\r\n", "image/png")}
        answer = desk.http.post(f"/api/v2/help_center/{path}", files=files, data=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["article_attachment"]

    own, loose = sent(f"articles/{made['id']}/attachments", inline="true"), sent("articles/attachments")
    assert (own["inline"], own["file_name"], loose["article_id"]) == (True, "ü.png", None)
    assert desk.get(own["content_url"]).content == b"\x89PNG\r\n--x\r\n"
    path = f"help_center/articles/{made['id']}/bulk_attachments"
    assert desk.refused("POST", path, {"attachment_ids": [loose["id"]] * 21}, 400)["error"] == "TooManyValues"
    assert desk.send("POST", path, {"attachment_ids": [loose["id"]]}).is_success
    shown = desk.json(f"help_center/articles/{made['id']}/attachments")["article_attachments"]
    assert [one["id"] for one in shown] == [own["id"], loose["id"]]
    assert desk.send("DELETE", f"help_center/articles/attachments/{own['id']}").status_code == 204
    assert desk.get(own["content_url"]).status_code == 404


def test_articles_are_archived_and_shelves_take_all_with_them(desk: Client) -> None:
    one, two = article(desk), article(desk)
    assert desk.send("DELETE", f"help_center/articles/{one['id']}").status_code == 204
    assert desk.get(f"help_center/articles/{one['id']}").status_code == 404
    section = desk.json(f"help_center/sections/{two['section_id']}")["section"]
    assert desk.send("DELETE", f"help_center/categories/{section['category_id']}").status_code == 204
    for path in (f"sections/{section['id']}", f"articles/{two['id']}"):
        assert desk.get(f"help_center/{path}").status_code == 404
