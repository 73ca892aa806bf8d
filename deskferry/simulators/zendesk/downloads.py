"""The bytes of attachments: `/attachments/token/...` needs no credentials; large ones are on another host.

The other host (`/attachment/...` here) refuses requests that still carry credentials, as object stores do.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from deskferry.simulators.kernel import SimRequest, SimResponse, json_response
from deskferry.simulators.zendesk.errors import no_record
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.state import Blob, State
from deskferry.simulators.zendesk.tickets import TicketFile

LARGE: Final = 1_000_000


class Downloads:
    """Serves files; a flaky one fails the first time."""

    def __init__(self, state: State, redirect_above: int | None = LARGE) -> None:
        self._state = state
        self._redirect_above = redirect_above
        self._failed: set[str] = set()

    def handle(self, request: SimRequest) -> SimResponse | None:
        """Answer a request for bytes, or None if it is for something else."""
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["attachments", "token"] and len(parts) > 2:
            return self._from_own_host(request, parts[2])
        if parts[0] == "attachment" and len(parts) > 1:
            return self._from_other_host(request, parts[1])
        if parts[:2] == ["hc", "article_attachments"] and len(parts) > 2 and parts[2].isdigit():
            return self._bytes(self._blob(f"article:{parts[2]}"))
        return None

    def _from_own_host(self, request: SimRequest, token: str) -> SimResponse:
        blob = self._blob(token)
        if blob is not None and self._redirect_above is not None and blob.size >= self._redirect_above:
            target = f"{other_host(request)}/attachment/{token}/?name={quote(blob.name)}"
            return SimResponse(302, b"", {"Location": target})
        return self._bytes(blob)

    def _from_other_host(self, request: SimRequest, token: str) -> SimResponse:
        if "authorization" in request.headers:
            return json_response({"error": "Only one auth mechanism allowed"}, 400)
        return self._bytes(self._blob(token))

    def _blob(self, token: str) -> Blob | None:
        return self._state.written.blobs.get(token) or self._state.blob(token)

    def _bytes(self, blob: Blob | None) -> SimResponse:
        if blob is None or blob.health == "gone":
            return SimResponse(404, b"<h1>Not found</h1>", {"Content-Type": "text/html; charset=utf-8"})
        if blob.health == "flaky" and blob.key not in self._failed:
            self._failed.add(blob.key)
            return SimResponse(503, b"<h1>Service unavailable</h1>", {"Content-Type": "text/html", "Retry-After": "1"})
        disposition = f"attachment; filename*=UTF-8''{quote(blob.name)}"
        headers = {"Content-Type": blob.content_type, "Content-Disposition": disposition}
        return SimResponse(200, blob.content(), headers)


def other_host(request: SimRequest) -> str:
    """Return an address that is another origin to a client and still reaches this desk."""
    host = request.headers.get("host", "")
    name, separator, port = host.partition(":")
    if name in ("127.0.0.1", "localhost"):
        return f"http://{'localhost' if name == '127.0.0.1' else '127.0.0.1'}{separator}{port}"
    return "https://p18.zdusercontent.com"


def show_attachment(call: Call) -> dict[str, object]:
    """Answer `GET /attachments/{id}`."""
    for file in call.state.tickets:
        for record in _attachments(file):
            if record["id"] == call.ids[0]:
                return {"attachment": record}
    raise no_record()


def _attachments(file: TicketFile) -> list[dict[str, object]]:
    return [one for comment in file.comments(inline=True) for one in comment["attachments"]]


ROUTES: Final = [Route("GET", "/api/v2/attachments/{id}", show_attachment)]
