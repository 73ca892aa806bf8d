"""Who calls: Basic with an API token, Bearer with OAuth access tokens; their roles and scopes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from deskferry.simulators.kernel import SimClock, SimRequest
from deskferry.simulators.zendesk.errors import expired_token, forbidden, unauthenticated

API_TOKEN: Final = "sim-api-token"
ACCESS_TOKEN: Final = "sim-access-token"
REFRESH_TOKEN: Final = "sim-refresh-token"
CLIENT_ID: Final = "deskferry"
CLIENT_SECRET: Final = "sim-client-secret"
PUBLIC_CLIENT_ID: Final = "deskferry_public"
READ: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request. `user_id` is None for nobody; `scopes` is None with Basic credentials."""

    user_id: int | None
    role: str = "anonymous"
    scopes: tuple[str, ...] | None = None
    token: str | None = None
    issued_at: float = 0.0
    expires_at: float | None = None


@dataclass(slots=True)
class Token:
    """An access token with its refresh token."""

    access: str
    refresh: str | None
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    refresh_expires_at: float | None = None
    client_id: str = CLIENT_ID


@dataclass(slots=True)
class Auth:
    """The credentials of an account: one user, whose role can change, and the tokens issued to them."""

    clock: SimClock
    user_id: int
    email: str
    role: str = "admin"
    revoked: bool = False
    api_tokens_enabled: bool = True
    password: str | None = None
    passwords: dict[str, tuple[int, str]] = field(default_factory=dict)  # of others, by e-mail
    role_of: Callable[[int], str] = lambda _: "end-user"
    tokens: dict[str, Token] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issued: int = 0

    def __post_init__(self) -> None:
        """Issue the first tokens: one that lives long, and a refresh token for a client that has none yet."""
        now = self.clock.now()
        self.tokens[ACCESS_TOKEN] = Token(ACCESS_TOKEN, None, ("read", "write"), now, None)
        first = Token("sim-first-access-token", REFRESH_TOKEN, ("read", "write"), now, now)
        self.tokens[first.access] = first

    def issue(self, client_id: str, scopes: tuple[str, ...], lifetime: float, refresh_lifetime: float | None) -> Token:
        """Return a new pair of tokens."""
        self.issued += 1
        now = self.clock.now()
        access = hashlib.sha256(f"access/{client_id}/{self.issued}".encode()).hexdigest()
        refresh = hashlib.sha256(f"refresh/{client_id}/{self.issued}".encode()).hexdigest()
        until = now + refresh_lifetime if refresh_lifetime is not None else None
        token = Token(access, refresh if until is not None else None, scopes, now, now + lifetime, until, client_id)
        self.tokens[access] = token
        return token

    def caller(self, request: SimRequest) -> Caller:
        """Return who calls; wrong credentials end the request, none make nobody of the caller."""
        header = request.headers.get("authorization", "")
        kind, _, value = header.partition(" ")
        if not header:
            return Caller(None)
        if self.revoked:
            raise unauthenticated()
        if kind.lower() == "bearer":
            return self._bearer(value.strip())
        if kind.lower() != "basic":
            raise unauthenticated()
        return Caller(self.user_id, self.role) if self._basic(value.strip()) else self._other(value.strip())

    def _bearer(self, value: str) -> Caller:
        token = self.tokens.get(value)
        if token is None or (token.expires_at is not None and token.expires_at <= self.clock.now()):
            raise expired_token()
        return Caller(self.user_id, self.role, token.scopes, value, token.created_at, token.expires_at)

    def _other(self, value: str) -> Caller:
        """Return somebody else who signed in with a password."""
        name, secret = _pair(value)
        user_id, password = self.passwords.get(name.lower(), (0, ""))
        if not password or secret != password:
            raise unauthenticated()
        return Caller(user_id, self.role_of(user_id))

    def _basic(self, value: str) -> bool:
        name, secret = _pair(value)
        if name.lower() == f"{self.email}/token":
            return self.api_tokens_enabled and secret == API_TOKEN
        return name.lower() == self.email and self.password is not None and secret == self.password


def _pair(value: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def require_scope(caller: Caller, request: SimRequest, resource: str, broad: bool = False) -> None:
    """End a request whose token has no scope for it; `broad` ones want the global scope."""
    if caller.scopes is None:
        return
    verb = "read" if request.method in READ else "write"
    wanted = {verb} if broad else {verb, f"{resource}:{verb}"}
    if not wanted & set(caller.scopes):
        raise forbidden("You are missing the following required scopes: " + " ".join(sorted(wanted)))
