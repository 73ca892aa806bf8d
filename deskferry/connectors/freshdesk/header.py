"""The lines before a migrated text that keep its author, time and origin, and how they are taken off again.

They are visible text, because the vendor's sanitizer eats comments and attributes, and they end with the mark: the id
of the source record in brackets, `[old:comment:123]`. Brackets in what stands before it become parentheses, so that the
first mark of a text is its end. Everything that we add to a text stands there, except the names of images.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from deskferry.connectors.freshdesk.words import word
from deskferry.connectors.kit.contract import HeaderSettings

_BRACKETS = str.maketrans("[]", "()")
_SAFE = ":/@-_.~+=!$*(),;#"
_MARK = r"\[(?P<mark>[a-z0-9_-]+:[a-z][a-z0-9_]*:[^\[\]\s<>&]+)\]"
_HTML = re.compile(
    r"(?P<before>\s*(?:<(?:div|p|html|body|span)\b[^>]*>\s*)*?)"
    r"<(?P<tag>div|p)\b[^>]*>\s*(?P<line>(?:[^<>\[\]]|<br\s*/?>)*?)\s*" + _MARK + r"\s*</(?P=tag)>(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_TEXT = re.compile(r"(?P<line>[^\[\]]*?)\s*" + _MARK + r"(?:\r?\n| |\Z)?(?P<rest>.*)", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_FOUND = re.compile(_MARK)


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What a header says: `mark` is the source record's id (`#2` after it: its second piece), `line` is the rest."""

    mark: str
    line: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "line", clean(self.line))


def clean(text: str) -> str:
    """Return text fit for a header: brackets are parentheses, blanks are single, lines stay lines."""
    plain = "".join(" " if _breaks(character) else character for character in text.translate(_BRACKETS))
    lines = (" ".join(line.split()) for line in plain.split("\n"))
    return "\n".join(line for line in lines if line)


def _breaks(character: str) -> bool:
    """Return whether a character would end a line or vanish on the way; a line feed is ours."""
    return character != "\n" and unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def mark_text(mark: str) -> str:
    """Return a mark as it stands in a text: in brackets, percent-encoded where it must be."""
    return f"[{quote(mark, safe=_SAFE)}]"


def isolated(name: str) -> str:
    """Return a name that does not turn the text around it, where it is written from right to left."""
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in name):
        return f"\u2068{name}\u2069"
    return name


def with_header(body: str, facts: HeaderFacts) -> str:
    """Return HTML with the header before it; its line is escaped."""
    lines = "<br>".join(html.escape(line, quote=False) for line in facts.line.split("\n"))
    return f"<div>{lines + ' ' if lines else ''}{mark_text(facts.mark)}</div>{body}"


def with_text_header(text: str, facts: HeaderFacts) -> str:
    """Return plain text with the header before it."""
    return f"{facts.line + ' ' if facts.line else ''}{mark_text(facts.mark)}\n{text}"


def split_header(body: str) -> tuple[HeaderFacts | None, str]:
    """Return the header of a written HTML text, and the text without it; (None, text) where there is none."""
    found = _HTML.match(body)
    if found is None:
        return None, body
    line = _BREAK.sub("\n", found["line"])
    return HeaderFacts(unquote(found["mark"]), html.unescape(line)), found["before"] + found["rest"]


def split_text_header(text: str) -> tuple[HeaderFacts | None, str]:
    """Return the header of a written plain text, and the text without it; (None, text) where there is none."""
    found = _TEXT.match(text)
    if found is None:
        return None, text
    return HeaderFacts(unquote(found["mark"]), found["line"]), found["rest"]


def marks_in(body: str) -> list[str]:
    """Return all marks that stand in a text, in order."""
    return [unquote(found["mark"]) for found in _FOUND.finditer(body)]


def author_line(settings: HeaderSettings, author: str, email: str | None, message: dict[str, Any]) -> str:
    """Return the line that tells author and time, by the form that the mapping gives."""
    language = settings.language
    created = message.get("created_at")
    if isinstance(created, datetime):
        time = created.astimezone(ZoneInfo(settings.timezone)).strftime(settings.time_form)
    else:
        time = word(language, "unknown_time")
    public = bool(message.get("is_public"))
    return clean(
        settings.form.format(
            author=isolated(author),
            time=time,
            email=email or "",
            kind=message.get("kind") or "",
            visibility=word(language, "public" if public else "private"),
        )
    )
