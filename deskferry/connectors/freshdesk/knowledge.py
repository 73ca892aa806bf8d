"""Walking the knowledge base and the canned responses: the vendor lists them folder by folder, and by language.

There is no list of all articles and none of the languages of one; a list of a folder's articles in a language names
those that are written in it, so that one call serves a whole folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deskferry.connectors.freshdesk.find import listed
from deskferry.connectors.kit.contract import Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.session import Session

CATEGORIES, FOLDERS, ARTICLES, RESPONSES = (
    "solution_categories",
    "solution_folders",
    "solution_articles",
    "canned_responses",
)
STREAMS = frozenset({CATEGORIES, FOLDERS, ARTICLES, RESPONSES})
_REFUSED = (403, 404)


def pages(session: Session, stream: str, request: PullRequest) -> Iterator[Page]:
    """Yield a stream whole, a page for each thing walked; an interrupted walk begins after the last one."""
    walk = {CATEGORIES: _categories, FOLDERS: _folders, ARTICLES: _articles, RESPONSES: _responses}[stream]
    done = int((request.cursor or {}).get("at", 0))
    first = done == 0
    held: Page | None = None
    for place, records in enumerate(walk(session), 1):
        if held is not None:
            yield held
        held = None if place <= done else Page(tuple(records), {"at": place})
    rest = () if held is None else held.records
    yield Page(rest, {}, last=True, complete=first)


def _categories(session: Session) -> Iterator[list[RawRecord]]:
    language = _languages(session)[0]
    for row in _rows(session, "solutions/categories", must=True):
        yield [_record("category", _in_language(row, language))]


def _folders(session: Session) -> Iterator[list[RawRecord]]:
    language = _languages(session)[0]
    for category in _rows(session, "solutions/categories", must=True):
        folders = _all_folders(session, category["id"])
        yield [_record("folder", _in_category(_in_language(row, language), category["id"])) for row in folders]


def _all_folders(session: Session, category: Any) -> Iterator[Raw]:
    """Yield the folders of a category, each before those in it."""
    waiting = _rows(session, f"solutions/categories/{category}/folders")
    seen: set[Any] = set()
    while waiting:
        folder = waiting.pop(0)
        if folder["id"] in seen:
            continue
        seen.add(folder["id"])
        yield folder
        # An account without the deeper hierarchy does not count what lies below.
        if folder.get("sub_folders_count"):
            waiting += _rows(session, f"solutions/folders/{folder['id']}/subfolders")


def _articles(session: Session) -> Iterator[list[RawRecord]]:
    languages = _languages(session)
    for category in _rows(session, "solutions/categories", must=True):
        for folder in _all_folders(session, category["id"]):
            yield _articles_of(session, folder, languages)


def _articles_of(session: Session, folder: Raw, languages: Sequence[str]) -> list[RawRecord]:
    path = f"solutions/folders/{folder['id']}/articles"
    found = _rows(session, path)
    translations: dict[Any, list[Raw]] = {}
    for language in languages[1:] if found else ():
        for row in _rows(session, f"{path}/{language}"):
            kept = (
                "title",
                "description",
                "description_text",
                "status",
                "seo_data",
                "tags",
                "created_at",
                "updated_at",
            )
            one = {"language": language, **{key: row[key] for key in kept if key in row}}
            translations.setdefault(row["id"], []).append(one)
    reader = {key: folder.get(key) for key in ("visibility", "company_ids") if folder.get(key) is not None}
    return [
        _record("article", {**_in_language(row, languages[0]), "folder": reader,
                            "translations": translations.get(row["id"], [])})
        for row in found
    ]  # fmt: skip


def _responses(session: Session) -> Iterator[list[RawRecord]]:
    """Yield the canned responses of each folder; administrators see those of all."""
    answer = session.request_json("GET", "canned_response_folders")
    for folder in answer.body or ():
        rows = session.request_json("GET", f"canned_response_folders/{folder['id']}/responses", allow=_REFUSED)
        named = {key: folder.get(key) for key in ("name", "personal")}
        found = rows.body if rows.status == 200 and isinstance(rows.body, list) else ()
        yield [_record("canned_response", {**row, "folder": named}) for row in found]


def _languages(session: Session) -> list[str]:
    """Return the desk's languages, its first one first; "" where the role may not know."""
    answer = session.request_json("GET", "settings/helpdesk", allow=_REFUSED)
    told = answer.body if answer.status == 200 and isinstance(answer.body, Mapping) else {}
    first = str(told.get("primary_language") or "")
    return [first, *(str(one) for one in told.get("supported_languages") or () if one and one != first)]


def _in_language(row: Raw, language: str) -> Raw:
    return {**row, "language": language} if language else row


def _in_category(row: Raw, category: Any) -> Raw:
    """Return a folder with the category that the list below it does not repeat (reference)."""
    return row if row.get("category_id") is not None else {**row, "category_id": category}


def _rows(session: Session, path: str, *, must: bool = False) -> list[Raw]:
    """Return all rows of a list; what is refused below a list that was readable has none."""
    return list(listed(session, path, {}, () if must else _REFUSED))


def _record(name: str, row: Raw) -> RawRecord:
    return RawRecord(name, str(row["id"]), row)


def file_link(session: Session, article: str, file: str) -> str | None:
    """Return a new link to a file of an article; None where it is not found any more."""
    answer = session.request_json("GET", f"solutions/articles/{article}", allow=_REFUSED)
    known = answer.body if answer.status == 200 and isinstance(answer.body, Mapping) else {}
    for one in known.get("attachments") or ():
        if str(one.get("id")) == file and one.get("attachment_url"):
            return str(one["attachment_url"])
    return None
