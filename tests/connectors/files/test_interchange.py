"""What `export` writes comes back the same, under another name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
from folder import Folder

from deskferry.canonical_schema import ENGINE_COLUMNS, KINDS
from deskferry.migrate.progress import Silent
from deskferry.report.interchange import export_ndjson
from deskferry.store import Store, open_store
from tests.fake_desk import pull_all, small_account

_MADE_ANEW = {"content_hash", "synced_at", "raw_record_id", "url", "error"}


def _rows(folder: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the exported rows of one connection by kind, its name written as `NAME`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS:
        path = folder / f"{kind.value}.ndjson"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            row = orjson.loads(line)
            if row["connection"] == name:
                kept = {key: value for key, value in row.items() if key not in _MADE_ANEW}
                renamed = {key: _renamed(value, name) for key, value in kept.items()}
                found.setdefault(kind.value, []).append(renamed)
    return found


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, str) and (value == name or value.startswith(f"{name}:")):
        return "NAME" + value[len(name) :]
    return value


def test_an_exported_folder_reads_back_to_the_same_store(tmp_path: Path, store: Store) -> None:
    desk = small_account()
    pull_all(store, desk)
    exported = tmp_path / "exported"
    export_ndjson(store, exported, Silent())
    folder = Folder(tmp_path / "again", f"sqlite:///{tmp_path / 'again.db'}")
    shutil.rmtree(folder.data)
    shutil.copytree(exported, folder.data)
    result = folder.pull()
    assert folder.rejects() == []
    with open_store(f"sqlite:///{tmp_path / 'again.db'}") as again:
        export_ndjson(again, tmp_path / "back", Silent())
    first, second = _rows(exported, "old"), _rows(tmp_path / "back", "f")
    assert first.keys() == second.keys()
    for kind, rows in first.items():
        assert second[kind] == rows, kind
    held = {path.name for path in (exported / "files").iterdir()} if (exported / "files").exists() else set()
    assert {path.name for path in (tmp_path / "back" / "files").iterdir()} == held
    assert result.files["done"] == len([row for row in first["attachment"] if row["sha256"]])
    assert folder.pull().tally["raw"] == {}


def test_a_row_against_the_schema_is_a_reject(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url)
    row = {"id": "old:ticket:1", "connection": "old", "vendor": "zendesk", "source_object": "ticket", "source_id": "1"}
    lines = [row | {"status": "open"}, row | {"id": "old:ticket:2", "status": "opne"}]
    folder.write("ticket.ndjson", b"\n".join(map(orjson.dumps, lines)))
    folder.pull()
    assert folder.rows("ticket", "id", "vendor", "status") == [("f:ticket:1", "zendesk", "open")]
    assert [code for code, _detail in folder.rejects()] == ["schema"]


def test_a_row_that_left_the_folder_is_gone(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url)
    row = {"connection": "old", "vendor": "zendesk", "source_object": "ticket"}
    lines = [orjson.dumps(row | {"id": f"old:ticket:{n}", "source_id": str(n), "status": "open"}) for n in range(9)]
    folder.write("ticket.ndjson", b"\n".join(lines))
    folder.pull()
    folder.write("ticket.ndjson", b"\n".join(lines[1:]))
    folder.pull()
    assert [one[0] for one in folder.rows("ticket", "source_id")] == [str(n) for n in range(1, 9)]


def test_engine_columns_are_left_to_the_store() -> None:
    assert "seq" in ENGINE_COLUMNS["message"]
