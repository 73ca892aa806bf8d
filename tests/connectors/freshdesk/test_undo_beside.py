"""Taking back what stands beside tickets: what was there before stays, what goes with its article is not asked for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fd_account import Desk, answered

from deskferry.connectors.freshdesk.undo import undo
from deskferry.connectors.kit.contract import Written


def written(call: str, remote_id: str = "7", **more: Any) -> Written:
    return Written("old:article:1", "", "article", call, "create", "article", remote_id, **more)


@pytest.mark.parametrize("call", ["solution_folder.create", "solution_category.create", "company.create"])
def test_what_was_adopted_is_left_as_it_was(call: str) -> None:
    desk = Desk()
    assert undo(desk.session(), written(call, receipt={"adopted": True})).state == "done"
    assert desk.calls() == []


def test_an_article_is_deleted_and_its_files_with_it() -> None:
    desk = Desk({"DELETE solutions/articles/7": httpx.Response(204)})
    assert undo(desk.session(), written("solution_article.create")).state == "done"
    assert undo(desk.session(), written("solution_article.attach", target="7")).state == "gone"
    assert desk.calls() == ["DELETE solutions/articles/7", "GET solutions/articles/7"]


def test_files_that_were_added_later_stay_with_their_article() -> None:
    desk = Desk({"GET solutions/articles/7": answered({"id": 7})})
    undone = undo(desk.session(), written("solution_article.attach", target="7"))
    assert (undone.state, undone.residue) == ("refused", "kept_translation")
    assert desk.calls() == ["GET solutions/articles/7"]
