"""The columns that a layout names, beside those that a file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deskferry.connectors.files.layout import Entry, Section
from deskferry.errors import ConfigError
from deskferry.toml_table import did_you_mean


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a layout takes from the columns of a file."""

    keys: frozenset[str] = frozenset()
    """Columns without which no row is a record."""
    gives: Mapping[str, str] = field(default_factory=dict)
    """Columns that a file should have, with what they give."""
    quiet: frozenset[str] = frozenset()
    """Columns that are named, and may be missing."""
    nested: bool = False


def wanted(entry: Entry) -> Wanted:
    """Return what the sections of a layout take."""
    keys = set(entry.track[0]) if entry.track else set()
    gives: dict[str, str] = {}
    for section in entry.sections:
        if section.each is None and not section.when:
            keys.update(section.key)
        for column, what in _named(section):
            gives.setdefault(column, what)
    keys.update(entry.main.key)
    quiet = entry.may_lack | entry.ignored.keys() | entry.kept.keys()
    return Wanted(frozenset(keys - entry.may_lack), gives, frozenset(quiet), entry.nested)


def _named(section: Section) -> Iterator[tuple[str, str]]:
    """Yield the columns of the row itself that a section names; those of nested elements are not in a header."""
    outer = section.each is None
    if section.each is not None:
        yield section.each["column"].partition("[")[0], section.kind
    taken = [(column, one.to) for one in section.fields for column in one.columns]
    taken += [(rule["column"], f"the condition of {section.kind}") for rule in section.when if "column" in rule]
    taken += [(column, f"the key of {section.kind}") for column in section.key]
    taken += [(column, "custom_fields") for column in section.custom]
    for column, what in taken:
        if column.startswith("^") or (outer and column != "."):
            yield column.removeprefix("^"), what


def matched(path: Path, names: Sequence[str], wants: Wanted) -> tuple[list[str], dict[str, str]]:
    """Return the names of a header as the layout spells them, and what is to be said of each column that is missing.

    Raises ConfigError where no row could be a record.
    """
    held = set(names)
    asked = [column for column in (*wants.gives, *wants.quiet) if not _has(held, column, nested=wants.nested)]
    loosely: dict[str, str] = {}
    for name in names:
        if name not in wants.gives:
            loosely.setdefault(_loose(name), name)
    spelled = {loosely[_loose(column)]: column for column in reversed(asked) if _loose(column) in loosely}
    found = [spelled.get(name, name) for name in names]
    held = set(found)
    missing = [column for column in wants.gives if not _has(held, column, nested=wants.nested)]
    free = [name for name in found if name not in wants.gives]
    for column in missing:
        if column in wants.keys:
            raise ConfigError(
                f"{path} has no column {column!r}, of which the id is made.",
                did_you_mean(column, free) or f"It has {', '.join(found)[:300]}.",
            )
    notes = {}
    for column in missing:
        if column not in wants.quiet:
            near = did_you_mean(column, free)
            says = f"{path.name} has no column {column!r} ({wants.gives[column]}): it is taken as empty."
            notes[column] = f"{says} {near}".strip()
    return found, notes


def _has(held: set[str], column: str, *, nested: bool) -> bool:
    return column in held or (nested and column.partition(".")[0] in held)


def _loose(name: str) -> str:
    return " ".join(name.casefold().split())
