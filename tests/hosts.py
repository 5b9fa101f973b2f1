"""A host on loopback that answers as a test says and logs when each request came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body; a Content-Length is added where none is given."""

_TEXT = "".join(
    f"<p>Ауылда бүгін {n} үй жаңадан салынды, тұрғындар қуанып жатыр, жол да жөнделді.</p>" for n in range(9)
)


def article(number: int, *, extra: str = "") -> Answer:
    """A sound page of an article."""
    title = f"Жаңа үйлер салынды, {number} күн"
    page = f"<html lang=kk><head><title>{title}</title></head><body><article><h1>{title}</h1>{extra}{_TEXT}</article></body></html>"
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()


@dataclass
class Host:
    """The host's state; `special` answers a path in place of the usual answer, given how often it was asked for."""

    url: str = ""
    pages: int = 8
    robots: bytes | Answer = b""
    special: dict[str, Callable[[int], Answer]] = field(default_factory=dict)
    extra: str = ""
    """Markup that stands in every article."""
    log: list[tuple[float, str, int]] = field(default_factory=list)
    """When each request came, its path, and the status of its answer."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    closing: threading.Event = field(default_factory=threading.Event)

    def profile(self, **values: object) -> str:
        """A profile for it, with its sitemap for a source."""
        head = f'title = "Uy"\nurl = "{self.url}"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\n'
        more = "".join(f"{key} = {value}\n" for key, value in values.items())
        return f'{head}{more}\n[[sources]]\nkind = "sitemap"\n'

    def answer(self, path: str) -> Answer:
        """What it answers to a path."""
        hit = sum(known == path for _, known, _ in self.log) + 1
        if path in self.special:
            return self.special[path](hit)
        if path == "/robots.txt":
            return self.robots if isinstance(self.robots, tuple) else (200, {"Content-Type": "text/plain"}, self.robots)
        if path == "/sitemap.xml":
            urls = "".join(f"<url><loc>{self.url}uy-{n}/</loc></url>" for n in range(self.pages))
            xml = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
            return 200, {"Content-Type": "application/xml"}, xml.encode()
        if path.startswith("/uy-"):
            return article(int(path.strip("/").removeprefix("uy-")), extra=self.extra)
        return 404, {}, b""

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for _, path, _ in self.log]

    def gaps(self, start: int = 0) -> list[float]:
        """Seconds between the requests, from one of them on."""
        return [later - earlier for earlier, later in pairwise(moment for moment, _, _ in self.log[start:])]

    def wait_for(self, condition: Callable[[Host], bool], timeout: float = 60) -> None:
        """Wait until the log meets a condition."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), timeout), self.paths()


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            moment = time.monotonic()
            status, headers, body = host.answer(self.path)
            with host.changed:
                host.log.append((moment, self.path, status))
                host.changed.notify_all()
            if status == 0:  # takes the request and never answers
                host.closing.wait()
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if not {"Content-Length", "Transfer-Encoding"} & headers.keys():
                self.send_header("Content-Length", str(len(body)))
            else:
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet: `log` is the log."""

    return Handler


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up does right."""


@contextmanager
def serve_host(**values: object) -> Iterator[Host]:
    """Serve a host on a free port of 127.0.0.1; what is under way ends with it."""
    host = Host(**values)  # type: ignore[arg-type]
    listener = _Listener(("127.0.0.1", 0), _handler(host))
    host.url = f"http://127.0.0.1:{listener.server_port}/"
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.closing.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
