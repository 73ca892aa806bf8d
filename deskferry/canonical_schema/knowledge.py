"""The knowledge base."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical, text_flags
from deskferry.canonical_schema.columns import choice, json_value, position, text, time
from deskferry.canonical_schema.enums import ArticleStatus, Visibility


class ArticleCategory(Canonical, table=True):
    """A category, section, folder or collection of articles."""

    __tablename__ = "article_category"

    name: str | None = text("Its name")
    description: str | None = text("What it holds")
    parent_id: str | None = text("The category that it is in; NULL at the top")
    position: int | None = position("Place among its siblings, as the vendor numbers them")
    locale: str | None = text("Language of name and description as a BCP 47 tag")


class Article(Canonical, table=True):
    """An article in its source language."""

    __tablename__ = "article"

    category_id: str | None = text("The category that it is mainly in")
    category_ids: Any = json_value(shapes.TEXTS, "All categories that it is in, the main one included")
    title: str | None = text("Its title")
    body_html: str | None = text("Text as HTML, as the vendor keeps it")
    body_text: str | None = text("Text without markup")
    status: str | None = choice(ArticleStatus, "How far it is in its life")
    visibility: str | None = choice(Visibility, "Who may read it; the stricter where unknown")
    author_id: str | None = text("The person who wrote it")
    locale: str | None = text("Its language as a BCP 47 tag")
    labels: Any = json_value(shapes.TEXTS, "Its labels, keywords or tags")
    text_flags: str | None = text_flags()


class ArticleTranslation(Canonical, table=True):
    """An article in one more language."""

    __tablename__ = "article_translation"

    article_id: str = text("The article", required=True, index=True)
    locale: str | None = text("The language as a BCP 47 tag")
    title: str | None = text("The title in that language")
    body_html: str | None = text("The text in that language as HTML")
    body_text: str | None = text("The text in that language without markup")
    status: str | None = choice(ArticleStatus, "How far the translation is in its life")
    text_flags: str | None = text_flags()


class ArticleComment(Canonical, table=True):
    """A reader's comment under an article."""

    __tablename__ = "article_comment"

    article_id: str = text("The article", required=True, index=True)
    author_id: str | None = text("The person who wrote it")
    body_html: str | None = text("Text as HTML")
    body_text: str | None = text("Text without markup")
    locale: str | None = text("The translation that it was written under")
    ticket_id: str | None = text("The ticket that was made from it")
    text_flags: str | None = text_flags()


class ArticleView(Canonical, table=True):
    """One page view in the help centre."""

    __tablename__ = "article_view"

    article_id: str | None = text("The article; NULL for a search or category page")
    visitor_id: str | None = text("The vendor's or the web statistics' id of the visitor (a cookie)")
    session_id: str | None = text("The id of the visit")
    person_id: str | None = text("The person, where the visitor was signed in")
    occurred_at: datetime | None = time("When the page was shown")
