"""The knowledge base and macros as categories, folders, articles and canned responses: readers above all."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from fd_account import AT, file, plan

from deskferry.canonical_schema.enums import ArticleStatus, Visibility
from deskferry.connectors.freshdesk import amend_beside
from deskferry.connectors.freshdesk.compose_knowledge import READERS, article, category, code_of
from deskferry.connectors.freshdesk.compose_macro import macro
from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    CategoryAggregate,
    Composition,
    Earlier,
    Operation,
    Ref,
    Row,
)

DESK = Desk(languages=frozenset({"en", "es", "de"}), language="en")
MAY_READ = {1: 0, 2: 1, 3: 2}
"""Folder's code → how narrow."""
NARROW = {"public": 0, "signed_in": 1, "agents": 2, "restricted": 2}
UNKNOWN = [*(one.value for one in Visibility), None, "friends"]


def shelf(number: int = 31, *above: Row, **more: Any) -> CategoryAggregate:
    row = {"id": f"old:section:{number}", "source_id": str(number), "name": f"Section {number}", "description": None}
    more = {"visibilities": ("public",), **more}
    return CategoryAggregate({**row, **more.pop("row", {})}, above or (top(),), **more)


def top(number: int = 3) -> Row:
    return {"id": f"old:category:{number}", "source_id": str(number), "name": "General", "description": "All"}


def written(**more: Any) -> Row:
    return {
        "id": "old:article:1", "vendor": "zendesk", "title": "Start", "body_html": "<p>Hello</p>",
        "status": "published", "visibility": "public", "author_id": "old:user:9", "locale": "en-us",
        "labels": ["a"], "created_at": AT, "source_url": "https://old.example/hc/en-us/articles/1", **more,
    }  # fmt: skip


def translation(locale: str, **more: Any) -> Row:
    return {"id": f"old:translation:{locale}", "title": f"T {locale}", "body_html": f"<p>{locale}</p>",
            "locale": locale, "status": "published", "article_id": "old:article:1", **more}  # fmt: skip


def made(
    row: Row, *translations: Row, files: tuple[Row, ...] = (), place: CategoryAggregate | None = None
) -> Composition:
    known = str(row["visibility"]) if row["visibility"] in NARROW else "restricted"
    place = place or shelf(visibilities=(known,))
    return article(ArticleAggregate(row, translations, files, place), plan(), DESK)


def causes(made: Composition) -> set[str]:
    return {one.cause for one in made.losses}


# ------------------------------------------------------------------------------------------------- who may read: a law


@pytest.mark.parametrize("visibility", UNKNOWN)
@pytest.mark.parametrize("status", [*(one.value for one in ArticleStatus), None, "odd"])
@pytest.mark.parametrize("first", [1, 2, 3, None])
def test_readers_are_never_widened(visibility: Any, status: Any, first: int | None) -> None:
    """Whatever the article, and whatever the category's first folder was made for."""
    known = visibility if visibility in NARROW else "restricted"
    place = shelf(
        visibilities=tuple(dict.fromkeys(("public", known))), earlier={} if first is None else {"visibility": first}
    )
    folders = {one.part: one.body["visibility"] for one in category(place, plan()).operations}
    composed = article(ArticleAggregate(written(visibility=visibility, status=status), (), (), place), plan(), DESK)
    create = composed.operations[0]
    assert isinstance(create.target, Ref)
    code = folders[create.target.part]
    assert MAY_READ[code] >= NARROW.get(str(visibility), 2)
    assert code == create.body[READERS] == code_of(visibility)
    exact = visibility in {"public", "signed_in", "agents"}
    assert ("visibility_narrowed" in causes(composed)) is not exact
    assert create.body["status"] == (2 if status == "published" else 1)
    assert ("status_folded" in causes(composed)) is (status not in {"published", "draft"})


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_category_has_a_folder_for_each_kind_of_readers(size: int) -> None:
    for chosen in combinations(("public", "signed_in", "agents", "restricted"), size):
        composed = category(shelf(visibilities=chosen), plan())
        codes = [one.body["visibility"] for one in composed.operations]
        assert codes == sorted({code_of(one) for one in chosen})
        assert composed.operations[0].part == ""
        names = [one.body["name"] for one in composed.operations]
        assert len(set(names)) == len(names)
        assert ("folder_by_readers" in causes(composed)) is (len(codes) > 1)


def test_the_first_folder_stays_what_it_was_made_for() -> None:
    """An article for everybody that comes later does not open the folder of the agents."""
    composed = category(shelf(visibilities=("public", "agents"), earlier={"visibility": 3}), plan())
    assert {one.part: one.body["visibility"] for one in composed.operations} == {"readers:1": 1, "": 3}


def test_an_update_of_a_folder_never_says_who_may_read_it() -> None:
    update = amend_beside.as_update(category(shelf(), plan()).operations[0])
    assert update is not None
    assert update.body == {"name": "Section 31"}


@pytest.mark.parametrize(
    ("was", "now", "status"), [(1, "agents", 1), (1, "signed_in", 1), (3, "public", 2), (2, "public", 2)]
)
def test_an_article_that_fewer_may_read_by_now_becomes_a_draft(was: int, now: str, status: int) -> None:
    draft = made(written(visibility=now)).operations[0]
    update = amend_beside.as_update(draft)
    assert update is not None
    changed, losses = amend_beside.readers(update, draft, Earlier({READERS: was}))
    assert (changed.body["status"], changed.body[READERS]) == (status, was)
    assert [(one.field, one.cause) for one in losses] == [("visibility", "update_not_possible")]
    same, none = amend_beside.readers(update, draft, Earlier({READERS: draft.body[READERS]}))
    assert (same.body["status"], none) == (2, [])


def test_a_folder_of_that_name_for_other_readers_is_not_taken() -> None:
    there = {"name": "Section 31", "extra": {"visibility": 1}}
    composed = category(shelf(visibilities=("agents",), taken={"section 31": there}), plan())
    assert composed.operations[0].body == {"name": "Section 31 (for agents)", "visibility": 3}
    assert "folder_by_readers" in causes(composed)
    same = category(shelf(visibilities=("public",), taken={"section 31": there}), plan())
    assert same.operations[0].body["name"] == "Section 31"


# --------------------------------------------------------------------------------------------------------- categories


def test_a_category_at_the_top_is_a_category() -> None:
    composed = category(CategoryAggregate(top()), plan())
    assert [(one.call, one.body) for one in composed.operations] == [
        ("solution_category.create", {"name": "General", "description": "All"})
    ]


def test_articles_right_in_a_top_category_get_a_folder_beside_it() -> None:
    place = CategoryAggregate(top(), visibilities=("public",))
    composed = category(place, plan())
    assert [one.part for one in composed.operations] == ["", "readers:1"]
    assert composed.operations[1].target == Ref("old:category:3")
    create = made(written(), place=place).operations[0]
    assert create.target == Ref("old:category:3", "readers:1")


def test_what_lies_deeper_names_what_is_above_it() -> None:
    composed = category(shelf(33, top(), {"id": "old:section:32", "name": "Billing"}), plan())
    assert composed.operations[0].body["name"] == "Billing / Section 33"
    assert composed.operations[0].target == Ref("old:category:3")
    assert "hierarchy_flattened" in causes(composed)


def test_a_section_without_articles_stays_behind() -> None:
    composed = category(shelf(visibilities=()), plan())
    assert (composed.operations, causes(composed)) == ((), {"empty_folder_not_written"})


# ----------------------------------------------------------------------------------------------------------- articles


def test_an_article_with_all_that_it_has() -> None:
    composed = made(written(), translation("es"), translation("ja"), files=(file(1), file(2, size=30 * 2**20)))
    create, spanish = composed.operations
    assert create.body["title"] == "Start"
    assert create.body["agent_id"] == Ref("old:user:9")
    assert create.body["seo_data"] == {"meta_keywords": "old:article:1"}
    assert [one.filename for one in create.files] == ["f1.txt"]
    assert (spanish.part, spanish.kind, spanish.body["_language"]) == (
        "old:translation:es",
        "article_translation",
        "es",
    )
    assert {"language_not_written", "file_too_large", "time_not_written"} <= causes(composed)


def test_keywords_of_its_own_are_kept() -> None:
    row = written(extra={"seo_data": {"meta_title": "T", "meta_keywords": ["a", "b"]}})
    assert made(row).operations[0].body["seo_data"] == {"meta_title": "T", "meta_keywords": "a,b,old:article:1"}


def test_an_author_who_is_no_agent_there_is_a_loss() -> None:
    for author in ("old:user:1", "old:user:8", "old:user:404"):
        composed = made(written(author_id=author))
        assert "agent_id" not in composed.operations[0].body
        assert "author_not_agent" in causes(composed)


def test_an_article_in_another_language_changes_places_with_its_translation() -> None:
    composed = made(written(locale="es", title="Inicio"), translation("en-us"), translation("de"))
    create, *others = composed.operations
    assert create.body["title"] == "T en-us"
    assert [(one.part, one.body["_language"], one.body["title"]) for one in others] == [
        ("old:translation:en-us", "es", "Inicio"), ("old:translation:de", "de", "T de"),
    ]  # fmt: skip
    assert "language_swapped" in causes(composed)
    alone = made(written(locale="es", title="Inicio"))
    assert alone.operations[0].body["title"] == "Inicio"
    assert "language_is_the_desks" in causes(alone)


def test_an_article_of_which_nobody_knows_the_section_is_a_loss_with_all_its_parts() -> None:
    composed = article(ArticleAggregate(written(), (translation("es"),), (file(1),), None), plan(), DESK)
    assert composed.operations == ()
    assert {one.record_id for one in composed.losses} == {"old:article:1", "old:translation:es", "old:attachment:1"}


def test_pictures_are_attached_and_named_where_they_stood() -> None:
    picture = file(1, filename="a.png", content_type="image/png", url="https://old.example/hc/article_attachments/5")
    composed = made(written(body_html='<p><img src="/hc/article_attachments/5"></p>'), files=(picture,))
    assert composed.operations[0].body["description"] == "<p>[image: a.png]</p>"
    assert "inline_image_attached" in causes(composed)


def test_many_files_go_with_further_calls() -> None:
    files = tuple(file(number, size=20 * 2**20) for number in (1, 2))
    composed = made(written(), files=files)
    assert [(one.call, one.part, len(one.files)) for one in composed.operations] == [
        ("solution_article.create", "", 1), ("solution_article.attach", "old:article:1#files2", 1),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- macros


def prepared(**more: Any) -> Row:
    return {
        "id": "old:macro:1", "source_id": "1", "connection": "old", "vendor": "zendesk", "name": "Refund::Approve",
        "body_html": None, "body_text": "Hi {{ticket.requester.first_name}} {{current_user.name}}",
        "visibility": "agents", **more,
        "actions": [{"field": "comment_value", "value": "Hi"}, {"field": "status", "value": "solved"}],
    }  # fmt: skip


def response(**more: Any) -> tuple[Operation | None, set[str]]:
    composed = macro(prepared(**more), plan(), may_write=True)
    return (composed.operations[0] if composed.operations else None), causes(composed)


def test_a_macro_becomes_a_canned_response_with_the_desks_own_placeholders() -> None:
    operation, lost = response()
    assert operation is not None
    assert operation.body["content_html"] == "Hi {{ticket.requester.firstname}} {{current_user.name}}"
    assert operation.body["visibility"] == 0
    assert lost == {"placeholder_unknown", "macro_actions_not_written"}


def test_what_a_scenario_did_is_named_in_its_own_words() -> None:
    scenario = prepared() | {"actions": [{"name": "priority", "value": "2"}, {"name": "send_email_to_requester"}]}
    told = [one.value for one in macro(scenario, plan(), may_write=True).losses if one.field == "actions"]
    assert told == ["priority, send_email_to_requester"]


def test_who_may_use_it_is_never_widened() -> None:
    for extra, expected in (
        ({"restriction": {"type": "User", "id": 2}}, "macro_personal"),
        ({"restriction": {"type": "Group", "ids": [404]}}, "macro_teams_unmatched"),
        ({}, "macro_personal"),
        (None, "macro_personal"),
    ):
        operation, lost = response(visibility="restricted", extra=extra)
        assert operation is None
        assert expected in lost
    for visibility in ("restricted", None, "odd"):
        operation, lost = response(visibility=visibility, extra={"restriction": {"type": "Group", "ids": [5, 404]}})
        assert operation is not None
        assert (operation.body["visibility"], operation.body["group_ids"]) == (2, [Ref("old:group:5")])
        assert "team_unmatched" in lost


def test_a_macro_without_a_text_stays_in_the_inventory() -> None:
    assert response(body_text=None) == (None, {"macro_without_text"})


def test_without_an_administrators_key_none_is_written() -> None:
    composed = macro(prepared(), plan(), may_write=False)
    assert (composed.operations, causes(composed)) == ((), {"administrator_needed"})
