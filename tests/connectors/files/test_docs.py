"""The page and the schema say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deskferry.connectors.files.layout import SCHEMA, parse_layout, ready_layouts

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "files.md").read_text(encoding="utf-8")
EXAMPLES = [text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[[files]]" in text]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_layout_of_the_page_is_one(example: str) -> None:
    assert parse_layout(example, "docs").entries


def test_every_option_and_ready_layout_is_explained() -> None:
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    entry = document["properties"]["files"]["items"]["properties"]
    section = entry["rows"]["items"]["properties"]
    for name in (*document["properties"], *entry, *section, *ready_layouts()):
        assert re.search(rf"\b{re.escape(name)}\b", PAGE), name
