"""Attachments on disk by SHA-256: written once, whatever their number of uses."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from deskferry.connectors.kit.clock import SystemClock
from deskferry.store.engine import storage_errors


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file."""

    sha256: str
    size: int


class BlobStore:
    """A directory `ab/abcdef…` of files named by their hash."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Return where the bytes of a hash lie (or would)."""
        return self.root / sha256[:2] / sha256

    def size(self, sha256: str) -> int | None:
        """Return the size of a stored file; None when it is not here."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def put(self, chunks: Iterable[bytes]) -> Blob:
        """Store bytes as they come; a file is there whole or not at all. Raises DiskFull."""
        with storage_errors():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = self._partial()
            try:
                blob = _spool(partial, chunks)
                target = self.path(blob.sha256)
                if not target.exists():
                    target.parent.mkdir(exist_ok=True)
                    partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        return blob

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        """Return the SHA-256 of a part of a stored file."""
        hashed = hashlib.sha256()
        for chunk in self._slice(sha256, offset, size):
            hashed.update(chunk)
        return hashed.hexdigest()

    def cut(self, sha256: str, offset: int, size: int) -> Path:
        """Return where a part of a stored file lies, copied into a file of this process; `drop_cuts` takes it away."""
        target = self.root / f"{_mine()}cut{offset}of{sha256}"
        if not target.exists():
            with storage_errors():
                partial = self._partial()
                try:
                    _spool(partial, self._slice(sha256, offset, size))
                    partial.replace(target)
                finally:
                    partial.unlink(missing_ok=True)
        return target

    def drop_cuts(self) -> None:
        """Remove the parts that this process cut."""
        for cut in self.root.glob(f"{_mine()}cut*"):
            cut.unlink(missing_ok=True)

    def _partial(self) -> Path:
        return self.root / f"{_mine()}{secrets.token_hex(8)}"

    def _slice(self, sha256: str, offset: int, size: int) -> Iterator[bytes]:
        with self.path(sha256).open("rb") as whole:
            whole.seek(offset)
            while size > 0 and (chunk := whole.read(min(size, _CHUNK))):
                size -= len(chunk)
                yield chunk

    def sweep(self) -> int:
        """Remove what killed processes left half-written; returns how many files.

        What a living process is writing stays, and what another host may be writing stays for a day.
        """
        partials = list(self.root.glob(f"{_PARTIAL}*")) if self.root.exists() else []
        abandoned = [partial for partial in partials if _abandoned(partial)]
        for partial in abandoned:
            partial.unlink(missing_ok=True)
        return len(abandoned)


_PARTIAL = ".partial-"
_DAY = 86_400.0
_CHUNK = 1 << 20


def _mine() -> str:
    """Return how the names of this process's own files begin."""
    return f"{_PARTIAL}{_host()}-{os.getpid()}-"


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _abandoned(partial: Path) -> bool:
    host, pid, _token = partial.name.removeprefix(_PARTIAL).split("-")
    if host == _host():
        return not psutil.pid_exists(int(pid))
    with suppress(FileNotFoundError):
        return SystemClock().now() - partial.stat().st_mtime > _DAY
    return False


def _spool(partial: Path, chunks: Iterable[bytes]) -> Blob:
    hashed, size = hashlib.sha256(), 0
    with partial.open("xb") as out:
        for chunk in chunks:
            hashed.update(chunk)
            size += len(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Blob(hashed.hexdigest(), size)
