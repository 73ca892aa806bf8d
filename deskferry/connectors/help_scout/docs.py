"""The knowledge base by the Docs API: collections, their categories, their articles.

The lists of articles leave out the texts, and there is no filter by time. What the lists say of every article (its id
and when it was changed) is therefore compared with what they said when all texts were read last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.connectors.help_scout.lists import REFUSED, counted
from deskferry.connectors.help_scout.people import Unlisted
from deskferry.connectors.help_scout.settings import HelpScoutSession
from deskferry.connectors.help_scout.streams import ARTICLES, BY_NAME, COLLECTIONS
from deskferry.connectors.kit.contract import Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.paging import Numbered, at, offset, rows
from deskferry.connectors.kit.session import Session, VendorStatus
from deskferry.errors import Refused

NO_KEY = "The knowledge base is not read: the connection has no docs_api_key."
_SIZE = 100
_NAMED = ("id", "updatedAt", "createdAt", "status", "collectionId")


def pages(session: HelpScoutSession, stream: str, request: PullRequest) -> Iterator[Page]:
    """Yield a list of the knowledge base; without a key an empty one, by which nothing counts as gone."""
    docs = session.docs
    if docs is None:
        yield Page((), {}, last=True, notes=(NO_KEY,))
        return
    try:
        if stream == ARTICLES:
            yield from _articles(docs, request)
        else:
            found = list(_collections(docs) if stream == COLLECTIONS else _categories(docs))
            records = tuple(RawRecord(BY_NAME[stream].objects[0], str(row["id"]), row) for row in found)
            yield Page(
                records, {}, last=True, complete=True, declared=(counted(BY_NAME[stream].objects[0], len(found)),)
            )
    except VendorStatus as refusal:
        if refusal.status in {401, *REFUSED}:
            raise refusal.refused() from refusal
        raise


def listed(docs: Session, path: str, envelope: str, params: Mapping[str, Any]) -> list[Raw]:
    """Return all rows of a list, each once; raises Refused where fewer came than the list counts."""

    def more(body: Any, _rows: Any) -> bool:
        told = at(envelope)(body) or {}
        return int(told.get("page") or 1) < int(told.get("pages") or 1)

    by = Numbered(_SIZE, size_name="pageSize", more=more)
    found: dict[str, Raw] = {}
    count = 0
    for page in offset(docs.get_json, path, params, rows(envelope, "items"), by):
        found.update({str(row["id"]): row for row in page.items})
        count = int((at(envelope, "count")(page.body)) or 0)
    if len(found) < count:
        raise Refused(
            f"help_scout: {path} counts {count} and shows {len(found)}.",
            "Run the same command again; nothing was marked as deleted.",
        )
    return list(found.values())


def _collections(docs: Session) -> list[Raw]:
    return listed(docs, "collections", "collections", {"visibility": "all", "sort": "number", "order": "asc"})


def _categories(docs: Session) -> Iterator[Raw]:
    """Yield the categories of each collection; the same one is never in two."""
    for collection in _collections(docs):
        path = f"collections/{collection['id']}/categories"
        for row in listed(docs, path, "categories", {"sort": "number", "order": "asc"}):
            yield {"collectionId": collection["id"], **row}


def _articles(docs: Session, request: PullRequest) -> Iterator[Page]:
    """Yield the articles of each collection with their texts; nothing where nothing moved since."""
    collections = _collections(docs)
    named = {str(one["id"]): _listed_articles(docs, one) for one in collections}
    digest = _digest(collections, named)
    if request.cursor is None and (request.before or {}).get("digest") == digest:
        yield Page((), {"digest": digest}, last=True)
        return
    done = int((request.cursor or {}).get("at", 0)) if (request.cursor or {}).get("digest") == digest else 0
    total = sum(map(len, named.values()))
    authors = Unlisted(request.holds)
    for place, collection in enumerate(collections, 1):
        if place <= done:
            continue
        found = (_article(docs, row, collection) for row in named[str(collection["id"])])
        records = tuple(one for one in found if one is not None)
        yield authors.asked_for(Page(records, {"at": place, "digest": digest}))
    cursor = {"digest": digest}
    yield Page((), cursor, last=True, complete=done == 0, declared=(counted("article", total),))


def _listed_articles(docs: Session, collection: Raw) -> list[Raw]:
    params = {"status": "all", "sort": "number", "order": "asc"}
    return listed(docs, f"collections/{collection['id']}/articles", "articles", params)


def _article(docs: Session, row: Raw, collection: Raw) -> RawRecord | None:
    """Return an article with its text and what of its collection says who may read it; None where it is gone by now."""
    answer = docs.request_json("GET", f"articles/{row['id']}", allow=(404, 410))
    if answer.status != 200:
        return None
    reader = {"visibility": collection.get("visibility"), "siteId": collection.get("siteId")}
    return RawRecord("article", str(row["id"]), {**answer.body["article"], "collection": reader})


def _digest(collections: list[Raw], named: Mapping[str, list[Raw]]) -> str:
    """Return what changes when an article, its place or its readers do."""
    facts = [[one["id"], one.get("visibility")] for one in collections]
    facts += [[row.get(name) for name in _NAMED] for found in named.values() for row in found]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
