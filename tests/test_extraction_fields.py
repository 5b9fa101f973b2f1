"""Title, dates, authors, terms and language of pages as real systems build them, where markup and text disagree."""

from __future__ import annotations

import json

import pytest

from newsarchive.extraction import extract_article
from newsarchive.items import Article, Page
from newsarchive.kazakh.language import identify_language
from newsarchive.sites import Site

URL = "https://dala.example/qogam/kol/"
SITE = Site(name="dala", title="Дала", url="https://dala.example/", language="kk", timezone="Asia/Almaty")
TEXT = (
    "Көл жағасын тазартуға үш ауылдың тұрғындары шықты, олар бір күнде жиырма көлік қоқыс жинап үлгерді.",
    "Ауыл әкімі келесі сенбіде жұмысты өзен бойында жалғастыратынын, көлік пен құрал берілетінін айтты.",
    "Еріктілердің көбі оқушылар мен студенттер болды, оларға ыстық тамақ пен шай дайындалған екен.",
    "Былтыр мұндай шара үш рет өткен, биыл күзге дейін ай сайын ұйымдастыру жоспарланып отыр.",
)


def read(header: str = "", *, head: str = "", title: str = "Көл тазарды", end: str = "", lang: str = "") -> Article:
    body = "".join(f"<p>{text}</p>" for text in TEXT)
    markup = (
        f"<html{f' lang={lang}' if lang else ''}><head><meta charset=utf-8><title>{title}</title>{head}</head><body><nav><a href=/>Басты</a></nav>"
        f"<main><article><h1>{title}</h1>{header}<div class=text>{body}{end}</div></article></main></body></html>"
    )
    return extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)


def names(article: Article) -> list[str]:
    return [author.name for author in article.authors]


# titles


@pytest.mark.parametrize("title", ["Дала: жаңа мұражай ашылды", "Жаңа кітап – Дала", "Дала – егіншінің үйі"])
def test_a_word_of_the_sites_name_stays_in_a_title_that_the_heading_has(title: str) -> None:
    assert read(title=title).title == title


def test_the_sites_name_is_cut_from_a_title_that_the_heading_has_without_it() -> None:
    markup = "<html><head><title>Көл тазарды | Дала</title></head><body><article><h1>Көл тазарды</h1>{}</article></body></html>"
    page = Page(url=URL, body=markup.format("".join(f"<p>{text}</p>" for text in TEXT)).encode())
    assert extract_article([page], URL, site=SITE).title == "Көл тазарды"


# dates


@pytest.mark.parametrize("lang", ["", "en", "kz", "ru", "kk"])
def test_a_kazakh_date_is_read_whatever_language_is_declared(lang: str) -> None:
    assert read("<div class=post-date>2025 жылғы 3 ақпан, 14:20</div>", lang=lang).published == "2025-02-03T09:20:00Z"


@pytest.mark.parametrize(
    "line",
    [
        "Опубликовано: 3 февраля 2025, 14:20 | Обновлено: 5 февраля 2025, 09:00",
        "Обновлено: 05.02.2025 09:00. Опубликовано: 03.02.2025 14:20",
        "2025 жылғы 3 ақпан, 14:20 жарияланды, 2025 жылғы 5 ақпан, 09:00 жаңартылды",
    ],
)
def test_both_dates_of_a_line_are_read(line: str) -> None:
    article = read(f"<div class=date>{line}</div>")
    assert (article.published, article.modified) == ("2025-02-03T09:20:00Z", "2025-02-05T04:00:00Z")


def test_a_date_in_the_headline_is_what_the_article_is_about() -> None:
    title = "2024 жылғы 7 наурызда көл тартылды"
    assert read(title=title).published == ""
    assert read("<span>3 ақпан 2025, 14:20</span>", title=title).published == "2025-02-03T09:20:00Z"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("Пн, 03/02/2025 - 14:20", "2025-02-03"), ("Вс, 03/02/2025 - 14:20", "2025-03-02"), ("Дс, 02/03/2025", "2025-02-03")],
)  # fmt: skip
def test_the_weekday_decides_whether_day_or_month_comes_first(shown: str, expected: str) -> None:
    assert read(f"<div class=submitted>{shown}</div>").published[:10] == expected


def test_a_stamp_in_rdfa_counts_more_than_the_date_shown() -> None:
    stamp = '<div><span property="dc:date dc:created" content="2025-02-03T14:20:00+05:00">03/02/2025</span></div>'
    assert read(stamp).published == "2025-02-03T09:20:00Z"


# authors


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Asel R Omarova", ["Asel R Omarova"]),
        ("Di Omarova", ["Di Omarova"]),
        ("Ерлан Сейіт бен Айгүл Омар", ["Ерлан Сейіт", "Айгүл Омар"]),
        ("Super User", []),
        ("Import Bot", []),
    ],
)
def test_names_in_markup_are_read_whole(given: str, expected: list[str]) -> None:
    assert names(read(head=f"<meta name=author content='{given}'>")) == expected


def test_parts_of_a_name_and_contributors_in_jsonld_are_authors() -> None:
    people = {
        "author": {"@type": "Person", "givenName": "Asel", "familyName": "Omarova"},
        "contributor": [{"@type": "Person", "name": "Dana Kim"}],
    }
    data = json.dumps({"@type": "NewsArticle", "headline": "Көл тазарды", **people}, ensure_ascii=False)
    assert names(read(head=f"<script type='application/ld+json'>{data}</script>")) == ["Asel Omarova", "Dana Kim"]


def test_a_byline_counts_more_than_a_technical_account() -> None:
    data = json.dumps(
        {"@type": "NewsArticle", "headline": "Көл тазарды", "author": {"@type": "Person", "name": "Feed Import"}}
    )
    article = read("<div class=byline>By Dana Kim</div>", head=f"<script type='application/ld+json'>{data}</script>")
    assert names(article) == ["Dana Kim"]


@pytest.mark.parametrize(
    "end", ["<p>Жұмыс жалғасады, дейді әкім.<br><b>Айгүл ОМАР</b></p>", "Автор: Айгүл Омар<br>Қаралым: 512<br>"]
)
def test_a_byline_after_a_line_break_is_read_and_a_counter_below_it_left_out(end: str) -> None:
    article = read(end=end)
    assert names(article) == ["Айгүл Омар"]
    assert "512" not in article.body


def test_a_name_beside_the_date_is_the_author_whatever_the_classes() -> None:
    assert names(read("<div class=x1><span>3 ақпан 2025, 14:20</span><span>Айгүл Омар</span></div>")) == ["Айгүл Омар"]
    assert names(read("<div class=x1><span>3 ақпан 2025, 14:20</span><span>Қала Тынысы</span></div>")) == []


# terms


def test_categories_and_tags_that_only_a_class_names_are_read() -> None:
    header = "<div class=fmeta><span class=fcat><a href=/qogam/>Қоғам</a></span></div>"
    article = read(
        header, end="<div class=ftags>Тегтер: <a href=/tags/kol/>көл</a>, <a href=/tags/auyl/>ауыл</a></div>"
    )
    assert (article.categories, article.tags) == (("Қоғам",), ("көл", "ауыл"))


# language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ошто жаңы китепкана ачылды. Шаар мэри айткандай, окурмандар үчүн бардык шарттар түзүлгөн жана кире бериш акысыз.", "ky"),
        ("Дархан хотод шинэ номын сан нээгдлээ. Хотын дарга хэлэхдээ, уншигчдад зориулсан бүх нөхцөл бүрдсэн гэв.", "mn"),
        ("Әлмәттә яңа китапханә ачылды. Шәһәр башлыгы әйткәнчә, укучылар өчен барлык шартлар тудырылган.", "tt"),
        ("У Брэсце адкрылі новую бібліятэку, дзе чытачы знойдуць дзве тысячы кніг, паведаміў кіраўнік горада.", "be"),
        ("Самарқандда янги кутубхона очилди, унда ўқувчилар учун икки минг китоб бор, деди шаҳар ҳокими.", "uz"),
        ("В Оше открыли новую библиотеку, где читатели найдут две тысячи книг, сообщил мэр города.", "ru"),
        ("Ошта жаңа кітапхана ашылды, онда оқырмандар екі мың кітап таба алады, деді қала әкімі.", "kk"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("hint", ["kk", "ru", ""])
def test_neighbouring_languages_are_told_apart_whatever_is_declared(text: str, expected: str, hint: str) -> None:
    assert identify_language(text, hint=hint) == expected


# pages that are data


def encoded(markup: str, encoding: str) -> Article:
    return extract_article([Page(url=URL, body=markup.encode(encoding))], URL, site=SITE)


def page(declared: str = "utf-8", extra: str = "") -> str:
    body = "".join(f"<p>{text}</p>" for text in TEXT)
    return f"<html><head><meta charset={declared}><title>Көл тазарды</title></head><body><article><h1>Көл тазарды</h1>{extra}{body}</article></body></html>"


@pytest.mark.parametrize("declared", ["kz-1048", "KZ-1048", "windows-1251"])
def test_kz_1048_is_read_whatever_it_is_called(declared: str) -> None:
    assert TEXT[1] in encoded(page(declared), "kz1048").body


def test_utf_8_encoded_twice_is_read() -> None:
    assert TEXT[1] in encoded(page().encode().decode("latin-1"), "utf-8").body


def test_pictures_in_the_markup_do_not_crowd_out_the_text() -> None:
    picture = f"<img src='data:image/jpeg;base64,{'QUJD' * 1_700_000}'>"
    assert TEXT[3] in encoded(page(extra=picture), "utf-8").body


def test_very_deep_markup_keeps_its_paragraphs_apart_and_scripts_out() -> None:
    deep = "<div>" * 230 + f"<p>{TEXT[0]}</p><script>var x = 'сценарий';</script><p>{TEXT[1]}</p>"
    body = encoded(f"<html><head><meta charset=utf-8></head><body><h1>Көл</h1>{deep}</body></html>", "utf-8").body
    assert f"{TEXT[0]}\n\n{TEXT[1]}" in body
    assert "сценарий" not in body


def test_text_date_and_author_in_script_data_are_read() -> None:
    story = {
        "title": "Көл тазарды",
        "publishedAt": "2025-02-03T14:20:00+05:00",
        "author": {"name": "Айгүл Омар"},
        "body": "".join(f"<p>{text}</p>" for text in TEXT),
    }
    data = json.dumps({"props": {"pageProps": {"story": story}}}, ensure_ascii=False)
    markup = f"<html><head><meta charset=utf-8><title>Көл тазарды</title></head><body><div id=__next></div><script id=__NEXT_DATA__ type='application/json'>{data}</script></body></html>"
    article = encoded(markup, "utf-8")
    assert all(text in article.body for text in TEXT)
    assert (article.published, names(article)) == ("2025-02-03T09:20:00Z", ["Айгүл Омар"])


def test_a_box_shown_at_a_click_is_a_quotation_in_markdown() -> None:
    article = read(end=f"<details><summary>Толығырақ</summary><p>{TEXT[0].replace('Көл', 'Өзен')}</p></details>")
    assert "> Өзен жағасын" in article.markdown
