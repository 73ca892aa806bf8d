"""Replaces in texts, JSON values and raw records what tells who a forgotten person was.

The same function reads what is stored and what arrives, and the same text always comes out the same: a record that was
cleaned in the store and that a vendor sends once more as it was is unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from deskferry.store.encodings import LAYERS
from deskferry.store.suppression import (
    EMAIL,
    HANDLE,
    NAME,
    PHONE,
    TOKEN_DOMAINS,
    WORD,
    Suppression,
    email_key,
    handle_key,
    name_words,
    phone_key,
)

_DEEP = 3
_ADDRESS = re.compile(r"[\w.+%~'’-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-/\u00a0]{4,40}\d")
_GROUP = re.compile(r"\d+")
_HANDLE = re.compile(r"@?[\w.-]{3,}")
_GAP = re.compile(r"(?:[\s_+,'’\u00a0-]|\.(?=\s)|&nbsp;|</?[A-Za-z][^<>]{0,200}>)+")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_REMEMBERED = 200_000


class Scrubber:
    """Cleans what it is given; used by one thread at a time."""

    def __init__(self, suppression: Suppression) -> None:
        self.suppression = suppression
        self.hits = 0
        """What was replaced so far."""
        self._certain = 0
        """Of these addresses and numbers: what stands beside one of them belongs to the person."""
        self._first: dict[str, bool] = {}
        self._handled: dict[str, str | None] = {}
        lengths = suppression.lengths
        self._names = max(lengths.get(NAME, {0}), default=0)
        self._phones = lengths.get(PHONE, frozenset())
        self._emails, self._handles = EMAIL in lengths, HANDLE in lengths

    # ----------------------------------------------------------------------------------------------------------- text

    def text(self, text: str, *, linked: bool = False, depth: int = 0) -> str:
        """Return a text without the person; itself where the person is not in it. `linked`: it is about the person."""
        if len(text) < 3:
            return text
        cleaned = self._plain(text, linked=linked)
        if depth < _DEEP:
            for layer in LAYERS:
                cleaned = layer.changed(cleaned, lambda inner: self.text(inner, linked=linked, depth=depth + 1))
        return cleaned

    def _plain(self, text: str, *, linked: bool) -> str:
        if self._emails and "@" in text:
            if text[0] == "<" and text[-1] == ">" and " " not in text:
                text = self._message_id(text)
            text = _ADDRESS.sub(self._address, text)
        if self._phones and any(character.isdigit() for character in text):
            text = _NUMBER.sub(self._number, text)
        if self._handles:
            text = _HANDLE.sub(self._handle, text)
        return self._names_in(text, linked=linked) if self._names else text

    def _address(self, found: re.Match[str]) -> str:
        whole = found[0].lstrip("'’.%-+~")
        before = found[0][: len(found[0]) - len(whole)]
        local, _, domain = email_key(whole).partition("@")
        for candidate in dict.fromkeys((f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")):
            token = self.suppression.token(EMAIL, candidate)
            if token is not None:
                self._certain += 1
                return before + self._hit(token)
        return found[0]

    def _message_id(self, text: str) -> str:
        """Return a Message-ID of which the end is an address of the person with that end replaced."""
        local, _, domain = text[1:-1].rpartition("@")
        for place in (m.end() for m in re.finditer(r"[._+=/$-]", local)):
            token = self.suppression.token(EMAIL, email_key(f"{local[place:]}@{domain}"))
            if token is not None:
                return f"<{local[:place]}{self._hit(token)}>"
        return text

    def _number(self, found: re.Match[str]) -> str:
        text = found[0]
        groups = list(_GROUP.finditer(text))
        parts, at, first = [], 0, 0
        while first < len(groups):
            last = self._number_from(groups, first)
            if last is None:
                first += 1
                continue
            start = groups[first].start()
            while start > at and text[start - 1] in "+(":
                start -= 1
            token = self.suppression.token(PHONE, phone_key("".join(one[0] for one in groups[first:last])))
            parts += [text[at:start], token or ""]
            at, first = groups[last - 1].end(), last
        return "".join((*parts, text[at:])) if parts else text

    def _number_from(self, groups: list[re.Match[str]], first: int) -> int | None:
        """Return the end of the longest number of the person that begins with a group of digits."""
        digits, found = "", None
        for last in range(first, min(first + 10, len(groups))):
            digits += groups[last][0]
            key = phone_key(digits)
            if len(key) > 15:
                break
            if len(key) in self._phones and self.suppression.token(PHONE, key) is not None:
                found = last + 1
        if found is not None:
            self.hits, self._certain = self.hits + 1, self._certain + 1
        return found

    def _handle(self, found: re.Match[str]) -> str:
        word = found[0]
        if word not in self._handled:
            if len(self._handled) > _REMEMBERED:
                self._handled.clear()
            self._handled[word] = self.suppression.token(HANDLE, handle_key(word))
        token = self._handled[word]
        return word if token is None else self._hit(token)

    def _names_in(self, text: str, *, linked: bool) -> str:
        text = self._named(text, list(WORD.finditer(text)), linked=linked)
        tags = [found.span() for found in _TAG.finditer(text)]
        if not tags:
            return text
        # Once more without the tags: one may stand between two words of a name.
        inside = bytearray(len(text) + 1)
        for start, end in tags:
            inside[start:end] = b"\1" * (end - start)
        return self._named(text, [one for one in WORD.finditer(text) if not inside[one.start()]], linked=linked)

    def _named(self, text: str, words: list[re.Match[str]], *, linked: bool) -> str:
        parts, at, n = [], 0, 0
        while n < len(words):
            if not self._may_begin(words[n][0]):
                n += 1
                continue
            found = self._name_from(text, words, n, linked=linked)
            if found is None:
                n += 1
                continue
            token, last = found
            parts += [text[at : words[n].start()], self._hit(token)]
            at, n = words[last].end(), last + 1
        return "".join((*parts, text[at:])) if parts else text

    def _may_begin(self, word: str) -> bool:
        known = self._first.get(word)
        if known is None:
            if len(self._first) > _REMEMBERED:
                self._first.clear()
            folded = name_words(word)
            known = bool(folded) and self.suppression.bucket(folded[0]) in self.suppression.buckets
            self._first[word] = known
        return known

    def _name_from(self, text: str, words: list[re.Match[str]], n: int, *, linked: bool) -> tuple[str, int] | None:
        best, name = None, ""
        for last in range(n, min(n + self._names, len(words))):
            if last > n and not _GAP.fullmatch(text, words[last - 1].end(), words[last].start()):
                break
            name = " ".join((name, *name_words(words[last][0]))).strip()
            token = self.suppression.token(NAME, name, linked=linked)
            if token is not None:
                best = token, last
        return best

    def _hit(self, token: str) -> str:
        self.hits += 1
        return token

    # ----------------------------------------------------------------------------------------------------------- JSON

    def value(self, value: Any, *, linked: bool = False) -> Any:
        """Return a JSON value without the person; the very same where nothing is replaced."""
        if type(value) is str:
            return self.text(value, linked=linked)
        if type(value) is dict:
            return self._object(value, linked=linked)
        if type(value) is list:
            cleaned = [self.value(one, linked=linked) for one in value]
            return value if all(new is old for new, old in zip(cleaned, value, strict=True)) else cleaned
        if type(value) is int and self._phones and len(str(value)) in self._phones:
            token = self.suppression.token(PHONE, str(value))
            return value if token is None else self._hit(token)
        return value

    def _object(self, value: dict[str, Any], *, linked: bool) -> dict[str, Any]:
        before = self._certain
        own = {key: self.value(one, linked=linked) for key, one in value.items() if type(one) is str}
        if self._certain > before and not linked:  # the address of the person stands here: so does the name
            own = {key: self.text(one, linked=True) for key, one in own.items()}
            linked = True
        changed = False
        cleaned = {}
        for key, one in value.items():
            new = own[key] if key in own else self.value(one, linked=linked)
            name = self.text(key, linked=linked) if len(key) > 4 else key
            changed = changed or name != key or (new is not one and new != one)
            cleaned[name] = new
        return cleaned if changed else value

    # -------------------------------------------------------------------------------------------------- bytes of files

    def finds(self, pieces: Iterable[str]) -> bool:
        """Whether a text that comes in pieces names the person; a name that a border cuts is found too."""
        before, tail = self.hits, ""
        for piece in pieces:
            window = tail + piece
            self.text(window)
            if self.hits > before:
                self.hits = before
                return True
            tail = window[-256:]
        return False


def is_token(address: str) -> bool:
    """Whether an address is one of ours."""
    return address.rpartition("@")[2].endswith(TOKEN_DOMAINS)
