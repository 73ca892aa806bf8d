"""An HTTP session with one account: JSON in and out, downloads, uploads, with its limits, retries and credentials."""

from __future__ import annotations

import http.cookiejar
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, overload
from urllib.parse import urlencode, urljoin

import httpx
import orjson

from deskferry.addresses import check_origin
from deskferry.connectors.kit.auth import Auth, Fixed
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.download import resumed
from deskferry.connectors.kit.faults import (
    Denied,
    Gone,
    InDoubt,
    VendorStatus,
    brief,
    describe,
    redacted_url,
    request_id,
)
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.hosts import Hosts, network
from deskferry.connectors.kit.json_body import read_json
from deskferry.connectors.kit.meter import Meter
from deskferry.connectors.kit.paging import TWICE, LastPages, PagingLoop
from deskferry.connectors.kit.transport import BUCKET, IDEMPOTENT, PLAIN, STREAMED, VERDICT, RetryPolicy, stack
from deskferry.connectors.kit.verdicts import Judge, Reject
from deskferry.errors import Refused, Stopped

__all__ = ["Answer", "Denied", "FileField", "Gone", "InDoubt", "Session", "VendorStatus"]

Params = Mapping[str, Any] | Sequence[tuple[str, Any]] | None
FileField = tuple[str, str, Path, str | None]
"""A file of a multipart form: field name, file name, path, content type."""
_KEPT_HEADERS = frozenset({"accept", "accept-encoding", "range"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_CHUNK = 1 << 16
_CONNECT = 15.0


class Answer(NamedTuple):
    """An answer: status, headers (names compared without case), body (JSON, text where it is none, None if empty)."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Session:
    """Calls one account. Thread-safe.

    `base_url` is an origin; a path without a leading slash goes below `prefix`, one with it below the origin. `hosts`
    are the vendor's own host names: absolute links to them are followed on `base_url`, with credentials.
    """

    def __init__(  # noqa: PLR0913 - all but two are named by the caller
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        clock: Clock,
        governor: Governor | None = None,
        verdict: Judge | None = None,
        hosts: Sequence[str] = (),
        prefix: str = "",
        vendor: str = "",
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        proxy: str | None = None,
        ca_bundle: str | Path | None = None,
        timeout: float | httpx.Timeout = 60.0,
        policy: RetryPolicy | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.base_url, self.vendor, self.clock = check_origin(base_url), vendor, clock
        self.governor = governor if governor is not None else Governor(clock)
        self.meter = meter if meter is not None else Meter()
        self._auth = auth if auth is not None else Fixed()
        self._last_pages = LastPages()
        self._hosts = Hosts(self.base_url, tuple(hosts))
        self._prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
        real = transport if transport is not None else network(self.base_url, proxy, ca_bundle)
        self._client = httpx.Client(
            transport=stack(
                real, clock=clock, governor=self.governor, meter=self.meter,
                vendor=vendor, judge=verdict, policy=policy,
            ),
            timeout=timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(timeout, connect=_CONNECT),
            headers={"Accept": "application/json", "User-Agent": "deskferry", **(headers or {})},
            follow_redirects=False,
            trust_env=False,
            # A session cookie would be a second credential that nobody configured.
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        )  # fmt: skip

    @overload
    def get_json(self, path: str, params: Params = None, bucket: str | None = None) -> Any: ...

    @overload
    def get_json(
        self, path: str, params: Params = None, bucket: str | None = None, *, allow: Sequence[int]
    ) -> Answer: ...

    def get_json(
        self, path: str, params: Params = None, bucket: str | None = None, *, allow: Sequence[int] | None = None
    ) -> Any:
        """Return the decoded body (None for 204); with `allow`, an Answer that may have one of these statuses."""
        answer = self.request_json("GET", path, params=params, bucket=bucket, allow=allow or ())
        return answer.body if allow is None else answer

    def get_page(self, path: str, params: Params = None, *, allow: Sequence[int] = (), alike: bool = False) -> Answer:
        """Return a page of a list.

        One that is the page before, again, although another was asked for, is asked for once more; raises PagingLoop
        where that comes again, unless two pages of this list may well be `alike`.
        """
        url = _with(self.url(path), params)
        answer = self.request_json("GET", url, allow=allow)
        if self._last_pages.is_again(url, answer.body):
            answer = self.request_json("GET", url, allow=allow)
            if not alike and self._last_pages.is_again(url, answer.body):
                raise PagingLoop(path, TWICE)
        self._last_pages.keep(url, answer.body)
        return answer

    def request_json(  # noqa: PLR0913 - what HTTP offers, each named by the caller
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        params: Params = None,
        files: Sequence[FileField] = (),
        data: Sequence[tuple[str, str]] | Mapping[str, str] | None = None,
        content: Path | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        bucket: str | None = None,
        allow: Sequence[int] = (),
        idempotent: bool | None = None,
    ) -> Answer:
        """Send one call and return its answer; raises VendorStatus on a 4xx that is not in `allow`.

        `files` and `data` make a multipart form, `content` a raw body; files are streamed from disk. `idempotent=True`
        lets a POST that only reads (a search) be repeated. Raises InDoubt when a write may have taken effect.
        """
        with ExitStack() as opened:
            body = _body(json, files, data, content, opened)
            merged = {**body.pop("headers", {}), **(headers or {})}
            request = self._client.build_request(method, _with(self.url(path), params), headers=merged, **body)
            request.extensions[BUCKET] = bucket
            request.extensions[IDEMPOTENT] = idempotent
            response = self._send(request, own=self._hosts.own(str(request.url)))
        return self._answer(request, response, allow)

    def stream(
        self, url: str, with_credentials: bool | None = None, bucket: str | None = None
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the bytes of a download; raises Gone (404, 410) or Denied (401, 403).

        Credentials go only to the connection's own hosts, whatever `with_credentials` says; False withholds them there
        too (signed links). A connection lost midway is resumed.
        """
        return self._download(url, with_credentials, bucket)

    def url(self, path_or_url: str) -> str:
        """Return the absolute URL that is called; raises Refused for a link to a foreign host over plain http."""
        if _ABSOLUTE.match(path_or_url):
            return self._hosts.localise(path_or_url)
        return self.base_url + (path_or_url if path_or_url.startswith("/") else f"{self._prefix}/{path_or_url}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _download(self, url: str, with_credentials: bool | None, bucket: str | None) -> Iterator[Iterator[bytes]]:
        target = self.url(url)
        own = self._hosts.own(target) and with_credentials is not False

        def open_at(offset: int) -> httpx.Response:
            headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
            if offset:
                headers["Range"] = f"bytes={offset}-"
            request = self._client.build_request("GET", target, headers=headers)
            request.extensions[STREAMED] = True
            request.extensions[BUCKET] = bucket
            response = self._send(request, own=own)
            if not response.is_success:
                response.read()
                response.close()
                self._refuse_download(request, response)
            return response

        first = open_at(0)
        chunks = resumed(first, open_at, self.clock)
        try:
            yield chunks
        finally:
            chunks.close()
            first.close()

    def _refuse_download(self, request: httpx.Request, response: httpx.Response) -> NoReturn:
        call = describe(self.vendor, request)
        if response.status_code in {404, 410}:
            raise Gone(f"{call} answered {response.status_code}: the file does not exist any more.")
        if response.status_code in {401, 403}:
            raise Denied(
                f"{call} answered {response.status_code}.", "The link expired, or the role may not see the file."
            )
        raise VendorStatus(call, response.status_code, _decoded(response), response.headers)

    def _send(self, request: httpx.Request, *, own: bool) -> httpx.Response:
        """Send with credentials where they may go, renew them once on a 401, follow the redirects of a GET."""
        for _ in range(_MOST_REDIRECTS):
            if not own:
                self._check_foreign(request)
            response = self._authorised(request) if own else self._call(request)
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or location is None or request.method not in {"GET", "HEAD"}:
                return response
            response.close()
            target = self._hosts.localise(urljoin(str(request.url), location))
            # Withheld once, withheld for the rest of the way.
            own = own and self._hosts.own(target)
            request = self._redirected(request, target)
        raise Stopped(
            f"{describe(self.vendor, request)}: redirected more than {_MOST_REDIRECTS} times.", "Check base_url."
        )

    def _check_foreign(self, request: httpx.Request) -> None:
        """Refuse calls that must not go to a host that is not ours."""
        name = redacted_url(request.url)
        if not self._hosts.permitted(str(request.url)):
            raise Refused(f"{name} is not called: plain http.", "Only https leaves this machine.")
        if request.method not in {"GET", "HEAD"} and not self._hosts.own(str(request.url)):
            raise Refused(
                f"{request.method} {name} is not sent.", "Data are written to the connection's own host only."
            )

    def _redirected(self, request: httpx.Request, target: str) -> httpx.Request:
        kept = {name: value for name, value in request.headers.items() if name in _KEPT_HEADERS}
        following = self._client.build_request(request.method, target, headers=kept)
        for name in (STREAMED, BUCKET, IDEMPOTENT, PLAIN):
            following.extensions[name] = request.extensions.get(name)
        return following

    def _authorised(self, request: httpx.Request) -> httpx.Response:
        credentials = self._auth.headers()
        request.headers.update(credentials)
        response = self._call(request)
        if response.status_code == 401 and self._auth.renew(credentials):
            response.close()
            request.headers.update(self._auth.headers())
            response = self._call(request)
        return response

    def _call(self, request: httpx.Request) -> httpx.Response:
        return self._client.send(request, stream=True)

    def _answer(self, request: httpx.Request, response: httpx.Response, allow: Sequence[int]) -> Answer:
        body = _decoded(response)
        status, verdict = response.status_code, response.extensions.get(VERDICT)
        call = describe(self.vendor, request)
        if isinstance(verdict, Reject):
            raise VendorStatus(call, status, body, response.headers, verdict.code, verdict.detail)
        if status in allow or 200 <= status < 300:
            return Answer(status, response.headers, body)
        if status == 401:
            known = request_id(response.headers)
            raise Refused(
                f"{call}: the credentials are refused{': ' + brief(body) if body else ''}"
                f"{f' (request id {known})' if known else ''}.",
                "Check the credentials of this connection (deskferry check), or log in again (deskferry login).",
            )
        raise VendorStatus(call, status, body, response.headers)


def _with(url: str, params: Params) -> str:
    """Return a URL with query parameters added, without those that are None; lists repeat the name."""
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    flat: list[tuple[str, str]] = []
    for name, value in pairs:
        several = value if isinstance(value, list | tuple) else (value,)
        flat.extend((name, _text(single)) for single in several if single is not None)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(flat)}" if flat else url


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _FileBody(httpx.SyncByteStream):
    """A file as a request body, read anew on every attempt."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                yield chunk


def _body(
    json: Any,
    files: Sequence[FileField],
    data: Sequence[tuple[str, str]] | Mapping[str, str] | None,
    content: Path | bytes | None,
    opened: ExitStack,
) -> dict[str, Any]:
    """Return the body arguments of httpx, with files opened for as long as the call lasts."""
    if files:
        parts: list[tuple[str, Any]] = [
            (field, (name, opened.enter_context(path.open("rb")), kind or "application/octet-stream"))
            for field, name, path, kind in files
        ]
        # As parts without a file name, since a form may repeat a field (tags[]).
        pairs = data.items() if isinstance(data, Mapping) else data or ()
        return {"files": [*((name, (None, value)) for name, value in pairs), *parts]}
    if isinstance(content, Path):
        return {"content": _FileBody(content), "headers": {"Content-Length": str(content.stat().st_size)}}
    if content is not None:
        return {"content": content}
    if data is not None:
        return {"data": dict(data) if isinstance(data, Mapping) else _grouped(data)}
    if json is not None:
        return {"content": orjson.dumps(json), "headers": {"Content-Type": "application/json"}}
    return {}


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _decoded(response: httpx.Response) -> Any:
    if "deskferry.json" in response.extensions:
        return response.extensions["deskferry.json"]
    if not response.content.strip():
        return None
    try:
        return read_json(response.content)
    except ValueError:
        return response.text
