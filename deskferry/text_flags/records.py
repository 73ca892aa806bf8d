"""The flags of canonical rows: which columns of which kind hold texts, and as what they are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from deskferry.canonical_schema import column_names, json_text
from deskferry.text_flags.flags import Flag, Found, told
from deskferry.text_flags.reading import Reading, scan
from deskferry.text_flags.shape import SUBJECT_LIMITS, is_cut_off, message_flags

Row = tuple[Any, ...]
COLUMN = "text_flags"

_PLAIN, _MARKUP, _TEMPLATE = Reading.PLAIN, Reading.MARKUP, Reading.TEMPLATE
_Choice = Mapping[str, Reading]
_BODY: _Choice = {"body_text": _PLAIN, "body_html": _MARKUP}
_TEMPLATE_BODY: _Choice = {"body_text": _TEMPLATE, "body_html": _TEMPLATE}

_TEXTS: Mapping[str, tuple[_Choice, ...]] = MappingProxyType({
    "organization": ({"name": _PLAIN}, {"details": _PLAIN}, {"notes": _PLAIN}, {"custom_fields": _TEMPLATE}),
    "person": ({"name": _PLAIN}, {"notes": _PLAIN}, {"custom_fields": _TEMPLATE}),
    "ticket": ({"subject": _PLAIN}, {"custom_fields": _TEMPLATE}),
    "side_conversation": ({"subject": _PLAIN},),
    "message": (_BODY,),
    "macro": ({"name": _TEMPLATE}, _TEMPLATE_BODY),
    "article": ({"title": _TEMPLATE}, _TEMPLATE_BODY),
    "article_translation": ({"title": _TEMPLATE}, _TEMPLATE_BODY),
    "article_comment": (_BODY,),
    "survey_response": ({"comment": _PLAIN},),
})  # fmt: skip
"""By kind its texts; of columns that hold the same text the first that is filled is read."""

FLAGGED_KINDS = frozenset(_TEXTS)


def flagged(kind: str, rows: Sequence[Row]) -> list[Row]:
    """Return rows of a kind, in the order of its columns, with their flags; of a kind without texts as they are."""
    if kind not in FLAGGED_KINDS:
        return list(rows)
    found: dict[int, dict[str, Found]] = defaultdict(dict)
    for place, column, flags in _in_texts(kind, rows):
        found[place][column] = flags
    for place, column, flag in _as_a_whole(kind, rows):
        found[place].setdefault(column, Found())[flag] += 1
    at, marked = column_names(kind).index(COLUMN), list(rows)
    for place, by_column in found.items():
        marked[place] = (*rows[place][:at], told(by_column), *rows[place][at + 1 :])
    return marked


def flags_of(kind: str, fields: Mapping[str, Any]) -> str | None:
    """Return the flags of one record that is given by its columns, as the store reads them."""
    columns = column_names(kind)
    values = {**fields, COLUMN: None, "custom_fields": json_text(fields.get("custom_fields"))}
    (row,) = flagged(kind, [tuple(values[name] for name in columns)])
    flags: str | None = row[columns.index(COLUMN)]
    return flags


def _in_texts(kind: str, rows: Sequence[Row]) -> Iterator[tuple[int, str, Found]]:
    columns = column_names(kind)
    for choice in _TEXTS[kind]:
        left: Sequence[int] = range(len(rows))
        for column, reading in choice.items():
            at, empty = columns.index(column), []
            for place in left:
                text = rows[place][at]
                if not text:
                    empty.append(place)
                elif (flags := scan(text, reading)) is not None:
                    yield place, column, flags
            left = empty


def _as_a_whole(kind: str, rows: Sequence[Row]) -> Iterator[tuple[int, str, Flag]]:
    columns = column_names(kind)
    if kind == "message":
        text_at, html_at = columns.index("body_text"), columns.index("body_html")
        for place, row in enumerate(rows):
            for flag in message_flags(row[text_at], row[html_at]):
                yield place, "body_text" if row[text_at] else "body_html", flag
    elif kind == "ticket":
        at = columns.index("subject")
        for place, row in enumerate(rows):
            if row[at] and is_cut_off(row[at], SUBJECT_LIMITS):
                yield place, "subject", Flag.CUT_OFF
