"""A ticket while it is put together: its body, what it loses, and the lines of its private comment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.composing import iso
from deskferry.connectors.kit.contract import Crossings, Loss, Row
from deskferry.connectors.zendesk.compose_comments import Clockwork
from deskferry.connectors.zendesk.desk import Desk
from deskferry.connectors.zendesk.words import word


@dataclass(slots=True)
class Draft:
    """What is put together for one ticket."""

    ticket: Row
    crossings: Crossings
    desk: Desk
    clock: Clockwork
    body: dict[str, Any] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Of the private comment."""

    def lose(self, name: str, value: Any, cause: str) -> None:
        self.losses.append(Loss(self.ticket["id"], name, iso(value), cause))

    def say(self, key: str, *values: object) -> str:
        return word(self.crossings.header.language, key, *values)
