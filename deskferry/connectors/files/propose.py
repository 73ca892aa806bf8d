"""A layout proposed from a file: delimiter, encoding, types, times, words and keys as its first rows show them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from deskferry.canonical_schema.enums import Kind, Priority, Status
from deskferry.connectors.files import decode
from deskferry.connectors.files.opening import COMPRESSED, MISREAD, delimiter_of, encoding_of, format_of, open_text
from deskferry.errors import ConfigError

_SAMPLE = 5_000
_MOST_WORDS = 50
"""Of a column that takes words: as many are named."""
_NULLS = ("-", "NULL", "null", "None", "N/A", "n/a", "NA", "nan", "NaN", "\\N")
_TRUE_FALSE = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%Y%m%d",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?|[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
_EVENT_LOG = (
    r"case|ticket|incident|issue", r"activity|event|status|state|action", r"time|date|stamp|when",
)  # fmt: skip
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029]")
_RESOURCE = re.compile(r"resource|assignee|agent|owner|user|actor", re.IGNORECASE)
_GUESSES: tuple[tuple[str, str], ...] = (
    (r"^(ticket|case|incident)?[ _]?(id|number|no|nr)$", "number"),
    (r"^(subject|title|summary|betreff|asunto)$", "subject"),
    (r"^(status|state|estado)$", "status"),
    (r"^(priority|prioridad|priorit[aä]t)$", "priority"),
    (r"^(type|ticket type|category)$", "type"),
    (r"^(created|created at|created on|opened|opened at|date)$", "created_at"),
    (r"^(updated|updated at|modified|last modified)$", "updated_at"),
    (r"^(solved|solved at|resolved|resolved at)$", "solved_at"),
    (r"^(closed|closed at)$", "closed_at"),
    (r"^(due|due date|due at)$", "due_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """What the sample shows of a column."""

    name: str
    kind: str
    form: str = ""
    words: tuple[str, ...] = ()
    repeated: bool = False
    """Whether its words come again and again, as those of a status or a category do."""
    nulls: tuple[str, ...] = ()
    """Words in it that mean nothing is known."""
    filled: int = 0
    distinct: int = 0


def propose(path: Path) -> str:
    """Return a commented layout for a file; raises ConfigError where it has no rows."""
    with decode.whole(path):
        options = _options(path)
    sample, bad = [], []
    for line, row, complaint in islice(decode.rows(path, options), _SAMPLE):
        if complaint is not None:
            bad.append(f"line {line}: {complaint.detail}")
        if row is not None:
            sample.append(row)
    if not sample:
        first = f" ({bad[0]})" if bad else ""
        raise ConfigError(f"{path} has no rows that can be read{first}.", "Check that it is CSV, NDJSON or Parquet.")
    columns = [_column(name, [_text(row.get(name)) for row in sample]) for name in _names(sample)]
    return "\n".join(_lines(path, options, columns, len(sample), len(bad))) + "\n"


def _options(path: Path) -> dict[str, Any]:
    form = format_of(path, None)
    options: dict[str, Any] = {"format": form}
    if form == "parquet":
        return options
    encoding = encoding_of(path, None)
    if encoding == "utf-8":
        before = MISREAD.count
        with open_text(path, None) as handle:
            for _line in islice(handle, _SAMPLE):
                pass
        if MISREAD.count != before:
            encoding = "cp1252"
    options["encoding"] = encoding
    if form == "csv":
        with open_text(path, encoding) as handle:
            options["delimiter"] = delimiter_of(next((line for line in islice(handle, _SAMPLE) if line.strip()), ""))
    return options


def _names(sample: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in sample for name in row))


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return "{}"
    return "" if value is None else str(value).strip()


def _column(name: str, cells: Sequence[str]) -> Column:
    known = [cell for cell in cells if cell and cell not in _NULLS]
    distinct = Counter(known)
    kind, form = _kind(list(distinct)[:500])
    repeated = bool(known) and len(distinct) <= _MOST_WORDS and len(known) >= 3 * len(distinct)
    words = tuple(sorted(distinct)) if kind == "text" and len(distinct) <= _MOST_WORDS else ()
    nulls = tuple(word for word in _NULLS if word in cells)
    return Column(name, kind, form, words, repeated and kind == "text", nulls, len(known), len(distinct))


def _kind(values: Sequence[str]) -> tuple[str, str]:  # noqa: PLR0911 - one line a type
    """Return the converter that reads all values, and the format of times."""
    if not values:
        return "text", ""
    if {value.lower() for value in values} in _TRUE_FALSE:
        return "boolean", ""
    if all(value == "{}" for value in values):
        return "json", ""
    if all(_NUMBER.fullmatch(value) for value in values):
        return "number", ""
    if all(_NUMBER.fullmatch(value) or _COMMA_NUMBER.fullmatch(value) for value in values):
        return "number", ","
    if all(map(_is_iso, values)):
        return "time", "iso"
    for form in _FORMATS:
        if all(_reads(value, form) for value in values):
            return "time", form
    return "text", ""


def _is_iso(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return len(value) >= 10


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


# --------------------------------------------------------------------------------------------------------------- text


def _lines(path: Path, options: Mapping[str, Any], columns: Sequence[Column], rows: int, bad: int) -> Iterator[str]:
    yield f"# Layout of {_plain(path.name)}, proposed from its first {rows} rows"
    yield '# Check kind, key and words, then: [connections.NAME] vendor = "files", path = "…", layout = "this file".'
    if bad:
        yield f"# {bad} rows of the sample could not be read; they would become rejects."
    yield ""
    yield f"account = {_quoted(_stem(path))}"
    yield '# timezone = "Europe/Madrid"     # of times that name none; UTC otherwise'
    nulls = [word for word in _NULLS if any(word in column.nulls for column in columns)]
    if nulls:
        yield f"null = [{', '.join(map(_quoted, nulls))}]"
    else:
        yield '# null = ["-", "NULL"]           # words that mean nothing is known'
    if any(column.form == "," for column in columns):
        yield 'decimal = ","'
    yield ""
    yield "[[files]]"
    yield f"path = {_quoted(path.name)}"
    for key, value in options.items():
        yield f"{key} = {_quoted(value)}"
    log = _event_log(columns)
    if log is not None:
        yield from _log_lines(*log)
    else:
        yield from _table_lines(columns, rows)
    yield ""
    yield "# Columns:"
    for column in columns:
        about = [column.kind + (f" {column.form}" if column.form else ""), f"{column.filled} of {rows} filled"]
        about += [", ".join(column.words)] if column.repeated else [f"{column.distinct} distinct"]
        yield _plain(f"#   {column.name}: {'; '.join(about)}")[:2000]


def _stem(path: Path) -> str:
    return Path(path.stem).stem if path.suffix in COMPRESSED else path.stem


def _event_log(columns: Sequence[Column]) -> tuple[Column, Column, Column, Column | None] | None:
    """Return case, activity, time and resource of an event log; None where the file is none."""
    case, activity, when = (
        next((one for one in columns if re.search(pattern, one.name, re.IGNORECASE)), None) for pattern in _EVENT_LOG
    )
    when = next((one for one in columns if one.kind == "time"), when)
    if case is None or activity is None or when is None or when.kind != "time" or not activity.repeated:
        return None
    if case.distinct * 1.5 > case.filled or len({case.name, activity.name, when.name}) < 3:
        return None
    resource = next((one for one in columns if _RESOURCE.search(one.name) and one not in {case, activity}), None)
    return case, activity, when, resource


def _log_lines(case: Column, activity: Column, when: Column, resource: Column | None) -> Iterator[str]:
    """Return the sections of an event log: changes of status, changes of assignee, the tickets themselves."""
    at = _time_field("occurred_at", when)
    ticket = f'    ticket_id = {{ column = {_quoted(case.name)}, ref = "ticket" }}'
    yield f"track = {{ by = [{_quoted(case.name)}] }}      # a case: what its row before said is known"
    yield from ("", "  # Every row is a change of status; the store finds the value before.", "  [[files.rows]]")
    yield from ('  kind = "ticket_event"', '  object = "event"')
    yield from (
        '  constants = { field = "status", old_value_chained = true }',
        "",
        "    [files.rows.fields]",
        ticket,
        at,
    )
    if resource is not None:
        yield f'    actor_id = {{ column = {_quoted(resource.name)}, ref = "agent" }}'
    yield from ("", "    [files.rows.fields.new_value]", f"    column = {_quoted(activity.name)}")
    lines = ", ".join(f"{_key(word)} = {_quoted(_status(word))}" for word in activity.words)
    yield f"    table = {{ {lines} }}"
    if resource is not None:
        yield from ("", "  [[files.rows]]", '  kind = "ticket_event"', '  object = "event"')
        yield '  constants = { field = "assignee_id", old_value_chained = true }'
        yield f"  when = {{ column = {_quoted(resource.name)}, changed = true }}"
        yield from ("", "    [files.rows.fields]", ticket, at)
        yield f'    new_value = {{ column = {_quoted(resource.name)}, ref = "agent" }}'
    yield from ("", "  # The ticket itself, from the first row of its case.", "  [[files.rows]]", '  kind = "ticket"')
    yield from (f"  key = {_quoted(case.name)}", "  when = { first = true }", "", "    [files.rows.fields]")
    yield f"    number = {_quoted(case.name)}"
    yield _time_field("created_at", when)


def _table_lines(columns: Sequence[Column], rows: int) -> Iterator[str]:
    keys = [one for one in columns if one.filled == rows and one.distinct == rows and one.kind in {"text", "number"}]
    keys.sort(key=lambda one: not re.search(r"\bid\b|_id$|^id|number|key", one.name, re.IGNORECASE))
    kinds = ", ".join(kind.value for kind in Kind)
    yield from ("", "  [[files.rows]]", '  kind = "ticket"', f"  # kinds: {kinds}"[:400])
    if keys:
        yield f"  key = {_quoted(keys[0].name)}"
        if len(keys) > 1:
            yield _plain(f"  # also without repetition: {', '.join(one.name for one in keys[1:6])}")
    else:
        yield "  # no column is filled and without repetition: the id follows from the content of the row"
    yield from ("", "    [files.rows.fields]")
    used: set[str] = set()
    for column in columns:
        to = next((to for pattern, to in _GUESSES if re.search(pattern, column.name, re.IGNORECASE)), None)
        fits = to is not None and to not in used and (not to.endswith("_at") or column.kind == "time")
        if fits and to in {"status", "priority"} and not column.words:
            yield f"    # needs a table of its words: {_field(to, column).strip()}"
        elif fits and to is not None:
            used.add(to)
            yield _field(to, column)
        else:
            yield "    # " + _field("…", column).strip()


def _field(to: str, column: Column) -> str:
    if column.kind == "time":
        return _time_field(to, column)
    if to in {"status", "priority"} and column.words:
        mapped = _status if to == "status" else _priority
        table = ", ".join(f"{_key(word)} = {_quoted(mapped(word))}" for word in column.words)
        other = ', other = "unknown"' if to == "status" else ""
        return f"    {to} = {{ column = {_quoted(column.name)}, table = {{ {table} }}{other} }}"
    return f"    {to} = {_quoted(column.name)}"


def _time_field(to: str, column: Column) -> str:
    if column.form in {"", "iso"}:
        return f"    {to} = {_quoted(column.name)}"
    return f'    {to} = {{ column = {_quoted(column.name)}, as = "time", format = {_quoted(column.form)} }}'


def _status(word: str) -> str:
    """Return the status that a word most likely means."""
    spelled = word.lower()
    for marks, status in (
        (("reopen", "re-open"), Status.OPEN), (("clos",), Status.CLOSED),
        (("solv", "resol", "done", "complet", "fix"), Status.SOLVED),
        (("hold", "vendor", "third", "suspend"), Status.ON_HOLD), (("wait", "pend"), Status.PENDING),
        (("new", "creat", "regist", "insert"), Status.NEW), (("spam",), Status.SPAM), (("delet",), Status.DELETED),
    ):  # fmt: skip
        if any(mark in spelled for mark in marks):
            return status.value
    return Status.OPEN.value


def _priority(word: str) -> str:
    spelled = word.lower()
    for marks, priority in (
        (("urgent", "critical", "blocker", "p1"), Priority.URGENT), (("high", "major", "p2"), Priority.HIGH),
        (("low", "minor", "trivial", "p4"), Priority.LOW),
    ):  # fmt: skip
        if any(mark in spelled for mark in marks):
            return priority.value
    return Priority.NORMAL.value


def _quoted(text: Any) -> str:
    """Return a text of TOML: its basic strings are JSON's, but that DEL is escaped, too."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Return what may stand in a comment of TOML: control characters as their names."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def _key(word: str) -> str:
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else _quoted(word)
