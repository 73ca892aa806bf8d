"""What a Freshdesk connection is configured with, and the HTTP session that it makes."""

from __future__ import annotations

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from deskferry.config import ConnectionConfig
from deskferry.connectors.freshdesk.limits import BUCKETS
from deskferry.connectors.kit.auth import BasicAuth
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.limits import Pace, quiet_hours
from deskferry.connectors.kit.links import Address
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.settings import parse_settings
from deskferry.connectors.kit.verdicts import Stop, Verdict
from deskferry.errors import ConfigError, Refused
from deskferry.redaction import Secret

PREFIX = "/api/v2"
_SUFFIX = ".freshdesk.com"
_STOPS = {
    "account_suspended": "The account is suspended.",
    "password_lockout": "The account locked this user out after wrong passwords.",
    "password_expired": "The password of this user has expired.",
    "ssl_required": "The account answers https only.",
}


class FreshdeskSettings(BaseModel):
    """A Freshdesk account."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)

    domain: str = Field("", description="The account: `acme` of acme.freshdesk.com; not a portal's own domain")
    api_key: Secret = Field(description="API key of an agent (profile settings); an administrator's sees most")
    base_url: str | None = Field(None, description="Origin to call instead, for a proxy or a simulator")
    whole_contacts: bool = Field(
        True, description="Read each new or changed contact by itself: the list lacks tags and further addresses"
    )
    page_size: int = Field(100, ge=1, le=100, description="Rows a page")

    @field_validator("domain")
    @classmethod
    def _bare(cls, value: str) -> str:
        """Accept `acme`, `acme.freshdesk.com` and the address of the desk."""
        bare = value.strip().removeprefix("https://").rstrip("/")
        return bare.removesuffix(_SUFFIX)

    @property
    def host(self) -> str:
        """The vendor's host of this account; "" where only `base_url` is known."""
        return f"{self.domain}{_SUFFIX}" if self.domain else ""

    @property
    def origin(self) -> str:
        """What is called; raises ConfigError where nothing says it."""
        if not self.base_url and not self.domain:
            raise ConfigError("A Freshdesk connection needs its domain.", 'Add a line such as domain = "acme".')
        return self.base_url or f"https://{self.host}"


def verdict(_request: httpx.Request, result: httpx.Response | Exception) -> Verdict | None:
    """Stop on a 403 that concerns the account and not the call; the rest is judged by the customs of HTTP."""
    if isinstance(result, Exception) or result.status_code != 403:
        return None
    try:
        body = result.json()
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    if code in _STOPS:
        return Stop(Refused(f"freshdesk: {_STOPS[code]}", "Settle it in the desk, then run the same command again."))
    return None


def open_session(connection: ConnectionConfig, clock: Clock, transport: httpx.BaseTransport | None = None) -> Session:
    """Return the session of an account: HTTP Basic with the key as user and any password."""
    settings = parse_settings(FreshdeskSettings, connection)
    quiet = quiet_hours(connection.quiet_hours) if connection.quiet_hours else None
    pace = Pace(connection.share_of_limit, connection.requests_per_minute, quiet)
    return Session(
        settings.origin,
        BasicAuth(settings.api_key, "X"),
        clock=clock,
        governor=Governor(clock, BUCKETS, pace),
        verdict=verdict,
        hosts=(settings.host or _SUFFIX,),
        prefix=PREFIX,
        vendor="freshdesk",
        transport=transport,
        proxy=connection.proxy,
        ca_bundle=connection.ca_bundle,
    )


def site(connection: ConnectionConfig) -> str:
    """Return the origin of the agents' user interface."""
    settings = parse_settings(FreshdeskSettings, connection)
    return f"https://{settings.host}" if settings.host else settings.origin


ADDRESSES = (
    Address("ticket", "ticket", ("/a/tickets/{id}", "/helpdesk/tickets/{id}", "/support/tickets/{id}")),
    Address("organization", "company", ("/a/companies/{id}",)),
    Address("person", "user", ("/a/contacts/{id}",)),
    Address(
        "article",
        "article",
        (
            "/support/solutions/articles/{id}",
            "/{any}/support/solutions/articles/{id}",
            "/a/solutions/articles/{id}",
        ),
    ),
)
"""Where a person looks at records: the agents' interface, the one before it, and the portal."""
