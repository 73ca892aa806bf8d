"""File contents: kept once by hash, small ones in memory, large ones in a directory that goes with the desk."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path

SMALL = 64 * 1024


class Blobs:
    """Bytes by their hash, and the signatures of links to them."""

    def __init__(self, seed: int) -> None:
        self._secret = f"storage-{seed}"
        self._small: dict[str, bytes] = {}
        self._folder: Path | None = None

    def put(self, data: bytes) -> str:
        """Keep bytes; return their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        if len(data) <= SMALL:
            self._small[digest] = data
        elif not (self._directory() / digest).exists():
            (self._directory() / digest).write_bytes(data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash."""
        return self._small[digest] if digest in self._small else (self._directory() / digest).read_bytes()

    def sign(self, text: str) -> str:
        """Return the signature that makes a link valid."""
        return hashlib.sha256(f"{self._secret}:{text}".encode()).hexdigest()[:32]

    def _directory(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="deskferry-sim-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def close(self) -> None:
        """Forget all bytes and remove the directory."""
        self._small.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
