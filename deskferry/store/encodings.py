"""The forms in which a text lies inside another one: URL-encoded, quoted-printable, HTML, JSON, base64.

Each layer finds stretches that are encoded, reads them, and writes a changed one back in its own form.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Layer:
    """One form: a cheap mark without which there is none, the stretches, and the way in and out."""

    mark: str
    stretch: re.Pattern[str]
    read: Callable[[str], str]
    write: Callable[[str, str], str]
    """(new text, stretch as it was) → stretch."""

    def changed(self, text: str, change: Change) -> str:
        """Return a text in which every stretch of this form is read, changed, and written back where it differs."""
        if self.mark not in text:
            return text

        def one(found: re.Match[str]) -> str:
            try:
                inner = self.read(found[0])
            except (ValueError, binascii.Error, RecursionError):
                return found[0]
            if inner == found[0]:
                return found[0]
            new = change(inner)
            return found[0] if new == inner else self.write(new, found[0])

        return self.stretch.sub(one, text)


def _unquoted(text: str) -> str:
    return unquote(text, errors="strict")


def _soft(text: str) -> str:
    return quopri.decodestring(text.encode("ascii")).decode("utf-8")


def _hard(text: str, was: str) -> str:
    made = quopri.encodestring(text.encode()).decode("ascii")
    return made.replace("\n", "\r\n") if "\r\n" in was else made


def _of_json(text: str) -> str:
    found: str = json.loads(f'"{text}"')
    return found


def _of_base64(text: str) -> str:
    packed = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")


def _to_base64(text: str, was: str) -> str:
    made = base64.b64encode(text.encode()).decode("ascii")
    if "-" in was or "_" in was:
        made = made.translate(str.maketrans("+/", "-_"))
    return made if len("".join(was.split())) % 4 == 0 else made.rstrip("=")


_URL_SAFE = str.maketrans("-_", "+/")

LAYERS = (
    Layer("%", re.compile(r"[^\s\"'<>]*%[0-9A-Fa-f]{2}[^\s\"'<>]*"), _unquoted,
          lambda new, _was: quote(new, safe="/:?&=#+,;@[]!$()*~")),
    Layer("=", re.compile(r"(?s)\A(?=.*=(?:[0-9A-F]{2}|\r?\n))[\x00-\x7f]*\Z"), _soft, _hard),
    Layer("&", re.compile(r"[^<>]*&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});[^<>]*"), html.unescape,
          lambda new, _was: html.escape(new, quote=False)),
    Layer("\\", re.compile(r"[^\"\\]*(?:\\(?:u[0-9a-fA-F]{4}|/|n|t|r)[^\"\\]*)+"), _of_json,
          lambda new, _was: json.dumps(new)[1:-1]),
    Layer("", re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}"), _of_base64,
          _to_base64),
)  # fmt: skip
