"""What a Help Scout connection is configured with, and the HTTP sessions that it makes: Inbox API and Docs API."""

from __future__ import annotations

from typing import Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from deskferry.addresses import check_origin
from deskferry.config import ConnectionConfig
from deskferry.connectors.help_scout.limits import BUCKETS, DOCS_BUCKETS
from deskferry.connectors.kit.auth import Auth, BasicAuth, TokenAuth
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.limits import pace_of
from deskferry.connectors.kit.links import Address
from deskferry.connectors.kit.oauth import Client, OAuthEndpoint
from deskferry.connectors.kit.opening import build_oauth
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.settings import parse_settings
from deskferry.redaction import Secret

HOST, DOCS_HOST, SITE = "api.helpscout.net", "docsapi.helpscout.net", "https://secure.helpscout.net"
PREFIX, DOCS_PREFIX = "/v2", "/v1"


class HelpScoutSettings(BaseModel):
    """A Help Scout account."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)

    app_id: str | None = Field(None, description="Id of an OAuth app (Your profile, My apps)")
    app_secret: Secret | None = Field(None, description="Secret of the OAuth app")
    access_token: Secret | None = Field(None, description="A token alone, for a try: it lives two days")
    docs_api_key: Secret | None = Field(
        None, description="Key of the Docs API (Your profile, API keys), for the knowledge base"
    )
    base_url: str | None = Field(None, description="Origin to call instead, for a proxy or a simulator")
    auth_url: str | None = Field(None, description="Origin that issues tokens, where it is not base_url")
    docs_url: str | None = Field(None, description="Origin of the Docs API, where it is not base_url")

    @field_validator("auth_url", "docs_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        """Refuse what is no origin, and plain http beyond this machine."""
        return None if value is None else check_origin(value)

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        """Refuse a connection without credentials, and half of a pair."""
        if bool(self.app_id) != (self.app_secret is not None):
            raise ValueError("app_id and app_secret belong together")
        if not self.app_id and self.access_token is None:
            raise ValueError("credentials are missing: app_id and app_secret, or access_token")
        return self

    @property
    def origin(self) -> str:
        """Where the Inbox API is called."""
        return self.base_url or f"https://{HOST}"

    @property
    def token_url(self) -> str:
        """Where tokens are issued."""
        return f"{self.auth_url or self.origin}{PREFIX}/oauth2/token"

    @property
    def docs_origin(self) -> str:
        """Where the Docs API is called."""
        return self.docs_url or self.base_url or f"https://{DOCS_HOST}"


class HelpScoutSession(Session):
    """The session of an account. `docs` is the one of its Docs API, which has credentials and limits of its own."""

    docs: Session | None = None

    def close(self) -> None:
        """Close the connections of both."""
        if self.docs is not None:
            self.docs.close()
        super().close()


def open_session(
    connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None = None
) -> HelpScoutSession:
    """Return the session of an account: a token by client credentials, renewed when it runs out or is refused."""
    settings = parse_settings(HelpScoutSettings, connection)
    shared: dict[str, Any] = {
        "clock": clock, "vendor": "help_scout", "transport": transport, "proxy": connection.proxy,
        "ca_bundle": connection.ca_bundle,
    }  # fmt: skip
    pace = pace_of(connection)
    session = HelpScoutSession(
        settings.origin,
        _auth(settings, connection, clock, transport),
        governor=Governor(clock, BUCKETS, pace),
        hosts=(HOST,),
        prefix=PREFIX,
        **shared,
    )
    if settings.docs_api_key is not None:
        session.docs = Session(
            settings.docs_origin,
            BasicAuth(settings.docs_api_key, "X"),
            governor=Governor(clock, DOCS_BUCKETS, pace),
            hosts=(DOCS_HOST,),
            prefix=DOCS_PREFIX,
            meter=session.meter,
            **shared,
        )
    return session


def _auth(
    settings: HelpScoutSettings, connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None
) -> Auth:
    if not settings.app_id:
        assert settings.access_token is not None
        return TokenAuth(settings.access_token)
    return build_oauth(
        connection,
        clock,
        transport,
        OAuthEndpoint(settings.token_url),
        Client(settings.app_id, settings.app_secret),
        access_token=settings.access_token,
        grant="client_credentials",
    )


def site(_connection: ConnectionConfig) -> str:
    """Return the origin of the agents' user interface: one for all accounts."""
    return SITE


ADDRESSES = (
    Address("ticket", "conversation", ("/conversation/{id}", "/conversation/{id}/{any}")),
    Address("person", "customer", ("/customers/{id}", "/customer/{id}", "/customers/{id}/{any}")),
)
"""Where a person looks at records. Articles lie below the site's own domain, by number and not by id."""
