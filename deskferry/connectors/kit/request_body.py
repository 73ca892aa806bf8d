"""The body of an operation as it is sent: numbers of the destination where references stood, new addresses in texts.

And what becomes of an operation that cannot be put together, or that nobody answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deskferry.connectors.kit.faults import InDoubt
from deskferry.connectors.kit.links import Addresses, Link, LinkedText, NewAddresses
from deskferry.connectors.kit.write_seam import Outcome, Ref, Resolve


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


def new_addresses(addresses: Addresses, resolve: Resolve) -> NewAddresses:
    """Return what tells new addresses for the texts of one body."""
    return NewAddresses(addresses, lambda record_id: resolve(Ref(record_id)))


def reference_missing(missing: LookupError) -> Outcome:
    """Return the outcome of an operation that names a record which has not crossed: nothing was sent."""
    return Outcome("refused", code="reference_missing", detail=str(missing) or repr(missing))


def no_answer(doubt: InDoubt) -> Outcome:
    """Return the outcome of an operation that was sent, and of which nobody knows what became."""
    return Outcome("in_doubt", code="no_answer", detail=str(doubt))
