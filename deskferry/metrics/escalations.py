"""Which tickets were escalated: by a mark of the vendor, by a tag, or by a move to a team of a higher tier.

What an escalation is must be configured (options `tags`, `tiers`), except where the vendor itself marks it: a flag on
the ticket or an event of the field `is_escalated`. Being handed to somebody else is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.metrics.definition import Need, Tables
from deskferry.metrics.desk import Desk
from deskferry.metrics.options import Option, Table, Texts

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        "tags": Texts("Tags that mark a ticket as escalated"),
        "tiers": Table("Team (name or id) → tier; a move to a team of a higher tier is an escalation"),
    }
)
_FLAG = Need("ticket", lambda ticket: ticket.is_escalated.notnull())
_EVENT = Need("ticket_event", lambda event: event.field == "is_escalated")
_TAGS = Need("tagging", lambda tagging: tagging.kind == "ticket")
_TEAMS = Need("ticket_event", lambda event: event.field == "team_id")
_YES = ("true", "1", "yes")


def needs(options: Mapping[str, Any]) -> tuple[Need, ...]:
    """Return the markers of which a connection needs one."""
    return (_FLAG, _EVENT, *((_TAGS,) if options["tags"] else ()), *((_TEAMS,) if options["tiers"] else ()))


def tables(options: Mapping[str, Any]) -> Tables:
    """Return the canonical tables that the markers stand in."""
    found: dict[str, tuple[str, ...]] = {
        "ticket": ("is_escalated",),
        "ticket_event": ("ticket_id", "field", "new_value"),
    }
    if options["tags"]:
        found["tagging"] = ("kind", "record_id", "tag")
    if options["tiers"]:
        found["team"] = ("name", "text_of_id")
        found["ticket_event"] += ("key_of_old_value", "key_of_new_value")
    return found


def known_at(desk: Desk, options: Mapping[str, Any]) -> frozenset[str]:
    """Return the connections that have a marker."""
    return frozenset().union(*map(desk.holding, needs(options)))


def told_by_flag_only(desk: Desk, options: Mapping[str, Any]) -> frozenset[str]:
    """Return the connections where only the flag of a ticket tells: one without it is neither."""
    others = frozenset().union(*map(desk.holding, needs(options)[1:]))
    return desk.holding(_FLAG) - others


def escalated(desk: Desk, options: Mapping[str, Any]) -> ir.Table:
    """Return `ticket_id` of the tickets that were escalated, each once."""
    tickets, events = desk.fact("ticket"), desk.table("ticket_event")
    marks = [
        tickets.filter(tickets.is_escalated.fill_null(False)).select("ticket_id"),
        events.filter(events.field == "is_escalated", events.new_value.lower().isin(_YES)).select("ticket_id"),
    ]
    if options["tags"]:
        tags = desk.table("tagging")
        marks.append(tags.filter(tags.kind == "ticket", tags.tag.isin(options["tags"])).select(ticket_id="record_id"))
    if options["tiers"]:
        marks.append(_raised(desk, options["tiers"]))
    return reduce(lambda one, other: one.union(other), marks).distinct()


def _raised(desk: Desk, tiers: Mapping[str, Any]) -> ir.Table:
    """Return the tickets that went from a team to one of a higher tier."""
    by_tier = _teams(desk, tiers)
    events = desk.table("ticket_event")
    moves = events.filter(events.field == "team_id")
    before, after = (_tier(moves[f"key_of_{which}_value"], by_tier) for which in ("old", "new"))
    return moves.filter((after > before).fill_null(False)).select("ticket_id")


def _tier(key: Any, by_tier: Mapping[float, list[int]]) -> Any:
    branches = [(key.isin(keys), tier) for tier, keys in by_tier.items() if keys]
    return ibis.cases(*branches) if branches else ibis.null("float64")


def _teams(desk: Desk, tiers: Mapping[str, Any]) -> dict[float, list[int]]:
    """Return the keys of the teams of each tier."""
    teams = desk.table("team", deleted=True).select("id", "name").to_pyarrow().to_pylist()
    texts = {one["key"]: one["text"] for one in desk.texts("team").to_pyarrow().to_pylist()}
    found: dict[float, list[int]] = {}
    for name, tier in tiers.items():
        try:
            number = float(tier)
        except (TypeError, ValueError):
            raise ConfigError(f"The tier of team {name!r} is {tier!r}.", "Give a number: 1, 2, 3.") from None
        keys = [one["id"] for one in teams if name in (one["name"], texts.get(one["id"]))]
        found.setdefault(number, []).extend(keys)
    return found
