"""Which simulators there are, and how one is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from deskferry.errors import CapabilityError, ConfigError
from deskferry.simulators.account import generate
from deskferry.simulators.kernel import Desk, SimClock

ClockMode = Literal["real", "virtual"]
Profile = Literal["ugly", "plain"]
SEED: Final = 1
TICKETS: Final = 200
MANY: Final = 5000


def build(
    vendor: str,
    *,
    seed: int = SEED,
    tickets: int = TICKETS,
    data: str | Path | None = None,
    clock_mode: ClockMode = "virtual",
    profile: Profile = "ugly",
) -> Desk:
    """Return the simulator of a vendor: with a generated account, or with the recorded one in `data`."""
    builder = _BUILDERS.get(vendor)
    if builder is None:
        raise ConfigError(f"There is no simulator for {vendor!r}.", f"Known ones: {', '.join(_BUILDERS)}.")
    if tickets < 0:
        raise ConfigError("An account cannot have fewer than no tickets.")
    return builder(seed, tickets, data, clock_mode, profile)


def vendors() -> tuple[str, ...]:
    """Return the vendors that have a simulator."""
    return tuple(_BUILDERS)


def _zendesk(seed: int, tickets: int, data: str | Path | None, clock_mode: ClockMode, profile: Profile) -> Desk:
    from deskferry.simulators.zendesk import ZendeskDesk, load  # noqa: PLC0415  (only the vendor that is asked for)

    if data is not None:
        return load(data, clock_mode)
    account = generate(seed, tickets, profile)
    desk = ZendeskDesk(account, SimClock(float(account.now) if clock_mode == "virtual" else None, clock_mode))
    if tickets > MANY:
        desk.warm()
    return desk


def _freshdesk(seed: int, tickets: int, data: str | Path | None, clock_mode: ClockMode, profile: Profile) -> Desk:
    from deskferry.simulators import freshdesk  # noqa: PLC0415  (only the vendor that is asked for)

    if data is not None:
        raise CapabilityError("The Freshdesk simulator serves no recorded account.", "Leave --data out.")
    if tickets == 0:  # an administrator's set-up, with the staff of the other vendors' account of the same seed
        account = generate(seed, 1, profile)
        clock = SimClock(float(account.now) if clock_mode == "virtual" else None, clock_mode)
        return freshdesk.FreshdeskDesk(
            clock, seed=seed, agents=freshdesk.staff(account), groups=freshdesk.teams(account)
        )
    desk: Desk = freshdesk.build(seed=seed, tickets=tickets, clock_mode=clock_mode, profile=profile)
    return desk


_BUILDERS: Final[dict[str, Callable[[int, int, str | Path | None, ClockMode, Profile], Desk]]] = {
    "zendesk": _zendesk,
    "freshdesk": _freshdesk,
}
