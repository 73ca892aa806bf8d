"""Every connector: the tuple of our own, and those that other packages offer by one entry-point group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from deskferry.connectors.files import CONNECTOR as FILES
from deskferry.connectors.freshdesk import CONNECTOR as FRESHDESK
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.zendesk import CONNECTOR as ZENDESK
from deskferry.errors import ConfigError

OWN: tuple[Connector, ...] = (ZENDESK, FRESHDESK, FILES)
GROUP = "deskferry.connectors"
"""Entry-point group by which another package offers a `Connector`."""


@cache
def connectors() -> tuple[Connector, ...]:
    """Return all connectors; one of another package never takes the name of one of ours."""
    found = {one.name: one for one in OWN}
    for entry in entry_points(group=GROUP):
        offered = entry.load()
        if not isinstance(offered, Connector):
            raise ConfigError(
                f"The entry point {entry.name} of {GROUP} is no connector ({entry.value}).",
                "Remove the package that offers it, or tell its authors.",
            )
        found.setdefault(offered.name, offered)
    return tuple(found.values())


def connector(vendor: str) -> Connector:
    """Return the connector of a vendor; raises ConfigError that names those there are."""
    known = {one.name: one for one in connectors()}
    if vendor not in known:
        raise ConfigError(f"There is no connector for {vendor!r}.", f"There are: {', '.join(known)}.")
    return known[vendor]


def known_settings() -> Mapping[str, tuple[str, ...]]:
    """Return the configuration keys of each vendor, by which unknown vendors and keys are refused."""
    return {one.name: tuple(one.settings.model_fields) for one in connectors()}
