"""Texts from data as a report shows them: short, without control characters, with their length where they are cut."""

from __future__ import annotations

import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SAFE = ("https://", "http://", "mailto:")


def plain(value: Any) -> str:
    """Return a value as a text without control characters and halves of characters."""
    return _CONTROL.sub("�", str(value))


def excerpt(value: Any, limit: int = 200) -> dict[str, Any] | None:
    """Return `{"text": its beginning, "characters": its whole length}`; None for nothing."""
    if value is None or value == "":
        return None
    whole = " ".join(plain(value).split())
    return {"text": whole if len(whole) <= limit else whole[:limit].rstrip(), "characters": len(whole)}


def link(url: str | None) -> str | None:
    """Return an address that a page may link to; None for one of a kind that could run something."""
    text = (url or "").strip()
    return plain(text) if text.lower().startswith(_SAFE) else None
