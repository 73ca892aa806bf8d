"""A table of a TOML document that knows its place: typed reading, with errors that name the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from deskferry.errors import ConfigError
from deskferry.references import resolve


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'?`, or "" where nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else ""


class Table:
    """A table of the document that knows its place, for error messages."""

    def __init__(self, values: Mapping[str, Any], place: str, directory: Path) -> None:
        self.values, self.place, self.directory = values, place, directory

    def wrong(self, key: str, what: str, advice: str = "") -> ConfigError:
        """Return an error about one key."""
        return ConfigError(f"{self.place}: {key} {what}", advice)

    def only(self, *known: str) -> None:
        """Refuse keys that are not among these."""
        for key in self.values:
            if key not in known:
                advice = did_you_mean(key, known) or f"Known here: {', '.join(sorted(set(known)))}."
                raise ConfigError(f"{self.place}: {key!r} is unknown.", advice)

    def table(self, key: str) -> Table:
        """Return the table below a key; an empty one where it is missing."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table.", f"Write [{key}] and its settings below.")
        return Table(value, f"{self.place}: [{key}]", self.directory)

    def tables(self) -> Iterable[tuple[str, Table]]:
        """Return the named tables below this one."""
        outer = self.place.removesuffix("]")
        for name, value in self.values.items():
            if not isinstance(value, dict):
                raise ConfigError(f"{self.place}: {name!r} must be a table.", f"Write [{outer.split('[')[-1]}.{name}].")
            yield name, Table(value, f"{outer}.{name}]", self.directory)

    def text(self, key: str) -> str | None:
        """Return a text; `env:NAME` is looked up."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise self.wrong(key, f"must be text, not {value!r}.")
        return resolve(value, self.directory, f"{key} of {self.place}") if value.startswith("env:") else value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return a list of texts; a single one counts as a list."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
            raise self.wrong(key, "must be a list of texts.")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false; false where it is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {value!r}.")
        return value

    def number(self, key: str, above: float, most: float) -> float | None:
        """Return a number of this range."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= most:
            raise self.wrong(key, f"must be a number above {above:g} and at most {most:g}, not {value!r}.")
        return float(value)

    def whole(self, key: str, most: int) -> int | None:
        """Return a whole number from 1."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise self.wrong(key, f"must be a whole number from 1 to {most}, not {value!r}.")
        return value

    def time(self, key: str) -> str | None:
        """Return a date or time as ISO 8601 in UTC."""
        value = self.values.get(key)
        return None if value is None else iso_time(self, key, value)

    def file(self, key: str) -> Path | None:
        """Return a path, relative to the document."""
        text = self.text(key)
        return None if text is None else self.directory / Path(text).expanduser()


def iso_time(table: Table, key: str, value: object) -> str:
    """Return a date or time as ISO 8601 in UTC; raises ConfigError."""
    moment: object = value
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            moment = None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise table.wrong(key, f"is no date or time: {value!r}.", "Write 2024-01-31 or 2024-01-31T10:00:00Z.")
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
