"""Articles and macros for Zendesk: who may read is never widened, files show where they stood."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.canonical_schema.enums import ArticleStatus, Visibility
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    CategoryAggregate,
    Composition,
    Earlier,
    Ref,
    Row,
    Target,
)
from deskferry.connectors.kit.links import LinkedText
from deskferry.connectors.zendesk import send_guide
from deskferry.connectors.zendesk.compose_knowledge import article, category
from deskferry.connectors.zendesk.compose_macro import macro
from deskferry.connectors.zendesk.guide import Guide

GUIDE = Guide(exists=True, locales=("en-us", "es"), signed_in=1, staff=2, permission_group=9)
NARROW = {"public": 0, "signed_in": 1, "agents": 2, "restricted": 2}
READERS: dict[Any, int] = {None: 0, 1: 1, 2: 2}
"""Segment → how narrow."""


class Plan:
    """Crossings in which agents and one team are there."""

    def target(self, record_id: str | None) -> Target | None:
        known = {"old:user:9": Target("900", "user", "agent"), "old:group:5": Target("50", "group")}
        return known.get(record_id or "")

    def linked(self, text: str) -> tuple[str, tuple[str, ...]]:
        return text, ()


def shelf(*above: str, **more: Any) -> CategoryAggregate:
    rows = [{"id": f"old:section:{name}", "name": name} for name in above]
    return CategoryAggregate(
        {"id": "old:section:1", "source_id": "1", "name": "First", **more}, tuple(rows), ("public",)
    )


def written(**more: Any) -> Row:
    return {"id": "old:article:1", "title": "Start", "body_html": "<p>Hi</p>", "status": "published", "locale": "en-us",
            "visibility": "public", "author_id": "old:user:9", "labels": ["a"], **more}  # fmt: skip


def made(row: Row, guide: Guide = GUIDE, files: tuple[Row, ...] = (), *translations: Row) -> Composition:
    return article(ArticleAggregate(row, translations, files, shelf("General")), Plan(), guide)  # type: ignore[arg-type]


def causes(made: Composition) -> set[str]:
    return {one.cause for one in made.losses}


@pytest.mark.parametrize("visibility", [*(one.value for one in Visibility), None, "friends"])
@pytest.mark.parametrize("status", [*(one.value for one in ArticleStatus), None])
@pytest.mark.parametrize("segments", [(1, 2), (None, 2), (1, None), (None, None)])
def test_readers_are_never_widened(visibility: Any, status: Any, segments: tuple[int | None, int | None]) -> None:
    guide = Guide(exists=True, locales=("en-us",), signed_in=segments[0], staff=segments[1], permission_group=9)
    composed = made(written(visibility=visibility, status=status), guide)
    body = composed.operations[0].body
    wanted = NARROW.get(str(visibility), 2)
    assert READERS[body["user_segment_id"]] >= wanted or body["draft"]
    assert body["draft"] or status == "published"
    exact = READERS[body["user_segment_id"]] == wanted and visibility not in {"restricted", None, "friends"}
    assert ("visibility_narrowed" in causes(composed)) is not exact


def test_an_update_says_who_may_read_only_where_the_source_says_otherwise() -> None:
    draft = made(written(visibility="agents")).operations[0]
    update = send_guide.as_update(draft)
    assert update is not None
    same, _losses = send_guide.amend(update, draft, Earlier({"user_segment_id": 2}))
    assert "user_segment_id" not in same.body
    changed, _losses = send_guide.amend(update, draft, Earlier({"user_segment_id": None}))
    assert changed.body["user_segment_id"] == 2


def test_a_picture_shows_where_it_stood() -> None:
    url = "https://old.example/hc/article_attachments/5"
    files = ({"id": "old:article_attachment:5", "filename": "a.png", "size": 3, "sha256": "0" * 64, "url": url},)
    composed = made(written(body_html=f'<p><img src="{url}"></p>'), GUIDE, files)
    assert [one.call for one in composed.operations] == [
        "guide_article.create",
        "guide_file.create",
        "guide_text.update",
    ]
    text = composed.operations[-1].body["body"]
    assert isinstance(text, LinkedText)
    assert text.told(lambda link: f"new:{link.record_id}") == '<p><img src="new:old:article_attachment:5"></p>'


def test_languages_are_those_of_the_help_centre() -> None:
    text = {"title": "T", "body_html": "t", "status": "draft"}
    translations = [{"id": f"old:translation:{n}", "locale": one, **text} for n, one in enumerate(("es-mx", "ja"), 1)]
    composed = made(written(), GUIDE, (), *translations)
    assert [(one.part, one.body["locale"]) for one in composed.operations[1:]] == [("old:translation:1", "es")]
    assert "language_not_written" in causes(composed)


def test_without_a_help_centre_all_of_it_is_a_loss() -> None:
    composed = made(written(), Guide())
    assert (composed.operations, causes(composed)) == ((), {"no_help_center"})
    assert category(shelf("General"), Guide()).operations == ()


def test_what_lies_deeper_names_what_is_above_it() -> None:
    composed = category(shelf("General", "Billing"), GUIDE)
    (section,) = composed.operations
    assert (section.body["name"], section.target) == ("Billing / First", Ref("old:section:General"))
    assert "hierarchy_flattened" in causes(composed)


def prepared(**more: Any) -> Row:
    return {"id": "old:macro:1", "source_id": "1", "connection": "old", "vendor": "freshdesk", "name": "Hello",
            "body_html": "<p>Hi {{ticket.requester.firstname}}</p>", "visibility": "agents", **more}  # fmt: skip


def test_who_may_use_a_macro_is_never_widened() -> None:
    composed = macro(prepared(), Plan())  # type: ignore[arg-type]
    body = composed.operations[0].body
    assert body["actions"] == [{"field": "comment_value_html", "value": "<p>Hi {{ticket.requester.first_name}}</p>"}]
    assert "restriction" not in body
    for visibility in ("restricted", None, "odd"):
        own = macro(prepared(visibility=visibility), Plan())  # type: ignore[arg-type]
        assert (own.operations, causes(own)) == ((), {"macro_personal"})
        some = macro(prepared(visibility=visibility, extra={"group_ids": [5, 6]}), Plan())  # type: ignore[arg-type]
        assert some.operations[0].body["restriction"] == {"type": "Group", "ids": [Ref("old:group:5")]}
