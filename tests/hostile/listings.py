"""robots.txt, sitemaps and feeds: sound ones of the paths that the test lists, and hostile ones."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha512

from tests.hostile.exchange import Exchange, article, at
from tests.hostile.transfers import bomb

JUNK_URLS = 10_000


@at("/")
def home(x: Exchange) -> None:
    """A sound home page that links to what is listed."""
    x.send("".join(f'<p><a href="{path}">{path}</a></p>' for path in x.server.listed))


@at("/robots.txt")
def robots(x: Exchange) -> None:
    """What the switch `robots` says: a text, or a status."""
    said = x.server.robots
    if isinstance(said, int):
        x.send("broken", kind="text/plain", status=f"{said} Broken")
    else:
        x.send(f"{said}\nSitemap: {x.server.url}sitemap.xml\n", kind="text/plain")


@at("/sitemap.xml")
def sitemap(x: Exchange) -> None:
    """A sound sitemap of the paths in `listed`."""
    x.send(urlset(x.server.url.rstrip("/") + path for path in x.server.listed), kind="application/xml")


@at("/feed/")
def feed(x: Exchange) -> None:
    """A sound RSS feed of the paths in `listed`."""
    home = x.server.url.rstrip("/")
    x.send(
        rss("".join(f"<item><title>{p}</title><link>{home}{p}</link></item>" for p in x.server.listed)),
        kind="application/rss+xml",
    )


def urlset(urls: Iterable[str]) -> str:
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


def rss(items: str, *, doctype: str = "") -> str:
    return f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>Hostile</title>{items}</channel></rss>'


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHTER = f'<!DOCTYPE x [<!ENTITY l0 "ха">{LAUGHS}]>'


def _listing(x: Exchange, loc: str, *, doctype: str = "") -> None:
    item = f"<item><title>{loc}</title><link>{x.server.url}good/</link></item>"
    entry = f"<url><loc>{x.server.url}good/</loc></url><url><loc>{loc}</loc></url>"
    body = rss(item, doctype=doctype) if x.path.startswith("/feeds/") else urlset(())
    body = body.replace("<urlset", f"{doctype}<urlset").replace("</urlset>", f"{entry}</urlset>")
    x.send(body, kind="application/xml")


@at("/sitemaps/broken.xml")
@at("/feeds/broken.xml")
def xml_broken(x: Exchange) -> None:
    """XML that ends in the middle of a tag."""
    x.send(
        rss("<item><tit")[:-40] if x.path.startswith("/feeds/") else urlset(["http://"])[:-30], kind="application/xml"
    )


@at("/sitemaps/bomb.xml")
@at("/feeds/bomb.xml")
def xml_bomb(x: Exchange) -> None:
    """Entities of entities: a billion laughs."""
    _listing(x, "&l9;", doctype=LAUGHTER)


@at("/sitemaps/external.xml")
@at("/feeds/external.xml")
def xml_external(x: Exchange) -> None:
    """External entities: a file of the machine and the foreign host."""
    doctype = f'<!DOCTYPE x SYSTEM "{x.server.elsewhere}x.dtd" [<!ENTITY f SYSTEM "file:///etc/passwd">'
    _listing(x, f"{x.server.url}&f;&h;", doctype=f'{doctype}<!ENTITY h SYSTEM "{x.server.elsewhere}entity">]>')


@at("/sitemaps/page.html")
@at("/feeds/page.html")
def xml_html(x: Exchange) -> None:
    """A page of HTML in the place of XML."""
    x.send(article())


@at("/sitemaps/endless.xml")
@at("/feeds/endless.xml")
def xml_endless(x: Exchange) -> None:
    """XML that does not end."""
    x.head("Content-Type: application/xml")
    x.raw(b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">')
    x.forever(b"<url><loc>http://127.0.0.1/</loc></url>" * 1000)


@at("/sitemaps/bomb.xml.gz")
def sitemap_bomb(x: Exchange) -> None:
    """A gzip file of a sitemap that inflates to 512 MB."""
    x.send(bomb(b'<?xml version="1.0"?>'), kind="application/x-gzip")


@at("/sitemaps/cut.xml")
@at("/feeds/cut.xml")
def xml_cut(x: Exchange) -> None:
    """XML whose sender stopped after a good entry, with a length that hides it."""
    good = f"{x.server.url}good/"
    body = rss(f"<item><title>a</title><link>{good}</link></item><item>") if "feed" in x.path else urlset([good, good])
    x.send(body[: body.rindex("<item>" if "feed" in x.path else "<url>")], kind="application/xml")


@at("/sitemaps/cut.xml.gz")
def sitemap_cut_gzip(x: Exchange) -> None:
    """A gzip file that ends in the middle of the comment after a good entry."""
    noise = sha512(b"x").hexdigest() * 99
    body = urlset([f"{x.server.url}good/"]) + f"<!-- {noise} -->"
    x.send(gzip.compress(body.encode())[:-12], kind="application/x-gzip")


@at("/sitemaps/broken-off.xml")
def sitemap_broken_off(x: Exchange) -> None:
    """A whole sitemap that is said to be longer than what comes."""
    body = urlset([f"{x.server.url}good/"]).encode()
    x.head("Content-Type: application/xml", f"Content-Length: {len(body) + 900}")
    x.raw(body)


@at("/sitemaps/loop.xml")
def sitemap_loop(x: Exchange) -> None:
    """An index that names itself."""
    x.send(_index([f"{x.server.url}sitemaps/loop.xml"]), kind="application/xml")


@at("/sitemaps/deep/*")
def sitemap_deep(x: Exchange) -> None:
    """An index that names another index, without end."""
    number = int(re.sub(r"\D", "", x.path) or 0)
    x.send(_index([f"{x.server.url}sitemaps/deep/{number + 1}.xml"]), kind="application/xml")


@at("/sitemaps/foreign.xml")
def sitemap_foreign(x: Exchange) -> None:
    """A sitemap that lists a foreign host, odd schemes, and one good page."""
    urls = [f"{x.server.elsewhere}good/", "file:///etc/passwd", "javascript:alert(1)", f"{x.server.url}good/"]
    x.send(urlset(urls), kind="application/xml")


@at("/sitemaps/junk.xml")
def sitemap_junk(x: Exchange) -> None:
    """A sitemap of 10,000 junk URLs of the calendar."""
    days = (datetime(2024, 1, 1, tzinfo=UTC) - timedelta(days=n) for n in range(JUNK_URLS))
    x.send(urlset(f"{x.server.url}calendar/{day:%Y/%m/%d}/" for day in days), kind="application/xml")


def _index(urls: list[str]) -> str:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'
