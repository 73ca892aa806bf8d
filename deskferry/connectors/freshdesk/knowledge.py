"""Walking the knowledge base and the canned responses: the vendor lists them folder by folder, and by language.

There is no list of all articles and none of the languages of one; a list of a folder's articles in a language names
those that are written in it, so that one call serves a whole folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deskferry.connectors.freshdesk.find import listed
from deskferry.connectors.kit.contract import Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.session import Session, VendorStatus

CATEGORIES, FOLDERS, ARTICLES, RESPONSES = (
    "solution_categories",
    "solution_folders",
    "solution_articles",
    "canned_responses",
)
STREAMS = frozenset({CATEGORIES, FOLDERS, ARTICLES, RESPONSES})
_REFUSED = (403, 404)
"""A folder may vanish while we walk, which answers 404 as well: taken for a refusal, it is buried one pull later."""
_NAMED = 5
"""Places that a note names."""


class _Walk:
    """What is asked of the vendor below lists that were readable, and what of it was refused."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._refused: dict[str, list[str]] = {}

    def rows(self, path: str, what: str, where: Any) -> list[Raw]:
        """Return all rows of a list; of one that is refused those that came, and the refusal is remembered."""
        rows: list[Raw] = []
        try:
            for row in listed(self.session, path, {}):
                rows.append(row)  # noqa: PERF402 - what came before a refusal is kept
        except VendorStatus as refusal:
            if refusal.status not in _REFUSED:
                raise
            self._refused.setdefault(f"{what} ({refusal.status})", []).append(str(where))
        return rows

    def languages(self) -> list[str]:
        """Return the desk's languages, its first one first; "" where the role may not know."""
        answer = self.session.request_json("GET", "settings/helpdesk", allow=_REFUSED)
        told = answer.body if answer.status == 200 and isinstance(answer.body, Mapping) else {}
        first = str(told.get("primary_language") or "")
        return [first, *(str(one) for one in told.get("supported_languages") or () if one and one != first)]

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each kind of list that was refused, with where."""
        return tuple(
            f"Freshdesk refuses {what}: {_some(places)}. Nothing of this stream is taken for deleted."
            for what, places in self._refused.items()
        )


def _some(places: Sequence[str]) -> str:
    more = len(places) - _NAMED
    return ", ".join(places[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def pages(session: Session, stream: str, request: PullRequest) -> Iterator[Page]:
    """Yield a stream whole, a page for each thing walked; an interrupted walk begins after the last one.

    A list that is refused is not an empty one: then nothing is known to be gone.
    """
    walked = {CATEGORIES: _categories, FOLDERS: _folders, ARTICLES: _articles, RESPONSES: _responses}[stream]
    done = int((request.cursor or {}).get("at", 0))
    first = done == 0
    held: Page | None = None
    walk = _Walk(session)
    for place, records in enumerate(walked(walk), 1):
        if held is not None:
            yield held
        held = None if place <= done else Page(tuple(records), {"at": place})
    rest = () if held is None else held.records
    notes = walk.notes()
    yield Page(rest, {}, last=True, complete=first and not notes, notes=notes)


def _categories(walk: _Walk) -> Iterator[list[RawRecord]]:
    language = walk.languages()[0]
    for row in listed(walk.session, "solutions/categories", {}):
        yield [_record("category", _in_language(row, language))]


def _folders(walk: _Walk) -> Iterator[list[RawRecord]]:
    language = walk.languages()[0]
    for category in list(listed(walk.session, "solutions/categories", {})):
        folders = _all_folders(walk, category["id"])
        yield [_record("folder", _in_category(_in_language(row, language), category["id"])) for row in folders]


def _all_folders(walk: _Walk, category: Any) -> Iterator[Raw]:
    """Yield the folders of a category, each before those in it."""
    waiting = walk.rows(f"solutions/categories/{category}/folders", "the folders of categories", category)
    seen: set[Any] = set()
    while waiting:
        folder = waiting.pop(0)
        if folder["id"] in seen:
            continue
        seen.add(folder["id"])
        yield folder
        # An account without the deeper hierarchy does not count what lies below.
        if folder.get("sub_folders_count"):
            waiting += walk.rows(f"solutions/folders/{folder['id']}/subfolders", "the folders in folders", folder["id"])


def _articles(walk: _Walk) -> Iterator[list[RawRecord]]:
    languages = walk.languages()
    for category in list(listed(walk.session, "solutions/categories", {})):
        for folder in _all_folders(walk, category["id"]):
            yield _articles_of(walk, folder, languages)


def _articles_of(walk: _Walk, folder: Raw, languages: Sequence[str]) -> list[RawRecord]:
    path = f"solutions/folders/{folder['id']}/articles"
    found = walk.rows(path, "the articles of folders", folder["id"])
    translations: dict[Any, list[Raw]] = {}
    for language in languages[1:] if found else ():
        for row in walk.rows(f"{path}/{language}", f"the articles in {language} of folders", folder["id"]):
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


def _responses(walk: _Walk) -> Iterator[list[RawRecord]]:
    """Yield the canned responses of each folder; administrators see those of all."""
    for folder in list(listed(walk.session, "canned_response_folders", {})):
        path = f"canned_response_folders/{folder['id']}/responses"
        found = walk.rows(path, "the canned responses of folders", folder["id"])
        named = {key: folder.get(key) for key in ("name", "personal")}
        yield [_record("canned_response", {**row, "folder": named}) for row in found]


def _in_language(row: Raw, language: str) -> Raw:
    return {**row, "language": language} if language else row


def _in_category(row: Raw, category: Any) -> Raw:
    """Return a folder with the category that the list below it does not repeat (reference)."""
    return row if row.get("category_id") is not None else {**row, "category_id": category}


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
