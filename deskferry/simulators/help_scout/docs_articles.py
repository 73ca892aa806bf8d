"""Articles: lists without their texts, drafts beside what is published, revisions, search."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.help_scout import docs_shelves, given
from deskferry.simulators.help_scout import docs_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, not_found, refused, wrong
from deskferry.simulators.help_scout.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse, json_response

STATUSES = ("published", "notpublished")
_SORTS = ("order", "number", "status", "name", "popularity", "createdAt", "updatedAt")
_WRITABLE = ("name", "text", "status", "slug", "related", "keywords")


def add(account: Account, collection: str, values: Row) -> Row:
    """Store an article; without a status it is not published, without categories it is in that for the rest."""
    row: Row = {"collectionId": collection, "slug": docs_shelves.slug_of(values["name"]), "status": "notpublished"}
    row |= {"hasDraft": False, "categories": [], "related": [], "keywords": [], "popularity": 0.0, "viewCount": 0}
    row |= {"createdBy": account.owner(), "updatedBy": None, "lastPublishedAt": None, "_draft": None, **values}
    row["categories"] = row["categories"] or [docs_shelves.uncategorized(account, collection)["id"]]
    store.add(account, "articles", row)
    row["publicUrl"] = f"https://acme.helpscoutdocs.com/article/{row['number']}-{row['slug']}"
    if row["status"] == "published":
        row["lastPublishedAt"] = row["lastPublishedAt"] or row["createdAt"]
    _revise(account, row, row["createdAt"])
    return row


def _revise(account: Account, row: Row, moment: str) -> None:
    values: Row = {"articleId": row["id"], "createdBy": row["updatedBy"] or row["createdBy"], "createdAt": moment}
    store.add(account, "revisions", {**values, "_text": row["text"]})


def _reference(row: Row) -> Row:
    """Return an article as lists have it: without its text."""
    hidden = ("text", "categories", "related", "keywords")
    return {key: value for key, value in store.public(row).items() if key not in hidden}


def _listed(call: Call, rows: list[Row]) -> SimResponse:
    wanted = call.param("status") or "all"
    given.one_of(wanted, ("all", *STATUSES), "status")
    rows = [row for row in rows if wanted in ("all", row["status"])]
    return store.paged(call, "articles", store.ordered(call, rows, _SORTS, "order"), _reference, sized=True)


def of_collection(call: Call) -> SimResponse:
    """Return a page of the articles of a collection."""
    key = store.find(call.account, "collections", call.args[0])["id"]
    return _listed(call, [row for row in call.account.docs["articles"].values() if row["collectionId"] == key])


def of_category(call: Call) -> SimResponse:
    """Return a page of the articles of a category; an article may be in several."""
    key = store.find(call.account, "categories", call.args[0])["id"]
    return _listed(call, [row for row in call.account.docs["articles"].values() if key in row["categories"]])


def related(call: Call) -> SimResponse:
    """Return a page of the articles to which one points."""
    articles = call.account.docs["articles"]
    keys = store.find(call.account, "articles", call.args[0])["related"]
    return _listed(call, [articles[key] for key in keys if key in articles])


def search(call: Call) -> SimResponse:
    """Return a page of the articles in which words stand."""
    words = (call.param("query") or "").casefold()
    collection = call.param("collectionId")
    rows = [
        row
        for row in call.account.docs["articles"].values()
        if (words in ("", "*") or words in f"{row['name']} {row['text']}".casefold())
        and (collection is None or row["collectionId"] == collection)
    ]
    return _listed(call, rows)


def get(call: Call) -> SimResponse:
    """Return one article with its text; with `draft=true` the text that is not published yet."""
    row = store.find(call.account, "articles", call.args[0])
    shown = store.public(row)
    if call.param("draft") == "true" and row["_draft"] is not None:
        shown["text"] = row["_draft"]
    return json_response({"article": shown})


def create(call: Call) -> SimResponse:
    """Store an article. Who wrote it when cannot be said."""
    account, body = call.account, call.body()
    given.required(body, "collectionId", "name", "text")
    collection = store.find(account, "collections", str(body["collectionId"]))
    row = _checked(account, body, collection["id"])
    return store.made(call, "/articles", "article", add(account, collection["id"], row))


def _checked(account: Account, body: Row, collection: str) -> Row:
    values = store.given(body, _WRITABLE)
    if "status" in values:
        given.one_of(values["status"], STATUSES, "status")
    if "categories" in body:
        values["categories"] = _categories(account, body["categories"], collection)
    return values


def _categories(account: Account, keys: Any, collection: str) -> list[str]:
    """Return the categories of an article: null is that for the rest, which a list may not name, nor be empty."""
    rest = docs_shelves.uncategorized(account, collection)["id"]
    if keys is None:
        return [rest]
    if not isinstance(keys, list) or not keys or rest in keys:
        raise wrong("categories", "is not valid", "Categories")
    for key in keys:
        if store.find(account, "categories", str(key))["collectionId"] != collection:
            raise not_found()
    return list(keys)


def change(call: Call) -> SimResponse:
    """Change an article; what is left out stays."""
    account, row = call.account, store.find(call.account, "articles", call.args[0])
    row |= _checked(account, call.body(), row["collectionId"])
    if row["status"] == "published":
        row["lastPublishedAt"] = account.now()
    _revise(account, row, account.now())
    return store.changed(call, "article", row)


def delete(call: Call) -> SimResponse:
    """Remove an article."""
    row = store.find(call.account, "articles", call.args[0])
    del call.account.docs["articles"][row["id"]]
    return empty()


def save_draft(call: Call) -> SimResponse:
    """Keep a text that is not published yet."""
    row, body = store.find(call.account, "articles", call.args[0]), call.body()
    given.required(body, "text")
    row |= {"hasDraft": True, "_draft": body["text"], "updatedAt": call.account.now()}
    return empty()


def delete_draft(call: Call) -> SimResponse:
    """Forget the text that is not published yet."""
    row = store.find(call.account, "articles", call.args[0])
    if row["_draft"] is None:
        raise refused(404)
    row |= {"hasDraft": False, "_draft": None}
    return empty()


def count_view(call: Call) -> SimResponse:
    """Add views."""
    row = store.find(call.account, "articles", call.args[0])
    row["viewCount"] += int((call.body() if call.request.body else {}).get("count", 1))
    return empty()


def list_revisions(call: Call) -> SimResponse:
    """Return a page of the revisions of an article, newest first."""
    key = store.find(call.account, "articles", call.args[0])["id"]
    rows = [row for row in call.account.docs["revisions"].values() if row["articleId"] == key]
    return store.paged(call, "revisions", rows[::-1], _revision)


def _revision(row: Row) -> Row:
    return {name: row[name] for name in ("id", "articleId", "createdBy", "createdAt")}


def get_revision(call: Call) -> SimResponse:
    """Return one revision with its text; below its article it is 404."""
    row = store.find(call.account, "revisions", call.args[0])
    return json_response({"revision": {**_revision(row), "text": row["_text"]}})


_ONE = "/v1/articles/{text}"
ROUTES = (
    Route("GET", "/v1/collections/{text}/articles", of_collection),
    Route("GET", "/v1/categories/{text}/articles", of_category),
    Route("GET", "/v1/search/articles", search),
    Route("POST", "/v1/articles", create),
    Route("GET", _ONE, get),
    Route("PUT", _ONE, change),
    Route("DELETE", _ONE, delete),
    Route("GET", f"{_ONE}/related", related),
    Route("PUT", f"{_ONE}/draft", save_draft),
    Route("DELETE", f"{_ONE}/draft", delete_draft),
    Route("PUT", f"{_ONE}/views", count_view),
    Route("GET", f"{_ONE}/revisions", list_revisions),
    Route("GET", "/v1/revisions/{text}", get_revision),
)
