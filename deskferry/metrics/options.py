"""What is asked of the metrics: which, by what, for when; and the options that a metric declares for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from deskferry.errors import ConfigError

PERIODS = ("day", "week", "month", "quarter")
CALENDAR, BUSINESS, NO_CLOCK = "calendar", "business", "none"
CLOCKS = (CALENDAR, BUSINESS)
COHORT, EVENT, AS_OF = "cohort", "event", "as_of"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every metric of one call."""

    by: tuple[str, ...] = ()
    """Dimensions: see `dimensions.DIMENSIONS`, or `field:<custom field key>`."""
    period: str | None = None
    start: date | None = None
    """First local day, included."""
    end: date | None = None
    """Local day at whose start the range ends: half-open."""
    timezone: str = "UTC"
    clock: str | None = None
    """None: every clock that the metric has, a result each."""
    anchor: str | None = None
    """None: the metric's own."""
    preset: str | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)
    """Slug or id of a metric → its options; they win over the preset."""
    floor: int = 5
    """Rates of fewer rows are marked `below_floor`."""
    partial_below: float = 0.95
    """A share of computed rows below this makes a result `partial`."""
    schedule: str | None = None
    """Id or name of the schedule of tickets that name none; None: the only one of their connection, if it is one."""
    exclude: tuple[str, ...] = ()
    """Ids of brands and inboxes (tests, internal) whose tickets do not count."""
    separate: bool = False
    """Each desk by itself: a migrated ticket counts in both. Else once, in their joint history."""

    @property
    def zone(self) -> ZoneInfo:
        """The reporting zone."""
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ConfigError(
                f"There is no time zone {self.timezone!r}.", "Name one as Europe/Madrid or America/New_York."
            ) from None


class Option(Protocol):
    """One option that a metric declares: its default, what it says, and how a text is read."""

    @property
    def default(self) -> Any:
        """What holds when nothing is given."""

    @property
    def help(self) -> str:
        """What it decides."""

    def read(self, given: Any) -> Any:
        """Return the value of what a user gave, text or TOML; raises ValueError with what is allowed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; the first is the default."""

    words: tuple[str, ...]
    help: str

    @property
    def default(self) -> str:
        """The first word."""
        return self.words[0]

    def read(self, given: Any) -> str:
        """Return one of the words."""
        if given not in self.words:
            raise ValueError(f"choose {', '.join(self.words)}")
        return str(given)


@dataclass(frozen=True, slots=True)
class Number:
    """A number not below `least`."""

    default: float | None
    help: str
    least: float = 0

    def read(self, given: Any) -> float:
        """Return the number."""
        try:
            value = float(given)
        except (TypeError, ValueError):
            raise ValueError("give a number") from None
        if not value >= self.least:
            raise ValueError(f"give a number not below {self.least:g}")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    default: bool
    help: str

    def read(self, given: Any) -> bool:
        """Return true or false."""
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(given).lower() not in words:
            raise ValueError("choose true, false")
        return words[str(given).lower()]


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts: tags, ids. As one text it is separated by `|`."""

    help: str
    default: tuple[str, ...] = ()

    def read(self, given: Any) -> tuple[str, ...]:
        """Return the texts."""
        if isinstance(given, str):
            return tuple(part for part in given.split("|") if part)
        if not isinstance(given, list | tuple):
            raise ValueError("give a list of texts")  # noqa: TRY004  # what a user wrote, not what a program passed
        return tuple(str(one) for one in given)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of texts to values, from deskferry.toml only: a tier by team."""

    help: str
    default: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def read(self, given: Any) -> Mapping[str, Any]:
        """Return the mapping."""
        if not isinstance(given, Mapping):
            raise ValueError("give a table")  # noqa: TRY004  # what a user wrote, not a program
        return MappingProxyType(dict(given))


def chosen(slug: str, declared: Mapping[str, Option], *given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a metric: the defaults, then what was given, the later over the earlier."""
    values: dict[str, Any] = {name: option.default for name, option in declared.items()}
    for settings in given:
        for name, value in settings.items():
            if name not in declared:
                known = ", ".join(sorted(declared)) or "none"
                raise ConfigError(f"{slug} has no option {name!r}.", f"It has: {known}.")
            try:
                values[name] = declared[name].read(value)
            except ValueError as error:
                raise ConfigError(f"{slug}: {name} = {value!r} is not possible: {error}.") from None
    return values
