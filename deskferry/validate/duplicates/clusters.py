"""Pairs put together: all records that are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from deskferry.validate.duplicates.verdict import Decision, Pair, Verdict


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that are one."""

    kind: str
    members: tuple[str, ...]
    pairs: tuple[Pair, ...]
    verdict: Verdict
    """The weakest of those that hold it together."""


def clusters(pairs: Iterable[Pair], at_least: Verdict = Verdict.PROBABLE) -> list[Cluster]:
    """Return the clusters of some pairs of one kind, the largest first.

    Pairs are taken surest first; what a person decided comes before, and no cluster holds two records that are decided
    to be different.
    """
    given = list(pairs)
    apart = _Apart(one for one in given if one.decision == Decision.DIFFERENT)
    holding = [
        one for one in given
        if one.decision == Decision.SAME or (one.decision is None and one.verdict.rank <= at_least.rank)
    ]  # fmt: skip
    holding.sort(key=lambda one: (one.decision is None, one.verdict.rank, -one.score, one.record_id, one.other_id))
    groups: dict[str, set[str]] = {}
    kept: list[Pair] = []
    for one in holding:
        first = groups.setdefault(one.record_id, {one.record_id})
        second = groups.setdefault(one.other_id, {one.other_id})
        if first is not second and apart.between(first, second):
            continue
        kept.append(one)
        if first is not second:
            larger, smaller = (first, second) if len(first) >= len(second) else (second, first)
            larger |= smaller
            groups.update(dict.fromkeys(smaller, larger))
    return _clusters(groups, kept)


def _clusters(groups: dict[str, set[str]], kept: list[Pair]) -> list[Cluster]:
    held: dict[int, list[Pair]] = defaultdict(list)
    for one in kept:
        held[id(groups[one.record_id])].append(one)
    found = [
        Cluster(of[0].kind, tuple(sorted(groups[of[0].record_id])), tuple(of), _weakest(of)) for of in held.values()
    ]
    return sorted(found, key=lambda one: (-len(one.members), one.verdict.rank, one.members))


def _weakest(pairs: list[Pair]) -> Verdict:
    ranks = [Verdict.CERTAIN.rank if one.decision == Decision.SAME else one.verdict.rank for one in pairs]
    return list(Verdict)[max(ranks)]


class _Apart:
    """Records that a person told to be different."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._others: dict[str, set[str]] = defaultdict(set)
        for one in pairs:
            self._others[one.record_id].add(one.other_id)
            self._others[one.other_id].add(one.record_id)

    def between(self, one: set[str], other: set[str]) -> bool:
        smaller, larger = (one, other) if len(one) <= len(other) else (other, one)
        return any(not larger.isdisjoint(self._others.get(member, ())) for member in smaller)
