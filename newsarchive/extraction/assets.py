"""Image URLs: recognizing versions of one file, and widths stated in the URL."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

_SIZE = re.compile(r"(?:[-_](\d{2,5})x(\d{2,5})|-scaled|-e\d{10,})+(?=\.\w{3,4}$|$)", re.I)
_LONGEST_SIZE = 200  # characters at the end of a path


def size_in(path: str) -> re.Match[str] | None:
    """Return the match of the size at the end of a path or file name; None if there is none."""
    return _SIZE.search(path, max(0, len(path) - _LONGEST_SIZE))


def without_size(path: str) -> str:
    """Return a path or file name without the size at its end.

    >>> without_size("/kol-1024x720-scaled.jpg"), without_size("/kol")
    ('/kol.jpg', '/kol')
    """
    found = size_in(path)
    return path[: found.start()] + path[found.end() :] if found else path


@lru_cache(maxsize=4096)
def parts_of(address: str) -> SplitResult:
    """Split a URL; all parts are empty if it is invalid."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def number_in(text: str | None) -> int:
    """Return the number in an attribute such as width; 0 if it is not a number."""
    found = re.match(r"\s*(\d{1,5})(?:px)?\s*$", text or "")
    return int(found[1]) if found else 0


@lru_cache(maxsize=4096)
def width_in(address: str) -> int:
    """Return the width stated in an image URL; 0 if there is none.

    >>> [width_in(a) for a in ("/kol-1024x720.jpeg", "/kol.jpg?w=640", "/w_1200,c_limit/kol.jpg", "/kol.jpg")]
    [1024, 640, 1200, 0]
    """
    if found := size_in(parts_of(address).path):
        return int(found[1] or 0)
    found = _WIDTH.search(address)
    return int(next(g for g in found.groups() if g)) if found else 0


_WIDTH = re.compile(
    r"[?&](?:w|width|imwidth|resize)=(\d{2,4})|[/,_-]w[_-]?(\d{2,4})(?=[/,_.-])|/(\d{3,4})x\d{3,4}/"
    r"|[~_](\d{3,4})x\d{3,4}\b"
)


@lru_cache(maxsize=4096)
def base_of(address: str) -> str:
    """Return the part of a URL that all versions of a file share: without size, extension, ``www.`` and query.

    >>> base_of("https://a.kz/2025/kol-1024x720.jpeg?x=1") == base_of("http://www.a.kz/2025/kol.jpeg")
    True
    """
    parts = parts_of(unquote(address))
    return parts.netloc.removeprefix("www.") + without_size(re.sub(r"\.\w{3,4}$", "", parts.path))


@lru_cache(maxsize=4096)
def asset_names(address: str) -> frozenset[str]:
    """Return the distinctive names in an image URL, which its crops and copies share.

    >>> sorted(asset_names("https://img.example/w640/ab12cd34ef/kol-jagasy-1024x720.jpg"))
    ['ab12cd34ef', 'kol-jagasy']
    >>> sorted(asset_names("http://127.0.0.1:8000/resize/cdn2.news.example/kol-jagasy.jpg"))  # hosts are ignored
    ['kol-jagasy']
    """
    names = set()
    for chunk in _CHUNKS.split(unquote(unquote(address))):
        if len(chunk) < _SHORTEST:
            continue
        stem = without_size(_without_endings(chunk.strip()))
        if _HOST.fullmatch(stem) or _CROP.fullmatch(stem):
            continue
        has_digit, is_joined = _DIGIT.search(stem) is not None, "-" in stem or "_" in stem
        if (len(stem) > 7 and has_digit and not _DAY.fullmatch(stem)) or (len(stem) > 9 and is_joined):
            names.add(stem.casefold())
        names.update(
            piece.casefold()
            for piece in (_PIECES.split(stem) if has_digit else ())
            if len(piece) >= _SHORTEST and _DIGIT.search(piece) and not _DAY_OR_SIZE.fullmatch(piece)
        )
    return frozenset(names - _COMMON_NAMES)


_CHUNKS = re.compile(r"[/?&=#]")
_PIECES = re.compile(r"[-_.,~:]")
_DIGIT = re.compile(r"\d")
_DAY = re.compile(r"(?:19|20)\d{6}")
_DAY_OR_SIZE = re.compile(r"(?:19|20)\d{6}|\d+x\d+")
_SHORTEST = 7
"""Characters of a name that is distinctive."""
_ENDINGS = re.compile(r"(?:\.(?:jpe?g|png|webp|gif|avif))+$", re.I)


def _without_endings(name: str) -> str:
    found = _ENDINGS.search(name, max(0, len(name) - _LONGEST_SIZE))
    return name[: found.start()] + name[found.end() :] if found else name


_HOST = re.compile(r"(?:(?:[a-z0-9-]+\.)+[a-z]{2,10}|(?:\d+\.){3}\d+|localhost)(?::\d+)?", re.I)
_CROP = re.compile(r"\d+(?:,\d+)+")
_COMMON_NAMES = frozenset({"wp-content", "alternates"})
