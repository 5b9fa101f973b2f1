"""What the pages of a probe say of the newspaper itself: title, language, time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.discovery.markup import parse_html
from newsarchive.items import Page
from newsarchive.kazakh.language import identify_language


def rest_root_of(pages: Mapping[str, Page]) -> dict[str, Any]:
    """Return what the root of WordPress' REST API says of the site; empty if none was fetched."""
    for url, page in pages.items():
        if re.search(r"/wp-json/$|rest_route=(?:/|%2F)$", url) and page.status == 200:
            try:
                data = read_json(page, page.body)
            except ListingError:
                continue
            if isinstance(data, dict) and "routes" in data:
                return data
    return {}


def timezone_of(rest: Mapping[str, Any], home: str) -> str:
    """Return the site's time zone by its REST API, else by its host; UTC if neither says."""
    zone = rest.get("timezone_string")
    if isinstance(zone, str) and zone in available_timezones():
        return str(ZoneInfo(zone))
    if (urlsplit(home).hostname or "").endswith(".kz"):
        return "Asia/Almaty"
    offset = rest.get("gmt_offset")
    if offset in (5, 6, "5", "6"):
        return "Asia/Almaty"
    if isinstance(offset, int) and offset and -12 <= offset <= 14:
        return f"Etc/GMT{-offset:+d}"
    return "UTC"


def title_and_language(page: Page | None) -> tuple[str, str]:
    """Return the title of the newspaper and the language of its home page; empty if unknown."""
    if page is None:
        return "", ""
    try:
        tree = parse_html(page)
    except ListingError:
        return "", ""
    title = str(tree.xpath("string(//meta[@property='og:site_name']/@content)") or tree.xpath("string(//title)"))
    title = re.split(r"(?<!\s)\s+[|–—-]\s+", title.strip())[0]
    stated = (tree.get("lang") or "").partition("-")[0].lower()
    for element in tree.xpath("//script|//style"):
        element.drop_tree()
    text = " ".join(tree.text_content().split())
    return title, identify_language(text[:20_000], hint=stated) or stated
