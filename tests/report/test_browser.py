"""The page in a real browser: it asks for nothing, complains of nothing, prints, and follows light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskferry.report.sign_off.write import write_sign_off
from deskferry.store import open_store
from tests.migrate.world import World
from tests.report.browser import Browser, found
from tests.report.test_hostile import hostile

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the report of a migration of what hurts."""
    directory = tmp_path_factory.mktemp("page")
    with open_store(f"sqlite:///{directory / 'store.db'}") as store:
        run_id = hostile(World(store).fill()).migrate().run_id
        write_sign_off(store, run_id, directory / "report.html", "en")
    return directory / "report.html"


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Give a browser; `.ci/run` installs one, elsewhere it has to be there."""
    program = found()
    assert program is not None, "Install Chromium (Debian: apt-get install chromium), then run this again."
    return Browser(program, tmp_path)


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Browser, page: Path, tmp_path: Path) -> None:
    assert browser.asked_for(page) == []
    assert browser.console(page) == []
    # Both would be seen: a page that does ask and does complain.
    bad = tmp_path / "bad.html"
    bad.write_text("<img src='http://127.0.0.1:9/x.png'><script>console.error('oh')</script>", encoding="utf-8")
    assert browser.asked_for(bad) == ["http://127.0.0.1:9/x.png"]
    assert any("oh" in line for line in browser.console(bad))


def test_it_prints(browser: Browser, page: Path) -> None:
    pdf = browser.printed(page)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") >= 3


def test_light_and_dark_differ(browser: Browser, page: Path) -> None:
    light = browser.picture(page, "light.png", "--blink-settings=preferredColorScheme=1")
    dark = browser.picture(page, "dark.png", "--blink-settings=preferredColorScheme=0")
    assert light != dark
