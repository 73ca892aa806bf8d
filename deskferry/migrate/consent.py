"""Effects that an API cannot switch off are caused only where somebody said yes to each."""

from __future__ import annotations

from collections.abc import Iterable

from deskferry.errors import ConfigError


def require_accepted(what: str, effects: Iterable[str], accepted: frozenset[str]) -> None:
    """Raise ConfigError where something (`Writing there`) has effects that were not accepted."""
    missing = [name for name in effects if name not in accepted]
    if missing:
        flags = " ".join(f"--accept {name}" for name in missing)
        raise ConfigError(
            f"{what} has effects that the API cannot switch off and that were not accepted: {', '.join(missing)}.",
            f"Read what they are in `deskferry plan`, switch them off there, then say yes to each: {flags}",
        )
