"""The trend of the score: what each run kept of it, which runs compare, and the three forms that show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from deskferry.report.wording import LANGUAGES, Words
from deskferry.store import Store, machinery, open_store
from tests.report.audits import LATE, ODD, RULES, put_results, put_run, rule, told, written
from tests.report.pages import check_page, table_after

MORE = (*RULES, rule("ticket.more", "accuracy", "warning"))
CHECKED = {"ticket": 8, "person": 2}
MISSING = {"checked": None, "with_error": None, "with_warning": None, "score": None}


def day(number: int) -> str:
    return f"2026-02-{number:02}T00:00:00.000000Z"


@pytest.fixture
def runs(store: Store) -> Store:
    """Give four runs: of a version without scores, clean, damaged, and with one more rule."""
    put_run(store, "r1", day(1), CHECKED, [(LATE, "old:ticket:1", "late")], scored=False)
    put_run(store, "r2", day(2), CHECKED, [])
    put_run(store, "r3", day(3), CHECKED, [(LATE, "old:ticket:1", "late"), (ODD, "old:ticket:2", "odd")])
    put_run(store, "r4", day(4), CHECKED, [(LATE, "old:ticket:1", "late")], rules=MORE)
    return store


def scored(found: dict[str, Any]) -> list[tuple[str, float | None]]:
    return [(one["run_id"], one["score"]) for one in found["trend"]]


def test_each_run_has_the_score_that_it_kept_and_an_older_one_none(runs: Store, tmp_path: Path) -> None:
    with runs.write() as database:  # as `keep_runs` does one day
        database.execute(delete(machinery.finding).where(machinery.finding.c.run_id != "r4"))
    found = told(runs, "r4", tmp_path, rules=MORE)
    assert scored(found) == [("r1", None), ("r2", 1.0), ("r3", (10 - 1 - 0.5) / 10), ("r4", (10 - 1) / 10)]
    assert {name: found["trend"][0][name] for name in MISSING} == MISSING
    assert [(one["rules"], one["same_rules"]) for one in found["trend"]] == [
        (4, None), (4, True), (4, True), (5, False),
    ]  # fmt: skip
    assert {name: found["trend"][-1][name] for name in MISSING} == found["scores"]["total"]


def test_the_same_rules_at_another_severity_do_not_compare(runs: Store, tmp_path: Path) -> None:
    strict = [rule(ODD.id, "consistency", "error") if one is ODD else one for one in RULES]
    put_run(runs, "r5", day(5), CHECKED, [], rules=strict)
    put_run(runs, "r6", day(6), CHECKED, [], rules=strict)
    assert [one["same_rules"] for one in told(runs, "r6", tmp_path)["trend"]][-2:] == [False, True]


def test_a_run_over_more_connections_has_the_score_of_those_that_are_asked(runs: Store, tmp_path: Path) -> None:
    put_run(runs, "both", day(5), CHECKED, [(LATE, "old:ticket:1", "late")])
    put_results(runs, "both", {"ticket": 4}, [(LATE, "new:ticket:1", "late"), (LATE, "new:ticket:2", "late")],
                connection="new")  # fmt: skip
    assert scored(told(runs, "both", tmp_path))[-1] == ("both", 9 / 10)
    assert scored(told(runs, "both", tmp_path, names=("new",))) == [("both", 2 / 4)]
    together = told(runs, "both", tmp_path, names=("old", "new"))
    assert scored(together) == [("both", (14 - 3) / 14)]
    assert together["scores"]["total"]["score"] == (14 - 3) / 14


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_draws_the_line_and_breaks_it_where_runs_do_not_compare(
    runs: Store, tmp_path: Path, language: str
) -> None:
    words = Words(language)
    put_run(runs, "r5", day(5), CHECKED, [], rules=MORE)
    page = check_page(written(runs, "r5", tmp_path / "a.html", language, rules=MORE), language, drawings=True)
    figure = page.css_first("#score-trend")
    path = figure.css_first("path.line").attributes["d"] or ""
    assert (path.count("M"), path.count("L")) == (2, 2)  # r2 to r3, r4 to r5
    dots = [one.text() for one in figure.css("circle title")]
    assert [one.rpartition(": ")[2] for one in dots] == [words.percent(share, 2) for share in (1, 0.85, 0.9, 1)]
    lines = table_after(page, words("audit.trend.scores"))[1:]
    assert [one[1] for one in lines] == ["r1", "r2", "r3", "r4", "r5"]
    assert lines[0][2:] == ["4", "–", "–", "–", "–"]
    assert lines[2][2:] == ["4", "10", "1", "1", words.percent(0.85, 2)]
    assert lines[3][2] == f"5{words('audit.trend.other_rules')}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_has_the_score_and_a_dash(runs: Store, tmp_path: Path, language: str) -> None:
    words = Words(language)
    text = written(runs, "r4", tmp_path / "a.md", language, rules=MORE).read_text(encoding="utf-8")
    cells = {run: [cell.strip() for cell in line.split("|")] for line in text.splitlines()
             for run in ("r1", "r3", "r4") if f"| `{run}` |" in line}  # fmt: skip
    assert cells["r1"][3:5] == ["–", "4"]
    assert cells["r3"][3:5] == [words.percent(0.85, 2), "4"]
    assert cells["r4"][3:5] == [words.percent(0.9, 2), f"5 ({words('audit.trend.other_rules')})"]


def test_without_two_scores_there_is_no_line(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 's.db'}") as store:
        put_run(store, "r1", day(1), CHECKED, [], scored=False)
        put_run(store, "r2", day(2), CHECKED, [])
        page = check_page(written(store, "r2", tmp_path / "a.html"), "en", drawings=True)
    assert page.css("#score-trend") == []
    assert "there is no line yet" in page.body.text()
