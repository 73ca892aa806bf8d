"""Articles whose own language is not the destination's first: a translation changes places with them."""

from __future__ import annotations

from dataclasses import replace

from deskferry.connectors.kit.contract import ArticleAggregate

LANGUAGE_SWAPPED = "language_swapped"
"""Cause of loss: the translation that `value` names became the article, and the article that translation."""
_TEXT = ("title", "body_html", "body_text", "status", "locale")


def swapped(aggregate: ArticleAggregate, translation: str) -> ArticleAggregate:
    """Return an article whose text is that of a translation, and the translation with the article's."""
    article = aggregate.article
    other = next(one for one in aggregate.translations if one["id"] == translation)
    return replace(
        aggregate,
        article={**article, **{name: other.get(name) for name in _TEXT}},
        translations=tuple(
            {**one, **{name: article.get(name) for name in _TEXT}} if one is other else one
            for one in aggregate.translations
        ),
    )
