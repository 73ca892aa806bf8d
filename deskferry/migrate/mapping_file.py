"""The mapping file: how one account crosses into another. TOML with a published schema and errors by line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from deskferry.connectors.kit.contract import FileSettings, HeaderSettings
from deskferry.errors import ConfigError
from deskferry.migrate.requests import digest

NONE = "none"
PLACEHOLDER = "placeholder"
CREATE = "create"
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_VALUES = {"status": "statuses", "priority": "priorities", "type": "types", "channel": "channels"}
_ADVICE = "`deskferry plan --write-mapping FILE` writes one that is filled in as far as can be guessed."


def fold(value: str | None) -> str:
    """Return a name as it is compared: blanks trimmed, case folded."""
    return " ".join((value or "").split()).casefold()


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """How the user wants a custom field to cross."""

    to: str
    values: MappingOf[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """What stays behind."""

    spam: bool = True
    suspended: bool = True
    deleted: bool = True
    merged: bool = True
    drafts: bool = True
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    created_before: str | None = None


@dataclass(frozen=True, slots=True)
class RouteMapping:
    """A mapping as it was read; `document` is the file's content."""

    document: MappingOf[str, Any] = field(default_factory=dict)
    header: HeaderSettings = field(default_factory=HeaderSettings)
    leave_out: LeaveOut = field(default_factory=LeaveOut)
    files: FileSettings = field(default_factory=FileSettings)
    _folded: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False, compare=False)

    def _answers(self, *path: str) -> dict[str, Any]:
        """Return a section's answers by folded name."""
        key = "/".join(path)
        if key not in self._folded:
            table: Any = self.document
            for step in path:
                table = table.get(step) or {}
            self._folded[key] = {fold(name): value for name, value in table.items()}
        return self._folded[key]

    @property
    def hash(self) -> str:
        """Return a hash of the content, whatever its order and comments."""
        return digest(dict(self.document))

    @property
    def migrated_tag(self) -> str | None:
        """Return the tag for every migrated ticket."""
        return self.document.get("migrated_tag") or None

    def choice(self, section: str, *names: str | None) -> str | None:
        """Return the answer of a section to the first name that it has, compared without case; "" is no answer."""
        answers = self._answers(section)
        for name in names:
            found = answers.get(fold(name)) if name else None
            if found:
                return str(found)
        return None

    def value(self, what: str, value: str) -> str | None:
        """Return the answer for a status, priority, type or channel."""
        return self.choice(_VALUES[what], value) if what in _VALUES else None

    def field_choice(self, kind: str, *names: str | None) -> FieldChoice | None:
        """Return how a custom field crosses by its key or label; None where the file leaves it open."""
        answers = self._answers("fields", kind)
        for name in names:
            found = answers.get(fold(name)) if name else None
            if found and found["to"]:
                return FieldChoice(found["to"], found.get("values") or {})
        return None

    def tags(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return tags without those that are dropped, renamed where the file says so, each once."""
        section = self.document.get("tags") or {}
        dropped = {fold(tag) for tag in section.get("drop") or ()}
        renamed = {fold(old): new for old, new in (section.get("rename") or {}).items()}
        kept = (renamed.get(fold(tag), tag) for tag in tags if fold(tag) not in dropped)
        return tuple(dict.fromkeys(kept))

    def setting(self, name: str) -> str | None:
        """Return an answer that only this destination asks for."""
        return (self.document.get("settings") or {}).get(name) or None

    def answers(self, line: str) -> bool:
        """Whether the file answers what a question's line of TOML would."""
        try:
            wanted = tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            return False
        paths = list(_leaves(wanted))
        return bool(paths) and all(_given(self.document, path) for path in paths)

    def leaves_blank(self, line: str) -> bool:
        """Whether the file has the place of a question's line of TOML, with nothing in it."""
        try:
            wanted = tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            return False
        return any(_found(self.document, path) == "" for path in _leaves(wanted))


def _leaves(document: MappingOf[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in document.items():
        found += _leaves(value, (*path, key)) if isinstance(value, dict) else [(*path, key)]
    return found


def _given(document: Any, path: Sequence[str]) -> bool:
    return _found(document, path) not in (None, "", {})


def _found(document: Any, path: Sequence[str]) -> Any:
    for step in path:
        if not isinstance(document, MappingOf):
            return None
        folded = {fold(key): value for key, value in document.items()}
        document = folded.get(fold(step))
    return document


@cache
def mapping_schema() -> dict[str, Any]:
    """Return the published JSON Schema of a mapping."""
    text = resources.files("deskferry.migrate").joinpath("json/mapping.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def read_mapping(path: Path) -> RouteMapping:
    """Read a mapping file; raises ConfigError that names line and column."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"There is no mapping file {path}.", _ADVICE) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", _ADVICE) from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str = "mapping") -> RouteMapping:
    """Return the mapping that a text holds; raises ConfigError that names line and column."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line, column = at.groups() if at else (str(text.count("\n") + 1), "1")
        said = _AT.sub("", str(error)).strip()
        raise ConfigError(f"{name}, line {line}, column {column}: {said}.", "It must be TOML (toml.io).") from None
    wrong = sorted(Draft202012Validator(mapping_schema()).iter_errors(document), key=lambda one: list(one.path))
    if wrong:
        raise _named(wrong[0], text, name)
    _check_header(document.get("header") or {}, text, name)
    section = document.get("leave_out") or {}
    leave: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in section.items()}
    _check_link(document.get("files") or {}, text, name)
    return RouteMapping(
        document,
        HeaderSettings(**(document.get("header") or {})),
        LeaveOut(**leave),
        FileSettings(**(document.get("files") or {})),
    )


def _check_header(header: MappingOf[str, str], text: str, name: str) -> None:
    try:
        ZoneInfo(header.get("timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        line = line_of(text, ("header", "timezone"))
        raise ConfigError(
            f"{name}, line {line}: {header['timezone']!r} is no time zone.", "Name one as Europe/Madrid."
        ) from None
    try:
        header.get("form", "").format(author="", time="", visibility="", kind="", email="")
    except (KeyError, IndexError, ValueError) as error:
        line = line_of(text, ("header", "form"))
        raise ConfigError(
            f"{name}, line {line}: the form of the header cannot be filled in ({error}).",
            "It may use {author} and {time}.",
        ) from None


def _check_link(files: MappingOf[str, str], text: str, name: str) -> None:
    try:
        files.get("link", "").format(sha256="", filename="")
    except (KeyError, IndexError, ValueError) as error:
        line = line_of(text, ("files", "link"))
        raise ConfigError(
            f"{name}, line {line}: the link of large files cannot be filled in ({error}).",
            "It may use {sha256} and {filename}.",
        ) from None


def _named(error: ValidationError, text: str, name: str) -> ConfigError:
    path = tuple(str(step) for step in error.absolute_path)
    said = error.message
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        extra = [key for key in error.instance if key not in known]
        if extra:
            path = (*path, extra[0])
            said = f"there is no {extra[0]!r} here; known are {', '.join(known)}"
    where = ".".join(path) or "the file"
    return ConfigError(f"{name}, line {line_of(text, path)}: {where}: {said}.", _ADVICE)


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line of a key in a TOML text, or of the nearest table above it."""
    wanted, table = tuple(path), ()  # type: tuple[str, ...], tuple[str, ...]
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            keys = _keys(stripped.strip("[]").partition("#")[0].rstrip("] ") + " = 0")
            table = keys or table
            here = table
        else:
            keys = _keys(_key_text(stripped) + " = 0") if "=" in stripped else ()
            here = (*table, *keys) if keys else ()
        if here and here == wanted[: len(here)] and len(here) > depth:
            best, depth = number, len(here)
    return best


def _key_text(line: str) -> str:
    quote = ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "=":
            return line[:at]
    return line


def _keys(line: str) -> tuple[str, ...]:
    try:
        document: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(document, dict) and len(document) == 1:
        ((key, document),) = document.items()
        keys.append(key)
    return tuple(keys)
