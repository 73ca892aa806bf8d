"""A user's description of files: parsed, checked against the published schema, every error with its line."""

from __future__ import annotations

import codecs
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema

from deskferry.canonical_schema import (
    ENGINE_COLUMNS,
    KINDS,
    bool_columns,
    column_names,
    json_columns,
    required_columns,
    sql_table,
    time_columns,
)
from deskferry.connectors.files.locate import line_of
from deskferry.connectors.files.opening import bare_suffix, format_of
from deskferry.errors import ConfigError
from deskferry.toml_table import did_you_mean

READY = Path(__file__).parent / "layouts"
"""Layouts that come with the package; each is named by its file without `.toml`."""
SCHEMA = Path(__file__).parent / "layout.schema.json"
_NOT_MAPPED = frozenset({
    "id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at", "raw_record_id",
})  # fmt: skip
_DEFAULTS = ("timezone", "time_format", "null", "decimal")
"""Options of the layout, or of one [[files]], that hold for fields which say nothing else."""
_SHAPED = frozenset({"json", "list", "pairs"})
"""Converters of columns that hold JSON, of which the canonical schema says the form."""
_SHARED = frozenset({"organization", "person", "team", "inbox", "ticket"})
"""Kinds that several rows may speak of: beside the main section they outlive the row that brought them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical column: from which columns, by which converter."""

    to: str
    columns: tuple[str, ...]
    kind: str
    """Converter: text, integer, number, boolean, time, date, list, json, pairs, enum, ref, const."""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """What one row of a file gives of one kind."""

    kind: str
    object: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    when: tuple[Mapping[str, Any], ...] = ()
    each: Mapping[str, Any] | None = None
    part: str | None = None
    lower: bool = False
    shared: bool = False
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Files of one form, and what their rows mean."""

    name: str
    patterns: tuple[str, ...]
    options: Mapping[str, Any]
    sections: tuple[Section, ...]
    ignored: Mapping[str, str]
    kept: Mapping[str, str]
    track: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Columns that name a case, and columns whose value in its row before is remembered."""
    may_lack: frozenset[str] = frozenset()
    """Columns that a file may lack without a word."""

    @property
    def main(self) -> Section:
        """The section that the row itself is."""
        return self.sections[0]

    @property
    def nested(self) -> bool:
        """Whether a dotted column is a path into nested values, rather than a name with a dot in it."""
        given = self.options.get("format")
        return given != "csv" if given else any(map(_may_nest, self.patterns))


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole description."""

    place: str
    account: str | None
    entries: tuple[Entry, ...]


def _may_nest(pattern: str) -> bool:
    """Return whether a pattern may name files other than CSV."""
    ending = bare_suffix(Path(pattern))
    return not ending or any(sign in ending for sign in "*?[") or format_of(Path(pattern), None) != "csv"


def ready_layouts() -> tuple[str, ...]:
    """Return the names of the layouts that come with the package."""
    return tuple(sorted(path.stem for path in READY.glob("*.toml")))


@cache
def load_layout(path: Path) -> Layout:
    """Return the layout of a file; raises ConfigError with the line of what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.stem, ready_layouts())
        known = f"Ready ones: {', '.join(ready_layouts())}; `deskferry init --layout FILE` proposes one."
        raise ConfigError(f"There is no layout at {path}.", near or known) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from None
    return parse_layout(text, str(path))


def parse_layout(text: str, place: str) -> Layout:
    """Return the layout that a text holds."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place}: {error}.", "Correct it; see docs/vendors/files.md.") from None
    problems = sorted(_validator().iter_errors(document), key=lambda one: list(map(str, one.absolute_path)))
    if problems:
        first = jsonschema.exceptions.best_match(problems) or problems[0]
        steps = tuple(first.absolute_path)
        raise _wrong(text, place, steps, first.message[:200])
    return _Reader(text, place, document).layout()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _wrong(text: str, place: str, steps: tuple[Any, ...], what: str, advice: str = "") -> ConfigError:
    name = ".".join(str(step) for step in steps if not isinstance(step, int))
    says = f"{place}, line {line_of(text, steps)}: {name + ': ' if name else ''}{what}"
    return ConfigError(says if says.endswith(".") else f"{says}.", advice or "See docs/vendors/files.md.")


class _Reader:
    """Turns a valid document into a layout; what the schema cannot say is checked here."""

    def __init__(self, text: str, place: str, document: dict[str, Any]) -> None:
        self.text, self.place, self.document = text, place, document

    def wrong(self, steps: tuple[Any, ...], what: str, advice: str = "") -> ConfigError:
        return _wrong(self.text, self.place, steps, what, advice)

    def layout(self) -> Layout:
        entries = tuple(self._entry(n, one) for n, one in enumerate(self.document["files"]))
        names: set[str] = set()
        for n, entry in enumerate(entries):
            if entry.name in names:
                advice = 'Name one of them otherwise (object = "…"), or read both by one [[files]] with several paths.'
                raise self.wrong(("files", n), f"two [[files]] bring the object {entry.name!r}", advice)
            names.add(entry.name)
        return Layout(self.place, self.document.get("account"), entries)

    def _entry(self, n: int, one: dict[str, Any]) -> Entry:
        steps = ("files", n)
        shared = {key: self.document[key] for key in _DEFAULTS if key in self.document}
        options = {**shared, **{key: value for key, value in one.items() if key not in {"rows", "path"}}}
        self._check_options(steps, options)
        sections = tuple(
            self._section((*steps, "rows", m), found, options, main=not m) for m, found in enumerate(one["rows"])
        )
        track = one.get("track")
        if any("changed" in rule or "first" in rule for section in sections for rule in section.when) and not track:
            raise self.wrong(steps, "a condition on the row before needs track", 'Write track = { by = ["Case ID"] }.')
        changing = [rule["column"] for section in sections for rule in section.when if rule.get("changed")]
        followed = tuple(dict.fromkeys(changing))
        return Entry(
            name=sections[0].object,
            patterns=self._patterns((*steps, "path"), _several(one["path"])),
            options=options,
            sections=sections,
            ignored=one.get("ignored", {}),
            kept=one.get("kept", {}),
            may_lack=frozenset(one.get("may_lack", ())),
            track=(tuple(track["by"]), followed) if track else None,
        )

    def _patterns(self, steps: tuple[Any, ...], patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            path = Path(pattern)
            if path.is_absolute() or pattern.startswith("/") or not path.parts or ".." in path.parts:
                raise self.wrong(steps, f"{pattern!r} is no file in the connection's folder", "Name it from there.")
            if any("**" in part and part != "**" for part in path.parts):
                raise self.wrong(
                    steps, f"{pattern!r} has ** beside other letters", "Such as **/*.csv: in any folder below."
                )
        return patterns

    def _check_options(self, steps: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        if "encoding" in options:
            try:
                codecs.lookup(options["encoding"])
            except LookupError:
                raise self.wrong(
                    (*steps, "encoding"), f"{options['encoding']!r} is no encoding", "Such as utf-8, utf-16, cp1252."
                ) from None
        if "timezone" in options:
            self._zone(steps, "timezone", options["timezone"])

    def _zone(self, steps: tuple[Any, ...], key: str, name: str) -> None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.wrong((*steps, key), f"{name!r} is no time zone", "Such as Europe/Madrid.") from None

    def _section(
        self, steps: tuple[Any, ...], one: dict[str, Any], options: Mapping[str, Any], *, main: bool
    ) -> Section:
        kind = one["kind"]
        if kind not in {known.value for known in KINDS}:
            raise self.wrong(
                (*steps, "kind"), f"there is no kind {kind!r}", did_you_mean(kind, [k.value for k in KINDS])
            )
        if main and ("each" in one or "part" in one):
            raise self.wrong(steps, "the first section is the row itself: it takes neither each nor part")
        if not main and not one.get("key") and not one.get("part") and kind in _SHARED:
            raise self.wrong(steps, f"the {kind} of a further section needs a key")
        fields = self._fields(steps, kind, one, options)
        missing = required_columns(kind) - ENGINE_COLUMNS[kind] - _NOT_MAPPED - {found.to for found in fields}
        if missing:
            raise self.wrong(steps, f"a {kind} needs {', '.join(sorted(missing))}", "Add it under fields or constants.")
        each = one.get("each")
        when = one.get("when", [])
        return Section(
            kind=kind,
            object=one.get("object", kind),
            key=_several(one.get("key", [])),
            fields=fields,
            when=tuple([when] if isinstance(when, dict) else when),
            each={"column": each} if isinstance(each, str) else each,
            part=one.get("part"),
            lower=one.get("lower", False),
            shared=one.get("shared", not main and kind in _SHARED),
            custom=tuple(one.get("custom", ())),
        )

    def _fields(
        self, steps: tuple[Any, ...], kind: str, one: dict[str, Any], options: Mapping[str, Any]
    ) -> tuple[Field, ...]:
        known = [name for name in column_names(kind) if name not in _NOT_MAPPED | ENGINE_COLUMNS[kind]]
        found: list[Field] = []
        for where in ("fields", "constants"):
            for to, spec in one.get(where, {}).items():
                if to not in known:
                    raise self.wrong(
                        (*steps, where, to), f"{kind} has no column {to}",
                        did_you_mean(to, known) or f"It has {', '.join(known)}.",
                    )  # fmt: skip
                if where == "constants":
                    found.append(Field(to, (), "const", {"value": self._constant((*steps, where, to), kind, to, spec)}))
                else:
                    found.append(self._field((*steps, where, to), kind, to, spec, options))
        names = [one.to for one in found]
        for name in names:
            if names.count(name) > 1:
                raise self.wrong((*steps, "constants", name), "is a field and a constant at once")
        return tuple(found)

    def _field(self, steps: tuple[Any, ...], kind: str, to: str, spec: Any, options: Mapping[str, Any]) -> Field:
        written: dict[str, Any] = {"column": spec} if isinstance(spec, str | list) else dict(spec)
        columns = _several(written.pop("column"))
        way = written.pop("as", None) or ("ref" if "ref" in written else "enum" if "table" in written else None)
        way = way or natural(kind, to)
        if len(columns) > 1 and way != "ref":
            raise self.wrong(steps, "only a reference takes several columns")
        if "zone" in written:
            self._zone(steps, "zone", written["zone"])
        enumeration = sql_table(kind).columns[to].info.get("enumeration")
        if enumeration is not None and way in {"text", "enum"}:
            members, way = {member.value for member in enumeration}, "enum"
            written.setdefault("table", {member: member for member in sorted(members)})
            for value in (*written.get("table", {}).values(), *([written["other"]] if written.get("other") else ())):
                if value not in members:
                    raise self.wrong(steps, f"{value!r} is no {to}", f"It is one of {', '.join(sorted(members))}.")
        if way in _SHAPED and to in json_columns(kind):
            written["shape"] = (kind, to)
        defaults = {key: options[key] for key in _DEFAULTS if key in options}
        if to == "email" and way == "text":
            written["lower"] = True
        return Field(to, columns, way, {**defaults, **written})

    def _constant(self, steps: tuple[Any, ...], kind: str, to: str, value: Any) -> Any:
        enumeration = sql_table(kind).columns[to].info.get("enumeration")
        if enumeration is not None and value not in {member.value for member in enumeration}:
            raise self.wrong(steps, f"{value!r} is no {to}", f"It is one of {', '.join(sorted(enumeration))}.")
        return value


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def natural(kind: str, column: str) -> str:
    """Return the converter that a canonical column takes where the layout names none."""
    if column in time_columns(kind):
        return "time"
    if column in bool_columns(kind):
        return "boolean"
    if column in json_columns(kind):
        return "json"
    spelled = str(sql_table(kind).columns[column].type).upper()
    if "INT" in spelled:
        return "integer"
    return "number" if "DOUBLE" in spelled or "REAL" in spelled or "FLOAT" in spelled else "text"
