"""Listings of four kinds, from good sites, broken ones and hostile ones."""

from __future__ import annotations

import gzip
import json
import tomllib
from datetime import UTC, datetime

import pytest

from newsarchive.demo import serve
from newsarchive.discovery import (
    ListingError,
    changes_url,
    lastmod_is_reliable,
    probe_urls,
    profile_toml,
    propose_site,
    read_listing,
    start_urls,
)
from newsarchive.items import Listed, Page
from newsarchive.sites import Site, Source, make_site
from newsarchive.text.fingerprints import fingerprint

SITE = Site(name="a", url="https://a.kz/", timezone="Asia/Almaty")


def read(kind: str, body: str | bytes, url: str = "https://a.kz/x", **headers: str):
    data = body.encode() if isinstance(body, str) else body
    page = Page(url=url, body=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return read_listing(page, site=SITE, source=Source(kind=kind, url="https://a.kz/x"))


def test_wordpress_posts_carry_their_fields() -> None:
    post = {
        "id": 7, "link": "https://a.kz/qala/", "date_gmt": "2025-02-18T09:35:00", "modified_gmt": "2025-02-19T01:00:00",
        "title": {"rendered": "Қала &amp; дала"}, "type": "post", "status": "publish", "content": {"protected": False, "rendered": "<p>Өзен <b>та</b>сыды.</p>\n<p>Су &amp; жер</p>"},
        "_embedded": {
            "author": [{"name": "Айгүл Серікқызы"}],
            "wp:term": [[{"taxonomy": "category", "name": "Қоғам"}], [{"taxonomy": "post_tag", "name": "су"}]],
            "wp:featuredmedia": [{"source_url": "https://a.kz/a.jpg", "alt_text": "өзен", "caption": {"rendered": "<p>Өзен</p>"}}],
        },
    }  # fmt: skip
    listing = read(
        "wordpress",
        json.dumps([post]),
        "https://a.kz/wp-json/wp/v2/posts?page=1",
        x_wp_total="250",
        x_wp_totalpages="3",
    )
    (listed,) = listing.articles
    hints = listed.hints
    assert (hints.title, hints.published, hints.modified) == (
        "Қала & дала",
        "2025-02-18T09:35:00Z",
        "2025-02-19T01:00:00Z",
    )
    assert (hints.authors, hints.categories, hints.tags) == (("Айгүл Серікқызы",), ("Қоғам",), ("су",))
    assert hints.image is not None
    assert (hints.words, hints.fingerprints) == (5, (fingerprint("өзентасыды"), fingerprint("сужер")))
    assert (hints.image.url, hints.image.caption) == ("https://a.kz/a.jpg", "Өзен")
    assert listing.total == 250
    assert listing.listings == ("https://a.kz/wp-json/wp/v2/posts?page=2",)


def test_wordpress_takes_the_local_time_where_gmt_is_empty() -> None:
    post = {
        "id": 1,
        "link": "https://a.kz/1/",
        "date_gmt": "0000-00-00T00:00:00",
        "date": "2023-01-01T06:00:00",
        "title": "x",
    }
    assert read("wordpress", json.dumps([post])).articles[0].hints.published == "2023-01-01T00:00:00Z"


@pytest.mark.parametrize("body", ["", "<html>", '{"code": "rest_disabled"}', "[1, 2]", "null"])
def test_what_is_no_list_of_posts_is_an_error(body: str) -> None:
    with pytest.raises(ListingError):
        read("wordpress", body)


def test_changes_are_asked_for_with_an_offset() -> None:
    url = changes_url(SITE, Source(kind="wordpress"), since="2025-02-18T09:35:00Z")
    assert "modified_after=2025-02-18T09%3A35%3A00Z" in url


def test_a_sitemap_index_names_files_of_articles_with_their_times() -> None:
    index = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <sitemap><loc>https://a.kz/post-sitemap.xml</loc><lastmod>2025-02-18T14:00:00+05:00</lastmod></sitemap>
    <sitemap><loc>https://a.kz/category-sitemap.xml</loc></sitemap></sitemapindex>"""
    listing = read("sitemap", index)
    assert listing.listings == ("https://a.kz/post-sitemap.xml",)
    assert listing.lastmods == ("2025-02-18T09:00:00Z",)


def test_a_gzipped_news_sitemap_gives_titles_and_dates() -> None:
    text = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
    <url><loc>https://a.kz/1</loc><news:news><news:publication><news:language>kk</news:language></news:publication>
    <news:publication_date>2025-02-18</news:publication_date><news:title>Су</news:title></news:news></url></urlset>"""
    (listed,) = read("sitemap", gzip.compress(text.encode()), "https://a.kz/news.xml.gz").articles
    assert (listed.hints.title, listed.hints.published, listed.hints.language) == ("Су", "2025-02-18", "kk")


def test_robots_txt_names_sitemaps_of_the_site_alone() -> None:
    text = "User-agent: *\nSitemap: https://a.kz/s.xml\nSitemap: https://other.kz/s.xml\n"
    assert read("sitemap", text, "https://a.kz/robots.txt").listings == ("https://a.kz/s.xml",)


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><urlset>&b;</urlset>'
FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel>&a;</channel></rss>'


@pytest.mark.parametrize("kind", ["sitemap", "feed"])
@pytest.mark.parametrize(
    "body", [BOMB, FILE, "", "{", "<html><body>no</body></html>", "plain words", b"\x1f\x8bbroken"]
)
def test_broken_and_hostile_xml_is_an_error(kind: str, body: str | bytes) -> None:
    with pytest.raises(ListingError):
        read(kind, body)


def test_a_gzip_bomb_is_refused() -> None:
    with pytest.raises(ListingError, match="too large"):
        read("sitemap", gzip.compress(b" " * 100_000_000), "https://a.kz/s.xml.gz")


FEEDS = {
    "rss": """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item><title>Су</title>
        <link>https://a.kz/1</link><dc:creator>Айгүл</dc:creator><pubDate>Tue, 18 Feb 2025 14:00:00 +0500</pubDate>
        <category>Қоғам</category></item></channel></rss>""",
    "rdf": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://a.kz/1"><title>Су</title>
        <link>https://a.kz/1</link><dc:creator>Айгүл</dc:creator><dc:date>2025-02-18T14:00:00+05:00</dc:date></item></rdf:RDF>""",
    "atom": """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Су</title><link href="https://a.kz/1"/>
        <author><name>Айгүл</name></author><published>2025-02-18T14:00:00+05:00</published></entry></feed>""",
    "json": """{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "https://a.kz/1", "title": "Су",
        "authors": [{"name": "Айгүл"}], "date_published": "2025-02-18T14:00:00+05:00"}]}""",
}


@pytest.mark.parametrize("kind", FEEDS)
def test_feeds_of_every_kind_are_read(kind: str) -> None:
    (listed,) = read("feed", FEEDS[kind]).articles
    assert (listed.url, listed.hints.title, listed.hints.authors) == ("https://a.kz/1", "Су", ("Айгүл",))
    assert listed.hints.published in ("2025-02-18T09:00:00Z", "")
    assert kind == "rdf" or listed.hints.published


@pytest.mark.parametrize(
    ("kind", "mark", "text"),
    [
        ("rss", "</item>", "<encoded xmlns='http://purl.org/rss/1.0/modules/content/'><![CDATA[{}]]></encoded></item>"),
        ("atom", "</entry>", "<content type='html'><![CDATA[{}]]></content></entry>"),
        ("json", '"title"', '"content_html": "{}", "title"'),
    ],
)
def test_the_text_in_a_feed_is_told_by_its_fingerprints(kind: str, mark: str, text: str) -> None:
    told = {}
    for said in (
        "Өзен тасыды.",
        "Өзен тасыды." * 30,
        " ".join(["Өзен тасыды."] * 30),
        " ".join(["Өзен"] * 60) + " […]",
    ):
        (listed,) = read("feed", FEEDS[kind].replace(mark, text.format(f"<p>{said}</p><p>Жол жабық.</p>"))).articles
        told[said] = listed.hints.fingerprints
    whole = " ".join(["Өзен тасыды."] * 30)
    assert {said for said, found in told.items() if found} == {whole}  # the others may be beginnings
    assert told[whole] == (fingerprint("өзентасыды" * 30), fingerprint("жолжабық"))


def test_a_feed_that_ends_early_gives_what_is_there() -> None:
    assert len(read("feed", FEEDS["rss"].replace("</channel></rss>", "")).articles) == 1


def test_a_listing_page_gives_links_of_the_site_alone_and_the_next_page() -> None:
    page = """<nav><a href="/about-us-and-our-team/">Біз туралы айтып береміз</a></nav><main>
    <h2><a href="/2025/02/qala-turaly-habar/">Қала туралы хабар</a></h2><a href="https://b.kz/2025/02/x-y-z">Басқа сайттың хабары бар</a>
    <a href="/tag/su/">су туралы барлық хабар</a></main><a class="next" href="/page/2/">Келесі</a>"""
    listing = read("listing", page, "https://a.kz/")
    assert [listed.url for listed in listing.articles] == ["https://a.kz/2025/02/qala-turaly-habar/"]
    assert listing.listings == ("https://a.kz/page/2/",)


def test_a_lastmod_that_is_always_today_or_one_for_all_is_not_believed() -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:{:02}Z")
    assert not lastmod_is_reliable([Listed(url="u", lastmod=today.format(n)) for n in range(20)])
    assert not lastmod_is_reliable([Listed(url="u", lastmod="2020-01-01T00:00:00Z")] * 20)
    assert not lastmod_is_reliable([Listed(url="u")] * 20)
    assert lastmod_is_reliable([Listed(url="u", lastmod=f"2020-01-{n:02}") for n in range(1, 20)])


def test_a_probed_site_gets_a_profile_that_works() -> None:
    with serve() as paper:
        pages: dict[str, Page] = {}
        waiting = probe_urls(paper.url)
        while waiting:
            for url in waiting:
                answer = paper.answer(url.removeprefix(paper.url.rstrip("/")), {})
                headers = {"content-type": answer.kind, **{k.lower(): v for k, v in answer.headers.items()}}
                pages[url] = Page(url=url, body=answer.body, status=answer.status, headers=headers)
            waiting = [url for url in probe_urls(paper.url, pages) if url not in pages]
        site = propose_site("paper", paper.url, pages)
        assert [source.kind for source in site.sources] == ["wordpress", "sitemap", "feed"]
        assert (site.title, site.language, site.timezone) == ("Сарыарқа таңы", "kk", "Asia/Almaty")
        again = make_site("paper", tomllib.loads(profile_toml(site)), where="test")
        assert (again.sources, again.url) == (site.sources, site.url)
        assert all(start_urls(again, source) for source in again.sources)
