"""What a comparison with the vendor came to, as a section of an audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from deskferry.report.audit.facts import Facts
from deskferry.report.excerpt import excerpt, link, plain

_SHOWN = 50


def reconciliation(facts: Facts) -> list[dict[str, Any]] | None:
    """Return a comparison for each connection; None where nobody asked for any."""
    return [_told(one) for one in facts.comparisons] or None


def _told(found: Any) -> dict[str, Any]:
    departures = sorted(found.departures, key=lambda one: (_STATES.index(str(one.state)), one.kind, one.record_id))
    return {
        "connection": found.connection, "as_of": found.as_of, "pulled_at": found.pulled_at, "subset": found.subset,
        "counted": _counted(found.counted),
        "not_countable": [{"kind": kind, "why": excerpt(why, 300)} for kind, why in found.not_countable.items()],
        "found": [
            {"state": str(state), "kind": kind, "count": n} for (state, kind), n in sorted(found.found.items()) if n
        ],
        "departures": {
            "total": sum(found.found.values()),
            "shown": [_departure(one) for one in departures[:_SHOWN]],
        },
        "read": dict(found.read), "files": dict(found.files),
        "not_compared": [{"what": what, "why": excerpt(why, 300)} for what, why in found.not_compared.items()],
        "notes": [excerpt(one, 300) for one in found.notes],
        "calls": found.calls, "missed": sum(one.missed for one in found.departures),
    }  # fmt: skip


def _counted(lines: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the counts by kind: of the whole account where it was counted, else of its months together."""
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for one in lines:
        by_kind[one.kind].append(one)
    found = []
    for kind, own in by_kind.items():
        whole = [one for one in own if one.month is None] or own
        found.append({
            "kind": kind, "here": sum(one.here for one in whole), "there": sum(one.there for one in whole),
            "months": [{"month": one.month, "here": one.here, "there": one.there} for one in own if one.month],
        })  # fmt: skip
    return found


_STATES = ("missing_here", "differs", "changed_there", "gone_there", "new_there")
"""What is worst comes first."""


def _departure(one: Any) -> Mapping[str, Any]:
    return {
        "state": str(one.state), "kind": one.kind, "record_id": plain(one.record_id), "url": link(one.source_url),
        "fields": [
            {"field": each.field, "here": excerpt(each.here, 100), "there": excerpt(each.there, 100)}
            for each in one.fields[:_SHOWN]
        ],
        "here_at": one.here_at, "there_at": one.there_at,
    }  # fmt: skip
