"""What pages say of their articles: titles, dates, authors, terms, pictures, and pages that are no articles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html

from newsarchive.extraction.metadata import (
    Metadata,
    choose_authors,
    choose_images,
    choose_language,
    lead_source,
    read_metadata,
)
from newsarchive.extraction.not_article import why_not_an_article
from newsarchive.extraction.pages import parse
from newsarchive.items import Hints, Image
from newsarchive.sites import ExtractionRules, Site, Source

SITE = Site(
    name="dala",
    title="Дала газеті",
    url="https://dala.example/",
    language="kk",
    timezone="Asia/Almaty",
    sources=(Source(kind="wordpress"),),
)
URL = "https://dala.example/kuz/"
TITLE = "Далаға күз ерте келді"


def page(head: str = "", body: str = "", *, attributes: str = "") -> html.HtmlElement:
    tree = parse(f"<!doctype html><html lang='ru-RU'><head>{head}</head><body {attributes}>{body}</body></html>")
    assert tree is not None
    return tree


def article(inner: str = "", *, title: str = TITLE) -> str:
    text = "".join(f"<p>Егін жиналып бітті, қырман толды деді {i} диқан.</p>" for i in ("бірінші", "екінші", "үшінші"))
    return f"<article><h1>{title}</h1>{inner}<div class='entry-content'>{text}</div></article>"


def read(tree: html.HtmlElement, *, url: str = URL, site: Site = SITE, hints: Hints = Hints()) -> Metadata:
    return read_metadata(tree, url, site=site, hints=hints)


# titles


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{TITLE}"}}</script>', ""),
        (f'<meta property="og:title" content="{TITLE} | Дала газеті">', ""),
        (f'<meta property="og:title" content="{TITLE} - Басқаша">', article()),
        (f"<title>{TITLE} — Дала газеті</title>", "<h1>Дала газеті</h1>" + article()),
        ("<title>Дала газеті</title>", article()),
        (f"<title>{TITLE} | Дала газеті</title>", ""),
        ('<meta property="og:title" content="Дала газеті">', article()),
    ],
)
def test_the_title_is_the_articles_without_the_sites_name(head: str, body: str) -> None:
    assert read(page(head, body)).title == TITLE


@pytest.mark.parametrize(
    "heading",
    [
        f"<span class=kicker>Ауа райы</span> <span class=headline>{TITLE}</span>",
        f"<span class=dachzeile>Ауа райы</span> {TITLE}",
        f"<time datetime=2025-01-05>5 қаңтар</time> {TITLE}",
        f"{TITLE}<span class='element-invisible'> | Басқа сайт</span>",
        f"{TITLE} <small>05.01.2025 • Ауыл</small>",
    ],
)
def test_a_kicker_a_date_or_a_hidden_suffix_in_the_heading_is_not_the_title(heading: str) -> None:
    assert read(page("", article(title=heading))).title == TITLE


def test_a_kicker_with_a_colon_is_part_of_the_title() -> None:
    heading = f"<span class=kicker>Ауа райы</span><span class=hide>: </span><span>{TITLE}</span>"
    assert read(page("", article(title=heading))).title == f"Ауа райы : {TITLE}"


def test_a_quoted_name_at_the_beginning_of_a_title_stays() -> None:
    title = "«Дала газеті» жүз жасқа толды"
    assert read(page(f"<title>{title} — Дала газеті</title>", article(title=title))).title == title


def test_a_profiles_selector_wins() -> None:
    site = Site(name="d", url="https://dala.example/", extraction=ExtractionRules(title=".t", published=".d"))
    tree = page("<meta property='og:title' content='Басқа'>", f"<b class=t>{TITLE}</b><i class=d>18.02.2025 09:30</i>")
    found = read(tree, site=site)
    assert (found.title, found.published) == (TITLE, "2025-02-18T09:30:00Z")
    assert found.evidence["title"] == found.evidence["published"] == "profile"


# dates


@pytest.mark.parametrize(
    ("head", "meta_line", "expected"),
    [
        ('<meta property="article:published_time" content="2025-02-18T14:35:00+05:00">', "", "2025-02-18T09:35:00Z"),
        ('<meta property="article:published_time" content="2024-02-18T14:35:00">', "", "2024-02-18T08:35:00Z"),
        ("", '<time class="entry-date published updated" datetime="2022-03-04T11:15:50+06:00">4 Март</time>', "2022-03-04T05:15:50Z"),
        ("", "<div class=post-date>18 Ақпан, 2025</div>", "2025-02-18"),
        ("", "<div class=meta>18 ақпан 2025, 14:35</div>", "2025-02-18T09:35:00Z"),
        ("", "<div>Қоғам • 18 ақпан, 2025 сағат 14:35</div>", "2025-02-18T09:35:00Z"),
        ('<meta property="article:published_time" content="2025-01-01">', "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_published_is_utc_or_a_bare_day_or_empty(head: str, meta_line: str, expected: str) -> None:
    tree = page(head, article(meta_line))
    tree.set("lang", "kk")
    assert read(tree).published == expected


def test_dates_of_other_articles_in_sidebars_are_never_taken() -> None:
    aside = "<aside><time datetime='2025-02-27T10:00:00+05:00'>27 ақпан</time></aside>"
    related = "<div class='related-posts'><span class=date>26.02.2025</span></div>"
    comments = "<section class='widget widget_recent'><time datetime='2025-02-28T12:00:00+05:00'>28</time></section>"
    assert read(page("", aside + article() + related + comments)).published == ""


def test_the_first_of_january_is_believed_where_the_address_says_it_too() -> None:
    head = '<meta property="article:published_time" content="2025-01-01T00:00:00+05:00">'
    assert read(page(head)).published == ""
    assert read(page(head), url="https://dala.example/2025/01/01/kuz/").published == "2024-12-31T19:00:00Z"


def test_the_address_gives_the_day_where_the_page_gives_none() -> None:
    found = read(page("", article()), url="https://dala.example/2025/02/18/kuz/")
    assert (found.published, found.evidence["published"]) == ("2025-02-18", "url")


def test_a_listing_that_knows_the_second_completes_a_page_that_knows_the_minute() -> None:
    tree = page("", article("<span class=date>18.02.2025, 14:35</span>"))
    assert read(tree, hints=Hints(published="2025-02-18T09:35:42Z")).published == "2025-02-18T09:35:42Z"
    assert read(tree, hints=Hints(published="2025-02-18T09:36:42Z")).published == "2025-02-18T09:35:00Z"


def test_a_listing_that_knows_the_time_completes_a_page_that_knows_the_day() -> None:
    tree = page("", article("<div class=post-date>18.02.2025</div>"))
    hints = Hints(published="2025-02-18T09:35:00Z", modified="2025-02-19T05:00:00Z")
    found = read(tree, hints=hints)
    assert (found.published, found.modified) == ("2025-02-18T09:35:00Z", "2025-02-19T05:00:00Z")


def test_the_day_is_kept_as_the_page_means_it() -> None:
    head = '<meta property="article:published_time" content="2025-02-18T01:35:00+05:00">'
    found = read(page(head))
    assert (found.published, found.published_day) == ("2025-02-17T20:35:00Z", "2025-02-18")


def test_a_change_before_the_publication_is_none() -> None:
    head = (
        '<meta property="article:published_time" content="2025-02-18T14:35:00+05:00">'
        '<meta property="article:modified_time" content="2024-02-18T14:35:00+05:00">'
    )
    assert read(page(head)).modified == ""


# authors

TEXT = ["Егін жиналып бітті деді диқан.", "Қырман толды, қамба асты.", "Ауыл қысқа дайын."]


def authors(head: str, paragraphs: list[str], hints: Hints = Hints()) -> tuple[list[tuple[str, str]], str]:
    found, source = choose_authors(read(page(head, article())), paragraphs, site=SITE, hints=hints)
    return [(a.name, a.role) for a in found], source


def test_the_by_line_in_the_text_wins_over_the_account() -> None:
    found = authors('<meta name="author" content="Болат Серік">', [*TEXT, "Материалды әзірлеген Аида РАХЫМҚҰЛОВА"])
    assert found == ([("Аида Рахымқұлова", "author")], "by-line")


def test_a_patronym_with_a_hyphen_is_kept_as_written() -> None:
    assert authors("", [*TEXT, "Материалды әзірлеген С. Серік-ұлы"])[0] == [("С. Серік-ұлы", "author")]


def test_a_signature_of_another_medium_counts_only_where_nobody_else_signs() -> None:
    foreign = "Ерлан САПАР, «Алыс хабар»."
    assert authors("", [*TEXT, foreign])[0] == [("Ерлан Сапар", "author")]
    assert authors("", [*TEXT, foreign, "Дайындаған Аида САПАР"])[0] == [("Аида Сапар", "author")]


@pytest.mark.parametrize("account", ["admin", "Dala gazeti", "Дала газеті", "Редакция"])
def test_the_newsrooms_account_signs_only_where_no_person_does(account: str) -> None:
    head = f'<meta name="author" content="{account}">'
    assert authors(head, TEXT) == ([(account, "desk")], "meta")
    assert authors(head, [*TEXT, "Аида РАХЫМҚҰЛОВА"])[0] == [("Аида Рахымқұлова", "author")]


def test_photographers_are_no_authors_of_the_text() -> None:
    found, _ = authors('<meta name="author" content="Болат Серік">', [*TEXT, "Суретті түсірген Дастан ҚАСТАЙ"])
    assert found == [("Болат Серік", "author"), ("Дастан Қастай", "photo")]


def test_the_publisher_in_json_ld_gives_way_to_the_person() -> None:
    script = (
        '{"@graph": [{"@type": "NewsArticle", "headline": "К", "author": [{"@id": "#org"}, {"@id": "#p"}],'
        ' "publisher": {"@id": "#org"}}, {"@id": "#org", "@type": "Organization", "name": "Дала медиа"},'
        ' {"@id": "#p", "@type": "Person", "name": "Болат Серік"}]}'
    )
    found = authors(f'<script type="application/ld+json">{script}</script>', TEXT)
    assert found == ([("Болат Серік", "author")], "json-ld")


def test_the_listing_names_the_author_where_the_page_does_not() -> None:
    assert authors("", TEXT, Hints(authors=("Болат Серік",))) == ([("Болат Серік", "author")], "listing")


# terms and language


def test_where_wordpress_tells_of_no_tags_links_to_tags_are_of_another_article() -> None:
    tree = page("", article() + article("<a rel=tag href=/tag/qar/>Қар</a>", title="Келесі мақала"))
    assert read(tree, hints=Hints(kind="post", categories=("Ауа райы",))).tags == ()
    assert read(tree, hints=Hints(categories=("Ауа райы",))).tags == ("Қар",)  # a feed may not tell of tags


def test_tags_are_the_articles_and_not_those_of_a_cloud() -> None:
    terms = (
        "<footer><a rel='category tag' href='/c/qogam/'>Қоғам</a> <a rel='tag' href='/t/egin/'>егін</a>"
        "<a rel='tag' href='/c/qogam/'>Қоғам</a></footer>"
    )
    cloud = "<div class='widget_tag_cloud'><a rel='tag' href='/t/su/'>су</a></div>"
    tree = page("", article().replace("</article>", terms + "</article>") + cloud)
    found = read(tree)
    assert (found.categories, found.tags) == (("Қоғам",), ("егін",))
    assert read(tree, hints=Hints(tags=("дала",))).tags == ("дала",)


def test_the_texts_own_language_wins_over_the_themes() -> None:
    found = read(page("", article()))
    assert found.language == "ru"
    assert choose_language(found, "Қарағандыда жаңа мектеп ашылды, оқушылар қуанды.", site=SITE) == "kk"


# pictures


def images(head: str, body: str, hints: Hints = Hints()) -> tuple[Image, ...]:
    tree = page(head, body)
    text = next((e for e in tree.iter("div") if e.get("class") == "entry-content"), None)
    return choose_images(read(tree), tree, text, site=SITE, hints=hints, url=URL)


def test_the_lead_is_the_picture_above_the_text_in_its_largest_version() -> None:
    figure = (
        "<figure><img src='/up/kol-1024x720.jpeg' alt='Көл' srcset='/up/kol-300x200.jpeg 300w, /up/kol.jpeg 1600w'>"
        "<figcaption>Көл жағасы. Сурет: Дастан ҚАСТАЙ</figcaption></figure>"
    )
    assert images("", article(figure)) == (
        Image(
            url="https://dala.example/up/kol.jpeg",
            shown="https://dala.example/up/kol-1024x720.jpeg",
            alt="Көл",
            caption="Көл жағасы.",
            credit="Дастан ҚАСТАЙ",
            lead=True,
        ),
    )


def test_a_caption_in_a_gallery_belongs_to_its_own_picture() -> None:
    gallery = (
        "<figure class='wp-block-gallery'><figure><img src='/up/egin.jpg'><figcaption>Егін</figcaption></figure>"
        "<figure><img src='/up/qyrman.jpg'></figure></figure>"
        "<figure class='gallery'><figure><img src='/up/kol.jpg'></figure><figcaption>Екі көл</figcaption></figure>"
    )
    found = {image.shown.rpartition("/")[2]: image.caption for image in images("", article(gallery))}
    assert found == {"egin.jpg": "Егін", "qyrman.jpg": "", "kol.jpg": "Екі көл"}


def test_a_picture_that_metadata_name_leads_before_an_earlier_one() -> None:
    body = article().replace(
        "<div class='entry-content'>", "<div class='entry-content'><img src='/up/a-001.jpg'><img src='/up/b-002.jpg'>"
    )
    found = images('<meta property="og:image" content="https://dala.example/up/b-002-1200x630.jpg">', body)
    assert [i.shown.rpartition("/")[2] for i in found] == ["b-002.jpg", "a-001.jpg"]


def test_the_link_to_the_file_and_lazy_addresses_are_versions() -> None:
    body = article("<a href='/up/z.jpg'><img src='data:image/gif;base64,R0' data-src='/up/z-640x480.jpg'></a>")
    (found,) = images("", body)
    assert (found.url, found.shown) == ("https://dala.example/up/z.jpg", "https://dala.example/up/z-640x480.jpg")


def test_avatars_emoji_pixels_and_other_articles_pictures_are_left_out() -> None:
    noise = (
        "<img class='avatar' src='/up/men.jpg'><img class='emoji' src='https://s.w.org/images/core/emoji/1.png'>"
        "<img src='/pixel.gif' width=1 height=1><div class='related-posts'><img src='/up/baska.jpg' width=600></div>"
    )
    body = article(noise) + "<aside><img src='/up/jarnama.jpg' width=600></aside>"
    assert images("", body) == ()


def test_an_authors_portrait_does_not_lead_and_a_ratio_is_no_size() -> None:
    portrait = "<div class='articleAuthors'><a href='/avtor/'><img src='/up/avtor.jpg' width=400 height=400></a></div>"
    figure = "<figure><img src='/up/dala.jpg?resize=640,360' width=16 height=9></figure>"
    assert [i.url for i in images("", article(portrait + figure))] == [
        "https://dala.example/up/dala.jpg?resize=640,360"
    ]


def test_a_picture_is_not_known_by_the_host_of_its_address() -> None:
    said = '<meta property="og:image" content="https://img9.dala.example/cdn9.dala.example/kol-jagasy.jpg">'
    figure = "<figure><img src='https://img9.dala.example/cdn9.dala.example/dala.jpg' width=900></figure>"
    elsewhere = "<aside><img src='https://img9.dala.example/cdn9.dala.example/menu.jpg' width=900></aside>"
    assert images(said, elsewhere + article(figure))[0].url.endswith("/dala.jpg")


def test_a_lead_that_the_page_shows_by_its_style_alone_stands_before_the_pictures_of_the_text() -> None:
    figure = "<figure><img src='/up/dala.jpg' width=900></figure>"
    shown = images("", article(figure), Hints(image=Image(url="https://dala.example/up/kol.jpg")))
    assert [(i.url[-8:], i.lead) for i in shown] == [("/kol.jpg", True), ("dala.jpg", False)]


def test_a_lead_that_only_the_listing_knows_is_kept_with_its_caption() -> None:
    hinted = Image(url="https://dala.example/up/kol.jpeg", caption="Көл")
    (found,) = images("", article(), Hints(image=hinted))
    assert (found.url, found.caption, found.credit, found.lead) == (hinted.url, "Көл", "", True)
    (found,) = images("", article(), Hints(image=replace(hinted, caption="Сурет: Айдос КӨЛБАЙ")))
    assert found.credit == "Айдос КӨЛБАЙ"  # whichever theme shows the caption or leaves it out
    assert lead_source([found], Metadata(), hints=Hints(image=hinted)) == "listing"
    assert lead_source([found], Metadata(images=(hinted.url,)), hints=Hints()) == "meta"
    assert lead_source([found], Metadata(), hints=Hints()) == "figure"
    assert lead_source([], Metadata(), hints=Hints()) == ""


# pages that are no articles


def reason(tree: html.HtmlElement, *, url: str = URL, hints: Hints = Hints(), site: Site = SITE) -> str:
    found = read(tree, url=url, hints=hints, site=site)
    return why_not_an_article(tree, url, metadata=found, site=site, hints=hints)


@pytest.mark.parametrize(
    ("tree", "url", "expected"),
    [
        (page("", article(), attributes="class='page-template-default page page-id-4'"), URL, "a page of the site's own"),
        (page("", article(), attributes="class='archive category category-3 hfeed'"), URL, "a listing"),
        (page("", article(), attributes="class='attachment attachment-template-default single'"), URL, "an attachment page"),
        (page("", "<form class='post-password-form'><input name=post_password></form>"), URL, "a password is asked for"),
        (page("<title>404 Not Found</title>", "<h1>404</h1><p>Кешіріңіз.</p>"), URL, "an error page"),
        (page("<title>Бет табылмады — Дала газеті</title>", "<h1>Бет табылмады</h1>"), URL, "an error page"),
        (page("<title>Just a moment...</title>", "<p>Checking your browser</p>"), URL, "a block page"),
        (page("", article()), "https://dala.example/", "the home page"),
        (page("", article()), "https://dala.example/tag/egin/", "a listing"),
        (page("", article()), "https://dala.example/?s=егін", "a search page"),
        (page("", article()), "https://dala.example/about/", "a page of the site's own"),
    ],
)  # fmt: skip
def test_what_is_no_article_says_why(tree: html.HtmlElement, url: str, expected: str) -> None:
    assert reason(tree, url=url) == expected


def test_the_listings_word_for_a_page_is_believed() -> None:
    assert reason(page("", article()), hints=Hints(kind="page")) == "a page of the site's own"
    assert reason(page("", article()), hints=Hints(kind="post")) == ""


def test_an_article_about_a_missing_page_or_in_a_themes_page_class_is_one() -> None:
    long = "".join(f"<p>{'Ұзақ мәтін. ' * 20}{i}</p>" for i in range(9))
    assert reason(page("<title>404 күн жолда</title>", f"<article><h1>404 күн жолда</h1>{long}</article>")) == ""
    assert reason(page("", article(), attributes="class='single single-post page'")) == ""
    one_off = Site(name="x", url="https://x.example/")
    tree = page("", article(), attributes="class='page page-id-9'")
    assert reason(tree, url="https://x.example/hat/", site=one_off) == ""


def test_the_canonical_address_is_taken_only_on_the_site() -> None:
    assert read(page("<link rel=canonical href='/kuz/'>")).canonical == "https://dala.example/kuz/"
    assert read(page("<link rel=canonical href='https://other.example/kuz/'>")).canonical == ""


def test_addresses_and_stamps_that_cannot_be_read_are_left_out_and_nothing_raises() -> None:
    head = (
        "<link rel=canonical href='http://[x/'><meta property='og:image' content='//['>"
        "<meta property='article:published_time' content='2025-13-45T99:99:99Z'>"
        '<script type="application/ld+json">{"@type": [[]], "author": {"name": {"name": [1, null]}}, "image": [[[{}]]]}</script>'
    )
    body = article(
        "<img src='http://[bad/a.jpg' srcset='%%% 9w, //[ 2x' width='1e9'><time datetime='0000-00-00'></time>"
    )
    found = read(page(head, body))
    assert (found.title, found.published, found.canonical) == (TITLE, "", "")
    assert images(head, body) == ()
