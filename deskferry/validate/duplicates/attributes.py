"""Which custom fields of an account say something about who a person is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deskferry.validate.duplicates.normalize import folded_text

MOST = 12
"""Fields that are compared at most: those that tell most people apart."""
_FILLED = 0.2
_KNOWN_VALUES = 200_000
"""Different values of a field that are counted; beyond that it tells people apart anyway."""
_DATE = re.compile(
    r"(?:19|20)\d\d ?(?:0[1-9]|1[0-2]) ?(?:0[1-9]|[12]\d|3[01])(?: .*)?"
    r"|(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|1[0-2]) (?:19|20)\d\d"
)
_PHONE = re.compile(r"phone|mobile|fax|tel(?:efon|ephone|efono)?\b|movil|celular", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A custom field that is compared."""

    column: str
    keys: frozenset[tuple[str, str]]
    """Connection and key of the field in its account; fields of the same label are one."""
    name: str
    few: bool
    """Whether it holds one of few values: then it is the same or not, never similar."""
    personal: bool
    """Whether it names one person, as a customer number does; a date, an address or a phone do not."""


@dataclass(slots=True)
class _Seen:
    filled: int = 0
    dates: int = 0
    codes: int = 0
    values: Counter[str] | None = None

    def add(self, value: str) -> None:
        self.values = Counter() if self.values is None else self.values
        self.filled += 1
        self.dates += _DATE.fullmatch(value) is not None
        self.codes += " " not in value and sum(one.isdigit() for one in value) >= 5
        if value in self.values or len(self.values) < _KNOWN_VALUES:
            self.values[value] += 1

    @property
    def different(self) -> float:
        """The share of values that differ."""
        return len(self.values or ()) / self.filled if self.filled else 0.0

    @property
    def told(self) -> float:
        """How well it tells two filled records apart: the chance that they differ, as often as it is filled."""
        counts = (self.values or Counter()).values()
        return self.filled * (1 - sum((one / self.filled) ** 2 for one in counts)) if self.filled else 0.0


class Fields:
    """Looks at the custom fields of records, and says afterwards which to compare."""

    def __init__(self, labels: Mapping[tuple[str, str], str]) -> None:
        self._labels = labels
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._keys: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._of: dict[tuple[str, str], str] = {}
        self._records: Counter[str] = Counter()

    def look(self, connection: str, values: Any) -> None:
        """Take a record's custom fields into account."""
        self._records[connection] += 1
        for key, value in (values if isinstance(values, dict) else {}).items():
            text = compared(value)
            if text is None:
                continue
            known = self._of.get((connection, key))
            if known is None:
                known = self._of[connection, key] = folded_text(self._labels.get((connection, key), key)) or key
                self._keys[known].add((connection, key))
            self._seen[known].add(text)

    def chosen(self) -> list[Attribute]:
        """Return the fields to compare, those that tell most people apart first."""
        fit = [
            (seen.told, name) for name, seen in self._seen.items()
            if len(seen.values or ()) > 1 and seen.filled >= _FILLED * self._bearers(name)
        ]  # fmt: skip
        return [
            self._attribute(f"a{number}", name) for number, (_told, name) in enumerate(sorted(fit, reverse=True)[:MOST])
        ]

    def _bearers(self, name: str) -> int:
        return sum(self._records[connection] for connection in {connection for connection, _key in self._keys[name]})

    def _attribute(self, column: str, name: str) -> Attribute:
        seen, keys = self._seen[name], frozenset(self._keys[name])
        number_like = seen.codes >= 0.8 * seen.filled and seen.dates < 0.5 * seen.filled
        return Attribute(
            column, keys, f"custom_fields.{min(key for _connection, key in keys)}",
            few=len(seen.values or ()) <= 60,
            personal=number_like and seen.different > 0.4 and not _PHONE.search(name),
        )  # fmt: skip


def compared(value: Any) -> str | None:
    """Return a custom field's value as it is compared; None for none, and for lists and objects."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return folded_text(value)


def values_of(attributes: Iterable[Attribute], connection: str, values: Any) -> dict[str, str | None]:
    """Return a record's values by column."""
    held = values if isinstance(values, dict) else {}
    return {
        one.column: next(
            (compared(held[key]) for of, key in sorted(one.keys) if of == connection and held.get(key) is not None),
            None,
        )
        for one in attributes
    }
