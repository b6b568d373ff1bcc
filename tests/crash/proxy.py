"""What stands between a run and the embedded AWS, and ends the run at a call that the test chooses."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.provider.endpoint import Endpoint

_SKIPPED = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class Proxy:
    """Passes HTTP calls on and counts them.

    At the call that was chosen with :meth:`arm`, ``strike`` is called: before the call is passed on (which it
    isn't then), or when its answer is there (which nobody gets).
    """

    def __init__(self, target: Endpoint) -> None:
        host, port = target.url.removeprefix("http://").split(":")
        self._address = (host, int(port))
        self._lock = threading.Condition()
        self._generation = 0
        self._open: Counter[int] = Counter()
        self._chosen = 0
        self._before = False
        self._strike: Callable[[], None] | None = None
        self.calls = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with proxy._lock:
                    self.since = proxy._generation
                    proxy._open[self.since] += 1

            def finish(self) -> None:
                try:
                    super().finish()
                finally:
                    with proxy._lock:
                        proxy._open[self.since] -= 1
                        proxy._lock.notify_all()

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True  # who called is dead

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return lambda: proxy._pass_on(self)
                raise AttributeError(name)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = Endpoint(url=f"http://127.0.0.1:{self._server.server_address[1]}")
        self._connections = threading.local()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arm(self, call: int, *, before: bool, strike: Callable[[], None]) -> None:
        """Strike at the n-th call from now on; 0: at none. The count starts anew."""
        with self._lock:
            self.calls, self._chosen, self._before, self._strike = 0, call, before, strike
            self._generation += 1

    def disarm(self) -> None:
        with self._lock:
            self.calls, self._chosen, self._strike = 0, 0, None

    def settle(self) -> None:
        """Wait until the embedded AWS has done all that it was asked over connections since :meth:`arm`."""
        with self._lock:
            assert self._lock.wait_for(lambda: not self._open[self._generation], 60)

    def _pass_on(self, caller: BaseHTTPRequestHandler) -> None:
        body = _body(caller)
        with self._lock:
            self.calls += 1
            strike = self._strike if self.calls == self._chosen else None
        if strike is not None and self._before:
            strike()
            caller.close_connection = True
            return
        status, headers, answer = self._asked(caller, body)
        if strike is not None:
            strike()
        caller.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _SKIPPED:
                caller.send_header(name, value)
        if caller.command != "HEAD":
            caller.send_header("Content-Length", str(len(answer)))
        caller.end_headers()
        caller.wfile.write(answer)

    def _asked(self, caller: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        headers = {k: v for k, v in caller.headers.items() if k.lower() not in _SKIPPED | {"expect"}}
        try:
            connection.request(
                caller.command, caller.path, body, headers | {"Content-Length": str(len(body))}
            )
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, answer.getheaders(), content
        finally:
            connection.close()


def _body(caller: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in caller.headers.get("Transfer-Encoding", ""):
        length = int(caller.headers.get("Content-Length") or 0)
        content = caller.rfile.read(length)
        if len(content) < length:
            raise ConnectionResetError("killed while it was asking")
        return content
    chunks = []
    while size := int(caller.rfile.readline().split(b";")[0], 16):
        chunks.append(caller.rfile.read(size))
        caller.rfile.readline()
    while caller.rfile.readline().strip():
        continue
    return b"".join(chunks)
