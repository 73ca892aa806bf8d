"""The help centre of a generated account as a Docs site: categories become collections, one for each language.

The vendor has no translations: an article in another language is another article, in a collection of that language.
"""

from __future__ import annotations

import re
from typing import Any

from deskferry.simulators import account as neutral
from deskferry.simulators.account.files import file_content
from deskferry.simulators.help_scout import docs_articles, docs_assets, docs_shelves, docs_sites
from deskferry.simulators.help_scout import docs_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.times import stamp

DAY = 86_400
SOURCE = "en-us"
LANGUAGES = {"es": "Español", "de": "Deutsch", "ja": "日本語"}
PRIVATE = frozenset((3,))  # the category that is for agents only
_FILE = re.compile(r"\{\{file:(\d+)\}\}")


def fill(account: Account, source: neutral.Account, users: dict[int, int]) -> None:
    """Store the site, its collections, categories and articles, with drafts, files and redirects."""
    moment = source.now - 400 * DAY
    site = docs_sites.add(account, "Acme Help", "acme", createdAt=stamp(moment))
    shelves: dict[tuple[int, str], tuple[Row, Row]] = {}
    first: dict[int, Row] = {}
    for place, article in enumerate(source.side.articles):
        for language, (title, text) in article.texts.items():
            shelf = _shelf(account, source, site["id"], article.section, language, shelves)
            made = moment + (place + 1) * DAY
            row = _article(account, article, shelf, {"name": title, "text": text or "<p></p>"}, users, made)
            first.setdefault(article.key, row)
            if first[article.key] is not row:
                row["related"] = [first[article.key]["id"]]
    _oddities(account, site["id"], list(first.values()), source)


def _shelf(
    account: Account,
    source: neutral.Account,
    site: str,
    section: int,
    language: str,
    shelves: dict[tuple[int, str], tuple[Row, Row]],
) -> tuple[Row, Row]:
    """Return the collection and the category of a section in a language."""
    if (section, language) not in shelves:
        found = next(one for one in source.side.sections if one.key == section)
        name, text = source.side.categories[found.category - 1]
        full = name if language == SOURCE else f"{name} ({LANGUAGES.get(language, language)})"
        collection = next((row for row in account.docs["collections"].values() if row["name"] == full), None)
        if collection is None:
            visibility = "private" if found.category in PRIVATE else "public"
            collection = docs_shelves.add_collection(account, site, full, description=text, visibility=visibility)
        shelves[section, language] = collection, docs_shelves.add_category(account, collection["id"], found.name)
    return shelves[section, language]


def _article(
    account: Account, article: Any, shelf: tuple[Row, Row], values: Row, users: dict[int, int], at: int
) -> Row:
    collection, category = shelf
    files = {key: _file(account, key) for key in article.files}
    values["text"] = _FILE.sub(lambda match: files.get(int(match.group(1)), ""), values["text"])
    author = users.get(article.author)
    values |= {"status": "notpublished" if article.draft else "published", "keywords": list(article.labels)}
    values |= {"categories": [category["id"]], "createdBy": author, "createdAt": stamp(at)}
    values |= {"popularity": 4.5 if article.promoted else 0.0, "viewCount": 12 * article.key}
    values["updatedAt"] = None if article.draft else stamp(at + DAY)
    return docs_articles.add(account, collection["id"], values)


def _file(account: Account, key: int) -> str:
    return docs_assets.keep(
        account, f"figure {key}.png", "image/png", file_content(account.seed, key, "image/png", 2048)
    )


def _oddities(account: Account, site: str, rows: list[Row], source: neutral.Account) -> None:
    """Add what real sites have: an unpublished change, an article in two categories, one in none, a redirect."""
    rows[0] |= {"hasDraft": True, "_draft": rows[0]["text"] + "<p>Soon 🚧</p>"}
    more = docs_shelves.add_category(account, rows[1]["collectionId"], "Popular")
    rows[1]["categories"].append(more["id"])
    rows[4]["categories"] = [docs_shelves.uncategorized(account, rows[4]["collectionId"])["id"]]
    redirect: Row = {"siteId": site, "urlMapping": "/old/getting-started", "redirect": rows[0]["publicUrl"]}
    store.add(account, "redirects", {**redirect, "createdAt": stamp(source.now - DAY)})
