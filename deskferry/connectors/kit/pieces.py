"""Texts as the vendor takes them: plain text as HTML, long texts in pieces, images that cannot be shown in place."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

_TOKEN = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+|<", re.DOTALL)
_NAME = re.compile(r"</?\s*([a-zA-Z][a-zA-Z0-9]*)")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSHOWN = re.compile(
    r"<(script|style|head|title)\b[^>]*>.*?</\1\s*>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE
)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[(?:image|imagen): [^\[\]]*\]")


def as_html(body_html: str | None, body_text: str | None) -> str:
    """Return a message's text as HTML without what no reader sees."""
    if body_html:
        return _UNSHOWN.sub("", body_html)
    return html.escape(body_text or "", quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def without_images(body: str, inline: Sequence[Mapping[str, Any]], label: str) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the text with `[image: name]` where an attached image stood, and the files that it stood for."""
    by_source: dict[str, Mapping[str, Any]] = {}
    for file in inline:
        for key in _keys(file.get("url"), file.get("content_id")):
            by_source.setdefault(key, file)
    shown: dict[int, Mapping[str, Any]] = {}

    def replaced(found: re.Match[str]) -> str:
        source = _SOURCE.search(found.group())
        address = html.unescape(next((part for part in source.groups() if part), "")) if source else ""
        file = next((by_source[key] for key in _keys(address, None) if key in by_source), None)
        if file is None:
            return found.group()
        shown[id(file)] = file
        return placeholder(label, file.get("filename"))

    return _IMAGE.sub(replaced, body), list(shown.values())


def placeholder(label: str, filename: Any) -> str:
    """Return what stands in place of an image."""
    name = str(filename or "?").translate(str.maketrans("[]", "()"))
    return html.escape(f"[{label}: {' '.join(name.split())}]", quote=False)


def without_placeholders(text: str) -> str:
    """Return plain text without the names of images, for comparing both sides."""
    return _PLACEHOLDER.sub("", text)


def _keys(url: Any, content_id: Any) -> Iterator[str]:
    """Yield the spellings by which a text may refer to a file: its address, without and with what signs it."""
    if content_id:
        yield f"cid:{content_id}"
    if not url:
        return
    text = str(url)
    if text.startswith("cid:"):
        # Dirty sources carry an address after `cid:` (zammad/zammad#4028).
        yield text
        text = text.removeprefix("cid:")
    parts = urlsplit(text)
    if parts.netloc:
        yield text
        if not parts.query or "token=" not in parts.query:
            yield f"//{parts.netloc}{parts.path}"


def in_pieces(body: str, limit: int) -> list[str]:
    """Return HTML cut into pieces of at most `limit` bytes, never inside a tag; open tags are closed and reopened."""
    if len(body.encode()) <= limit:
        return [body]
    pieces: list[str] = []
    piece, size, opened = "", 0, ""
    stack: list[tuple[str, str]] = []
    # A tag is reserved for twice: what it opens has to be closed within the same piece.
    for token in _tokens(body, limit // 4):
        cost = len(token.encode())
        reserve = sum(len(name) + 3 for name, _ in stack) + (len(token) + 1 if token.startswith("<") else 0)
        if size + cost + reserve > limit and piece != opened:
            pieces.append(piece + _closing(stack))
            piece = opened = "".join(tag for _, tag in stack)
            size = len(piece.encode())
        piece, size = piece + token, size + cost
        _track(token, stack)
    return [*pieces, piece + _closing(stack)]


def _closing(stack: Sequence[tuple[str, str]]) -> str:
    return "".join(f"</{name}>" for name, _ in reversed(stack))


def _track(token: str, stack: list[tuple[str, str]]) -> None:
    named = _NAME.match(token)
    if named is None or token.endswith("/>"):
        return
    name = named.group(1).lower()
    if token.startswith("</"):
        for place in range(len(stack) - 1, -1, -1):
            if stack[place][0] == name:
                del stack[place]
                return
    elif name not in _VOID and len(stack) < 50:
        stack.append((name, token if len(token) < 200 else f"<{name}>"))


def _tokens(body: str, longest: int) -> Iterator[str]:
    """Yield tags, and texts of at most `longest` bytes that end at a blank where there is one."""
    for found in _TOKEN.finditer(body):
        token = found.group()
        if token.startswith("<") and len(token) > 1:
            named = _NAME.match(token)
            long = len(token.encode()) > longest
            # A picture inside its own tag would be stripped anyway; nothing else has attributes of that size.
            yield (f"<{named.group(1)}>" if named else "") if long else token
        else:
            yield from _texts(html.escape(token) if len(token) == 1 else token, longest)


def _texts(text: str, longest: int) -> Iterator[str]:
    most = max(longest // 4, 1)  # of characters: four bytes each at most
    while len(text) > most:
        cut = max(text.rfind(" ", 0, most), text.rfind("\n", 0, most)) + 1 or most
        entity = text.rfind("&", max(cut - 12, 0), cut)
        if entity > 0 and ";" not in text[entity:cut]:
            cut = entity
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def with_sources(
    body: str, inline: Sequence[Mapping[str, Any]], source: Callable[[Mapping[str, Any]], str]
) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the text in which attached images have another address, and the files that are shown there."""
    by_source: dict[str, Mapping[str, Any]] = {}
    for file in inline:
        for key in _keys(file.get("url"), file.get("content_id")):
            by_source.setdefault(key, file)
    shown: dict[int, Mapping[str, Any]] = {}

    def replaced(found: re.Match[str]) -> str:
        told = _SOURCE.search(found.group())
        address = html.unescape(next((part for part in told.groups() if part), "")) if told else ""
        file = next((by_source[key] for key in _keys(address, None) if key in by_source), None)
        if file is None or told is None:
            return found.group()
        shown[id(file)] = file
        return found.group()[: told.start()] + f'src="{html.escape(source(file))}"' + found.group()[told.end() :]

    return _IMAGE.sub(replaced, body), list(shown.values())
