"""Nothing is bound to Linux without need: names that only POSIX has, paths, console encodings."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deskferry
from deskferry.cli.app import _speak_unicode
from deskferry.cli.render import show_table

PACKAGE = Path(deskferry.__file__).parent
POSIX_MODULES = {"fcntl", "grp", "posix", "pwd", "resource", "termios", "tty", "syslog"}
POSIX_NAMES = {
    ("os", "fork"), ("os", "geteuid"), ("os", "getuid"), ("os", "getpgid"), ("os", "killpg"), ("os", "mkfifo"),
    ("os", "setsid"), ("os", "uname"), ("os", "kill"), ("os", "getppid"), ("signal", "SIGKILL"), ("signal", "SIGHUP"),
    ("signal", "SIGALRM"), ("signal", "alarm"), ("socket", "AF_UNIX"), ("errno", "EDQUOT"),
}  # fmt: skip


def offences(source: str) -> list[str]:
    """Return the POSIX-only names that a piece of source uses without asking `hasattr`/`getattr`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name in POSIX_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
            found.append(node.module)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in POSIX_NAMES
        ):
            found.append(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant) and str(node.value).startswith(("/tmp", "/dev/")):
            found.append(node.value)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_posix_only_name(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


def test_the_search_finds_planted_names() -> None:
    assert set(offences("import fcntl\nimport os\nos.fork()\nx = '/tmp/a'")) == {"fcntl", "os.fork", "/tmp/a"}


def text_opens(source: str) -> list[int]:
    """Return the lines that read or write text without naming the encoding."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, keywords = node.func.attr, {one.arg for one in node.keywords}
        if name in {"read_text", "write_text"} and "encoding" not in keywords:
            found.append(node.lineno)
        mode = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        if name == "open" and isinstance(mode, str) and mode and "b" not in mode and "encoding" not in keywords:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_text_files_name_their_encoding(path: Path) -> None:
    assert text_opens(path.read_text(encoding="utf-8")) == []


def test_the_encoding_search_finds_planted_calls() -> None:
    assert text_opens("p.read_text()\np.open('w')\np.open('wb')\np.write_text(x, encoding='utf-8')") == [1, 2]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_a_console_of_another_encoding_shows_what_it_can(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    _speak_unicode()
    show_table(("name",), [("Jakub Wójcik 日本 🚀",)])
    sys.stdout.flush()
    # click takes "ascii" for a console that was set up wrongly and writes UTF-8 to it
    shown = raw.getvalue().decode(encoding, errors="replace")
    assert shown.splitlines()[2].startswith("Jakub W")


def test_the_command_runs_with_a_console_that_is_not_unicode() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "deskferry", "connectors"], capture_output=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert b"Zendesk" in done.stdout
