"""URL normalization: a canonical form to store, and a key under which URLs of the same article are equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from newsarchive.errors import NewsArchiveError

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|yclid|ysclid|msclkid|_ga|_gl|mc_[ce]id|igshid|_openstat|tocecutient|ref_src|cmpid"
    r"|spm|mkt_tok|vero_id|oly_\w+|share|from_?ref|replytocom",
    re.IGNORECASE,
)
_NO_HOST = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")
_PORTS = {"http": ":80", "https": ":443"}
_SAFE = "/:@!$&'()*+,;=~-._"
MAX_LENGTH = 8_000
"""Longest accepted URL in characters: RFC 9110, section 4.1, does not ask recipients to support more."""


class AddressError(NewsArchiveError, ValueError):
    """An invalid URL; `reason` says why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url[:200]}: {reason}")
        self.url = url
        self.reason = reason


@lru_cache(maxsize=20_000)
def canonical_url(url: str) -> str:
    """Return the canonical form of an http(s) URL, to store and to show.

    The host is lower-case ASCII (IDNA), without the default port; the path is NFC with upper-case percent-encoding
    (RFC 3986, 6.2.2); other parameters are sorted. Fragments, tracking parameters, ``/amp``, ``/index.php`` and
    ``/page/1`` are removed. The scheme, ``www.`` and a trailing slash are kept. Any other text is returned unchanged.

    >>> canonical_url("HTTPS://Ortalyq.kz:443/%d2%9bала/?utm_source=x#top")
    'https://ortalyq.kz/%D2%9B%D0%B0%D0%BB%D0%B0/'
    >>> canonical_url("https://a.kz/index.php/news/1/amp/?b=2&a=1")
    'https://a.kz/news/1/?a=1&b=2'
    """
    try:
        return _cleaned(url)
    except ValueError:  # includes UnicodeError: from IDNA, or from a lone surrogate
        return url


def _cleaned(url: str) -> str:
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    port = f":{parts.port}" if parts.port else ""
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        return url
    if ":" in host:
        host = f"[{host}]"
    netloc = host + ("" if port == _PORTS[scheme] else port)
    return urlunsplit((scheme, netloc, _path(parts.path), _query(parts.query), ""))


def _path(path: str) -> str:
    path = re.sub(r"^/index\.php(?=/|$)", "", path)
    path = re.sub(r"/(?:amp|page/1)(/?)$", r"\1", path)
    plain = unicodedata.normalize("NFC", unquote(path, errors="surrogateescape"))
    return quote(plain, safe=_SAFE, errors="surrogateescape") or "/"


def _query(query: str) -> str:
    pairs = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _TRACKING.fullmatch(k)]
    return urlencode(sorted((k, v) for k, v in pairs if (k, v) != ("amp", "1")))


def as_requested(url: str) -> str:
    """Return the URL as requests and their captures name it: escaped as in browsers (WHATWG URL Standard).

    >>> as_requested("https://a.kz/сурет 1.jpg")
    'https://a.kz/%D1%81%D1%83%D1%80%D0%B5%D1%82%201.jpg'
    """
    return safe_url_string(url)


def is_address(url: str) -> bool:
    """True for an http(s) URL with a host and a valid port; URLs in third-party recordings need not be valid.

    >>> [is_address(url) for url in ("https://tan.example/a", "https://[x/", "https://tan.example:99999/", "urn:a")]
    [True, False, False, False]
    """
    try:
        return check_address(url) and urlsplit(url).scheme in _PORTS
    except AddressError:
        return False


def check_address(url: str) -> bool:
    """Return True for a requestable http(s) URL and for any URL of another scheme. Raises AddressError otherwise.

    >>> check_address("https://tan.example/a"), check_address("mailto:a@tan.example")
    (True, True)
    >>> check_address("http://[broken/")
    Traceback (most recent call last):
    newsarchive.urls.AddressError: http://[broken/: not a valid address
    """
    if len(url) > MAX_LENGTH:
        raise AddressError(url, f"an address of more than {MAX_LENGTH:,} characters")
    try:
        parts = urlsplit(url)
        url.encode()
        if parts.scheme in _PORTS and (not parts.hostname or parts.port == 0 or _NO_HOST.search(parts.netloc)):
            raise AddressError(url, "not a valid address")
    except ValueError as error:
        raise AddressError(url, "not a valid address") from error
    return True


def absolute_url(base: str, reference: str) -> str:
    """Resolve a reference found on the page `base` (RFC 3986, section 5.2). Raises AddressError if it is invalid.

    >>> absolute_url("https://tan.example/feed/", "/a/")
    'https://tan.example/a/'
    """
    try:
        url = urljoin(base, reference.strip())
    except ValueError as error:
        raise AddressError(reference, "not a valid address") from error
    check_address(url)
    return url


@lru_cache(maxsize=20_000)
def url_key(url: str) -> str:
    """Return the key under which URLs of one article are equal: canonical, without scheme, ``www.``, trailing slash.

    >>> url_key("http://www.ortalyq.kz/a/") == url_key("https://ortalyq.kz/a")
    True
    """
    try:
        parts = urlsplit(canonical_url(url))
    except ValueError:
        return url
    path = parts.path.rstrip("/")
    return parts.netloc.removeprefix("www.") + path + (f"?{parts.query}" if parts.query else "")
