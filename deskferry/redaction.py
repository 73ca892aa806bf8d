"""Secrets: values that print as `***`, and a registry by which texts and logs are cleaned of them."""

from __future__ import annotations

import base64
import logging
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
_WHOLE_TOKEN_ONLY = 6
"""Shorter secrets are masked only where they stand alone: a one-letter secret must not eat every such letter."""
_NEVER = 2
"""A secret of one character is not masked at all: nothing would be hidden and every text would be mangled."""


class Secret:
    """A secret value: `str()` and `repr()` show `***`, `reveal()` returns the value and registers it for redaction.

    The value may come from a function, called at the first `reveal()`: a missing variable only matters when needed.
    """

    __slots__ = ("_source", "_value")

    def __init__(self, value: str | Callable[[], str]) -> None:
        self._source = value
        self._value: str | None = None
        if isinstance(value, str):
            self._value = value
            register(value)

    def reveal(self) -> str:
        """Return the value itself; raises ConfigError when its reference leads nowhere."""
        if self._value is None:
            assert not isinstance(self._source, str)
            self._value = self._source()
            register(self._value)
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce__(self) -> Any:
        raise TypeError("A secret is never pickled.")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Let settings models declare `token: Secret`: strings become secrets, dumps show `***`."""
        from pydantic_core import core_schema  # noqa: PLC0415 - config must not need pydantic

        def build(value: object) -> Secret:
            if isinstance(value, Secret):
                return value
            if isinstance(value, str) and value:
                return Secret(value)
            raise ValueError("a secret is text: env:NAME, file:PATH or keyring:NAME")

        return core_schema.no_info_plain_validator_function(
            build, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


class _Registry:
    """All revealed secrets of the process, in the forms in which they travel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, forms: Iterable[str]) -> None:
        with self._lock:
            new = {form for form in forms if len(form) >= _NEVER} - self._forms
            if new:
                self._forms |= new
                longest_first = sorted(self._forms, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(_form_pattern, longest_first)))

    def clean(self, text: str) -> str:
        pattern = self._pattern
        return text if pattern is None else pattern.sub(MASK, text)


def _form_pattern(form: str) -> str:
    escaped = re.escape(form)
    if len(form) >= _WHOLE_TOKEN_ONLY:
        return escaped
    return rf"(?<![\w]){escaped}(?![\w])"


_REGISTRY = _Registry()


def _encoded(value: str) -> set[str]:
    raw = value.encode()
    plain, urlsafe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    escaped = value.encode("unicode_escape").decode().replace('"', '\\"')
    return {
        value, quote(value, safe=""), quote(value), quote_plus(value), escaped,
        plain, plain.rstrip("="), urlsafe, urlsafe.rstrip("="),
    }  # fmt: skip


def register(value: str) -> None:
    """Have a secret masked from now on: plain, base64 and URL-encoded."""
    stripped = value.strip()
    if stripped:
        _REGISTRY.add(_encoded(stripped))


def register_pair(user: str, password: str) -> None:
    """Have the Basic header of a user and password masked, in every form."""
    if password.strip() or user.strip():
        _REGISTRY.add(_encoded(f"{user}:{password}"))


_HEADER = re.compile(
    r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:[a-z-]+\s+)?|\b(?:basic|bearer|zoho-oauthtoken)\s+(?=\S*[0-9=]))"
    r"([A-Za-z0-9._~+/=-]{8,})"
)
"""Authorization headers, also of credentials that were never registered. Prose such as "basic information" stays."""


def redact(text: str) -> str:
    """Return the text with every known secret and every authorization header masked."""
    return _HEADER.sub(lambda match: match.group(1) + MASK, _REGISTRY.clean(text))


class RedactingFilter(logging.Filter):
    """A filter for log handlers: no secret leaves through a message, its arguments or a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place; always lets it pass."""
        message = record.getMessage()
        record.msg, record.args = redact(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
