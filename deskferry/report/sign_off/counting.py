"""The counts of a sign-off, each reconciled to what the source held: sums that add up, or say that they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from deskferry.canonical_schema import KINDS as ALL_KINDS
from deskferry.canonical_schema import sql_table
from deskferry.report.sign_off.facts import Facts

_ALWAYS = ("organization", "person", "ticket", "message", "attachment")
"""What is counted to the last record; a destination that takes articles and macros adds these."""
_OUTCOMES = (
    "created", "adopted", "updated", "reimported", "unchanged", "newer_mapping", "not_updatable", "refused", "not_sent",
    "quarantined",
)  # fmt: skip
"""What may become of a record that was to cross; each record is in one of them."""
MOVED = ("created", "adopted", "updated", "reimported", "unchanged", "newer_mapping", "not_updatable")
"""Of these the ones that lie at the destination."""
_Counts = Mapping[str, int]


def counts(facts: Facts) -> dict[str, Any]:
    """Return the counts by kind, what stays behind of other kinds, and whether everything adds up."""
    counted = tuple(dict.fromkeys((*_ALWAYS, *(facts.told.get("accounted") or ()))))
    kinds = [_kind(facts, kind) for kind in counted]
    sums = [one["adds_up"] for one in kinds]
    occur = {name for one in kinds for name in one["outcome"]}
    return {
        "kinds": kinds,
        "outcomes": [name for name in ("created", "carried", *_OUTCOMES[1:]) if name in occur],
        "adds_up": all(one is not False for one in sums) if facts.told else None,
        "gone_at_source": {
            kind: found["gone_at_source"]
            for kind, found in (facts.load.get("kinds") or {}).items()
            if found.get("gone_at_source")
        },
        "others": _others(facts, counted),
    }


def _kind(facts: Facts, kind: str) -> dict[str, Any]:
    went: Mapping[str, Any] = (facts.told.get("accounted") or {}).get(kind) or {}
    chosen = went.get("chosen", 0) + went.get("added", 0)
    outcome = _files(facts, chosen) if kind == "attachment" else _outcome(facts, kind, chosen)
    verified: _Counts = ((facts.verify or {}).get("kinds") or {}).get(kind) or {}
    source_adds = None if not went else went["unexplained"] == 0
    outcome_adds = outcome.pop("adds_up") if went else None
    return {
        "kind": kind,
        "source": went.get("source"),
        "left_out": went.get("left_out") or {},
        "out_of_scope": went.get("out_of_scope", 0),
        "matched": went.get("matched", 0),
        "twins": went.get("twins", 0),
        "added": went.get("added", 0),
        "chosen": chosen if went else None,
        "unexplained": went.get("unexplained", 0),
        **outcome,
        "checked": verified.get("checked") if kind != "attachment" else None,
        "equal": verified.get("verified") if kind != "attachment" else None,
        "source_adds_up": source_adds,
        "outcome_adds_up": outcome_adds,
        "adds_up": None if not went else source_adds and outcome_adds is not False,
    }


def _outcome(facts: Facts, kind: str, chosen: int) -> dict[str, Any]:
    """Return what became of the records of a kind that were to cross."""
    load: _Counts = (facts.load.get("kinds") or {}).get(kind) or {}
    found = {name: load.get(name, 0) for name in _OUTCOMES if load.get(name)}
    # Unsent drafts are left out, other messages that the destination cannot hold at all are losses as a whole.
    lost = (facts.told.get("carried") or {}).get(f"lost_{kind}", 0)
    total = sum(found.values())
    # A text that is written once more, because what it links to crossed later, is no second record.
    again = min(max(total + lost - chosen, 0), found.get("updated", 0))
    missing = chosen - (total + lost - again)
    return {"outcome": found, "lost": lost, "again": again, "not_reached": max(missing, 0), **_adds(facts, missing)}


def _files(facts: Facts, chosen: int) -> dict[str, Any]:
    """Return what became of files: they cross with their messages, so one that does not is lost as a whole."""
    carried: _Counts = facts.told.get("carried") or {}
    lost = carried.get("lost_attachment", 0)
    taken = carried.get("attachment", 0)
    loaded: Mapping[str, _Counts] = facts.load.get("kinds") or {}
    stuck = any(found.get(name) for found in loaded.values() for name in ("refused", "not_sent", "quarantined"))
    whole = not facts.stopped and not stuck and bool(facts.load)
    return {
        "outcome": {"carried": taken} if whole else {},
        "lost": lost, "again": 0,
        "not_reached": 0 if whole else taken,
        **_adds(facts, chosen - taken - lost, closed=True),
    }  # fmt: skip


def _adds(facts: Facts, missing: int, *, closed: bool = False) -> dict[str, Any]:
    """Return whether a sum adds up; that of a run which did not reach everything need not."""
    if missing == 0:
        return {"adds_up": True}
    open_end = facts.stopped or not facts.load or bool(facts.counts.get("stopped_at_canary"))
    return {"adds_up": None if open_end and missing > 0 and not closed else False}


def _others(facts: Facts, counted: Sequence[str]) -> list[dict[str, Any]]:
    """Return the other kinds of which the source has rows: how many, and how far the destination takes them."""
    there = facts.destination.connector
    found = []
    with facts.store.read() as database:
        for kind in (one.value for one in ALL_KINDS if one.value not in counted):
            table = sql_table(kind)
            rows = database.execute(
                select(func.count())
                .select_from(table)
                .where(table.c.connection == facts.source.name, table.c.deleted_at.is_(None))
            ).scalar_one()
            if rows:
                ability = None if there is None else there.capabilities.ability(kind, "write")
                found.append(
                    {"kind": kind, "rows": rows, "support": None if ability is None else str(ability.support),
                     "note": "" if ability is None else ability.note}
                )  # fmt: skip
    return found
