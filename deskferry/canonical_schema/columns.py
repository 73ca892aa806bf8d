"""Physical types, and one function for each type of column, so that a table reads as a list of meanings."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

import orjson
from sqlalchemy import REAL, BigInteger, Boolean, Dialect, Double, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field

from deskferry.canonical_schema.json_shapes import Shape

CANONICAL_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII
)


def time_text(value: datetime) -> str:
    """Return the canonical text of an instant: UTC, six fraction digits, sortable. Naive ones are refused."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(
            f"{value.isoformat()} has no time zone; attach one (vendors send UTC unless they say otherwise)"
        )
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time_text(text: str) -> datetime:
    """Return the aware datetime (UTC) of a canonical text; any other form is refused."""
    if not CANONICAL_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is no canonical time; write it as 2026-01-02T03:04:05.123456Z (see time_text)")
    return datetime.fromisoformat(text)


def json_text(value: object) -> str | None:
    """Return the compact JSON text of a value; None is None, because unknown is SQL NULL."""
    if value is None:
        return None
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, or a lone surrogate: legal JSON, rare
        return json.dumps(value, separators=(",", ":"), allow_nan=False)


class UtcTime(TypeDecorator[datetime]):
    """An instant. SQLite: canonical text; PostgreSQL: timestamptz. Results are aware datetimes in UTC."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return timestamptz on PostgreSQL and text elsewhere."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> Any:
        """Accept an aware datetime or a canonical text."""
        if value is None:
            return None
        if isinstance(value, str):
            instant = parse_time_text(value)
            return instant if dialect.name == "postgresql" else value
        text = time_text(value)
        return value if dialect.name == "postgresql" else text

    def process_result_value(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002  # the signature is SQLAlchemy's
    ) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        instant = parse_time_text(value) if isinstance(value, str) else cast("datetime", value)
        return instant.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value. SQLite: text; PostgreSQL: jsonb. None is SQL NULL, never JSON null."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return jsonb on PostgreSQL and text elsewhere."""
        return dialect.type_descriptor(JSONB(none_as_null=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> Any:
        """Accept any JSON value."""
        return value if dialect.name == "postgresql" else json_text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        """Return the JSON value."""
        return json.loads(value) if isinstance(value, str) and dialect.name != "postgresql" else value


_REAL: TypeEngine[Any] = Double().with_variant(REAL(), "sqlite")


def _column(
    sa_type: type[TypeEngine[Any]] | TypeEngine[Any],
    description: str,
    *,
    required: bool = False,
    index: bool = False,
    primary_key: bool = False,
    info: dict[str, Any] | None = None,
) -> Any:
    """Return a SQLModel field; `info` carries what the generated schema and documentation need to know."""
    kwargs: dict[str, Any] = {} if required else {"default": None}
    return Field(
        **kwargs,
        description=description,
        sa_type=cast("type[Any]", sa_type),  # SQLModel hands instances on as well as classes
        nullable=not required,
        index=index,
        primary_key=primary_key,
        sa_column_kwargs={"info": {"description": description, **(info or {})}},
    )


def key(description: str) -> Any:
    """Return the text column that is the primary key."""
    return _column(Text, description, required=True, primary_key=True)


def text(description: str, *, required: bool = False, index: bool = False) -> Any:
    """Return a column of Unicode text; also of ids, which are text."""
    return _column(Text, description, required=required, index=index)


def choice(members: type[StrEnum], description: str, *, required: bool = False) -> Any:
    """Return a column of text that takes the members of one enumeration."""
    return _column(Text, description, required=required, info={"enumeration": members})


def time(description: str, *, required: bool = False) -> Any:
    """Return a column of instants."""
    return _column(UtcTime, description, required=required)


def flag(description: str) -> Any:
    """Return a column of true, false or unknown."""
    return _column(Boolean, description)


def count(description: str) -> Any:
    """Return a column of 64-bit integers: counts and sizes."""
    return _column(BigInteger, description)


def position(description: str) -> Any:
    """Return a column of small integers: places in an order."""
    return _column(Integer, description)


def real(description: str, *, required: bool = False) -> Any:
    """Return a column of double precision numbers: scores, durations, amounts."""
    return _column(_REAL, description, required=required)


def json_value(shape: Shape, description: str) -> Any:
    """Return a column of JSON values of one shape."""
    return _column(Json, description, info={"shape": shape})
