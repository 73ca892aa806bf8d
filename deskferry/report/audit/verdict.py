"""The audit in one sentence, and what speaks against the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.report.wording import Words


def verdict(found: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return code, tone (good, warn, bad), the sentence, and the reasons."""
    against = [
        {"code": code, "n": n, "tone": tone, "text": words(f"audit.against.{code}", n=n)}
        for code, n, tone in _against(found)
        if n
    ]
    tones = {one["tone"] for one in against}
    examined = any(one["state"] == "examined" and one["checked"] for one in found["rules"])
    code, tone = next(
        (case[1:] for case in (
            (not examined, "empty", "warn"), ("bad" in tones, "errors", "bad"), ("warn" in tones, "warnings", "warn"),
        ) if case[0]),
        ("good", "good"),
    )  # fmt: skip
    total = found["scores"]["total"]
    text = words(
        f"audit.verdict.{code}", n=total["checked"], errors=total["with_error"], warnings=total["with_warning"],
        score="–" if total["score"] is None else words.percent(total["score"], 2),
    )  # fmt: skip
    return {"code": code, "tone": tone, "text": text, "against": against}


def _against(found: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Yield what speaks against the data, how often, and how gravely."""
    by_severity = found["findings"]["by_severity"]
    yield "errors", by_severity["error"], "bad"
    yield "warnings", by_severity["warning"], "warn"
    compared = found["reconciliation"] or ()
    missed = any(one["missed"] for one in compared)
    for state, tone in (
        ("missing_here", "bad"), ("differs", "bad"), ("changed_there", "bad" if missed else "warn"),
        ("gone_there", "warn"),
    ):  # fmt: skip
        yield state, sum(one["count"] for each in compared for one in each["found"] if one["state"] == state), tone
    undecided = [one for one in (found["duplicates"] or {"counts": []})["counts"] if one["pairs"] > one["decided"]]
    for name, tone in (("certain", "bad"), ("probable", "warn")):
        yield (
            f"{name}_duplicates",
            sum(one["pairs"] - one["decided"] for one in undecided if one["verdict"] == name),
            tone,
        )
