"""Scores by hand-made findings, on both databases; and what a run keeps of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from deskferry.canonical_schema import sql_table
from deskferry.store import Store, machinery
from deskferry.validate import findings_of, validation
from deskferry.validate.finding import Severity
from deskferry.validate.kept_scores import forget_connection, kept_total
from deskferry.validate.rule import Dimension
from deskferry.validate.rule_results import EXAMINED, OFF, RuleResult, keep_results
from deskferry.validate.scores import Score, scores_of, together
from tests.validate.test_validation import configured, few_rules, put, run, ticket

_ = few_rules  # a fixture that every test uses


def examined(store: Store, rules: dict[str, tuple[str, str | None, int | None]], connection: str = "old") -> None:
    """Keep rules, given as (dimension, kind, checked), as examined in a run; without a number they are off."""
    results = [
        RuleResult(name, connection, Severity.ERROR, Dimension(dimension), kind, checked=checked,
                   state=OFF if checked is None else EXAMINED)
        for name, (dimension, kind, checked) in rules.items()
    ]  # fmt: skip
    with store.write() as database:
        keep_results(database, "r", results)


def found(store: Store, *rows: tuple[str, str, str | None, str | None], connection: str = "old") -> None:
    """Keep findings, given as (rule, severity, kind, record)."""
    values = [
        {"run_id": "r", "connection": connection, "rule": name, "severity": severity, "kind": kind, "record_id": record}
        for name, severity, kind, record in rows
    ]
    with store.write() as database:
        database.execute(machinery.finding.insert(), values)


def test_a_record_counts_once_by_its_worst_finding(store: Store) -> None:
    examined(store, {
        "a": ("consistency", "ticket", 9), "b": ("consistency", "ticket", 7), "c": ("accuracy", "ticket", 5),
        "d": ("accuracy", "person", 3), "many": ("accuracy", None, 2), "off": ("accuracy", "ticket", None),
    })  # fmt: skip
    found(
        store, ("a", "error", "ticket", "t1"), ("a", "error", "ticket", "t1"), ("b", "warning", "ticket", "t1"),
        ("b", "warning", "ticket", "t2"), ("c", "error", "ticket", "t2"), ("c", "warning", "ticket", "t3"),
        ("c", "info", "ticket", "t4"), ("d", "warning", "person", "p1"), ("a", "error", None, None),
        ("a", "error", "ticket", None), ("many", "warning", "ticket", "t3"), ("many", "error", "message", "m1"),
        ("off", "error", "ticket", "t5"),
    )  # fmt: skip
    for number in (1, 2, 3, 4):
        gone = "2026-01-01T00:00:00.000000Z" if number == 4 else None
        put(store, "message", str(number), ticket_id="old:ticket:1", deleted_at=gone)
    with store.read() as database:
        scores = scores_of(database, "r")["old"]
    assert scores.cells == {
        ("accuracy", None): Score(2, 1, 1), ("accuracy", "person"): Score(3, 0, 1),
        ("accuracy", "ticket"): Score(5, 1, 1), ("consistency", "ticket"): Score(9, 1, 1),
    }  # fmt: skip
    assert scores.dimensions == {"accuracy": Score(8, 2, 2), "consistency": Score(9, 1, 1)}
    # t1 and t2 have an error, t3 a warning; of messages only the rule over several kinds knows: all that live are meant
    assert scores.kinds == {"message": Score(3, 1, 0), "person": Score(3, 0, 1), "ticket": Score(9, 2, 1)}
    assert (scores.total, scores.total.share) == (Score(15, 3, 2), (15 - 3 - 1) / 15)


def test_connections_add_up_and_other_runs_do_not_count(store: Store) -> None:
    rules: dict[str, tuple[str, str | None, int | None]] = {
        "a": ("consistency", "ticket", 4), "many": ("consistency", None, 2),
    }  # fmt: skip
    for connection in ("old", "new"):
        examined(store, rules, connection)
    found(store, ("a", "error", "ticket", "old:1"))
    found(store, *(("a", "warning", "ticket", f"new:{one}") for one in range(6)), connection="new")
    with store.write() as database:
        database.execute(
            machinery.finding.insert().values(
                run_id="other", connection="old", rule="a", severity="error", kind="ticket", record_id="old:2"
            )
        )
        scores = scores_of(database, "r")
    assert list(scores) == ["new", "old"]
    assert scores["old"].total == Score(4, 1, 0)
    assert scores["new"].total == Score(6, 0, 6)  # more than any rule looked at: those that are named were checked, too
    both = together(scores.values())
    assert both.total == both.dimensions["consistency"] == both.kinds["ticket"] == Score(10, 1, 6)
    assert both.cells == {("consistency", None): Score(4, 0, 0), ("consistency", "ticket"): Score(10, 1, 6)}
    with store.read() as database:
        assert scores_of(database, "none") == {}


def test_where_nothing_was_checked_there_is_no_score() -> None:
    assert Score().share is None
    assert together([]).total == Score()
    assert kept_total(None, ["old"]) is None
    assert kept_total({"ticket.no_requester": 3}, ["old"]) is None


# ------------------------------------------------------------------------------------------------- what is kept of them


def kept(store: Store, run_id: str) -> dict[str, Any]:
    with store.read() as database:
        counts: dict[str, Any] = database.execute(
            select(machinery.run.c.counts).where(machinery.run.c.id == run_id)
        ).scalar_one()
    return counts


def test_damage_between_two_runs_lowers_the_score_by_what_the_formula_says(store: Store) -> None:
    put(store, "person", "1", role="end_user")
    for number in range(1, 5):
        ticket(store, number)
    first = run(store, 1)
    with store.write() as database:
        table = sql_table("ticket")
        of = table.c.id
        database.execute(update(table).where(of == "old:ticket:1").values(requester_id=None))  # an error
        database.execute(update(table).where(of == "old:ticket:1").values(solved_at="2025-01-01T00:00:00.000000Z"))
        database.execute(update(table).where(of == "old:ticket:2").values(assignee_id="old:person:9"))  # a warning
    second = run(store, 2, configured(keep_runs=2))
    before, after = (kept_total(kept(store, one), ["old"]) for one in (first, second))
    assert before is not None
    assert after is not None
    assert (before.with_error, before.with_warning, before.share) == (0, 0, 1.0)
    assert (after.checked, after.with_error, after.with_warning) == (before.checked, 1, 1)
    assert after.share == 1 - 1.5 / before.checked
    counts = kept(store, second)
    assert counts["ticket.no_requester"] == counts["ticket.solved_before_created"] == 1
    assert counts["scores"]["kinds"]["ticket"] == {"checked": 4, "with_error": 1, "with_warning": 1}
    assert counts["scores"]["dimensions"]["completeness"]["with_error"] == 1
    assert "connections" not in counts["scores"]
    third, fourth = (run(store, number, configured(keep_runs=2)) for number in (3, 4))
    assert list(findings_of(store, second)) == []  # scores outlive the findings that they were made from
    assert {kept_total(kept(store, one), ["old"]) for one in (second, third, fourth)} == {after}


def test_a_run_over_several_connections_keeps_the_scores_of_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "missing_extra", lambda: "without rules it is quicker")
    ticket(store, 1)
    put(store, "ticket", "1", connection="new", status="open")  # without a message
    both = kept(store, run(store, 1, connections=("old", "new")))
    alone = {name: kept(store, run(store, 2 + place, connections=(name,))) for place, name in enumerate(("old", "new"))}
    assert set(both["scores"]["connections"]) == {"old", "new"}
    for name, one in alone.items():
        assert kept_total(both, [name]) == kept_total(one, [name])
        assert both["scores"]["connections"][name] == one["scores"]
    bad, total = kept_total(both, ["new"]), kept_total(both, ["old", "new"])
    assert (bad, total) == (Score(1, 0, 1), Score(**both["scores"]["all"]))
    assert kept_total(both, ["old", "third"]) is None


def test_a_connection_that_is_purged_leaves_no_scores(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "missing_extra", lambda: "without rules it is quicker")
    run_id = run(store, 1, connections=("old", "new"))
    with store.write() as database:
        database.execute(machinery.run.insert().values(
            id="odd", command="validate", started_at="2026-01-01T00:00:00.000000Z", counts={"record.schema": 1},
        ))  # fmt: skip
        forget_connection(database, "new")
    assert set(kept(store, run_id)["scores"]["connections"]) == {"old"}
    assert kept(store, "odd") == {"record.schema": 1}
