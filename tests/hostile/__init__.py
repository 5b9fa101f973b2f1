"""A hostile server on loopback: each path behaves badly in its own way, as its docstring says.

    with serve() as server:
        server.listed = ["/good/", "/gzip-bomb/", "/redirect-loop/"]
        profile = server.profile("sitemap")

>>> describe()["/hang/"]
'Takes the request and never answers.'
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.hostile import listings, pages, transfers, values
from tests.hostile.exchange import BEHAVIOURS, Behaviour, Exchange, HostileServer

__all__ = ["BEHAVIOURS", "HostileServer", "describe", "listings", "pages", "serve", "transfers", "values"]


def describe() -> dict[str, str]:
    """What each path does, in a line."""
    return {path: (behaviour.__doc__ or "").splitlines()[0] for path, behaviour in sorted(BEHAVIOURS.items())}


@contextmanager
def serve() -> Iterator[HostileServer]:
    """Serve it, and the foreign host beside it, on free ports of 127.0.0.1; what is under way ends with it."""
    server = HostileServer()
    listeners = [_Listener(("127.0.0.1", 0), _handler(server)), _Listener(("127.0.0.1", 0), _stranger(server))]
    server.url, server.elsewhere = (f"http://127.0.0.1:{each.server_address[1]}/" for each in listeners)
    threads = [threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True) for each in listeners]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        for listener, thread in zip(listeners, threads, strict=True):
            listener.shutdown()
            listener.server_close()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up on an endless answer does right."""


def _behaviour(path: str) -> Behaviour:
    if path in BEHAVIOURS:
        return BEHAVIOURS[path]
    return next(
        (found for start, found in BEHAVIOURS.items() if start.endswith("*") and path.startswith(start[:-1])), _missing
    )


def _missing(x: Exchange) -> None:
    x.send("<html><head><title>404</title></head><body><h1>404</h1></body></html>", status="404 Not Found")


def _handler(server: HostileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            server.requests.append((self.command, self.path))
            server.hits[path] += 1
            self.close_connection = True
            _behaviour(path)(Exchange(server=server, handler=self, path=path, hit=server.hits[path]))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tests' output clean; `requests` is the log."""

    return Handler


def _stranger(server: HostileServer) -> type[BaseHTTPRequestHandler]:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.strangers.append((self.command, self.path))
            self.close_connection = True
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """As above; `strangers` is the log."""

    return Stranger
