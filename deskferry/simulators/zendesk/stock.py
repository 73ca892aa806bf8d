"""A Zendesk that holds what an account has, under its ids: its own records as they were pulled, without tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from deskferry.simulators.kernel import SimClock
from deskferry.simulators.zendesk.desk import ZendeskDesk
from deskferry.simulators.zendesk.guide_state import WORDS
from deskferry.simulators.zendesk.ids import BASES, STEP, id_of, iso
from deskferry.simulators.zendesk.load import Recording
from deskferry.simulators.zendesk.state import FIRST_NEW, Record, State

if TYPE_CHECKING:
    from deskferry.simulators.stock import Stock

PLAN: Final = "suite_enterprise"
_NEW: Final = {
    "users": "user",
    "organizations": "organization",
    "organization_memberships": "membership",
    "groups": "group",
    "group_memberships": "group_membership",
    "ticket_fields": "field",
    "user_fields": "field",
    "organization_fields": "field",
    "macros": "macro",
    "user_identities": "identity",
    "categories": "category",
    "sections": "section",
    "articles": "article",
    "translations": "translation",
}
"""Stream → what the ids of its new records count."""
_SEGMENTS: Final = ("signed_in_users", "staff")


def filled(stock: Stock, clock: SimClock) -> ZendeskDesk:
    """Return the desk, with notifications and rules on, on a plan that has everything; it takes no tickets.

    An account that nobody administers, as far as was pulled, gets an administrator: somebody has to own the token.
    """
    streams = {name: [dict(row) for row in rows] for name, rows in stock.records.items()}
    streams["user_identities"] = _taken_out(streams.get("users", []), "identities")
    _complete_guide(streams)
    if not any(row["role"] == "admin" and row.get("active") is not False for row in streams.get("users", ())):
        streams.setdefault("users", []).append(_administrator(iso(int(clock.now()))))
    state = Recording(streams).state(clock, PLAN)
    _number_above(state, streams)
    return ZendeskDesk(state)


def _taken_out(rows: list[Record], name: str) -> list[Record]:
    """Return what lies in the rows under a name, and take it out of them: a pull puts there what came beside."""
    return [one for row in rows for one in row.pop(name, None) or ()]


def _complete_guide(streams: dict[str, list[Record]]) -> None:
    """Lay apart what a pull keeps with its articles; whoever has a help centre has its two segments."""
    articles = streams.get("articles", [])
    if not any(streams.get(name) for name in ("categories", "sections", "articles")):
        return
    named = {int(one["id"]): dict(one) for one in _taken_out(articles, "user_segments")}
    for key, kind in enumerate(_SEGMENTS, 1):
        if not any(_is_whole(one, kind) for one in named.values()):
            named.setdefault(id_of("segment", key), _segment(id_of("segment", key), kind))
    streams["user_segments"] = [named[one] for one in sorted(named)]
    known = {int(one["id"]) for one in streams.get("translations", ())}
    beside = [one for one in _taken_out(articles, "translations") if int(one["id"]) not in known]
    own = [*streams.get("translations", ()), *beside]
    present = {(one["source_type"], one["source_id"], one["locale"]) for one in own}
    for name, word in WORDS.items():
        for row in streams.get(name, ()):
            if (word, row["id"], row["source_locale"]) not in present:
                own.append(_first_translation(word, row, id_of("translation", len(own) + 1)))
    streams["translations"] = own


def _first_translation(word: str, row: Record, identifier: int) -> Record:
    """Return the text of a record in its own language, which a pull has in the record."""
    return {
        **{name: row.get(name) for name in ("html_url", "created_at", "updated_at")},
        "id": identifier,
        "source_id": row["id"],
        "source_type": word,
        "locale": row["source_locale"],
        "title": row.get("title") or row.get("name"),
        "body": row.get("body") or row.get("description") or "",
        "outdated": bool(row.get("outdated")),
        "draft": bool(row.get("draft")),
        "hidden": False,
    }


def _is_whole(segment: Mapping[str, Any], kind: str) -> bool:
    narrowing = ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids")
    return segment.get("user_type") == kind and not any(segment.get(one) for one in narrowing)


def _segment(identifier: int, kind: str) -> Record:
    empty: Record = {name: [] for name in ("group_ids", "organization_ids", "tags", "or_tags", "added_user_ids")}
    return {"id": identifier, "user_type": kind, "name": kind.replace("_", " "), "built_in": True, **empty}


def _administrator(now: str) -> Record:
    nothing = (
        "external_id",
        "phone",
        "organization_id",
        "default_group_id",
        "custom_role_id",
        "signature",
        "locale_id",
    )
    return {
        **dict.fromkeys(nothing),
        "id": id_of("user", 1),
        "url": f"https://recorded.zendesk.com/api/v2/users/{id_of('user', 1)}.json",
        "name": "Rehearsal",
        "email": "rehearsal@deskferry.invalid",
        "role": "admin",
        "active": True,
        "verified": True,
        "suspended": False,
        "notes": "",
        "details": "",
        "tags": [],
        "user_fields": {},
        "locale": "en-US",
        "created_at": now,
        "updated_at": now,
    }


def _number_above(state: State, streams: Mapping[str, list[Record]]) -> None:
    """Let new records have ids above those that are there, as the lists of the vendor go on with them."""
    counters = state.written.counters
    for name, kind in _NEW.items():
        for row in streams.get(name, ()):
            key = (int(row["id"]) - BASES[kind]) // STEP + 1
            counters[kind] = max(counters.get(kind, FIRST_NEW), key)
