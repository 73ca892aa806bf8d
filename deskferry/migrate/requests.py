"""Operations as plain JSON: their hash tells whether anything changed, their text lets a crash be settled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from deskferry.connectors.kit.contract import FilePart, Operation, Ref

_REF = "$ref"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
_LONG = 400
"""Texts longer than this are kept as hash and length once an operation is settled: the store has them elsewhere."""


def plain(value: Any) -> Any:
    """Return a value as plain JSON; a `Ref` becomes `{"$ref": record id, "part": part}`."""
    if isinstance(value, Ref):
        return {_REF: value.record_id, "part": value.part}
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
            [file.attachment_id, file.filename, file.content_type, file.size, file.sha256] for file in operation.files
        ],
        "effects": list(operation.effects),
        "adopt": operation.adopt,
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


def message_of(operation: Operation) -> str | None:
    """Return the message that an operation writes, or None where it writes none."""
    if operation.kind != "message":
        return None
    return operation.part.partition("#")[0] or operation.record_id


def counts(operation: Operation) -> bool:
    """Whether an operation stands for a record or message, not for a further piece of one."""
    return "#" not in operation.part if operation.kind == "message" else not operation.part
