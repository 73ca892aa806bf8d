"""What was looked at after writing: differences, findings, the proof, later checks, undoings; and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select, true

from deskferry.migrate.verify import Depth
from deskferry.report.excerpt import excerpt
from deskferry.report.sign_off.facts import Facts, instant
from deskferry.store import machinery
from deskferry.store.state import last_run

_SHOWN = 100
_EXAMPLES = 3


def differences(facts: Facts) -> dict[str, Any]:
    """Return what verify found to differ, by what differs and with the first of them."""
    found = [*(facts.verify or {}).get("differences", ()), *((facts.counts.get("canary") or {}).get("differences", ()))]
    stuck = (facts.verify or {}).get("not_updated", ())
    return {
        "total": len(found),
        "by_field": [{"field": name, "count": n} for name, n in Counter(one["field"] for one in found).most_common()],
        "shown": [
            {**one, "expected": excerpt(one["expected"]), "found": excerpt(one["found"])} for one in found[:_SHOWN]
        ],
        "not_updated": {
            "total": len(stuck),
            "shown": [{**one, "value": excerpt(one["value"])} for one in stuck[:_SHOWN]],
        },
    }


def proof(facts: Facts) -> dict[str, Any] | None:
    """Return what the second pass came to; None where none was asked for."""
    found = facts.counts.get("proof")
    if found is None:
        return None
    left = found.get("would_send", ())
    return {"holds": found["holds"], "would_send": len(left), "in_doubt": found.get("in_doubt", 0)}


def findings(facts: Facts) -> dict[str, Any]:
    """Return the findings of the run by rule, and those of the source in its last `validate` or `audit`."""
    with facts.store.read() as database:
        looked = (last_run(database, name, one) for name in ("validate", "audit") for one in (facts.source.name, None))
        checked = max(filter(None, looked), key=lambda run: (run["started_at"], run["id"]), default=None)
        return {
            "run": _findings(database, facts.run_id),
            "validate": None if checked is None else {
                "run_id": checked["id"], "at": instant(checked["started_at"]),
                "findings": _findings(database, checked["id"], facts.source.name),
            },
        }  # fmt: skip


def _findings(database: Any, run_id: str, connection: str | None = None) -> list[dict[str, Any]]:
    table = machinery.finding
    mine = (table.c.run_id == run_id) & (true() if connection is None else table.c.connection == connection)
    counted = database.execute(
        select(table.c.rule, table.c.severity, func.count().label("n"), func.max(table.c.advice).label("advice"))
        .where(mine)
        .group_by(table.c.rule, table.c.severity)
        .order_by(table.c.severity, func.count().desc(), table.c.rule)
    ).all()
    return [
        {"rule": row.rule, "severity": row.severity, "count": row.n, "advice": excerpt(row.advice, 400),
         "examples": _examples(database, mine & (table.c.rule == row.rule))}
        for row in counted
    ]  # fmt: skip


def _examples(database: Any, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    table = machinery.finding
    rows = database.execute(
        select(table.c.record_id, table.c.detail).where(which).order_by(table.c.id).limit(_EXAMPLES)
    )
    return [{"record_id": row.record_id, "detail": excerpt(row.detail, 300)} for row in rows]


def later_checks(facts: Facts) -> list[dict[str, Any]]:
    """Return what later `verify` runs of the route found, the oldest first."""
    return [
        {
            "run_id": one["id"], "at": instant(one["started_at"]), "depth": (one["counts"] or {}).get("depth"),
            "checked": {kind: n["checked"] for kind, n in ((one["counts"] or {}).get("kinds") or {}).items()},
            "differences": len((one["counts"] or {}).get("differences", ())),
            "ended": one["exit_code"] in (0, 1),
        }
        for one in facts.later
        if one["command"] == "verify"
    ]  # fmt: skip


def undoings(facts: Facts) -> dict[str, Any]:
    """Return whether the run was rolled back, and what that left behind."""
    own = facts.counts.get("rolled_back") or {}
    runs = [
        one for one in facts.later if one["command"] == "rollback" and (one["counts"] or {}).get("of") == facts.run_id
    ]
    # Each rollback counts what all of them left behind: the last one tells it.
    residues = runs[-1]["counts"].get("residues", {}) if runs else {}
    there = facts.destination.connector
    return {
        "rolled_back": bool(own.get("complete")),
        "runs": [
            {"run_id": one["id"], "at": instant(one["started_at"]), "exit_code": one["exit_code"]} for one in runs
        ],
        "residues": [{"code": code, "count": count} for code, count in sorted(residues.items())],
        "would_leave": [] if there is None else list(there.capabilities.rollback_leaves),
    }


def not_checked(facts: Facts, others: int) -> list[dict[str, Any]]:
    """Return what nobody looked at, as codes with numbers: the limits of what this report can be signed for."""
    found = list(_of_verify(facts))
    if others:
        found.append({"code": "kinds_left", "n": others})
    if facts.plan.get("effects"):
        found.append({"code": "effects_unseen", "n": len(facts.plan["effects"])})
    matched = sum((one or {}).get("matched", 0) for one in (facts.told.get("accounted") or {}).values())
    if matched:
        found.append({"code": "matched_not_compared", "n": matched})
    if not facts.told:
        found.append({"code": "nothing_told", "n": 1})
    found.append({"code": "files_opened", "n": 1})
    return found


def _of_verify(facts: Facts) -> Iterator[dict[str, Any]]:
    verify = facts.verify
    if verify is None:
        yield {"code": "not_verified", "n": 1}
        return
    depth = Depth(verify["depth"])
    for wanted, code in ((Depth.HASHES, "texts"), (Depth.FIELDS, "fields"), (Depth.FILES, "file_bytes")):
        if not depth.reaches(wanted):
            yield {"code": f"depth_{code}", "n": 1}
    kinds: Mapping[str, Mapping[str, int]] = verify.get("kinds") or {}
    ticket = kinds.get("ticket") or {}
    earlier = ticket.get("written", 0) - ticket.get("checked", 0) - verify.get("newer_mapping", 0)
    if earlier > 0:
        yield {"code": "earlier_tickets", "n": earlier}
    if verify.get("newer_mapping"):
        yield {"code": "newer_mapping", "n": verify["newer_mapping"]}
