"""An audit as a file: the page, Markdown, or the JSON document with every finding. Nobody ever sees half of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from deskferry.errors import ConfigError
from deskferry.redaction import redact
from deskferry.report.audit.document import document
from deskferry.report.audit.facts import Facts
from deskferry.report.audit.groups import finding_rows
from deskferry.report.audit.markdown import markdown
from deskferry.report.audit.page import page
from deskferry.report.audit.rule_words import english_of
from deskferry.report.output_file import replaced
from deskferry.report.wording import Words
from deskferry.store.engine import storage_errors
from deskferry.validate.rule import Rule

Rows = Iterable[Mapping[str, Any]]
Write = Callable[[Mapping[str, Any], Rows, Words, IO[bytes]], None]


def form_of(output: Path) -> Write:
    """Return what writes the form that a suffix names; raises ConfigError for another, before anything is done."""
    found = _FORMS.get(output.suffix.lower())
    if found is None:
        raise ConfigError(
            f"{output} has no form that an audit is written in.", "Name a file that ends in .html, .json or .md."
        )
    return found


def write_audit(facts: Facts, rules: Iterable[Rule], output: Path, language: str) -> dict[str, Any]:
    """Write the audit of a run; its suffix says in what form. Returns the verdict. Raises ConfigError."""
    write, words = form_of(output), Words(language)
    english = english_of(rules)
    found = document(facts, english, words)
    with storage_errors(), replaced(output) as target:
        write(found, finding_rows(facts, english, words), words, target)
    verdict: dict[str, Any] = found["verdict"]
    return verdict


def _html(found: Mapping[str, Any], _rows: Rows, words: Words, target: IO[bytes]) -> None:
    target.write(page(found, words).encode("utf-8", "replace"))


def _markdown(found: Mapping[str, Any], _rows: Rows, words: Words, target: IO[bytes]) -> None:
    target.write(redact(markdown(found, words)).encode("utf-8", "replace"))


def _json(found: Mapping[str, Any], rows: Rows, _words: Words, target: IO[bytes]) -> None:
    """Write the document, its findings row by row: there may be millions."""
    head = redact(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    target.write(head.rstrip()[:-1].rstrip().encode() + b',\n  "finding_rows": [')
    for number, row in enumerate(rows):
        target.write((b",\n    " if number else b"\n    ") + redact(orjson.dumps(row).decode()).encode())
    target.write(b"\n  ]\n}\n")


_FORMS: dict[str, Write] = {".html": _html, ".json": _json, ".md": _markdown}
