"""The knowledge base as categories, folders and articles. Who may read an article is a matter of its folder.

A category of the source that holds articles for several readers becomes a folder for each of them: the first one (part
"") is for the widest readers that there were when it first crossed, the others bear the readers in their part. A folder
is never given wider readers than the articles in it have, and never others than those it was made for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from deskferry.connectors.freshdesk.compose_files import inline_rows, packed
from deskferry.connectors.freshdesk.compose_people import AGENT_ROLES, extra_lost, iso, not_written, source_hash
from deskferry.connectors.freshdesk.desk import SUBJECT_LIMIT, TAG_LIMIT, Desk
from deskferry.connectors.freshdesk.pieces import as_html, without_images
from deskferry.connectors.freshdesk.words import word
from deskferry.connectors.kit.articles import LANGUAGE_SWAPPED, swapped
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
from deskferry.connectors.kit.links import LINK_LEFT, Text

ARTICLE_LIMIT = 25 * 1024 * 1024
"""Bytes of all files of one call for an article."""
READERS = "_visibility"
"""Key of an article's body that is not sent: the code of the folder that it lies in."""
LANGUAGE = "_language"
"""Key of a translation's body that is not sent: it is part of the address."""
EVERYBODY, SIGNED_IN, AGENTS = 1, 2, 3
_CODES: Mapping[str, int] = {"public": EVERYBODY, "signed_in": SIGNED_IN, "agents": AGENTS, "restricted": AGENTS}
"""Who may read → the folder's code. Named groups have no equal that is sure to be as narrow: agents only."""
_DRAFT, _PUBLISHED = 1, 2
_STATUS: Mapping[str, tuple[int, bool]] = {
    "published": (_PUBLISHED, True), "draft": (_DRAFT, True),
    "review": (_DRAFT, False), "unpublished": (_DRAFT, False), "archived": (_DRAFT, False),
}  # fmt: skip
"""Status → code, and whether nothing is lost; what is unknown is a draft."""
_RELATIVE = re.compile(r"""(\b(?:href|src)\s*=\s*["'])(/[^"'/][^"']*)""", re.IGNORECASE)


def code_of(visibility: Any) -> int:
    """Return the folder's code for who may read; what is not known is for agents only."""
    return _CODES.get(str(visibility), AGENTS)


def folder_part(code: int, main: int) -> str:
    """Return the part of a category's folder for these readers; `main` are those of its first folder."""
    return "" if code == main else f"readers:{code}"


def main_code(category: CategoryAggregate) -> int | None:
    """Return the readers of a category's first folder: as it was made, else the widest; None: it has no articles."""
    made = category.earlier.get("visibility")
    if isinstance(made, int):
        return made
    return min((code_of(one) for one in category.visibilities), default=None)


# --------------------------------------------------------------------------------------------------------- categories


def category(aggregate: CategoryAggregate, crossings: Crossings) -> Composition:
    """Return the category or the folders of a category; one without articles and not at the top has none."""
    row = aggregate.row
    losses = [
        *not_written(row, ("created_at",), "time_not_written"),
        *not_written(row, ("position",)),
        *extra_lost(row),
    ]
    operations: list[Operation] = []
    if not aggregate.ancestors:
        operations.append(_top(aggregate, losses))
    above = aggregate.ancestors[0] if aggregate.ancestors else row
    if len(aggregate.ancestors) > 1:
        path = " / ".join(str(one["name"]) for one in aggregate.ancestors[1:])
        losses.append(Loss(row["id"], "parent_id", path, "hierarchy_flattened"))
    main = main_code(aggregate) if aggregate.ancestors else 0
    readers = {code_of(one) for one in aggregate.visibilities} | ({main} if main else set())
    operations += [_folder(aggregate, above, code, main or 0, crossings, losses) for code in sorted(readers)]
    if not operations:
        losses.append(Loss(row["id"], "article_category", row.get("name"), "empty_folder_not_written"))
    return Composition(tuple(operations), tuple(losses))


def _top(aggregate: CategoryAggregate, losses: list[Loss]) -> Operation:
    row = aggregate.row
    return _shelf(row, "", "category", {"name": _name(row, losses)}, None, aggregate)


def _name(row: Row, losses: list[Loss]) -> str:
    name = " ".join(str(row.get("name") or "").split())
    if not name:
        losses.append(Loss(row["id"], "name", None, "name_defaulted"))
        name = str(row["source_id"])
    return name


def _folder(
    aggregate: CategoryAggregate, above: Row, code: int, main: int, crossings: Crossings, losses: list[Loss]
) -> Operation:
    row = aggregate.row
    name = " / ".join([*(str(one["name"]) for one in aggregate.ancestors[1:]), _name(row, losses)])
    part = folder_part(code, main)
    there = aggregate.taken.get(" ".join(name.split()).casefold())
    if part or (there is not None and (there.get("extra") or {}).get("visibility") != code):
        name = f"{name} ({word(crossings.header.language, f'readers.{code}')})"
        losses.append(Loss(row["id"], "visibility" if part else "name", name, "folder_by_readers"))
    if len(name) > SUBJECT_LIMIT:
        losses.append(Loss(row["id"], "name", name, "title_cut"))
        name = name[: SUBJECT_LIMIT - 1] + "…"
    return _shelf(row, part, "folder", {"name": name, "visibility": code}, Ref(above["id"]), aggregate)


def _shelf(
    row: Row, part: str, object_name: str, body: dict[str, Any], target: Ref | None, aggregate: CategoryAggregate
) -> Operation:
    if row.get("description"):
        body["description"] = row["description"]
    return Operation(
        record_id=row["id"],
        part=part,
        kind="article_category",
        action="create",
        call=f"solution_{object_name}.create",
        object=object_name,
        body=body,
        target=target,
        mark=body["name"],
        source_hash=source_hash(row, also=aggregate.visibilities),
        adopt=True,
    )


# ----------------------------------------------------------------------------------------------------------- articles


@dataclass(slots=True)
class _Draft:
    """What is put together for one article."""

    aggregate: ArticleAggregate
    crossings: Crossings
    desk: Desk
    losses: list[Loss] = field(default_factory=list)

    @property
    def row(self) -> Row:
        return self.aggregate.article

    def lose(self, row: Row, name: str, value: Any, cause: str) -> None:
        self.losses.append(Loss(row["id"], name, iso(value), cause))


def article(aggregate: ArticleAggregate, crossings: Crossings, desk: Desk) -> Composition:
    """Return an article's operations, and what they lose."""
    aggregate, lost_places = _in_own_language(aggregate, desk)
    draft = _Draft(aggregate, crossings, desk, lost_places)
    row, shelf = aggregate.article, aggregate.category
    if shelf is None:
        lost = Loss(row["id"], "article", row.get("title"), "category_unknown")
        return Composition((), (lost, *_left(aggregate)))
    code = code_of(row.get("visibility"))
    if row.get("visibility") not in _CODES or row["visibility"] == "restricted":
        draft.lose(row, "visibility", row.get("visibility"), "visibility_narrowed")
    spread = packed(aggregate.attachments, crossings, ARTICLE_LIMIT)
    draft.losses += [loss for loss in spread.losses if loss.cause != "files_split"]
    first, *others = spread.bins
    body: dict[str, Any] = {**_text(draft, row), READERS: code}
    author = _author(draft)
    if author is not None:
        body["agent_id"] = author
    body["seo_data"] = _seo(row)
    tags = _tags(draft)
    if tags:
        body["tags"] = tags
    create = _operation(row, row, "", "article", "solution_article.create", body, _place(shelf, code), first)
    operations = [
        create,
        *(_more_files(row, number, files) for number, files in enumerate(others, 2)),
        *_translations(draft),
    ]
    draft.losses += not_written(row, ("created_at",), "time_not_written")
    draft.losses += extra_lost({**row, "extra": {k: v for k, v in (row.get("extra") or {}).items() if k != "seo_data"}})
    return Composition(tuple(operations), tuple(draft.losses))


def _in_own_language(aggregate: ArticleAggregate, desk: Desk) -> tuple[ArticleAggregate, list[Loss]]:
    """Return an article whose text is in the desk's own language, where it has one in it."""
    first = (desk.language or "").partition("-")[0].lower()
    row = aggregate.article
    if not first or _language(row) in ("", first):
        return aggregate, []
    other = next((one for one in aggregate.translations if _language(one) == first), None)
    if other is None:
        return aggregate, []
    losses = [
        Loss(row["id"], "locale", other["id"], LANGUAGE_SWAPPED),
        Loss(other["id"], "locale", row["id"], LANGUAGE_SWAPPED),
    ]
    return swapped(aggregate, other["id"]), losses


def _language(row: Row) -> str:
    return str(row.get("locale") or "").partition("-")[0].lower()


def _left(aggregate: ArticleAggregate) -> list[Loss]:
    return [
        *(
            Loss(one["id"], "article_translation", one.get("locale"), "category_unknown")
            for one in aggregate.translations
        ),
        *(Loss(one["id"], "file", one.get("filename"), "category_unknown") for one in aggregate.attachments),
    ]


def _place(shelf: CategoryAggregate, code: int) -> Ref:
    """Return the folder for these readers: beside the category where it is at the top, else one of its own."""
    main = main_code(shelf) if shelf.ancestors else 0
    return Ref(shelf.row["id"], folder_part(code, main or 0))


def _text(draft: _Draft, row: Row) -> dict[str, Any]:
    """Return title, text and status of an article or a translation."""
    language = draft.crossings.header.language
    title = " ".join(str(row.get("title") or "").split())
    if not title:
        title = word(language, "no_subject")
        draft.lose(row, "title", None, "subject_defaulted")
    if len(title) > SUBJECT_LIMIT:
        draft.lose(row, "title", title, "title_cut")
        title = title[: SUBJECT_LIMIT - 1] + "…"
    code, kept = _STATUS.get(str(row.get("status")), (_DRAFT, False))
    if not kept:
        draft.lose(row, "status", row.get("status"), "status_folded")
    return {"title": title, "description": _body(draft, row), "status": code}


def _body(draft: _Draft, row: Row) -> Text:
    """Return the text as HTML: images named, links to other records open, addresses whole."""
    base = draft.row.get("source_url")
    html = as_html(row.get("body_html"), row.get("body_text"))
    if base:
        html = _RELATIVE.sub(lambda found: found[1] + urljoin(str(base), found[2]), html)
    label = word(draft.crossings.header.language, "image")
    files = draft.aggregate.attachments
    html, shown = without_images(html, inline_rows(files), label)
    draft.losses += [Loss(file["id"], "inline", file.get("filename"), "inline_image_attached") for file in shown]
    draft.losses += [
        Loss(row["id"], "link", str(file["url"]), LINK_LEFT)
        for file in files
        if file.get("url") and file["url"] in html
    ]
    text, left = draft.crossings.linked(html)
    draft.losses += [Loss(row["id"], "link", old, LINK_LEFT) for old in dict.fromkeys(left)]
    # The vendor wants a text; an article without one is a draft that says so by being empty.
    return text or "<p></p>"


def _author(draft: _Draft) -> Ref | None:
    """Return the agent who wrote it; only agents can have written an article."""
    author = draft.row.get("author_id")
    if author is None:
        return None
    target = draft.crossings.target(author)
    if target is not None and not target.placeholder and target.role in AGENT_ROLES:
        return Ref(author)
    draft.lose(draft.row, "author_id", author, "author_not_agent")
    return None


def _seo(row: Row) -> dict[str, str]:
    """Return what search engines are told, the mark among the keywords: readers do not see it."""
    known: Mapping[str, Any] = (row.get("extra") or {}).get("seo_data") or {}
    kept = {key: str(known[key]) for key in ("meta_title", "meta_description") if known.get(key)}
    words = known.get("meta_keywords")
    listed = [str(one) for one in words] if isinstance(words, list) else [str(words)] if words else []
    return {**kept, "meta_keywords": ",".join([*listed, row["id"]])}


def _tags(draft: _Draft) -> list[str]:
    tags = []
    for tag in dict.fromkeys(str(one) for one in draft.row.get("labels") or ()):
        if len(tag) > TAG_LIMIT:
            draft.lose(draft.row, "tag", tag, "tag_too_long")
        else:
            tags.append(tag)
    return tags


def _translations(draft: _Draft) -> list[Operation]:
    """Return the article in the desk's other languages; those that the desk does not have are lost."""
    known = {code.lower(): code for code in draft.desk.languages}
    first = (draft.desk.language or "").lower()
    own = str(draft.row.get("locale") or "").lower()
    operations, taken = [], {first}
    if own and first and own.partition("-")[0] != first.partition("-")[0]:
        draft.lose(draft.row, "locale", draft.row["locale"], "language_is_the_desks")
    for row in draft.aggregate.translations:
        locale = str(row.get("locale") or "").lower()
        code = known.get(locale) or known.get(locale.partition("-")[0])
        if code is None or code.lower() in taken:
            draft.lose(row, "article_translation", row.get("locale"), "language_not_written")
            continue
        taken.add(code.lower())
        body = {**_text(draft, row), LANGUAGE: code}
        operations.append(
            _operation(
                draft.row,
                row,
                row["id"],
                "article_translation",
                "solution_translation.create",
                body,
                Ref(draft.row["id"]),
            )
        )
    return operations


def _more_files(row: Row, number: int, files: Sequence[FilePart]) -> Operation:
    part = f"{row['id']}#files{number}"
    return _operation(row, row, part, "article", "solution_article.attach", {}, Ref(row["id"]), files)


def _operation(
    article_row: Row, row: Row, part: str, kind: str, call: str, body: dict[str, Any], target: Ref,
    files: Sequence[FilePart] = (),
) -> Operation:  # fmt: skip
    return Operation(
        record_id=article_row["id"],
        part=part,
        kind=kind,
        action="create",
        call=call,
        object="article_translation" if kind == "article_translation" else "article",
        body=body,
        target=target,
        files=tuple(files),
        mark=row["id"],
        source_hash=source_hash(row, also=[file.sha256 for file in files]),
    )
