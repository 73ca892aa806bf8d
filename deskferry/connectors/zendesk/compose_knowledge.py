"""The knowledge base as categories, sections and articles; an article says itself who may read it.

Sections lie in categories; deeper nesting is a feature of the highest plan, so that what lies deeper becomes a section
that names those above it. Whoever follows a section is never notified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from deskferry.connectors.kit.composing import AGENT_ROLES, extra_lost, iso, not_written, source_hash
from deskferry.connectors.kit.contract import (
    ArticleAggregate,
    CategoryAggregate,
    Composition,
    Crossings,
    FilePart,
    Loss,
    Operation,
    Ref,
    Row,
)
from deskferry.connectors.kit.links import LINK_LEFT, Link, LinkedText, Text
from deskferry.connectors.kit.pieces import as_html
from deskferry.connectors.zendesk.guide import Guide

FILE_LINK = "article_file"
"""Kind of a link to a file of the article itself."""
FILE_LIMIT = 20 * 1024 * 1024
"""Bytes of one file of an article: the vendor documents no other limit than that of its media."""
SECTION_PART = "section"
"""Part of the section beside a category that holds articles itself."""
_KEPT = frozenset({"promoted", "position", "comments_disabled", "source_locale", "permission_group_id",
                   "user_segment_id", "user_segment_ids", "edited_at"})  # fmt: skip
"""What of the same vendor crosses in its own place, or is said otherwise."""
_RELATIVE = re.compile(r"""(\b(?:href|src)\s*=\s*["'])(/[^"'/][^"']*)""", re.IGNORECASE)


def category(aggregate: CategoryAggregate, guide: Guide) -> Composition:
    """Return the category or the section of a category."""
    row = aggregate.row
    losses = [*not_written(row, ("created_at",), "time_not_written"), *extra_lost(row)]
    if not guide.exists:
        return Composition((), (Loss(row["id"], "article_category", row.get("name"), "no_help_center"),))
    name = " ".join(str(row.get("name") or "").split()) or str(row.get("source_id"))
    above = aggregate.ancestors
    operations = []
    if len(above) > 1:
        name = " / ".join([*(str(one["name"]) for one in above[1:]), name])
        losses.append(Loss(row["id"], "parent_id", name, "hierarchy_flattened"))
    if not above:
        operations.append(_shelf(aggregate, "", "category", name, None, guide))
    if above or aggregate.visibilities:
        target, part = (Ref(above[0]["id"]), "") if above else (Ref(row["id"]), SECTION_PART)
        operations.append(_shelf(aggregate, part, "section", name, target, guide))
    return Composition(tuple(operations), tuple(losses))


def _shelf(
    aggregate: CategoryAggregate, part: str, object_name: str, name: str, target: Ref | None, guide: Guide
) -> Operation:
    row = aggregate.row
    body = {"name": name, "locale": guide.locale(row.get("locale")) or guide.locales[0]}
    if row.get("description"):
        body["description"] = row["description"]
    if row.get("position") is not None:
        body["position"] = row["position"]
    return Operation(
        record_id=row["id"], part=part, kind="article_category", action="create", call=f"guide_{object_name}.create",
        object=object_name, body=body, target=target, mark=name, source_hash=source_hash(row),
    )  # fmt: skip


def segment(visibility: Any, guide: Guide) -> tuple[int | None, bool, bool]:
    """Return the segment of those who may read, whether it is as wide as at the source, and whether it must be a draft.

    No segment is everybody: only what is surely public has none.
    """
    if visibility == "public":
        return None, True, False
    wanted = guide.signed_in if visibility == "signed_in" else None
    found = wanted if wanted is not None else guide.staff
    exact = found is not None and (visibility == "agents" or wanted is not None)
    return found, exact, found is None


@dataclass(slots=True)
class _Draft:
    aggregate: ArticleAggregate
    crossings: Crossings
    guide: Guide
    losses: list[Loss] = field(default_factory=list)

    def lose(self, row: Row, name: str, value: Any, cause: str) -> None:
        self.losses.append(Loss(row["id"], name, iso(value), cause))


def article(aggregate: ArticleAggregate, crossings: Crossings, guide: Guide) -> Composition:
    """Return an article's operations: itself, its files, its translations, the texts that show its files."""
    row = aggregate.article
    cause = _cannot(aggregate, guide)
    if cause is not None:
        rows = [(row, "article"), *((one, "article_translation") for one in aggregate.translations)]
        rows += [(one, "file") for one in aggregate.attachments]
        return Composition((), tuple(Loss(one["id"], name, None, cause) for one, name in rows))
    draft = _Draft(aggregate, crossings, guide)
    files = _files(draft)
    operations = [_article(draft), *(_file(row, one) for one in files)]
    texts = [(row, guide.locale(row.get("locale")) or guide.locales[0]), *_locales(draft)]
    operations += [_translation(draft, one, locale) for one, locale in texts[1:]]
    operations += _images(draft, texts, {one.attachment_id for one in files})
    draft.losses += not_written(row, ("created_at",), "time_not_written")
    draft.losses += extra_lost({**row, "extra": {k: v for k, v in (row.get("extra") or {}).items() if k not in _KEPT}})
    return Composition(tuple(operations), tuple(draft.losses))


def _cannot(aggregate: ArticleAggregate, guide: Guide) -> str | None:
    if not guide.exists or guide.permission_group is None:
        return "no_help_center"
    return "category_unknown" if aggregate.category is None else None


def _article(draft: _Draft) -> Operation:
    row, guide = draft.aggregate.article, draft.guide
    shelf = draft.aggregate.category
    assert shelf is not None
    readers, exact, hidden = segment(row.get("visibility"), guide)
    if not exact:
        draft.lose(row, "visibility", row.get("visibility"), "visibility_narrowed")
    locale = guide.locale(row.get("locale"))
    if locale is None:
        draft.lose(row, "locale", row.get("locale"), "language_is_the_desks")
    extra: Mapping[str, Any] = row.get("extra") or {}
    body: dict[str, Any] = {
        **_text(draft, row, locale or guide.locales[0]),
        "user_segment_id": readers,
        "permission_group_id": guide.permission_group,
        "label_names": list(row.get("labels") or ()),
        **{name: extra[name] for name in ("promoted", "position", "comments_disabled") if extra.get(name) is not None},
    }
    if hidden:
        body["draft"] = True
    author = row.get("author_id")
    target = draft.crossings.target(author)
    if author is not None and target is not None and not target.placeholder and target.role in AGENT_ROLES:
        body["author_id"] = Ref(author)
    elif author is not None:
        draft.lose(row, "author_id", author, "author_not_agent")
    place = Ref(shelf.row["id"], "" if shelf.ancestors else SECTION_PART)
    return _operation(row, row, "", "guide_article.create", body, place)


def _text(draft: _Draft, row: Row, locale: str) -> dict[str, Any]:
    status = row.get("status")
    if status not in {"published", "draft"}:
        draft.lose(row, "status", status, "status_folded")
    title = " ".join(str(row.get("title") or "").split())
    if not title:
        title = "—"
        draft.lose(row, "title", None, "subject_defaulted")
    text, left = draft.crossings.linked(_html(draft, row))
    files = {str(one.get("url")) for one in draft.aggregate.attachments}
    draft.losses += [Loss(row["id"], "link", old, LINK_LEFT) for old in dict.fromkeys(left) if old not in files]
    return {"title": title, "body": text, "locale": locale, "draft": status != "published"}


def _html(draft: _Draft, row: Row) -> str:
    html = as_html(row.get("body_html"), row.get("body_text"))
    base = draft.aggregate.article.get("source_url")
    return _RELATIVE.sub(lambda found: found[1] + urljoin(str(base), found[2]), html) if base else html


def _locales(draft: _Draft) -> list[tuple[Row, str]]:
    """Return the translations with the help centre's own language of each; others are lost."""
    found: list[tuple[Row, str]] = []
    taken = {draft.guide.locale(draft.aggregate.article.get("locale")) or draft.guide.locales[0]}
    for row in draft.aggregate.translations:
        locale = draft.guide.locale(row.get("locale"))
        if locale is None or locale in taken:
            draft.lose(row, "article_translation", row.get("locale"), "language_not_written")
        else:
            taken.add(locale)
            found.append((row, locale))
    return found


def _translation(draft: _Draft, row: Row, locale: str) -> Operation:
    body = _text(draft, row, locale)
    article_row = draft.aggregate.article
    return _operation(
        article_row, row, row["id"], "guide_translation.create", body,
        Ref(article_row["id"]),
    )  # fmt: skip


def _files(draft: _Draft) -> list[FilePart]:
    found = []
    for row in draft.aggregate.attachments:
        size, name = int(row.get("size") or 0), str(row.get("filename") or row["id"].rpartition(":")[2])
        if not row.get("sha256") or row.get("fetch_state") not in (None, "done"):
            draft.lose(row, "file", name, "file_missing")
        elif size > FILE_LIMIT:
            draft.lose(row, "file", f"{name} ({size} bytes)", "file_too_large")
        else:
            found.append(FilePart(row["id"], name, row.get("content_type"), size, row["sha256"]))
    return found


def _file(article_row: Row, file: FilePart) -> Operation:
    row = {"id": file.attachment_id, "content_hash": file.sha256}
    return _operation(
        article_row, row, file.attachment_id, "guide_file.create", {},
        Ref(article_row["id"]), (file,),
    )  # fmt: skip


def _images(draft: _Draft, texts: Sequence[tuple[Row, str]], files: set[str]) -> list[Operation]:
    """Return the operations that put the new addresses of files into the texts that show them."""
    known = {str(one["url"]): one["id"] for one in draft.aggregate.attachments if one.get("url") and one["id"] in files}
    operations = []
    for row, locale in texts:
        html = _html(draft, row)
        if any(url in html for url in known):
            body = {"locale": locale, "body": _pointing(draft.crossings.linked(html)[0], known)}
            one = _operation(
                draft.aggregate.article, row, f"{row['id']}#images", "guide_text.update",
                body, Ref(draft.aggregate.article["id"]),
            )  # fmt: skip
            operations.append(one)
    return operations


def _pointing(text: Text, known: Mapping[str, str]) -> LinkedText:
    """Return a text in which the addresses of the article's own files are open as well."""
    pattern = re.compile("|".join(re.escape(url) + r"(?!\d)" for url in sorted(known, key=len, reverse=True)))
    parts: list[str | Link] = []
    for part in text.parts if isinstance(text, LinkedText) else (text,):
        if not isinstance(part, str):
            parts.append(part)
            continue
        at = 0
        for found in pattern.finditer(part):
            parts += [part[at : found.start()], Link(known[found[0]], FILE_LINK, found[0])]
            at = found.end()
        parts.append(part[at:])
    return LinkedText(tuple(parts))


_OBJECTS = {
    "guide_article.create": ("article", "article"), "guide_file.create": ("attachment", "article_attachment"),
    "guide_translation.create": ("article_translation", "translation"), "guide_text.update": ("article", "translation"),
}  # fmt: skip
"""Call → canonical kind, and object of what comes into being."""


def _operation(
    article_row: Row, row: Row, part: str, call: str, body: dict[str, Any], target: Ref,
    files: tuple[FilePart, ...] = (),
) -> Operation:  # fmt: skip
    kind, object_name = _OBJECTS[call]
    return Operation(
        record_id=article_row["id"], part=part, kind=kind,
        action="update" if call.endswith(".update") else "create", call=call, object=object_name, body=body,
        target=target, files=files, mark=row["id"], source_hash=source_hash(row),
    )  # fmt: skip
