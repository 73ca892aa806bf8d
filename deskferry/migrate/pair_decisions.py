"""What people decided of source records that look like one: `same` cross as one, `different` never do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from deskferry.validate.duplicates.kept_pairs import decisions_of
from deskferry.validate.duplicates.verdict import Decision


@dataclass(frozen=True, slots=True)
class PairDecisions:
    """The decisions on the pairs of one kind of a connection."""

    _root: Mapping[str, str] = field(default_factory=dict)
    _different: Mapping[str, set[str]] = field(default_factory=dict)

    def one_as(self, record_id: str) -> str | None:
        """Return what all records have in common that are decided to be the same as this one; None for no other."""
        return self._root.get(record_id)

    def apart(self, some: Iterable[str], others: Iterable[str]) -> bool:
        """Whether one of some records is decided to be another than one of the others."""
        if not self._different:
            return False
        beside = set(others)
        return any(not beside.isdisjoint(self._different.get(one, ())) for one in some)


def pair_decisions(database: Connection, kind: str, connection: str) -> PairDecisions:
    """Return what was decided of the records of a kind in a connection."""
    different: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, set[str]] = {}
    for (one, other), decision in sorted(decisions_of(database, kind, connection).items()):
        if decision is Decision.DIFFERENT:
            different[one].add(other)
            different[other].add(one)
            continue
        joined = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(joined, joined))
    return PairDecisions({record: min(group) for record, group in groups.items()}, dict(different))
