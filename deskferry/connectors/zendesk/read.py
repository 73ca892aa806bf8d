"""The read mapping: one `ObjectMap` for each raw object."""

from __future__ import annotations

from types import MappingProxyType

from deskferry.connectors.zendesk import (
    read_events,
    read_knowledge,
    read_messages,
    read_people,
    read_service,
    read_setup,
    read_tickets,
)

MAPS = MappingProxyType({
    one.object: one
    for part in (read_people, read_setup, read_service, read_tickets, read_events, read_messages, read_knowledge)
    for one in part.MAPS
})  # fmt: skip
