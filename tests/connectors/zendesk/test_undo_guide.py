"""The help centre and macros given back: what others put there stays, what is archived is told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import Operation, Ref, Written
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk import CONNECTOR
from deskferry.connectors.zendesk.undo_guide import before, undo
from tests.connectors.zendesk.desk import Desk, connection

PATHS = {
    "category": "help_center/categories/7.json",
    "section": "help_center/sections/7.json",
    "article": "help_center/articles/7.json",
    "translation": "help_center/translations/7.json",
    "article_attachment": "help_center/articles/attachments/7.json",
    "macro": "macros/7",
}
CALLS = {"translation": "guide_translation", "article_attachment": "guide_file", "macro": "macro"}


def session(desk: Desk) -> Session:
    return CONNECTOR.session(connection(), VirtualClock(1_740_000_000), httpx.MockTransport(desk))


def created(name: str, **more: Any) -> Written:
    call = f"{CALLS.get(name, f'guide_{name}')}.create"
    return Written("old:article:1", "", "article", call, "create", name, "7", **more)


def changed(call: str, held: dict[str, Any] | None, name: str = "article", remote_id: str = "7") -> Written:
    return Written("old:article:1", "", "article", call, "update", name, remote_id, before=held)


def sent(desk: Desk) -> list[tuple[str, str, Any]]:
    """Return what was written: method, path, body."""
    return [
        (one.method, one.url.path.removeprefix("/api/v2/"), json.loads(one.content) if one.content else None)
        for one in desk.requests if one.method != "GET"
    ]  # fmt: skip


def gone() -> httpx.Response:
    return httpx.Response(204)


@pytest.mark.parametrize("name", ["article", "translation", "article_attachment", "macro"])
def test_what_was_created_is_deleted(name: str) -> None:
    desk = Desk(**{PATHS[name]: gone()})
    undone = undo(session(desk), created(name))
    residue = "archived_article" if name == "article" else ""
    assert (undone.state, undone.residue) == ("done", residue)
    assert sent(desk) == [("DELETE", PATHS[name], None)]
    # A deletion whose answer was lost is asked for again, and leaves the same behind.
    again = undo(session(Desk()), created(name))
    assert (again.state, again.residue) == ("gone", residue)


@pytest.mark.parametrize("name", ["category", "section", "article"])
def test_what_was_adopted_is_not_touched(name: str) -> None:
    desk = Desk()
    assert undo(session(desk), created(name, receipt={"adopted": True})).state == "done"
    assert desk.calls == []


@pytest.mark.parametrize(
    ("name", "inside", "rows"),
    [("category", "help_center/categories/7/sections.json", "sections"),
     ("section", "help_center/sections/7/articles.json", "articles")],
)  # fmt: skip
def test_a_shelf_with_something_on_it_stays(name: str, inside: str, rows: str) -> None:
    desk = Desk(**{inside: {rows: [{"id": 9}]}})
    undone = undo(session(desk), created(name))
    assert (undone.state, undone.code) == ("refused", "not_empty")
    assert sent(desk) == []


def test_an_empty_category_goes() -> None:
    desk = Desk(**{"help_center/categories/7/sections.json": {"sections": []}, PATHS["category"]: gone()})
    assert undo(session(desk), created("category")).state == "done"
    assert sent(desk) == [("DELETE", PATHS["category"], None)]


@pytest.mark.parametrize(("parent", "state"), [(7, "refused"), (8, "done"), (None, "done")])
def test_a_section_that_somebody_put_another_one_into_stays(parent: int | None, state: str) -> None:
    """The section in it may be far down the list of the category."""

    def sections(asked: dict[str, str]) -> Any:
        if asked["page"] == "1":
            return {"sections": [{"id": 7, "parent_section_id": None}], "next_page": "https://acme.zendesk.com/x"}
        return {"sections": [{"id": 9, "parent_section_id": parent}], "next_page": None}

    desk = Desk(**{
        "help_center/sections/7/articles.json": {"articles": []},
        PATHS["section"]: [{"section": {"id": 7, "category_id": 5}}, gone()],
        "help_center/categories/5/sections.json": sections,
    })  # fmt: skip
    assert undo(session(desk), created("section")).state == state
    assert bool(sent(desk)) == (state == "done")


def test_a_refusal_is_told() -> None:
    refused = httpx.Response(403, json={"error": "Forbidden", "description": "not yours"})
    undone = undo(session(Desk(**{PATHS["article"]: refused})), created("article"))
    assert (undone.state, undone.residue, undone.code) == ("refused", "", "not_deleted")


# ---------------------------------------------------------------------------------------------------------- changing


def operation(call: str, body: dict[str, Any], target: str = "old:article:1") -> Operation:
    return Operation(
        record_id="old:article:1", part="", kind="article", action="update", call=call, object="article", body=body,
        target=Ref(target), source_hash="h", mark="m",
    )  # fmt: skip


def resolve(_ref: Ref) -> str:
    return "7"


def test_an_article_gets_back_its_own_and_its_text() -> None:
    held = {"user_segment_id": 3, "label_names": ["a"], "title": "not this one"}
    text = {"title": "Before", "body": "<p>Before</p>", "draft": True, "locale": "en-us"}
    desk = Desk(**{
        PATHS["article"]: [{"article": held}, {"article": {"id": 7}}],
        "help_center/articles/7/translations/en-us.json": [{"translation": text}, {"translation": {"id": 8}}],
    })  # fmt: skip
    body = {"user_segment_id": None, "label_names": [], "title": "After", "body": "<p>After</p>", "draft": False,
            "locale": "en-us"}  # fmt: skip
    found = before(session(desk), operation("guide_article.update", body), resolve)
    assert found == {"_target": "7", "user_segment_id": 3, "label_names": ["a"], **text}
    assert undo(session(desk), changed("guide_article.update", found)).state == "done"
    assert sent(desk) == [
        ("PUT", PATHS["article"], {"article": {"user_segment_id": 3, "label_names": ["a"]}}),
        ("PUT", "help_center/articles/7/translations/en-us.json",
         {"translation": {"title": "Before", "body": "<p>Before</p>", "draft": True}}),
    ]  # fmt: skip


def test_a_translation_is_addressed_by_its_article() -> None:
    """The id that was written is the translation's own; its address is the article's, with the language."""
    path = "help_center/articles/7/translations/es.json"
    text = {"title": "Antes", "body": "<p>Antes</p>", "draft": False, "locale": "es"}
    desk = Desk(**{path: [{"translation": text}, {"translation": {"id": 88}}]})
    body = {"title": "Luego", "body": "<p>Luego</p>", "locale": "es", "draft": False}
    found = before(session(desk), operation("guide_translation.update", body), resolve)
    undone = undo(session(desk), changed("guide_translation.update", found, "translation", "88"))
    assert undone.state == "done"
    assert sent(desk) == [("PUT", path, {"translation": {"title": "Antes", "body": "<p>Antes</p>", "draft": False}})]


def test_a_section_gets_back_its_name() -> None:
    path = "help_center/sections/7/translations/en-us.json"
    desk = Desk(**{path: [{"translation": {"title": "Before", "body": "Old", "locale": "en-us"}}, {"translation": {}}]})
    body = {"name": "After", "description": "New", "locale": "en-us"}
    found = before(session(desk), operation("guide_section.update", body), resolve)
    assert undo(session(desk), changed("guide_section.update", found, "section")).state == "done"
    assert sent(desk) == [("PUT", path, {"translation": {"title": "Before", "body": "Old"}})]


def test_a_macro_gets_back_what_it_did() -> None:
    held = {"title": "Before", "actions": [{"field": "status", "value": "open"}], "active": False}
    desk = Desk(**{PATHS["macro"]: [{"macro": {**held, "id": 7}}, {"macro": {}}]})
    found = before(session(desk), operation("macro.update", {"title": "After", "actions": [], "active": True}), resolve)
    assert found == held
    assert undo(session(desk), changed("macro.update", found, "macro")).state == "done"
    assert sent(desk) == [("PUT", PATHS["macro"], {"macro": held})]


@pytest.mark.parametrize("call", ["guide_article.update", "guide_translation.update", "macro.update"])
def test_what_is_gone_before_a_change_has_no_image(call: str) -> None:
    body = {"title": "After", "locale": "en-us"}
    assert before(session(Desk()), operation(call, body), resolve) is None


def test_what_is_gone_since_is_told() -> None:
    held = {"_target": "7", "title": "Before", "locale": "en-us"}
    assert undo(session(Desk()), changed("guide_translation.update", held, "translation")).state == "gone"
    assert undo(session(Desk()), changed("guide_article.update", {})).state == "done"
