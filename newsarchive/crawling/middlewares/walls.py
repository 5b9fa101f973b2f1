"""What stands before a page: walls that want their cookie back, and stubs that refresh to the page itself."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from w3lib.html import get_meta_refresh, remove_tags_with_content

from newsarchive.text.encodings import inflate

LONGEST_STUB = 16_000  # bytes
MOST_WORDS = 100
LONGEST_WAIT = 10.0  # seconds that a browser would wait before it refreshes
MOST_REFRESHES = 5


class CookieWallMiddleware:
    """Sends back, within a run, the cookies that came with a redirect; others are not kept."""

    def __init__(self) -> None:
        self._jar: CookieJar | None = None

    def process_request(self, request: Request) -> None:
        if self._jar is not None:
            request.headers.pop("Cookie", None)
            self._jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep the cookies of a redirect. Raises IgnoreRequest if it leads to itself though its cookies were sent."""
        if not 300 <= response.status < 400 or "Set-Cookie" not in response.headers:
            return response
        target = urljoin(response.url, (response.headers.get("Location") or b"").decode("latin-1"))
        if request.headers.get("Cookie") and target == response.url:
            raise IgnoreRequest("a cookie wall: it keeps redirecting to itself and setting a cookie")
        self._jar = self._jar or CookieJar()
        self._jar.extract_cookies(response, request)
        return response


class RefreshMiddleware:
    """Follows a page that has nothing but a meta refresh, as a redirect."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        target = refresh_target(response)
        times = request.meta.get("refresh_times", 0)
        if not target or urldefrag(target)[0] == urldefrag(response.url)[0] or times >= MOST_REFRESHES:
            return response
        hops = [*request.meta.get("redirect_urls", []), request.url]
        return request.replace(
            url=target, dont_filter=True, meta={**request.meta, "redirect_urls": hops, "refresh_times": times + 1}
        )


def refresh_target(response: Response) -> str:
    """Return where a page with little else refreshes to; empty if it does not."""
    kind = (response.headers.get("Content-Type") or b"text/html").lower()
    if response.status != 200 or b"html" not in kind or len(response.body) > LONGEST_STUB:
        return ""
    encoding = (response.headers.get("Content-Encoding") or b"").decode("latin-1")
    body = inflate(response.body, encoding, cap=4 * LONGEST_STUB)
    if b"refresh" not in body.lower():
        return ""
    text = body.decode("utf-8", "replace")
    wait, target = get_meta_refresh(text, response.url, "utf-8", ignore_tags=("script", "noscript"))
    words = remove_tags_with_content(text, ("script", "style", "head")).split()
    return target if target and wait is not None and wait <= LONGEST_WAIT and len(words) <= MOST_WORDS else ""
