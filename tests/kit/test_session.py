"""A session: addresses, credentials, redirects, answers, uploads and downloads."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.auth import BasicAuth, TokenAuth
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.faults import redacted_url
from deskferry.connectors.kit.hosts import network, proxy_for
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.connectors.kit.session import Denied, Gone, InDoubt, Session, VendorStatus
from deskferry.errors import ConfigError, Exhausted, Refused, Stopped
from deskferry.redaction import Secret
from tests.kit.vendors import BASE, Script, Torn, session

OK = httpx.Response(200, json={"ok": True})
TOKEN = TokenAuth(Secret("bearer-token-1"))


def test_where_a_path_goes() -> None:
    desk = session(Script(OK), prefix="/api/v2/")
    assert desk.url("tickets") == f"{BASE}/api/v2/tickets"
    assert desk.url("/elsewhere") == f"{BASE}/elsewhere"
    assert session(Script(OK)).url("tickets") == f"{BASE}/tickets"


def test_links_to_the_vendors_own_hosts_are_followed_on_base_url() -> None:
    vendor = Script(OK)
    desk = session(vendor, TOKEN, base_url="http://127.0.0.1:8123", hosts=("acme.zendesk.com",))
    desk.get_json("https://ACME.zendesk.com/api/v2/tickets?page=2&q=a%20b")
    desk.get_json("http://127.0.0.1:8123/api/v2/x")
    assert vendor.sent == [
        "GET http://127.0.0.1:8123/api/v2/tickets?page=2&q=a%20b",
        "GET http://127.0.0.1:8123/api/v2/x",
    ]
    assert all(request.headers["authorization"] == "Bearer bearer-token-1" for request in vendor.requests)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.net/api",
        "https://acme.zendesk.com.evil.example.net/api",
        "https://acme.zendesk.com:8443/api",
        "https://acme.zendesk.com@evil.example.net/api",
    ],
)
def test_credentials_never_go_to_another_host(link: str) -> None:
    vendor = Script(OK)
    session(vendor, TOKEN, base_url="https://acme.zendesk.com", hosts=("acme.zendesk.com",)).get_json(link)
    assert "authorization" not in vendor.requests[0].headers


@pytest.mark.parametrize("link", ["http://evil.example.net/", "http://169.254.169.254/latest", "http://127.0.0.1/x"])
def test_plain_http_elsewhere_is_refused(link: str) -> None:
    vendor = Script(OK)
    with pytest.raises(Refused, match="plain http"):
        session(vendor, TOKEN).get_json(link)
    assert vendor.requests == []


def test_redirects_of_a_get_are_followed_without_credentials_elsewhere() -> None:
    vendor = Script(
        httpx.Response(302, headers={"Location": "/moved"}),
        httpx.Response(307, headers={"Location": "https://storage.example.net/file?sig=1"}),
        httpx.Response(302, headers={"Location": f"{BASE}/back"}),
        OK,
    )
    assert session(vendor, TOKEN).get_json("x", {"a": 1}) == {"ok": True}
    assert vendor.sent[1:] == [
        f"GET {BASE}/moved",
        "GET https://storage.example.net/file?sig=1",
        f"GET {BASE}/back",
    ]
    carried = ["authorization" in request.headers for request in vendor.requests]
    assert carried == [True, True, False, False]


def test_a_redirect_to_plain_http_is_refused() -> None:
    vendor = Script(httpx.Response(302, headers={"Location": "http://storage.example.net/file"}))
    with pytest.raises(Refused, match="plain http"):
        session(vendor, TOKEN).get_json("x")


def test_redirects_end() -> None:
    vendor = Script(httpx.Response(302, headers={"Location": "/again"}))
    with pytest.raises(Stopped, match="redirected more than"):
        session(vendor).get_json("x")


def test_a_write_is_not_redirected() -> None:
    vendor = Script(httpx.Response(302, headers={"Location": "/elsewhere"}))
    with pytest.raises(VendorStatus, match="302"):
        session(vendor, TOKEN).request_json("POST", "x", {})
    assert len(vendor.requests) == 1


def test_no_cookie_is_kept() -> None:
    vendor = Script(httpx.Response(200, json={}, headers={"Set-Cookie": "session=1; Path=/"}))
    desk = session(vendor)
    desk.get_json("x")
    desk.get_json("x")
    assert "cookie" not in vendor.requests[1].headers


def test_parameters() -> None:
    vendor = Script(OK)
    desk = session(vendor)
    desk.get_json("x", {"none": None, "flag": True, "ids": [1, 2], "page[size]": 100, "q": "a b&c"})
    assert vendor.requests[0].url.query == b"flag=true&ids=1&ids=2&page%5Bsize%5D=100&q=a+b%26c"
    desk.get_json("y?kept=1", {})
    assert str(vendor.requests[1].url) == f"{BASE}/y?kept=1"


def test_a_refused_credential_says_what_to_do() -> None:
    vendor = Script(httpx.Response(401, json={"error": "Couldn't authenticate you"}))
    with pytest.raises(Refused) as caught:
        session(vendor, BasicAuth("ops@example.com/token", Secret("wrong-secret"))).get_json("users/me")
    assert "Couldn't authenticate you" in str(caught.value)
    assert "deskferry check" in str(caught.value)
    assert caught.value.exit_code == 3
    assert len(vendor.requests) == 1


def test_statuses_that_the_caller_looks_at() -> None:
    desk = session(Script(httpx.Response(404, json={"error": "gone"}, headers={"X-Trace": "1"})))
    answer = desk.get_json("x", allow=(403, 404))
    assert (answer.status, answer.body, answer.headers["x-trace"]) == (404, {"error": "gone"}, "1")
    with pytest.raises(VendorStatus) as caught:
        desk.get_json("x", allow=(403,))
    assert (caught.value.status, caught.value.body, caught.value.exit_code) == (404, {"error": "gone"}, 4)
    with pytest.raises(VendorStatus) as caught:
        session(Script(httpx.Response(403, text="no"))).get_json("x")
    assert (caught.value.body, caught.value.exit_code) == ("no", 3)


def test_empty_answers() -> None:
    assert session(Script(httpx.Response(204))).get_json("x") is None
    assert session(Script(httpx.Response(201))).request_json("POST", "x", {}).body is None


def test_what_is_not_json_in_an_error_stays_text() -> None:
    with pytest.raises(VendorStatus) as caught:
        session(Script(httpx.Response(404, html="<html><b>nginx</b></html>"))).get_json("x")
    assert "nginx" in str(caught.value)
    assert "<b>" not in str(caught.value)


# ------------------------------------------------------------------------------------------------------------ uploads


def test_a_form_with_files_and_repeated_fields(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    vendor = Script(httpx.Response(429, headers={"Retry-After": "1"}), OK)
    session(vendor).request_json(
        "POST",
        "tickets",
        data=[("tags[]", "a"), ("tags[]", "ü"), ("subject", "Hi")],
        files=[("attachments[]", "ä.txt", tmp_path / "a", "text/plain")],
    )
    assert vendor.bodies[0] == vendor.bodies[1]  # the repetition sends the whole file too
    body = vendor.bodies[1].decode()
    assert body.count('name="tags[]"') == 2
    assert 'name="attachments[]"; filename="ä.txt"\r\nContent-Type: text/plain\r\n\r\nfirst' in body
    assert int(vendor.requests[0].headers["content-length"]) == len(vendor.bodies[0])


def test_a_raw_upload_is_read_anew_on_every_attempt(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 200_000)
    vendor = Script(httpx.ConnectError("refused"), httpx.Response(429), OK)
    session(vendor).request_json(
        "POST", "uploads", params={"filename": "a"}, content=tmp_path / "a", headers={"Content-Type": "image/png"}
    )
    assert [len(body) for body in vendor.bodies] == [200_000] * 3
    assert vendor.requests[2].headers["content-length"] == "200000"
    assert vendor.requests[2].headers["content-type"] == "image/png"


def test_uploads_do_not_fill_the_memory(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(40_000_000)

    class Sink(httpx.BaseTransport):
        size = 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.SyncByteStream)
            self.size = sum(len(chunk) for chunk in request.stream)
            return httpx.Response(200, json={})

    sink = Sink()
    desk = Session(BASE, clock=VirtualClock(), transport=sink)
    uploads: tuple[dict[str, Any], ...] = (
        {"files": [("f", "big", tmp_path / "big", None)]},
        {"content": tmp_path / "big"},
    )
    for upload in uploads:
        tracemalloc.start()
        desk.request_json("POST", "x", **upload)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sink.size >= 40_000_000
        assert peak < 4_000_000


# ---------------------------------------------------------------------------------------------------------- downloads


def read(desk: Any, url: str, **options: Any) -> bytes:
    with desk.stream(url, **options) as chunks:
        return b"".join(chunks)


def test_a_download_follows_its_link_without_credentials() -> None:
    vendor = Script(
        httpx.Response(302, headers={"Location": "https://cdn.example.net/f?sig=s"}),
        httpx.Response(200, content=b"abc"),
    )
    assert read(session(vendor, TOKEN, hosts=("files.example.com",)), "https://files.example.com/f") == b"abc"
    assert [("authorization" in request.headers) for request in vendor.requests] == [True, False]
    assert vendor.requests[0].url.host == "acme.example.com"


def test_signed_links_of_the_own_host_can_do_without_credentials() -> None:
    vendor = Script(httpx.Response(200, content=b"abc"))
    read(session(vendor, TOKEN), "/f", with_credentials=False)
    assert "authorization" not in vendor.requests[0].headers


def test_with_credentials_does_not_send_them_elsewhere() -> None:
    vendor = Script(httpx.Response(200, content=b"abc"))
    read(session(vendor, TOKEN), "https://cdn.example.net/f", with_credentials=True)
    assert "authorization" not in vendor.requests[0].headers


@pytest.mark.parametrize(
    ("status", "error"), [(404, Gone), (410, Gone), (401, Denied), (403, Denied), (416, VendorStatus)]
)
def test_what_cannot_be_downloaded(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(session(Script(httpx.Response(status, text="x" * 10)), TOKEN), "/f")


def test_a_download_is_tried_again() -> None:
    vendor = Script(httpx.Response(503), httpx.ReadError("reset"), httpx.Response(200, content=b"abc"))
    assert read(session(vendor), "/f") == b"abc"


def test_a_broken_download_is_resumed_where_it_broke_off() -> None:
    vendor = Script(
        lambda _request: httpx.Response(200, stream=Torn(b"abc", b"de")),
        lambda request: httpx.Response(206, content=b"fgh"[0:1]) if request.headers["range"] == "bytes=5-" else None,
    )
    assert read(session(vendor), "/f") == b"abcdef"


def test_a_server_without_ranges_sends_it_all_again() -> None:
    vendor = Script(
        lambda _request: httpx.Response(200, stream=Torn(b"abc", b"de")), httpx.Response(200, content=b"abcdefgh")
    )
    assert read(session(vendor), "/f") == b"abcdefgh"


def test_a_download_that_always_breaks_off_ends() -> None:
    vendor = Script(lambda _request: httpx.Response(200, stream=Torn()))
    with pytest.raises(Exhausted, match="broke off"):
        read(session(vendor), "/f")


def test_a_body_that_looks_like_html_is_a_fine_download() -> None:
    assert read(session(Script(httpx.Response(200, html="<html>"))), "/page.html") == b"<html>"


# ---------------------------------------------------------------------------------------------------------- addresses


def test_base_urls_that_are_refused() -> None:
    for url in ("http://acme.example.com", "acme", "https://acme.example.com/api", "ftp://acme.example.com"):
        with pytest.raises(ConfigError):
            session(Script(OK), base_url=url)


def test_errors_show_no_secret() -> None:
    url = "https://u:p@cdn.example.net/f?X-Amz-Signature=abc&page=2&email=a%40b.org&token=t"
    assert redacted_url(url) == "https://cdn.example.net/f?X-Amz-Signature=…&page=2&email=…&token=…"
    vendor = Script(httpx.Response(422, json={"echo": "Bearer bearer-token-1"}))
    with pytest.raises(VendorStatus) as caught:
        session(vendor, TOKEN).request_json("POST", "x", {})
    assert "bearer-token-1" not in str(caught.value)


def test_in_doubt_tells_the_next_step() -> None:
    with pytest.raises(InDoubt, match="it looks for the result before it sends anything"):
        session(Script(httpx.ReadTimeout("late"))).request_json("POST", "x", {})


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://from-environment:1")
    monkeypatch.setenv("HTTP_PROXY", "http://from-environment:1")
    monkeypatch.setenv("NO_PROXY", "inside.example.com")
    assert proxy_for("https://acme.example.com", "http://configured:2") == "http://configured:2"
    assert proxy_for("https://acme.example.com", None) == "http://from-environment:1"
    assert proxy_for("https://inside.example.com", None) is None
    assert proxy_for("http://127.0.0.1:9", None) is None


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(ConfigError, match="PEM"):
            network(BASE, None, tmp_path / name)
    network(BASE).close()


# ------------------------------------------------------------------------------------------------------------ pages

FIRST, SECOND = httpx.Response(200, json=[{"id": 1}]), httpx.Response(200, json=[{"id": 2}])
EMPTY = httpx.Response(200, json={"results": [], "page": {"total": 0}})


def test_a_page_that_comes_again_is_asked_for_once_more() -> None:
    vendor = Script(FIRST, FIRST, SECOND)
    desk = session(vendor)
    assert [desk.get_page("people", {"page": page}).body for page in (1, 2)] == [[{"id": 1}], [{"id": 2}]]
    assert vendor.sent == [f"GET {BASE}/people?page={page}" for page in (1, 2, 2)]


def test_a_page_that_comes_again_and_again_is_none() -> None:
    desk = session(Script(FIRST))
    desk.get_page("people", {"page": 1})
    with pytest.raises(PagingLoop, match="people: the same page came twice"):
        desk.get_page("people", {"page": 2})
    # Lists that are filtered otherwise may have the same rows.
    assert desk.get_page("people", {"state": "blocked", "page": 1}, alike=True).body == [{"id": 1}]


@pytest.mark.parametrize(
    ("pages", "answer"),
    [
        ([("people", 1), ("people", 1)], FIRST),  # the same page: a pull that is gone on with
        ([("people", 1), ("teams", 2)], FIRST),
        ([("people", 1), ("people", 2)], EMPTY),
    ],
)
def test_what_may_be_alike_is_asked_for_once(pages: list[tuple[str, int]], answer: httpx.Response) -> None:
    vendor = Script(answer)
    desk = session(vendor)
    for path, page in pages:
        desk.get_page(path, {"page": page})
    assert len(vendor.sent) == 2


def test_of_many_lists_the_last_ones_are_remembered() -> None:
    desk = session(Script(FIRST))
    for number in range(1_000):
        desk.get_page(f"tickets/{number}/conversations", {"page": 1})
    assert len(desk._last_pages._held) < 100
