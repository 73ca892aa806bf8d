"""Attachments on disk: whole or not at all, once for each content."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.errors import DiskFull
from deskferry.store import blobs
from deskferry.store.blobs import BlobStore


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    """Give an empty blob store."""
    return BlobStore(tmp_path / "files")


def files(store: BlobStore) -> list[Path]:
    """Return all files below the root."""
    return sorted(path for path in store.root.rglob("*") if path.is_file())


def test_bytes_lie_under_their_hash(store: BlobStore) -> None:
    blob = store.put([b"hel", b"lo"])
    assert (blob.sha256, blob.size) == (hashlib.sha256(b"hello").hexdigest(), 5)
    assert store.path(blob.sha256).read_bytes() == b"hello"


def test_the_same_bytes_are_one_file(store: BlobStore) -> None:
    """And the file that is there is not written again: others may be reading it."""
    first = store.path(store.put([b"hello"]).sha256)
    inode = first.stat().st_ino
    store.put(iter([b"hello"]))
    assert files(store) == [first]
    assert first.stat().st_ino == inode


def test_empty_files_are_files(store: BlobStore) -> None:
    assert store.put([]).size == 0
    assert len(files(store)) == 1


def test_what_breaks_off_leaves_nothing(store: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(broken())
    assert files(store) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk(store: BlobStore, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os if call == "fsync" else Path, call, full)
    with pytest.raises(DiskFull, match="it goes on where it stopped") as stop:
        store.put([b"hello"])
    assert stop.value.exit_code == 4
    assert files(store) == []
    monkeypatch.undo()
    assert store.put([b"hello"]).size == 5


def test_a_killed_process_leaves_what_the_next_sweep_takes(store: BlobStore) -> None:
    """It is killed between the first and the second half."""
    program = f"""
import os, signal
from pathlib import Path
from deskferry.store.blobs import BlobStore
def halves():
    yield b"half"
    os.kill(os.getpid(), signal.SIGTERM)
    yield b"never"
BlobStore(Path({str(store.root)!r})).put(halves())
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode != 0
    (partial,) = files(store)
    assert partial.name.startswith(".partial-")
    assert store.sweep() == 1
    assert files(store) == []


def test_what_another_process_is_writing_stays(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two connections are pulled into one store by two processes."""

    def meanwhile() -> Iterator[bytes]:
        yield b"hel"
        assert BlobStore(store.root).sweep() == 0
        monkeypatch.setattr(blobs, "_host", lambda: "elsewhere")
        assert BlobStore(store.root).sweep() == 0, "nor what another host is writing"
        (partial,) = store.root.glob(".partial-*")
        os.utime(partial, (1, 1))
        assert [blobs._abandoned(partial)] == [True], "unless it is a day old"
        yield b"lo"

    assert store.put(meanwhile()).size == 5


def test_a_sweep_of_nothing(store: BlobStore) -> None:
    assert store.sweep() == 0
