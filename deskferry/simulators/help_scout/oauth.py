"""Tokens: client credentials, authorization code, refresh; two days each, refresh tokens used once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from deskferry.simulators.help_scout.errors import refused
from deskferry.simulators.kernel import SimClock, SimRequest, SimResponse, json_response

PATH = "/v2/oauth2/token"
APP_ID = "sim-app-id"
APP_SECRET = "sim-app-secret"
CODE = "sim-authorization-code"
REFRESH_TOKEN = "sim-refresh-token"
TWO_DAYS = 172_800.0


@dataclass(slots=True)
class Auth:
    """The app's credentials and the tokens issued to it. `life` is how many seconds an access token works."""

    clock: SimClock
    life: float = TWO_DAYS
    revoked: bool = False
    issued: int = 0
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: str = REFRESH_TOKEN
    codes: set[str] = field(default_factory=lambda: {CODE})

    def check(self, request: SimRequest) -> None:
        """Raise the 401 of a missing, unknown or expired token."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        until = self.tokens.get(token.strip()) if kind.lower() == "bearer" else None
        if self.revoked or until is None or until <= self.clock.now():
            raise refused(401, "The access token is missing, invalid or has expired")

    def new_token(self) -> str:
        """Return a new access token; those before it stay as good as they were."""
        self.issued += 1
        token = hashlib.sha256(f"access/{self.issued}".encode()).hexdigest()
        now = self.clock.now()
        self.tokens = {known: until for known, until in self.tokens.items() if until > now}
        self.tokens[token] = now + self.life
        return token

    def expire(self) -> int:
        """Make all access tokens expire now; return how many there were."""
        count = len(self.tokens)
        self.tokens.clear()
        return count

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer a request for a token, form-encoded or JSON."""
        values = _values(request)
        if values.get("client_id") != APP_ID or values.get("client_secret") != APP_SECRET or self.revoked:
            return _error(401, "invalid_client", "Client authentication failed")
        refusal = self._refusal(values)
        if refusal is not None:
            return refusal
        self.codes.discard(str(values.get("code")))
        return self._reply(renewable=values["grant_type"] != "client_credentials")

    def _refusal(self, values: dict[str, Any]) -> SimResponse | None:
        grant = values.get("grant_type")
        if grant not in ("client_credentials", "authorization_code", "refresh_token"):
            return _error(400, "unsupported_grant_type", "The grant type is not supported")
        if grant == "authorization_code" and values.get("code") not in self.codes:
            return _error(400, "invalid_grant", "The authorization code is invalid or was used")
        if grant == "refresh_token" and values.get("refresh_token") != self.refresh:
            return _error(400, "invalid_grant", "The refresh token is invalid or was used")
        return None

    def _reply(self, renewable: bool) -> SimResponse:
        body: dict[str, Any] = {"token_type": "bearer", "access_token": self.new_token(), "expires_in": int(self.life)}
        if renewable:
            self.refresh = hashlib.sha256(f"refresh/{self.issued}".encode()).hexdigest()
            body["refresh_token"] = self.refresh
        return json_response(body)


def _values(request: SimRequest) -> dict[str, Any]:
    if "json" not in request.headers.get("content-type", ""):
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        decoded = request.json()
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _error(status: int, code: str, text: str) -> SimResponse:
    return json_response({"error": code, "error_description": text}, status)
