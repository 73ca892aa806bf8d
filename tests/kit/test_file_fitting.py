"""Files that are larger than a destination takes: named, linked or in parts that make the file again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from deskferry.connectors.kit.contract import FileSettings
from deskferry.connectors.kit.file_fitting import Fitted, fitted
from deskferry.store.blobs import BlobStore

CONTENT = bytes(range(256)) * 10
SHA = hashlib.sha256(CONTENT).hexdigest()
ROW: dict[str, Any] = {
    "id": "old:attachment:1", "filename": "film ü.mp4", "size": len(CONTENT), "sha256": SHA, "fetch_state": "done",
    "content_type": "video/mp4", "url": "https://acme.zendesk.com/attachments/token/x/?name=film.mp4",
}  # fmt: skip


class Slices:
    def __init__(self, blobs: BlobStore, files: FileSettings) -> None:
        self.blobs, self.files = blobs, files

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        return self.blobs.slice_hash(sha256, offset, size)


def fit(tmp_path: Path, limit: int = 1000, row: dict[str, Any] | None = None, **settings: Any) -> Fitted:
    blobs = BlobStore(tmp_path / "files")
    blobs.put([CONTENT])
    return fitted(row or ROW, limit, Slices(blobs, FileSettings(**settings)))


def test_a_file_that_fits_goes_whole(tmp_path: Path) -> None:
    found = fit(tmp_path, limit=len(CONTENT))
    assert [(one.filename, one.size, one.sha256, one.of) for one in found.parts] == [
        ("film ü.mp4", len(CONTENT), SHA, "")
    ]
    assert (found.said, found.losses) == ("", ())


def test_a_large_file_is_named_by_default(tmp_path: Path) -> None:
    found = fit(tmp_path)
    assert (found.parts, found.said) == ((), "too_large")
    assert found.values == ("film ü.mp4", len(CONTENT), SHA)
    assert [one.cause for one in found.losses] == ["file_too_large"]


def test_a_large_file_is_linked_where_the_user_keeps_it_or_at_the_old_desk(tmp_path: Path) -> None:
    kept = fit(tmp_path, oversize="link", link="https://files.acme.com/{sha256}/{filename}")
    assert kept.values[-1] == f"https://files.acme.com/{SHA}/film%20%C3%BC.mp4"
    there = fit(tmp_path, oversize="link")
    assert (there.said, there.values[-1], there.losses[0].cause) == ("linked", ROW["url"], "file_linked")
    nowhere = fit(tmp_path, oversize="link", row={**ROW, "url": None})
    assert nowhere.said == "too_large"


def test_the_parts_of_a_large_file_make_the_file_again(tmp_path: Path) -> None:
    found = fit(tmp_path, oversize="split")
    assert [one.filename for one in found.parts] == [f"film ü.mp4.part{number}of3" for number in (1, 2, 3)]
    assert (found.said, found.values[0], [one.cause for one in found.losses]) == ("in_parts", 3, ["file_split"])
    blobs = BlobStore(tmp_path / "files")
    cuts = [blobs.cut(one.of, one.offset, one.size) for one in found.parts]
    assert b"".join(cut.read_bytes() for cut in cuts) == CONTENT
    for cut, part in zip(cuts, found.parts, strict=True):
        assert (cut.stat().st_size, hashlib.sha256(cut.read_bytes()).hexdigest()) == (part.size, part.sha256)
    blobs.drop_cuts()
    assert not any(cut.exists() for cut in cuts)
    assert blobs.path(SHA).exists()


def test_a_file_that_is_not_here_is_missing(tmp_path: Path) -> None:
    for change in ({"sha256": None}, {"fetch_state": "failed"}):
        found = fit(tmp_path, row={**ROW, **change}, oversize="split")
        assert (found.said, [one.cause for one in found.losses]) == ("missing", ["file_missing"])
