"""The bench: accounts damaged, looked at once, and what was named held against what had to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import text

from deskferry.canonical_schema import KINDS, column_names
from deskferry.store import Store
from deskferry.store.state import begin_run, end_run
from deskferry.validate import Severity, findings_of, validate
from tests.validate.corruption.also import ALSO
from tests.validate.corruption.damage import Damage
from tests.validate.corruption.defect import Defect, Seen

Named = tuple[str, str, str | None]
"""Rule, connection, record."""


@dataclass
class Look:
    """What one validation named."""

    named: dict[str, set[tuple[str, str | None]]]
    """Connection → rules and records."""
    severities: dict[str, Severity]

    def beyond(self, connection: str, clean: str) -> set[tuple[str, str | None]]:
        """Return what was named in a connection, and not in the clean one that it is a copy of."""
        before = {
            (rule, None if record is None else record.replace(f"{clean}:", f"{connection}:", 1))
            for rule, record in self.named.get(clean, set())
        }
        return self.named.get(connection, set()) - before


def look(store: Store, now: str) -> Look:
    """Validate all connections of a store."""
    with store.read() as database:
        found = database.execute(text("SELECT DISTINCT connection FROM run WHERE command = 'pull' ORDER BY 1"))
        connections = [row[0] for row in found]
    run = begin_run(store, "validate", None, now)
    validate(store, connections, run)
    end_run(store, run, 0, {}, [], now)
    named: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    severities = {}
    for one in findings_of(store, run):
        named[one.connection].add((one.rule, one.record_id))
        severities[one.rule] = one.severity
    return Look(dict(named), severities)


@dataclass
class Damaged:
    """A copy of a clean account, and what was done to it."""

    desk: Damage
    clean: str
    expected: dict[str, Seen] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    """Record → the defect that took or made it."""

    def suffer(self, defects: Iterable[Defect]) -> Damaged:
        """Have these defects."""
        for one in defects:
            before = set(self.desk.used)
            self.expected[one.rule] = one.make(self.desk)
            self.owner.update(dict.fromkeys(self.desk.used - before, one.rule))
        return self

    def faults(self, found: Look) -> list[str]:
        """Return what was missed and what was named though nothing was wrong with it, as sentences."""
        connection = self.desk.connection
        new = found.beyond(connection, self.clean)
        elsewhere = {one.connection for one in self.expected.values() if one.connection is not None}
        by_rule: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
        for rule, record in new:
            by_rule[rule].add((connection, record))
        for other in elsewhere:
            for rule, record in found.named.get(other, set()):
                by_rule[rule].add((other, record))
        sentences = []
        for rule in sorted(by_rule.keys() | self.expected.keys()):
            sentences += self._of_rule(rule, by_rule[rule])
        return sentences

    def _of_rule(self, rule: str, named: set[tuple[str, str | None]]) -> Iterable[str]:
        told = self.expected.get(rule)
        place = self.desk.connection if told is None or told.connection is None else told.connection
        want = {(place, one) for one in told.records} if told else set()
        instead = {(place, one) for one in told.instead} if told else set()
        hit = named & (want | instead)
        if told and not (want <= named or (instead and hit)):
            yield f"{rule} misses {sorted(str(one) for _place, one in want - named)}"
        for connection, record in sorted(named - want - instead, key=str):
            by = self.defect_of(record)
            if rule not in ALSO.get(by or "", {}):
                yield f"{rule} names {record} of {connection}, which has {by or 'no defect'}"

    def defect_of(self, record: str | None) -> str | None:
        """Return the defect that a record has, or the ticket that it belongs to."""
        if record is None or record in self.owner:
            return self.owner.get(record or "")
        for kind in KINDS:
            for column in ("ticket_id", "record_id", "article_id"):
                if column in column_names(kind.value):
                    for (parent,) in self.desk.rows(f"SELECT {column} FROM {kind.value} WHERE id = :i", i=record):
                        if parent in self.owner:
                            return self.owner[parent]
        return None
