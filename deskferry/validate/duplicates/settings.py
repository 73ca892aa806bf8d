"""The section `[duplicates]` of deskferry.toml: how bad each verdict is."""

from __future__ import annotations

from collections.abc import Mapping

from deskferry.errors import ConfigError
from deskferry.toml_table import Table, did_you_mean
from deskferry.validate.duplicates.verdict import Verdict
from deskferry.validate.finding import Severity


def severities(section: Table) -> Mapping[Verdict, Severity]:
    """Return the severity of each verdict; raises ConfigError that names what is near to what is unknown."""
    section.only(*(one.value for one in Verdict))
    return {one: _severity(section, one) for one in Verdict}


def _severity(section: Table, verdict: Verdict) -> Severity:
    given = section.text(verdict.value)
    known = [one.value for one in Severity]
    if given is not None and given not in known:
        raise ConfigError(
            f"{section.place}: {verdict.value} is {given!r}.",
            did_you_mean(given, known) or f"Choose {', '.join(known)}.",
        )
    return verdict.severity if given is None else Severity(given)
