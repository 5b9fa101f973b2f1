"""Newspapers of less usual kinds: which sources a probe finds of each, and what their listings give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from newsarchive.crawling.full_scans import Scan
from newsarchive.crawling.source_order import SourceOrder
from newsarchive.crawling.spiders.page import fetched
from newsarchive.discovery import Proposal, probe_urls, propose_site, read_listing
from newsarchive.items import Extracted, Fetched, Hints, Listing, Page
from newsarchive.sites import Site, Source

HOME = "https://a.kz/"
SITE = Site(name="a", url=HOME)


def teasers(*numbers: int, folder: str = "news") -> str:
    return "".join(f'<h2><a href="/{folder}/{n}-qala-zhanalygy">Қала жаңалығы туралы {n}</a></h2>' for n in numbers)


def html(body: str, head: str = "") -> bytes:
    return f'<html lang="kk"><head>{head}</head><body><main>{body}</main></body></html>'.encode()


def sitemap(*numbers: int) -> bytes:
    rows = "".join(f"<url><loc>{HOME}news/{n}-qala-zhanalygy</loc></url>" for n in numbers)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def rss(*numbers: int) -> bytes:
    rows = "".join(f"<item><link>{HOME}news/{n}-qala-zhanalygy</link></item>" for n in numbers)
    return f'<rss version="2.0"><channel>{rows}</channel></rss>'.encode()


def probed(paths: Mapping[str, bytes]) -> Proposal:
    """Return what a probe of a newspaper with these pages proposes."""
    found: dict[str, Page] = {}
    while waiting := [url for url in probe_urls(HOME, found) if url not in found]:
        for url in waiting:
            body = paths.get(url.removeprefix("https://a.kz"))
            found[url] = Page(url=url, body=body or b"", status=404 if body is None else 200)
    return propose_site("a", HOME, found)


def kinds(proposal: Proposal) -> list[tuple[str, str]]:
    return [(source.kind, source.url.removeprefix("https://a.kz")) for source in proposal.site.sources]


def read(kind: str, body: bytes | str, path: str = "/", *, shapes: frozenset[str] = frozenset()) -> Listing:
    page = Page(url=f"https://a.kz{path}", body=body if isinstance(body, bytes) else body.encode())
    return read_listing(page, site=SITE, source=Source(kind=kind, url=page.url), shapes=shapes)


def urls(listing: Listing) -> list[str]:
    return [listed.url for listed in listing.articles]


def test_each_of_twelve_feeds_is_a_source() -> None:
    feeds = {f"/rss/{n}.xml": rss(n, n + 100) for n in range(12)}
    head = "".join(f'<link rel="alternate" type="application/rss+xml" href="{path}">' for path in feeds)
    assert sorted(kinds(probed({"/": html("", head), **feeds}))) == sorted(("feed", path) for path in feeds)


def test_each_of_twelve_sections_is_a_source_where_nothing_lists_all() -> None:
    menu = "<nav>" + "".join(f'<a href="/{"abcdefghijkl"[n]}bolim/">Бөлім</a>' for n in range(12)) + "</nav>"
    sections = {f"/{'abcdefghijkl'[n]}bolim/": html(menu + teasers(n, n + 100, n + 200)) for n in range(12)}
    proposal = probed({"/": html(menu + teasers(200, 201)), **sections})
    assert {path for _kind, path in kinds(proposal)} >= sections.keys()


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("/files/karta.xml", '<link rel="sitemap" type="application/xml" href="/files/karta.xml">'),
        ("/map/sitemap-news.xml", '</head><body><a href="map/sitemap-news.xml">Карта сайта</a>'),
        ("/sitemap-index.xml", ""),
        ("/sitemap.xml.gz", ""),
        ("/sitemap/sitemap.xml", ""),
    ],
)
def test_a_sitemap_that_robots_txt_does_not_name_is_found(path: str, head: str) -> None:
    body = gzip.compress(sitemap(*range(9))) if path.endswith("gz") else sitemap(*range(9))
    assert kinds(probed({"/": html(teasers(8), head), path: body})) == [("sitemap", path)]


def test_less_usual_sitemaps_are_not_asked_for_where_a_usual_one_works() -> None:
    found = {HOME: Page(url=HOME, body=html(teasers(8)))}
    for path in ("robots.txt", "sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml"):
        found[HOME + path] = Page(url=HOME + path, body=b"", status=404)
    assert f"{HOME}sitemap.php" in probe_urls(HOME, found)
    found[f"{HOME}sitemap.xml"] = Page(url=f"{HOME}sitemap.xml", body=sitemap(8))
    assert f"{HOME}sitemap.php" not in probe_urls(HOME, found)


def test_feeds_that_a_page_of_feeds_links_to_are_found() -> None:
    page = html('<a href="/rss/s1.xml">Бөлім 1</a><a href="/rss/s2.xml">Бөлім 2</a>')
    home = html('<a href="/rss/">RSS</a>')
    assert sorted(kinds(probed({"/": home, "/rss/": page, "/rss/s1.xml": rss(1), "/rss/s2.xml": rss(2)}))) == [
        ("feed", "/rss/s1.xml"),
        ("feed", "/rss/s2.xml"),
    ]


def test_a_short_sitemap_does_not_hide_the_pager_of_older_articles() -> None:
    def page(number: int) -> bytes:
        return html(
            f'{teasers(*range(80 - 10 * number, 70 - 10 * number, -1))}<a rel="next" href="/?page={number + 1}">→</a>'
        )

    paths = {"/": page(1), "/?page=2": page(2), "/?page=3": page(3), "/sitemap.xml": sitemap(*range(30, 80))}
    assert kinds(probed(paths)) == [("sitemap", "/sitemap.xml"), ("listing", "/")]


def test_relative_links_of_a_page_with_a_base_are_followed() -> None:
    home = html('<nav><a href="lenta/">Жаңалықтар легі</a></nav>', '<base href="/kk/">')
    feed = '<link rel="alternate" type="application/rss+xml" href="rss.xml">'
    paths = {"/": home, "/kk/lenta/": html(teasers(1, 2, 3)), "/kk/rss.xml": rss(9)}
    assert kinds(probed(paths)) == [("listing", "/kk/lenta/")]
    paths["/"] = html("", f'<base href="/kk/">{feed}')
    assert kinds(probed(paths)) == [("feed", "/kk/rss.xml")]


def test_versions_in_other_languages_that_a_sitemap_names_are_articles() -> None:
    links = "".join(f'<x:link rel="alternate" hreflang="{code}" href="{HOME}{code}/su"/>' for code in ("kk", "ru"))
    mobile = f'<x:link rel="alternate" media="only screen" href="{HOME}m/su"/>'
    entry = f"<url><loc>{HOME}kk/su</loc><lastmod>2025-02-18</lastmod>{links}{mobile}</url>"
    listing = read("sitemap", f'<urlset xmlns="s" xmlns:x="http://www.w3.org/1999/xhtml">{entry}</urlset>')
    assert set(urls(listing)) == {f"{HOME}kk/su", f"{HOME}ru/su"}
    assert {listed.lastmod for listed in listing.articles} == {"2025-02-18"}


@pytest.mark.parametrize(
    "entry",
    [
        f"<link>https://t.example/~r/3</link><f:origLink>{HOME}su</f:origLink>",
        f'<link>https://t.example/c?x=3</link><guid isPermaLink="true">{HOME}su</guid>',
        f"<link>{HOME}su</link><guid>https://a.kz/?p=3</guid>",
        f'<guid isPermaLink="false">{HOME}su</guid>',
    ],
)
def test_a_feed_gives_the_address_on_the_site_whatever_its_links_lead_through(entry: str) -> None:
    spaces = 'xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"'
    assert urls(read("feed", f'<rss version="2.0" {spaces}><channel><item>{entry}</item></channel></rss>')) == [
        f"{HOME}su"
    ]


def test_the_id_of_a_json_feed_is_an_address_where_it_has_no_other() -> None:
    items = [{"id": f"{HOME}su"}, {"id": "7", "url": "/jer"}, {"id": "8"}]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    assert urls(read("feed", body)) == [f"{HOME}su", f"{HOME}jer"]


@pytest.mark.parametrize(("path", "following"), [("/feed/", ("/feed/?paged=2",)), ("/rss.xml", ())])
def test_the_usual_feed_of_wordpress_leads_on_though_its_generator_is_hidden(
    path: str, following: tuple[str, ...]
) -> None:
    assert read("feed", rss(1, 2), path).listings == tuple(f"https://a.kz{url}" for url in following)


def test_a_last_page_of_two_articles_is_read_as_those_before_it() -> None:
    def page(*numbers: int) -> str:
        return "".join(f'<p><a href="/n.php?ELEMENT_ID={n}">Ауылдағы жаңа мектеп</a></p>' for n in numbers)

    first = read("listing", page(9, 8, 7, 6))
    assert len(first.articles) == 4
    assert not read("listing", page(2, 1)).articles
    assert len(read("listing", page(2, 1), shapes=first.shapes).articles) == 2


@pytest.mark.parametrize(
    ("path", "markup", "following"),
    [
        ("/", '<div class="pagination"><a href="/index.php?option=c&amp;id=7&amp;limitstart=6">2</a></div>', "/index.php?option=c&id=7&limitstart=6"),
        ("/", "<div class='catPages1'><a href=\"/news/?page2\" onclick=\"spages('2', this);return false;\"><span>2</span></a>", "/news/?page2"),
        ("/news/?page2", '<a href="/news/?page1">1</a><a href="/news/?page3">3</a>', "/news/?page3"),
    ],
)  # fmt: skip
def test_pagers_with_parameters_of_their_own_are_followed(path: str, markup: str, following: str) -> None:
    assert read("listing", teasers(1, 2, 3) + markup, path).listings == (f"https://a.kz{following}",)


@pytest.mark.parametrize(
    ("markup", "unfollowed"),
    [
        ('<button class="x">Тағы көрсету</button>', "script"),
        ('<div onclick="more()">Показать ещё</div>', "script"),
        ('<input type="submit" value="Load more">', "script"),
        ('<a href="#">Тағы</a>', "script"),
        ("<div class=\"pagination\"><span>1</span><a href=\"javascript:__doPostBack('p','2')\">2</a></div>", "script"),
        ('<button>Next</button><button>Іздеу</button><a href="#">2</a>', ""),
        ('<button>Тағы көрсету</button><a rel="next" href="/?page=2">2</a>', ""),
        ('<div class="pagination"><a href="#">1</a></div>', ""),
        (
            '<table class="cal"><td><a href="/?date=17.02.2025">17</a><td><a href="/?date=18.02.2025">18</a></table>',
            "days",
        ),
        ('<a href="/2025/02/17/">17</a><a href="/2025/02/18/">18</a><a href="/2025/02/">Ақпан</a>', "days"),
        ('<time><a href="/2025/02/18/">18 ақпан</a></time>', ""),
        ("".join(f'<li><a href="/nomir/{n}/">№ {n} (2025)</a></li>' for n in range(3)), "issues"),
    ],
)
def test_what_leads_on_from_a_listing_but_is_not_followed_is_noticed(markup: str, unfollowed: str) -> None:
    assert read("listing", teasers(1, 2, 3) + markup).unfollowed == unfollowed


@pytest.mark.parametrize(
    ("pages", "other", "reported"),
    [
        (0, None, True),
        (1, None, False),  # the profile says that one page is all
        (0, {"kind": "sitemap"}, False),
        (0, {"kind": "listing", "pages_with_news": 5}, False),
        (0, {"kind": "feed", "pages_with_news": 1}, True),
    ],
)
def test_articles_that_only_a_script_leads_to_are_reported(
    pages: int, other: dict[str, object] | None, reported: bool
) -> None:
    def scan(*, kind: str, **values: object) -> Scan:
        source = Source(kind=kind, url=f"{HOME}{kind}", pages=pages)
        return Scan(source=source, url=source.url, task="walk", state={}, read=1, listed=9, **values)  # type: ignore[arg-type]

    order = SourceOrder([], every=True)
    order.ended(scan(kind="listing", unfollowed="script", pages_with_news=1))
    if other is not None:
        order.ended(scan(**other))  # type: ignore[arg-type]
    order.finish()
    assert ["loads its further pages by a script" in problem for problem in order.problems] == [True] * reported


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [("/login/?next=/news/7", True), ("/wp-login.php", True), ("/user/sign-in", True), ("/news/login-emes-7", False)],
)
def test_a_page_for_signing_in_is_no_article(path: str, kept_out: bool) -> None:
    asked = f"{HOME}news/7"
    request = Request(f"https://a.kz{path}", meta={"redirect_urls": [asked]})
    response = HtmlResponse(request.url, body=html("<h1>Кіру</h1>"), request=request)
    found = fetched(response, "a", asked, Hints(), home=HOME)
    if kept_out:
        assert isinstance(found, Extracted)
        assert (found.outcome, found.kept_out) == ("failed", True)
    else:
        assert isinstance(found, Fetched)
