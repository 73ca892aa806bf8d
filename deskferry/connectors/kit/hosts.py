"""Where a session may go, and where its credentials may: its own origin, the vendor's own hosts, nobody else."""

from __future__ import annotations

import ssl
import urllib.request
from pathlib import Path

import httpx

from deskferry.addresses import is_loopback
from deskferry.errors import ConfigError, Refused


def origin(url: httpx.URL | str) -> str:
    """Return scheme, host and port of a URL, without the usual port."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


class Hosts:
    """The connection's own hosts: by name, or every host below a suffix that begins with a dot (`.zendesk.com`).

    A suffix is for accounts of which only a `base_url` elsewhere is known: a proxy, a recording, a simulator.
    """

    def __init__(self, base_url: str, names: tuple[str, ...]) -> None:
        self._base = httpx.URL(base_url)
        self._origin = origin(self._base)
        self._names = {name.lower() for name in names if not name.startswith(".")}
        self._suffixes = tuple(name.lower() for name in names if name.startswith("."))

    def _named(self, host: str) -> bool:
        return host in self._names or (
            host.endswith(self._suffixes) and not self._base.host.lower().endswith(self._suffixes)
        )

    def own(self, url: str) -> bool:
        """Return whether a URL, as `localise` returns it, may carry the credentials."""
        return origin(url) == self._origin

    def localise(self, url: str) -> str:
        """Return a link to one of the vendor's own hosts as a link on `base_url`; others as they are."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Refused("The vendor sent a link that is not a URL.", "It is not followed.") from error
        if parsed.userinfo:  # never a credential of ours, and it hides which host is meant
            parsed = parsed.copy_with(userinfo=b"")
            url = str(parsed)
        if not self._named(parsed.host.lower()) or origin(parsed) == self._origin:
            return url
        if parsed.port is not None:  # another service on the vendor's host
            return url
        return self._origin + parsed.raw_path.decode("ascii")

    def permitted(self, url: str) -> bool:
        """Return whether a foreign URL may be called at all: https, or this machine when the account is on it too."""
        parsed = httpx.URL(url)
        if parsed.scheme == "https":
            return bool(parsed.host)
        return parsed.scheme == "http" and is_loopback(parsed.host) and is_loopback(self._base.host)


def proxy_for(base_url: str, configured: str | None) -> str | None:
    """Return the proxy of a connection: the configured one, else the environment's; never for this machine."""
    parsed = httpx.URL(base_url)
    if configured is not None:
        return configured or None
    if is_loopback(parsed.host) or urllib.request.proxy_bypass(parsed.host):
        return None
    return urllib.request.getproxies().get(parsed.scheme)


def network(base_url: str, proxy: str | None = None, ca_bundle: str | Path | None = None) -> httpx.HTTPTransport:
    """Return the transport that really calls, by the connection's proxy and certificate authority."""
    trusted: ssl.SSLContext | bool = True
    if ca_bundle is not None:
        try:
            trusted = ssl.create_default_context(cafile=str(ca_bundle))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_bundle {ca_bundle} cannot be read ({error}).", "It is a PEM file.") from error
    return httpx.HTTPTransport(
        verify=trusted,
        proxy=proxy_for(base_url, proxy),
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
    )
