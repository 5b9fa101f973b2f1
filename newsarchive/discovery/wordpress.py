"""The WordPress REST API as a source: /wp-json/wp/v2/posts, a hundred posts per page."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from newsarchive.discovery.entries import address_of, read_entries, text_of
from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.json import read_json
from newsarchive.items import Hints, Image, Listed, Listing, Page
from newsarchive.sites import Site, Source
from newsarchive.text.fingerprints import fingerprints, paragraphs
from newsarchive.text.numbers import whole_number
from newsarchive.times import stamp

PER_PAGE = "100"  # the most that WordPress allows
_SMALLER_PAGES = (50, 20, 10)
_SMALLEST_PAGE = 10
"""A page of at least this many posts may be full where the number of pages is not stated, whatever was asked for."""
_FIELDS = {
    "_embed": "author,wp:featuredmedia,wp:term",
    "_fields": "id,link,type,status,date,date_gmt,modified,modified_gmt,title,content,_links,_embedded",
}
"""The parts of a post to request; the rest, such as readers' comments, is left out. WordPress before 5.4 embeds
everything, and only if `_links` is requested too."""

FIRST_YEAR = 1600  # an earlier year is a placeholder for an unknown date
_TAG = re.compile(r"<[^<>]*>")


def posts_url(site: Site, source: Source) -> str:
    """Return the URL of the first page of all posts, ordered by ID: new posts come last, so pages do not shift."""
    return _url(site, source, {**_FIELDS, "orderby": "id", "order": "asc"})


def changes_url(site: Site, source: Source, *, since: str) -> str:
    """Return the URL of the posts modified after `since` (UTC with Z), oldest change first.

    WordPress compares in local time and converts a UTC time with Z itself, so the profile's time zone is not needed.
    """
    return _url(site, source, {**_FIELDS, "orderby": "modified", "order": "asc", "modified_after": since})


def ids_url(site: Site, source: Source) -> str:
    """Return the URL of the first page of post IDs and URLs only: a cheap way to find deleted posts.

    The latest posts come first, because a scheduled post appears with an old modification time.
    """
    return _url(site, source, {"_fields": "id,link,modified_gmt", "orderby": "date", "order": "desc"})


def _url(site: Site, source: Source, query: Mapping[str, str]) -> str:
    parts = urlsplit(source.url or urljoin(site.url, "wp-json/wp/v2/posts"))
    values = {"per_page": PER_PAGE, **dict(parse_qsl(parts.query)), "page": "1", **query}
    return urlunsplit(parts._replace(query=urlencode(values)))


def fewer_url(page: Page) -> str:
    """Return the URL that asks for fewer posts per page, if the site refused this many; else empty.

    >>> refusal = b'{"code": "rest_invalid_param", "data": {"params": {"per_page": "x"}}}'
    >>> fewer_url(Page(url="https://a.kz/posts?per_page=100", status=400, body=refusal))
    'https://a.kz/posts?per_page=50'
    """
    per_page = whole_number(_query(page.url).get("per_page", "")) or 0
    fewer = next((number for number in _SMALLER_PAGES if number < per_page), None)
    if fewer is None or _refusal(page) != "rest_invalid_param" or b"per_page" not in page.body:
        return ""
    return _with(page.url, per_page=str(fewer))


def per_page_of(url: str) -> str:
    """Return how many posts per page a URL asks for."""
    return _query(url).get("per_page", "")


def with_per_page(url: str, number: str) -> str:
    """Return the URL that asks for this many posts per page; other URLs than of WordPress stay as they are."""
    return _with(url, per_page=number) if per_page_of(url) else url


def is_beyond_last(page: Page) -> bool:
    """True if WordPress says that there is no such page: its list has ended."""
    return _refusal(page).endswith("invalid_page_number") and _query(page.url).get("page", "1") != "1"


def _refusal(page: Page) -> str:
    """Return the error code of an answer 400; empty if it is another answer."""
    if page.status != 400:
        return ""
    try:
        answer = read_json(page, page.body)
    except ListingError:
        return ""
    return text_of(answer.get("code")) if isinstance(answer, dict) else ""


def read_posts(page: Page, *, site: Site, source: Source) -> Listing:
    """Read one page of posts. Raises ListingError if it is not a list of posts."""
    posts = read_json(page, page.body)
    if not isinstance(posts, list) or (posts and not any(isinstance(post, dict) for post in posts)):
        code = text_of(posts.get("code"))[:80] if isinstance(posts, dict) else ""
        raise ListingError(page.url, f"not a list of posts{f' ({code})' if code else ''}")
    articles, lost = read_entries(
        [post for post in posts if isinstance(post, dict) and _is_public(post)],
        lambda post: address_of(page.url, post["link"]),
        lambda post, url: _listed(post, url, site),
    )
    total = whole_number(page.headers.get("x-wp-total", ""))
    return Listing(articles=articles, listings=_next(page, posts, articles), total=total, lost=lost)


def _is_public(post: Mapping[str, Any]) -> bool:
    return isinstance(post.get("link"), str) and post.get("status", "publish") == "publish"


def _next(page: Page, posts: list[Any], articles: tuple[Listed, ...]) -> tuple[str, ...]:
    """Return the next page: by the number of pages if stated, else after any page that may be full.

    A site may ignore `modified_after` (WordPress before 5.7, caches): its posts are then read latest change first,
    until they are older.
    """
    query = _query(page.url)
    stamps = [listed.lastmod for listed in articles if listed.lastmod]
    since = query.get("modified_after", "")
    if since and stamps and min(stamps) < _a_day_before(since):
        if query.get("order") == "asc":
            return (_with(page.url, order="desc", page="1"),)
        return ()
    here, stated = whole_number(query.get("page", "1")) or 1, page.headers.get("x-wp-totalpages", "")
    last = whole_number(stated)
    leads_on = here < last if last is not None else len(posts) >= _SMALLEST_PAGE
    return (_with(page.url, page=str(here + 1)),) if leads_on else ()


def _a_day_before(stamp: str) -> str:
    """Return a time a day earlier: some sites compare in local time."""
    return (datetime.fromisoformat(stamp) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _with(url: str, **values: str) -> str:
    """Return the URL with these query parameters."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**_query(url), **values})))


def _listed(post: Mapping[str, Any], url: str, site: Site) -> Listed:
    modified = _stamp(post, "modified", site)
    hints = Hints()
    if "title" in post:
        text = paragraphs(_rendered(post.get("content")))
        hints = Hints(
            title=_text(post["title"]),
            published=_stamp(post, "date", site),
            modified=modified,
            authors=_authors(post),
            categories=_terms(post, "category"),
            tags=_terms(post, "post_tag"),
            image=_image(post),
            kind="protected" if _is_protected(post) else str(post.get("type") or ""),
            words=sum(len(paragraph.split()) for paragraph in text),
            fingerprints=fingerprints(text),
        )
    return Listed(url=url, lastmod=modified, hints=hints, native_id=text_of(post.get("id")))


def _is_protected(post: Mapping[str, Any]) -> bool:
    content = post.get("content")
    return isinstance(content, dict) and bool(content.get("protected"))


def _text(value: Any) -> str:
    """Return a title, caption or name as plain text; WordPress renders them as HTML."""
    rendered = _rendered(value)
    return " ".join(html.unescape(_TAG.sub(" ", rendered) if "<" in rendered else rendered).split())


def _rendered(value: Any) -> str:
    rendered = value.get("rendered", "") if isinstance(value, dict) else value
    return rendered if isinstance(rendered, str) else ""


def _stamp(post: Mapping[str, Any], field: str, site: Site) -> str:
    """Return a time in UTC with Z, from the local field if the GMT field is zero, as in old posts of some sites."""
    for name, zone in ((f"{field}_gmt", "UTC"), (field, site.timezone)):
        value = post.get(name)
        if isinstance(value, str) and not value.startswith("0000"):
            try:
                moment = datetime.fromisoformat(value)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
                moment = moment.astimezone(ZoneInfo("UTC"))
            except (ValueError, OverflowError):
                continue
            if moment.year >= FIRST_YEAR:
                return stamp(moment)
    return ""


def _embedded(post: Mapping[str, Any], name: str) -> list[Any]:
    embedded = post.get("_embedded")
    found = embedded.get(name) if isinstance(embedded, dict) else None
    return found if isinstance(found, list) else []


def _authors(post: Mapping[str, Any]) -> tuple[str, ...]:
    names = [_text(a.get("name", "")) for a in _embedded(post, "author") if isinstance(a, dict)]
    return tuple(name for name in names if name)


def _terms(post: Mapping[str, Any], taxonomy: str) -> tuple[str, ...]:
    terms = [t for group in _embedded(post, "wp:term") if isinstance(group, list) for t in group if isinstance(t, dict)]
    return tuple(name for t in terms if t.get("taxonomy") == taxonomy and (name := _text(t.get("name", ""))))


def _image(post: Mapping[str, Any]) -> Image | None:
    for media in _embedded(post, "wp:featuredmedia"):
        if isinstance(media, dict) and isinstance(media.get("source_url"), str):
            return Image(
                url=media["source_url"],
                alt=_text(media.get("alt_text", "")),
                caption=_text(media.get("caption", "")),
                lead=True,
            )
    return None
