"""Characters that no desk takes: control characters, halves of surrogate pairs, non-characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.kit.links import Link, LinkedText
from deskferry.connectors.kit.write_seam import Composition, Loss, Operation

REMOVED = "characters_removed"
"""Cause of loss: characters that the destination refuses were left out; the value is their number and code points."""

REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""Control characters but tab and line ends, non-characters and lone surrogates: no JSON API, database or page shows
them, and what a desk does with them (drops the text, answers 500) is not written anywhere."""


def without_refused(text: str) -> str:
    """Return a text without the characters that are not sent."""
    return REFUSED.sub("", text) if REFUSED.search(text) else text


def fit_characters(made: Composition) -> Composition:
    """Return a composition that can be sent, with a loss for each operation that had to be changed."""
    operations: list[Operation] = []
    losses: list[Loss] = []
    for operation in made.operations:
        removed: list[str] = []
        body = _fitted(operation.body, removed)
        if removed:
            points = ", ".join(sorted({f"U+{ord(one):04X}" for one in removed}))
            record = operation.part.partition("#")[0] if operation.kind == "message" else operation.record_id
            losses.append(Loss(record or operation.record_id, "text", f"{len(removed)}: {points}", REMOVED))
            operation = replace(operation, body=body)  # noqa: PLW2901
        operations.append(operation)
    return Composition(tuple(operations), (*made.losses, *losses)) if losses else made


def _fitted(value: Any, removed: list[str]) -> Any:
    if isinstance(value, str):
        found = REFUSED.findall(value)
        removed += found
        return REFUSED.sub("", value) if found else value
    if isinstance(value, LinkedText):
        return LinkedText(tuple(one if isinstance(one, Link) else _fitted(one, removed) for one in value.parts))
    if isinstance(value, Mapping):
        return {key: _fitted(item, removed) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fitted(item, removed) for item in value]
    return value
