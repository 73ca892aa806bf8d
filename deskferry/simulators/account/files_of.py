"""Which files a message of a generated account has."""

from __future__ import annotations

import random
from typing import Final

from deskferry.simulators.account.model import File

MEGABYTE: Final = 1_000_000
_PNG: Final = "image/png"
_KINDS: Final = (
    ("photo.jpg", "image/jpeg", 40_000),
    ("factura nº 7.pdf", "application/pdf", 90_000),
    ("スクリーンショット.png", _PNG, 25_000),
    ("log.txt", "text/plain", 3_000),
    ("export.zip", "application/zip", 60_000),
)


def files_of(seed: int, ticket: int, place: int, role: str, rng: random.Random) -> tuple[File, ...]:
    """Return the files of the message at a place of a ticket; `role` is empty but for the opening one."""
    first = ticket * 8192 * 8 + place * 8
    special = {
        "inline_part": (File(first, seed, "image001.png", _PNG, 12_345, "part"),),
        "inline_bare": (File(first, seed, "pasted image.png", _PNG, 23_456, "bare"),),
        "empty_body": (File(first, seed, "scan.pdf", "application/pdf", 150_000),),
        "big_files": (
            File(first, seed, "empty.txt", "text/plain", 0),
            File(first + 1, seed, "video call.zip", "application/zip", 8 * MEGABYTE),
        ),
        "huge_file": (File(first, seed, "backup.zip", "application/zip", 21 * MEGABYTE),),
        "file_gone": (File(first, seed, "gone.png", _PNG, 5_000, health="gone"),),
        "file_flaky": (File(first, seed, "flaky.pdf", "application/pdf", 5_000, health="flaky"),),
    }.get(role)
    if special is not None:
        return special
    if rng.random() > 0.12:
        return ()
    name, content_type, size = rng.choice(_KINDS)
    return (File(first, seed, name, content_type, size + rng.randrange(size)),)
