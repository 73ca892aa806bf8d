"""Words that stand for words: the same for the same as long as one secret lives, and nobody can tell for which after.

Each is made of a keyed hash (BLAKE2b, RFC 7693). The secret is drawn anew each time and kept nowhere: two exports of
the same store do not agree, and nobody who has one can try out whether a name that he guesses is in it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from hashlib import blake2b
from itertools import cycle, islice

from deskferry.canonical_schema import split_id

_FILLER = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor "
_ADDRESS = re.compile(r"[^\s<>\"',;:()]+@[^\s<>\"',;:()]+")
_OBJECT = re.compile(r"[a-z][a-z_]{0,40}")
_NO_DIGIT = re.compile(r"\D")


class Pseudonyms:
    """Pseudonyms by one secret; of ids that begin with one of these connections, connection and object stay."""

    def __init__(self, connections: Iterable[str], secret: bytes | None = None) -> None:
        self._connections = frozenset(connections)
        self._secret = secret or secrets.token_bytes(32)

    def code(self, text: str, purpose: str = "") -> str:
        """Return 16 hexadecimal digits that stand for a text."""
        data = text.encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=8, key=self._secret, person=purpose.encode()[:16]).hexdigest()

    def identifier(self, text: str) -> str:
        """Return what stands for an id of ours (connection, object and `/part` are kept apart), or of anybody else."""
        try:
            known = split_id(text)
        except ValueError:
            return self.code(text, "id")
        if known.connection not in self._connections or not _OBJECT.fullmatch(known.object):
            return self.code(text, "id")
        whole, slash, part = text.partition("/")
        ours = f"{known.connection}:{known.object}:{self.code(whole, 'id')}"
        return f"{ours}/{self.code(part, 'part')}" if slash else ours

    def email(self, text: str) -> str:
        """Return what stands for an e-mail address, with or without a name around it; its domain has its own."""
        found = _ADDRESS.search(text)
        if found is None:
            return self.code(text, "address")
        plain = found.group().casefold()
        return f"p{self.code(plain, 'email')}@{self.domain(plain.rpartition('@')[2])}"

    def domain(self, text: str) -> str:
        """Return what stands for a domain, below one that never is anybody's (RFC 2606)."""
        return f"d{self.code(text.strip().casefold(), 'domain')}.example"

    def phone(self, text: str) -> str:
        """Return what stands for a telephone number, in a country code that no country has."""
        digits = _NO_DIGIT.sub("", text) or text
        return f"+999{int(self.code(digits, 'phone'), 16) % 10**11:011}"

    def person(self, key: str) -> str:
        """Return the name of a person, told by an e-mail address, else by an id."""
        return f"Person {self.surname(key)}"

    def surname(self, key: str) -> str:
        """Return the last name of the same person."""
        found = _ADDRESS.search(key)
        return self.code(found.group().casefold() if found else key, "person")

    def word(self, text: str, what: str) -> str:
        """Return what stands for a word that many records share: `tag-…`."""
        return f"{what}-{self.code(text, what)}"


def filler(text: str) -> str:
    """Return a text that says nothing, of the same length."""
    return "".join(islice(cycle(_FILLER), len(text)))
