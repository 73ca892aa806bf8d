"""The Docs API of the Help Scout simulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from deskferry.simulators import account as neutral
from deskferry.simulators.help_scout import build
from tests.simulators.help_scout_client import Client


@pytest.fixture
def desk() -> Client:
    return Client()


@pytest.fixture
def shelf(desk: Client) -> str:
    """Return the id of a new collection."""
    site = desk.get("/v1/sites")["sites"]["items"][0]["id"]
    return str(made(desk, "/v1/collections", {"siteId": site, "name": "Manual"}))


def made(desk: Client, url: str, body: Any) -> str:
    answer = desk.send("POST", url, body)
    assert (answer.status, answer.body) == (201, b""), answer.body
    return answer.headers["Location"].rsplit("/", 1)[1]


def error(desk: Client, method: str, url: str, body: Any = None) -> int:
    answer = desk.send(method, url, body)
    decoded = orjson.loads(answer.body)
    assert set(decoded) == {"code", "error"}
    assert decoded["code"] == answer.status
    return answer.status


def test_it_wants_a_key_of_its_own(desk: Client) -> None:
    assert desk.send("GET", "/v1/sites", authorization=desk.auth).status == 401
    assert orjson.loads(desk.last.body) == {"code": 401, "error": "Invalid API Key"}
    assert desk.send("GET", "/users/me", authorization=desk.docs_auth).status == 401
    assert error(desk, "GET", "/v1/collections/nothing") == 404
    assert desk.send("GET", "/v1/sites").headers["X-RateLimit-Limit"] == "2000"


def test_articles_are_listed_without_their_texts(desk: Client, shelf: str) -> None:
    category = made(desk, "/v1/categories", {"collectionId": shelf, "name": "First steps"})
    body = {"collectionId": shelf, "name": "Größe 📏", "text": "<p>T</p>", "categories": [category]}
    article = made(desk, "/v1/articles", body)
    assert len(article) == 24
    page = desk.get(f"/v1/collections/{shelf}/articles")["articles"]
    assert {key: page[key] for key in ("page", "pages", "count")} == {"page": 1, "pages": 1, "count": 1}
    assert (page["items"][0]["id"], "text" in page["items"][0]) == (article, False)
    assert desk.get(f"/v1/categories/{category}/articles", status="published")["articles"]["count"] == 0
    one = desk.get(f"/v1/articles/{article}")["article"]
    assert (one["text"], one["status"], one["updatedAt"]) == ("<p>T</p>", "notpublished", None)
    assert desk.get(f"/v1/articles/{one['number']}")["article"] == one
    assert error(desk, "POST", "/v1/articles", {"collectionId": shelf, "name": "No text"}) == 400
    counts = desk.get(f"/v1/collections/{shelf}")["collection"]
    assert (counts["articleCount"], counts["publishedArticleCount"]) == (1, 0)


def test_categories_of_an_article(desk: Client, shelf: str) -> None:
    categories = desk.get(f"/v1/collections/{shelf}/categories")["categories"]["items"]
    rest = categories[0]["id"]
    assert [one["name"] for one in categories] == ["Uncategorized"]
    own = made(desk, "/v1/categories", {"collectionId": shelf, "name": "Own"})
    article = made(desk, "/v1/articles", {"collectionId": shelf, "name": "N", "text": "T"})

    def now() -> list[str]:
        return list(desk.get(f"/v1/articles/{article}")["article"]["categories"])

    assert now() == [rest]
    desk.ok("PUT", f"/v1/articles/{article}", {"categories": [own]}, status=200)
    desk.ok("PUT", f"/v1/articles/{article}", {"name": "M"}, status=200)
    assert now() == [own]
    for wrong in ([], [rest]):
        assert error(desk, "PUT", f"/v1/articles/{article}", {"categories": wrong}) == 400
    desk.ok("PUT", f"/v1/articles/{article}", {"categories": None}, status=200)
    assert now() == [rest]
    desk.ok("PUT", f"/v1/articles/{article}", {"categories": [own]}, status=200)
    desk.ok("DELETE", f"/v1/categories/{own}")
    assert now() == [rest]
    assert error(desk, "DELETE", f"/v1/categories/{rest}") == 400


def test_drafts_revisions_and_reloading(desk: Client, shelf: str) -> None:
    body = {"collectionId": shelf, "name": "N", "text": "One", "status": "published"}
    article = desk.ok("POST", "/v1/articles?reload=true", body)["article"]
    url = f"/v1/articles/{article['id']}"
    desk.ok("PUT", f"{url}/draft", {"text": "Two"})
    assert desk.get(url)["article"]["text"] == "One"
    assert desk.get(url)["article"]["hasDraft"] is True
    assert desk.get(url, draft="true")["article"]["text"] == "Two"
    desk.ok("DELETE", f"{url}/draft")
    assert desk.get(url, draft="true")["article"]["text"] == "One"
    assert desk.ok("PUT", f"{url}?reload=true", {"text": "Three"}, status=200)["article"]["text"] == "Three"
    revisions = desk.get(f"{url}/revisions")["revisions"]["items"]
    assert [desk.get(f"/v1/revisions/{one['id']}")["revision"]["text"] for one in revisions] == ["Three", "One"]
    assert error(desk, "GET", f"{url}/revisions/{revisions[0]['id']}") == 404


def test_lists_are_sorted_and_paged(desk: Client, shelf: str) -> None:
    for n in range(53):
        desk.desk.clock.sleep(60)
        made(desk, "/v1/articles", {"collectionId": shelf, "name": f"N{n:02d}", "text": "T"})
    url = f"/v1/collections/{shelf}/articles"
    first = desk.get(url, sort="updatedAt", order="desc")["articles"]
    assert (first["pages"], first["count"], len(first["items"])) == (2, 53, 50)
    assert first["items"][0]["name"] == "N52"
    assert len(desk.get(url, page=2)["articles"]["items"]) == 3
    assert len(desk.get(url, pageSize=100)["articles"]["items"]) == 53
    assert error(desk, "GET", f"{url}?pageSize=101") == 400
    assert desk.get("/v1/search/articles", query="n07")["articles"] == {
        "page": 1, "pages": 1, "count": 1, "items": [one for one in first["items"] if one["name"] == "N07"],
    }  # fmt: skip


def test_files_and_articles_are_uploaded_as_forms(desk: Client, shelf: str) -> None:
    article = made(desk, "/v1/articles", {"collectionId": shelf, "name": "N", "text": "T"})

    def form(url: str, parts: dict[str, Any]) -> Any:
        body = b""
        for name, value in parts.items():
            file = f'; filename="{value[0]}"\r\nContent-Type: {value[1]}' if isinstance(value, tuple) else ""
            data = value[2] if isinstance(value, tuple) else value.encode()
            head = f'--B\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
            body += head + data + b"\r\n"
        return desk.send("POST", url, body + b"--B--\r\n", content_type="multipart/form-data; boundary=B")

    asset = {
        "key": "k",
        "articleId": article,
        "assetType": "image",
        "file": ("a.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    }
    answer = form("/v1/assets/article", asset)
    assert answer.status == 201, answer.body
    place = urlsplit(orjson.loads(answer.body)["filelink"])
    assert desk.send("GET", place.path, authorization="").body == b"\x89PNG\r\n\x1a\n"
    assert form("/v1/assets/article", {**asset, "assetType": "logo"}).status == 400
    sent = form(
        "/v1/articles/upload", {"collectionId": shelf, "name": "Up", "file": ("u.html", "text/html", b"<p>U</p>")}
    )
    assert sent.status == 201
    key = sent.headers["Location"].rsplit("/", 1)[1]
    assert desk.get(f"/v1/articles/{key}")["article"]["text"] == "<p>U</p>"


def test_redirects_and_sites(desk: Client) -> None:
    site = desk.get("/v1/sites")["sites"]["items"][0]["id"]
    body = {"siteId": site, "urlMapping": "/old", "redirect": "https://x.example/new"}
    row = made(desk, "/v1/redirects", body)
    assert error(desk, "PUT", f"/v1/redirects/{row}", {"redirect": "x"}) == 400
    assert desk.get(f"/v1/redirects/site/{site}")["redirects"]["count"] == 1
    assert desk.get(f"/v1/redirects?url=/old&siteId={site}")["redirectedUrl"]["id"] == row
    assert desk.get(f"/v1/sites/{site}/restricted")["enabled"] is False


def test_the_help_centre_of_a_generated_account() -> None:
    desk = Client(build(seed=1, tickets=20, plan="pro"))
    source = neutral.generate(1, 20).side.articles
    found: dict[str, Any] = {}
    for collection in desk.get("/v1/collections")["collections"]["items"]:
        for one in desk.get(f"/v1/collections/{collection['id']}/articles")["articles"]["items"]:
            found[one["id"]] = desk.get(f"/v1/articles/{one['id']}")["article"]
    titles = {title for article in source for title, _ in article.texts.values()}
    assert {one["name"] for one in found.values()} == titles
    assert {one["status"] for one in found.values()} == {"published", "notpublished"}
    assert any(one["hasDraft"] for one in found.values())
    assert any(len(one["categories"]) > 1 for one in found.values())
    assert any(one["related"] for one in found.values())
    image = next(one["text"] for one in found.values() if "docs-assets" in one["text"])
    path = urlsplit(image.split('src="')[1].split('"')[0]).path
    assert desk.send("GET", path, authorization="").headers["Content-Type"] == "image/png"
