"""The knowledge base and canned responses, read from the simulated desk."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fd_account import Desk, answered, paged

from deskferry.connectors.freshdesk import knowledge
from deskferry.connectors.kit.contract import Page, PullRequest, RawRecord

CATEGORIES = [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]
FOLDERS = {1: [{"id": 11, "parent_folder_id": None, "visibility": 2, "sub_folders_count": 1}],
           2: [{"id": 21, "parent_folder_id": None, "name": "g", "visibility": 1}]}  # fmt: skip
SUB = [{"id": 12, "parent_folder_id": 11, "name": "sub", "visibility": 3, "sub_folders_count": 0}]


def account(**more: Any) -> Desk:
    articles = {11: [{"id": 111, "folder_id": 11, "title": "t", "description": "d", "status": 2}], 12: [], 21: []}
    routes: dict[str, Any] = {
        "GET settings/helpdesk": {"primary_language": "en", "supported_languages": ["en", "es"]},
        "GET solutions/categories": paged(CATEGORIES),
        "GET solutions/folders/11/subfolders": paged(SUB),
        **{f"GET solutions/categories/{key}/folders": paged(rows) for key, rows in FOLDERS.items()},
        **{f"GET solutions/folders/{key}/articles": paged(rows) for key, rows in articles.items()},
        "GET solutions/folders/11/articles/es": paged(
            [{"id": 111, "title": "título", "description": "<p>x</p>", "status": 1}]
        ),
        "GET canned_response_folders": answered([{"id": 5, "name": "General", "personal": False}]),
        "GET canned_response_folders/5/responses": answered(
            [{"id": 51, "title": "x", "content_html": "y", "visibility": 0}]
        ),
        **more,
    }
    return Desk(routes)


def records(desk: Desk, stream: str, cursor: Any = None) -> tuple[list[RawRecord], Page]:
    pages = list(desk.source().pages(stream, PullRequest(cursor)))
    return [one for page in pages for one in page.records if isinstance(one, RawRecord)], pages[-1]


def test_folders_come_with_those_below_them() -> None:
    found, last = records(account(), knowledge.FOLDERS)
    assert [one.source_id for one in found] == ["11", "12", "21"]
    assert (last.last, last.complete) == (True, True)


def test_a_folder_says_which_category_it_is_in_although_the_list_does_not() -> None:
    found, _last = records(account(), knowledge.FOLDERS)
    assert [one.payload["category_id"] for one in found] == [1, 1, 2]


def test_an_article_brings_its_readers_and_its_languages() -> None:
    found, _last = records(account(), knowledge.ARTICLES)
    (article,) = found
    assert article.payload["folder"] == {"visibility": 2}
    assert [(one["language"], one["title"], one["status"]) for one in article.payload["translations"]] == [
        ("es", "título", 1)
    ]
    assert article.payload["language"] == "en"


def test_a_walk_that_was_interrupted_goes_on_and_buries_nobody() -> None:
    desk = account()
    pages = list(desk.source().pages(knowledge.FOLDERS, PullRequest(None)))
    assert [len(page.records) for page in pages] == [2, 1]
    rest, last = records(desk, knowledge.FOLDERS, pages[0].cursor)
    assert [one.source_id for one in rest] == ["21"]
    assert (last.last, last.complete) == (True, False)


def test_a_desk_of_one_language_and_no_deeper_hierarchy_is_read() -> None:
    desk = account(
        **{"GET settings/helpdesk": httpx.Response(403), "GET solutions/folders/11/subfolders": httpx.Response(403)}
    )
    found, _last = records(desk, knowledge.ARTICLES)
    assert [one.source_id for one in found] == ["111"]
    assert found[0].payload["translations"] == []
    assert "language" not in found[0].payload


ES = "the articles in es of folders (403): 11"


@pytest.mark.parametrize(
    ("stream", "path", "status", "left", "named"),
    [
        (knowledge.FOLDERS, "solutions/categories/2/folders", 403, ["11", "12"], "the folders of categories (403): 2"),
        (knowledge.FOLDERS, "solutions/folders/11/subfolders", 404, ["11", "21"], "the folders in folders (404): 11"),
        (knowledge.ARTICLES, "solutions/folders/11/articles", 403, [], "the articles of folders (403): 11"),
        (knowledge.ARTICLES, "solutions/folders/11/articles/es", 403, ["111"], ES),
        (knowledge.RESPONSES, "canned_response_folders/5/responses", 403, [], "the canned responses of folders (403)"),
    ],
)
def test_a_list_that_is_refused_is_not_an_empty_one(
    stream: str, path: str, status: int, left: list[str], named: str
) -> None:
    found, last = records(account(**{f"GET {path}": httpx.Response(status)}), stream)
    assert [one.source_id for one in found] == left
    assert (last.last, last.complete) == (True, False)
    (note,) = last.notes
    assert named in note


def test_what_came_before_a_refusal_is_kept_and_many_refusals_are_one_note() -> None:
    folders = [{"id": number, "name": "f"} for number in range(1, 9)]
    rows = paged([{"id": number, "title": "x"} for number in range(1, 120)])

    def until(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if "page=2" in str(request.url) else rows(request)

    routes = {"GET canned_response_folders": paged(folders), "GET canned_response_folders/1/responses": until}
    found, last = records(Desk(routes), knowledge.RESPONSES)
    assert len(found) == 100
    assert [("(403): 1." in note, "(404): 2, 3, 4, 5, 6 and 2 more." in note) for note in last.notes] == [
        (True, False),
        (False, True),
    ]


def test_canned_responses_come_page_by_page() -> None:
    folders = [{"id": number, "name": "f"} for number in range(1, 121)]
    routes = {
        "GET canned_response_folders": paged(folders),
        r"GET canned_response_folders/\d+/responses": paged([]),
        "GET canned_response_folders/120/responses": paged([{"id": number} for number in range(1, 121)]),
    }
    desk = Desk({**dict(reversed(routes.items()))})
    found, last = records(desk, knowledge.RESPONSES)
    assert [one.source_id for one in found] == [str(number) for number in range(1, 121)]
    assert last.complete


def test_canned_responses_come_folder_by_folder() -> None:
    found, _last = records(account(), knowledge.RESPONSES)
    assert [(one.source_id, one.payload["folder"]["name"]) for one in found] == [("51", "General")]


def test_an_expired_link_to_a_file_of_an_article_is_asked_for_anew() -> None:
    fresh = "https://files.example/901?new"
    desk = account(
        **{
            "GET solutions/articles/111": {"id": 111, "attachments": [{"id": 901, "attachment_url": fresh}]},
        }
    )
    assert knowledge.file_link(desk.session(), "111", "901") == fresh
    assert knowledge.file_link(desk.session(), "111", "902") is None
    assert knowledge.file_link(desk.session(), "112", "901") is None
