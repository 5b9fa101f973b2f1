"""What the text of an article keeps, leaves out and joins."""

import json
from urllib.parse import unquote, urljoin

import pytest

from newsarchive.extraction import extract_article, marking, text
from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.blocks import absolute
from newsarchive.extraction.pages import parse
from newsarchive.items import Hints, NotAnArticle, Page
from newsarchive.sites import ExtractionRules, Site
from newsarchive.text.fingerprints import fingerprints

URL = "https://gazet.example/qala/kopir/"
SITE = Site(name="gazet", title="Газет", url="https://gazet.example/", language="kk", timezone="Asia/Almaty")
FIRST = "Қала әкімдігі жаңа көпірдің құрылысын келер жылы аяқтайтынын хабарлады, жұмысқа екі жүз адам тартылған."
SECOND = "Құрылысшылар тіректерді орнатып бітті, енді жол төсемі мен жарық жүйесі жүргізіледі деп күтіліп отыр."
THIRD = "Тұрғындар көпір ашылғанда жол уақыты екі есе қысқарады деп үміттенеді, қазір айналма жолмен жүреді."


def read(content: str, *, head: str = "", above: str = "", site: Site = SITE, url: str = URL):
    markup = (
        f"<html lang=kk><head><meta charset=utf-8><title>Жаңа көпір</title>{head}</head><body class='single single-post'>"
        f"<nav><a href=/>Басты бет</a> <a href=/qala/>Қала</a></nav><main><article><h1>Жаңа көпір</h1>{above}"
        f"<div class='entry-content'>{content}</div></article></main></body></html>"
    )
    return extract_article([Page(url=url, body=markup.encode())], url, site=site, hints=Hints(kind="post"))


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_paragraphs_are_separated_by_a_blank_line():
    assert read(paragraphs(FIRST, SECOND, THIRD)).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_a_standfirst_apart_from_the_text_is_the_lead_and_not_in_the_body():
    lead = "Өзеннің екі жағасын қосатын нысан қалаға он жылдан бері керек еді."
    article = read(paragraphs(FIRST, SECOND, THIRD), above=f"<p class='standfirst'>{lead}</p>")
    assert (article.lead, article.body) == (lead, f"{FIRST}\n\n{SECOND}\n\n{THIRD}")
    assert article.markdown.startswith(f"# Жаңа көпір\n\n{lead}\n\n{FIRST}")


def test_a_first_paragraph_that_og_description_repeats_stays_in_the_body():
    article = read(paragraphs(FIRST, SECOND, THIRD), head=f"<meta property='og:description' content='{FIRST}'>")
    assert article.lead == ""
    assert article.body.startswith(FIRST)


def test_every_cell_of_a_table_is_there():
    rows = "".join(
        f"<tr><td>{name}</td><td>{number}</td></tr>" for name, number in (("Балқаш", "12,4"), ("Теміртау", "8,1"))
    )
    table = f"<figure class=wp-block-table><table><tr><th>Қала</th><th>Ұзындығы, км</th></tr>{rows}</table><figcaption>Дерек: әкімдік</figcaption></figure>"
    article = read(paragraphs(FIRST, SECOND) + table + paragraphs(THIRD))
    assert "Қала | Ұзындығы, км\nБалқаш | 12,4\nТеміртау | 8,1" in article.body
    assert "Дерек: әкімдік" in article.body
    assert "| Қала | Ұзындығы, км |\n| --- | --- |\n| Балқаш | 12,4 |" in article.markdown


def test_lists_quotes_headings_and_links_stand_in_the_markdown():
    listed = "<ul><li>бірінші кезең көктемде басталады</li><li>екінші кезең жазда аяқталады</li></ul>"
    quoted = f"<blockquote><p>{SECOND}</p></blockquote>"
    linked = f"<p>{THIRD} <a href='/qaulysy/'>Қаулы мәтіні</a> сайтта тұр.</p>"
    markdown = read(f"<p>{FIRST}</p><h2>Кезеңдері қандай</h2>{listed}{quoted}{linked}").markdown
    assert "\n\n## Кезеңдері қандай\n\n- бірінші кезең көктемде басталады\n- екінші" in markdown
    assert f"\n\n> {SECOND}\n\n" in markdown
    assert "[Қаулы мәтіні](https://gazet.example/qaulysy/) сайтта тұр." in markdown


def test_numbered_lists_keep_their_numbers_in_the_markdown():
    markdown = read(
        f"<p>{FIRST}</p><ol start=3><li>үшінші бап бойынша</li><li>төртінші бап бойынша</li></ol><p>{SECOND}</p>"
    ).markdown
    assert "3. үшінші бап бойынша\n4. төртінші бап бойынша" in markdown


def test_share_related_counter_and_subscription_blocks_are_left_out():
    extras = (
        "<div class='social-share'><span>Бөлісу:</span> <a href=https://t.me/x>Telegram</a></div>"
        "<div class='related-posts'><h3>Ұқсас жаңалықтар</h3><ul><li><a href=/a/>Мектеп ауласына гүл егілді деп хабарлады</a></li></ul></div>"
        "<div class='post-views'>1204 рет қаралды</div><div class='subscribe'><p>Telegram арнамызға жазылыңыз</p></div>"
    )
    assert read(paragraphs(FIRST, SECOND, THIRD) + extras).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_a_read_more_line_between_paragraphs_is_left_out():
    line = "<p>Сондай-ақ оқыңыз: <a href=/a/>Мектеп ауласына гүл егілді</a></p>"
    assert "Мектеп" not in read(f"<p>{FIRST}</p>{line}<p>{SECOND}</p><p>{THIRD}</p>").body


def test_the_by_line_at_the_end_of_the_text_stays():
    article = read(paragraphs(FIRST, SECOND, THIRD, "Айгүл СЕРІК"))
    assert article.body.endswith("\n\nАйгүл СЕРІК")


def test_captions_are_not_in_the_body_but_with_the_picture():
    figure = "<figure><img src=/wp-content/uploads/kopir-1024x683.jpg width=1024 height=683 alt='Тірек'><figcaption>Құрылыс алаңы</figcaption></figure>"
    article = read(f"<p>{FIRST}</p>{figure}<p>{SECOND}</p><p>{THIRD}</p>")
    assert "Құрылыс алаңы" not in article.body
    place = "![Құрылыс алаңы](https://gazet.example/wp-content/uploads/kopir-1024x683.jpg)"
    assert f"{FIRST}\n\n{place}\n\n{SECOND}" in article.markdown


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Тәуел&shy;сіздік күні мерекесі осы аптада аталып өтеді, қалада шара көп.", "Тәуелсіздік күні"),
        ("Қала&nbsp;тұрғындары мерекені осы аптада атап өтеді, қалада шара көп.", "Қала тұрғындары"),
        ("<span class=dropcap>М</span>ереке осы аптада аталып өтеді, қалада шара көп болмақ.", "Мереке осы"),
        (
            "Бүгін <ruby>東京<rp>（</rp><rt>とうきょう</rt><rp>）</rp></ruby> қаласында кездесу өтті деп хабарлады тілші.",
            "東京（とうきょう） қаласында",
        ),
        ("Со<b>мн</b>оголетний труд закончен, сообщил корреспондент газеты сегодня.", "Сомноголетний труд"),
    ],
)
def test_inline_markup_neither_joins_nor_splits_words(markup, text):
    assert text in read(f"<p>{markup}</p>" + paragraphs(FIRST, SECOND, THIRD)).body


def test_a_drop_cap_in_an_element_of_its_own_joins_its_word():
    tree = parse("<html><body><div><div class='drop-cap'>М</div>ереке осы аптада өтеді.</div></body></html>")
    assert [block.text for block in read_blocks(tree)] == ["Мереке осы аптада өтеді."]


def test_an_empty_line_made_of_line_breaks_parts_paragraphs():
    assert read(f"{FIRST}<br><br>{SECOND}<br><br>{THIRD}").body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_what_each_page_of_an_article_repeats_is_said_once_but_short_lines_and_pictures_stay():
    notice = "Бұл мақаланың барлық құқықтары қорғалған, көшіріп басқанда сілтеме жасау міндетті болып саналады."
    lead = "Өзеннің екі жағасын қосатын нысан қалаға он жылдан бері керек еді, құрылыс енді ғана басталып отыр."

    def page(number: int, content: str) -> Page:
        markup = (
            f"<html lang=kk><head><title>Жаңа көпір</title><meta name=description content='{lead}'></head>"
            f"<body><article><h1>Жаңа көпір</h1><p class=lead>{lead}</p><div class='entry-content'>{content}</div>"
            "</article></body></html>"
        )
        return Page(url=URL if number == 1 else f"{URL}{number}/", body=markup.encode())

    pages = [
        page(1, paragraphs(FIRST, "Су мен жол.", notice, FIRST.replace("Қала", "Аудан"))),
        page(2, paragraphs(SECOND, lead, "Су мен жол.", THIRD, notice)),
    ]
    article = extract_article(pages, URL, site=SITE, hints=Hints(kind="post"))
    assert article.lead == lead
    assert [f"{article.lead}\n{article.body}".count(text) for text in (lead, notice, SECOND, THIRD)] == [1, 1, 1, 1]
    assert article.body.count("Су мен жол.") == 2


def test_a_lead_that_a_later_page_repeats_in_its_text_is_said_once():
    lead = "Өзеннің екі жағасын қосатын нысан қалаға он жылдан бері керек еді, құрылыс енді ғана басталып отыр."

    def page(number: int, above: str, content: str) -> Page:
        body = f"<article><h1>Жаңа көпір</h1>{above}<div class='entry-content'>{content}</div></article>"
        markup = f"<html lang=kk><head><title>Жаңа көпір</title></head><body>{body}</body></html>"
        return Page(url=URL if number == 1 else f"{URL}{number}/", body=markup.encode())

    pages = [page(1, f"<p class=lead>{lead}</p>", paragraphs(FIRST)), page(2, "", paragraphs(SECOND, lead, THIRD))]
    article = extract_article(pages, URL, site=SITE, hints=Hints(kind="post"))
    assert article.lead == lead
    assert article.body.split("\n\n") == [FIRST, SECOND, THIRD]


def test_pages_of_one_article_are_joined_and_further_ones_named():
    links = f"<div class='page-links'><a href='{URL}2/' class='post-page-numbers'>2</a> <a href='{URL}3/' class='post-page-numbers'>3</a></div>"
    one = f"<html><body class=single><article><h1>Жаңа көпір</h1><div class=entry-content>{paragraphs(FIRST, SECOND)}{links}</div></article></body></html>"
    two = f"<html><body class=single><article><h1>Жаңа көпір</h1><div class=entry-content>{paragraphs(THIRD, SECOND + ' Тағы.')}{links}</div></article></body></html>"
    first = extract_article([Page(url=URL, body=one.encode())], URL, site=SITE)
    assert first.more_pages == (f"{URL}2/", f"{URL}3/")
    pages = [Page(url=URL, body=one.encode()), Page(url=f"{URL}2/", body=two.encode())]
    both = extract_article(pages, URL, site=SITE)
    assert both.body == "\n\n".join([FIRST, SECOND, THIRD, SECOND + " Тағы."])
    assert both.more_pages == (f"{URL}3/",)


@pytest.mark.parametrize(
    "link", ["/%D2%9B%D0%B0%D0%BB%D0%B0/2/", "/қала/2/", "https://gazet.example/%d2%9b%d0%b0%d0%bb%d0%b0/2/"]
)
def test_further_pages_are_found_however_a_cyrillic_address_is_written(link: str):
    parts = f"<div class='page-links'><span>1</span> <a href='{link}'>2</a> <a href='/2025/03/2/'>2</a></div>"
    url = "https://gazet.example/%D2%9B%D0%B0%D0%BB%D0%B0/"
    found = read(paragraphs(FIRST, SECOND, THIRD) + parts, url=url).more_pages
    assert [unquote(address) for address in found] == ["https://gazet.example/қала/2/"]


def test_the_profile_says_where_text_and_lead_stand_and_what_to_drop():
    rules = ExtractionRules(body="div.x7", lead="div.q2", drop=("p.z9",))
    site = Site(name="gazet", url="https://gazet.example/", language="kk", extraction=rules)
    content = f"<div class=q2>Қысқаша мазмұны осында.</div><div class=x7><p>{FIRST}</p><p class=z9>{SECOND}</p><p>{THIRD}</p></div>"
    article = read(content, site=site)
    assert (article.lead, article.body) == ("Қысқаша мазмұны осында.", f"{FIRST}\n\n{THIRD}")
    assert article.evidence["body"] == "profile"


def test_an_article_in_script_data_alone_is_read_from_there():
    state = {
        "menu": ["/qala/"] * 9000,
        "props": {
            "pageProps": {"post": {"title": "Жаңа көпір", "contentHtml": paragraphs(FIRST, SECOND, THIRD), "id": 7}}
        },
    }
    markup = (
        "<html><head><title>Жаңа көпір</title><meta property='og:title' content='Жаңа көпір'></head><body><div id=__next></div>"
        f"<script id=__NEXT_DATA__ type=application/json>{json.dumps(state, ensure_ascii=False)}</script></body></html>"
    )
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)
    assert article.body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert article.evidence["body"] == "script"


def test_parts_of_an_article_in_script_data_are_joined_without_pictures():
    elements = [{"type": "text", "content": text} for text in (FIRST, SECOND, THIRD)]
    elements.insert(1, {"type": "image", "url": "https://gazet.example/a.jpg", "content": "Сурет туралы сөз"})
    state = {"menu": ["/qala/"] * 9000, "headlines": {"basic": "Жаңа көпір"}, "content_elements": elements}
    script = f"<script>window.Fusion=window.Fusion||{{}};Fusion.globalContent={json.dumps(state)};Fusion.x=1</script>"
    markup = f"<html><head><meta property='og:title' content='Жаңа көпір'></head><body><div id=app></div>{script}</body></html>"
    assert (
        extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain words",
        b"<html><body></body></html>",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"<html><body><div id=app></div><script>go()</script></body></html>",
    ],
)
def test_what_holds_no_text_is_not_an_article(body):
    with pytest.raises(NotAnArticle):
        extract_article([Page(url=URL, body=body)], URL, site=SITE)


def test_a_first_paragraph_named_a_standfirst_that_og_description_repeats_is_the_lead():
    lead = "Жаңа көпір келер жылы ашылады."
    standfirst = f"<p class='standfirst'>{lead}</p>"
    said = f"<meta property='og:description' content='{lead}'>"
    article = read(standfirst + paragraphs(FIRST, SECOND, THIRD), head=said)
    assert (article.lead, article.body) == ("", f"{lead}\n\n{FIRST}\n\n{SECOND}\n\n{THIRD}")  # too short to be sure
    lead = "Өзеннің екі жағасын қосатын нысан қалаға он жылдан бері керек еді."
    standfirst = f"<p class='standfirst'>{lead}</p>"
    said = f"<meta property='og:description' content='{lead}'>"
    article = read(standfirst + paragraphs(FIRST, SECOND, THIRD), head=said)
    assert (article.lead, article.body) == (lead, f"{FIRST}\n\n{SECOND}\n\n{THIRD}")
    assert read(standfirst + paragraphs(FIRST, SECOND, THIRD)).lead == ""  # a class alone may only set it in bold


def test_an_article_cut_in_wrapped_parts_by_advertisements_is_whole():
    part = "<div class='row'><div class='text chunk'>{}</div><aside class='rail'>Жарнама</aside></div>"
    advert = "<div class='advert'>Жарнама орны</div>"
    fourth = FIRST.replace("Қала", "Аудан")
    content = part.format(paragraphs(FIRST, SECOND, THIRD)) + advert + part.format(paragraphs(fourth))
    assert read(content).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\n{fourth}"


def test_of_several_articles_on_a_page_the_titled_one_is_read():
    def story(title: str, *texts: str) -> str:
        return f"<article><h1>{title}</h1><div>{paragraphs(*texts)}</div></article>"

    first = [text + " " + text.replace("қала", "аудан") for text in (FIRST, SECOND, THIRD)]
    other = [f"Басқа хабар: {text.lower()}" for text in first]
    markup = (
        f"<html lang=kk><head><title>Жаңа көпір</title></head><body><main>{story('Жаңа көпір', *first)}"
        f"{story('Ауыл хабары', *other)}</main></body></html>"
    )
    found = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE, hints=Hints(kind="post"))
    assert found.body == "\n\n".join(first)


@pytest.mark.parametrize("line", ["👁 1062", "5 қаңтар, 2023", "12.03.2025", "Тегтер:", "by"])
def test_a_counter_a_date_or_a_bare_label_after_the_text_is_left_out(line: str):
    assert read(paragraphs(FIRST, SECOND, THIRD, line)).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_a_list_of_labelled_links_to_other_articles_is_left_out_and_a_list_with_links_stays():
    link = "<li>Қала: <a href=/{0}>Тағы бір мақаланың ұзақ тақырыбы {0}</a></li>"
    teasers = "<ul>" + "".join(link.format(i) for i in range(3)) + "</ul>"
    assert read(paragraphs(FIRST, SECOND) + teasers + paragraphs(THIRD)).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    items = "<ul><li>Көпірдің ұзындығы екі жүз метр, <a href=/1>жобасы</a> дайын</li><li>Жарығы бар</li></ul>"
    assert "екі жүз метр" in read(paragraphs(FIRST, SECOND) + items + paragraphs(THIRD)).body


def test_the_name_under_a_quotation_signs_the_quotation_and_not_the_article():
    quote = f"<blockquote><p>{SECOND}</p><cite>Мирас АСАН</cite></blockquote>"
    assert read(paragraphs(FIRST, THIRD) + quote).authors == ()
    assert [a.name for a in read(paragraphs(FIRST, THIRD, "Мирас АСАН")).authors] == ["Мирас Асан"]


def test_every_field_says_where_it_came_from():
    lead = "Өзеннің екі жағасын қосатын нысан қалаға он жылдан бері керек еді."
    head = "<meta property='article:published_time' content='2025-03-01T10:00:00+05:00'><meta property='og:image' content='/k-01.jpg'>"
    content = "<img src='/k-01.jpg' width=900>" + paragraphs(FIRST, SECOND, THIRD, "Дайындаған Аида РАХЫМҚҰЛОВА")
    evidence = read(content, head=head, above=f"<p class='standfirst'>{lead}</p>").evidence
    assert {name: evidence[name] for name in ("title", "authors", "lead", "lead_image", "body")} == {
        "title": "h1",
        "authors": "by-line",
        "lead": "class",
        "lead_image": "meta",
        "body": "trafilatura:fast",
    }
    assert evidence["published"]


def test_a_word_that_a_theme_leaves_behind_the_text_is_not_its_end():
    text = paragraphs("Су басқан үйлер саны он екіге жетті.", "Тұрғындар мектепке орналасты, дейді әкімдік.")
    markup = (
        f"<html lang=kk><head><title>Су тасқыны</title></head><body class='single single-post'><main><h1>Су тасқыны</h1>"
        f"<div class='entry-content'>{text}</div><div class='parts'><div><p>Posted</p></div></div></main></body></html>"
    )
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE, hints=Hints(kind="post"))
    assert article.body.endswith("дейді әкімдік.")


def test_readers_comments_under_a_short_text_are_not_taken_for_it():
    remark = "Оқырманның пікірі ұзақ, ол өз ауылындағы жолдың жайын тәптіштеп айтып береді де, сұрағын қояды. " * 2
    article = read(
        "<div class='entry-content'><p>Кеше ауылда жаңа көпір ашылды.</p></div><div class='wp-block-comments'><h2>Пікірлер</h2><ol>"
        + "".join(
            f"<li id='comment-{n}'><div><div class='wp-block-comment-content'><p>{n}. {remark}</p><p>{remark} {n}</p></div>"
            "</div></li>"
            for n in (476, 477)
        )
        + "</ol></div>"
    )
    assert article.body == "Кеше ауылда жаңа көпір ашылды."


def test_teasers_of_related_articles_under_a_short_text_are_not_taken_for_it():
    teaser = "Облыс орталығында жаңа оқу жылы басталды, биыл үш мектеп пайдалануға беріліп, орын тапшылығы азайды…"
    items = "".join(
        f"<li><a href=/q/{n}/>Мектеп {n}</a> <span>{n} қыркүйек</span><p>{n}. {teaser}</p></li>" for n in (1, 2, 3)
    )
    article = read(
        "<p>Кеше ауылда жаңа көпір ашылды. Салтанатқа ауылдың ақсақалдары да келді.</p>"
        f"<div class='related-posts'><h3>Тағы оқыңыз</h3><ul>{items}</ul></div>"
    )
    assert article.body == "Кеше ауылда жаңа көпір ашылды. Салтанатқа ауылдың ақсақалдары да келді."


@pytest.mark.parametrize(("listed", "evidence"), [(14, "trafilatura:fast"), (0, ""), (90, "")])
def test_a_short_text_that_is_all_its_listing_has_is_not_looked_for_elsewhere(
    monkeypatch: pytest.MonkeyPatch, listed: int, evidence: str
):
    asked = []
    monkeypatch.setattr(text, "thorough_marks", lambda *args: asked.append(args) or marking.thorough_marks(*args))
    page = f"<html><body><article><h1>Жаңа көпір</h1><p>{FIRST}</p></article></body></html>"
    hints = Hints(kind="post", words=listed)
    article = extract_article([Page(url=URL, body=page.encode())], URL, site=SITE, hints=hints)
    assert article.body == FIRST
    assert bool(asked) is not bool(evidence)
    assert not evidence or article.evidence["body"] == evidence


@pytest.mark.parametrize("base", ["https://gazet.example/a/", "http://gazet.example/"])
@pytest.mark.parametrize(
    "address",
    [
        "https://gazet.example", "https://gazet.example/b/../c", "http://gazet.example/b?", "https://gazet.example/b#",
        "https://gazet.example/b?#c", "https://gazet.example/b;?c=d", "https://gazet.example/қала/?x=1&y=[2]#z z",
        "https://[::1]/b", "https://[b", "HTTPS://Gazet.example/B", " https://gazet.example/b\n", "https://gazet.example/a\tb",
        "//gazet.example/b", "/b?c", "?c", "#c", "https:b", "https:///b", "https://\u2100.example/b", "mailto:a@b.example",
    ],
)  # fmt: skip
def test_addresses_become_absolute_as_urljoin_makes_them(base: str, address: str):
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        joined = ""
    assert absolute(base, address) == joined


def test_an_article_in_an_element_that_is_named_related_is_read():
    page = f"<div class='related-content'>{paragraphs(FIRST, SECOND, THIRD)}</div>"
    assert read(page).body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


REMARK = (
    "Жоба туралы пікірлер екіге жарылды, бірі көпірді мақтаса, бірі шығыны көп деп сынады, сонда да бәрі күтіп жүр."
)
BRIEF = ("Қыста жол жабылды.", "Көктемде ашылады.")


def as_listed(*texts: str) -> Hints:
    return Hints(kind="post", words=len(" ".join(texts).split()), fingerprints=fingerprints(texts))


def read_as_listed(markup: str, hints: Hints):
    body = f"<html lang=kk><body class=single><h1>Жаңа көпір</h1>{markup}</body></html>".encode()
    return extract_article([Page(url=URL, body=body)], URL, site=SITE, hints=hints)


@pytest.mark.parametrize("tag", ["p", "div"])
def test_the_element_with_the_text_of_the_listing_is_the_article_whatever_stands_around(tag: str):
    own = "".join(f"<{tag}>{text}</{tag}>" for text in (FIRST, *BRIEF, f"{SECOND} {THIRD}"))
    others = f"<div><{tag}>{REMARK}</{tag}><{tag}>{REMARK}</{tag}></div>" * 2
    hints = as_listed(FIRST, *BRIEF, f"{SECOND} {THIRD}")
    article = read_as_listed(f"<div>{others}<div><div>{own}</div></div></div>", hints)
    assert article.body == f"{FIRST}\n\n{BRIEF[0]}\n\n{BRIEF[1]}\n\n{SECOND} {THIRD}"
    assert article.evidence["body"] == "listing"


def test_what_plugins_put_into_the_text_of_the_listing_is_not_of_it():
    markup = (
        f"<article><div class=entry-content><div class=post-views>Қаралды: 1 204</div>{paragraphs(FIRST, SECOND)}"
        f"<div class=sharedaddy><p>Достарыңызбен бөлісіңіз</p></div>{paragraphs(THIRD)}"
        f"<div class=related-posts><h3>Оқи отырыңыз</h3><p>{REMARK}</p></div></div></article>"
    )
    article = read_as_listed(markup, as_listed(FIRST, SECOND, THIRD))
    assert article.body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert article.evidence["body"] == "listing"


def test_a_line_of_tags_below_the_text_is_not_of_it():
    tags = "<p><small>Жазылған: 2026, тегтер: <a rel=tag href=/tag/jol/>жол</a></small></p>"
    article = read_as_listed(f"<td>{paragraphs(FIRST, SECOND)}{tags}</td>", as_listed(FIRST, SECOND))
    assert article.body == f"{FIRST}\n\n{SECOND}"


def test_links_alone_in_the_text_of_the_listing_are_left_out():
    link = "<a href=/oqy/>Мына мақаланы да оқыңыз</a>"
    markup = f"<article><div>{paragraphs(FIRST, link, SECOND)}</div></article>"
    hints = as_listed(FIRST, "Мына мақаланы да оқыңыз", SECOND)
    article = read_as_listed(markup, hints)
    assert (article.body, article.evidence["body"]) == (f"{FIRST}\n\n{SECOND}", "listing")


def test_where_no_paragraph_is_one_of_the_listing_trafilatura_looks_for_the_text():
    hints = as_listed(REMARK, *BRIEF)
    article = read_as_listed(f"<article><div>{paragraphs(FIRST, SECOND, THIRD)}</div></article>", hints)
    assert article.body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert article.evidence["body"].startswith("trafilatura")


def test_a_page_of_many_has_its_part_of_the_listed_text_and_nothing_of_a_longer_blurb_below():
    listed = as_listed(FIRST, *BRIEF, SECOND, THIRD)
    blurbs = "".join(f"<div><h3>Басқа хабар</h3><p>{number}. {REMARK} {REMARK}</p></div>" for number in range(6))
    article = read_as_listed(f"<main><div>{paragraphs(SECOND)}</div><div>{blurbs}</div></main>", listed)
    assert (article.body, article.evidence["body"]) == (SECOND, "listing")


def test_a_picture_and_its_caption_above_the_text_in_its_element_are_not_of_the_text():
    caption = (
        "<div class=top-photo><figure><img src=/kopir.jpg><figcaption>Жаңа көпірдің жобасы</figcaption></figure></div>"
    )
    link = "<div class=boxed>Тағы оқыңыз: <a href=/oqy/>Қала шетіндегі ескі көпір жабылады</a></div>"
    markup = f"<div class=post-content>{caption}{paragraphs(FIRST)}{link}{paragraphs(SECOND, THIRD)}</div>"
    article = read_as_listed(f"<main>{markup}</main>", as_listed(FIRST, SECOND, THIRD))
    assert (article.body, article.evidence["body"]) == (f"{FIRST}\n\n{SECOND}\n\n{THIRD}", "listing")


def test_remarks_with_as_many_words_as_the_listing_has_are_not_taken_for_its_text():
    hints = as_listed(FIRST, SECOND, THIRD)
    remarks = " ".join(f"{REMARK} {REMARK} {FIRST}".split()[: hints.words])
    article = read_as_listed(
        f"<main><div>{paragraphs(FIRST, SECOND, THIRD)}</div><div><p>{remarks}</p></div></main>", hints
    )
    assert article.body == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_a_standfirst_between_title_and_listed_text_is_the_lead_and_what_stands_elsewhere_is_not():
    markup = (
        f"<header><p class=standfirst>{REMARK}</p></header><main><h1>Жаңа көпір</h1><p class=standfirst>{SECOND}</p>"
        f"<div>{paragraphs(FIRST, THIRD)}</div></main>"
    )
    body = f"<html lang=kk><head><title>Жаңа көпір</title></head><body class=single>{markup}</body></html>".encode()
    article = extract_article([Page(url=URL, body=body)], URL, site=SITE, hints=as_listed(FIRST, THIRD))
    assert (article.lead, article.body) == (SECOND, f"{FIRST}\n\n{THIRD}")


def test_what_was_added_to_a_text_after_its_listing_is_not_lost():
    article = read_as_listed(
        f"<article><div>{paragraphs(f'{FIRST} {SECOND}', BRIEF[0])}</div></article>", as_listed(FIRST, SECOND)
    )
    assert article.body == f"{FIRST} {SECOND}\n\n{BRIEF[0]}"


@pytest.mark.parametrize("tag", ["p", "div"])
def test_a_paragraph_that_was_changed_after_its_listing_is_not_lost(tag: str):
    texts = (FIRST, f"{SECOND} {THIRD}", REMARK)
    markup = "".join(f"<{tag}>{text}</{tag}>" for text in texts)
    article = read_as_listed(f"<main><article>{markup}</article></main>", as_listed(FIRST, SECOND, REMARK))
    assert article.body == "\n\n".join(texts)


def test_a_lead_that_the_profile_names_far_from_the_listed_text_is_the_lead():
    site = Site(name="gazet", url="https://gazet.example/", extraction=ExtractionRules(lead=".top p"))
    markup = (
        f"<div class=top><p>{REMARK}</p></div><main><h1>Жаңа көпір</h1><div>{paragraphs(FIRST, THIRD)}</div></main>"
    )
    body = f"<html lang=kk><head><title>Жаңа көпір</title></head><body class=single>{markup}</body></html>".encode()
    article = extract_article([Page(url=URL, body=body)], URL, site=site, hints=as_listed(FIRST, THIRD))
    assert (article.lead, article.body, article.evidence["body"]) == (REMARK, f"{FIRST}\n\n{THIRD}", "listing")
