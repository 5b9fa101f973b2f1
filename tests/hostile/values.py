"""Listings that are sound but for single values: invalid addresses, numbers, times, letters and types."""

from __future__ import annotations

import json

from tests.hostile.exchange import Exchange, article, at
from tests.hostile.listings import rss, urlset

BROKEN = ("http://[broken/", "//[x", "http://a\u2100b/", "http://127.0.0.1:99999/a/")
LONG = "/" + "a" * 1_000_000
MARKUP = "<a" * 300_000


@at("/values/article/*")
def value_article(x: Exchange) -> None:
    """A sound article at every address."""
    x.send(article(title=f"Қақпа алдындағы кезек {x.path.strip('/').rpartition('/')[2]}"))


def _good(x: Exchange, name: str) -> str:
    return f"{x.server.url}values/article/{name}/"


@at("/values/sitemap.xml")
def value_sitemap(x: Exchange) -> None:
    """A sitemap of invalid addresses, one of a megabyte, a picture without an address, and sound ones."""
    body = urlset([*BROKEN, x.server.url + LONG, _good(x, "sitemap")])
    picture = "<image:image><image:loc>http://[x</image:loc></image:image>"
    more = f"<url><loc>{_good(x, 'picture')}</loc><lastmod>9999-12-31T23:59:59-12:00</lastmod>{picture}</url>"
    head = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" '
    x.send(body.replace("<urlset ", f"<urlset {head}").replace("</urlset>", f"{more}</urlset>"), kind="application/xml")


@at("/values/index.xml")
def value_index(x: Exchange) -> None:
    """A sitemap index that names an invalid address and a sound file."""
    urls = ("http://[broken/sitemap.xml", f"{x.server.url}values/nested.xml")
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    x.send(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>')


@at("/values/nested.xml")
def value_nested(x: Exchange) -> None:
    """The sound file that the index names."""
    x.send(urlset([_good(x, "nested")]), kind="application/xml")


@at("/values/feed.xml")
def value_feed(x: Exchange) -> None:
    """A feed with an invalid address, a title of open tags, a picture and a base that are none, and sound entries."""
    items = (
        "<item><title>&#xD800; &#x110000; &#99999999999;</title>"
        f"<link>{_good(x, 'letter')}</link></item>"
        "<item><title>a</title><link>http://[broken/</link></item>"
        f"<item><title><![CDATA[{MARKUP}]]></title><link>{_good(x, 'markup')}</link></item>"
        f'<item xml:base="http://[x/"><title>c</title><link>{_good(x, "base")}</link></item>'
        f"<item><title>b</title><link>{_good(x, 'feed')}</link>"
        '<enclosure url="http://[x" type="image/jpeg"/><pubDate>Fri, 31 Dec 9999 23:59:59 -1200</pubDate></item>'
    )
    x.send(rss(items), "X-Shop: \xb3\xff", 'Etag: "\xb3"', kind="application/rss+xml")


@at("/values/feed.json")
def value_json_feed(x: Exchange) -> None:
    """A JSON feed whose items have every field of a wrong type, a number of 5,000 digits, half a letter, a bad next."""
    items = [
        {"id": {}, "url": _good(x, "types"), "title": [1], "authors": {"name": 7}, "tags": "abc", "image": {"a": []}},
        {"url": {"a": 1}},
        {"url": 7, "tags": 7},
        {"url": _good(x, "letters"), "title": "\ud800\x00\x1b[31m", "tags": [None, {}, "\udfff", 7], "author": ["x"]},
        {"url": "http://[broken/"},
        "no item",
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items, "next_url": "http://[x"}
    text = json.dumps(feed).replace('"tags": 7', f'"tags": {"9" * 5000}')
    x.send(text, kind="application/feed+json")


@at("/values/deep.json")
def value_deep(x: Exchange) -> None:
    """JSON nested 200,000 deep."""
    x.send('{"items":' + "[" * 200_000 + "]" * 200_000 + "}", kind="application/json")


@at("/values/posts")
def value_posts(x: Exchange) -> None:
    """WordPress with a total of 6,000 digits, header bytes beyond ASCII, and posts with impossible values."""
    posts = [
        {"id": 1, "link": "http://[broken/", "title": {"rendered": "a"}},
        {"id": 2, "link": _good(x, "year"), "modified_gmt": "9999-12-31T23:59:59-05:00", "title": {"rendered": []}},
        {"id": 3, "link": _good(x, "first"), "date_gmt": "0001-01-01T00:00:00+05:00", "title": "\ud800"},
        {"id": 4, "link": _good(x, "types"), "title": 7, "content": [], "_embedded": {"author": [7], "wp:term": [[7]]}},
        7,
    ]
    lines = (
        f"X-WP-Total: {'9' * 6000}",
        "X-WP-TotalPages: \xb2\xb2",
        "Set-Cookie: \xb3=\xff",
        "Link: <http://x/\xd0\xba>",
    )
    x.send(json.dumps(posts), *lines, kind="application/json")


@at("/values/headers/")
def value_headers(x: Exchange) -> None:
    """A sound article with header bytes beyond ASCII, in Latin-1 and in UTF-8."""
    lines = (
        "Set-Cookie: \xb3=\xff; path=/",
        'Content-Disposition: inline; filename="Кітап.html"'.encode().decode("latin-1"),
        "Link: <http://x/кітап>; rel=next".encode().decode("latin-1"),
        "X-Empty: ",
    )
    x.send(article(), *lines)


@at("/values/endless")
def value_endless(x: Exchange) -> None:
    """WordPress that claims ten million pages, and invents the posts of each; none of them is there."""
    posts = [{"id": n, "link": f"{x.server.url}values/none/{n}/"} for n in range(x.hit * 100, x.hit * 100 + 100)]
    lines = ("X-WP-Total: 1000000000", "X-WP-TotalPages: 10000000")
    x.send(json.dumps(posts), *lines, kind="application/json")


@at("/values/big")
def value_big(x: Exchange) -> None:
    """WordPress with four pages of ten posts, all of them there."""
    posts = [{"id": n, "link": _good(x, str(n))} for n in range(x.hit * 10, x.hit * 10 + 10)]
    x.send(json.dumps(posts), "X-WP-Total: 40", "X-WP-TotalPages: 4", kind="application/json")


@at("/values/old")
def value_old(x: Exchange) -> None:
    """WordPress with forty posts of 2020 and then ten of 2025, listed by number."""
    year = 2025 if x.hit == 5 else 2020
    posts = [
        {"id": n, "link": _good(x, str(n)), "date_gmt": f"{year}-03-01T10:00:00", "title": {"rendered": "Су"}}
        for n in range(x.hit * 10, x.hit * 10 + 10)
    ]
    x.send(json.dumps(posts), "X-WP-Total: 50", "X-WP-TotalPages: 5", kind="application/json")
