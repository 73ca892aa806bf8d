"""A sign-off as a file: the page, or the JSON document with every loss. Nobody ever sees half of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import orjson

from deskferry.errors import ConfigError
from deskferry.redaction import redact
from deskferry.report.output_file import replaced
from deskferry.report.page import render
from deskferry.report.sign_off.document import document
from deskferry.report.sign_off.facts import Facts, facts_of
from deskferry.report.sign_off.losses import loss_rows
from deskferry.report.wording import Words
from deskferry.store import Store
from deskferry.store.engine import storage_errors

_TEMPLATE = "sign_off.html.j2"


def write_sign_off(store: Store, run_id: str, output: Path, language: str) -> dict[str, Any]:
    """Write the report of a run; its suffix says in what form. Returns the verdict.

    Raises ConfigError for another suffix, an unknown run, and a run that is no migration.
    """
    write = _FORMS.get(output.suffix.lower())
    if write is None:
        raise ConfigError(
            f"{output} has no form that a report is written in.", "Name a file that ends in .html or .json."
        )
    facts, words = facts_of(store, run_id), Words(language)
    found = document(facts, words)
    with storage_errors(), replaced(output) as target:
        write(found, facts, words, target)
    verdict: dict[str, Any] = found["verdict"]
    return verdict


def _html(found: dict[str, Any], _facts: Facts, words: Words, target: IO[bytes]) -> None:
    target.write(redact(render(_TEMPLATE, words, found)).encode("utf-8", "replace"))


def _json(found: dict[str, Any], facts: Facts, _words: Words, target: IO[bytes]) -> None:
    """Write the document, its losses row by row: there may be millions."""
    head = redact(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
    target.write(head.rstrip()[:-1].rstrip().encode() + b',\n  "loss_rows": [')
    for number, row in enumerate(loss_rows(facts)):
        target.write(
            (b",\n    " if number else b"\n    ")
            + redact(orjson.dumps(row, option=orjson.OPT_NON_STR_KEYS).decode()).encode()
        )
    target.write(b"\n  ]\n}\n")


_FORMS: dict[str, Callable[[dict[str, Any], Facts, Words, IO[bytes]], None]] = {".html": _html, ".json": _json}
