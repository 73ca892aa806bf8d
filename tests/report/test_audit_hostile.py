"""Data that wants out of its place, and a great many findings: the audit stays harmless and usable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.report.audit.markdown import text
from deskferry.store import Store, machinery, open_store
from tests.metrics.build import World
from tests.report.audits import LATE, ODD, put_run, rule, told, written
from tests.report.browser import Browser, found
from tests.report.pages import check_page
from tests.report.test_hostile import BACKWARDS, IMAGE, LONG, SCRIPT

NOW = "2026-02-08T00:00:00.000000Z"
OWN = rule("ticket.own", "consistency", "error", name=f"{SCRIPT}{BACKWARDS}", advice=f"{IMAGE} {LONG}")
ODD_ID = f"old:ticket:{SCRIPT}{BACKWARDS}"


def hostile(store: Store, folder: Path, findings: int = 0) -> None:
    """Put what hurts wherever an audit shows data, and as many plain findings."""
    world = World(folder)
    world.ticket("2026-01-05 09:00", id="old:ticket:1", number=SCRIPT, source_url="javascript:alert(1)",
                 priority_label=f"{IMAGE}{BACKWARDS}", status_label=SCRIPT, status="unknown", subject=SCRIPT,
                 custom_fields={SCRIPT: "x", LONG: "y", "a|b": "z"})  # fmt: skip
    world.ticket("2026-01-06 09:00", id="old:ticket:2", source_url='https://old.example/2"onclick="x|(y)<z> w')
    world.put("custom_field", kind="ticket", key="a|b", label=f"{BACKWARDS}{IMAGE}", type="select")
    world.fill(store)
    rows = [
        (OWN, "old:ticket:1", f"{SCRIPT} {LONG}"), (OWN, "old:ticket:2", BACKWARDS), (OWN, ODD_ID, IMAGE),
        (OWN, None, "a\x00b\ud800\x1b[31m"[:2]), *((ODD, f"old:ticket:{n}", f"odd {n}") for n in range(findings)),
    ]  # fmt: skip
    put_run(store, "r1", NOW, {"ticket": max(findings, 3)}, rows, rules=(LATE, ODD, OWN))
    with store.write() as database:
        database.execute(
            machinery.account_pin.insert().values(
                connection="old", vendor="zendesk", account_id=SCRIPT, account_name=f"{IMAGE}{BACKWARDS}", site=SCRIPT,
                pinned_at=NOW,
            )
        )  # fmt: skip
        database.execute(
            machinery.run.insert().values(
                id="p1", command="pull", connection="old", started_at=NOW, ended_at=NOW, exit_code=0,
                notes=[SCRIPT, LONG, BACKWARDS],
            )
        )  # fmt: skip
        database.execute(
            machinery.reject.insert().values(
                id="old:ticket:9", run_id="p1", connection="old", stream=IMAGE, source_id=SCRIPT, code=SCRIPT
            )
        )


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store."""
    with open_store(f"sqlite:///{tmp_path / 'small.db'}") as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "es"])
def test_data_never_leaves_its_place(small: Store, tmp_path: Path, language: str) -> None:
    hostile(small, tmp_path)
    path = written(small, "r1", tmp_path / "a.html", language, rules=(LATE, ODD, OWN))
    page = check_page(path, language, "old.example", drawings=True)
    source = path.read_text(encoding="utf-8")
    assert "<script" not in source
    assert "<img" not in source
    assert "word " * 200 not in source
    assert page.body is not None
    assert "alert('x')" in page.body.text()
    assert "{{ 7*7 }}" in page.body.text()
    outside = [one for one in page.css("h3, td, th, li, strong, span") if "\u202e" in (one.text(deep=False) or "")]
    assert outside == []


def test_markdown_takes_it_too(small: Store, tmp_path: Path) -> None:
    hostile(small, tmp_path)
    source = written(small, "r1", tmp_path / "a.md", rules=(LATE, ODD, OWN)).read_text(encoding="utf-8")
    assert "<script" not in source.replace("\\<", "")
    assert "javascript:" not in source
    assert '](<https://old.example/2"onclick="x|%28y%29%3Cz%3E%20w>)' in source
    rows = [line for line in source.splitlines() if line.startswith("|") and "a\\|b" in line.replace(" ", "")]
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)
    assert "\u202e" not in "".join(line.split("\u2068")[0] for line in source.splitlines())


def test_a_text_in_markdown_formats_nothing() -> None:
    assert text("*a* [b](c) `d` <e> | f_g #h") == "\\*a\\* \\[b\\](c) \\`d\\` \\<e\\> \\| f\\_g \\#h"
    assert text({"text": "a\nb", "characters": 9}) == "a b…"
    assert text(None) == "–"
    assert text("\u05d0") == "\u2068\u05d0\u2069"


def test_json_takes_it_too(small: Store, tmp_path: Path) -> None:
    hostile(small, tmp_path)
    document = told(small, "r1", tmp_path, rules=(LATE, ODD, OWN))
    detail = document["findings"]["groups"][0]["examples"][0]["detail"]
    assert len(detail["text"]) <= 240 < detail["characters"]
    assert document["findings"]["groups"][0]["examples"][0]["url"] is None
    assert [row["record_id"] for row in document["finding_rows"]][:3] == ["old:ticket:1", "old:ticket:2", ODD_ID]


@pytest.mark.parametrize("findings", [2_000, pytest.param(50_000, marks=pytest.mark.exhaustive)])
def test_many_findings_stay_readable(small: Store, tmp_path: Path, findings: int) -> None:
    hostile(small, tmp_path, findings)
    path = written(small, "r1", tmp_path / "a.html", rules=(LATE, ODD, OWN))
    assert path.stat().st_size < 400_000
    page = check_page(path, "en", "old.example", drawings=True)
    (group,) = [one for one in page.css("details.group") if ODD.id in one.text()]
    assert len(group.css("tbody tr")) == 10
    assert f"{findings - 10:,} more" in group.text()
    rows = json.loads(written(small, "r1", tmp_path / "a.json").read_text(encoding="utf-8"))["finding_rows"]
    assert len(rows) == findings + 4


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Give a browser; `.ci/run` installs one, elsewhere it has to be there."""
    program = found()
    assert program is not None, "Install Chromium (Debian: apt-get install chromium), then run this again."
    return Browser(program, tmp_path)


@pytest.mark.exhaustive
def test_in_a_browser_fifty_thousand_findings_ask_for_nothing_and_complain_of_nothing(
    small: Store, browser: Browser, tmp_path: Path
) -> None:
    hostile(small, tmp_path, 50_000)
    path = written(small, "r1", tmp_path / "a.html", rules=(LATE, ODD, OWN))
    assert browser.asked_for(path) == []
    assert browser.console(path) == []
    shown = browser.run(path, "--virtual-time-budget=3000", "--dump-dom").stdout
    assert shown.count("<svg") == path.read_text(encoding="utf-8").count("<svg") >= 5
    assert "<rect" in shown
    assert browser.printed(path).startswith(b"%PDF")
    light = browser.picture(path, "light.png", "--blink-settings=preferredColorScheme=1")
    assert light != browser.picture(path, "dark.png", "--blink-settings=preferredColorScheme=0")
