"""Pages saved from the Internet Archive's Wayback Machine: as they were before it added its own parts and links."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_PREFIX = r"https?://web\.archive\.org/web/(\d{4,14})(?:[a-z]{2}_)?/"
_REPLAYED = re.compile(_PREFIX + r"(https?:/{1,2}[^\s\"'<>]{1,8000})")
_HEAD_TAG = re.compile(r"<(?:link|meta)\b[^<>]{0,10000}>", re.I)
_OF_THE_PAGE = re.compile(r"canonical|og:url", re.I)
_REWRITTEN = re.compile(r"(?:https?:)?(?://web\.archive\.org)?/web/\d{4,14}(?:[a-z]{2}_)?/(?=https?:|//)")
_BEGIN, _END = "<!-- BEGIN WAYBACK TOOLBAR INSERT -->", "<!-- END WAYBACK TOOLBAR INSERT -->"
_ADDED = re.compile(
    r"<script[^>]{0,300}(?:web-static\.archive\.org|/_static/js/)[^>]{0,300}>[^<]{0,300}</script>"
    r"|<script[^>]{0,300}>[^<]{0,3000}(?:__wm\.|WB_wombat_Init|RufflePlayer)[^<]{0,3000}</script>"
    r"|<link[^>]{0,300}(?:web-static\.archive\.org|/_static/css/)[^>]{0,300}>"
    r"|<!-- End Wayback Rewrite JS Include -->"
    r"|<!--\s{0,20}(?:FILE ARCHIVED ON |playback timings)[^>]{0,3000}-->",
    re.I,
)
_ARCHIVED = re.compile(
    r"FILE ARCHIVED ON (\d\d:\d\d:\d\d \w{3} \d{1,2}, \d{4}) AND RETRIEVED FROM THE\s{1,20}INTERNET ARCHIVE"
)


def is_replayed(markup: str) -> bool:
    """Whether a page was saved from the Wayback Machine."""
    return _ARCHIVED.search(markup) is not None or _BEGIN in markup


def original_place(url: str) -> tuple[str, datetime | None]:
    """Return the original URL and the time of a capture that a replay URL names; the URL itself and None otherwise.

    >>> original_place("https://web.archive.org/web/20250218093500id_/https://tan.example/a")
    ('https://tan.example/a', datetime.datetime(2025, 2, 18, 9, 35, tzinfo=datetime.timezone.utc))
    """
    found = _REPLAYED.match(url)
    return (found[2], _time(found[1])) if found else (url, None)


def archived_at(markup: str) -> datetime | None:
    """Return the time of the capture that a replayed page states at its end."""
    if (found := _ARCHIVED.search(markup)) is None:
        return None
    try:
        return datetime.strptime(found[1], "%H:%M:%S %b %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def replayed_url(markup: str) -> tuple[str, datetime | None]:
    """Return the original URL and time by the first replay URL of a page's canonical link or og:url."""
    for tag in _HEAD_TAG.findall(markup):
        if _OF_THE_PAGE.search(tag) and (found := _REPLAYED.search(tag)):
            return found[2], _time(found[1])
    return "", None


def unwrapped(markup: str) -> str:
    """Return a replayed page without the toolbar and scripts of the Wayback Machine, with its original links.

    >>> unwrapped('<a href="/web/20250218/https://a.kz/b"><!-- BEGIN WAYBACK TOOLBAR INSERT -->x'
    ...           '<!-- END WAYBACK TOOLBAR INSERT -->')
    '<a href="https://a.kz/b">'
    """
    before, begin, rest = markup.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    page = before + after if begin and end else markup
    return _REWRITTEN.sub("", _ADDED.sub("", page))


def _time(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits.ljust(14, "0")[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
