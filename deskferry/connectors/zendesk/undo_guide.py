"""Taking back what was written into the help centre, and macros: deleted, or given back what they held.

The API archives articles and deletes nothing of them for good; a category or section is deleted with all that is in it,
so that one that holds more than this run wrote is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.connectors.kit.contract import Operation, Resolve, Undone, Written
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk.answers import problems
from deskferry.connectors.zendesk.send_guide import SHELVES, TEXT, change

ARCHIVED = "archived_article"
_PATHS: Mapping[str, str] = {
    "category": "help_center/categories/{}.json",
    "section": "help_center/sections/{}.json",
    "article": "help_center/articles/{}.json",
    "translation": "help_center/translations/{}.json",
    "article_attachment": "help_center/articles/attachments/{}.json",
    "macro": "macros/{}",
}
_INSIDE: Mapping[str, tuple[str, str]] = {
    "category": ("help_center/categories/{}/sections.json", "sections"),
    "section": ("help_center/sections/{}/articles.json", "articles"),
}
"""What a category or section takes along when it is deleted: list, and its envelope."""
_PAGE = 100
_JUDGED = (400, 403, 404, 409, 422)


def before(session: Session, operation: Operation, resolve: Resolve) -> dict[str, Any] | None:
    """Return what the keys of an update hold now; None where the record is gone."""
    assert operation.target is not None
    target = resolve(operation.target)
    what = operation.call.partition(".")[0].removeprefix("guide_")
    own: Mapping[str, Any] = {}
    if what in {"article", "macro"}:
        answer = session.request_json("GET", _PATHS[what].format(target), allow=(404,))
        if answer.status == 404:
            return None
        own = answer.body[what]
    if what == "macro":
        return {key: own.get(key) for key in operation.body}
    kind = SHELVES.get(what, "articles")
    path = f"help_center/{kind}/{target}/translations/{operation.body['locale']}.json"
    answer = session.request_json("GET", path, allow=(404,))
    if answer.status == 404:
        return None
    text = answer.body["translation"]
    known = {**own, **{key: text.get(key) for key in TEXT}, "name": text.get("title"), "description": text.get("body")}
    return {"_target": target, **{key: known.get(key) for key in operation.body}}


def undo(session: Session, written: Written) -> Undone:
    """Take one operation back."""
    if written.action == "update":
        return _changed_back(session, written)
    if written.receipt.get("adopted"):
        return Undone("done")
    if written.object in _INSIDE and _holds_something(session, written):
        return Undone("refused", code="not_empty", detail="it holds what is not of this run")
    answer = session.request_json(
        "DELETE", _PATHS[written.object].format(written.remote_id), allow=_JUDGED, idempotent=True
    )
    residue = ARCHIVED if written.object == "article" else ""
    if answer.status == 404:
        return Undone("gone", residue)
    if answer.status >= 300:
        return Undone("refused", code="not_deleted", detail=problems(answer))
    return Undone("done", residue)


def _holds_something(session: Session, written: Written) -> bool:
    path, name = _INSIDE[written.object]
    if any(_rows(session, path.format(written.remote_id), name)):
        return True
    if written.object != "section":
        return False
    # Sections inside sections (Enterprise): no list of their own, they lie in that of the category.
    answer = session.request_json("GET", _PATHS["section"].format(written.remote_id), allow=(404,))
    if answer.status == 404:
        return False
    above, listed = _INSIDE["category"]
    rows = _rows(session, above.format(answer.body["section"]["category_id"]), listed)
    return any(str(one.get("parent_section_id")) == written.remote_id for one in rows)


def _rows(session: Session, path: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield a list page by page; nothing where it is gone."""
    page = 1
    while True:
        answer = session.request_json("GET", path, params={"per_page": _PAGE, "page": page}, allow=(404,))
        found = (answer.body.get(name) or ()) if answer.status == 200 else ()
        yield from found
        if not found or not answer.body.get("next_page"):
            return
        page += 1


def _changed_back(session: Session, written: Written) -> Undone:
    held = dict(written.before or {})
    target = str(held.pop("_target", written.remote_id))
    if not held:
        return Undone("done")
    answer = change(session, written.call, held, target)
    if answer.status == 404:
        return Undone("gone")
    return Undone("done") if answer.status < 300 else Undone("refused", code="not_changed", detail=problems(answer))
