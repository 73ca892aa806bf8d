"""JSON as vendors send it: also where it is no Unicode; what is no JSON is told."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.connectors.kit.json_body import read_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, null, "\xc3\xa9"]}', {"a": [1, None, "\u00e9"]}),
        (b'{"subject": "half an emoji \\ud83d"}', {"subject": "half an emoji \ud83d"}),
        (b'["\\ud83d\\ude00", "\\udc00"]', ["\U0001f600", "\udc00"]),
    ],
)
def test_what_is_json(body: bytes, value: Any) -> None:
    assert read_json(body) == value


@pytest.mark.parametrize("body", [b"<html>", b'{"a": ', b'{"a": "\\u00', b'["\\ud83d", NaN]', b"\xff\\u"])
def test_what_is_not(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(body)
