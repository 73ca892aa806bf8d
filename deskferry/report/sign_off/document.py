"""Everything that a sign-off says, as plain JSON (`report/json/sign_off.schema.json`); the page shows the same."""

from __future__ import annotations

from typing import Any

from deskferry.report.sign_off import checks, operations
from deskferry.report.sign_off.answers import answers
from deskferry.report.sign_off.counting import MOVED, counts
from deskferry.report.sign_off.cutover import cutover
from deskferry.report.sign_off.facts import Facts, Side, instant
from deskferry.report.sign_off.losses import losses
from deskferry.report.sign_off.side_by_side import side_by_side
from deskferry.report.sign_off.verdict import verdict
from deskferry.report.wording import Words

FORM = "deskferry-sign-off/1"


def document(facts: Facts, words: Words) -> dict[str, Any]:
    """Return the report of a run; every loss by itself comes beside it (`losses.loss_rows`)."""
    counted = counts(facts)
    found: dict[str, Any] = {
        "form": FORM,
        "language": words.language,
        "title": _title(facts),
        "counts": counted,
        "losses": losses(facts, words),
        "effects": operations.effects(facts, words),
        "placeholders": operations.placeholders(facts),
        "answers": answers(facts),
        "tickets": side_by_side(facts),
        "differences": checks.differences(facts),
        "proof": checks.proof(facts),
        "operations": operations.open_operations(facts),
        "findings": checks.findings(facts),
        "later_checks": checks.later_checks(facts),
        "undoing": checks.undoings(facts),
        "cutover": cutover(facts),
        "not_checked": [
            {**one, "text": words(f"sign_off.not_checked.{one['code']}", n=one["n"])}
            for one in checks.not_checked(facts, sum(one["rows"] for one in counted["others"]))
        ],
    }
    found["verdict"] = verdict(facts, found, words)
    found["tiles"] = _tiles(counted)
    return found


def _title(facts: Facts) -> dict[str, Any]:
    verify = facts.verify
    return {
        "run_id": facts.run_id,
        "source": _side(facts.source),
        "destination": _side(facts.destination),
        "started_at": instant(facts.run["started_at"]),
        "ended_at": instant(facts.run["ended_at"]),
        "exit_code": facts.run["exit_code"],
        "version": facts.run["version"],
        "mapping_hash": facts.plan.get("mapping_hash"),
        "depth": None if verify is None else verify["depth"],
        "scope": facts.told.get("scope"),
        "dry_run": bool(facts.told.get("dry_run")),
        "covers": list(facts.counts.get("covers") or ()),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "connection": side.name, "vendor": side.vendor, "title": side.title, "account_id": side.account_id,
        "account_name": side.account_name, "site": side.site,
    }  # fmt: skip


def _tiles(counted: dict[str, Any]) -> dict[str, int]:
    """Return how much of each kind lies at the destination, for the head of the page."""
    return {
        one["kind"]: sum(one["outcome"].get(name, 0) for name in (*MOVED, "carried")) - one["again"]
        for one in counted["kinds"]
    }
