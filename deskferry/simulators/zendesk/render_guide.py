"""The help centre of a generated account in Zendesk's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from deskferry.simulators.account import Account, File
from deskferry.simulators.account.side import Article
from deskferry.simulators.zendesk.ids import id_of, iso

_FOUNDED: Final = int(datetime(2024, 2, 5, 9, 0, tzinfo=UTC).timestamp())
_DAY: Final = 86_400
FILE_KEYS: Final = 1 << 40  # beyond those of the tickets
Records = list[dict[str, Any]]


class GuideRenderer:
    """Renders categories, sections, articles and their translations."""

    def __init__(self, account: Account, host: str) -> None:
        self._account = account
        self._host = host

    def collections(self) -> dict[str, Records]:
        """Return every list of the help centre by its name."""
        side = self._account.side
        return {
            "categories": [
                self._shelf("category", key, name, text) for key, (name, text) in enumerate(side.categories, 1)
            ],
            "sections": [
                {
                    **self._shelf("section", one.key, one.name, ""),
                    "category_id": id_of("category", one.category),
                    "parent_section_id": None if one.parent is None else id_of("section", one.parent),
                    "theme_template": "section_page",
                }
                for one in side.sections
            ],
            "articles": [self.article(one) for one in side.articles],
            "user_segments": self.segments(),
        }

    def _stamped(self, kind: str, key: int, path: str) -> dict[str, Any]:
        identifier = id_of(kind, key)
        return {
            "id": identifier,
            "url": f"{self._host}/api/v2/help_center/{path}/{identifier}.json",
            "html_url": f"{self._host}/hc/{path}/{identifier}",
            "created_at": iso(_FOUNDED + key % 300 * _DAY),
            "updated_at": iso(_FOUNDED + (key % 300 + key % 7) * _DAY),
        }

    def _shelf(self, kind: str, key: int, name: str, text: str) -> dict[str, Any]:
        path = "en-us/categories" if kind == "category" else "en-us/sections"
        return {
            **self._stamped(kind, key, path),
            "name": name,
            "description": text,
            "position": key,
            "locale": "en-us",
            "source_locale": "en-us",
            "outdated": False,
        }

    def article(self, one: Article) -> dict[str, Any]:
        """Return an article in its source language."""
        locale = next(iter(one.texts))
        title, body = one.texts[locale]
        segments = {"signed_in": id_of("segment", 1), "staff": id_of("segment", 2)}
        record = self._stamped("article", one.key, f"{locale}/articles")
        return {
            **record,
            "author_id": id_of("user", one.author),
            "comments_disabled": one.draft,
            "draft": one.draft,
            "promoted": one.promoted,
            "position": one.key,
            "vote_sum": one.key - 2,
            "vote_count": one.key,
            "section_id": id_of("section", one.section),
            "name": title,
            "title": title,
            "source_locale": locale,
            "locale": locale,
            "outdated": False,
            "outdated_locales": list(one.outdated),
            "edited_at": record["updated_at"],
            "user_segment_id": segments.get(one.visibility),
            "user_segment_ids": [segments[one.visibility]] if one.visibility in segments else [],
            "permission_group_id": id_of("permission", 1),
            "content_tag_ids": [],
            "label_names": list(one.labels),
            "body": self._placed(body) if body else None,
        }

    def _placed(self, body: str) -> str:
        for key in (1, 2):
            identifier = id_of("article_attachment", key)
            body = body.replace(f"{{{{file:{key}}}}}", f"{self._host}/hc/article_attachments/{identifier}")
        return body

    def translations(self, kind: str, identifier: int) -> Records:
        """Return the translations of an article, a section or a category."""
        side = self._account.side
        if kind == "articles":
            article = next((one for one in side.articles if id_of("article", one.key) == identifier), None)
            texts = article.texts if article else {}
            draft, outdated, word = bool(article and article.draft), article.outdated if article else (), "Article"
        else:
            shelves = self.collections()[kind]
            named = [(one["name"], one["description"]) for one in shelves if one["id"] == identifier]
            texts = {"en-us": named[0]} if named else {}
            draft, outdated, word = False, (), "Section" if kind == "sections" else "Category"
        found = []
        for place, (locale, (title, body)) in enumerate(texts.items()):
            key = (identifier // 128) % 1_000_000 * 64 + place
            found.append(
                {
                    **self._stamped("translation", key, f"{kind}/{identifier}/translations"),
                    "url": f"{self._host}/api/v2/help_center/{kind}/{identifier}/translations/{locale}.json",
                    "created_at": iso(_FOUNDED + place * _DAY),
                    "updated_at": iso(_FOUNDED + place * 9 * _DAY),
                    "source_id": identifier,
                    "source_type": word,
                    "locale": locale,
                    "title": title,
                    "body": self._placed(body),
                    "outdated": locale in outdated,
                    "draft": draft,
                    "hidden": False,
                    "created_by_id": id_of("user", 1),
                    "updated_by_id": id_of("user", 1),
                }
            )
        return found

    def segments(self) -> Records:
        """Return who may read what: everyone has no segment."""
        names = (("Signed-in users", "signed_in_users"), ("Agents and admins", "staff"))
        return [
            {
                "id": id_of("segment", key),
                "user_type": kind,
                "name": name,
                "group_ids": [],
                "organization_ids": [],
                "tags": [],
                "or_tags": [],
                "added_user_ids": [],
                "built_in": True,
                "created_at": iso(_FOUNDED),
                "updated_at": iso(_FOUNDED),
            }
            for key, (name, kind) in enumerate(names, 1)
        ]

    def file(self, key: int) -> File:
        """Return a file of an article."""
        name, kind = ("diagram.png", "image/png") if key == 1 else ("manual.pdf", "application/pdf")
        return File(FILE_KEYS + key, self._account.seed, name, kind, 4_000 + key)

    def attachments(self, identifier: int) -> Records:
        """Return the files of an article."""
        article = next((one for one in self._account.side.articles if id_of("article", one.key) == identifier), None)
        found = []
        for key in article.files if article else ():
            file, number = self.file(key), id_of("article_attachment", key)
            found.append(
                {
                    "id": number,
                    "url": f"{self._host}/api/v2/help_center/articles/attachments/{number}",
                    "article_id": identifier,
                    "display_file_name": file.name,
                    "file_name": file.name,
                    "content_url": f"{self._host}/hc/article_attachments/{number}",
                    "relative_path": f"/hc/article_attachments/{number}",
                    "content_type": file.content_type,
                    "size": file.size,
                    "inline": key == 1,
                    "locale": None,
                    "created_at": iso(_FOUNDED),
                    "updated_at": iso(_FOUNDED),
                }
            )
        return found
