"""URL normalization: a canonical form to store, and a key under which URLs of the same article are equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, quote, unquote, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from newsarchive.errors import NewsArchiveError

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|yclid|ysclid|msclkid|_ga|_gl|mc_[ce]id|igshid|_openstat|tocecutient|ref_src|cmpid"
    r"|spm|mkt_tok|vero_id|oly_\w+|share|from_?ref|replytocom",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"(?:amp;)?(?:php_?sess(?:id)?|jsessionid|aspsessionid\w*|asp\.net_sessionid|bitrix_sessid|wp_?session\w*|zenid|oscsid"
    r"|xtcsid|cftoken|session_?id|sess_?id)",
    re.IGNORECASE,
)
_MAYBE_SESSION = re.compile(r"(?:amp;)?(?:ssid|sid|s|sess|session|hash)", re.IGNORECASE)
_SESSION_VALUE = re.compile(r"(?=.*\d)(?=.*[a-z])[0-9a-z,-]{20,}", re.IGNORECASE)
"""Names of parameters that may be anything are those of sessions only if their values look made by a machine."""
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?#]*|/\(S\([0-9a-z]{20,}\)\)(?=/)", re.IGNORECASE)
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
    (RFC 3986, 6.2.2); other parameters are sorted. Fragments, tracking parameters, session IDs, ``/amp``,
    ``/index.php`` and ``/page/1`` are removed. The scheme, ``www.`` and a trailing slash are kept. Any other text is
    returned unchanged.

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
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return url
    return urlunsplit((scheme, _host(parts), _path(parts.path), _query(parts.query), ""))


def _host(parts: SplitResult) -> str:
    """Return a URL's host in ASCII (IDNA), without a final dot, with its port if that is not the default one.

    Raises ValueError if it is invalid.
    """
    host = (parts.hostname or "").rstrip(".")
    host = f"[{ip_address(host)}]" if ":" in host else host.encode("idna").decode("ascii").lower()
    port = f":{parts.port}" if parts.port else ""
    return host + ("" if port == _PORTS.get(parts.scheme.lower()) else port)


@lru_cache(maxsize=2_000)
def _host_of_origin(scheme: str, netloc: str) -> str:
    return _host(SplitResult(scheme, netloc, "", "", ""))


def host_of(url: str) -> str:
    """Return the host of a URL, equal for all ways to write it; empty for an invalid URL.

    >>> host_of("https://Ақпарат.ҚАЗ.:443/a"), host_of("http://[::1]:8080/"), host_of("http://a.kz:99999/")
    ('xn--80aaa2dgn23d.xn--80ao21a', '[::1]:8080', '')
    """
    try:
        parts = urlsplit(url)
        return _host_of_origin(parts.scheme, parts.netloc)
    except ValueError:
        return ""


def _path(path: str) -> str:
    path = _SESSION_PATH.sub("", path)
    path = re.sub(r"^/index\.php(?=/|$)", "", path)
    path = re.sub(r"/(?:amp|page/1)(/?)$", r"\1", path)
    plain = unicodedata.normalize("NFC", unquote(path, errors="surrogateescape"))
    return quote(plain, safe=_SAFE, errors="surrogateescape") or "/"


def _query(query: str) -> str:
    pairs = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _TRACKING.fullmatch(k)]
    return urlencode(sorted((k, v) for k, v in pairs if (k, v) != ("amp", "1") and not _is_session(k, v)))


def _is_session(name: str, value: str) -> bool:
    if _SESSION.fullmatch(name):
        return True
    return bool(_MAYBE_SESSION.fullmatch(name) and _SESSION_VALUE.fullmatch(value))


def without_session(url: str) -> str:
    """Return the URL as it is written, without session IDs.

    >>> without_session("https://a.kz/n.php?PHPSESSID=9f86d081884c7d65&id=7")
    'https://a.kz/n.php?id=7'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [part for part in parts.query.split("&") if not _is_session(part.partition("=")[0], part.partition("=")[2])]
    path = _SESSION_PATH.sub("", parts.path)
    if path == parts.path and len(kept) == parts.query.count("&") + 1:
        return url
    return urlunsplit(parts._replace(path=path, query="&".join(kept)))


def key_without(key: str, names: Container[str]) -> str:
    """Return a key without parameters of these names.

    >>> key_without("a.kz/n.php?from=top&id=7", {"from"}), key_without("a.kz/n?from=top", {"from"})
    ('a.kz/n.php?id=7', 'a.kz/n')
    """
    path, _, query = key.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in names]
    return f"{path}?{'&'.join(kept)}" if kept else path


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
