"""What an answer means for the call: take it, ask again, reject this record, or stop the run."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from deskferry.connectors.kit.json_body import read_json
from deskferry.connectors.kit.limits import number, retry_after
from deskferry.errors import ConfigError, DeskferryError
from deskferry.redaction import redact


@dataclass(frozen=True, slots=True)
class Accept:
    """Hand the answer to the caller as it is; a 4xx among them is the caller's to look at."""


@dataclass(frozen=True, slots=True)
class Again:
    """Ask again, after so many seconds (None: backing off exponentially).

    `untouched`: the vendor surely did nothing, so that a write may be repeated as well.
    `throttled`: a limit was met; the bucket pauses for all threads, and it counts as no failed attempt.
    """

    after: float | None = None
    untouched: bool = False
    throttled: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """The vendor refuses this record for good: raised to the caller as `VendorStatus` with this code and detail."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """The whole run cannot go on; the error is raised."""

    error: DeskferryError


Verdict = Accept | Again | Reject | Stop
Judge = Callable[[httpx.Request, httpx.Response | Exception], Verdict | None]
"""A vendor's own judgement; None leaves it to `usual_verdict`. The body of a response has been read."""

AGAIN_STATUSES = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def usual_verdict(request: httpx.Request, result: httpx.Response | Exception, now: float) -> Verdict:
    """Return what an answer or failure means by the customs of HTTP."""
    if isinstance(result, Exception):
        return _of_failure(request, result)
    asked = retry_after(result.headers, now)
    if result.status_code == 429:
        if asked is None:
            asked = _reset(result.headers, now)
        return Again(asked, untouched=True, throttled=True, why="rate limit")
    if result.status_code == 503 and asked is not None:
        return Again(asked, untouched=True, throttled=True, why="unavailable")
    if result.status_code in AGAIN_STATUSES:
        return Again(asked, why=f"status {result.status_code}")
    return Accept()


def _of_failure(request: httpx.Request, error: Exception) -> Verdict:
    if _certificate_failed(error):
        return Stop(
            ConfigError(
                f"The certificate of {request.url.host} is not trusted ({error}).",
                "Set ca_bundle of the connection to the certificate authority of your network, or correct base_url.",
            )
        )
    if isinstance(error, httpx.LocalProtocolError):
        return Stop(
            ConfigError(
                f"The call to {request.url.host} cannot be sent ({redact(str(error))}).",
                "Look for stray characters in the credentials.",
            )
        )
    if isinstance(error, httpx.ProxyError):
        return Again(untouched=True, why=f"the proxy refuses ({error})")
    if isinstance(error, _NOT_SENT):
        return Again(untouched=True, why=f"no connection ({_named(error)})")
    if isinstance(error, httpx.TimeoutException):
        return Again(why="no answer in time")
    return Again(why=f"connection lost ({_named(error)})")


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__


def _certificate_failed(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def _reset(headers: httpx.Headers, now: float) -> float | None:
    """Return the seconds until a limit's window ends, where only a reset header tells it."""
    for name in ("x-ratelimit-reset", "ratelimit-reset"):
        moment = number(headers.get(name))
        if moment is not None:
            return max(moment - now, 0.0) if moment > 1_000_000_000 else moment
    return None


def broken_body(response: httpx.Response) -> str:
    """Return what is wrong with the body of a JSON answer ("" where it is sound)."""
    body = response.content
    if response.status_code in {202, 204, 205} or not 200 <= response.status_code < 300:
        return ""
    if not body.strip():
        # Some vendors answer a write with an empty 200; an empty answer to a question is a failure of theirs.
        return "an empty body" if response.request.method == "GET" and response.status_code == 200 else ""
    try:
        response.extensions["deskferry.json"] = read_json(body)
    except ValueError as error:
        html = body.lstrip()[:1] == b"<" or "html" in response.headers.get("content-type", "")
        return "HTML instead of JSON" if html else f"JSON that breaks off ({error})"
    return ""
