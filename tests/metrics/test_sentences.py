"""Every sentence that a metric can make is there in Spanish."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import deskferry.metrics
from deskferry.metrics.registry import METRICS
from deskferry.report.metrics.sentences import in_language
from deskferry.report.wording import Words

ES = Words("es")
ROOT = Path(deskferry.metrics.__file__).parent
CODE = re.compile(r"[a-z_]+_at")
"""A column: the same in every language."""


def _notes() -> Iterator[str]:
    """Yield what each place where a note or a reason is made can say, its values filled with words."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"ask.notes.append", "_note_left_out"}:
                yield from _texts(node.args[-1])
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {
                "notes",
                "why",
                "_TIMES",
                "_FORMULAS",
            }:
                yield from _texts(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name in {"_notes", "_several"}:
                for one in ast.walk(node):
                    if isinstance(one, ast.Return) and one.value is not None:
                        yield from _texts(one.value)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                yield from _texts(node.value) if "Computed.PARTIAL" in ast.unparse(node.value) else ()


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values]
        if len(parts) > 1:
            yield "".join(parts)
    elif isinstance(node, ast.Tuple | ast.List):
        for one in node.elts:
            yield from _texts(one)
    elif isinstance(node, ast.Dict):
        for one in node.values:
            yield from _texts(one)
    elif isinstance(node, ast.IfExp):
        yield from [*_texts(node.body), *_texts(node.orelse)]
    elif isinstance(node, ast.BinOp):
        for left in _texts(node.left):
            rights = list(_texts(node.right)) or [""]
            yield from (left + right for right in rights)


_BUILT = {"7: 7", "Answers to 7 surveys7."}
"""A message and connections; two sentences in one, each tested below."""


def test_every_population_is_translated() -> None:
    lacking = [one.population for one in METRICS.values() if in_language(ES, one.population) == one.population]
    assert lacking == []


def test_every_anchor_is_translated() -> None:
    anchors = {text for one in METRICS.values() for text in one.anchors.values() if not CODE.fullmatch(text)}
    assert [one for one in sorted(anchors) if in_language(ES, one) == one] == []


def test_every_note_and_reason_is_translated() -> None:
    told = [one for one in _notes() if one not in _BUILT]
    assert len(told) > 25
    assert [one for one in told if in_language(ES, one) == one] == []


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("3 of 8 without a value", "3 de 8 sin valor"),
        ("no ticket in the store: a, b", "no hay tickets en el almacén: a, b"),
        ("cannot be split by agent", "no se puede dividir por agent"),
        ("2 answers were left out, on another scale.", "Se dejaron fuera 2 respuestas, en otra escala."),
        ("Answers to relationship surveys.", "Respuestas a encuestas de relación."),
        ("Model a. Not mixed with it: b, c.", "Modelo a. Sin mezclar con: b, c."),
    ],
)
def test_numbers_and_names_stay(english: str, spanish: str) -> None:
    assert in_language(ES, english) == spanish
    assert in_language(Words("en"), english) == english


def test_what_nobody_translated_stays() -> None:
    assert in_language(ES, "A {new} sentence: yes.") == "A {new} sentence: yes."
    assert in_language(ES, None) is None
