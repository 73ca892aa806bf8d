"""The dashboard: one page that stands alone, says what each chart counts, and lets no data out of its place."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deskferry.cli.app import run
from deskferry.metrics.dashboard import Dashboard
from deskferry.report.metrics import charts
from tests.metrics.build import World
from tests.report.browser import Browser
from tests.report.browser import found as installed
from tests.report.dashboards import hostile_desk, numbers, written
from tests.report.pages import check_page


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Dashboard:
    """Give the numbers of a hostile desk, split by tag too."""
    return numbers(hostile_desk(tmp_path_factory.mktemp("desk")), by=("tag",))


@pytest.mark.parametrize("language", ["en", "es"])
def test_data_never_leaves_its_place(found: Dashboard, tmp_path: Path, language: str) -> None:
    path = written(found, tmp_path / "d.html", language)
    page = check_page(path, language, drawings=True)
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert "word " * 50 not in text
    body = page.body
    assert body is not None
    assert "alert('x')" in body.text()
    assert "{{ 7*7 }}" in body.text()
    outside = [one for one in page.css("h3, td, th, li") if "\u202e" in (one.text(deep=False) or "")]
    assert outside == []


def test_every_chart_says_what_it_counts(found: Dashboard, tmp_path: Path) -> None:
    page = check_page(written(found, tmp_path / "d.html"), "en", drawings=True)
    said = [one.text(strip=True) for one in page.css("figcaption")]
    assert any("frt.v1" in one and "n 15, 0 without a value" in one for one in said)
    assert any(
        "15 tickets of the base population by the hour of their creation, in Europe/Madrid" in one for one in said
    )
    assert len(page.css("svg")) >= 7
    assert len(page.css("#all ~ .wide tbody tr")) == len(found.totals) > 45


def test_arrivals_lie_in_the_hours_of_the_zone(found: Dashboard) -> None:
    """The first agent's tickets came at 08:15 UTC, 09:15 in Madrid: Monday the 5th, Tuesday the 6th, the 13th."""
    assert sum(found.arrivals.values()) == 15
    assert {hour for _weekday, hour in found.arrivals} == {9, 10, 11, 12, 13}
    assert (found.arrivals[0, 9], found.arrivals[1, 9]) == (1, 2)


def test_a_distribution_holds_every_row(found: Dashboard) -> None:
    response, resolution = found.spreads
    assert response.counts == (0, 0, 15, 0, 0, 0, 0, 0)  # an hour and a half each
    assert sum(resolution.counts) == 10
    assert resolution.counts[2] == 10


def test_what_cannot_be_computed_is_said_instead_of_drawn(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ticket("2026-01-05 09:00")
    path = written(numbers(world), tmp_path / "d.html")
    text = path.read_text(encoding="utf-8")
    check_page(path, "en", drawings=True)
    assert "no messages (or no author kind) in the store" in text
    assert "no CSAT response in the store" in text


def test_an_empty_store_and_a_few_metrics_make_a_page_too(tmp_path: Path) -> None:
    path = written(numbers(World(tmp_path), "M22"), tmp_path / "d.html")
    assert "no 0-10 NPS response in the store" in path.read_text(encoding="utf-8")


def test_the_command_writes_it_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    world.ticket("2026-01-05 09:00")
    config, page = tmp_path / "deskferry.toml", tmp_path / "out" / "d.html"
    config.write_text(f'[store]\nurl = "{world.write()}"\n', encoding="utf-8")
    words = ["--config", str(config), "metrics", "M01", "M05", "--format", "html", "--as-of", "2026-03-01"]
    assert run([*words, "--output", str(page)]) == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    capsys.readouterr()
    assert run([*words, "--lang", "es"]) == 0
    assert capsys.readouterr().out.startswith('<!doctype html>\n<html lang="es">')
    assert run(["--config", str(config), "metrics", "--output", str(page)]) == 2
    assert run([*words, "--compare-vendor"]) == 2


def test_ticks_are_round_and_reach_the_top() -> None:
    assert charts.ticks(7, "tickets") == [0, 2, 4, 6, 8]
    assert charts.ticks(0, "tickets") == [0, 1]
    assert charts.ticks(5 * 3600, "seconds") == [0, 7200, 14400, 21600]
    assert charts.ticks(1.0, "share") == [0, 0.25, 0.5, 0.75, 1.0]
    assert charts.ticks(400 * 86400, "seconds")[-1] >= 400 * 86400


def test_a_line_breaks_where_nothing_is_known_and_goes_below_zero() -> None:
    plot = charts.plot({"a": [1, None, -1, 2]}, ["w", "x", "y", "z"], [True, True, True, False], "tickets", str)
    (line,) = plot.lines
    assert line.path.count("M") == 2
    assert plot.up[0].text.startswith("-")
    assert [dot[2] for dot in line.dots] == [True, True, False]
    assert charts.plot({"a": [None]}, ["w"], [True], "tickets", str).lines[0].path == ""


def test_a_line_begins_anew_where_values_do_not_compare_and_its_scale_near_the_least() -> None:
    shares, labels = [0.91, 0.93, 0.97, None, 0.95], ["v", "w", "x", "y", "z"]
    plot = charts.plot({"a": shares}, labels, [True] * 5, "share", str, apart=[2], close=True)
    path = plot.lines[0].path
    assert (path.count("M"), path.count("L")) == (3, 1)
    marks = [round(float(one.text), 6) for one in plot.up]
    assert marks == [0.9, 0.92, 0.94, 0.96, 0.98]
    assert plot.up[0].at == charts.HEIGHT - charts.BOTTOM
    for same in (1.0, 0.0, 0.5):  # nothing changed: no hair's breadth fills the drawing
        flat = charts.plot({"a": [same, same]}, labels[:2], [True] * 2, "share", str, close=True)
        marks = [float(one.text) for one in flat.up]
        assert 0 <= marks[0] <= same <= marks[-1] <= 1
        assert marks[-1] - marks[0] >= 0.02


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Give a browser; `.ci/run` installs one, elsewhere it has to be there."""
    program = installed()
    assert program is not None, "Install Chromium (Debian: apt-get install chromium), then run this again."
    return Browser(program, tmp_path)


@pytest.mark.exhaustive
def test_in_a_browser_it_asks_for_nothing_and_complains_of_nothing(
    found: Dashboard, browser: Browser, tmp_path: Path
) -> None:
    path = written(found, tmp_path / "d.html")
    assert browser.asked_for(path) == []
    assert browser.console(path) == []


@pytest.mark.exhaustive
def test_in_a_browser_it_prints_and_follows_light_and_dark(found: Dashboard, browser: Browser, tmp_path: Path) -> None:
    path = written(found, tmp_path / "d.html")
    pdf = browser.printed(path)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") >= 2
    light = browser.picture(path, "light.png", "--blink-settings=preferredColorScheme=1")
    assert light != browser.picture(path, "dark.png", "--blink-settings=preferredColorScheme=0")
