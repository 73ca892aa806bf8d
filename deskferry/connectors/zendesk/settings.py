"""What a Zendesk connection is configured with, and the HTTP session that it makes."""

from __future__ import annotations

from typing import Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.auth import Auth, BasicAuth, TokenAuth
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.links import Address
from deskferry.connectors.kit.oauth import Client, OAuth, OAuthEndpoint
from deskferry.connectors.kit.opening import build_oauth, build_session
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.settings import parse_settings
from deskferry.connectors.kit.verdicts import Again, Verdict
from deskferry.connectors.zendesk.limits import BUCKETS, readings
from deskferry.errors import ConfigError
from deskferry.redaction import Secret

PREFIX = "/api/v2"
SUFFIX = ".zendesk.com"
SCOPES = ("read", "write")
DEPRECATION = (
    "This connection uses an API token, which the vendor withdraws: none can be made after 2026-10-27, all stop on "
    "2027-04-30. Register an OAuth client and set client_id, client_secret and refresh_token (deskferry login)."
)


class ZendeskSettings(BaseModel):
    """A Zendesk account."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)

    subdomain: str = Field("", description="The account: `acme` of acme.zendesk.com")
    client_id: str | None = Field(None, description="Identifier of the OAuth client (Admin Center, OAuth clients)")
    client_secret: Secret | None = Field(None, description="Secret of the OAuth client")
    refresh_token: Secret | None = Field(None, description="First refresh token; each is used once and replaced")
    oauth_token: Secret | None = Field(None, description="OAuth access token of an administrator, with scope `read`")
    email: str | None = Field(None, description="E-mail address of the user whose API token it is")
    api_token: Secret | None = Field(None, description="API token; the vendor withdraws them by 2027-04-30")
    base_url: str | None = Field(None, description="Origin to call instead, for a proxy or a simulator")
    page_size: int = Field(1000, ge=1, le=1000, description="Rows a page of the exports; lists have 100 at most")

    @field_validator("subdomain")
    @classmethod
    def _bare(cls, value: str) -> str:
        """Accept `acme`, `acme.zendesk.com` and the address of the desk."""
        return value.strip().lower().removeprefix("https://").rstrip("/").removesuffix(SUFFIX)

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        """Refuse a connection without credentials, and half of a pair."""
        if self.client_id or self.client_secret:
            if not (self.client_id and self.client_secret):
                raise ValueError("client_id and client_secret belong together")
        elif self.oauth_token is None and not (self.email and self.api_token):
            raise ValueError(
                "credentials are missing: client_id, client_secret and refresh_token, or oauth_token, or email and "
                "api_token"
            )
        return self

    @property
    def host(self) -> str:
        """The vendor's host of this account; "" where only `base_url` is known."""
        return f"{self.subdomain}{SUFFIX}" if self.subdomain else ""

    @property
    def origin(self) -> str:
        """What is called; raises ConfigError where nothing says it."""
        if not self.base_url and not self.subdomain:
            raise ConfigError("A Zendesk connection needs its subdomain.", 'Add a line such as subdomain = "acme".')
        return self.base_url or f"https://{self.host}"

    @property
    def by_api_token(self) -> bool:
        """Whether the credentials are an API token, which the vendor withdraws."""
        return not self.client_id and self.oauth_token is None


def verdict(request: httpx.Request, result: httpx.Response | Exception) -> Verdict | None:
    """Repeat an update that met another one (409 UpdateConflict, nothing was changed); the rest is as usual."""
    if not isinstance(result, Exception) and result.status_code == 409 and request.method == "PUT":
        return Again(untouched=True, why="update conflict")
    return None


def _oauth(
    settings: ZendeskSettings, connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None
) -> OAuth:
    assert settings.client_id is not None
    return build_oauth(
        connection,
        clock,
        transport,
        # Without `scope`: a renewed token keeps what was granted.
        OAuthEndpoint(f"{settings.origin}/oauth/tokens", style="json"),
        Client(settings.client_id, settings.client_secret),
        refresh_token=settings.refresh_token,
        access_token=settings.oauth_token,
    )


def oauth(connection: ConnectionConfig, clock: Clock) -> OAuth:
    """Return the OAuth credentials of a connection; raises ConfigError when it names no client."""
    settings = parse_settings(ZendeskSettings, connection)
    if settings.client_id is None:
        raise ConfigError(
            f"{connection.name} names no OAuth client.",
            "Register one (Admin Center, OAuth clients) and set client_id and client_secret.",
        )
    return _oauth(settings, connection, clock, None)


def _auth(
    settings: ZendeskSettings, connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None
) -> Auth:
    if settings.client_id:
        return _oauth(settings, connection, clock, transport)
    if settings.oauth_token is not None:
        return TokenAuth(settings.oauth_token)
    assert settings.api_token is not None
    return BasicAuth(f"{settings.email}/token", settings.api_token)


def open_session(connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None = None) -> Session:
    """Return the session of an account, by the best credentials that are configured."""
    settings = parse_settings(ZendeskSettings, connection)
    return build_session(
        connection,
        clock,
        transport,
        _auth(settings, connection, clock, transport),
        origin=settings.origin,
        prefix=PREFIX,
        hosts=(settings.host or SUFFIX,),
        buckets=BUCKETS,
        verdict=verdict,
        read_limits=readings,
    )


def authorize_url(connection: ConnectionConfig) -> str:
    """Return where a person grants access."""
    return f"{parse_settings(ZendeskSettings, connection).origin}/oauth/authorizations/new"


def site(connection: ConnectionConfig) -> str:
    """Return the origin of the agents' user interface."""
    settings = parse_settings(ZendeskSettings, connection)
    return f"https://{settings.host}" if settings.host else settings.origin


ADDRESSES = (
    Address(
        "ticket",
        "ticket",
        (
            "/agent/tickets/{id}",
            "/agent/#/tickets/{id}",
            "/tickets/{id}",
            "/requests/{id}",
            "/hc/requests/{id}",
            "/hc/{any}/requests/{id}",
        ),
    ),
    Address("organization", "organization", ("/agent/organizations/{id}", "/organizations/{id}")),
    Address("person", "user", ("/agent/users/{id}", "/users/{id}")),
    Address("article", "article", ("/hc/articles/{id}", "/hc/{any}/articles/{id}")),
)
"""Where a person looks at records: the agents' interface, the one before it, and the Help Center."""
