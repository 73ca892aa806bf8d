"""Nothing is bound to Linux without need: names that only POSIX has, paths, console encodings."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.AST]:
    """Give each file of the package, read once."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def found_in(trees: dict[str, ast.AST], search: Callable[[ast.AST], list[Any]]) -> dict[str, list[Any]]:
    """Return what a search finds, by file."""
    assert len(trees) > 300
    return {path: found for path, tree in trees.items() if (found := search(tree))}


def offences(tree: ast.AST) -> list[str]:
    """Return the POSIX-only names that a piece of source uses without asking `hasattr`/`getattr`."""
    found = []
    for node in ast.walk(tree):
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


def test_no_posix_only_name(trees: dict[str, ast.AST]) -> None:
    assert found_in(trees, offences) == {}


def test_the_search_finds_planted_names() -> None:
    planted = {
        "one.py": ast.parse("import fcntl\nimport os\nos.fork()\nx = '/tmp/a'"),
        "two.py": ast.parse("import os"),
    }
    found = found_in(planted | {str(n): ast.parse("") for n in range(300)}, offences)
    assert {path: set(names) for path, names in found.items()} == {"one.py": {"fcntl", "os.fork", "/tmp/a"}}


def text_opens(tree: ast.AST) -> list[int]:
    """Return the lines that read or write text without naming the encoding."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, keywords = node.func.attr, {one.arg for one in node.keywords}
        if name in {"read_text", "write_text"} and "encoding" not in keywords:
            found.append(node.lineno)
        mode = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        if name == "open" and isinstance(mode, str) and mode and "b" not in mode and "encoding" not in keywords:
            found.append(node.lineno)
    return found


def test_text_files_name_their_encoding(trees: dict[str, ast.AST]) -> None:
    assert found_in(trees, text_opens) == {}


def test_the_encoding_search_finds_planted_calls() -> None:
    planted = "p.read_text()\np.open('w')\np.open('wb')\np.write_text(x, encoding='utf-8')"
    assert text_opens(ast.parse(planted)) == [1, 2]


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
