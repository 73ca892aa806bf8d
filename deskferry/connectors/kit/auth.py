"""Credentials of a session: what goes into the headers, and how a refused one is renewed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol

from deskferry.errors import ConfigError
from deskferry.redaction import Secret, register_pair


class Auth(Protocol):
    """Supplies the headers of every call to the connection's own hosts."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the credentials; may fetch a token first."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401 on these headers: return whether other credentials are at hand now."""
        ...


class Fixed:
    """Headers that never change: `Bearer`, `Basic` and any other static scheme."""

    def __init__(self, make: Mapping[str, str] | None = None) -> None:
        self._headers = dict(make or {})

    def headers(self) -> Mapping[str, str]:
        """Return the same headers every time."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: there is nothing else to try."""
        return False


class _Lazy(Fixed):
    def headers(self) -> Mapping[str, str]:
        """Return the headers, made at the first call: a missing variable matters only then."""
        if not self._headers:
            self._headers = dict(self._make())
        return self._headers

    def _make(self) -> Mapping[str, str]:
        raise NotImplementedError


class BasicAuth(_Lazy):
    """HTTP Basic: user and password, either of which may be the secret (`KEY:X`, `mail/token:KEY`)."""

    def __init__(self, user: str | Secret, password: str | Secret) -> None:
        super().__init__()
        self._user, self._password = user, password

    def _make(self) -> Mapping[str, str]:
        user, password = (part.reveal() if isinstance(part, Secret) else part for part in (self._user, self._password))
        register_pair(user, password)
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class TokenAuth(_Lazy):
    """A token in the Authorization header under a scheme (`Bearer` by default)."""

    def __init__(self, token: Secret, scheme: str = "Bearer") -> None:
        super().__init__()
        self._token, self._scheme = token, scheme

    def _make(self) -> Mapping[str, str]:
        return {"Authorization": f"{self._scheme} {checked(self._token.reveal())}"}


def checked(token: str) -> str:
    """Return a token; raises ConfigError where no HTTP header can carry it."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            "A token holds characters that no HTTP header can carry.",
            "Copy it again, without quotes, blanks and line breaks.",
        )
    return token
