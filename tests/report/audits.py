"""Stores with findings that are known beforehand, and their audits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from deskferry.report.audit.facts import facts_of
from deskferry.report.audit.write import write_audit
from deskferry.store import Store, machinery
from deskferry.store.state import keep_counts
from deskferry.validate.finding import Severity
from deskferry.validate.kept_scores import to_keep
from deskferry.validate.rule import Dimension, Rule
from deskferry.validate.rule_results import RuleResult, keep_results
from deskferry.validate.scores import scores_of

AS_OF = "2026-03-01T00:00:00.000000Z"


def rule(id_: str, dimension: str, severity: str, kind: str = "ticket", **words: str) -> Rule:
    """Return a rule that is only described."""
    name = f"Records that are {id_.rpartition('.')[2].replace('_', ' ')}"
    texts = {"name": name, "detail": "", "advice": "Look at it.", **words}
    return Rule(
        id=id_, kind=kind, dimension=Dimension(dimension), severity=Severity(severity), reads={},
        offending=lambda desk: desk.live(kind), **texts,
    )  # fmt: skip


LATE = rule("ticket.solved_before_created", "consistency", "error", name="Tickets solved before they were created")
LONELY = rule("ticket.no_requester", "completeness", "error", name="Tickets without a requester")
ODD = rule("ticket.odd", "consistency", "warning", name="Tickets that are odd")
NOTE = rule("person.note", "accuracy", "info", "person", name="People to note")
RULES = (LATE, LONELY, ODD, NOTE)


def put_run(
    store: Store, run_id: str, started_at: str, checked: dict[str, int], found: Iterable[tuple[Rule, str | None, str]],
    *, connection: str = "old", rules: Sequence[Rule] = RULES, appeared: dict[str, tuple[int, int]] | None = None,
    scored: bool = True,
) -> None:  # fmt: skip
    """Keep a run with its findings, given as (rule, record id, detail); `checked` by kind.

    `scored`: False is a run of a version that kept no scores.
    """
    with store.write() as database:
        database.execute(
            machinery.run.insert().values(
                id=run_id, command="audit", connection=None, started_at=started_at, version="0.1.0"
            )
        )
    put_results(
        store, run_id, checked, found, connection=connection, rules=rules, appeared=appeared, scored=scored
    )  # fmt: skip


def put_results(
    store: Store, run_id: str, checked: dict[str, int], found: Iterable[tuple[Rule, str | None, str]],
    *, connection: str = "old", rules: Sequence[Rule] = RULES, appeared: dict[str, tuple[int, int]] | None = None,
    scored: bool = True,
) -> None:  # fmt: skip
    """Keep what a run found, given as (rule, record id, detail)."""
    rows = list(found)
    with store.write() as database:
        if rows:
            database.execute(
                machinery.finding.insert(),
                [
                    {"run_id": run_id, "connection": connection, "rule": one.id, "severity": one.severity.value,
                     "kind": one.kind, "record_id": record_id, "detail": detail, "advice": one.advice}
                    for one, record_id, detail in rows
                ],
            )  # fmt: skip
        keep_results(database, run_id, [_result(one, connection, checked, rows, appeared) for one in rules])
        by_rule = dict(Counter(one.id for one, _record_id, _detail in rows))
        scores = to_keep(scores_of(database, run_id)) if scored else {}
        keep_counts(database, run_id, {**by_rule, **scores})


def _result(
    one: Rule, connection: str, checked: dict[str, int], rows: list[Any], appeared: dict[str, tuple[int, int]] | None
) -> RuleResult:
    own = [record_id for each, record_id, _detail in rows if each.id == one.id]
    new, gone = (None, None) if appeared is None else appeared.get(one.id, (0, 0))
    return RuleResult(
        one.id, connection, one.severity, one.dimension, one.kind, checked=checked.get(one.kind, 0),
        offending=len({each for each in own if each}), findings=len(own), appeared=new, gone=gone,
    )  # fmt: skip


def written(
    store: Store, run_id: str, path: Path, language: str = "en", *, rules: Sequence[Rule] = RULES,
    names: Sequence[str] = ("old",), **options: Any,
) -> Path:  # fmt: skip
    """Write an audit and return where it is."""
    write_audit(facts_of(store, run_id, names, AS_OF, **options), rules, path, language)
    return path


def told(store: Store, run_id: str, folder: Path, language: str = "en", **options: Any) -> dict[str, Any]:
    """Return the JSON form of an audit."""
    path = written(store, run_id, folder / "audit.json", language, **options)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
