"""Pairs are put together, and what a person decided comes before what was found."""

from __future__ import annotations

from deskferry.validate.duplicates.clusters import clusters
from deskferry.validate.duplicates.verdict import Pair, Verdict


def pair(one: str, other: str, verdict: Verdict = Verdict.CERTAIN, decision: str | None = None) -> Pair:
    return Pair("person", one, other, 0.9, verdict, (), decision)


def test_a_chain_is_one_and_as_sure_as_its_weakest() -> None:
    (found,) = clusters([pair("a", "b"), pair("b", "c", Verdict.PROBABLE), pair("c", "d", Verdict.POSSIBLE)])
    assert (found.members, found.verdict) == (("a", "b", "c"), Verdict.PROBABLE)


def test_what_is_decided_to_be_two_is_never_in_one() -> None:
    found = clusters([
        pair("a", "b"), pair("b", "c", Verdict.PROBABLE), pair("a", "c", Verdict.CERTAIN, "different"),
        pair("x", "y", Verdict.POSSIBLE, "same"),
    ])  # fmt: skip
    assert [one.members for one in found] == [("a", "b"), ("x", "y")]
    assert found[1].verdict == Verdict.CERTAIN


def test_large_ones_are_put_together_quickly() -> None:
    chain = [pair(f"{n:06}", f"{n + 1:06}") for n in range(20_000)]
    (found,) = clusters(chain)
    assert len(found.members) == 20_001
