"""Files of a message: which go along, which are too large or missing, and how they are spread over calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.connectors.freshdesk.desk import CALL_LIMIT
from deskferry.connectors.freshdesk.words import word
from deskferry.connectors.kit.contract import Crossings, FilePart, Loss, Row
from deskferry.connectors.kit.file_fitting import fitted


@dataclass(frozen=True, slots=True)
class Files:
    """What becomes of the files of one message: `bins` go with one call each, `lines` go into the header."""

    bins: tuple[tuple[FilePart, ...], ...]
    lines: tuple[str, ...]
    losses: tuple[Loss, ...]


def packed(rows: Sequence[Row], crossings: Crossings, limit: int = CALL_LIMIT) -> Files:
    """Return the files in calls of at most 20 MB, in their order."""
    bins: list[list[FilePart]] = [[]]
    room = limit
    lines: list[str] = []
    losses: list[Loss] = []
    for row in rows:
        one = fitted(row, limit, crossings)
        losses += one.losses
        if one.said:
            lines.append(word(crossings.header.language, one.said, *one.values))
        for part in one.parts:
            if part.size > room and bins[-1]:
                bins.append([])
                room = limit
            if len(bins) > 1:
                losses.append(Loss(row["id"], "visibility", part.filename, "files_split"))
            bins[-1].append(part)
            room -= part.size
    return Files(tuple(tuple(one) for one in bins), tuple(lines), tuple(losses))


def inline_rows(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    """Return the files that a text may show in place: those marked so, and pictures with an address."""
    return [
        row
        for row in rows
        if row.get("is_inline") or row.get("content_id") or str(row.get("content_type") or "").startswith("image/")
    ]
