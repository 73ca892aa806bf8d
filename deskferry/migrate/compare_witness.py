"""A written ticket as its raw JSON says, at hand-named paths: a bug that reading and writing share cannot hide here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from deskferry.connectors.kit.contract import Destination, Row, WitnessMessage, WitnessTicket
from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.kit.faults import Gone
from deskferry.errors import Refused
from deskferry.migrate.compare import Expected, Part, Places, text_differences
from deskferry.migrate.compare_values import Difference, moment, shown

Fetch = Callable[[str], AbstractContextManager[Iterator[bytes]]]


def compare_witness(
    expected: Expected, witness: WitnessTicket | None, places: Places, writer: Destination, fetch: Fetch | None
) -> Iterator[Difference]:
    """Yield what the raw ticket shows to differ: mark, author, visibility, time, text, files (`fetch`: their bytes)."""
    ticket = expected.composed.record_id
    if witness is None:
        yield Difference("ticket", ticket, "ticket", expected.ticket.remote_id, None, "witness")
        return
    create = next((one for one in expected.composed.operations if not one.part), None)
    if create is not None and create.mark and witness.mark is not None and witness.mark != create.mark:
        yield Difference("ticket", ticket, "mark", create.mark, witness.mark, "witness")
    by_id = {f"{one.remote_id}": one for one in witness.messages[1:]}
    messages: dict[str, Row | None] = {one["id"]: one for one in expected.aggregate.messages}
    stand_ins: dict[str, Row | None] = {owner: None for owner in expected.files if owner not in messages}
    for record_id, message in (messages | stand_ins).items():
        found: list[tuple[Part, WitnessMessage]] = []
        for part in expected.parts.get(record_id, ()):
            seen = _seen(part, witness, by_id)
            if seen is None:
                yield Difference("message", record_id, "message", part.remote_id, None, "witness")
            else:
                found.append((part, seen))
        if found and len(found) == len(expected.parts[record_id]):
            if message is not None:
                yield from _message(expected, message, found, places, writer)
            yield from _files(expected, record_id, [seen for _part, seen in found], fetch)


def _seen(part: Part, witness: WitnessTicket, by_id: dict[str, WitnessMessage]) -> WitnessMessage | None:
    if part.operation is None:
        return witness.messages[0] if witness.messages else None
    remote_id = part.remote_id.split(":", 2)[2]
    if part.carried:  # there the opening message has an id of its own
        return next((one for one in witness.messages if one.remote_id == remote_id), None)
    return by_id.get(remote_id)


def _message(
    expected: Expected, message: Row, found: list[tuple[Part, WitnessMessage]], places: Places, writer: Destination
) -> Iterator[Difference]:
    record_id, first = message["id"], found[0][1]
    author = places.of(message["author_id"])
    if author is not None and not expected.is_lost(record_id, "author", "author_id"):
        wanted = author.split(":", 2)[2]
        for _part, seen in found:
            if seen.author != wanted:
                yield Difference("message", record_id, "author", wanted, seen.author, "witness")
    public = message["is_public"]
    known = public is not None and first.private is not None
    if known and first.private is public and not expected.is_lost(record_id, "is_public", "visibility"):
        sides = ("public", "private") if public else ("private", "public")
        yield Difference("message", record_id, "visibility", *sides, "witness")
    for part, seen in found:
        told = moment(part.receipt.get("created_at"))
        if told is not None and moment(seen.created_at) != told:
            yield Difference("message", record_id, "time", told, moment(seen.created_at), "witness")
    texts = [html_to_text(seen.text) or "" if "<" in seen.text else seen.text for _part, seen in found]
    yield from text_differences(message, texts, places, writer, "witness")


def _files(expected: Expected, message: str, seen: list[WitnessMessage], fetch: Fetch | None) -> Iterator[Difference]:
    files = expected.files.get(message, [])
    present = [
        (name, size, url) for one in seen for name, (size, url) in one.files.items()
        if name not in expected.stuck_files
    ]  # fmt: skip
    wanted = Counter(file.size for file in files)
    sizes = Counter(size for _name, size, _url in present)
    for size in (wanted - sizes).elements():
        yield Difference("message", message, "file", f"{size} bytes", _listed(present), "witness")
    for size in (sizes - wanted).elements():
        yield Difference("message", message, "file", None, f"{size} bytes", "witness")
    if fetch is None or not files or wanted != sizes:
        return
    hashes = Counter(file.sha256 for file in files)
    found = Counter(hash_of(url, fetch) for _name, _size, url in present)
    for sha256 in (hashes - found).elements():
        other = next(iter((found - hashes).elements()), None)
        yield Difference("message", message, "file", f"SHA-256 {sha256}", f"SHA-256 {other}", "witness")


def _listed(present: list[tuple[str, int, str]]) -> str | None:
    return shown(", ".join(f"{name} ({size} bytes)" for name, size, _url in present)) or None


def hash_of(url: str, fetch: Fetch) -> str:
    """Return the hash of the bytes behind an address, or words that say why they are not to be had."""
    hashed = hashlib.sha256()
    try:
        with fetch(url) as chunks:
            for chunk in chunks:
                hashed.update(chunk)
    except (Gone, Refused) as error:
        return f"not to be had: {error}"
    return hashed.hexdigest()
