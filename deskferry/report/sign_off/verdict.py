"""The verdict in one sentence, and what stands against a signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.report.sign_off.counting import MOVED
from deskferry.report.sign_off.facts import Facts
from deskferry.report.wording import Words

_USAGE = 2


def verdict(facts: Facts, found: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return code, tone (good, warn, bad), the sentence, and the reasons against it."""
    against = [{"code": code, "n": n, "text": words(f"sign_off.against.{code}", n=n)} for code, n in _against(found)]
    code, tone = _code(facts, found, bool(against))
    moved = {
        one["kind"]: sum(one["outcome"].get(name, 0) for name in MOVED) - (one.get("again") or 0)
        for one in found["counts"]["kinds"]
    }
    text = words(
        f"sign_off.verdict.{code}", tickets=moved["ticket"], messages=moved["message"], losses=found["losses"]["total"],
        source=facts.source.title, destination=facts.destination.title, n=len(against), code=facts.run["exit_code"],
    )  # fmt: skip
    return {"code": code, "tone": tone, "text": text, "against": against}


def _code(facts: Facts, found: Mapping[str, Any], against: bool) -> tuple[str, str]:
    """Return the first that applies."""
    exit_code = facts.run["exit_code"]
    cases = (
        (found["undoing"]["rolled_back"], "rolled_back", "warn"),
        (exit_code is None, "unfinished", "bad"),
        (exit_code == _USAGE, "not_begun", "bad"),
        (exit_code not in (0, 1), "stopped", "bad"),
        (bool(facts.told.get("dry_run")) or "dry_run" in facts.counts, "dry_run", "warn"),
        (bool(facts.counts.get("stopped_at_canary")), "canary", "warn"),
        (against or exit_code == 1, "against", "bad"),
        (facts.verify is None, "unverified", "warn"),
        (bool(found["losses"]["total"]), "good_with_losses", "good"),
    )
    return next(((code, tone) for holds, code, tone in cases if holds), ("good", "good"))


def _against(found: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield what speaks against a signature, each with how often."""
    proof = found["proof"]
    numbers = (
        ("differences", found["differences"]["total"]),
        ("unplanned_losses", found["losses"]["unplanned"]),
        ("failed", found["operations"]["failed"]["total"]),
        ("open_operations", found["operations"]["open"]["total"]),
        ("sums", sum(1 for one in found["counts"]["kinds"] if one["adds_up"] is False)),
        ("proof", 0 if proof is None or proof["holds"] else proof["would_send"] + proof["in_doubt"]),
        ("later_differences", sum(one["differences"] for one in found["later_checks"][-1:])),
    )
    yield from ((code, n) for code, n in numbers if n)
