"""The help centre: 30 rows a page unless asked otherwise; every path also with a locale in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from deskferry.simulators.zendesk import guide_state
from deskferry.simulators.zendesk.errors import no_record
from deskferry.simulators.zendesk.exports import start_time
from deskferry.simulators.zendesk.ids import id_of, seconds
from deskferry.simulators.zendesk.paging import integer, link, paged, rows_of, wants_cursor
from deskferry.simulators.zendesk.routing import Call, Handler, Route
from deskferry.simulators.zendesk.state import Record

_PAGE: Final = 30
_PARENTS: Final = {"categories": "category_id", "sections": "section_id"}


def _visible(call: Call, records: list[Record]) -> list[Record]:
    if call.caller.role in ("admin", "agent"):
        return records
    return [one for one in records if not one.get("draft") and one.get("user_segment_id") is None]


def _page(call: Call, name: str, records: list[Record]) -> Record:
    page = paged(call.request, call.state.host, name, rows_of(records), default=_PAGE)
    if not wants_cursor(call.request):
        per_page = min(integer(call.request, "per_page", _PAGE), 100)
        page |= {
            "page": integer(call.request, "page", 1),
            "per_page": per_page,
            "page_count": -(-len(records) // per_page),
            "sort_by": call.request.param("sort_by") or "position",
            "sort_order": call.request.param("sort_order") or "asc",
        }
    return page


def listing(name: str) -> Handler:
    """Return the handler of a list: with a locale only what is written in it, below a parent only its own."""

    def handler(call: Call) -> Record:
        records = _visible(call, call.state.guide.lists.get(name, []))
        if call.words:
            records = [one for one in records if one["source_locale"] == call.words[0].lower()]
        if call.ids:
            parent = "categories" if "/categories/" in call.request.path else "sections"
            records = _below(call, name, records, parent)
        return _page(call, name, records)

    return handler


def _below(call: Call, name: str, records: list[Record], parent: str) -> list[Record]:
    if parent == "categories" and name == "articles":
        sections = call.state.guide.lists.get("sections", [])
        wanted = {one["id"] for one in sections if one["category_id"] == call.ids[0]}
        return [one for one in records if one["section_id"] in wanted]
    return [one for one in records if one[_PARENTS[parent]] == call.ids[0]]


def showing(name: str, envelope: str) -> Handler:
    """Return the handler of one record."""

    def handler(call: Call) -> Record:
        records = _visible(call, call.state.guide.lists.get(name, []))
        found = [one for one in records if one["id"] == call.ids[0]]
        if not found:
            raise no_record()
        return {envelope: found[0]}

    return handler


def translations(kind: str) -> Handler:
    """Return the handler of the translations of a record; they are not paged."""

    def handler(call: Call) -> Record:
        found = guide_state.translations_of(call.state, kind, call.ids[0])
        if not found:
            raise no_record()
        if call.words:
            found = [one for one in found if one["locale"] == call.words[0].lower()]
            if not found:
                raise no_record()
            return {"translation": found[0]}
        return {"translations": found, "next_page": None, "previous_page": None, "count": len(found)}

    return handler


def attachments(call: Call) -> Record:
    """Answer `GET /help_center/articles/{id}/attachments`, of one sort with `/inline` and `/block`."""
    found = guide_state.attachments_of(call.state, call.ids[0])
    last = call.request.path.removesuffix(".json").rsplit("/", 1)[-1]
    if last in ("inline", "block"):
        found = [one for one in found if one["inline"] == (last == "inline")]
    return {"article_attachments": found, "next_page": None, "previous_page": None, "count": len(found)}


def incremental_articles(call: Call) -> Record:
    """Answer `/help_center/incremental/articles`: by time, with no end mark, and no word of deleted articles."""
    start = start_time(call)
    records = [one for one in call.state.guide.lists.get("articles", []) if seconds(one["updated_at"]) >= start]
    records.sort(key=lambda one: (one["updated_at"], one["id"]))
    size = min(integer(call.request, "per_page", 1000), 1000)
    page = records[:size]
    end = seconds(page[-1]["updated_at"]) if page else None
    more = len(records) > size
    return {
        "articles": page,
        "count": len(page),
        "next_page": link(call.request, call.state.host, start_time=end) if more else None,
        "end_time": end,
    }


def locales(call: Call) -> Record:
    """Answer `GET /help_center/locales`."""
    return {"locales": guide_state.locales(call.state), "default_locale": "en-us"}


def permission_groups(_call: Call) -> Any:
    """Answer `GET /guide/permission_groups`, which the description does not know."""
    group = {"id": id_of("permission", 1), "name": "Managers", "built_in": True, "edit": [], "publish": []}
    return {"permission_groups": [group], "count": 1, "next_page": None, "previous_page": None}


def _routes() -> Iterable[Route]:
    for base in ("/api/v2/help_center", "/api/v2/help_center/{word}"):
        for name, envelope in (("categories", "category"), ("sections", "section"), ("articles", "article")):
            yield Route("GET", f"{base}/{name}", listing(name), anonymous=True)
            yield Route("GET", f"{base}/{name}/{{id}}", showing(name, envelope), anonymous=True)
        yield Route("GET", f"{base}/categories/{{id}}/sections", listing("sections"), anonymous=True)
        yield Route("GET", f"{base}/categories/{{id}}/articles", listing("articles"), anonymous=True)
        yield Route("GET", f"{base}/sections/{{id}}/articles", listing("articles"), anonymous=True)
        for tail in ("", "/inline", "/block"):
            yield Route("GET", f"{base}/articles/{{id}}/attachments{tail}", attachments, anonymous=True)
    for name in ("categories", "sections", "articles"):
        path = f"/api/v2/help_center/{name}/{{id}}/translations"
        yield Route("GET", path, translations(name), anonymous=True)
        yield Route("GET", f"{path}/{{word}}", translations(name), anonymous=True)


ROUTES: Final = [
    Route("GET", "/api/v2/help_center/incremental/articles", incremental_articles),
    Route("GET", "/api/v2/help_center/user_segments", listing("user_segments")),
    Route("GET", "/api/v2/help_center/user_segments/{id}", showing("user_segments", "user_segment")),
    Route("GET", "/api/v2/help_center/locales", locales, anonymous=True),
    Route("GET", "/api/v2/guide/permission_groups", permission_groups),
    *_routes(),
]
