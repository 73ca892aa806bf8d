"""The bytes of attachments: made from a seed when they are wanted, never stored."""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache
from typing import Final

_MAGIC: Final = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "application/pdf": b"%PDF-1.7\n",
    "application/zip": b"PK\x03\x04\x14\x00\x00\x00",
}


@lru_cache(maxsize=4)
def file_content(seed: int, key: int, content_type: str, size: int) -> bytes:
    """Return the bytes of a file: the same for the same arguments, beginning as its type does."""
    if content_type.startswith("text/"):
        line = f"line of file {key} of account {seed}: áéí ñ 日本\n".encode()
        return (line * (size // len(line) + 1))[:size]
    magic = _MAGIC.get(content_type, b"")[:size]
    return magic + random.Random(f"{seed}/{key}").randbytes(size - len(magic))


@lru_cache(maxsize=1024)
def file_sha256(seed: int, key: int, content_type: str, size: int) -> str:
    """Return the hash of a file in hexadecimal."""
    return hashlib.sha256(file_content(seed, key, content_type, size)).hexdigest()
