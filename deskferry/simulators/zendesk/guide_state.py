"""The help centre as it is now: what was generated or recorded, with what was written since."""

from __future__ import annotations

import copy
from typing import Any

from deskferry.simulators.kernel import Mail
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.state import Record, State

WORDS = {"articles": "Article", "sections": "Section", "categories": "Category"}
ENVELOPES = {"articles": "article", "sections": "section", "categories": "category"}


def found(state: State, kind: str, identifier: int) -> Record:
    """Return a category, a section or an article; 404 if there is none."""
    record = next((one for one in state.guide.lists.get(kind, []) if one["id"] == identifier), None)
    if record is None:
        raise no_record()
    return record


def locales(state: State) -> list[str]:
    """Return the languages that the help centre has."""
    return sorted({*state.written.settings.guide_locales, *(one["source_locale"] for one in _articles(state)), "en-us"})


def _articles(state: State) -> list[Record]:
    return state.guide.lists.get("articles", [])


def locale_of(state: State, *named: Any) -> str:
    """Return the first language that is named, which must be switched on."""
    locale = str(next((one for one in named if one), "en-us")).lower()
    if locale not in locales(state):
        raise record_invalid(locale=problem(f"Locale: {locale} is not enabled for the help center"))
    return locale


def translations_of(state: State, kind: str, identifier: int) -> list[Record]:
    """Return the translations of a record; the one in its source language is among them."""
    written = state.guide.written_translations.get((kind, identifier))
    return state.guide.translations(kind, identifier) if written is None else written


def attachments_of(state: State, article: int) -> list[Record]:
    """Return the files of an article."""
    written = state.guide.written_attachments.get(article)
    return state.guide.attachments(article) if written is None else written


def everything(state: State) -> dict[str, list[Record]]:
    """Return the lists of the help centre, with the translations of all that stands in it and the files of articles."""
    lists = state.guide.lists
    return {
        **lists,
        "translations": [
            row for kind in WORDS for one in lists.get(kind, []) for row in translations_of(state, kind, one["id"])
        ],
        "article_attachments": [row for one in _articles(state) for row in attachments_of(state, one["id"])],
    }


def new_translation(state: State, kind: str, record: Record, locale: str, given: Record, by: int) -> Record:
    """Add a translation; a language that is there already is refused."""
    own = copy.deepcopy(translations_of(state, kind, record["id"]))
    if any(one["locale"] == locale for one in own):
        raise record_invalid(locale=problem("Locale: has already been taken", "DuplicateValue"))
    title = str(given.get("title") or "").strip()
    if not title:
        raise record_invalid(title=problem("Title: cannot be blank", "BlankValue"))
    identifier, now = state.new_id("translation"), iso(state.now())
    path = f"{kind}/{record['id']}/translations/{locale}"
    row = {
        "id": identifier,
        "url": f"{state.host}/api/v2/help_center/{path}.json",
        "html_url": f"{state.host}/hc/{locale}/{kind}/{record['id']}",
        "source_id": record["id"],
        "source_type": WORDS[kind],
        "locale": locale,
        "title": title,
        "body": given.get("body") or given.get("description") or "",
        "outdated": bool(given.get("outdated")),
        "draft": bool(given.get("draft")),
        "hidden": False,
        "created_at": now,
        "updated_at": now,
        "created_by_id": by,
        "updated_by_id": by,
    }
    state.guide.written_translations[kind, record["id"]] = [*own, row]
    return row


def shown_in(record: Record, kind: str, row: Record) -> None:
    """Let a record show its translation in the source language."""
    record["name"] = row["title"]
    if kind == "articles":
        record |= {"title": row["title"], "body": row["body"], "draft": row["draft"], "edited_at": row["updated_at"]}
    else:
        record["description"] = row["body"]
    record["updated_at"] = row["updated_at"]


def tell_subscribers(state: State, kind: str, title: str) -> None:
    """Mail those who follow a section; here that is the first customer."""
    if not state.written.settings.notifications:
        return
    customers = (one for one in state.users if one["active"] and one["role"] == "end-user" and one["email"])
    reader = next(customers, None)
    address = reader["email"] if reader else ""
    state.written.mailbox.append(Mail(kind, address, title, None, float(state.now())))
