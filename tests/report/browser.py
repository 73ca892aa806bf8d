"""Headless Chromium on one page: what it shows, what it asks for, what it prints."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
_ITSELF = "not an origin"
"""Who asks for what no page made the browser ask for: its own services."""


def found() -> str | None:
    """Return the browser of this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Browser:
    """A browser with an empty profile of its own a call."""

    program: str
    directory: Path
    calls: int = 0

    def run(self, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Open a page with these options, to the end."""
        self.calls += 1
        profile = self.directory / f"profile{self.calls}"
        return subprocess.run(
            [self.program, *_QUIET, f"--user-data-dir={profile}", *options, page.as_uri()],
            capture_output=True, text=True, timeout=90, check=True,
        )  # fmt: skip

    def asked_for(self, page: Path) -> list[str]:
        """Return the addresses that the page's own document made the browser ask for, itself left out."""
        log = self.directory / f"net{self.calls}.json"
        self.run(page, f"--log-net-log={log}", "--virtual-time-budget=3000", "--dump-dom")
        text = log.read_text(encoding="utf-8", errors="replace").rstrip().rstrip(",")
        document: dict[str, Any] = json.loads(text if text.endswith("}") else text + "]}")
        asked = [one["params"] for one in document["events"] if one.get("params", {}).get("initiator")]
        urls = {one["url"] for one in asked if one["initiator"] != _ITSELF}
        return sorted(url for url in urls if url != page.as_uri() and not url.startswith(("chrome", "data:", "about:")))

    def console(self, page: Path) -> list[str]:
        """Return the lines of the page's console."""
        said = self.run(page, "--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", "--dump-dom").stderr
        return [line for line in said.splitlines() if ":CONSOLE" in line]

    def picture(self, page: Path, name: str, *options: str) -> bytes:
        """Return a picture of the page."""
        path = self.directory / name
        self.run(page, *options, f"--screenshot={path}", "--window-size=900,900")
        return path.read_bytes()

    def printed(self, page: Path) -> bytes:
        """Return the page as a PDF."""
        path = self.directory / "page.pdf"
        self.run(page, f"--print-to-pdf={path}", "--no-pdf-header-footer")
        return path.read_bytes()
