"""Canonical values → the vendor's codes. Every member of an enumeration is named once, as exact or as lossy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from deskferry.canonical_schema.enums import Channel, Priority, Status
from deskferry.canonical_schema.statuses import CHANNELS, PRIORITIES, STATUSES

E = TypeVar("E", bound=StrEnum)


class Narrowed(Generic[E]):
    """A table from an enumeration to codes: exact codes are distinct, lossy ones cost a loss row each time."""

    def __init__(self, members: type[E], exact: Mapping[E, int], lossy: Mapping[E, int]) -> None:
        named = [*exact, *lossy]
        if len(named) != len(set(named)) or set(named) != set(members):
            raise ValueError(f"{members.__name__}: every member is named once")
        if len(set(exact.values())) != len(exact):
            raise ValueError(f"{members.__name__}: two exact members share a code")
        self.exact, self.lossy = MappingProxyType(dict(exact)), MappingProxyType(dict(lossy))

    def code(self, value: str) -> tuple[int, bool] | None:
        """Return (code, whether nothing is lost); None for what is no member."""
        for table, kept in ((self.exact, True), (self.lossy, False)):
            for member, code in table.items():
                if member.value == value:
                    return code, kept
        return None


OPEN = 2

STATUS = Narrowed(
    Status,
    exact={Status.OPEN: OPEN, Status.PENDING: 3, Status.SOLVED: 4, Status.CLOSED: 5},
    lossy={
        Status.NEW: OPEN,
        Status.ON_HOLD: 3,
        Status.UNKNOWN: OPEN,
        # Dispositions cross by the status before them, and only when the mapping wants them at all.
        Status.DELETED: 5,
        Status.SPAM: 5,
        Status.MERGED: 5,
    },
)
PRIORITY = Narrowed(
    Priority,
    exact={Priority.LOW: 1, Priority.NORMAL: 2, Priority.HIGH: 3, Priority.URGENT: 4},
    lossy={},
)
CHANNEL = Narrowed(
    Channel,
    # Sources that the reference lists for creating: 1, 2, 3, 7, 9, 10.
    exact={Channel.EMAIL: 1, Channel.PORTAL: 2, Channel.PHONE: 3, Channel.CHAT: 7, Channel.WEB: 9},
    lossy={Channel.SMS: 2, Channel.SOCIAL: 2, Channel.API: 2, Channel.OTHER: 2},
)
FINAL = frozenset({4, 5})
"""Resolved and closed: reaching them mails the requester and sends surveys."""

_LABELS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        what: MappingProxyType({row.label.casefold(): int(row.code) for row in rows if row.vendor == "freshdesk"})
        for what, rows in (("status", STATUSES), ("priority", PRIORITIES), ("channel", CHANNELS))
    }
)


def by_answer(what: str, answer: str) -> int | None:
    """Return the code that a mapping's answer names: a code, or a label of the vendor's own."""
    text = answer.strip()
    return int(text) if text.isdigit() else _LABELS[what].get(text.casefold())


def label_of(what: str, code: int) -> str:
    """Return the vendor's own label of a code, else the code."""
    return next((label for label, known in _LABELS[what].items() if known == code and label), str(code)).capitalize()
