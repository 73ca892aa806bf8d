"""Writing the help centre: categories, sections, articles and their translations.

The text of an article lies in its translations, `draft` is only heard when it is created, its times are always those
of the writing, and whoever follows a section is mailed unless `notify_subscribers` is false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk import payloads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.guide_state import (
    ENVELOPES,
    found,
    locale_of,
    new_translation,
    shown_in,
    tell_subscribers,
    translations_of,
)
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.routing import Call, Handler, Route
from deskferry.simulators.zendesk.state import Record, State

_SHELF: Final = frozenset({"name", "description", "position", "locale", "translations"})
_BELOW: Final = {
    "categories": (("sections", "category_id"),),
    "sections": (("articles", "section_id"), ("sections", "parent_section_id")),
}
"""What lies on a shelf, and goes with it."""
_SECTION: Final = _SHELF | {"parent_section_id", "category_id", "theme_template", "sorting"}
_META: Final = frozenset(
    {
        *("permission_group_id", "user_segment_id", "user_segment_ids", "label_names", "author_id", "promoted"),
        *("position", "comments_disabled", "content_tag_ids", "section_id"),
    }
)
_ARTICLE: Final = _META | {"title", "body", "locale", "draft", "translations"}
_TRANSLATION: Final = frozenset({"locale", "title", "body", "description", "draft", "outdated"})
_UNSAFE: Final = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def _new(call: Call, kind: str, given: Record, locale: str, more: Record) -> Record:
    """Put a new record on its list, with the translation in its source language and those that came with it."""
    state, word = call.state, ENVELOPES[kind]
    identifier, now = state.new_id(word), iso(state.now())
    record = {
        "id": identifier,
        "url": f"{state.host}/api/v2/help_center/{locale}/{kind}/{identifier}.json",
        "html_url": f"{state.host}/hc/{locale}/{kind}/{identifier}",
        "created_at": now,
        "updated_at": now,
        "position": int(given.get("position") or 0),
        "locale": locale,
        "source_locale": locale,
        "outdated": False,
        **more,
    }
    texts = {"title": given.get("title") or given.get("name"), **_texts(given)}
    listed = [one for one in given.get("translations") or () if isinstance(one, dict)]
    own = next((one for one in listed if str(one.get("locale")).lower() == locale), {})
    by = call.caller.user_id or 0
    row = new_translation(state, kind, record, locale, {**own, **{k: v for k, v in texts.items() if v is not None}}, by)
    for one in listed:
        if one is not own:
            new_translation(state, kind, record, locale_of(state, one.get("locale")), {**one, **_texts(one)}, by)
    shown_in(record, kind, row)
    state.guide.lists.setdefault(kind, []).append(record)
    return record


def _texts(given: Record) -> Record:
    body = given.get("body") if given.get("body") is not None else given.get("description")
    text = None if body is None else _UNSAFE.sub("", str(body))
    return {"body": text, "draft": bool(given.get("draft"))}


def create_category(call: Call) -> SimResponse:
    """Answer `POST /help_center/categories`."""
    given = payloads.envelope(call, "category")
    record = _new(call, "categories", given, locale_of(call.state, *call.words, given.get("locale")), {})
    return payloads.answered({"category": record}, 201, payloads.dropped(given, _SHELF), Location=record["url"])


def create_section(call: Call) -> SimResponse:
    """Answer `POST /help_center/categories/{id}/sections`."""
    given = payloads.envelope(call, "section")
    category = found(call.state, "categories", call.ids[0])
    parent = whole(given.get("parent_section_id"), "parent_section_id")
    if parent is not None:
        found(call.state, "sections", parent)
    more = {"category_id": category["id"], "parent_section_id": parent, "theme_template": "section_page"}
    record = _new(call, "sections", given, locale_of(call.state, *call.words, given.get("locale")), more)
    return payloads.answered({"section": record}, 201, payloads.dropped(given, _SECTION), Location=record["url"])


def create_article(call: Call) -> SimResponse:
    """Answer `POST /help_center/sections/{id}/articles`: who may edit it and who may read it must be said."""
    body = payloads.body_of(call)
    given = payloads.envelope(call, "article")
    section = found(call.state, "sections", call.ids[0])
    if given.get("permission_group_id") is None:
        raise record_invalid(permission_group_id=problem("Permission group: cannot be blank", "BlankValue"))
    if "user_segment_id" not in given and "user_segment_ids" not in given:
        raise record_invalid(user_segment_id=problem("User segment: must be given, null for everyone", "BlankValue"))
    more = {
        "author_id": call.caller.user_id,
        "comments_disabled": False,
        "promoted": False,
        "vote_sum": 0,
        "vote_count": 0,
        "section_id": section["id"],
        "outdated_locales": [],
        "content_tag_ids": [],
        "label_names": [],
        **_meta(call.state, given),
    }
    locale = locale_of(call.state, *call.words, given.get("locale"))
    record = _new(call, "articles", given, locale, more)
    if not record["draft"] and body.get("notify_subscribers") is not False:
        tell_subscribers(call.state, "article_subscription", record["title"])
    return payloads.answered({"article": record}, 201, payloads.dropped(given, _ARTICLE), Location=record["url"])


def _meta(state: State, given: Record) -> Record:
    """Return what may change of an article without its text."""
    values: Record = {name: bool(given[name]) for name in ("promoted", "comments_disabled") if name in given}
    segments = {one["id"] for one in state.guide.lists.get("user_segments", [])}
    if "user_segment_id" in given or "user_segment_ids" in given:
        single = given.get("user_segment_id")
        named = given.get("user_segment_ids") or ([] if single is None else [single])
        wanted = [int(one) for one in named]
        if set(wanted) - segments:
            raise record_invalid(user_segment_id=problem("User segment: is invalid"))
        values |= {"user_segment_id": wanted[0] if wanted else None, "user_segment_ids": wanted}
    if "author_id" in given:
        author = state.users.get(whole(given["author_id"], "author_id") or 0)
        if author is None or not author["active"] or author["role"] == "end-user":
            raise record_invalid(author_id=problem("Author: is invalid"))
        values["author_id"] = author["id"]
    if "section_id" in given:
        values["section_id"] = found(state, "sections", int(given["section_id"]))["id"]
    if "position" in given:
        values["position"] = int(given["position"] or 0)
    for name in ("label_names", "content_tag_ids"):
        if name in given:
            values[name] = list(given[name] or ())
    if given.get("permission_group_id") is not None:
        values["permission_group_id"] = int(given["permission_group_id"])
    return values


def update_article(call: Call) -> SimResponse:
    """Answer `PUT /help_center/articles/{id}`: its metadata; title, body and draft are left as they are."""
    given = payloads.envelope(call, "article")
    record = found(call.state, "articles", call.ids[0])
    record |= {**_meta(call.state, given), "updated_at": iso(call.state.now())}
    return payloads.answered({"article": record}, 200, payloads.dropped(given, _META))


def update_shelf(kind: str) -> Handler:
    """Return the handler of `PUT` on a category or a section."""

    def handler(call: Call) -> SimResponse:
        given = payloads.envelope(call, ENVELOPES[kind])
        record = found(call.state, kind, call.ids[0])
        if "position" in given:
            record["position"] = int(given["position"] or 0)
        for name, parent in (("category_id", "categories"), ("parent_section_id", "sections")):
            if kind == "sections" and name in given:
                wanted = whole(given[name], name)
                record[name] = None if wanted is None else found(call.state, parent, wanted)["id"]
        if kind == "sections" and ("name" in given or "description" in given):
            texts = {"title": given.get("name"), "body": given.get("description")}
            _change(call, kind, record, record["source_locale"], {k: v for k, v in texts.items() if v is not None})
        record["updated_at"] = iso(call.state.now())
        return payloads.answered({ENVELOPES[kind]: record}, 200, payloads.dropped(given, _SECTION))

    return handler


def delete(kind: str) -> Handler:
    """Return the handler of `DELETE`: articles are archived, and what stands on a shelf goes with it."""

    def handler(call: Call) -> SimResponse:
        _remove(call.state, kind, found(call.state, kind, call.ids[0]))
        return SimResponse(204)

    return handler


def _remove(state: State, kind: str, record: Record) -> None:
    state.guide.lists[kind].remove(record)
    for name, key in _BELOW.get(kind, ()):
        for one in [one for one in state.guide.lists.get(name, []) if one[key] == record["id"]]:
            if one in state.guide.lists[name]:  # not gone with another one already
                _remove(state, name, one)


def create_translation(kind: str) -> Handler:
    """Return the handler of `POST .../translations`."""

    def handler(call: Call) -> SimResponse:
        given = payloads.envelope(call, "translation")
        record = found(call.state, kind, call.ids[0])
        locale = locale_of(call.state, given.get("locale"))
        row = new_translation(call.state, kind, record, locale, {**given, **_texts(given)}, call.caller.user_id or 0)
        record["updated_at"] = iso(call.state.now())
        return payloads.answered({"translation": row}, 201, payloads.dropped(given, _TRANSLATION), Location=row["url"])

    return handler


def update_translation(kind: str) -> Handler:
    """Return the handler of `PUT .../translations/{locale}`."""

    def handler(call: Call) -> SimResponse:
        given = payloads.envelope(call, "translation")
        record = found(call.state, kind, call.ids[0])
        row = _change(call, kind, record, call.words[0].lower(), given)
        return payloads.answered({"translation": row}, 200, payloads.dropped(given, _TRANSLATION))

    return handler


def _change(call: Call, kind: str, record: Record, locale: str, given: Record) -> Record:
    """Change a translation; what is the same as before moves no time."""
    own = [dict(one) for one in translations_of(call.state, kind, record["id"])]
    row = next((one for one in own if one["locale"] == locale), None)
    if row is None:
        raise no_record()
    values: dict[str, Any] = {name: bool(given[name]) for name in ("draft", "outdated") if name in given}
    if given.get("title"):
        values["title"] = str(given["title"])
    if given.get("body") is not None:
        values["body"] = _UNSAFE.sub("", str(given["body"]))
    if any(row[name] != value for name, value in values.items()):
        row |= {**values, "updated_at": iso(call.state.now()), "updated_by_id": call.caller.user_id}
        call.state.guide.written_translations[kind, record["id"]] = own
        if locale == record["source_locale"]:
            shown_in(record, kind, row)
    return row


def delete_translation(call: Call) -> SimResponse:
    """Answer `DELETE /help_center/translations/{id}`: never the only one."""
    for kind in ENVELOPES:
        for record in call.state.guide.lists.get(kind, []):
            own = translations_of(call.state, kind, record["id"])
            rest = [one for one in own if one["id"] != call.ids[0]]
            if len(rest) == len(own):
                continue
            if not rest:
                raise record_invalid(base=problem("Translation: is the only one"))
            call.state.guide.written_translations[kind, record["id"]] = rest
            return SimResponse(204)
    raise no_record()


def source_locale(kind: str) -> Handler:
    """Return the handler of `PUT .../source_locale`: an existing translation becomes the main one."""

    def handler(call: Call) -> SimResponse:
        record = found(call.state, kind, call.ids[0])
        body = payloads.body_of(call)
        locale = str(body.get(f"{ENVELOPES[kind]}_locale") or body.get("locale") or "").lower()
        row = next((one for one in translations_of(call.state, kind, record["id"]) if one["locale"] == locale), None)
        if row is None:
            raise record_invalid(locale=problem("Locale: has no translation"))
        record |= {"source_locale": locale, "locale": locale}
        shown_in(record, kind, row)
        return SimResponse(200)

    return handler


def _routes() -> Iterable[Route]:
    for base in ("/api/v2/help_center", "/api/v2/help_center/{word}"):
        yield Route("POST", f"{base}/categories", create_category, admin=True)
        yield Route("POST", f"{base}/categories/{{id}}/sections", create_section)
        yield Route("POST", f"{base}/sections/{{id}}/articles", create_article)
        yield Route("PUT", f"{base}/articles/{{id}}", update_article)
        for kind in ("categories", "sections"):
            yield Route("PUT", f"{base}/{kind}/{{id}}", update_shelf(kind), admin=True)
        for kind in ENVELOPES:
            yield Route("DELETE", f"{base}/{kind}/{{id}}", delete(kind), admin=kind != "articles")
            yield Route("PUT", f"{base}/{kind}/{{id}}/source_locale", source_locale(kind))
    for kind in ENVELOPES:
        path = f"/api/v2/help_center/{kind}/{{id}}/translations"
        yield Route("POST", path, create_translation(kind))
        yield Route("PUT", f"{path}/{{word}}", update_translation(kind))


ROUTES: Final = [
    Route("DELETE", "/api/v2/help_center/translations/{id}", delete_translation),
    *_routes(),
]
