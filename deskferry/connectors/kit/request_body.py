"""The body of an operation as it is sent: numbers of the destination where references stood, new addresses in texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deskferry.connectors.kit.links import Link, LinkedText
from deskferry.connectors.kit.write_seam import Ref, Resolve


def resolved(value: Any, resolve: Resolve, told: Callable[[Link], str | None] = lambda _link: None) -> Any:
    """Return a body with the destination's ids, as numbers, in place of references, and new addresses in texts."""
    if isinstance(value, LinkedText):
        return value.told(told)
    if isinstance(value, Ref):
        found = resolve(value)
        return int(found) if found.isdigit() else found
    if isinstance(value, Mapping):
        return {key: resolved(item, resolve, told) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, resolve, told) for item in value]
    return value
