"""A connection's configuration → the vendor's settings model, with errors that name the key and the connection."""

from __future__ import annotations

import types
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from deskferry.config import COMMON_OPTIONS, ConnectionConfig, did_you_mean
from deskferry.errors import ConfigError
from deskferry.redaction import Secret, redact

S = TypeVar("S", bound=BaseModel)
_PLACED = {"base_url", "page_size", "start_date", "threads", "streams"}
"""Options of every connection that a vendor's model may ask for by declaring a field of the same name."""


def parse_settings(model: type[S], connection: ConnectionConfig) -> S:
    """Return the vendor's settings; raises ConfigError for a key that is unknown, missing or wrong.

    The validation context is `{"connection": ...}`; `connection.path()` anchors relative paths.
    """
    place = f"[connections.{connection.name}]"
    fields = set(model.model_fields)
    for key in connection.settings:
        if key not in fields:
            advice = did_you_mean(key, fields | set(COMMON_OPTIONS))
            raise ConfigError(
                f"{place}: {connection.vendor} knows no {key!r}.",
                advice or f"It takes {', '.join(sorted(fields - _PLACED))}.",
            )
    values = {**_common(fields, connection), **connection.settings}
    try:
        return model.model_validate(values, context={"connection": connection})
    except ValidationError as error:
        raise ConfigError(f"{place}: {_first(error)}", _advice(model, connection, error)) from None


def _common(fields: set[str], connection: ConnectionConfig) -> dict[str, Any]:
    wanted = fields & _PLACED
    return {name: value for name in sorted(wanted) if (value := getattr(connection, name)) is not None}


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(map(str, found["loc"]))
    text = found["msg"].removeprefix("Value error, ")
    if found["type"] == "missing":
        return f"{key!r} is missing."
    return redact(f"{key + ': ' if key else ''}{text}" + ("" if text.endswith(".") else "."))


def _advice(model: type[BaseModel], connection: ConnectionConfig, error: ValidationError) -> str:
    loc = error.errors(include_url=False, include_input=False)[0]["loc"]
    info = model.model_fields.get(str(loc[0])) if loc else None
    if info is None:
        return f"See `deskferry connectors {connection.vendor}`."
    described = info.description or ""
    if is_secret_field(info.annotation):
        return f'Write {loc[0]} = "env:NAME", "file:PATH" or "keyring:NAME" ({described}).'
    return f"{loc[0]}: {described}." if described else ""


def is_secret_field(annotation: Any) -> bool:
    """Return whether a field of a settings model is a `Secret`, or may be one."""
    if get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        return any(is_secret_field(part) for part in get_args(annotation))
    return annotation is Secret
