"""The help centre: categories, sections, articles with their translations and files: vendor → canonical."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskferry.connectors.kit.converters import alone, html_to_text, integer, whole
from deskferry.connectors.kit.mapping import Map, ObjectMap, Raw, RefsBy, RefTo, Table
from deskferry.connectors.zendesk.read_people import API_URL, CREATED

_PLACE = (
    *CREATED,
    Map("source_url", "html_url"),
    Map("name", "name"),
    Map("description", "description"),
    Map("position", "position", integer),
    Map("locale", "locale"),
)
_SECTION_KEPT = ("source_locale", "outdated", "sorting", "theme_template", "manageable_by", "user_segment_id")


def section_extra(section: Raw) -> Raw | None:
    """Return what a section has beyond a category of articles."""
    return {key: section[key] for key in _SECTION_KEPT if section.get(key) not in (None, "", [], {})} or None


CATEGORY = ObjectMap(
    "category",
    (Table("article_category", _PLACE),),
    ignored={"url": API_URL},
    kept={"source_locale": "its own language", "outdated": "translation is out of date"},
)

SECTION = ObjectMap(
    "section",
    (
        Table(
            "article_category",
            (*_PLACE, Map("parent_id", "category_id", RefTo("category")), Map("extra", ".", section_extra)),
            when=lambda section, _raw: section.get("parent_section_id") is None,
            takes=("category_id", "parent_section_id"),
        ),
        Table(
            "article_category",
            (*_PLACE, Map("parent_id", "parent_section_id", RefTo("section")), Map("extra", ".", section_extra)),
            when=lambda section, _raw: section.get("parent_section_id") is not None,
        ),
    ),
    ignored={"url": API_URL},
    kept={
        "source_locale": "its own language", "outdated": "translation is out of date",
        "sorting": "order of its articles",
        "theme_template": "its template", "manageable_by": "who may edit", "user_segment_id": "who may see it",
    },
)  # fmt: skip

_BY_SEGMENT = {"signed_in_users": "signed_in", "staff": "agents"}
_ORDER = ("public", "signed_in", "agents", "restricted")


def article_visibility(article: Raw) -> str:
    """Return who may read an article, the strictest of its user segments; an unknown segment is `restricted`.

    Vendor: a null segment is everyone; `user_type` is signed_in_users or staff; tags, groups, organizations narrow it.
    """
    ids = list(article.get("user_segment_ids") or ())
    if not ids and article.get("user_segment_id") is not None:
        ids = [article["user_segment_id"]]
    known = {segment.get("id"): segment for segment in article.get("user_segments") or ()}
    found = [_segment_visibility(known.get(one)) for one in ids]
    return max(found, key=_ORDER.index, default="public")


def _segment_visibility(segment: Raw | None) -> str:
    if segment is None:
        return "restricted"
    narrowed = ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids")
    if any(segment.get(name) for name in narrowed):
        return "restricted"
    return _BY_SEGMENT.get(str(segment.get("user_type")), "restricted")


def article_status(draft: Any) -> str | None:
    """Return how far an article or translation is."""
    return None if draft is None else "draft" if draft else "published"


def in_another_language(translation: Any, article: Raw) -> bool:
    """Return whether a translation is one: the source language is the article itself."""
    return bool(translation.get("locale") != (article.get("source_locale") or article.get("locale")))


def _translations(article: Raw) -> Iterable[Raw]:
    return article.get("translations") or ()


_TRANSLATED = (
    *CREATED,
    Map("source_url", "html_url"),
    Map("locale", "locale"),
    Map("title", "title"),
    Map("body_html", "body"),
    Map("body_text", "body", html_to_text),
    Map("status", "draft", article_status),
)

ARTICLE = ObjectMap(
    "article",
    (
        Table(
            "article",
            (
                *CREATED,
                Map("source_url", "html_url"),
                Map("category_id", "section_id", RefTo("section")),
                Map("category_ids", "section_id", RefsBy(alone("section"))),
                Map("title", "title"),
                Map("body_html", "body"),
                Map("body_text", "body", html_to_text),
                Map("status", "draft", article_status),
                Map("visibility", ".", article_visibility),
                Map("author_id", "author_id", RefTo("user")),
                Map("locale", "locale"),
                Map("labels", "label_names", whole),
            ),
            takes=("translations", "user_segments"),
        ),
        Table(
            "article_translation",
            (*_TRANSLATED, Map("article_id", "^id", RefTo("article"))),
            each=_translations,
            of="translation",
            when=in_another_language,
        ),
    ),
    ignored={
        "url": API_URL,
        "name": "repeats `title`",
        "vote_sum": "a counter that moves by itself",
        "vote_count": "a counter that moves by itself",
        "translation_ids": "ids of the translations",
    },
    kept={
        "source_locale": "its own language", "comments_disabled": "whether readers may comment", "promoted": "promoted",
        "position": "its place", "outdated": "always false, says the vendor", "outdated_locales": "stale translations",
        "edited_at": "when the text was last edited", "user_segment_id": "who may read it",
        "user_segment_ids": "who may read it", "permission_group_id": "who may edit it",
        "content_tag_ids": "its content tags",
    },
    volatile=("vote_sum", "vote_count", "translations[].html_url"),
)  # fmt: skip

TRANSLATION = ObjectMap(
    "translation",
    (Table("article_translation", (*_TRANSLATED, Map("article_id", "source_id", RefTo("article")))),),
    ignored={"url": API_URL, "source_type": "always an article here"},
    kept={
        "outdated": "out of date", "hidden": "hidden", "created_by_id": "who wrote it",
        "updated_by_id": "who changed it",
    },
)  # fmt: skip

ARTICLE_ATTACHMENT = ObjectMap(
    "article_attachment",
    (
        Table(
            "attachment",
            (
                *CREATED,
                Map("article_id", "article_id", RefTo("article")),
                Map("filename", "file_name"),
                Map("content_type", "content_type"),
                Map("size", "size"),
                Map("is_inline", "inline"),
                Map("url", "content_url"),
            ),
        ),
    ),
    ignored={
        "url": API_URL, "display_file_name": "repeats `file_name`", "relative_path": "path of `content_url`",
        "legacy": "how the vendor stores it",
    },
    volatile=("content_url",),
    kept={"locale": "translation that shows it", "guide_media_id": "the vendor's media object"},
)  # fmt: skip

MAPS = (CATEGORY, SECTION, ARTICLE, TRANSLATION, ARTICLE_ATTACHMENT)
