"""`deskferry login`: a person grants access in the browser, or pastes the code; PKCE and state guard the exchange."""

from __future__ import annotations

import base64
import hashlib
import queue
import secrets
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.oauth import OAuth
from deskferry.connectors.kit.tokens import Tokens
from deskferry.errors import Interrupted, Refused

Show = Callable[[str], None]
Ask = Callable[[str], str]
OpenBrowser = Callable[[str], Any]
_PAGE = b"<!doctype html><title>deskferry</title><p>You can close this window and go back to the terminal.</p>"


@dataclass(frozen=True, slots=True)
class _Challenge:
    state: str
    verifier: str

    @property
    def digest(self) -> str:
        raw = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class LoginWay(Protocol):
    """What a connector gives for `deskferry login`: the credentials that it would use, and what to ask for."""

    @property
    def oauth(self) -> Callable[[ConnectionConfig, Clock], OAuth]:
        """Build the connection's credentials; makes no call."""
        ...

    @property
    def authorize_url(self) -> Callable[[ConnectionConfig], str]:
        """Where a person grants access."""
        ...

    @property
    def scopes(self) -> Sequence[str]:
        """What is asked for."""
        ...


def login(
    how: LoginWay,
    connection: ConnectionConfig,
    clock: Clock,
    *,
    say: Callable[[str], Any],
    browser: bool = True,
    paste: bool = False,
    ask: Callable[[str], str] = input,
) -> str:
    """Return where the tokens are kept that a person granted in the browser; raises Refused when access was denied.

    `browser` False only shows the address; `paste` asks for the code instead of listening for it.
    """
    oauth = how.oauth(connection, clock)
    grant(
        oauth,
        Request(how.authorize_url(connection), " ".join(how.scopes)),
        show=say,
        ask=ask if paste else None,
        browser=webbrowser.open if browser else None,
    )
    return oauth.store.where


@dataclass(frozen=True, slots=True)
class Request:
    """What a person is asked to grant."""

    authorize_url: str
    scope: str = ""
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    redirect: str = "http://127.0.0.1:0/callback"
    """Port 0 chooses a free one, for vendors that accept any."""


def grant(
    oauth: OAuth,
    request: Request,
    *,
    show: Show,
    ask: Ask | None = None,
    browser: OpenBrowser | None = webbrowser.open,
    patience: float = 600.0,
) -> Tokens:
    """Return and keep the tokens that a person granted.

    With `ask` the code (or the whole address of the page) is pasted; else a listener takes it.
    """
    challenge = _Challenge(secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    redirect = request.redirect
    if ask is not None:
        redirect = redirect.replace(":0/", ":8765/")  # nobody listens, but an address needs a port
        _send_away(oauth, challenge, request, redirect, show, browser)
        code = _code(ask("Paste the code, or the address of the page you were sent to: "), challenge.state, pasted=True)
    else:
        with _listener(redirect) as (redirect, answers):
            _send_away(oauth, challenge, request, redirect, show, browser)
            code = _code(_wait(answers, patience), challenge.state, pasted=False)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": challenge.verifier,
    }
    with oauth.store.locked():
        tokens = oauth.calls.issue(form, oauth.seed)
        oauth.store.save(tokens)
    return tokens


def _send_away(
    oauth: OAuth, challenge: _Challenge, request: Request, redirect: str, show: Show, browser: OpenBrowser | None
) -> None:
    query = {
        "response_type": "code",
        "client_id": oauth.calls.client.id,
        "redirect_uri": redirect,
        "state": challenge.state,
        "code_challenge": challenge.digest,
        "code_challenge_method": "S256",
        **({"scope": request.scope} if request.scope else {}),
        **request.extra,
    }
    address = f"{request.authorize_url}{'&' if '?' in request.authorize_url else '?'}{urlencode(query)}"
    show(f"Open this address and grant access: {address}")
    if browser is not None:
        browser(address)


def _code(text: str, state: str, *, pasted: bool) -> str:
    """Return the code of a callback address or pasted text, once its state is ours."""
    text = text.strip()
    query = parse_qs(urlsplit(text).query)
    if pasted and not query:
        if not text:
            raise Refused("No code was pasted.", "Run the login again.")
        return text
    if "error" in query:
        said = (query.get("error_description") or query["error"])[0]
        raise Refused(f"Access was not granted ({said}).", "Run the login again and allow it.")
    if query.get("state", [""])[0] != state:
        raise Refused("The answer belongs to another login.", "Run the login again, and use the address it shows.")
    code = query.get("code", [""])[0]
    if not code:
        raise Refused("The answer holds no code.", "Run the login again.")
    return code


@contextmanager
def _listener(redirect: str) -> Iterator[tuple[str, queue.Queue[str]]]:
    parts = urlsplit(redirect)
    answers: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            if urlsplit(self.path).path == parts.path:
                answers.put(self.path)
            self.send_response(200 if urlsplit(self.path).path == parts.path else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(_PAGE)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the path holds the code."""

    try:
        server = ThreadingHTTPServer((parts.hostname or "127.0.0.1", parts.port or 0), Handler)
    except OSError as error:
        raise Refused(
            f"Nothing can listen on {redirect} ({error.strerror}).", "Use --no-browser and paste the code."
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{parts.scheme}://{parts.hostname}:{server.server_address[1]}{parts.path}", answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _wait(answers: queue.Queue[str], patience: float) -> str:
    for _ in range(max(int(patience), 1)):
        try:
            return answers.get(timeout=1.0)
        except queue.Empty:
            continue
    raise Interrupted("Nobody granted access in time.", "Run the login again.")
