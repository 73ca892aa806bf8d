"""The audit in one sentence, and what speaks against the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.report.wording import Words


def verdict(found: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return code, tone (good, warn, bad), the sentence, and the reasons; a reason of tone `note` changes neither."""
    against = [
        {"code": code, "n": n, "tone": tone, "text": words(f"audit.against.{code}", n=n)}
        for code, n, tone in _against(found)
        if n
    ]
    tones = {one["tone"] for one in against}
    examined = any(one["state"] == "examined" and one["checked"] for one in found["rules"])
    code, tone = next(
        (case[1:] for case in (
            ("bad" in tones, "errors", "bad"), (not examined, "empty", "warn"), ("warn" in tones, "warnings", "warn"),
        ) if case[0]),
        ("good", "good"),
    )  # fmt: skip
    total = found["scores"]["total"]
    text = words(
        f"audit.verdict.{_sentence(code, total)}", n=total["checked"], errors=total["with_error"],
        warnings=total["with_warning"], score="–" if total["score"] is None else words.percent(total["score"], 2),
    )  # fmt: skip
    return {"code": code, "tone": tone, "text": text, "against": against}


def _sentence(code: str, total: Mapping[str, Any]) -> str:
    """Return which sentence says it: what is wrong need not be wrong with a record that was checked."""
    if code == "errors" and total["with_error"]:
        return code if total["with_warning"] else "errors_only"
    if code == "warnings" and total["with_warning"]:
        return code
    return "against" if code in {"errors", "warnings"} else code


def _against(found: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Yield what speaks against the data, how often, and how gravely."""
    by_severity = found["findings"]["by_severity"]
    yield "errors", by_severity["error"], "bad"
    yield "warnings", by_severity["warning"], "warn"
    compared = found["reconciliation"] or ()
    missed = any(one["missed"] for one in compared)
    for state, tone in (
        ("missing_here", "bad"), ("differs", "bad"), ("changed_there", "bad" if missed else "note"),
        ("gone_there", "warn"), ("new_there", "note"),
    ):  # fmt: skip
        yield state, sum(one["count"] for each in compared for one in each["found"] if one["state"] == state), tone
    yield "counts_short", sum(_unexplained(one) for one in compared), "bad"
    undecided = [one for one in (found["duplicates"] or {"counts": []})["counts"] if one["pairs"] > one["decided"]]
    for name, tone in (("certain", "bad"), ("probable", "warn")):
        yield (
            f"{name}_duplicates",
            sum(one["pairs"] - one["decided"] for one in undecided if one["verdict"] == name),
            tone,
        )


def _unexplained(compared: Mapping[str, Any]) -> int:
    """Return of how many kinds the vendor counts more than there are here, and no record that is missing was found."""
    named = {one["kind"] for one in compared["found"] if one["state"] in {"missing_here", "new_there"}}
    return sum(one["there"] > one["here"] and one["kind"] not in named for one in compared["counted"])
