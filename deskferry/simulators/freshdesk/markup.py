"""What a help desk lets through of the HTML that it is sent, and the plain text that it derives from it."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser

_TAGS = (
    "a abbr address article b big blockquote br caption center cite code col colgroup dd del details dfn div dl dt "
    "em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark ol p pre q s "
    "samp section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var video"
)
_BLOCKS = "address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table td th tr ul"
_ATTRIBUTES = (
    "align alt bgcolor border cellpadding cellspacing class color cols colspan dir face height href lang rel rows "
    "rowspan size src start style target title type valign width"
)
TAGS = frozenset(_TAGS.split())
BLOCKS = frozenset(_BLOCKS.split())
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
VOID = frozenset(("br", "hr", "img", "col"))
DROPPED = frozenset(("script", "style", "head", "title", "noscript", "template", "object"))
_SAFE_URL = re.compile(r"\s*(https?:|mailto:|tel:|ftp:|cid:|/|#|[^:]*\Z)", re.IGNORECASE)
_BAD_STYLE = re.compile(r"url\s*\(|expression\s*\(|javascript:|@import", re.IGNORECASE)


def clean(text: str) -> str:
    """Return the body as it is stored: listed tags and attributes only; scripts, styles and comments are gone."""
    if "<" not in text and "&" not in text:
        return f"<div>{escape(text, quote=False)}</div>" if text else text
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    html = "".join(cleaner.parts)
    return html if "<" in html else f"<div>{html}</div>"


def plain(html: str) -> str:
    """Return the text of stored HTML, blocks apart by one blank."""
    if "<" not in html:
        return unescape(html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._hidden += 1
        elif not self._hidden and tag in TAGS:
            kept = [(name, value or "") for name, value in attrs if _allowed(name, value or "")]
            if tag == "img" and not any(name == "src" for name, _ in kept):
                return
            text = "".join(f' {name}="{escape(value)}"' for name, value in kept)
            self.parts.append(f"<{tag}{text}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED:
            self._hidden = max(self._hidden - 1, 0)
        elif not self._hidden and tag in TAGS and tag not in VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(escape(data, quote=False))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in BLOCKS and self.parts and not self.parts[-1].endswith((" ", "\n")):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _allowed(name: str, value: str) -> bool:
    if name not in ATTRIBUTES:
        return False
    if name in ("href", "src"):
        return _SAFE_URL.match(value) is not None
    return name != "style" or _BAD_STYLE.search(value) is None
