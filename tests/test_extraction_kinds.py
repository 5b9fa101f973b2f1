"""Kinds of pages that content systems and people make, each in a few shapes: by-lines, dates, titles, sections."""

from __future__ import annotations

import json

import pytest

from newsarchive.extraction import extract_article
from newsarchive.items import Article, NotAnArticle, Page
from newsarchive.sites import Site

URL = "https://qamyz.example/n/512-kopir"
SITE = Site(name="qamyz", title="Qamyz", url="https://qamyz.example/", language="kk", timezone="Asia/Almaty")
TITLE = "Өзен үстінен жаяу жүргінші көпірі салынады"
TEXT = (
    "Өзеннің екі жағасын қосатын жаяу жүргінші көпірінің құрылысы келер аптада басталмақ, оған қаржы бөлінді.",
    "Тұрғындар бұған дейін көктемгі тасқын кезінде айналма жолмен төрт шақырым жүруге мәжбүр болатын еді.",
    "Жобаны әзірлеген мамандар көпірдің ені үш метр болатынын, түнде жарық жанып тұратынын айтып отыр.",
    "Құрылыс күзге дейін аяқталады деп жоспарланған, содан кейін жағалауға ағаш егіп, орындық қойылады.",
)


def extracted(markup: str, url: str = URL) -> Article:
    return extract_article([Page(url=url, body=markup.encode())], url, site=SITE)


def page(
    header: str = "",
    *,
    head: str = "",
    end: str = "",
    above: str = "",
    heading: str = f"<h1>{TITLE}</h1>",
    name: str = TITLE,
) -> Article:
    text = "".join(f"<p>{line}</p>" for line in TEXT)
    return extracted(
        f"<html lang=kk><head><meta charset=utf-8><title>{name}</title>{head}</head><body>{above}"
        f"<main><article>{heading}{header}<div class=text>{text}{end}</div></article></main></body></html>"
    )


def names(article: Article) -> list[str]:
    return [author.name for author in article.authors]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<div class=byline>By Reuters</div>", ["Reuters"]),
        ("<div class=author>Автор: ТАСС</div>", ["ТАСС"]),
        ("<div class=author>Корреспондент: Вадим Лунин</div>", ["Вадим Лунин"]),
        ("<div class=author>Тілші: Сара Жанұзақ</div>", ["Сара Жанұзақ"]),
        ("<div class=author>Muallif: Nodira Yusupova</div>", ["Nodira Yusupova"]),
        ("<div class=byline>By Ann Lee with additional reporting by Tom Ray</div>", ["Ann Lee"]),
        ("<div class=meta>Words by <a href=/contributors/ann-lee>Ann Lee</a></div>", ["Ann Lee"]),
        ("<div class=authors><span class=author>Ann Lee</span><span class=author>Tom Ray</span></div>", ["Ann Lee", "Tom Ray"]),
        ("<span>By <span class='field field--name-uid'><span class=username>Ann Lee</span></span></span>", ["Ann Lee"]),
    ],
)  # fmt: skip
def test_who_signs_beside_the_heading(line: str, expected: list[str]) -> None:
    assert names(page(line)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Автор: «Қамыс» тілшісі Сара Жанұзақова", ["Сара Жанұзақова"]),
        ("Даярдаган Айгерим Токтосунова", ["Айгерим Токтосунова"]),
        ("Аударған Сара Жанұзақова", []),
    ],
)
def test_who_signs_below_the_text(line: str, expected: list[str]) -> None:
    assert names(page(end=f"<p>{line}</p>")) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<div class=date>21 sentabr 2024, 08:05</div>", "2024-09-21T03:05:00Z"),
        ("<div class=date>2024-yil 3-oktabr</div>", "2024-10-03"),
        ("<div class=date>2024-yil 3-oktabr, yangilangan: 5-oktabr 2024</div>", "2024-10-03"),
        ("<span class=ago title='21 қыркүйек 2024, 08:05'>3 күн бұрын</span>", "2024-09-21T03:05:00Z"),
        ("<span class=ago data-date=2024-09-21T08:05:00+05:00>3 күн бұрын</span>", "2024-09-21T03:05:00Z"),
        ("<abbr title=2024-09-21T08:05:00+05:00>3 күн бұрын</abbr>", "2024-09-21T03:05:00Z"),
    ],
)
def test_when_a_page_was_published(markup: str, expected: str) -> None:
    assert page(markup).published == expected


def test_the_date_beside_another_headline_is_not_the_articles() -> None:
    other = "<ul><li><a href=/n/1>Базар келесі айда жаңа орынға көшеді</a> <span class=date>03.03.2024</span></li></ul>"
    assert page("<table><tr><td>21.09.2024</td><td>Қоғам</td></tr></table>", above=other).published == "2024-09-21"


def test_a_date_in_a_list_of_jsonld_is_read() -> None:
    article = {"@type": "Article", "headline": TITLE, "datePublished": ["2024-09-21T08:05:00+05:00"]}
    head = f'<script type="application/ld+json">{json.dumps(article)}</script>'
    assert page(head=head).published == "2024-09-21T03:05:00Z"


@pytest.mark.parametrize(
    ("name", "heading", "expected"),
    [
        (f"{TITLE} :: Қамыз", "", TITLE),  # the host is qamyz
        (f"{TITLE} → Қамыз", "", TITLE),
        (f"{TITLE} | Қамыз – ауданның үні, күн сайын", "", TITLE),
        ("Қамыз газеті", f"<div class=news-title>{TITLE}</div>", TITLE),
        (f"{TITLE} - 21 қыркүйек 2024 - Қамыз", f"<div class=eTitle>{TITLE}</div>", TITLE),
        (TITLE, f"<h1>{TITLE} <span class=comments-count>12</span></h1>", TITLE),
    ],
)
def test_a_title_without_the_sites_name(name: str, heading: str, expected: str) -> None:
    assert page(heading=heading, name=name).title == expected


@pytest.mark.parametrize(
    "markup",
    [
        "<a class=post-cat href=/qogam/>Қоғам</a>",
        "<span class=News_category__k2>Қоғам</span>",
        "<dl><dd class=category-name>Санат: <a href=/qogam>Қоғам</a></dd></dl>",
        "<span class=ast-terms-link><a href=/qogam>Қоғам</a></span>",
        "<a itemprop=articleSection href=/qogam>Қоғам</a>",
        "<div class=breadcrumbs><a href=/>Басты бет</a> / <a href=/news/>Жаңалықтар</a> / <a href=/qogam/>Қоғам</a></div>",
    ],
)
def test_the_section_that_a_page_names(markup: str) -> None:
    assert page(markup).categories == ("Қоғам",)
    assert page(heading=f"{markup}<h1>{TITLE}</h1>").categories == ("Қоғам",)


def test_a_section_that_fits_each_article_is_none() -> None:
    assert page("<div class=breadcrumbs><a href=/>Басты бет</a> / <a href=/news/>Жаңалықтар</a></div>").categories == ()


# what is text, and what is not


def paragraphs(*lines: str) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize(
    ("box", "absent"),
    [
        ("<p>Қате көрсеңіз, мәтінді белгілеп, Ctrl+Enter басыңыз.</p>", "Ctrl"),
        ("<div class=paywall><p>Бұл айда сіз үш тегін мақаланың бәрін оқып қойдыңыз, әрі қарай жазылу керек.</p></div>", "тегін"),
        ("<div class=ez-toc-container><p class=ez-toc-title>Мазмұны</p><nav><a href=#a>Көпір</a></nav></div>", "Мазмұны"),
        ("<div class=audio-player><span>Мақаланы тыңдау</span></div>", "тыңдау"),
    ],
)  # fmt: skip
def test_a_box_inside_the_text_is_left_out(box: str, absent: str) -> None:
    article = page(end=box)
    assert absent not in article.lead + article.body
    assert all(line in article.body for line in TEXT)


def test_a_dialog_above_the_text_is_no_standfirst() -> None:
    box = "<div class=cookie-banner><p>Сайтымыз ыңғайлы болуы үшін біз cookie файлдарын қолданамыз, жалғастырсаңыз, келісесіз.</p></div>"
    markup = f"<div class=text>{box}{paragraphs(*TEXT)}</div>"
    article = extracted(
        f"<html><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1>{markup}</article></body></html>"
    )
    assert "cookie" not in article.lead + article.body
    assert TEXT[0] in article.body


def test_text_that_the_button_below_it_unfolds() -> None:
    folded = f"<div class=text-hide style=display:none>{paragraphs(*TEXT)}</div><button>Толық оқу</button>"
    markup = f"<article><h1>{TITLE}</h1>{paragraphs(*reversed(TEXT[:2]))}<p>Көпірдің бағасы әлі белгісіз екен.</p>{folded}</article>"
    assert TEXT[3] in extracted(f"<html><head><title>{TITLE}</title></head><body>{markup}</body></html>").body


def test_an_element_that_the_theme_names_as_the_lead() -> None:
    markup = f"<article><h1>{TITLE}</h1><div class=text><div class=lead>{TEXT[0]}</div>{paragraphs(*TEXT[1:])}</div></article>"
    article = extracted(f"<html><head><title>{TITLE}</title></head><body>{markup}</body></html>")
    assert (article.lead, article.body.count(TEXT[0])) == (TEXT[0], 0)


def test_a_short_quotation_among_paragraphs_is_text() -> None:
    quote = "<figure class=wp-block-pullquote><blockquote><p>Көпір – достық белгісі.</p></blockquote></figure>"
    markup = f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:2])}{quote}{paragraphs(*TEXT[2:])}</article>"
    assert "Көпір – достық" in extracted(f"<html><head><title>{TITLE}</title></head><body>{markup}</body></html>").body


# pictures


def test_addresses_start_from_the_base_element() -> None:
    article = page("<figure><img src=up/kopir.jpg width=900></figure>", head="<base href=https://qamyz.example/>")
    assert [image.url for image in article.images] == ["https://qamyz.example/up/kopir.jpg"]


def test_a_logo_does_not_lead_where_the_page_shows_a_picture() -> None:
    head = '<meta property=og:image content="https://qamyz.example/img/logo.png">'
    assert page("<img src=/up/kopir.jpg width=900>", head=head).images[0].url == "https://qamyz.example/up/kopir.jpg"
    assert page(head=head).images[0].url == "https://qamyz.example/img/logo.png"


# script data

MARKUP = "".join(f"<p>{line}</p>" for line in TEXT)
RECORD = (
    f'title:"{TITLE}",text:{json.dumps(MARKUP)},created_at:"2024-09-21T08:05:00+05:00",author:{{name:"Сара Жанұзақ"}}'
)
FLAT = [{"data": 1}, {"post": 2}, {"title": 3, "content": 4, "publishedAt": 5, "author": 6}, TITLE, MARKUP,
        "2024-09-21T03:05:00Z", ["Reactive", 7], {"name": 8}, "Сара Жанұзақ"]  # fmt: skip


CALL = "{data:[{post:{title:a,content:b,created_at:'2024-09-21T08:05:00+05:00',author:{name:'Сара Жанұзақ'}}}]}"


@pytest.mark.parametrize(
    "script",
    [
        f"<script>window.__NUXT__={{layout:'default',data:[{{post:{{{RECORD},hot:!0,tags:[],next:void 0}}}}]}};</script>",
        f"<script>window.__NUXT__=(function(a,b){{return {CALL}}}({json.dumps(TITLE)},{json.dumps(MARKUP)}));</script>",
        f"<script type=application/json id=__NUXT_DATA__>{json.dumps(FLAT)}</script>",
    ],
)
def test_an_article_in_the_data_of_nuxt(script: str) -> None:
    head = f"<html lang=kk><head><meta charset=utf-8><title>{TITLE}</title></head>"
    article = extracted(f"{head}<body><div id=__nuxt></div>{script}</body></html>")
    assert article.body == "\n\n".join(TEXT)
    assert (article.published, names(article)) == ("2024-09-21T03:05:00Z", ["Сара Жанұзақ"])


# articles, and pages that are none


def test_an_article_about_errors_is_one() -> None:
    assert page(
        name="404 қатесі: not found деген не?", heading="<h1>404 қатесі: page not found деген жазу нені білдіреді</h1>"
    ).body


def test_a_log_in_form_in_the_header_does_not_refuse_a_short_article() -> None:
    form = "<form><input type=password></form>"
    markup = f"<html><head><title>{TITLE}</title></head><body>{form}<article><h1>{TITLE}</h1><p>{TEXT[0]}</p></article></body></html>"
    assert extracted(markup).body == TEXT[0]
    with pytest.raises(NotAnArticle, match="a log-in form"):
        extracted(
            f"<html><head><title>Кіру</title></head><body><article><h1>Кіру</h1>{form}</article><p>{TEXT[0]}</p></body></html>"
        )


@pytest.mark.parametrize("path", ["avtor/sara", "rubrika/qogam", "currency", "pogoda/", "forum/"])
def test_a_page_of_a_section_an_author_or_a_service_is_none(path: str) -> None:
    rows = "".join(f"<tr><td>{place} маусым</td><td>+{20 + place}</td></tr>" for place in range(1, 8))
    markup = (
        f"<html><head><title>Бет</title></head><body><h1>Бет</h1><p>{TEXT[0]}</p><table>{rows}</table></body></html>"
    )
    with pytest.raises(NotAnArticle):
        extracted(markup, f"https://qamyz.example/{path}")
