"""All checks of some connections: their findings and what became of each rule, kept under a run.

Read them with `history.compared` (findings, new or known) and `rule_results.results_of` (numbers by rule).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from deskferry.canonical_schema import KINDS, parse_time_text
from deskferry.connectors.kit.clock import SystemClock
from deskferry.errors import ConfigError
from deskferry.store import Store, machinery
from deskferry.store.engine import now_text
from deskferry.store.raw_archive import time_of
from deskferry.store.snapshot import needed
from deskferry.store.state import keep_counts
from deskferry.validate import crossing_checks
from deskferry.validate.excused import without_excused
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.history import changes, run_before
from deskferry.validate.kept_findings import forget_older, keep
from deskferry.validate.kept_scores import to_keep
from deskferry.validate.references import references
from deskferry.validate.rule import Rule
from deskferry.validate.rule_results import OFF, RuleResult, keep_results
from deskferry.validate.scores import scores_of
from deskferry.validate.settings import Settings
from deskferry.validate.stored_files import HASH_MISMATCH, damaged_files, files_looked_at

if TYPE_CHECKING:
    from deskferry.validate.desk import Desk

_BATCH = 10_000
_KINDS = frozenset(kind.value for kind in KINDS)
_UNCONFIGURED = Settings()


def validate(
    store: Store,
    connections: Sequence[str],
    run_id: str,
    settings: Settings = _UNCONFIGURED,
    *,
    engine: str = "duckdb",
    say: Callable[[str], None] = lambda _words: None,
) -> Counter[tuple[str, Severity]]:
    """Check the connections, keep the findings under the run, and return their number by rule and severity.

    The run's counts have the number by rule and the scores (`kept_scores`).
    Without the extra `analysis` only what a crossing needs is checked; `say` is told what was left out.
    """
    validation = _Validation(store, list(connections), run_id, settings)
    absent = missing_extra()
    if absent is not None:
        say(f"Only what a crossing needs is checked: {absent}")
    validation.crossing(with_snapshot=absent is None)
    validation.files()
    if absent is None:
        validation.rules(engine)
    validation.end()
    return validation.counted


def missing_extra() -> str | None:
    """Return what to install before rules can run, or None."""
    try:
        needed("ibis", "duckdb", "pyarrow", "adbc_driver_sqlite")
    except ConfigError as error:
        return str(error)
    return None


def known_rules() -> tuple[Rule, ...]:
    """Return all rules and checks that can be configured; without the extra `analysis` those that can run."""
    plain = (crossing_checks.WITHOUT_MESSAGE, *map(crossing_checks.reference_check, references()))
    if missing_extra() is not None:
        return (*crossing_checks.CHECKS, HASH_MISMATCH, *plain)
    from deskferry.validate.rules import RULES  # noqa: PLC0415 - needs the extra `analysis`

    return (*crossing_checks.CHECKS, HASH_MISMATCH, *RULES)


class _Validation:
    """One run over some connections."""

    def __init__(self, store: Store, connections: list[str], run_id: str, settings: Settings) -> None:
        self.store, self.connections, self.run_id, self.settings = store, connections, run_id, settings
        self.counted: Counter[tuple[str, Severity]] = Counter()
        self.results: dict[tuple[str, str], RuleResult] = {}

    def crossing(self, *, with_snapshot: bool) -> None:
        """Run what needs no snapshot; without one also what else a crossing needs."""
        plain = [crossing_checks.WITHOUT_MESSAGE, *map(crossing_checks.reference_check, references())]
        for rule in (*crossing_checks.CHECKS, *(() if with_snapshot else plain)):
            self._begin(rule)
        skipped = {rule for rule, told in self.settings.rules.items() if told.off}
        asked = [crossing_checks.checks if crossing_checks.SCHEMA.id not in skipped else crossing_checks.quick_checks]
        asked += [] if with_snapshot else [crossing_checks.checks_without_snapshot]
        for connection in self.connections:
            with self.store.read() as database:
                for rule, count in crossing_checks.looked_at(database, connection).items():
                    if rule.startswith(crossing_checks.DECLARED):
                        self._begin(crossing_checks.declared_check(rule.removeprefix(crossing_checks.DECLARED)))
                    if self.results[rule, connection].state != OFF:
                        self.results[rule, connection].checked = count
                for check in asked:
                    found = check(database, connection)
                    self._check(one for one in found if one.rule not in skipped)

    def files(self) -> None:
        """Look at the files of attachments."""
        rule = self.settings.applied(HASH_MISMATCH)
        if not self._begin(rule):
            return
        for connection in self.connections:
            begun = time.perf_counter()
            with self.store.read() as database:
                self._check(damaged_files(self.store, database, connection, hashing=bool(rule.options["hash"])))
                self.results[rule.id, connection].checked = files_looked_at(database, connection)
            self.results[rule.id, connection].seconds = time.perf_counter() - begun

    def rules(self, engine: str) -> None:
        """Run the rules over a snapshot of the store."""
        from deskferry.validate import run_rules  # noqa: PLC0415 - needs the extra `analysis`
        from deskferry.validate.rules import RULES  # noqa: PLC0415 - needs the extra `analysis`

        rules = [self.settings.applied(rule) for rule in (*RULES, *self.settings.own)]
        rules = [rule for rule in rules if self._begin(rule)]
        desk = run_rules.opened(self.store, rules, self.connections, self._as_of(), engine=engine)
        looked = run_rules.looked_at(desk, rules)
        for rule in rules:
            for connection, count in looked.checked[rule.id].items():
                self.results[rule.id, connection].checked = count
            if looked.worth_asking(rule):
                self._ask(desk, rule)

    def end(self) -> None:
        """Keep what became of each rule and the scores, and forget the findings of runs long past."""
        with self.store.write() as database:
            keep_results(database, self.run_id, self.results.values())
        self._compare()
        with self.store.read() as database:
            scores = to_keep(scores_of(database, self.run_id))
        with self.store.write() as database:
            keep_counts(database, self.run_id, {**self._by_rule(), **scores})
            forget_older(database, self.settings.keep_runs)

    def _by_rule(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for (rule, _severity), count in sorted(self.counted.items()):
            counts[rule] += count
        return dict(counts)

    def _begin(self, rule: Rule) -> bool:
        """Have a result for a rule in each connection; return whether it is to be asked."""
        told = self.settings.of(rule.id)
        for connection in self.connections:
            self.results.setdefault(
                (rule.id, connection),
                RuleResult(
                    rule.id, connection, told.severity or rule.severity, rule.dimension,
                    rule.kind if rule.kind in _KINDS else None,
                ),
            )  # fmt: skip
            if told.off:
                self.results[rule.id, connection].state = OFF
            else:
                one = self.results[rule.id, connection]
                one.offending, one.findings = one.offending or 0, one.findings or 0
        return not told.off

    def _ask(self, desk: Desk, rule: Rule) -> None:
        from deskferry.validate import run_rules  # noqa: PLC0415 - needs the extra `analysis`

        begun = time.perf_counter()
        rows = run_rules.objections(desk, rule)
        seconds = time.perf_counter() - begun
        excused: set[tuple[str, str | None]] = set()
        for batch in run_rules.batches(rule, rows):
            excused |= self._take(batch)
        found = run_rules.records_of(rows)
        for connection in self.connections:
            result = self.results[rule.id, connection]
            result.seconds = seconds
            result.offending = found.get(connection, 0) - sum(1 for name, _record in excused if name == connection)

    def _check(self, found: Iterator[Finding]) -> None:
        """Take what a crossing check finds; it finds the same record at once, not again later."""
        last: dict[tuple[str, str], str | None] = {}
        while batch := list(islice(found, _BATCH)):
            excused = self._take(batch)
            for one in batch:
                key = (one.rule, one.connection)
                if (one.connection, one.record_id) in excused or (key in last and last[key] == one.record_id):
                    continue
                last[key] = one.record_id
                result = self.results[key]
                result.offending = (result.offending or 0) + 1

    def _take(self, found: list[Finding]) -> set[tuple[str, str | None]]:
        """Keep findings as configured; return the records that are excused."""
        left: list[Finding] = []
        for rule, of_rule in groupby(found, key=lambda one: one.rule):
            told = self.settings.of(rule)
            of_one = without_excused(self.store, list(of_rule), told.exceptions)
            left += [replace(one, severity=told.severity) for one in of_one] if told.severity else of_one
        with self.store.write() as database:
            keep(database, self.run_id, left)
        for one in left:
            self.counted[one.rule, one.severity] += 1
            result = self.results[one.rule, one.connection]
            result.findings = (result.findings or 0) + 1
        kept = {(one.connection, one.record_id) for one in left}
        return {(one.connection, one.record_id) for one in found} - kept

    def _compare(self) -> None:
        """Tell what is new and what is gone since the run before."""
        table = machinery.rule_result
        for connection in self.connections:
            with self.store.read() as database:
                before = run_before(database, self.run_id, connection)
                changed = changes(database, self.run_id, connection, before) if before else {}
            rows = [
                {"of_rule": rule, "of_connection": name, "new": changed.get(rule, (0, 0))[0],
                 "lost": changed.get(rule, (0, 0))[1]}
                for (rule, name), one in self.results.items() if name == connection and one.state != OFF
            ]  # fmt: skip
            if before and rows:
                mine = (table.c.run_id == self.run_id, table.c.connection == bindparam("of_connection"))
                statement = table.update().where(*mine, table.c.rule == bindparam("of_rule"))
                with self.store.write() as database:
                    database.execute(statement.values(appeared=bindparam("new"), gone=bindparam("lost")), rows)

    def _as_of(self) -> datetime:
        """Return when the run began."""
        with self.store.read() as database:
            began = database.execute(
                select(machinery.run.c.started_at).where(machinery.run.c.id == self.run_id)
            ).scalar()
        return parse_time_text(time_of(began) if began is not None else now_text(SystemClock().now()))
