"""Request bodies: the envelope, the keys that are known, and the header that tells of those that were dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk.errors import record_invalid, refuse
from deskferry.simulators.zendesk.ids import seconds
from deskferry.simulators.zendesk.routing import Call
from deskferry.simulators.zendesk.state import Record

WARNING: Final = "X-Zendesk-API-Warn"
_NOT_IN_TAGS: Final = re.compile(r"[^\w/:.\-]", re.UNICODE)


def body_of(call: Call) -> Record:
    """Return the JSON object of a request; 400 if there is none, 415 if it says it is something else."""
    kind = call.request.headers.get("content-type", "")
    if call.request.body and "json" not in kind:
        raise refuse(415, {"error": "UnsupportedMediaType", "description": "Content-Type must be application/json"})
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse(400, {"error": "Unprocessable JSON", "description": "The request could not be parsed"}) from error
    if not isinstance(body, dict):
        raise refuse(400, {"error": "BadRequest", "description": "The request must be a JSON object"})
    return body


def envelope(call: Call, name: str) -> Record:
    """Return the object that a body wraps; 400 if it is missing."""
    found = body_of(call).get(name)
    if not isinstance(found, dict):
        raise refuse(400, {"error": "BadRequest", "description": f"Parameter {name} is required"})
    return shaped(found)


def shaped(given: Record) -> Record:
    """Return an object whose lists are lists and whose ids are numbers; anything else is refused by its name."""
    for name, value in given.items():
        test = _SHAPES.get(name) or (_is_id if name.endswith("_id") and name not in _TEXT_IDS else None)
        if test is not None and value is not None and not test(value):
            raise record_invalid(**{name: f"{name.replace('_', ' ').capitalize()}: is invalid"})
    return given


def _is_id(value: Any) -> bool:
    return value == "" or (not isinstance(value, bool) and re.fullmatch(r"-?\d{1,18}", str(value)) is not None)


def _ids(value: Any) -> bool:
    return isinstance(value, list) and all(_is_id(one) and one != "" for one in value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _plain(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str | int) for one in value)


_TEXT_IDS: Final = ("external_id", "guide_media_id")
_SHAPES: Final[dict[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("collaborator_ids", "organization_ids", "group_ids", "user_segment_ids", "content_tag_ids"), _ids),
    **dict.fromkeys(("email_ccs", "followers", "identities", "custom_field_options", "translations"), _objects),
    **dict.fromkeys(("domain_names", "label_names"), _plain),
    "collaborators": lambda value: isinstance(value, list) and all(isinstance(one, str | int | dict) for one in value),
    "custom_fields": lambda value: isinstance(value, dict) or _objects(value),
    "fields": lambda value: isinstance(value, dict) or _objects(value),
    "requester": lambda value: isinstance(value, str | int | dict) and not isinstance(value, bool),
    "position": _is_id,
}


def dropped(given: Record, known: Iterable[str]) -> list[str]:
    """Return the keys that Zendesk removes in silence."""
    return sorted(set(given) - set(known))


def answered(value: Any, status: int = 200, removed: Iterable[str] = (), **headers: str) -> SimResponse:
    """Return an answer; a header tells which keys of the request were dropped."""
    found = dict(headers)
    names = ", ".join(f'"{one}"' for one in removed)
    if names:
        found[WARNING] = f"Removed restricted keys [{names}] from parameters according to whitelist"
    return json_response(value, status, found)


def tags_of(value: Any) -> list[str]:
    """Return tags as Zendesk keeps them: lower case, split at spaces, without what it allows in none, sorted."""
    words = value if isinstance(value, list) else str(value or "").replace(",", " ").split()
    found = [_NOT_IN_TAGS.sub("", part).lower() for word in words for part in str(word).split()]
    return sorted({one for one in found if one})


def combined(method: str, before: list[str], given: Any) -> list[str]:
    """Return tags as `POST` replaces, `PUT` adds and `DELETE` removes them."""
    tags = set(tags_of(given))
    return sorted(tags if method == "POST" else {*before} - tags if method == "DELETE" else {*before} | tags)


def moment(value: Any, name: str) -> int:
    """Return a time in Unix seconds; without a zone it is in UTC."""
    try:
        text = str(value).replace("Z", "+00:00")
        parsed = datetime.fromisoformat(text)
        return seconds(text if parsed.tzinfo else f"{text}+00:00")
    except (ValueError, OverflowError) as error:
        raise record_invalid(**{name: f"{name.replace('_', ' ').capitalize()}: is not a valid time"}) from error


def whole(value: Any, name: str) -> int | None:
    """Return an id, perhaps written as text; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise record_invalid(**{name: f"{name.removesuffix('_id').capitalize()}: is invalid"})
    return int(value)
