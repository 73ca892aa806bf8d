"""Freshdesk → canonical rows: the knowledge base and the canned responses.

Reference: https://developers.freshdesk.com/api (2026-01-16), "Solutions" and "Canned Responses". Who may read an
article is a matter of its folder, which therefore comes along with it, as do the languages that it is written in.
"""

from __future__ import annotations

from typing import Any

from deskferry.connectors.freshdesk import converters as own
from deskferry.connectors.freshdesk.read_people import TIMES
from deskferry.connectors.kit.converters import alone, whole
from deskferry.connectors.kit.mapping import Const, Link, Map, ObjectMap, Raw, RefsBy, RefTo, Table, Unreadable

_SIGNED = ("attachments[].attachment_url", "attachments[].thumb_url", "attachments[].canonical_url")
_COUNTERS = ("hits", "thumbs_up", "thumbs_down")
FOLDER_VISIBILITY = {1: "public", 2: "signed_in", 3: "agents", 4: "restricted", 5: "restricted", 6: "restricted",
                     7: "restricted"}  # fmt: skip
"""All, logged in, agents, selected companies, bots, segments of contacts, of companies."""
_ARTICLE_STATUS = {1: "draft", 2: "published"}
_RESPONSE_VISIBILITY = {0: "agents", 1: "restricted", 2: "restricted"}
"""All agents, the one who made it, some groups."""


def article_visibility(article: Raw) -> str:
    """Return who may read an article, by its folder; what is not known is `restricted`."""
    folder = article.get("folder") or {}
    return FOLDER_VISIBILITY.get(folder.get("visibility") or 0, "restricted")


def article_status(code: Any) -> str | None:
    """Return how far an article or a translation is."""
    if code is None:
        return None
    if code not in _ARTICLE_STATUS:
        raise Unreadable("unknown_value", f"article status {code!r}")
    return _ARTICLE_STATUS[code]


def response_visibility(code: Any) -> str:
    """Return who may use a canned response; what is not known is `restricted`."""
    return _RESPONSE_VISIBILITY.get(code, "restricted")


_READERS = ("visibility", "company_ids", "contact_segment_ids", "company_segment_ids")


def folder_extra(folder: Raw) -> Raw | None:
    """Return what a folder has beyond a category of articles: who may read what is in it."""
    return {key: folder[key] for key in _READERS if folder.get(key) not in (None, [])} or None


_NAMED = (Map("name", "name"), Map("description", "description"), Map("locale", "language"))

CATEGORY = ObjectMap(
    "category",
    (Table("article_category", (*_NAMED, *TIMES)),),
    kept={"visible_in_portals": "the portals that show it"},
)

FOLDER = ObjectMap(
    "folder",
    (
        Table(
            "article_category",
            (*_NAMED, Map("parent_id", "category_id", RefTo("category")), *TIMES),
            when=lambda folder, _raw: folder.get("parent_folder_id") is None,
            takes=("parent_folder_id",),
        ),
        Table(
            "article_category",
            (
                *_NAMED,
                Map("parent_id", "parent_folder_id", RefTo("folder")),
                Map("extra", ".", folder_extra),
                *TIMES,
            ),
            when=lambda folder, _raw: folder.get("parent_folder_id") is not None,
        ),
    ),
    ignored={
        "hierarchy": "repeats what it is in",
        "articles_count": "a counter",
        "sub_folders_count": "a counter",
    },
    kept=dict.fromkeys(_READERS, "who may read its articles"),
    volatile=("articles_count", "sub_folders_count", "hierarchy"),
)

_TEXT = (
    Map("title", "title"),
    Map("body_html", "description"),
    Map("body_text", "description_text"),
    Map("status", "status", article_status),
    *TIMES,
)

ARTICLE = ObjectMap(
    "article",
    (
        Table(
            "article",
            (
                *_TEXT,
                Map("source_url", "id", Link("/a/solutions/articles/{}")),
                Map("category_id", "folder_id", RefTo("folder")),
                Map("category_ids", "folder_id", RefsBy(alone("folder"))),
                Map("visibility", ".", article_visibility),
                Map("author_id", "agent_id", RefTo("user")),
                Map("locale", "language"),
                Map("labels", "tags", whole),
            ),
            takes=("folder",),
        ),
        Table(
            "article_translation",
            (*_TEXT, Map("locale", "language"), Map("article_id", "^id", RefTo("article"))),
            each="translations",
            source_id=None,
            part="translation",
            key="language",
        ),
        Table(
            "attachment",
            (
                Map("article_id", "^id", RefTo("article")),
                Map("filename", "name"),
                Map("content_type", "content_type"),
                Map("size", ".", own.size),
                Map("is_inline", via=Const(False)),
                Map("url", "attachment_url"),
                *TIMES,
            ),
            each="attachments",
            of="attachment",
        ),
    ),
    ignored={
        "category_id": "the folder tells it",
        "hierarchy": "repeats what it is in",
        **dict.fromkeys(_COUNTERS, "a counter that moves by itself"),
    },
    kept={
        "type": "permanent or workaround",
        "seo_data": "title, description and keywords for search engines",
        "cloud_files": "links to files elsewhere",
    },
    volatile=(*_COUNTERS, *(f"translations[].{name}" for name in _COUNTERS), "hierarchy", *_SIGNED),
)

CANNED_RESPONSE = ObjectMap(
    "canned_response",
    (
        Table(
            "macro",
            (
                Map("name", "title"),
                Map("body_html", "content_html"),
                Map("body_text", "content"),
                Map("visibility", "visibility", response_visibility),
                *TIMES,
            ),
        ),
    ),
    kept={
        "folder_id": "the folder that it is in",
        "folder": "the folder that it is in",
        "group_ids": "the groups that may use it",
        "attachments": "its files",
    },
    volatile=_SIGNED,
)

MAPS = (CATEGORY, FOLDER, ARTICLE, CANNED_RESPONSE)
