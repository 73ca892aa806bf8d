"""Sending what belongs to the help centre, and looking for it: one call each, nobody who follows it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.kit.contract import (
    Earlier,
    Loss,
    OpenFile,
    Operation,
    Outcome,
    Ref,
    Resolve,
    WitnessArticle,
    Written,
)
from deskferry.connectors.kit.links import LINKS_LEFT, Addresses, Link, NewAddresses
from deskferry.connectors.kit.session import Answer, InDoubt, Session
from deskferry.connectors.zendesk.answers import problems
from deskferry.connectors.zendesk.compose_knowledge import FILE_LINK
from deskferry.connectors.zendesk.send import resolved
from deskferry.connectors.zendesk.settings import ADDRESSES

_PATHS: Mapping[str, tuple[str, str]] = {
    "guide_category.create": ("help_center/categories.json", "category"),
    "guide_section.create": ("help_center/categories/{}/sections.json", "section"),
    "guide_article.create": ("help_center/sections/{}/articles.json", "article"),
    "guide_translation.create": ("help_center/articles/{}/translations.json", "translation"),
    "macro.create": ("macros", "macro"),
    "guide_file.create": ("help_center/articles/{}/attachments.json", "article_attachment"),
}
_JUDGED = (400, 403, 404, 409, 413, 422)
TEXT = ("title", "body", "draft", "locale")
_ENVELOPES = {"article": "articles", "category": "categories", "section": "sections", "macro": "macros"}
SHELVES = {"category": "categories", "section": "sections"}


def is_guide(operation: Operation | Written) -> bool:
    """Whether an operation is of the help centre, or a macro."""
    return operation.call.startswith(("guide_", "macro."))


def as_update(operation: Operation) -> Operation | None:
    """Return the call that brings what was written to the present draft; None for files."""
    what = operation.call.partition(".")[0]
    if what == "guide_file":
        return None
    target = Ref(operation.record_id) if what == "guide_translation" else Ref(operation.record_id, operation.part)
    return replace(operation, action="update", call=f"{what}.update", target=target, files=())


def amend(update: Operation, draft: Operation, earlier: Earlier) -> tuple[Operation, list[Loss]]:
    """Return an update that says who may read only where the source says otherwise than before."""
    name = "user_segment_id"
    if draft.call != "guide_article.create" or name not in earlier.body or earlier.body[name] != draft.body.get(name):
        return update, []
    return replace(update, body={key: value for key, value in update.body.items() if key != name}), []


def send(session: Session, operation: Operation, resolve: Resolve, files: OpenFile, site: str) -> Outcome:
    """Send one operation once, and return what became of it."""
    told = NewAddresses(Addresses(site, ADDRESSES), lambda record_id: resolve(Ref(record_id)))

    def address(link: Link) -> str | None:
        if link.kind != FILE_LINK:
            return told(link)
        return f"{site}/hc/article_attachments/{resolve(Ref(operation.record_id, link.record_id))}"

    try:
        body = resolved(operation.body, resolve, address)  # type: ignore[arg-type]  # called as it is
        target = resolve(operation.target) if operation.target is not None else ""
        answer = _request(session, operation, body, target, files)
    except LookupError as missing:
        return Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))
    except InDoubt as doubt:
        return Outcome("in_doubt", code="no_answer", detail=str(doubt))
    if answer.status >= 300:
        return Outcome("refused", code=f"status_{answer.status}", detail=problems(answer))
    record = _record(operation, answer)
    receipt = {LINKS_LEFT: list(dict.fromkeys(told.left))} if told.left else {}
    if operation.action == "update" and operation.object == "translation":
        record = answer.body["translation"]  # its own id, not the article's that was addressed
    remote_id = str(record["id"]) if record.get("id") else None
    return Outcome("done", remote_id, record.get("html_url"), receipt=receipt)


def _record(operation: Operation, answer: Answer) -> Mapping[str, Any]:
    envelope = _PATHS.get(operation.call, ("", ""))[1]
    body = answer.body if isinstance(answer.body, Mapping) else {}
    found = body.get(envelope)
    return found if isinstance(found, Mapping) else {}


def _request(session: Session, operation: Operation, body: dict[str, Any], target: str, files: OpenFile) -> Answer:
    if operation.action == "update":
        return change(session, operation.call, body, target)
    path, envelope = _PATHS[operation.call]
    if operation.files:
        (file,) = operation.files
        part = ("file", file.filename, files(file), file.content_type)
        return session.request_json(
            "POST", path.format(target), data=[("inline", "false")], files=[part], allow=_JUDGED
        )
    more = {"notify_subscribers": False} if envelope == "article" else {}
    return session.request_json("POST", path.format(target), {envelope: body, **more}, allow=_JUDGED)


def change(session: Session, call: str, body: Mapping[str, Any], target: str) -> Answer:
    """Change a record: its text lies in its translations, all else is its own."""
    what = call.partition(".")[0].removeprefix("guide_")
    if what == "macro":
        return session.request_json("PUT", f"macros/{target}", {"macro": dict(body)}, allow=_JUDGED, idempotent=True)
    kind = SHELVES.get(what, "articles")
    text = {key: body[key] for key in TEXT if key in body and key != "locale"}
    if what in SHELVES:
        text = {"title": body["name"], **({"body": body["description"]} if "description" in body else {})}
    if what == "article":
        own = {key: value for key, value in body.items() if key not in TEXT}
        answer = session.request_json("PUT", f"help_center/articles/{target}.json", {"article": own}, allow=_JUDGED,
                                      idempotent=True)  # fmt: skip
        if answer.status >= 300:
            return answer
    path = f"help_center/{kind}/{target}/translations/{body['locale']}.json"
    return session.request_json("PUT", path, {"translation": text}, allow=_JUDGED, idempotent=True)


# ------------------------------------------------------------------------------------------------------- found again


def find(session: Session, operation: Operation, resolve: Resolve) -> list[str]:
    """Return the ids of what an operation in doubt may have made: by its name or title and text in its place."""
    target = resolve(operation.target) if operation.target is not None else ""
    path, envelope = _PATHS[operation.call]
    rows = _all(
        session, path.format(target), {"article": "articles", "category": "categories", "macro": "macros"}.get(envelope)
    )
    if envelope in {"category", "section"}:
        return [str(row["id"]) for row in rows if _folded(row.get("name")) == _folded(operation.body["name"])]
    if envelope == "translation":
        return [str(row["id"]) for row in rows if row.get("locale") == operation.body["locale"]]
    if envelope == "article_attachment":
        file = operation.files[0]
        return [str(row["id"]) for row in rows if (row.get("file_name"), row.get("size")) == (file.filename, file.size)]
    title = _folded(operation.body["title"])
    return [str(row["id"]) for row in rows if _folded(row.get("title")) == title]


def _all(session: Session, path: str, envelope: str | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = session.request_json("GET", path, params={"per_page": 100, "page": page}, allow=(403, 404))
        body = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
        listed = next((value for key, value in body.items() if isinstance(value, list) and envelope in (None, key)), [])
        rows += listed
        if not body.get("next_page") or not listed:
            return rows
        page += 1


def _folded(text: Any) -> str:
    return " ".join(str(text or "").split()).casefold()


# ------------------------------------------------------------------------------------------------------------ witness


def witness_article(session: Session, remote_id: str) -> WitnessArticle | None:
    """Return a written article at hand-named paths of the raw JSON; None when it is gone."""
    answer = session.request_json("GET", f"help_center/articles/{remote_id}.json", allow=(404,))
    if answer.status == 404:
        return None
    raw = answer.body["article"]
    files = session.request_json("GET", f"help_center/articles/{remote_id}/attachments.json", allow=(404,))
    listed = (files.body or {}).get("article_attachments") or () if files.status == 200 else ()
    return WitnessArticle(
        str(raw["id"]), str(raw.get("title") or ""), str(raw.get("body") or ""),
        "draft" if raw.get("draft") else "published", _readers(session, raw),
        {str(one["id"]): (int(one.get("size") or 0), str(one.get("content_url") or "")) for one in listed},
    )  # fmt: skip


def _readers(session: Session, raw: Mapping[str, Any]) -> str | None:
    if raw.get("user_segment_id") is None:
        return "public"
    answer = session.request_json("GET", f"help_center/user_segments/{raw['user_segment_id']}.json", allow=(403, 404))
    if answer.status != 200:
        return None
    found = answer.body["user_segment"]
    narrowed = any(found.get(name) for name in ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids"))
    return "restricted" if narrowed else {"signed_in_users": "signed_in", "staff": "agents"}.get(found["user_type"])
