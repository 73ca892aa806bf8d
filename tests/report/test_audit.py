"""The audit: its numbers can be checked, its sections say what is missing, and its three forms say the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deskferry.canonical_schema import time_text
from deskferry.cli import auditing
from deskferry.cli.app import run
from deskferry.errors import ConfigError
from deskferry.report.audit.facts import facts_of
from deskferry.report.audit.write import write_audit
from deskferry.store import Store, machinery, open_store
from deskferry.store.state import runs as stored_runs
from deskferry.validate.rule import Rule
from tests.metrics.build import World
from tests.report.audits import AS_OF, LATE, LONELY, NOTE, ODD, RULES, put_results, put_run, rule, told, written
from tests.report.pages import check_page, table_after

BEFORE, NOW = "2026-02-01T00:00:00.000000Z", "2026-02-08T00:00:00.000000Z"
SITE = "https://old.example"
CONFIGURATION = """\
[store]
url = "sqlite:///{store}"

[metrics]
timezone = "Europe/Madrid"

[connections.old]
vendor = "zendesk"
subdomain = "acme"
oauth_token = "env:TOKEN"
"""


def desk(folder: Path) -> World:
    """Return ten tickets of two months, of which one has no message and one is gone."""
    world = World(folder)
    for number in range(1, 11):
        month = 1 if number < 8 else 3
        ticket = world.ticket(
            f"2026-0{month}-0{number % 9 + 1} 22:40", id=f"old:ticket:{number}", number=str(number),
            channel="email" if number < 7 else None, priority="high" if number == 1 else None,
            priority_label="P9" if number == 2 else None, source_url=f"{SITE}/tickets/{number}",
            custom_fields={"size": "L" if number < 4 else "", "gone": None},
            deleted_at="2026-03-20 00:00" if number == 10 else None,
        )  # fmt: skip
        for at in range(0 if number == 2 else 1 if number < 9 else 4):
            world.customer(ticket, f"2026-0{month}-1{at} 10:00", to_addresses=[])
    world.put("custom_field", kind="ticket", key="size", label="Size", type="select")
    return world


def tickets(*numbers: int) -> list[str]:
    """Return the ids of tickets of the desk."""
    return [f"old:ticket:{number}" for number in numbers]


def audited_desk(store: Store, folder: Path) -> Store:
    """Fill a store with the desk, a run, and the run before it."""
    desk(folder).fill(store)
    put_run(store, "r1", BEFORE, {"ticket": 9, "person": 1}, [(LATE, one, "late") for one in tickets(1)])
    found = [
        *((LATE, one, "late") for one in tickets(1, 2)), *((ODD, one, "odd") for one in tickets(2, 3, 4)),
        *((LONELY, one, "lonely") for one in tickets(5)), (ODD, None, "nobody is to blame"),
        (NOTE, "old:user:Cleo", "noted"),
    ]  # fmt: skip
    put_run(store, "r2", NOW, {"ticket": 9, "person": 1}, found, appeared={LATE.id: (1, 0), ODD.id: (4, 0)})
    return store


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store."""
    with open_store(f"sqlite:///{tmp_path / 'small.db'}") as opened:
        yield opened


@pytest.fixture
def audited(small: Store, tmp_path: Path) -> Store:
    """Give the desk on SQLite."""
    return audited_desk(small, tmp_path)


@pytest.fixture
def audited_on_both(store: Store, tmp_path: Path) -> Store:
    """Give the desk on each database, for what is counted in SQL of its own."""
    return audited_desk(store, tmp_path)


def by(rows: list[dict[str, Any]], name: str) -> dict[Any, dict[str, Any]]:
    return {row[name]: row for row in rows}


# ------------------------------------------------------------------------------------------------------------- scores


def test_a_score_is_checked_by_the_numbers_beside_it(audited: Store, tmp_path: Path) -> None:
    scores = told(audited, "r2", tmp_path)["scores"]
    consistency = by(scores["dimensions"], "dimension")["consistency"]
    # tickets 1 and 2 have an error, 3 and 4 a warning and no error: ticket 2 counts once
    assert consistency == {
        "dimension": "consistency", "checked": 9, "with_error": 2, "with_warning": 2, "score": (9 - 2 - 1) / 9,
    }  # fmt: skip
    assert by(scores["dimensions"], "dimension")["completeness"]["with_error"] == 1
    assert by(scores["dimensions"], "dimension")["security"]["score"] is None
    ticket, person = by(scores["kinds"], "kind")["ticket"], by(scores["kinds"], "kind")["person"]
    assert (ticket["checked"], ticket["with_error"], ticket["with_warning"]) == (9, 3, 2)
    assert (person["checked"], person["score"]) == (1, 1.0)  # notes lower no score
    assert (scores["total"]["checked"], scores["total"]["score"]) == (10, (10 - 3 - 1) / 10)
    assert scores["aside"] == 1


def test_rules_over_several_kinds_have_scores_of_their_own(small: Store, tmp_path: Path) -> None:
    desk(tmp_path).fill(small)
    texts = rule("text.card_number", "security", "error", "text")
    found = [(texts, "old:ticket:1", "one"), (texts, "old:ticket:2", "one"), (LATE, "old:ticket:1", "late")]
    put_run(small, "r1", NOW, {"ticket": 9, "text": 30}, found, rules=(LATE, texts))
    with small.write() as database:  # a rule over texts has no kind; its findings have that of their record
        table, kept = machinery.rule_result, machinery.finding
        database.execute(table.update().where(table.c.rule == texts.id).values(kind=None))
        database.execute(kept.update().where(kept.c.rule == texts.id).values(kind="ticket"))
        database.execute(kept.update().where(kept.c.record_id == "old:ticket:2").values(kind="message"))
    scores = told(small, "r1", tmp_path, rules=(LATE, texts))["scores"]
    security = by(scores["dimensions"], "dimension")["security"]
    assert (security["checked"], security["with_error"], security["score"]) == (30, 2, 28 / 30)
    assert {(one["dimension"], one["kind"]): one["with_error"] for one in scores["cells"]} == {
        ("consistency", "ticket"): 1, ("security", None): 2,
    }  # fmt: skip
    kinds = {one["kind"]: (one["checked"], one["with_error"]) for one in scores["kinds"]}
    assert kinds == {"ticket": (9, 1), "message": (15, 1)}  # of messages only that rule knows: all that live are meant


def test_the_page_shows_the_scores_with_their_n(audited: Store, tmp_path: Path) -> None:
    page = check_page(written(audited, "r2", tmp_path / "a.html"), "en", "old.example", drawings=True)
    lines = table_after(page, "By dimension")
    consistency, security = (next(one for one in lines if one[0].startswith(name)) for name in ("Consis", "Security"))
    assert (consistency[1:4], consistency[4]) == (["9", "2", "2"], "66.67%")
    assert security[4] == "not checked"


# ----------------------------------------------------------------------------------------------------------- findings


def test_groups_come_worst_first_with_examples_that_link(audited: Store, tmp_path: Path) -> None:
    found = told(audited, "r2", tmp_path)["findings"]
    assert [one["rule"] for one in found["groups"]] == [LATE.id, LONELY.id, ODD.id, NOTE.id]
    late = found["groups"][0]
    assert (late["checked"], late["offending"], late["appeared"]) == (9, 2, 1)
    assert late["name"] == "Tickets solved before they were created"
    first = late["examples"][0]
    assert (first["number"], first["url"]) == ("1", f"{SITE}/tickets/1")
    assert first["detail"] == {"text": "late", "characters": 4}
    assert (found["total"], found["appeared"], found["gone"]) == (8, 5, 0)
    assert found["by_severity"] == {"error": 3, "warning": 4, "info": 1}
    unblamed = [one for one in found["groups"][2]["examples"] if one["record_id"] is None]
    assert len(unblamed) == 1


def test_a_message_is_found_by_its_ticket(small: Store, tmp_path: Path) -> None:
    world = desk(tmp_path)
    world.fill(small)
    message = next(iter(world._rows["message"]))
    empty = rule("message.empty", "completeness", "warning", "message")
    put_run(small, "r1", NOW, {"message": 5}, [(empty, message, "nothing in it")], rules=[empty])
    (group,) = told(small, "r1", tmp_path, rules=[empty])["findings"]["groups"]
    assert (group["examples"][0]["number"], group["examples"][0]["url"]) == ("1", f"{SITE}/tickets/1")


def test_the_trend_holds_the_runs_over_all_these_connections(audited: Store, tmp_path: Path) -> None:
    put_run(audited, "other", BEFORE, {"ticket": 3}, [], connection="new")
    runs = told(audited, "r2", tmp_path)["trend"]
    assert [(one["run_id"], one["error"], one["warning"], one["info"]) for one in runs] == [
        ("r1", 1, 0, 0), ("r2", 3, 4, 1),
    ]  # fmt: skip
    assert [one["run_id"] for one in told(audited, "r1", tmp_path)["trend"]] == ["r1"]
    assert told(audited, "r2", tmp_path, names=("old", "new"))["trend"] == []


def test_without_a_run_before_nothing_is_called_new(audited: Store, tmp_path: Path) -> None:
    assert told(audited, "r1", tmp_path)["findings"]["appeared"] is None
    text = written(audited, "r1", tmp_path / "a.md").read_text(encoding="utf-8")
    assert "There was no earlier run" in text


# ---------------------------------------------------------------------------------------------- coverage, distributions


def test_fields_say_how_far_they_are_filled_and_why_not(audited_on_both: Store, tmp_path: Path) -> None:
    pin(audited_on_both)
    found = told(audited_on_both, "r2", tmp_path)
    rates = {one["kind"]: one for one in found["fill_rates"]}
    ticket = by(rates["ticket"]["fields"], "field")
    assert rates["ticket"]["records"] == 9
    assert (ticket["channel"]["filled"], ticket["priority"]["filled"]) == (6, 1)
    assert by(rates["message"]["fields"], "field")["to_addresses"]["filled"] == 0  # an empty list is no value
    assert ticket["subject"]["mapped"] is True
    assert by(rates["message"]["fields"], "field")["in_reply_to"]["mapped"] is False
    assert [(one["key"], one["label"], one["filled"]) for one in found["custom_fields"]] == [("size", "Size", 3)]


def test_tickets_are_spread_over_months_and_hours_of_the_zone(audited_on_both: Store, tmp_path: Path) -> None:
    found = told(audited_on_both, "r2", tmp_path, timezone="Asia/Kolkata")["distributions"]
    assert found["months"] == [
        {"month": "2026-01", "count": 7}, {"month": "2026-02", "count": 0}, {"month": "2026-03", "count": 2},
    ]  # fmt: skip
    assert {one["hour"] for one in found["hours"]} == {4}  # 22:40 in UTC is ten past four there
    assert sum(one["count"] for one in found["hours"]) == found["tickets"] == 9
    assert {one["value"]: one["count"] for one in found["channel"]} == {"email": 6, None: 3}
    classes = {(one["from"], one["to"]): one["count"] for one in found["messages_a_ticket"] if one["count"]}
    assert classes == {(0, 0): 1, (1, 1): 7, (3, 5): 1}


def test_words_of_the_vendor_without_a_value_are_listed(audited: Store, tmp_path: Path) -> None:
    (one,) = told(audited, "r2", tmp_path)["unmapped_values"]
    assert (one["field"], one["label"]["text"], one["count"]) == ("priority", "P9", 1)


# -------------------------------------------------------------------------------------------------- what else was asked


def pin(store: Store) -> None:
    """Let the store know which account the connection is, and that it was pulled."""
    with store.write() as database:
        database.execute(
            machinery.account_pin.insert().values(
                connection="old", vendor="zendesk", account_id="77", account_name="Acme", pinned_at=BEFORE
            )
        )
        database.execute(
            machinery.run.insert().values(
                id="p1", command="pull", connection="old", started_at=BEFORE, ended_at=BEFORE, exit_code=4,
                notes=["the list of calls is gated"],
            )
        )  # fmt: skip


def declare(store: Store) -> None:
    """Let the vendor declare more messages than there are, of a ticket each, one of them acknowledged."""
    short, known = tickets(1, 3)
    row = {"connection": "old", "stream": "comments", "measure": "messages", "class": "exact", "declared": 5,
           "fetched": 1, "reread": True, "run_id": "p1"}  # fmt: skip
    nobody = ("acknowledged_by", "acknowledged_at", "acknowledged_cause")
    with store.write() as database:
        database.execute(
            machinery.declared_count.insert(),
            [
                {**row, "parent_id": short, **dict.fromkeys(nobody)},
                {**row, "parent_id": known, "acknowledged_by": "Ann", "acknowledged_at": NOW,
                 "acknowledged_cause": "the vendor lost them"},
            ],
        )  # fmt: skip
        database.execute(
            machinery.reject.insert().values(
                id="old:ticket:99", run_id="p1", connection="old", stream="tickets", source_id="99", code="bad_time"
            )
        )


def duplicate(store: Store) -> None:
    """Keep what a search for duplicates found."""
    with store.write() as database:
        database.execute(
            machinery.run.insert().values(id="d1", command="duplicates", started_at=NOW, ended_at=NOW, exit_code=1)
        )
        database.execute(
            machinery.duplicate_pair.insert(),
            [
                {"kind": "ticket", "record_id": tickets(1)[0], "other_id": tickets(3)[0], "score": 1.0,
                 "verdict": "certain", "agreed": [{"field": "text", "how": "same"}], "decision": None, "run_id": "d1"},
                {"kind": "person", "record_id": "old:user:1", "other_id": "old:user:2", "score": 0.8,
                 "verdict": "probable", "agreed": [], "decision": "different", "run_id": "d1"},
                {"kind": "person", "record_id": "new:user:1", "other_id": "new:user:2", "score": 0.8,
                 "verdict": "probable", "agreed": [], "decision": None, "run_id": "d1"},
            ],
        )  # fmt: skip


def comparison() -> Any:
    """Return what comparing with a vendor comes to."""
    gone = SimpleNamespace(
        state="missing_here", kind="ticket", record_id="old:ticket:404", source_url="javascript:alert(1)",
        fields=(SimpleNamespace(field="status", here=None, there="open"),), here_at=None, there_at=NOW, missed=True,
    )  # fmt: skip
    line = SimpleNamespace(kind="ticket", month=None, here=9, there=10)
    month = SimpleNamespace(kind="ticket", month="2026-01", here=7, there=8)
    return SimpleNamespace(
        connection="old", vendor="zendesk", as_of=NOW, pulled_at=BEFORE, subset="1/30", counted=[line, month],
        not_countable={"message": "no list has a total"}, departures=[gone],
        found=Counter({("missing_here", "ticket"): 1}),
        read={"ticket": 3}, files={"same": 2}, not_compared={"person": "not listed"}, calls=12, notes=["slow"],
    )  # fmt: skip


def codes(found: dict[str, Any]) -> dict[str, int]:
    return {one["code"]: one["n"] for one in found["not_checked"]}


def test_everything_is_as_the_published_schema_says(audited_on_both: Store, tmp_path: Path) -> None:
    pin(audited_on_both)
    declare(audited_on_both)
    duplicate(audited_on_both)
    text = resources.files("deskferry.report").joinpath("json/audit.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    for options in ({}, {"comparisons": [comparison()], "without_extra": True}):
        for language in ("en", "es"):
            found = told(audited_on_both, "r2", tmp_path, language, **options)
            wrong = Draft202012Validator(schema).iter_errors(found)
            assert [f"{list(one.absolute_path)}: {one.message[:200]}" for one in wrong] == []
            page = written(audited_on_both, "r2", tmp_path / "a.html", language, **options)
            check_page(page, language, "old.example", drawings=True)
            assert written(audited_on_both, "r2", tmp_path / "a.md", language, **options).stat().st_size > 5_000
    assert len(found["finding_rows"]) == 8


def test_what_was_not_asked_is_said(audited: Store, tmp_path: Path) -> None:
    before = codes(told(audited, "r2", tmp_path))
    assert {"duplicates", "source", "never_pulled", "meaning"} <= set(before)
    pin(audited)
    declare(audited)
    duplicate(audited)
    with_all = told(audited, "r2", tmp_path, comparisons=[comparison()])
    after = codes(with_all)
    assert {"duplicates", "source", "never_pulled", "nothing_declared"} & set(after) == set()
    assert (after["rejects"], after["pull_notes"], after["pull_stopped"]) == (1, 1, 1)
    assert after["kinds"] > 3
    assert "rules_not_installed" in codes(told(audited, "r2", tmp_path, without_extra=True))


def test_a_rule_that_is_off_or_had_nothing_to_look_at_is_named(small: Store, tmp_path: Path) -> None:
    put_run(small, "r1", NOW, {"ticket": 0, "person": 4}, [])
    found = told(small, "r1", tmp_path)
    (one,) = [one for one in found["not_checked"] if one["code"] == "nothing_to_check"]
    assert (one["n"], one["items"][0]["name"]) == (3, "Tickets without a requester")
    with small.write() as database:
        database.execute(
            machinery.rule_result.update()
            .where(machinery.rule_result.c.rule == ODD.id)
            .values(state="off", checked=None, offending=None, findings=None)
        )
    assert codes(told(small, "r1", tmp_path))["rules_off"] == 1


def test_a_comparison_with_the_vendor_is_shown(audited: Store, tmp_path: Path) -> None:
    found = told(audited, "r2", tmp_path, comparisons=[comparison()])
    (one,) = found["reconciliation"]
    assert one["counted"] == [
        {"kind": "ticket", "here": 9, "there": 10, "months": [{"month": "2026-01", "here": 7, "there": 8}]}
    ]
    assert one["departures"]["shown"][0]["url"] is None
    assert "1 record of the vendor is missing here." in [each["text"] for each in found["verdict"]["against"]]
    page = check_page(
        written(audited, "r2", tmp_path / "a.html", comparisons=[comparison()]), "en", "old.example", drawings=True
    )
    assert table_after(page, "Counted on both sides")[1] == ["Tickets", "9", "10", "1"]


def test_duplicates_of_other_connections_are_left_out(audited: Store, tmp_path: Path) -> None:
    duplicate(audited)
    found = told(audited, "r2", tmp_path)
    counts = {(one["kind"], one["verdict"]): (one["pairs"], one["decided"]) for one in found["duplicates"]["counts"]}
    assert counts == {("ticket", "certain"): (1, 0), ("person", "probable"): (1, 1)}
    (pair,) = found["duplicates"]["pairs"]
    assert [one["number"] for one in pair["records"]] == ["1", "3"]
    assert [one["code"] for one in found["verdict"]["against"]] == ["errors", "warnings", "certain_duplicates"]


def test_what_a_vendor_declares_is_compared_and_shortfalls_are_named(audited: Store, tmp_path: Path) -> None:
    pin(audited)
    declare(audited)
    found = told(audited, "r2", tmp_path)["declared"]
    (line,) = found["lines"]
    assert (line["parents"], line["declared"], line["fetched"], line["short"]) == (2, 10, 2, 2)
    assert (found["short"]["total"], found["short"]["open"]) == (2, 1)
    assert found["short"]["shown"][0]["record_id"] == tickets(1)[0]
    assert found["short"]["shown"][1]["acknowledged"]["by"]["text"] == "Ann"


# ------------------------------------------------------------------------------------------------------------- verdict


@pytest.mark.parametrize(
    ("found", "code", "tone"),
    [
        ([], "good", "good"), ([(ODD, "old:ticket:1", "odd")], "warnings", "warn"),
        ([(LATE, "old:ticket:1", "late")], "errors", "bad"), ([(LATE, None, "all of them")], "errors", "bad"),
        ([(NOTE, "old:user:1", "noted")], "good", "good"),
    ],
)  # fmt: skip
def test_the_verdict_is_as_bad_as_the_worst_finding(
    small: Store, tmp_path: Path, found: list[Any], code: str, tone: str
) -> None:
    put_run(small, "r1", NOW, {"ticket": 2, "person": 2}, found)
    verdict = told(small, "r1", tmp_path)["verdict"]
    assert (verdict["code"], verdict["tone"]) == (code, tone)
    assert "0 of" not in verdict["text"]
    assert " 0 more" not in verdict["text"]


def test_an_empty_store_is_not_called_good(small: Store, tmp_path: Path) -> None:
    put_run(small, "r1", NOW, {}, [])
    assert told(small, "r1", tmp_path)["verdict"]["code"] == "empty"
    for name in ("a.html", "a.md"):
        text = written(small, "r1", tmp_path / name).read_text(encoding="utf-8")
        assert "Nothing could be checked" in text


def test_another_suffix_and_an_unknown_run_are_refused(small: Store, tmp_path: Path) -> None:
    put_run(small, "r1", NOW, {}, [])
    with pytest.raises(ConfigError, match=r"\.html, \.json or \.md"):
        written(small, "r1", tmp_path / "a.pdf")
    with pytest.raises(ConfigError, match="no run"):
        facts_of(small, "r9", ["old"], AS_OF)
    assert not (tmp_path / "a.pdf").exists()


def test_the_file_is_for_its_owner_alone(small: Store, tmp_path: Path) -> None:
    put_run(small, "r1", NOW, {"ticket": 2}, [])
    as_of = time_text(datetime(2026, 3, 1, tzinfo=UTC))
    write_audit(facts_of(small, "r1", ["old"], as_of), RULES, tmp_path / "a.html", "es")
    assert (tmp_path / "a.html").stat().st_mode & 0o077 == 0


# ------------------------------------------------------------------------------------------------------------- command


@pytest.mark.parametrize(
    ("found", "fail_on", "code"),
    [(LATE, "error", 1), (LATE, "never", 0), (ODD, "error", 0), (ODD, "warning", 1), (NOTE, "warning", 0)],
    ids=lambda one: getattr(one, "id", str(one)),
)
def test_the_exit_code_is_as_bad_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Rule, fail_on: str, code: int
) -> None:
    def checked(store: Store, _names: Any, run_id: str, _settings: Any, **_options: Any) -> Counter[Any]:
        put_results(store, run_id, {"ticket": 3, "person": 3}, [(found, "old:ticket:1", "as told")])
        return Counter({(found.id, found.severity): 1})

    monkeypatch.setattr(auditing, "check_store", checked)
    monkeypatch.setattr(auditing, "known_rules", lambda: RULES)
    monkeypatch.setenv("TOKEN", "t")
    config, output = tmp_path / "deskferry.toml", tmp_path / "out" / "a.json"
    config.write_text(CONFIGURATION.format(store=tmp_path / "s.db"), encoding="utf-8")
    given = ["--config", str(config), "audit", "old", "--output", str(output), "--fail-on", fail_on, "--no-duplicates"]
    assert run(given) == code
    document = json.loads(output.read_text(encoding="utf-8"))
    assert document["title"]["timezone"] == "Europe/Madrid"
    assert [one["rule"] for one in document["findings"]["groups"]] == [found.id]
    with open_store(f"sqlite:///{tmp_path / 's.db'}") as store, store.read() as database:
        (kept,) = stored_runs(database)
    assert (kept["command"], kept["exit_code"], kept["counts"][found.id]) == ("audit", code, 1)
    assert {"all", "dimensions", "kinds"} == set(kept["counts"]["scores"])


def test_a_subset_without_a_comparison_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "deskferry.toml"
    config.write_text(CONFIGURATION.format(store=tmp_path / "s.db"), encoding="utf-8")
    assert run(["--config", str(config), "audit", "--output", str(tmp_path / "a.md"), "--subset", "1/2"]) == 2
    assert "--compare-source" in capsys.readouterr().err


def test_groups_and_pairs_have_the_same_footing(audited: Store, tmp_path: Path) -> None:
    """A pair counts that has one foot here; so does its group, with its records of other accounts."""
    pin(audited)
    duplicate(audited)
    other = {"connection": "new", "vendor": "zendesk", "account_id": "78", "account_name": "Acme 2"}
    across = {"kind": "person", "verdict": "certain", "agreed": [], "decision": None, "run_id": "d1", "score": 1.0}
    with audited.write() as database:
        database.execute(machinery.account_pin.insert().values(**other, pinned_at=BEFORE))
        database.execute(
            machinery.duplicate_pair.insert(),
            [
                {**across, "record_id": "new:user:7", "other_id": "old:user:7"},
                {**across, "record_id": "new:user:7", "other_id": "new:user:8"},
            ],
        )
    found = told(audited, "r2", tmp_path)["duplicates"]
    pairs = {(one["kind"], one["verdict"]): one["pairs"] for one in found["counts"]}
    assert pairs["person", "certain"] == 1
    groups = [one for one in found["clusters"] if one["kind"] == "person"]
    assert groups == [{"kind": "person", "verdict": "certain", "groups": 1, "members": 3, "largest": 3}]
