"""Files of a message: which go along, which are too large or missing, and how they are spread over calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.connectors.freshdesk.desk import CALL_LIMIT
from deskferry.connectors.freshdesk.words import word
from deskferry.connectors.kit.contract import FilePart, Loss, Row


@dataclass(frozen=True, slots=True)
class Files:
    """What becomes of the files of one message: `bins` go with one call each, `lines` go into the header."""

    bins: tuple[tuple[FilePart, ...], ...]
    lines: tuple[str, ...]
    losses: tuple[Loss, ...]


def packed(rows: Sequence[Row], language: str, limit: int = CALL_LIMIT) -> Files:
    """Return the files in calls of at most 20 MB, in their order."""
    bins: list[list[FilePart]] = [[]]
    room = limit
    lines: list[str] = []
    losses: list[Loss] = []
    for row in rows:
        name = str(row.get("filename") or row["id"].rpartition(":")[2])
        size, sha256 = row.get("size"), row.get("sha256")
        if not sha256 or row.get("fetch_state") not in (None, "done"):
            lines.append(word(language, "missing", name))
            losses.append(Loss(row["id"], "file", name, "file_missing"))
            continue
        if size is not None and size > limit:
            lines.append(word(language, "too_large", name, size, sha256))
            losses.append(Loss(row["id"], "file", f"{name} ({size} bytes)", "file_too_large"))
            continue
        part = FilePart(row["id"], name, row.get("content_type"), int(size or 0), sha256)
        if part.size > room and bins[-1]:
            bins.append([])
            room = limit
            losses.append(Loss(row["id"], "visibility", name, "files_split"))
        elif len(bins) > 1:
            losses.append(Loss(row["id"], "visibility", name, "files_split"))
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
