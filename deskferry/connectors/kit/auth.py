"""Credentials of a session: what goes into the headers, and how a refused one is renewed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
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
    """Headers that never change: none, or those of a static scheme, made at the first call."""

    def __init__(self, make: Callable[[], Mapping[str, str]] = dict) -> None:
        self._make = make
        self._headers: Mapping[str, str] | None = None

    def headers(self) -> Mapping[str, str]:
        """Return the same headers every time; a variable that is missing matters only now."""
        if self._headers is None:
            self._headers = self._make()
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: there is nothing else to try."""
        return False


class BasicAuth(Fixed):
    """HTTP Basic: user and password, either of which may be the secret (`KEY:X`, `mail/token:KEY`)."""

    def __init__(self, user: str | Secret, password: str | Secret) -> None:
        super().__init__(lambda: _basic(_plain(user), _plain(password)))


class TokenAuth(Fixed):
    """A token in the Authorization header under a scheme (`Bearer` by default)."""

    def __init__(self, token: Secret, scheme: str = "Bearer") -> None:
        super().__init__(lambda: {"Authorization": f"{scheme} {checked(token.reveal())}"})


def _plain(part: str | Secret) -> str:
    return part.reveal() if isinstance(part, Secret) else part


def _basic(user: str, password: str) -> Mapping[str, str]:
    register_pair(user, password)
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def checked(token: str) -> str:
    """Return a token; raises ConfigError where no HTTP header can carry it."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            "A token holds characters that no HTTP header can carry.",
            "Copy it again, without quotes, blanks and line breaks.",
        )
    return token
