"""Listing pages as content systems build them: the articles, the next page, and the sections that they lead to."""

from __future__ import annotations

import json

import pytest

from newsarchive.discovery import propose_site, read_listing
from newsarchive.discovery.sections import section_urls
from newsarchive.items import Listing, Page
from newsarchive.sites import Site, Source

SITE = Site(name="a", url="https://a.kz/")
HEADLINE = "Қала әкімі жаңа мектеп ашты бүгін {0}"
TEASERS = "".join(f'<h3><a href="/news/{n}-qala-zhanalygy">{HEADLINE.format(n)}</a></h3>' for n in range(12000, 12010))


def page_of(markup: str, path: str = "/") -> Page:
    menu = '<header><nav><a href="/">Басты бет</a><a href="/about/">Біз туралы айтар сөз</a></nav></header>'
    footer = '<footer><a href="/contacts/">Байланыс үшін мекенжай бар</a></footer>'
    body = f'<html lang="kk"><body>{menu}<main>{markup}</main>{footer}</body></html>'
    return Page(url=f"https://a.kz{path}", body=body.encode())


def read(page: Page) -> Listing:
    return read_listing(page, site=SITE, source=Source(kind="listing", url="https://a.kz/news/"))


@pytest.mark.parametrize(
    ("path", "markup", "following"),
    [
        ('/news/', '<div class="navigation"><span>1</span><a href="/news/page/2/">2</a><a href="/news/page/3/">3</a><a href="/news/page/2/">Вперед</a></div>', '/news/page/2/'),
        ('/news', '<ul class="pagination"><li><a href="/news?start=0">1</a></li><li><a href="/news?start=20">2</a></li><li><a href="/news?start=40">3</a></li></ul>', '/news?start=20'),
        ('/news?start=20', '<ul class="pagination"><li><a href="/news">1</a></li><li><a href="/news?start=20">2</a></li><li><a href="/news?start=40">3</a></li></ul>', '/news?start=40'),
        ('/news', '<ul class="pager"><li class="pager-next"><a href="/news?page=0%2C1">следующая ›</a></li></ul>', '/news?page=0%2C1'),
        ('/news?page=0%2C1', '<ul class="pager"><li class="pager-item"><a href="/news">1</a></li><li class="pager-item"><a href="/news?page=0%2C2">3</a></li></ul>', '/news?page=0%2C2'),
        ('/news/', '<div class="bx-pagination"><a href="/news/?PAGEN_1=2&SIZEN_1=20">2</a><a href="/news/?PAGEN_1=3&SIZEN_1=20">3</a></div>', '/news/?PAGEN_1=2&SIZEN_1=20'),
        ('/news', '<div><a href="/news?page=2&per-page=20" data-page="1">2</a><a href="/news?page=3&per-page=20">3</a></div>', '/news?page=2&per-page=20'),
        ('/news/', '<p><b>1</b> <a href="/news/10">2</a> <a href="/news/20">3</a> <a href="/news/10">&gt;</a></p>', '/news/10'),
        ('/news/10', '<p><a href="/news/">1</a> <b>2</b> <a href="/news/20">3</a></p>', '/news/20'),
        ('/news.html', '<p>1 <a href="/news-2.html">2</a> <a href="/news-3.html">3</a></p>', '/news-2.html'),
        ('/news/', '<button class="btn" onclick="loadMore(\'/ajax/news?page=2\')">Тағы көрсету</button>', '/ajax/news?page=2'),
        ('/news/', '<div class="more"><a href="/news/?before=1699999999" class="js-more">Показать ещё</a></div>', '/news/?before=1699999999'),
        ('/news/', '<select onchange="go()"><option value="/news/?page=1">1</option><option value="/news/?page=2">2</option><option value="/news/?page=3">3</option></select>', '/news/?page=2'),
        ('/news/', '<nav aria-label="Беттер"><a href="/news/?sahifa=2">Keyingi sahifa</a></nav>', '/news/?sahifa=2'),
        ('/kat/haber', '<a class="sonraki" href="/kat/haber/sayfa/2">Sonraki sayfa »</a>', '/kat/haber/sayfa/2'),
        ('/news/', '<div class="pages"><a href="?p=2">2</a> <a href="?p=3">3</a> … <a href="?p=45">45</a></div>', '/news/?p=2'),
        ('/news/', '<div class="infinite" data-next="/news/?page=2"></div>', '/news/?page=2'),
        ('/news/', '<div id="feed" data-ajax-url="/api/feed?offset=10"></div>', '/api/feed?offset=10'),
        ('/', '<a href="/page2">Келесі бет →</a>', '/page2'),
        ('/', '<a href="/?page=2">Андан ары</a>', '/?page=2'),
        ('/?m=news', '<a href="/?m=news&pg=2">2</a><a href="/?m=news&pg=3">3</a>', '/?m=news&pg=2'),
        ('/news;sort=date', '<a href="/news;sort=date;page=2">2</a><a href="/news;sort=date;page=3">3</a>', '/news;sort=date;page=2'),
        ('/news/', '<table class="pager"><tr><td><a href="/news/?pg=2">2</a></td><td><a href="/news/?pg=3">3</a></td></tr></table>', '/news/?pg=2'),
        ('/news/', '<table class="calendar"><tr><td><a href="/news/?day=2">2</a></td><td><a href="/news/?day=3">3</a></td></tr></table><div class="pag"><a href="/news/?p=2">2</a><a href="/news/?p=3">3</a></div>', '/news/?p=2'),
        ('/news/2/', '<a href="/news/1/">Алдыңғы</a> <a href="/news/3/">Келесі</a>', '/news/3/'),
        ('/news/page/2/', '<a rel="prev" href="/news/">«</a><a rel="next" href="/news/page/3/">»</a>', '/news/page/3/'),
        ('/blog?per_page=20', '<a href="/blog?page=2&amp;per_page=20" rel="next">Older posts</a>', '/blog?page=2&per_page=20'),
        ('/news/', '<turbo-frame src="/news/?page=2" loading="lazy" id="page_2"></turbo-frame>', '/news/?page=2'),
        ('/news/', '<button hx-get="/news/list/2" hx-target="#list">Ещё</button>', '/news/list/2'),
        ('/news/', '<script>var next="/x"</script><button class="load-more" data-page="2" data-url="/news/more">Ещё</button>', '/news/more'),
        ('/news/', '<div class="nav-links"><div class="nav-previous"><a href="/news/page/2/">Ескі жазбалар</a></div></div>', '/news/page/2/'),
        ('/kk/news', '<span class="page-num" ><a href="/kk/news/p/2">2</a></span><span><a href="/kk/news/p/3">3</a></span>', '/kk/news/p/2'),
        ('/news/', '<a href="/news/?page=2">Ko‘proq yangiliklar</a>', '/news/?page=2'),
        ('/rubric/', '<a href="/rubric/?page=2" class="paginator__next"><svg></svg></a>', '/rubric/?page=2'),
        ('/rubric/', '<a href="/rubric/2025-02" class="next-month">→</a><a href="/rubric/?page=2">2</a><a href="/rubric/?page=3">3</a>', '/rubric/?page=2'),
    ],
)  # fmt: skip
def test_the_next_page_is_found_in_the_pagers_of_many_systems(path: str, markup: str, following: str) -> None:
    listing = read(page_of(TEASERS + markup, path))
    assert listing.listings == (f"https://a.kz{following}",)


def test_a_button_that_names_page_and_url_apart_is_tried_with_both() -> None:
    listing = read(page_of(TEASERS + '<button class="load-more" data-page="2" data-url="/more">Ещё</button>'))
    assert "https://a.kz/more?page=2" in (*listing.listings, *listing.alternatives)


@pytest.mark.parametrize(
    ("markup", "path"),
    [
        ('<h3><a href="/news/{0}">HEADLINE</a></h3>', '/news/{0}'),  # short id heading
        ('<div class="item"><a href="/news/{0}">HEADLINE</a></div>', '/news/{0}'),  # short id div
        ('<li><a href="/news.php?id={0}">HEADLINE</a></li>', '/news.php?id={0}'),  # ?id=
        ('<li><a href="/?p={0}">HEADLINE</a></li>', '/?p={0}'),  # ?p=
        ('<li><a href="/index.php?option=com_content&amp;view=article&amp;id={0}:su&amp;catid=8">HEADLINE</a></li>', '/index.php?option=com_content&view=article&id={0}:su&catid=8'),  # joomla
        ('<li><a href="/kk/node/{0}">HEADLINE</a></li>', '/kk/node/{0}'),  # drupal node
        ('<p><a href="/news/detail.php?ID={0}">HEADLINE</a></p>', '/news/detail.php?ID={0}'),  # bitrix detail
        ('<h2><a href="/zhanalyq/mektep{0}/">HEADLINE</a></h2>', '/zhanalyq/mektep{0}/'),  # slug one word
        ('<div><a href="/news/qala_akimi_zhana_{0}">HEADLINE</a></div>', '/news/qala_akimi_zhana_{0}'),  # slug underscore
        ('<div><a href="/жаңалық/қала-әкімі-{0}">HEADLINE</a></div>', '/жаңалық/қала-әкімі-{0}'),  # cyr slug
        ('<div><a href="/хабар/мектеп{0}">HEADLINE</a></div>', '/хабар/мектеп{0}'),  # cyr slug 1word
        ('<div class="card"><a href="/kk/post/{0}"><img src="/i.jpg" alt=""></a><a class="t" href="/kk/post/{0}">HEADLINE</a></div>', '/kk/post/{0}'),  # image link + title
        ('<a class="card" href="/material/{0}"><img src="x.jpg"><div class="title">HEADLINE</div><time>12.05.2025</time></a>', '/material/{0}'),  # block link
        ('<a class="card" href="/material/{0}"><h3>Мектеп {0}</h3></a>', '/material/{0}'),  # heading inside link
        ('<section><ul><li><span>12:30</span><a href="/kz/news/view/{0}">HEADLINE</a></li></ul></section>', '/kz/news/view/{0}'),  # in aside main list
        ('<h4><a href="/a/x9f{0}z">HEADLINE</a></h4>', '/a/x9f{0}z'),  # hash slug
        ('<div><a href="/news/{0}-a" title="HEADLINE"><img src="/x.jpg" alt="HEADLINE"></a></div>', '/news/{0}-a'),  # title attr only
        ('<div class="short"><div class="t"><a href="/main/{0}-qala-akimi.html">Мектеп ашылды</a></div></div>', '/main/{0}-qala-akimi.html'),  # dle
        ('<h5><a href="/posts/{0}">Мектеп {0}</a></h5>', '/posts/{0}'),  # h5
        ('<article><header><a href="/w/{0}" >HEADLINE</a></header></article>', '/w/{0}'),  # article in footer-el
    ],
)  # fmt: skip
def test_articles_are_found_in_the_teasers_of_many_systems(markup: str, path: str) -> None:
    markup = markup.replace("HEADLINE", HEADLINE)
    listing = read(page_of("".join(markup.format(number) for number in range(11, 23))))
    assert {listed.url for listed in listing.articles} == {f"https://a.kz{path.format(n)}" for n in range(11, 23)}


@pytest.mark.parametrize(
    ("markup", "paths"),
    [
        ('<nav><a href="/zhanalyqtar/">Жаңалықтар</a><a href="/sport">Спорт</a><a href="/about">Біз туралы</a></nav>', ['/zhanalyqtar/', '/sport']),
        ('<ul class="main-menu"><li><a href="/category/qogam/">Қоғам</a></li><li><a href="/category/sport/">Спорт</a></li></ul>', ['/category/qogam/', '/category/sport/']),
        ('<div><a href="/news/all">Все новости</a></div>', ['/news/all']),
        ('<nav><a href="/index.php?cat=3">Қоғам</a><a href="/index.php?cat=4">Спорт</a></nav>', ['/index.php?cat=3', '/index.php?cat=4']),
        ('<nav><a href="/sport.html">Спорт</a><a href="/news.html">Новости</a></nav>', ['/news.html', '/sport.html']),
        ('<nav><a href="/ru/">Рус</a><a href="/kk/">Қаз</a></nav>', ['/ru/', '/kk/']),
        ('<footer><a href="/archive/">Архив</a></footer>', ['/archive/']),
    ],
)  # fmt: skip
def test_sections_are_found_in_menus(markup: str, paths: list[str]) -> None:
    assert {f"https://a.kz{path}" for path in paths} <= set(section_urls(page_of(markup + TEASERS), SITE))


def test_lists_and_pages_of_plain_permalinks_are_neither_articles_nor_sections() -> None:
    links = "".join(f'<h2><a href="/?p={n}">{HEADLINE.format(n)}</a></h2>' for n in range(11, 16))
    lists = "".join(f'<li><a href="/?cat={n}">Ауыл мен қала хабарлары {n}</a></li>' for n in range(1, 5))
    pager = '<nav class="navigation pagination"><a href="/?paged=2">2</a><a href="/?paged=3">3</a></nav>'
    page = page_of(f"{links}<ul>{lists}</ul>{pager}")
    assert [listed.url for listed in read(page).articles] == [f"https://a.kz/?p={n}" for n in range(11, 16)]
    assert not [url for url in section_urls(page, SITE) if "paged" in url]


def test_the_pager_of_a_home_page_is_no_news_beside_a_source_seen_in_part() -> None:
    def home(*numbers: int) -> str:
        return "".join(f'<h2><a href="/su-{n}-kun/">{HEADLINE.format(n)}</a></h2>' for n in numbers)

    posts = [{"id": n, "link": f"https://a.kz/su-{n}-kun/", "status": "publish"} for n in range(40, 20, -1)]
    rest = "https://a.kz/wp-json/wp/v2/posts?per_page=20"
    listed = Page(url=rest, body=json.dumps(posts).encode(), headers={"x-wp-total": "40"})
    pager = '<a class="next" href="/page/2/">Келесі</a>'
    pages = {
        "https://a.kz/": page_of(home(*range(40, 30, -1)) + pager),
        rest: listed,
        "https://a.kz/page/2/": page_of(home(*range(30, 10, -1)), "/page/2/"),
    }
    proposal = propose_site("a", "https://a.kz/", pages)
    assert [source.kind for source in proposal.site.sources] == ["wordpress"]
    assert not proposal.seen_whole
    pages["https://a.kz/"] = page_of(home(40, 98, 99) + pager)  # what the newest posts lack is news
    assert [source.kind for source in propose_site("a", "https://a.kz/", pages).site.sources] == [
        "wordpress",
        "listing",
    ]


def test_json_of_articles_is_a_listing() -> None:
    body = '{"data": [{"title": "Су", "url": "/news/12"}, {"name": "Жер", "link": "https://a.kz/news/13"}], "page": 2}'
    listing = read(Page(url="https://a.kz/api/news?page=2", body=body.encode()))
    assert [listed.url for listed in listing.articles] == ["https://a.kz/news/12", "https://a.kz/news/13"]
    assert listing.listings == ("https://a.kz/api/news?page=3",)
    end = read(Page(url="https://a.kz/api/news?page=3", body=b'{"data": [], "page": 3}'))
    assert (end.articles, end.listings) == ((), ())
