"""The decision file: pairs for a person to decide on, as CSV, and what was decided.

Needed are the columns `kind`, `record_id`, `other_id` and `decision` (`same`, `different`, or nothing while it is
open); the others are there to decide by. `json/duplicate_decisions.schema.json` describes a line.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError
from deskferry.store import Store
from deskferry.validate.duplicates.kept_pairs import decide, pairs_of
from deskferry.validate.duplicates.verdict import Decision, Pair, ordered

COLUMNS = ("kind", "record_id", "other_id", "decision")
_SHOWN = ("verdict", "score", "agreed", "name", "other_name")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BATCH = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One decided line of the file."""

    number: int
    kind: str
    record_id: str
    other_id: str
    decision: Decision | None


def read_decisions(store: Store, file: Path, run_id: str) -> int:
    """Keep what a file decides and return how many pairs are decided; all of it is checked before anything is kept.

    A line that is left open takes back an earlier decision.
    """
    lines = read_lines(file)
    with store.read() as database:
        _require_records(database, lines, file)
    with store.write() as database:
        for one in lines:
            decide(database, one.kind, one.record_id, one.other_id, one.decision, run_id)
    return sum(one.decision is not None for one in lines)


def read_lines(file: Path) -> list[Line]:
    """Return the lines of a file; raises ConfigError with the number of the line that is wrong."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"{file} has no column {', '.join(missing)}.",
                "Begin with what `deskferry duplicates --write-decisions FILE` writes.",
            )
        found = [_line(file, reader.line_num, row) for row in reader]
    seen: dict[tuple[str, str, str], Line] = {}
    for one in found:
        before = seen.setdefault((one.kind, one.record_id, one.other_id), one)
        if before.decision != one.decision:
            raise ConfigError(
                f"{file}, line {one.number}: line {before.number} decides otherwise on the same two.",
                "Keep one of them.",
            )
    return found


def _line(file: Path, number: int, row: dict[str, Any]) -> Line:
    given = {name: (row[name] or "").strip() for name in COLUMNS}
    given["decision"] = given["decision"].lower()
    problem = next(iter(_validator().iter_errors(given)), None)
    if problem is not None or given["record_id"] == given["other_id"]:
        what = ".".join(map(str, problem.absolute_path)) + " " if problem else "record_id and other_id are one: "
        raise ConfigError(
            f"{file}, line {number}: {what}{'is not as it should be' if problem else given['record_id']}.",
            "kind is person, organization or ticket; decision is same, different or empty; ids are canonical ones.",
        )
    one, other = ordered(given["record_id"], given["other_id"])
    return Line(number, given["kind"], one, other, Decision(given["decision"]) if given["decision"] else None)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    text = (
        resources.files("deskferry.validate")
        .joinpath("json/duplicate_decisions.schema.json")
        .read_text(encoding="utf-8")
    )
    return jsonschema.Draft202012Validator(json.loads(text))


def _require_records(database: Connection, lines: list[Line], file: Path) -> None:
    remaining = iter(lines)
    while batch := list(islice(remaining, _BATCH)):
        for kind in {one.kind for one in batch}:
            table = sql_table(kind)
            ids = {each for one in batch if one.kind == kind for each in (one.record_id, one.other_id)}
            unknown = ids - set(database.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
            line = next((one for one in batch if one.kind == kind and unknown & {one.record_id, one.other_id}), None)
            if line is not None:
                raise ConfigError(
                    f"{file}, line {line.number}: there is no such {kind} in the store.",
                    "Pull first, or remove the line.",
                )


def write_decisions(store: Store, connections: Collection[str], kinds: Iterable[str], file: Path) -> int:
    """Write all pairs of some kinds with what is decided of them; return how many. The file is for its owner only."""
    written = 0
    draft = file.with_name(file.name + ".partial")
    try:
        with (
            os.fdopen(
                os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
            ) as out,
            store.read() as database,
        ):
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow((*COLUMNS, *_SHOWN))
            for kind in kinds:
                for line in _lines(database, kind, pairs_of(database, kind, connections)):
                    writer.writerow(line)
                    written += 1
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return written


def _lines(database: Connection, kind: str, pairs: Iterator[Pair]) -> Iterator[list[Any]]:
    table = sql_table(kind)
    shown = table.c.subject if kind == "ticket" else table.c.name
    while batch := list(islice(pairs, _BATCH)):
        ids = {each for one in batch for each in (one.record_id, one.other_id)}
        names = {row[0]: row[1] for row in database.execute(select(table.c.id, shown).where(table.c.id.in_(ids)))}
        for one in batch:
            agreed = ", ".join(f"{each.field} {each.how}" for each in one.agreed)
            yield [
                one.kind, one.record_id, one.other_id, one.decision or "", one.verdict.value, one.score, agreed,
                _plain(names.get(one.record_id)), _plain(names.get(one.other_id)),
            ]  # fmt: skip


def _plain(name: str | None) -> str:
    """Return a name that no spreadsheet runs as a formula."""
    text = " ".join((name or "").split())
    return f"'{text}" if text.startswith(_FORMULA) else text
