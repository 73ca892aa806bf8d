"""Whatever silences a linter, the type checker or a test says why, in its line or in a comment just above."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SILENCED = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover)\b"
    r"(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(?:\[[\w,\s-]+\])?"
)
REASON = re.compile(r"[A-Za-z]{2,}")


def comments(path: Path) -> dict[int, tuple[str, bool]]:
    """Return the comments of a file by line, each with whether it has the line for itself."""
    with path.open("rb") as file:
        return {
            one.start[0]: (one.string, not one.line[: one.start[1]].strip())
            for one in tokenize.tokenize(file.readline)
            if one.type == tokenize.COMMENT
        }


def unexplained(path: Path) -> Iterator[int]:
    """Yield the lines in which something is silenced and neither they nor the comment above them say why."""
    found = comments(path)
    for number, (text, _alone) in found.items():
        if (silenced := SILENCED.search(text)) and not explains(text):
            above, alone = found.get(number - 1, ("", False))
            same = silenced[0] in above  # one reason for two lines that are alike
            if not explains(above) or not (alone or same):
                yield number


def explains(comment: str) -> bool:
    """Whether a comment says anything but what is silenced; that another one does is no reason."""
    return REASON.search(SILENCED.sub("", comment).replace("as above", "")) is not None


def test_what_is_silenced_says_why() -> None:
    files = [path for top in ("deskferry", "tests", "benchmarks") for path in sorted((ROOT / top).rglob("*.py"))]
    assert len(files) > 400
    found = {path.relative_to(ROOT).as_posix(): list(unexplained(path)) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_bare_suppression_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "import a  # noqa: F401\n"
        "import b  # noqa: F401 - for others\n"
        "# because of c\n"
        "import c  # noqa: F401\n"
        "x = d()  # type: ignore[no-any-return,misc]\n"
        "y = e()  # type: ignore[misc]  # e is odd\n"
        "z = f()  # pragma: no cover\n"
        "z = g()  # noqa: E731 - as above\n",
        encoding="utf-8",
    )
    assert list(unexplained(path)) == [1, 5, 7, 8]
