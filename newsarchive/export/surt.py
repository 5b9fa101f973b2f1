"""The key of a CDXJ index: a URL with its host reversed, so that a site's pages are sorted together."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_PORTS = {"http": 80, "https": 443}
_SAFE = "".join(map(chr, range(0x21, 0x7F))).replace("%", "").replace("#", "")
_SESSION = re.compile(
    rb"(?:(?:jsessionid|phpsessid|sid)=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}|cfid=[^&]+&cftoken=[^&]+)(?:&|$)"
)


def surt(url: str) -> str:
    """Return the key by which replay tools look up a URL (Sort-friendly URI Reordering Transform, as in Wayback).

    The key ignores scheme, www, user, default port, case, fragment, session IDs and the order of parameters. The
    package that replay tools use is under the AGPL; a test compares this function with it.

    >>> surt("https://www.Sary-Arqa.kz:443/Qala/%D2%9B%D1%8B%D1%81/?b=2&a=1#top")
    'kz,sary-arqa)/qala/%d2%9b%d1%8b%d1%81?a=1&b=2'
    >>> surt("http://127.0.0.1:8801/a/../b//")
    '1,0,0,127:8801)/b'
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if parts.scheme not in _PORTS or not host:
        return url
    query = _query(parts.query)
    return f"{_host(host)}{_port(parts.scheme, port)}){_path(parts.path)}{'?' if query else ''}{query}"


def _host(host: str) -> str:
    with suppress(UnicodeError):  # if it cannot be encoded, it stays unchanged
        host = host.encode("idna").decode("ascii")
    name = re.sub(r"^www\d*\.", "", host.strip(".").lower())
    return ",".join(reversed(name.split(".")))


def _port(scheme: str, port: int | None) -> str:
    return "" if port in (None, _PORTS[scheme]) else f":{port}"


def _path(path: str) -> str:
    steps: list[bytes] = []
    for step in _unquoted(path).split(b"/"):
        if step == b"..":
            steps = steps[:-1]
        elif step not in (b"", b"."):
            steps.append(step)
    return "/" + _quoted(b"/".join(steps))


def _query(query: str) -> str:
    plain = _SESSION.sub(b"", _unquoted(query).lower())
    return "&".join(sorted(_quoted(plain).split("&"), key=lambda piece: piece.partition("=")))


def _unquoted(text: str) -> bytes:
    """Decode percent-encoding, repeatedly encoded text too."""
    plain = text.encode()
    while (further := unquote_to_bytes(plain)) != plain:
        plain = further
    return plain


def _quoted(plain: bytes) -> str:
    return quote_from_bytes(plain.lower(), safe=_SAFE).lower()
