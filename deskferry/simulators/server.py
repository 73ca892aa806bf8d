"""A desk on loopback HTTP/1.1 (`serve`), or behind an httpx client with no socket at all (`SimTransport`).

Both go through the same pipeline: faults, control plane and log are the same.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from deskferry.simulators.faults import Rule
from deskferry.simulators.kernel import Desk, SimRequest, SimResponse
from deskferry.simulators.pipeline import LogEntry, Outcome, Pipeline, lowered

_ABORT: Final = struct.pack("ii", 1, 0)  # SO_LINGER with no time left: close() sends a reset
_MAX_HEADERS: Final = 200


class RunningServer:
    """A desk that answers at `base_url` until `close()`; also a context manager."""

    def __init__(self, pipeline: Pipeline, port: int, host: str) -> None:
        self.pipeline = pipeline
        self._server = _Listener((host, port), pipeline)
        self.base_url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def log(self) -> list[LogEntry]:
        """The requests so far, oldest first; clear it to start counting anew."""
        return self.pipeline.log

    @property
    def faults(self) -> list[Rule]:
        """The rules in force; append or clear at will."""
        return self.pipeline.rules

    def close(self) -> None:
        """Stop answering and free the port; may be called twice."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def __enter__(self) -> RunningServer:
        """Return the server itself, already answering."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def serve(desk: Desk, port: int = 0, host: str = "127.0.0.1", latency: float = 0.0) -> RunningServer:
    """Return a desk served over HTTP, already answering; port 0 takes a free one."""
    return RunningServer(Pipeline(desk, latency), port, host)


class SimTransport(httpx.BaseTransport):
    """An httpx transport that asks a desk directly; thread-safe, and any host name reaches it."""

    def __init__(self, desk: Desk, latency: float = 0.0) -> None:
        self.pipeline = Pipeline(desk, latency)

    @property
    def log(self) -> list[LogEntry]:
        """The requests so far, oldest first."""
        return self.pipeline.log

    @property
    def faults(self) -> list[Rule]:
        """The rules in force; append or clear at will."""
        return self.pipeline.rules

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx; connection faults raise what httpx would raise."""
        path, query = split_target(request.url.raw_path.decode("ascii"))
        outcome = self.pipeline.handle(
            SimRequest(request.method, path, query, lowered(request.headers), request.read())
        )
        if outcome.ending == "reset":
            raise httpx.ReadError("Connection reset by peer", request=request)
        if outcome.ending == "hold":
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        response = outcome.response
        headers = {**response.headers, "Content-Length": str(len(response.body))}
        if outcome.ending == "truncate":
            return httpx.Response(response.status, headers=headers, stream=_HalfBody(response.body))
        return httpx.Response(response.status, headers=headers, content=response.body)


class _HalfBody(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def split_target(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the decoded path and the query of a request target."""
    parts = urlsplit(target)
    return unquote(parts.path), tuple(parse_qsl(parts.query, keep_blank_values=True))


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    block_on_close = False

    def __init__(self, address: tuple[str, int], pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are no news."""


class _Connection(socketserver.StreamRequestHandler):
    """One client connection: requests one after another until somebody closes it."""

    server: _Listener
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle(self) -> None:
        while not self.server.stopping.is_set():
            request, keep = self._read()
            if request is None or not self._answer(request, keep):
                return

    def _read(self) -> tuple[SimRequest | None, bool]:
        parts = self.rfile.readline(65537).decode("latin-1").split()
        if len(parts) != 3:
            return None, False
        headers: dict[str, str] = {}
        for _ in range(_MAX_HEADERS):
            name, separator, value = self._line().decode("latin-1").partition(":")
            if not separator:
                break
            headers[name.strip().lower()] = value.strip()
        path, query = split_target(parts[1])
        keep = headers.get("connection", "").lower() != "close" and parts[2] == "HTTP/1.1"
        return SimRequest(parts[0], path, query, headers, self._body(headers)), keep

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self._whole(int(headers.get("content-length") or 0))
        chunks: list[bytes] = []
        while size := int(self._line().split(b";")[0], 16):
            chunks.append(self._whole(size))
            self._line()
        self._line()
        return b"".join(chunks)

    def _line(self) -> bytes:
        line = self.rfile.readline(65537)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("The client is gone in the middle of a request.")
        return line

    def _whole(self, size: int) -> bytes:
        """Return so many bytes: of a client that died while it sent, no server takes half a request for a whole one."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionResetError("The client is gone in the middle of a request.")
        return body

    def _answer(self, request: SimRequest, keep: bool) -> bool:
        outcome = self.server.pipeline.handle(request)
        if outcome.ending == "send":
            self._send(outcome.response, len(outcome.response.body), request.method, keep)
            return keep
        self._end_badly(outcome)
        return False

    def _end_badly(self, outcome: Outcome) -> None:
        if outcome.ending == "hold":
            self.server.stopping.wait(outcome.seconds)
        elif outcome.ending == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            self.connection.close()
        else:
            self._send(outcome.response, len(outcome.response.body) // 2, "GET", keep=False)

    def _send(self, response: SimResponse, length: int, method: str, keep: bool) -> None:
        lines = [f"HTTP/1.1 {response.status} {httpx.codes.get_reason_phrase(response.status)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != 204:
            lines.append(f"Content-Length: {len(response.body)}")
        lines.append(f"Connection: {'keep-alive' if keep else 'close'}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if method != "HEAD" and response.status != 204:
            self.wfile.write(response.body[:length])
        self.wfile.flush()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
