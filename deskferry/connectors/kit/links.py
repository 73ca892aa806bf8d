"""Links between records of a desk: recognised in texts of the source, built anew at the destination.

A vendor lists where its records are looked at (`Address`); the first form of an object is the one that is built. A text
that names other records becomes a `LinkedText`: their new addresses are known only when they have crossed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

LONGER_LINK = 60
"""Bytes by which a new address may be longer than the old one, or than what stands for it."""
LINK_LEFT = "link_left"
"""Cause of loss: a link goes on pointing to the old desk."""
LINKS_LEFT = "links_left"
"""Key of a receipt: records whose links were sent with the old address."""
_ID = "{id}"
_ANY = "{any}"
_ARGUMENTS = r"(?:[\w=%;/+~.:-]|&amp;|&)*[\w=%/]"
_TAIL = rf"(?:-[\w%-]+)?(?:\?{_ARGUMENTS})?(?:#{_ARGUMENTS})?"
"""A slug after the id, a query and a fragment: they mean nothing elsewhere. What ends a sentence is not taken."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one object is looked at: paths below the desk's origin, `{id}` in them, `{any}` for one free segment.

    `kind` is the canonical kind; one of a kind is built at a destination, all are recognised at a source.
    """

    kind: str
    object: str
    paths: tuple[str, ...]


class Found(NamedTuple):
    """A link that stands in a text."""

    start: int
    end: int
    kind: str
    object: str
    source_id: str


class Addresses:
    """The addresses of one account: by its vendor's forms, on its own hosts."""

    def __init__(self, site: str, addresses: Sequence[Address], hosts: Sequence[str] = ()) -> None:
        """Build for an origin (`https://acme.zendesk.com`); `hosts` are further names of the same desk."""
        self._site = site.rstrip("/")
        self._built = {one.kind: one.paths[0] for one in reversed(addresses)}
        self._paths = {one.object: one.paths[0] for one in addresses}
        self._kinds = {one.object: one.kind for one in addresses}
        self._pattern = _compiled([urlsplit(site).netloc, *hosts], addresses)

    def url(self, kind: str, source_id: str) -> str | None:
        """Return where a record of a kind is looked at, or None where the vendor has no page for it."""
        return self._url(self._built.get(kind), source_id)

    def old(self, object_name: str, source_id: str) -> str | None:
        """Return where a record of an object is looked at, or None where the vendor has no page for it."""
        return self._url(self._paths.get(object_name), source_id)

    def _url(self, path: str | None, source_id: str) -> str | None:
        return None if path is None else self._site + path.replace(_ID, source_id)

    def find(self, text: str) -> Iterator[Found]:
        """Yield the links to records of this account, in order."""
        if self._pattern is None or "://" not in text:
            return
        for match in self._pattern.finditer(text):
            name = match.lastgroup or ""
            found = name.rpartition("_")[0]
            yield Found(match.start(), match.end(), self._kinds[found], found, match[name])


def _compiled(hosts: Sequence[str], addresses: Sequence[Address]) -> re.Pattern[str] | None:
    """Return one pattern of all forms; the group that matched is named for the object, with a number after it."""
    named = sorted({host for host in hosts if host}, key=len, reverse=True)
    if not named or not addresses:
        return None
    # Longer paths first: /hc/{any}/requests/{id} before /requests/{id}.
    forms = [(path, one.object) for one in addresses for path in one.paths]
    forms.sort(key=lambda form: -len(form[0]))
    paths = "|".join(
        re.escape(path).replace(re.escape(_ID), rf"(?P<{name}_{number}>\d+)").replace(re.escape(_ANY), r"[\w-]+")
        for number, (path, name) in enumerate(forms)
    )
    return re.compile(rf"https?://(?:{'|'.join(map(re.escape, named))})(?:{paths})(?!\d){_TAIL}", re.IGNORECASE)


# ---------------------------------------------------------------------------------------------------- texts with links


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a text that takes the new address of a record, once it has one; until then the old one stays."""

    record_id: str
    kind: str
    old: str


@dataclass(frozen=True, slots=True)
class LinkedText:
    """A text in which links to other records stand open."""

    parts: tuple[str | Link, ...]

    def links(self) -> tuple[Link, ...]:
        """Return its links, in order."""
        return tuple(part for part in self.parts if isinstance(part, Link))

    def told(self, url: Callable[[Link], str | None]) -> str:
        """Return the text with new addresses; None keeps the old one."""
        return "".join(part if isinstance(part, str) else url(part) or part.old for part in self.parts)


Text = str | LinkedText


def plain_text(text: Text) -> str:
    """Return a text with its old links."""
    return text if isinstance(text, str) else text.told(lambda _link: None)


def linked(text: str, connection: str, addresses: Addresses) -> Text:
    """Return a text in which the links to records of a connection's account are open; plain where it has none."""
    parts: list[str | Link] = []
    at = 0
    for found in addresses.find(text):
        record_id = f"{connection}:{found.object}:{found.source_id}"
        parts += [text[at : found.start], Link(record_id, found.kind, text[found.start : found.end])]
        at = found.end
    return LinkedText((*parts, text[at:])) if parts else text


class NewAddresses:
    """Tells new addresses while one call is put together, and which links kept the old one."""

    def __init__(self, addresses: Addresses, resolve: Callable[[str], str]) -> None:
        """`resolve` returns the destination's id of a record; raises LookupError when it has none."""
        self._addresses = addresses
        self._resolve = resolve
        self.left: list[str] = []
        """Records that have not crossed yet."""

    def __call__(self, link: Link) -> str | None:
        """Return the new address of a link, None where the old one has to stay."""
        try:
            return self._addresses.url(link.kind, self._resolve(link.record_id))
        except LookupError:
            self.left.append(link.record_id)
            return None
