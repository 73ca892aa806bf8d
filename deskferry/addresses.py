"""Which addresses a connection may name: origins, https, or plain http on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from deskferry.errors import ConfigError

_EXAMPLE = "It looks like https://acme.example.com."


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_origin(url: str, name: str = "base_url") -> str:
    """Return a URL as an origin; raises ConfigError where it is none, or plain http to another machine."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{name} {url!r} is not a URL.", _EXAMPLE) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{name} {url!r} is not a URL.", _EXAMPLE)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{name}: {parts.hostname} comes with more than an origin.", _EXAMPLE)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(f"{name} {url!r} is plain http.", "Use https; plain http is allowed on loopback only.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    found = f"{parts.scheme}://{host}" + (f":{port}" if port is not None and port != usual else "")
    if parts.path.strip("/"):
        raise ConfigError(f"{name} {url!r} has a path.", f"Write {found}: the connector adds the path itself.")
    return found
