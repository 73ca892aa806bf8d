"""Findings by rule, the worst first: how many, of how many, what is new, what to do, and a few to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.report.audit.detail_words import Details
from deskferry.report.audit.facts import Facts
from deskferry.report.audit.places import Place, places
from deskferry.report.audit.results import RuleTotal
from deskferry.report.audit.rule_words import RuleText, told
from deskferry.report.excerpt import excerpt, plain
from deskferry.report.wording import Words
from deskferry.store import machinery
from deskferry.validate.finding import Severity

EXAMPLES = 10
_DETAIL = 240
_ADVICE = 500
_ORDER = [one.value for one in Severity]


def groups(
    facts: Facts, rules: Iterable[RuleTotal], english: Mapping[str, RuleText], words: Words
) -> list[dict[str, Any]]:
    """Return a group for each rule that objects to something, with up to `EXAMPLES` examples."""
    with facts.store.read() as database:
        examples = _examples(database, facts.run_id)
        where = places(database, ((one["kind"], one["record_id"]) for group in examples.values() for one in group))
    found = [one for one in rules if one.findings]
    found.sort(key=lambda one: (_ORDER.index(one.severity), -one.findings, one.rule))
    details = Details(words, english)
    return [_group(one, examples[one.rule], where, english, words, details) for one in found]


def _group(
    rule: RuleTotal, examples: list[Mapping[str, Any]], where: Mapping[str, Place], english: Mapping[str, RuleText],
    words: Words, details: Details,
) -> dict[str, Any]:  # fmt: skip
    said = told(words, rule.rule, english, examples[0]["advice"] if examples else "")
    return {
        "rule": rule.rule, "name": said.name, "advice": excerpt(said.advice, _ADVICE), "translated": said.translated,
        "severity": rule.severity, "dimension": rule.dimension, "kind": rule.kind,
        "checked": rule.checked, "offending": rule.offending, "findings": rule.findings,
        "appeared": rule.appeared, "gone": rule.gone,
        "connections": [
            {"connection": one.connection, "checked": one.checked, "findings": one.findings}
            for one in rule.parts if one.findings
        ],
        "examples": [_example(one, where.get(one["record_id"] or "", Place()), details) for one in examples],
    }  # fmt: skip


def _example(row: Mapping[str, Any], place: Place, details: Details) -> dict[str, Any]:
    detail = details.told(row["rule"], row["detail"])
    return {
        "connection": row["connection"], "record_id": None if row["record_id"] is None else plain(row["record_id"]),
        "number": place.number, "url": place.url, "detail": excerpt(detail.text, _DETAIL),
        "translated": detail.translated,
    }  # fmt: skip


def _examples(database: Connection, run_id: str) -> dict[str, list[Mapping[str, Any]]]:
    """Return the first findings of each rule."""
    table = machinery.finding
    place = func.row_number().over(partition_by=table.c.rule, order_by=table.c.id).label("place")
    ranked = select(table.c.id, place).where(table.c.run_id == run_id).subquery()
    first = select(table).join(ranked, ranked.c.id == table.c.id).where(ranked.c.place <= EXAMPLES)
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in database.execute(first.order_by(table.c.id)).mappings():
        found[row["rule"]].append(dict(row))
    return found


def finding_rows(facts: Facts, english: Mapping[str, RuleText], words: Words) -> Iterator[dict[str, Any]]:
    """Yield every finding by itself."""
    details = Details(words, english)
    table = machinery.finding
    names = ("rule", "severity", "connection", "kind", "record_id", "detail")
    statement = select(*(table.c[name] for name in names)).where(table.c.run_id == facts.run_id).order_by(table.c.id)
    with facts.store.read() as database:
        for row in database.execute(statement.execution_options(yield_per=2_000)):
            yield {**dict(zip(names, row, strict=True)), "detail": details.told(row.rule, row.detail).text}
