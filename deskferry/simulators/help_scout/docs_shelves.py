"""Collections and their categories. Every collection has one category for what is in no other."""

from __future__ import annotations

import re

from deskferry.simulators.help_scout import docs_store as store
from deskferry.simulators.help_scout import given
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, not_found, refused
from deskferry.simulators.help_scout.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse, json_response

UNCATEGORIZED = "Uncategorized"
_COLLECTION = ("name", "visibility", "order", "description", "siteId")
_CATEGORY = ("name", "slug", "visibility", "order", "defaultSort")
_COLLECTION_SORTS = ("number", "visibility", "order", "name", "createdAt", "updatedAt")
_CATEGORY_SORTS = ("number", "order", "name", "articleCount", "createdAt", "updatedAt")


def slug_of(name: str) -> str:
    """Return the last part of an address, made of a name."""
    return re.sub(r"\W+", "-", name.casefold()).strip("-") or "untitled"


def add_collection(account: Account, site: str, name: str, **more: object) -> Row:
    """Store a collection with its category for the rest."""
    row: Row = {"siteId": site, "slug": slug_of(name), "visibility": "public", "name": name, "description": ""}
    row |= {"order": len(account.docs["collections"]) + 1, "createdBy": account.owner(), "updatedBy": None, **more}
    store.add(account, "collections", row)
    row["publicUrl"] = f"https://acme.helpscoutdocs.com/collection/{row['number']}-{row['slug']}"
    add_category(account, row["id"], UNCATEGORIZED)
    return row


def add_category(account: Account, collection: str, name: str, **more: object) -> Row:
    """Store a category of a collection."""
    row: Row = {"slug": slug_of(name), "visibility": "public", "collectionId": collection, "defaultSort": "popularity"}
    order = sum(1 for one in account.docs["categories"].values() if one["collectionId"] == collection)
    row |= {"order": order, "name": name, "createdBy": account.owner(), "updatedBy": None, **more}
    return store.add(account, "categories", row)


def uncategorized(account: Account, collection: str) -> Row:
    """Return the category of a collection for what is in no other."""
    rows = account.docs["categories"].values()
    return next(row for row in rows if row["collectionId"] == collection and row["name"] == UNCATEGORIZED)


def _counted(account: Account, row: Row) -> Row:
    articles = account.docs["articles"].values()
    inside = [one for one in articles if row["id"] in (one["collectionId"], *one["categories"])]
    published = sum(1 for one in inside if one["status"] == "published")
    return {**store.public(row), "articleCount": len(inside), "publishedArticleCount": published}


def list_collections(call: Call) -> SimResponse:
    """Return a page of the collections."""
    site, wanted = call.param("siteId"), call.param("visibility") or "all"
    rows = [
        _counted(call.account, row)
        for row in call.account.docs["collections"].values()
        if (site is None or row["siteId"] == site) and wanted in ("all", row["visibility"])
    ]
    return store.paged(call, "collections", store.ordered(call, rows, _COLLECTION_SORTS, "order"))


def get_collection(call: Call) -> SimResponse:
    """Return one collection."""
    return json_response({"collection": _counted(call.account, store.find(call.account, "collections", call.args[0]))})


def create_collection(call: Call) -> SimResponse:
    """Store a collection; its name is new within the site."""
    body = call.body()
    given.required(body, "siteId", "name")
    site = store.find(call.account, "sites", str(body["siteId"]))
    for row in call.account.docs["collections"].values():
        if row["siteId"] == site["id"] and row["name"].casefold() == str(body["name"]).casefold():
            raise refused(409, "A collection with this name exists already")
    values = store.given(body, ("visibility", "order", "description"))
    row = add_collection(call.account, site["id"], str(body["name"]), **values)
    return store.made(call, "/collections", "collection", row)


def change_collection(call: Call) -> SimResponse:
    """Change a collection."""
    row = store.find(call.account, "collections", call.args[0])
    row |= store.given(call.body(), _COLLECTION)
    return store.changed(call, "collection", row)


def delete_collection(call: Call) -> SimResponse:
    """Remove a collection with all that is in it."""
    docs = call.account.docs
    row = store.find(call.account, "collections", call.args[0])
    del docs["collections"][row["id"]]
    for table in ("categories", "articles"):
        for key in [key for key, one in docs[table].items() if one["collectionId"] == row["id"]]:
            del docs[table][key]
    return empty()


def list_categories(call: Call) -> SimResponse:
    """Return a page of the categories of a collection."""
    collection = store.find(call.account, "collections", call.args[0])
    rows = [
        _counted(call.account, row)
        for row in call.account.docs["categories"].values()
        if row["collectionId"] == collection["id"]
    ]
    return store.paged(call, "categories", store.ordered(call, rows, _CATEGORY_SORTS, "order"))


def get_category(call: Call) -> SimResponse:
    """Return one category."""
    return json_response({"category": _counted(call.account, store.find(call.account, "categories", call.args[0]))})


def create_category(call: Call) -> SimResponse:
    """Store a category; its name is new within the collection."""
    body = call.body()
    given.required(body, "collectionId", "name")
    collection = store.find(call.account, "collections", str(body["collectionId"]))
    for row in call.account.docs["categories"].values():
        if row["collectionId"] == collection["id"] and row["name"].casefold() == str(body["name"]).casefold():
            raise refused(409, "A category with this name exists already")
    row = add_category(call.account, collection["id"], str(body["name"]), **store.given(body, _CATEGORY[1:]))
    return store.made(call, "/categories", "category", row)


def change_category(call: Call) -> SimResponse:
    """Change a category."""
    row = store.find(call.account, "categories", call.args[0])
    row |= store.given(call.body(), _CATEGORY)
    return store.changed(call, "category", row)


def delete_category(call: Call) -> SimResponse:
    """Remove a category; its articles go to that for the rest."""
    row = store.find(call.account, "categories", call.args[0])
    rest = uncategorized(call.account, row["collectionId"])
    if row is rest:
        raise refused(400, "This category cannot be deleted")
    del call.account.docs["categories"][row["id"]]
    for article in call.account.docs["articles"].values():
        if row["id"] in article["categories"]:
            left = [key for key in article["categories"] if key != row["id"]]
            article["categories"] = left or [rest["id"]]
    return empty()


def order_categories(call: Call) -> SimResponse:
    """Give categories another order. Sources name two paths; both work here."""
    collection = store.find(call.account, "collections", call.args[0])
    for item in call.body().get("categories") or ():
        row = store.find(call.account, "categories", str(item.get("id")))
        if row["collectionId"] != collection["id"]:
            raise not_found()
        row["order"] = item.get("order")
    return empty()


ROUTES = (
    Route("GET", "/v1/collections", list_collections),
    Route("POST", "/v1/collections", create_collection),
    Route("GET", "/v1/collections/{text}", get_collection),
    Route("PUT", "/v1/collections/{text}", change_collection),
    Route("DELETE", "/v1/collections/{text}", delete_collection),
    Route("GET", "/v1/collections/{text}/categories", list_categories),
    Route("PUT", "/v1/collections/{text}/categories", order_categories),
    Route("PUT", "/v1/collections/{text}/categories/order", order_categories),
    Route("POST", "/v1/categories", create_category),
    Route("GET", "/v1/categories/{text}", get_category),
    Route("PUT", "/v1/categories/{text}", change_category),
    Route("DELETE", "/v1/categories/{text}", delete_category),
)
