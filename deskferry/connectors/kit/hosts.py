"""Where a session may go, and where its credentials may: its own origin, the vendor's own hosts, nobody else."""

from __future__ import annotations

import ipaddress
import urllib.request

import httpx

from deskferry.errors import ConfigError, Refused


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def origin(url: httpx.URL | str) -> str:
    """Return scheme, host and port of a URL, without the usual port."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def check_origin(base_url: str, name: str = "base_url") -> str:
    """Return a base URL as an origin; raises ConfigError where it is none, or plain http to another machine."""
    try:
        parsed = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigError(f"{name} {base_url!r} is not a URL.", "It looks like https://acme.example.com.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigError(f"{name} {base_url!r} is not a URL.", "It looks like https://acme.example.com.")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ConfigError(f"{name} of {parsed.host} is more than an origin.", "Leave out user, query and fragment.")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise ConfigError(f"{name} {base_url!r} is plain http.", "Use https; plain http is allowed on loopback only.")
    if parsed.path.strip("/"):
        raise ConfigError(
            f"{name} {base_url!r} has a path.", f"Write {origin(parsed)}: the connector adds the path itself."
        )
    return origin(parsed)


class Hosts:
    """The connection's own hosts."""

    def __init__(self, base_url: str, names: tuple[str, ...]) -> None:
        self._base = httpx.URL(base_url)
        self._origin = origin(self._base)
        self._names = {name.lower() for name in names}

    def own(self, url: str) -> bool:
        """Return whether a URL, as `localise` returns it, may carry the credentials."""
        return origin(url) == self._origin

    def localise(self, url: str) -> str:
        """Return a link to one of the vendor's own hosts as a link on `base_url`; others as they are."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Refused("The vendor sent a link that is not a URL.", "It is not followed.") from error
        if parsed.host.lower() not in self._names or origin(parsed) == self._origin:
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
