"""Rules on how a desk is set up: inboxes, tags, articles."""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule


def _unused(desk: Desk) -> ir.Table:
    tickets = desk.live("ticket")
    used = tickets.select(used="key_of_inbox_id").union(tickets.select(used="key_of_brand_id")).distinct()
    return desk.live("inbox").anti_join(used, [("key_of_id", "used")]).mutate(record_id="id")


def _spellings(desk: Desk) -> ir.Table:
    """Yield tags that are written otherwise more often."""
    rows = desk.live("tagging")
    used = rows.group_by("connection", "tag").aggregate(n=rows.count())
    used = used.mutate(plain=used.tag.strip().lower())
    order = ibis.window(group_by=["connection", "plain"], order_by=[used.n.desc(), used.tag])
    seldom = used.mutate(place=ibis.row_number().over(order)).filter(ibis._.place > 0)
    return rows.semi_join(seldom, ["connection", "tag"]).mutate(record_id=rows.id)


def _same_title(desk: Desk) -> ir.Table:
    rows = desk.live("article")
    rows = rows.filter(rows.title.notnull(), rows.title != "")
    rows = rows.mutate(plain=rows.title.strip().lower(), place=rows.locale.fill_null(""))
    same = ["connection", "plain", "place"]
    several = rows.group_by(same).aggregate(others=rows.count() - 1).filter(ibis._.others > 0)
    return rows.inner_join(several, same).mutate(record_id=rows.id)


def _blank(column: str, rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return rows[column].isnull() | (rows[column] == "")


RULES = (
    Rule(
        "inbox.unused", "inbox", Dimension.COMPLETENESS, Severity.INFO, "Inboxes without a ticket",
        "no ticket arrived there", "Leave it out of a migration, or see whether its tickets were pulled.",
        {"inbox": ("key_of_id",), "ticket": ("key_of_inbox_id", "key_of_brand_id")}, offending=_unused,
    ),
    Rule(
        "tagging.odd_case", "tagging", Dimension.CONSISTENCY, Severity.WARNING,
        "Tags in another spelling than usual", "on a {kind}; most of this tag have other upper and lower case",
        "Agree on one spelling: numbers by tag count them apart.",
        {"tagging": ("kind", "tag")}, offending=_spellings,
    ),
    Rule(
        "article.without_category", "article", Dimension.COMPLETENESS, Severity.WARNING,
        "Articles without a category", "nobody finds it by browsing", "Put it into a category, or archive it.",
        {"article": ("category_id",)}, where=partial(_blank, "category_id"),
    ),
    Rule(
        "article.no_translation_text", "article_translation", Dimension.COMPLETENESS, Severity.WARNING,
        "Translations without a text", "the translation into {locale} is empty",
        "Translate it, or take the language back: readers get an empty page.",
        {"article_translation": ("body_html", "body_text", "locale")},
        where=lambda rows, desk: _blank("body_html", rows, desk) & _blank("body_text", rows, desk),
    ),
    Rule(
        "article.duplicate_title", "article", Dimension.UNIQUENESS, Severity.WARNING,
        "Articles of the same title", "{others} others have the same title",
        "Readers cannot tell them apart: merge them, or say in the title how they differ.",
        {"article": ("title", "locale")}, offending=_same_title,
        among=lambda rows, desk: ~_blank("title", rows, desk),
    ),
)  # fmt: skip
