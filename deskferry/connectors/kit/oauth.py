"""OAuth 2: access tokens that expire, refresh tokens that rotate, client credentials."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import httpx
import orjson

from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.faults import brief
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.hosts import network
from deskferry.connectors.kit.meter import Meter
from deskferry.connectors.kit.tokens import Tokens, TokenStore, seed_of
from deskferry.connectors.kit.transport import IDEMPOTENT, PLAIN, RetryTransport
from deskferry.errors import Refused
from deskferry.redaction import Secret

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class OAuthEndpoint:
    """Where and how a vendor issues tokens."""

    token_url: str
    style: Literal["form", "json"] = "form"
    client_in: Literal["body", "basic"] = "body"
    """Where client id and secret go."""
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What else the vendor wants in every token call (`scope`)."""
    access_field: str = "access_token"


@dataclass(frozen=True, slots=True)
class Client:
    """The application that asks, as registered with the vendor."""

    id: str
    secret: Secret | None = None


class TokenCalls:
    """Calls a token endpoint: retried like any call, but outside the account's limits."""

    def __init__(
        self,
        endpoint: OAuthEndpoint,
        client: Client,
        clock: Clock,
        *,
        connection: str = "",
        transport: httpx.BaseTransport | None = None,
        proxy: str | None = None,
        ca_bundle: str | Path | None = None,
    ) -> None:
        self.endpoint, self.client, self.connection = endpoint, client, connection
        self._clock = clock
        real = transport if transport is not None else network(endpoint.token_url, proxy, ca_bundle)
        self._stack = RetryTransport(real, clock=clock, governor=Governor(clock), meter=Meter(), vendor=connection)

    def issue(self, form: Mapping[str, str], seed: str) -> Tokens:
        """Return newly issued tokens; raises Refused with the vendor's words."""
        with httpx.Client(transport=_Open(self._stack), timeout=_TIMEOUT, trust_env=False) as client:
            # Repeating is right even after a time-out: the next run would have nothing else to try either.
            response = client.send(self._request(client, form))
        body = _json(response)
        token = body.get(self.endpoint.access_field)
        if not response.is_success or not isinstance(token, str) or not token:
            # Some vendors refuse with status 200 and an error inside.
            said = body.get("error_description") or body.get("error") or brief(response.text)
            raise Refused(
                f"{self.connection}: no token was issued (status {response.status_code}: {brief(said)}).",
                f"Check client id and secret, then grant access again (deskferry login {self.connection}).",
            )
        expires = body.get("expires_in")
        return Tokens(
            access_token=token,
            refresh_token=body.get("refresh_token") or None,
            expires_at=self._clock.now() + float(expires) if expires is not None else None,
            seed=seed,
        )

    def _request(self, client: httpx.Client, form: Mapping[str, str]) -> httpx.Request:
        values, headers = {**form, **self.endpoint.extra}, {"Accept": "application/json"}
        secret = "" if self.client.secret is None else self.client.secret.reveal()
        if self.endpoint.client_in == "basic":
            pair = base64.b64encode(f"{self.client.id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            values["client_id"] = self.client.id
            if secret:
                values["client_secret"] = secret
        url = self.endpoint.token_url
        if self.endpoint.style == "json":
            headers["Content-Type"] = "application/json"
            request = client.build_request("POST", url, content=orjson.dumps(values), headers=headers)
        else:
            request = client.build_request("POST", url, data=values, headers=headers)
        request.extensions[IDEMPOTENT], request.extensions[PLAIN] = True, True
        return request


class _Open(httpx.BaseTransport):
    """Keeps a transport open when the client around it is closed."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


class OAuth:
    """Credentials that renew themselves. Thread-safe, and safe among processes by the store's lock.

    With a `refresh_token` seed the refresh grant is used, else client credentials. The configuration only seeds: what
    the store keeps is used, unless the seed was changed since.
    """

    def __init__(
        self,
        calls: TokenCalls,
        store: TokenStore,
        clock: Clock,
        *,
        refresh_token: Secret | None = None,
        access_token: Secret | None = None,
        scheme: str = "Bearer",
        grant: Literal["refresh_token", "client_credentials"] = "refresh_token",
    ) -> None:
        self.calls, self.store, self._clock = calls, store, clock
        self._refresh_seed, self._access_seed = refresh_token, access_token
        self._scheme, self._grant = scheme, grant
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._seed: str | None = None

    @property
    def seed(self) -> str:
        """Return the hash of what the configuration gives, as it is kept with the tokens."""
        if self._seed is None:
            self._seed = seed_of(self.calls.client.id, self._refresh_seed, self._access_seed)
        return self._seed

    def headers(self) -> Mapping[str, str]:
        """Return the header with a token that is good for a moment at least."""
        with self._lock:
            tokens = self._tokens if self._tokens is not None else self._kept()
            if tokens is None or not tokens.fresh(self._clock.now()):
                tokens = self._renewed(None if tokens is None else tokens.access_token)
            self._tokens = tokens
            return self._header(tokens)

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Return True once there are other tokens than the refused ones."""
        with self._lock:
            if self._tokens is not None and self._header(self._tokens) != dict(refused):
                return True  # another thread was faster
            self._tokens = self._renewed(None if self._tokens is None else self._tokens.access_token)
            return True

    def _header(self, tokens: Tokens) -> dict[str, str]:
        return {"Authorization": f"{self._scheme} {tokens.access_token}"}

    def _kept(self) -> Tokens | None:
        stored = self.store.load()
        if stored is not None and stored.seed == self.seed:
            return stored
        if self._access_seed is not None:
            return Tokens(self._access_seed.reveal(), seed=self.seed)
        return None

    def _renewed(self, stale: str | None) -> Tokens:
        """Return new tokens: those that another process fetched meanwhile, or our own."""
        with self.store.locked():
            stored = self.store.load()
            ours = stored is not None and stored.seed == self.seed
            if stored is not None and ours and stored.access_token != stale and stored.fresh(self._clock.now()):
                return stored
            refresh = stored.refresh_token if stored is not None and ours else None
            if refresh is None and self._refresh_seed is not None:
                refresh = self._refresh_seed.reveal()
            issued = self.calls.issue(self._form(refresh), self.seed)
            if issued.refresh_token is None and refresh is not None:
                issued = Tokens(issued.access_token, refresh, issued.expires_at, issued.seed)
            # Before the new access token is used: a crash must not leave us with a used refresh token.
            self.store.save(issued)
            return issued

    def _form(self, refresh: str | None) -> dict[str, str]:
        if self._grant == "client_credentials":
            return {"grant_type": "client_credentials"}
        if refresh is None:
            raise Refused(
                f"{self.calls.connection}: there is no refresh token, neither configured nor in {self.store.where}.",
                f"Log in first: deskferry login {self.calls.connection}.",
            )
        return {"grant_type": "refresh_token", "refresh_token": refresh}
