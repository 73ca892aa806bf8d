"""Request bodies: JSON, and multipart forms with their bracketed names."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from deskferry.simulators.freshdesk.errors import ApiError, Row
from deskferry.simulators.kernel import SimRequest

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_DISPOSITION = re.compile(r'(?<![a-z*])(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_EXTENDED = re.compile(r"filename\*=UTF-8''([^;\r\n]+)", re.IGNORECASE)
_BRACKETS = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form."""

    field: str
    name: str
    content_type: str
    data: bytes


@dataclass(slots=True)
class Payload:
    """A decoded body; in a form every leaf is text, and files are apart."""

    values: Row
    files: list[Upload] = field(default_factory=list)
    is_form: bool = False


def read_payload(request: SimRequest) -> Payload:
    """Return the body of a request; raises ApiError for what the vendor cannot read."""
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return _read_form(request.body, content_type)
    if request.body and content_type and "json" not in content_type:
        text = f"Content-Type header is set to {content_type}. It should be set to application/json"
        raise ApiError(415, {"code": "invalid_content_type", "message": text})
    if not request.body.strip():
        return Payload({})
    try:
        values = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise ApiError(400, {"code": "invalid_json", "message": "Request body has invalid json format."})
    return Payload(values)


def _read_form(body: bytes, content_type: str) -> Payload:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ApiError(400, {"code": "invalid_json", "message": "The form has no boundary."})
    payload = Payload({}, is_form=True)
    for part in (b"\r\n" + body).split(b"\r\n--" + found.group(1).encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        _add_part(payload, head.decode("utf-8", "replace"), data)
    return payload


def _add_part(payload: Payload, head: str, data: bytes) -> None:
    names = {key.lower(): value.replace('\\"', '"') for key, value in _DISPOSITION.findall(head)}
    name = names.get("name", "")
    filename = names.get("filename")
    extended = _EXTENDED.search(head)
    if extended is not None:
        filename = unquote(extended.group(1))
    if filename is None:
        _place(payload.values, name, data.decode("utf-8", "replace"))
        return
    found = re.search(r"content-type:\s*([^\r\n;]+)", head, re.IGNORECASE)
    guessed = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    kind = found.group(1).strip() if found else guessed
    payload.files.append(Upload(name.split("[")[0], filename.replace("\\", "/").rsplit("/", 1)[-1], kind, data))


def _place(values: Row, name: str, text: str) -> None:
    """Put `a[]`, `a[b]`, `a[][b]` and `a` where they belong."""
    root = name.split("[", maxsplit=1)[0]
    steps = _BRACKETS.findall(name)
    if not steps:
        values[root] = text
    elif steps == [""]:
        values.setdefault(root, []).append(text)
    elif steps[0] == "":
        rows: list[Any] = values.setdefault(root, [])
        if not rows or steps[1] in rows[-1]:
            rows.append({})
        rows[-1][steps[1]] = text
    else:
        values.setdefault(root, {})
        _place(values[root], steps[0] + "".join(f"[{step}]" for step in steps[1:]), text)
