"""Files beside a destination's limit: what goes along whole, in parts, as a link, or is only named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import quote

from deskferry.connectors.kit.write_seam import FilePart, FileSettings, Loss, Row

Said = Literal["", "missing", "empty", "too_large", "linked", "in_parts"]
"""What a text says of a file that does not lie beside it whole; "" says nothing."""


class Slices(Protocol):
    """What is asked while files are fitted: `Crossings` answers it."""

    files: FileSettings

    def slice_hash(self, sha256: str, offset: int, size: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Fitted:
    """What becomes of one file."""

    parts: tuple[FilePart, ...] = ()
    said: Said = ""
    values: tuple[object, ...] = ()
    """What the words of `said` take, in order."""
    losses: tuple[Loss, ...] = ()


def fitted(row: Row, limit: int, slices: Slices) -> Fitted:
    """Return what becomes of a file where a call takes `limit` bytes."""
    name = str(row.get("filename") or row["id"].rpartition(":")[2])
    size, sha256 = int(row.get("size") or 0), row.get("sha256")
    if not sha256 or row.get("fetch_state") not in (None, "done"):
        return Fitted(said="missing", values=(name,), losses=(Loss(row["id"], "file", name, "file_missing"),))
    if size <= limit:
        return Fitted((FilePart(row["id"], name, row.get("content_type"), size, sha256),))
    told = f"{name} ({size} bytes)"
    if slices.files.oversize == "split":
        parts = tuple(_parts(row["id"], name, size, sha256, limit, slices))
        return Fitted(
            parts, "in_parts", (len(parts), name, size, sha256), (Loss(row["id"], "file", told, "file_split"),)
        )
    address = _address(row, name, sha256, slices.files) if slices.files.oversize == "link" else None
    if address is not None:
        return Fitted((), "linked", (name, size, sha256, address), (Loss(row["id"], "file", told, "file_linked"),))
    return Fitted((), "too_large", (name, size, sha256), (Loss(row["id"], "file", told, "file_too_large"),))


def _parts(record_id: str, name: str, size: int, sha256: str, limit: int, slices: Slices) -> list[FilePart]:
    """Return the parts of a file in order; put together again they are the file."""
    count = -(-size // limit)
    found = []
    for number in range(count):
        offset = number * limit
        length = min(limit, size - offset)
        part_name = f"{name}.part{number + 1:0{len(str(count))}d}of{count}"
        part_hash = slices.slice_hash(sha256, offset, length)
        found.append(
            FilePart(record_id, part_name, "application/octet-stream", length, part_hash, of=sha256, offset=offset)
        )
    return found


def _address(row: Row, name: str, sha256: str, settings: FileSettings) -> str | None:
    """Return where the file is kept: where the user says, else at the old desk."""
    if settings.link:
        return settings.link.format(sha256=sha256, filename=quote(name))
    return row.get("url")
