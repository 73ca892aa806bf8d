"""Help Scout Docs → canonical rows: collections, categories, articles. Who may read is a matter of the collection."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.help_scout import converters as own
from deskferry.connectors.help_scout.read_people import TIMES
from deskferry.connectors.kit.converters import choice, html_to_text, whole
from deskferry.connectors.kit.mapping import Map, ObjectMap, RefBy, RefsBy, RefTo, Table

_STATUS = {"published": "published", "notpublished": "draft"}
_COUNTERS = ("articleCount", "publishedArticleCount", "viewCount", "popularity")
_PLACE = {
    "number": "of the vendor",
    "slug": "its name in addresses",
    "visibility": "who may see it",
    "createdBy": "who made it",
    "updatedBy": "who changed it last",
}


def visibility(value: Any) -> str:
    """Return who may read what is in a collection; of a private one nothing says who: the strictest."""
    return "public" if value == "public" else "restricted"


COLLECTION = ObjectMap(
    "collection",
    (
        Table(
            "article_category",
            (
                Map("source_url", "publicUrl"),
                Map("name", "name"),
                Map("description", "description"),
                Map("position", "order"),
                *TIMES,
            ),
        ),
    ),
    ignored=dict.fromkeys(("articleCount", "publishedArticleCount"), "a counter"),
    kept={**_PLACE, "siteId": "the site that shows it"},
    volatile=_COUNTERS,
)

CATEGORY = ObjectMap(
    "category",
    (
        Table(
            "article_category",
            (
                Map("source_url", "publicUrl"),
                Map("name", "name"),
                Map("description", "description"),
                Map("parent_id", "collectionId", RefTo("collection")),
                Map("position", "order"),
                *TIMES,
            ),
        ),
    ),
    ignored=dict.fromkeys(("articleCount", "publishedArticleCount"), "a counter"),
    kept={**_PLACE, "defaultSort": "how its articles are ordered"},
    volatile=_COUNTERS,
)

ARTICLE = ObjectMap(
    "article",
    (
        Table(
            "article",
            (
                Map("source_url", "publicUrl"),
                Map("category_id", ".", RefBy(own.parent)),
                Map("category_ids", ".", RefsBy(own.categories)),
                Map("title", "name"),
                Map("body_html", "text"),
                Map("body_text", "text", html_to_text),
                Map("status", "status", choice(_STATUS, unknown="draft", what="article status")),
                Map("visibility", "collection.visibility", visibility),
                Map("author_id", "createdBy", RefBy(own.user)),
                Map("labels", "keywords", whole),
                *TIMES,
            ),
            takes=("collection", "categories"),
        ),
    ),
    ignored={"viewCount": "a counter", "popularity": "a counter"},
    kept={
        **_PLACE,
        "collectionId": "the collection it is in",
        "related": "articles that are shown beside it",
        "hasDraft": "whether there is a newer text that is not published",
        "code": "what the vendor wraps around the text",
        "lastPublishedAt": "when the text was published",
    },
    volatile=_COUNTERS,
)

MAPS = (COLLECTION, CATEGORY, ARTICLE)
