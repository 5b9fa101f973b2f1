"""The sample newspaper on loopback: its responses and its server."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from newsarchive.demo import feeds, pages, rest
from newsarchive.demo.answers import Answer, redirect
from newsarchive.demo.site import SampleSite

IMAGES = Path(__file__).parent / "images"
DISALLOWED = "/jabyq/"


class Newspaper(SampleSite):
    """The site with its responses to requests."""

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """Return the response to a GET of `target` (path and query); header names are lower-case."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        if path == "/robots.txt":
            return self._robots()
        if self.limit and not self._within_limit():
            return Answer(
                b"slow down", status=429, headers={"Retry-After": self.retry_after} if self.retry_after else {}
            )
        if self.captcha:
            return Answer(pages.captcha(), status=403)
        found = self._route(path, query)
        return self._conditional(found, headers)

    def _within_limit(self) -> bool:
        now = time.monotonic()
        if now - self._last < 1 / self.limit:
            return False
        self._last = now
        return True

    def _robots(self) -> Answer:
        text = self.robots or f"User-agent: *\nDisallow: {DISALLOWED}\n\nSitemap: {self.url}sitemap_index.xml\n"
        if self.robots_gzip:
            return Answer(gzip.compress(text.encode()), "text/plain", headers={"Content-Encoding": "gzip"})
        return Answer(text.encode(), "text/plain")

    def _route(self, path: str, query: dict[str, str]) -> Answer:
        if path.startswith("/wp-json"):
            return rest.answer(self, path, query)
        if path.startswith("/images/"):
            return self._image(path.rsplit("/", 1)[-1])
        if path in feeds.ROUTES:
            return feeds.answer(self, path, query) or self.not_found()
        if "p" in query and path == "/":
            return next((redirect(self.address(s)) for s in self.stories if str(s.id) == query["p"]), self.not_found())
        return self._page(path)

    def _page(self, path: str) -> Answer:
        steps = path.strip("/").split("/")
        if not path.endswith("/"):
            return redirect(f"{self.url.rstrip('/')}{path}/")
        if path == "/" or (len(steps) == 2 and steps[0] == "page" and steps[1].isdigit()):
            return self._html(pages.home(self, int(steps[1]) if path != "/" else 1))
        if steps[0] in ("category", "tag", "author") and len(steps) == 2:
            return self._html(pages.archive(self, steps[0], steps[1]))
        slug, number = steps[0], int(steps[1]) if len(steps) == 2 and steps[1].isdigit() else 1
        if slug in self.moved:
            return redirect(f"{self.url}{self.moved[slug]}/")
        if slug in self.gone:
            return self._gone(self.gone[slug][0])
        story = next((s for s in self.stories if s.slug == slug), None)
        if story is None or number > len(story.pages):
            return self.not_found()
        self._views += 1
        return self._html(pages.story(self, story, number, views=1000 + self._views if self.counter else 0))

    def _gone(self, how: str) -> Answer:
        if how == "home":
            return redirect(self.url)
        if how == "soft":
            return self._html(pages.not_found(self))
        return self.not_found(int(how))

    def not_found(self, status: int = 404) -> Answer:
        """Return the error page for a missing URL."""
        return Answer(pages.not_found(self).encode(), status=status)

    def _html(self, text: str | None) -> Answer:
        return self.not_found() if text is None else Answer(text.encode())

    def _image(self, name: str) -> Answer:
        if name in self.images:
            return self.images[name]
        path = IMAGES / name
        if not path.is_file() or path.suffix not in (".jpg", ".png"):
            return self.not_found()
        kind = "image/jpeg" if path.suffix == ".jpg" else "image/png"
        return Answer(path.read_bytes(), kind)

    def _conditional(self, found: Answer, headers: dict[str, str]) -> Answer:
        """Add an ETag to feeds and sitemaps; like WordPress, compare it literally with If-None-Match."""
        if found.status != 200 or "xml" not in found.kind:
            return found
        etag = f'"{sha256(found.body).hexdigest()[:20]}"'
        found.headers["ETag"] = etag
        if headers.get("if-none-match") == etag:
            return Answer(status=304, headers={"ETag": etag})
        return found


def handler_for(paper: Newspaper) -> type[BaseHTTPRequestHandler]:
    """The request handler that answers as the newspaper does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer but the first of a connection waits .04 s for the client

        def do_GET(self) -> None:
            found = paper.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            paper.requests.append((self.command, self.path, found.status))
            body = found.body
            text = found.kind.startswith(("text/", "application/"))
            if paper.gzip and text and body and "Content-Encoding" not in found.headers:
                body = gzip.compress(body, 1, mtime=0)
                found.headers["Content-Encoding"] = "gzip"
            self.send_response(found.status)
            for name, value in {"Content-Type": found.kind, **found.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing; `requests` is the log."""

    return Handler


@contextmanager
def serve(port: int = 0) -> Iterator[Newspaper]:
    """Serve the newspaper on loopback while the block runs; port 0 chooses a free port."""
    paper = Newspaper()
    server = ThreadingHTTPServer(("127.0.0.1", port), handler_for(paper))
    server.daemon_threads = True
    paper.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield paper
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
