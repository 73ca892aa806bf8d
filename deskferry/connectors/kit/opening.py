"""From a configured connection to what a connector works with: its session, and credentials that renew themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.auth import Auth
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.limits import Bucket, ReadLimits, pace_of, standard_readings
from deskferry.connectors.kit.oauth import Client, OAuth, OAuthEndpoint, TokenCalls
from deskferry.connectors.kit.session import Session
from deskferry.connectors.kit.tokens import token_store
from deskferry.connectors.kit.verdicts import Judge
from deskferry.errors import CapabilityError


def build_session(  # noqa: PLR0913 - what a vendor may differ in, each named by the caller
    connection: ConnectionConfig,
    clock: Clock,
    transport: httpx.BaseTransport | None,
    auth: Auth,
    *,
    origin: str,
    prefix: str = "",
    hosts: Sequence[str] = (),
    buckets: Sequence[Bucket] = (),
    verdict: Judge | None = None,
    concurrency: int | None = None,
    read_limits: ReadLimits = standard_readings,
    headers: Mapping[str, str] | None = None,
    governor: Governor | None = None,
) -> Session:
    """Return the session of a connection with the user's pace, proxy and certificates; makes no call.

    `origin` is where the vendor lives; the connection's `base_url` takes its place. A second host of the same account
    shares the first one's `governor`.
    """
    if governor is None:
        governor = Governor(clock, buckets, pace_of(connection, concurrency), read_limits)
    return Session(
        connection.base_url or origin,
        auth,
        clock=clock,
        governor=governor,
        verdict=verdict,
        hosts=hosts,
        prefix=prefix,
        vendor=connection.vendor,
        headers=headers,
        transport=transport,
        proxy=connection.proxy,
        ca_bundle=connection.ca_bundle,
    )


def build_oauth(
    connection: ConnectionConfig,
    clock: Clock,
    transport: httpx.BaseTransport | None,
    endpoint: OAuthEndpoint,
    client: Client,
    **seeds: Any,
) -> OAuth:
    """Return the OAuth credentials of a connection, kept where it is configured; makes no call.

    `seeds` are those of `OAuth`: `refresh_token`, `access_token`, `scheme`, `grant`.
    """
    calls = TokenCalls(
        endpoint,
        client,
        clock,
        connection=connection.name,
        transport=transport,
        proxy=connection.proxy,
        ca_bundle=connection.ca_bundle,
    )
    return OAuth(calls, token_store(connection), clock, **seeds)


class _NoNetwork(httpx.BaseTransport):
    """Refuses every call before it is made."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse."""
        raise CapabilityError(f"{request.method} {request.url.host} is not called: this connection has no network.")


def offline_session(connection: ConnectionConfig, clock: Clock, place: str) -> Session:
    """Return the session of a connection that makes no calls; `place` stands where others have their origin."""
    session = Session("http://localhost", clock=clock, vendor=connection.vendor, transport=_NoNetwork())
    session.base_url = place
    return session
