"""What the mapping decided, and what was decided by default because nobody answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.report.excerpt import excerpt
from deskferry.report.sign_off.facts import Facts

_SHOWN = 100


def answers(facts: Facts) -> dict[str, Any]:
    """Return the mapping's answers by section, and the questions that a default answered or that are open."""
    given = [
        {"section": section, "name": excerpt(name), "answer": excerpt(answer)}
        for section, name, answer in _leaves(facts.told.get("mapping") or {})
    ]
    asked = [
        {
            "code": one["code"], "subject": excerpt(one["subject"]), "says": excerpt(one["says"], 300),
            "default": one["default"], "count": one["count"], "open": one["default"] is None,
        }
        for one in facts.plan.get("questions") or ()
    ]  # fmt: skip
    return {
        "given": {"total": len(given), "shown": given[:_SHOWN]},
        "asked": {"total": len(asked), "shown": asked[:_SHOWN]},
    }


def _leaves(document: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, str]]:
    """Yield (section, name, answer) of a mapping file; lists as one answer, blanks left out."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, str(key)))
        elif value not in (None, "", []):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield path[0] if path else "general", " / ".join((*path[1:], str(key))), text
