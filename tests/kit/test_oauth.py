"""OAuth: expiry, rotation that survives crashes and other processes, seeds, and the login in the browser."""

from __future__ import annotations

import base64
import hashlib
import multiprocessing
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import filelock
import httpx
import orjson
import pytest

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit import tokens as tokens_module
from deskferry.connectors.kit.clock import Clock, SystemClock, VirtualClock
from deskferry.connectors.kit.oauth import Client, OAuth, OAuthEndpoint, TokenCalls
from deskferry.connectors.kit.oauth_login import Request, grant, login
from deskferry.connectors.kit.opening import build_oauth, build_session
from deskferry.connectors.kit.tokens import FileTokens, KeyringTokens, MemoryTokens, Tokens, TokenStore, token_store
from deskferry.errors import ConfigError, Exhausted, LockHeld, Refused
from deskferry.redaction import Secret
from tests.kit.vendors import session

URL = "https://auth.example.com/oauth/tokens"


class Issuer:
    """A vendor whose refresh tokens are used once, and whose access tokens live an hour."""

    def __init__(self, clock: Clock, rotates: bool = True, lives: float | None = 3600.0) -> None:
        self.clock, self.rotates, self.lives = clock, rotates, lives
        self.refresh, self.number = "refresh-0", 0
        self.access: dict[str, float] = {}
        self.calls: list[dict[str, str]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) != URL:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            good = self.access.get(token, 0.0) > self.clock.now()
            return (
                httpx.Response(200, json={"ok": True}) if good else httpx.Response(401, json={"error": "invalid_token"})
            )
        self.requests.append(request)
        form = {name: values[0] for name, values in parse_qs(request.read().decode()).items()}
        if request.headers.get("content-type") == "application/json":
            form = orjson.loads(request.content)
        self.calls.append(form)
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "it was used"})
        return httpx.Response(200, json=self.issue())

    def issue(self) -> dict[str, Any]:
        self.number += 1
        token = f"access-token-{self.number}"
        self.access[token] = self.clock.now() + (self.lives if self.lives is not None else 1e12)
        answer: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
        if self.lives is not None:
            answer["expires_in"] = self.lives
        if self.rotates:
            self.refresh = f"refresh-{self.number}"
            answer["refresh_token"] = self.refresh
        return answer


def oauth(
    issuer: Callable[[httpx.Request], httpx.Response],
    store: TokenStore,
    clock: Clock,
    endpoint: OAuthEndpoint | None = None,
    **seeds: Any,
) -> OAuth:
    seeds.setdefault("refresh_token", Secret("refresh-0"))
    calls = TokenCalls(
        endpoint or OAuthEndpoint(URL),
        Client("client-id", Secret("client-secret")),
        clock,
        connection="old",
        transport=httpx.MockTransport(issuer),
    )
    return OAuth(calls, store, clock, **seeds)


def test_a_token_is_fetched_kept_and_used_until_it_expires(tmp_path: Path) -> None:
    clock = VirtualClock()
    issuer, store = Issuer(clock), FileTokens(tmp_path / "t.json")
    desk = session(issuer, oauth(issuer, store, clock), clock=clock)
    for _ in range(5):
        desk.get_json("x")
    assert issuer.number == 1
    assert issuer.calls[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-0",
        "client_id": "client-id",
        "client_secret": "client-secret",
    }
    clock.sleep(3590)
    desk.get_json("x")  # renewed before it expires: no 401 in between
    assert issuer.number == 2
    assert desk.meter.snapshot()["statuses"] == {"200": 6}


def test_the_next_process_uses_what_is_kept(tmp_path: Path) -> None:
    clock = VirtualClock()
    issuer = Issuer(clock)
    for _ in range(3):
        desk = session(issuer, oauth(issuer, FileTokens(tmp_path / "t.json"), clock), clock=clock)
        desk.get_json("x")
    assert issuer.number == 1
    clock.sleep(4000)
    session(issuer, oauth(issuer, FileTokens(tmp_path / "t.json"), clock), clock=clock).get_json("x")
    assert issuer.calls[-1]["refresh_token"] == "refresh-1"  # the rotated one, not the seed


def test_a_token_that_dies_early_is_renewed_once() -> None:
    clock = VirtualClock()
    issuer = Issuer(clock)
    desk = session(issuer, oauth(issuer, MemoryTokens(), clock), clock=clock)
    desk.get_json("x")
    issuer.access.clear()
    assert desk.request_json("POST", "x", {"a": 1}).body == {"ok": True}
    assert issuer.number == 2


def test_credentials_that_stay_refused_end_the_run() -> None:
    clock = VirtualClock()
    issuer = Issuer(clock)

    def refusing(request: httpx.Request) -> httpx.Response:
        return issuer(request) if str(request.url) == URL else httpx.Response(401)

    desk = session(refusing, oauth(refusing, MemoryTokens(), clock), clock=clock)
    with pytest.raises(Refused, match="credentials are refused"):
        desk.get_json("x")
    assert issuer.number == 2


def test_the_new_tokens_are_kept_before_they_are_used(tmp_path: Path) -> None:
    clock = VirtualClock()
    issuer, store = Issuer(clock), FileTokens(tmp_path / "t.json")

    class Crash(Exception):
        pass

    def crashing(request: httpx.Request) -> httpx.Response:
        if str(request.url) != URL:
            assert store.load() is not None
            raise Crash
        return issuer(request)

    with pytest.raises(Crash):
        session(crashing, oauth(crashing, store, clock), clock=clock).get_json("x")
    kept = store.load()
    assert kept is not None
    assert (kept.access_token, kept.refresh_token) == ("access-token-1", "refresh-1")


def test_a_crash_while_writing_leaves_the_old_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokens(tmp_path / "t.json")
    store.save(Tokens("old-access", "old-refresh"))

    def failing(_handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="disk full"):
        store.save(Tokens("new-access", "new-refresh"))
    kept = store.load()
    assert kept is not None
    assert kept.access_token == "old-access"
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    store = FileTokens(tmp_path / "sub" / "t.json")
    store.save(Tokens("access", "refresh"))
    assert stat.S_IMODE((tmp_path / "sub" / "t.json").stat().st_mode) == 0o600


def test_a_changed_seed_wins(tmp_path: Path) -> None:
    clock = VirtualClock()
    issuer, store = Issuer(clock), FileTokens(tmp_path / "t.json")
    session(issuer, oauth(issuer, store, clock), clock=clock).get_json("x")
    issuer.refresh = "granted-anew"
    desk = session(issuer, oauth(issuer, store, clock, refresh_token=Secret("granted-anew")), clock=clock)
    desk.get_json("x")
    assert issuer.calls[-1]["refresh_token"] == "granted-anew"
    assert issuer.number == 2


def test_an_access_token_may_be_seeded_too() -> None:
    clock = VirtualClock()
    issuer = Issuer(clock)
    issuer.access["seeded-access"] = clock.now() + 10
    desk = session(issuer, oauth(issuer, MemoryTokens(), clock, access_token=Secret("seeded-access")), clock=clock)
    desk.get_json("x")
    assert issuer.number == 0
    clock.sleep(20)
    desk.get_json("x")
    assert issuer.number == 1


def test_a_vendor_that_does_not_rotate_keeps_its_refresh_token() -> None:
    clock = VirtualClock()
    issuer, store = Issuer(clock, rotates=False), MemoryTokens()
    desk = session(issuer, oauth(issuer, store, clock), clock=clock)
    desk.get_json("x")
    clock.sleep(4000)
    desk.get_json("x")
    assert [call["refresh_token"] for call in issuer.calls] == ["refresh-0", "refresh-0"]
    assert store.tokens is not None
    assert store.tokens.refresh_token == "refresh-0"


def test_client_credentials_and_forms_of_the_call() -> None:
    clock = VirtualClock()
    issuer = Issuer(clock, rotates=False)
    endpoint = OAuthEndpoint(URL, style="json", client_in="basic", extra={"scope": "read"})
    desk = session(
        issuer,
        oauth(issuer, MemoryTokens(), clock, endpoint, refresh_token=None, grant="client_credentials"),
        clock=clock,
    )
    desk.get_json("x")
    assert issuer.calls == [{"grant_type": "client_credentials", "scope": "read"}]
    pair = base64.b64encode(b"client-id:client-secret").decode()
    assert issuer.requests[0].headers["authorization"] == f"Basic {pair}"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "invalid_grant", "error_description": "it was revoked"}),
        httpx.Response(200, json={"error": "it was revoked"}),
        httpx.Response(401, text="it was revoked"),
    ],
)
def test_a_refused_refresh_says_to_log_in_again(answer: httpx.Response) -> None:
    clock = VirtualClock()
    with pytest.raises(Refused, match=r"it was revoked.*deskferry login old") as caught:
        session(lambda _r: answer, oauth(lambda _r: answer, MemoryTokens(), clock), clock=clock).get_json("x")
    assert "refresh-0" not in str(caught.value)


def test_without_any_token_login_is_advised() -> None:
    clock = VirtualClock()
    with pytest.raises(Refused, match="deskferry login old"):
        oauth(Issuer(clock), MemoryTokens(), clock, refresh_token=None).headers()


def test_a_token_endpoint_that_is_down_is_retried() -> None:
    clock = VirtualClock()
    issuer, failures = Issuer(clock), [httpx.ReadTimeout("late"), httpx.Response(503)]

    def limping(request: httpx.Request) -> httpx.Response:
        if not failures:
            return issuer(request)
        failure = failures.pop()
        if isinstance(failure, Exception):
            raise failure
        return failure

    assert oauth(limping, MemoryTokens(), clock).headers() == {"Authorization": "Bearer access-token-1"}
    with pytest.raises(Exhausted):
        oauth(lambda _r: httpx.Response(500), MemoryTokens(), clock).headers()


def test_threads_renew_together() -> None:
    clock = VirtualClock()
    issuer = Issuer(clock)
    credentials = oauth(issuer, MemoryTokens(), clock)
    first = credentials.headers()
    issuer.access.clear()
    crew = [threading.Thread(target=credentials.renew, args=(first,)) for _ in range(8)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert issuer.number == 2


def test_another_process_that_was_faster_is_believed() -> None:
    clock = VirtualClock()
    issuer, store = Issuer(clock), MemoryTokens()
    ours, theirs = oauth(issuer, store, clock), oauth(issuer, store, clock)
    first = ours.headers()
    assert theirs.headers() == first
    theirs.renew(first)
    assert ours.renew(first)
    assert ours.headers() == theirs.headers()
    assert issuer.number == 2


def _serve(issuer: Issuer) -> tuple[ThreadingHTTPServer, str]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                time.sleep(0.05)
                answer = issuer(httpx.Request("POST", URL, content=body))
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/token"


def _renew_in_a_process(url: str, path: str) -> None:
    clock = SystemClock()
    calls = TokenCalls(OAuthEndpoint(url), Client("client-id", Secret("client-secret")), clock, connection="old")
    credentials = OAuth(calls, FileTokens(Path(path)), clock, refresh_token=Secret("refresh-0"))
    for _ in range(5):
        credentials.renew(credentials.headers())


def test_processes_never_rotate_at_once(tmp_path: Path) -> None:
    issuer = Issuer(SystemClock())
    server, url = _serve(issuer)
    try:
        spawn = multiprocessing.get_context("spawn")
        crew = [spawn.Process(target=_renew_in_a_process, args=(url, str(tmp_path / "t.json"))) for _ in range(3)]
        for process in crew:
            process.start()
        for process in crew:
            process.join(60)
        assert [process.exitcode for process in crew] == [0, 0, 0]
    finally:
        server.shutdown()
        server.server_close()
    kept = FileTokens(tmp_path / "t.json").load()
    assert kept is not None
    assert kept.refresh_token == issuer.refresh


def test_a_lock_that_is_held_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_PATIENCE", 0.05)
    held = filelock.FileLock(tmp_path / "t.json.lock")
    with held, pytest.raises(LockHeld, match="renewing the tokens"), FileTokens(tmp_path / "t.json").locked():
        pass


def test_damaged_tokens_are_told(tmp_path: Path) -> None:
    for content in (b"{", b"[]", b"{}", b"null"):
        (tmp_path / "t.json").write_bytes(content)
        with pytest.raises(ConfigError, match="damaged"):
            FileTokens(tmp_path / "t.json").load()


def test_tokens_in_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries: dict[tuple[str, str], str] = {}
    fake = SimpleNamespace(
        get_password=lambda service, name: entries.get((service, name)),
        set_password=lambda service, name, value: entries.update({(service, name): value}),
    )
    monkeypatch.setitem(sys.modules, "keyring", fake)
    store = token_store(ConnectionConfig("old", "zendesk", token_keyring="zd", directory=tmp_path))
    assert isinstance(store, KeyringTokens)
    assert store.load() is None
    with store.locked():
        store.save(Tokens("access", "refresh", 12.5, "seed"))
    assert store.load() == Tokens("access", "refresh", 12.5, "seed")
    assert ("deskferry", "zd") in entries


def test_tokens_are_shown_nowhere() -> None:
    assert "access" not in repr(Tokens("access-abc", "refresh-abc"))


# -------------------------------------------------------------------------------------------------------------- login


class Granting(Issuer):
    """A vendor that also exchanges codes, and checks the proof."""

    digest = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.read().decode()).items()}
        if form.get("grant_type") != "authorization_code":
            return super().__call__(request)
        self.calls.append(form)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if proof != self.digest or form["code"] != "the-code":
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json=self.issue())


ASKED = Request("https://auth.example.com/authorize", "read write", {"access_type": "offline"})


def test_login_by_a_listener(tmp_path: Path) -> None:
    clock = VirtualClock()
    issuer, store = Granting(clock), FileTokens(tmp_path / "t.json")
    credentials = oauth(issuer, store, clock, refresh_token=None)
    shown: list[str] = []
    answers: list[int] = []

    def browser(address: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (query["client_id"], query["scope"], query["access_type"]) == ("client-id", "read write", "offline")
        issuer.digest = query["code_challenge"]
        back = query["redirect_uri"]
        httpx.get(back.replace("/callback", "/favicon.ico"), trust_env=False)
        answers.append(
            httpx.get(back, params={"code": "the-code", "state": query["state"]}, trust_env=False).status_code
        )

    grant(credentials, ASKED, show=shown.append, browser=browser)
    assert answers == [200]
    assert ASKED.authorize_url in shown[0]
    # The tokens serve as they are, though the configuration has no refresh token.
    assert oauth(issuer, store, clock, refresh_token=None).headers() == {"Authorization": "Bearer access-token-1"}
    clock.sleep(4000)
    assert oauth(issuer, store, clock, refresh_token=None).headers() == {"Authorization": "Bearer access-token-2"}


def _paste(issuer: Granting, make: Callable[[dict[str, str]], str]) -> Tokens:
    clock = VirtualClock()
    seen: dict[str, str] = {}

    def show(text: str) -> None:
        address = text[text.index("https://") :]
        seen.update({name: values[0] for name, values in parse_qs(urlsplit(address).query).items()})
        issuer.digest = seen["code_challenge"]

    return grant(oauth(issuer, MemoryTokens(), clock), ASKED, show=show, ask=lambda _text: make(seen), browser=None)


def test_login_by_a_pasted_code_or_address() -> None:
    issuer = Granting(VirtualClock())
    assert _paste(issuer, lambda _seen: " the-code \n").access_token == "access-token-1"
    assert (
        _paste(issuer, lambda seen: f"http://x/callback?code=the-code&state={seen['state']}").access_token
        == "access-token-2"
    )


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("http://x/?code=the-code&state=another", "belongs to another login"),
        ("http://x/?error=access_denied&error_description=no+way", "no way"),
        ("", "No code was pasted"),
        ("the-wrong-code", "no token was issued"),
    ],
)
def test_logins_that_fail(pasted: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        _paste(Granting(VirtualClock()), lambda _seen: pasted)


def test_nobody_grants_access() -> None:
    clock = VirtualClock()
    with pytest.raises(Exception, match="Nobody granted access"):
        grant(oauth(Granting(clock), MemoryTokens(), clock), ASKED, show=lambda _text: None, browser=None, patience=1)


def test_login_of_a_connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    issuer = Granting(clock)
    connection = ConnectionConfig("old", "acme", token_file=tmp_path / "t.json")

    class Way:
        scopes = ("read",)

        @staticmethod
        def authorize_url(_connection: ConnectionConfig) -> str:
            return "https://auth.example.com/authorize"

        @staticmethod
        def oauth(connection: ConnectionConfig, clock: Clock) -> OAuth:
            endpoint, client = OAuthEndpoint(URL), Client("client-id", Secret("client-secret"))
            return build_oauth(connection, clock, httpx.MockTransport(issuer), endpoint, client)

    def say(text: str) -> None:
        issuer.digest = parse_qs(urlsplit(text[text.index("https://") :]).query)["code_challenge"][0]

    place = login(Way(), connection, clock, say=say, browser=False, paste=True, ask=lambda _text: "the-code")
    assert place == str(tmp_path / "t.json")
    transport = httpx.MockTransport(issuer)
    desk = build_session(connection, clock, transport, Way.oauth(connection, clock), origin="https://api.example.com")
    assert desk.get_json("x") == {"ok": True}
    assert len(issuer.calls) == 1
