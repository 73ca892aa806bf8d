"""Operations as plain JSON: their hash tells whether anything changed, their text lets a crash be settled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from deskferry.connectors.kit.contract import FilePart, Operation, Outcome, Ref
from deskferry.connectors.kit.links import LINKS_LEFT, Link, LinkedText

_REF = "$ref"
_TEXT = "$text"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
_LONG = 400
"""Texts longer than this are kept as hash and length once an operation is settled: the store has them elsewhere."""


def plain(value: Any) -> Any:
    """Return a value as plain JSON: a `Ref` as `{"$ref": record, "part": part}`, a `LinkedText` as `{"$text": […]}`."""
    if isinstance(value, Ref):
        return {_REF: value.record_id, "part": value.part}
    if isinstance(value, LinkedText):
        return {_TEXT: [one if isinstance(one, str) else [one.record_id, one.kind, one.old] for one in value.parts]}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def unplain(value: Any) -> Any:
    """Return a value as it was before `plain`."""
    if isinstance(value, dict):
        if _REF in value:
            return Ref(value[_REF], value.get("part", ""))
        if _TEXT in value:
            return LinkedText(tuple(one if isinstance(one, str) else Link(*one) for one in value[_TEXT]))
        return {key: unplain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unplain(item) for item in value]
    return value


def digest(value: Any) -> str:
    """Return the hash of plain JSON, whatever the order of its keys."""
    try:
        text = orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, or a lone surrogate: legal JSON, rare
        text = json.dumps(value, sort_keys=True, default=str).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def request_hash(operation: Operation) -> str:
    """Return the hash of what an operation would send, independent of ids that the destination gives."""
    return digest(
        [
            operation.call,
            operation.action,
            operation.object,
            plain(operation.body),
            plain(operation.target),
            [[file.filename, file.content_type, file.sha256] for file in operation.files],
        ]
    )


def operation_json(operation: Operation) -> dict[str, Any]:
    """Return an operation as plain JSON, complete enough to be settled by another process."""
    return {
        "object": operation.object,
        "body": plain(operation.body),
        "target": plain(operation.target),
        "files": [
            [file.attachment_id, file.filename, file.content_type, file.size, file.sha256, file.of, file.offset]
            for file in operation.files
        ],
        "effects": list(operation.effects),
        "adopt": operation.adopt,
        **({"carries": list(operation.carries)} if operation.carries else {}),
        **({"file_of": dict(operation.file_of)} if operation.file_of else {}),
    }


def operation_from(row: Any) -> Operation:
    """Return the operation that a journal row holds."""
    request = row.request or {}
    return Operation(
        record_id=row.record_id,
        part=row.part,
        kind=row.kind,
        action=row.action,
        call=row.call,
        object=request.get("object", row.kind),
        body=unplain(request.get("body", {})),
        target=unplain(request.get("target")),
        files=tuple(FilePart(*file) for file in request.get("files", ())),
        mark=row.mark or "",
        source_hash=row.source_hash,
        effects=tuple(request.get("effects", ())),
        adopt=bool(request.get("adopt")),
        carries=tuple(request.get("carries", ())),
        file_of=request.get("file_of", {}),
    )


def shortened(value: Any) -> Any:
    """Return plain JSON in which long texts are told by hash and length only."""
    if isinstance(value, str):
        if len(value) <= _LONG:
            return value
        hashed = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return {"sha256": hashed, "characters": len(value)}
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    return value


def refs(operation: Operation) -> Iterator[Ref]:
    """Yield every place that takes an id of the destination, the target first."""
    if operation.target is not None:
        yield operation.target
    yield from _refs(operation.body)


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _refs(item)


def links(value: Any) -> Iterator[Link]:
    """Yield the links to other records that stand in a body."""
    if isinstance(value, LinkedText):
        yield from value.links()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from links(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from links(item)


def message_of(operation: Operation) -> str | None:
    """Return the message that an operation writes, or None where it writes none."""
    if operation.kind != "message":
        return None
    return operation.part.partition("#")[0] or operation.record_id


def with_links(operation: Operation, outcome: Outcome, *, found: bool) -> Outcome:
    """Return an outcome that tells of links with their old address; what was `found` again may have any of them."""
    if not found or LINKS_LEFT in outcome.receipt:
        return outcome
    named = [link.record_id for link in links(operation.body)]
    return replace(outcome, receipt={**outcome.receipt, LINKS_LEFT: named}) if named else outcome


_PARTS = frozenset({"message", "survey_response", "time_entry", "article_translation"})
"""Kinds whose records are parts of another record's lane; the part is their record id."""


def counts(operation: Operation) -> bool:
    """Whether an operation stands for a record or message, not for a further piece of one."""
    return "#" not in operation.part if operation.kind in _PARTS else not operation.part
