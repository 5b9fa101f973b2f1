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
    propose_site,
    read_listing,
    start_urls,
)
from newsarchive.items import Listed, Page
from newsarchive.sites import Site, Source, make_site
from newsarchive.sites.writing import profile_toml
from newsarchive.text.fingerprints import fingerprint

NOTICE = "<br />\n<b>Warning</b>: Undefined variable $x in <b>/srv/map.php</b> on line <b>7</b><br />\n"
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


def posts(count: int, modified: str = "2025-02-01T00:00:00") -> str:
    made = [{"id": n, "link": f"https://a.kz/{n}/", "title": "Су", "modified_gmt": modified} for n in range(count)]
    return json.dumps(made)


POSTS = "https://a.kz/wp-json/wp/v2/posts?per_page=100&page=1"


@pytest.mark.parametrize(
    ("count", "headers", "leads_on"),
    [(100, {}, True), (50, {}, True), (9, {}, False), (0, {}, False), (100, {"x_wp_totalpages": "1"}, False)],
)
def test_a_page_of_posts_that_may_be_full_leads_on_unless_the_site_states_their_number(
    count: int, headers: dict[str, str], leads_on: bool
) -> None:
    assert bool(read("wordpress", posts(count), POSTS, **headers).listings) == leads_on


@pytest.mark.parametrize("body", ["\ufeff{}", NOTICE + "{}\n<!-- cached -->", "Notice: [core] in x.php\n{}"])
def test_posts_are_read_between_notices_and_comments(body: str) -> None:
    assert len(read("wordpress", body.replace("{}", posts(3)), POSTS).articles) == 3


def test_json_in_a_web_page_is_no_list_of_posts() -> None:
    with pytest.raises(ListingError):
        read("wordpress", f"<!doctype html><html><script>{posts(3)}</script></html>", POSTS)


def test_where_modified_after_is_ignored_the_latest_changes_are_read_until_they_are_older() -> None:
    asked = changes_url(SITE, Source(kind="wordpress"), since="2025-06-01T00:00:00Z")
    (latest_first,) = read("wordpress", posts(100), asked).listings
    assert latest_first == asked.replace("order=asc", "order=desc")
    new = read("wordpress", posts(100, "2025-07-01T00:00:00"), latest_first, x_wp_totalpages="9")
    assert new.listings == (latest_first.replace("&page=1&", "&page=2&"),)
    assert read("wordpress", posts(100), latest_first, x_wp_totalpages="9").listings == ()


def test_the_rest_api_of_plain_permalinks_keeps_its_parameters() -> None:
    source = Source(kind="wordpress", url="https://a.kz/index.php?rest_route=/wp/v2/posts&lang=ru&per_page=20")
    (url,) = start_urls(SITE, source)
    assert all(part in url for part in ("rest_route=%2Fwp%2Fv2%2Fposts", "lang=ru", "per_page=20"))


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


USUAL = ("https://a.kz/sitemap.xml", "https://a.kz/sitemap_index.xml", "https://a.kz/wp-sitemap.xml")


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("User-agent: *\nSitemap: https://a.kz/s.xml\nSitemap: https://cdn.example/s.xml\n",
         ("https://a.kz/s.xml", "https://cdn.example/s.xml")),
        ("Site-map: /karta.xml", ("https://a.kz/karta.xml",)),
        ("  SITE_MAP = https://a.kz/k.xml # the map", ("https://a.kz/k.xml",)),
        ("sitemap https://a.kz/k.xml", ("https://a.kz/k.xml",)),
        ("sitemap: https://cdn.example/k.xml", ("https://cdn.example/k.xml", *USUAL)),
        ("# Sitemap: https://a.kz/old.xml\nDisallow: /sitemap/", USUAL),
        ("<html><p>Sitemap: /x</p></html>", USUAL),
    ],
)  # fmt: skip
def test_robots_txt_names_sitemaps_in_many_spellings_and_on_other_hosts(text: str, listings: tuple[str, ...]) -> None:
    listing = read("sitemap", text, "https://a.kz/robots.txt")
    assert listing.listings == listings
    assert listing.elsewhere == {url for url in listings if "cdn.example" in url}


URLSET = '<?xml version="1.0" encoding="UTF-16"?>\n<urlset><url><loc>https://a.kz/su-1</loc></url>{}</urlset>'


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe" + URLSET.encode("utf-16-le"),
        b"\xfe\xff" + URLSET.encode("utf-16-be"),
        URLSET.encode("utf-16-le"),
        b"\xef\xbb\xbf\n" + URLSET.replace("UTF-16", "utf-8").encode(),
        NOTICE + URLSET.replace("UTF-16", "utf-8"),
        "<URLSET><URL><LOC>\n https://a.kz/su-1 </LOC></URL></URLSET>",
        "# our pages\r\nhttps://a.kz/su-1\r\n",
        b"\xff\xfe" + "HTTPS://a.kz/su-1\n".encode("utf-16-le"),
        gzip.compress(gzip.compress(b"https://a.kz/su-1", mtime=0), mtime=0),
        gzip.compress(URLSET.replace("UTF-16", "utf-8").encode(), mtime=0) + b"\n<!-- cached -->",
        '<rss version="2.0"><channel><item><link>/su-1</link></item></channel></rss>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/su-1"/></entry></feed>',
    ],
)
def test_a_sitemap_of_any_form_under_any_name_is_read(body: str | bytes) -> None:
    listing = read("sitemap", body, "https://a.kz/lists/karta")
    assert [listed.url.lower() for listed in listing.articles] == ["https://a.kz/su-1"]
    assert not listing.cut


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("sitemap", "<urlset><url><loc>https://a.kz/su-1</loc></url><url><loc>https://a.kz/jer-tur"),
        ("sitemap", gzip.compress(b"https://a.kz/su-1\nhttps://a.kz/jer-tur", mtime=0)[:-9]),
        ("feed", "<rss><channel><item><link>https://a.kz/su-1</link></item><item><title>Жер</title><link>https://a.kz/jer-tur"),
    ],
)  # fmt: skip
def test_half_an_address_at_the_end_of_a_cut_file_is_not_listed(kind: str, body: str | bytes) -> None:
    listing = read(kind, body)
    assert [listed.url for listed in listing.articles] == ["https://a.kz/su-1"]
    assert listing.cut


def test_an_entity_in_utf_16_is_refused_too() -> None:
    with pytest.raises(ListingError, match="entities"):
        read("sitemap", b"\xff\xfe" + BOMB.encode("utf-16-le"))


def index_of(*names: str) -> tuple[str, ...]:
    rows = "".join(f"<sitemap><loc>https://a.kz/{name}</loc></sitemap>" for name in names)
    return tuple(url.rpartition("/")[2] for url in read("sitemap", f"<sitemapindex>{rows}</sitemapindex>").listings)


def test_files_that_by_their_names_hold_no_articles_are_read_where_there_are_no_others() -> None:
    assert index_of("post-sitemap.xml", "category-sitemap.xml", "wp-sitemap-users-1.xml") == ("post-sitemap.xml",)
    assert index_of("category_sport.xml", "authors-columns.xml") == ("category_sport.xml", "authors-columns.xml")
    assert index_of("category-sitemap.xml", "page-sitemap2.xml") == ("category-sitemap.xml", "page-sitemap2.xml")


@pytest.mark.parametrize(
    ("xml", "url"),
    [
        ('<rss xml:base="/kk/"><channel><item><link>su/1</link></item></channel></rss>', "https://a.kz/kk/su/1"),
        ('<rss xml:base="https://a.kz/b/"><channel><item><link><![CDATA[ su/1 ]]></link></item></channel></rss>', "https://a.kz/b/su/1"),
        ("<rss><channel><item><link>su/1</link></item></channel></rss>", "https://a.kz/lenta/su/1"),
        ("<rss><channel><item><guid>https://a.kz/su/1</guid></item></channel></rss>", "https://a.kz/su/1"),
    ],
)  # fmt: skip
def test_links_in_a_feed_are_resolved(xml: str, url: str) -> None:
    for body in (xml.encode(), b"\xff\xfe" + xml.encode("utf-16-le"), NOTICE.encode() + xml.encode()):
        assert [listed.url for listed in read("feed", body, "https://a.kz/lenta/rss").articles] == [url]


def test_an_offset_with_a_colon_in_a_feed_is_understood() -> None:
    item = "<item><link>/su</link><pubDate>Tue, 18 Feb 2025 01:30:00 +06:00</pubDate></item>"
    (listed,) = read("feed", f"<rss><channel>{item}</channel></rss>").articles
    assert listed.hints.published == "2025-02-17T19:30:00Z"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("feed", '<!DOCTYPE r [<!ENTITY s "https://a.kz/">]><rss><channel><item><link>&s;su</link></item></channel></rss>'),
        ("feed", '<!DOCTYPE r [<!ENTITY % x PUBLIC "-//W3C//x" "http://w3/x.ent"> %x;]><rss><channel><item><link>/su</link></item></channel></rss>'),
        ("feed", '<CHANNEL><ITEM HREF="https://a.kz/su"></ITEM></CHANNEL>'),
        ("feed", "<feed><entry><id>https://a.kz/su</id></entry></feed>"),
        ("feed", '<?xml version="1.0" encoding="utf-32"?><rss><channel><item><link>/su</link></item></channel></rss>'.encode("utf-32-be")),
        ("sitemap", '<?xml version="1.0"?><urlset><url><loc>/su</loc></url></urlset>'.encode("utf-32-le")),
    ],
)  # fmt: skip
def test_rare_forms_of_feeds_and_sitemaps_are_read(kind: str, body: str | bytes) -> None:
    assert [listed.url for listed in read(kind, body).articles] == ["https://a.kz/su"]


def test_an_index_without_loc_elements_names_its_files() -> None:
    listing = read("sitemap", "<sitemapindex><sitemap>\n https://a.kz/s?n=1&amp;l=kk </sitemap></sitemapindex>")
    assert listing.listings == ("https://a.kz/s?n=1&l=kk",)


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


def pager(markup: str, url: str = "https://a.kz/news/", links: str = "") -> tuple[str, ...]:
    teasers = "".join(f'<h2><a href="/news/qala-turaly-habar-{n}">Қала туралы хабар {n}</a></h2>' for n in range(5))
    page = f"<html><body><main>{teasers}{links}</main>{markup}</body></html>"
    return tuple(target.removeprefix("https://a.kz") for target in read("listing", page, url).listings)


@pytest.mark.parametrize(
    ("markup", "following"),
    [
        ('<a href="?PAGEN_1=2">След.</a>', "/news/?PAGEN_1=2"),
        ('<a rel="next" href="/2024/11/">қараша</a><div class="pages"><a href="/news/?page=1">2</a></div>', "/news/?page=1"),
        ('<p><a href="/news/">1</a> <a href="/news/page/2/">2</a> … <a href="/news/page/45/">45</a></p>', "/news/page/2/"),
        ('<a href="/news/2">2</a><a href="/news/3">3</a>', "/news/2"),
        ('<a href="/news/?start=20">3</a><a href="/news/?start=10">2</a>', "/news/?start=10"),
        ('<a href="/news/?b=2">Кейинги</a>', "/news/?b=2"),
        ('<a href="/news/?b=2">Keyingi sahifa</a>', "/news/?b=2"),
        ('<a href="/news/?b=2">Sonraki</a>', "/news/?b=2"),
        ('<a href="/older-news">Older posts</a>', "/older-news"),
        ('<button data-next-url="/ajax/news?page=2">Тағы көрсету</button>', "/ajax/news?page=2"),
        ('<div class="load-more" data-url="/news/?page=2">Показать ещё</div>', "/news/?page=2"),
        ('<table class="calendar"><tr><td><a href="/news/?day=2">2</a></td></tr></table>', None),
        ('<a class="more" href="/news/qala-turaly-habar-1">Далее →</a>', None),
        ('<a href="/news/?page=1">1</a>', None),
    ],
)  # fmt: skip
def test_the_next_page_is_found_by_structure_and_words(markup: str, following: str | None) -> None:
    assert pager(markup) == ((following,) if following else ())


def test_teasers_do_not_hide_the_pager() -> None:
    more = "".join(f'<a href="/news/qala-turaly-habar-{n}">Далее</a>' for n in range(5))
    assert pager('<a href="/news/?page=3">Следующая</a>', "https://a.kz/news/?page=2", more) == ("/news/?page=3",)


def test_what_a_button_loads_is_a_listing_too_and_leads_on() -> None:
    part = "".join(f'<h3><a href="/news/qala-turaly-habar-{n}">Қала туралы хабар {n}</a></h3>' for n in range(3))
    for body in (part, json.dumps({"ok": True, "html": part})):
        listing = read("listing", body, "https://a.kz/ajax/news?page=2")
        assert (len(listing.articles), listing.listings) == (3, ("https://a.kz/ajax/news?page=3",))


def test_short_headlines_are_taken_where_their_addresses_are_built_as_the_others() -> None:
    names = ("su-tasqyny-boldy", "jol-jondeldi-bugin", "mektep-ashyldy-auylda")
    links = "".join(f'<div><a href="/news/{n}">Ауылда жаңа хабар бар</a></div>' for n in names)
    page = f'<main>{links}<a href="/news/kitap-shyqty-jana">Кітап</a><a href="/about/qyzmet">Біз</a></main>'
    found = {listed.url.rpartition("/")[2] for listed in read("listing", page, "https://a.kz/").articles}
    assert found == {*names, "kitap-shyqty-jana"}


def test_links_are_listed_as_the_page_names_them() -> None:
    page = '<h2><a href="/index.php/news/12-Qala-turaly-habar?b=2&a=1#top">Қала туралы хабар</a></h2>'
    (listed,) = read("listing", page, "https://a.kz/").articles
    assert listed.url == "https://a.kz/index.php/news/12-Qala-turaly-habar?b=2&a=1"


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
        proposal = propose_site("paper", paper.url, pages)
        site = proposal.site
        assert [source.kind for source in site.sources] == ["wordpress", "sitemap", "feed"]
        assert (site.title, site.language, site.timezone) == ("Сарыарқа таңы", "kk", "Asia/Almaty")
        again = make_site("paper", tomllib.loads(profile_toml(site)), where="test")
        assert (again.sources, again.url) == (site.sources, site.url)
        assert all(start_urls(again, source) for source in again.sources)
