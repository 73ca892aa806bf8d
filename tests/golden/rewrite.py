"""Golden payloads: `python tests/golden/rewrite.py [VENDOR…]` writes what the mapping makes of `<case>.raw.json`.

A raw file holds `{object: [payload, …]}` in the vendor's words; beside it `<case>.expected.json` holds the canonical
rows, `{kind: [row, …]}` by id, without what is NULL, common to all rows, or computed. Read the difference by eye.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from deskferry.canonical_schema import column_names, json_columns
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context, dig
from deskferry.connectors.registry import connector

HERE = Path(__file__).parent
_LEFT_OUT = frozenset({"connection", "vendor", "content_hash", "synced_at"})
NOW = "2026-01-01T00:00:00.000000Z"


def cases(vendor: str) -> list[Path]:
    """Return the raw files of a vendor."""
    return sorted((HERE / vendor).glob("*.raw.json"))


def expected_file(raw: Path) -> Path:
    """Return where the rows of a raw file are kept."""
    return raw.with_name(raw.name.replace(".raw.json", ".expected.json"))


def load(raw: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the payloads of a case by object."""
    found: dict[str, list[dict[str, Any]]] = json.loads(raw.read_text(encoding="utf-8"))
    return found


def rows_of(vendor: Connector, raw: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the canonical rows of a case; a payload that cannot be mapped is an error."""
    context = Context("gold", vendor.name, f"https://acme.{vendor.name}.example")
    out: dict[str, list[Any]] = {}
    for name, payloads in load(raw).items():
        mapper = Mapper(vendor.maps[name], context)
        for payload in payloads:
            source_id = str(dig(payload, tuple(vendor.maps[name].id_path.split("."))))
            rejected = mapper.apply(payload, source_id, NOW, out)
            if rejected is not None:
                raise ValueError(f"{raw.name}: {name} {source_id}: {rejected.code}: {rejected.detail}")
    return {kind: [_readable(kind, row) for row in sorted(rows)] for kind, rows in sorted(out.items())}


def _readable(kind: str, row: tuple[Any, ...]) -> dict[str, Any]:
    jsons = json_columns(kind)
    return {
        name: json.loads(value) if name in jsons else value
        for name, value in zip(column_names(kind), row, strict=True)
        if value is not None and name not in _LEFT_OUT
    }


def main(vendors: list[str]) -> None:
    """Rewrite the expected rows of these vendors, or of all."""
    for vendor in vendors or sorted(one.name for one in HERE.iterdir() if one.is_dir() and cases(one.name)):
        for raw in cases(vendor):
            text = json.dumps(rows_of(connector(vendor), raw), indent=1, ensure_ascii=False) + "\n"
            expected_file(raw).write_text(text, encoding="utf-8", newline="\n")
            print(expected_file(raw))


if __name__ == "__main__":
    main(sys.argv[1:])
