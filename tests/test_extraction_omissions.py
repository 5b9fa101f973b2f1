"""What extraction leaves out is proven, recorded, and can be kept by switching the rule off."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from lxml import html

from newsarchive.extraction import extract_article
from newsarchive.extraction.block_reading import read_blocks
from newsarchive.extraction.choice import choose
from newsarchive.extraction.marks import marks_of
from newsarchive.extraction.rules import RULES, switched_off
from newsarchive.items import Article, NotAnArticle, Page
from newsarchive.sites import Site
from newsarchive.text.folding import fold

Run = Callable[..., subprocess.CompletedProcess[str]]
URL = "https://gazet.example/qala/kopir/"
SITE = Site(name="gazet", title="Газет", url="https://gazet.example/", language="kk", timezone="Asia/Almaty")
TITLE = "Жаңа көпір"
A = "Қала әкімдігі жаңа көпірдің құрылысын келер жылы аяқтайтынын хабарлады, жұмысқа екі жүз адам тартылған."
B = "Құрылысшылар тіректерді орнатып бітті, енді жол төсемі мен жарық жүйесі жүргізіледі деп күтіліп отыр."
C = "Тұрғындар көпір ашылғанда жол уақыты екі есе қысқарады деп үміттенеді, қазір айналма жолмен жүреді."
D = "Мердігер қыста да тоқтамауға уәде берді, ал әкімдік барысын апта сайын халыққа есеп етіп отырмақ."


def read(content: str, *, head: str = "", outside: str = "", url: str = URL, attributes: str = "") -> Article:
    markup = (
        f"<html lang=kk><head><meta charset=utf-8><title>{TITLE}</title>{head}</head><body {attributes}><nav><a href=/>Басты бет</a></nav>"
        f"<main><article><h1>{TITLE}</h1><div class='entry-content'>{content}</div></article></main>{outside}</body></html>"
    )
    return extract_article([Page(url=url, body=markup.encode())], url, site=SITE)


def p(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


HIDDEN = "<button>Толық оқу</button><div style='display:none'>{}</div>"
KEPT = {
    "a sentence that begins like a note": p(A, "Жарнама туралы заң келер жылы өзгереді, дейді министрлік.", B, C),
    "a sentence that begins like a copyright notice": p(A, "Copyright rules will change next year, officials said.", B),
    "a sentence that begins like a read-more line": p(A, "Тақырып бойынша жиырма баяндама тыңдалды.", B, C),
    "a last paragraph with a link that names a messenger": p(
        A, B, "Бұл туралы министр <a href=/t>Telegram-арнасында</a> жазды және келісімге қол қойылғанын айтты."
    ),
    "a paragraph that is a link": p(A, f"<a href=/eski/>{B}</a>", C, D),
    "text beside a picture": p(A, B)
    + f"<div class='wp-block-media-text'><figure><img src=/a.jpg></figure><div class='wp-block-media-text__content'>{p(C)}</div></div>"
    + p(D),
    "a refrain in two stanzas": f"<div class=stanza>{p('Көпірдің үсті, көпірдің асты су болып ағады', A)}</div>"
    f"<div class=stanza>{p('Көпірдің үсті, көпірдің асты су болып ағады', B)}</div>",
    "a first paragraph of few words in an element named info": f"<div class=info>{p('Көпірден енді ешкім айналып өтпейді.', A, B, C)}</div>",
    "text in details": p(A, B) + f"<details><summary>Қанша тұрады?</summary>{p(C)}</details>" + p(D),
    "text that a button shows": p(A, B) + HIDDEN.format(p(C)),
    "a box of facts": p(A, B) + f"<div class=fact>{p(C)}</div>" + p(D),
    "a class of a framework that names what overflows": p(A, B) + f"<div class='overflow-hidden'>{p(C)}</div>" + p(D),
}


@pytest.mark.parametrize("kind", KEPT)
def test_text_is_kept(kind: str) -> None:
    content = KEPT[kind]
    article = read(content)
    words = " ".join(f"{article.lead} {article.body}".split())
    for text in (A, B, C, D):
        assert content.count(text) == words.count(text), text
    for sentence in ("Жарнама туралы", "Copyright rules", "Тақырып бойынша", "Telegram-арнасында", "айналып өтпейді"):
        assert content.count(sentence) == words.count(sentence)
    assert content.count("үсті, көпірдің") == words.count("үсті, көпірдің")


SUBSCRIBE = "Газетке жазылыңыз да, барлық мақаланы шектеусіз оқыңыз, үйге де жеткізіп береміз."
APART = {
    "a box hidden by a framework's class": p(A, B) + f"<div class='box hidden'>{p(SUBSCRIBE)}</div>" + p(C),
    "a dialog that a button opens": p(A, B)
    + f"<button>Сақтау</button><div hidden role=dialog>{p(SUBSCRIBE)}</div>"
    + p(C),
    "a box for signing in": p(A, B) + f"<div class=article__sign-in>{p(SUBSCRIBE)}</div>" + p(C),
}


@pytest.mark.parametrize("kind", APART)
def test_what_stands_among_the_paragraphs_but_apart_is_left_out(kind: str) -> None:
    body = read(APART[kind]).body
    assert [text in body for text in (A, B, C, SUBSCRIBE)] == [True, True, True, False]


@pytest.mark.parametrize(("tag", "kept"), [("article", [A, B, C]), ("section", [A, B, D, C])])
def test_a_sentence_that_the_extractor_skipped_is_kept_unless_it_is_on_another_articles_card(
    tag: str, kept: list[str]
) -> None:
    root = html.fromstring(f"<div>{p(A, B)}<div><{tag}><p>{D}</p></{tag}></div>{p(C)}</div>")
    blocks = read_blocks(root)
    for block in blocks:
        block.key = fold(block.text)
    choice = choose(blocks, marks_of([A, B, C]), root)
    assert [block.text for block in choice.kept] == kept


def test_text_that_a_framework_hides_on_small_screens_alone_is_kept() -> None:
    assert B in read(p(A) + f"<div class='hidden md:block'>{p(B)}</div>" + p(C, D)).body


def test_rows_that_two_tables_share_are_in_both() -> None:
    table = "<table><tr><th>Тауардың атауы мен сұрыбы</th><th>Бағасы, теңге</th></tr><tr><td>Нан, бірінші сұрып</td><td>190</td></tr></table>"
    article = read(p(A, "Қаңтарда:") + table + p(B, "Ақпанда:") + table + p(C))
    assert article.body.count("Тауардың атауы мен сұрыбы | Бағасы, теңге") == 2


def test_a_copy_for_another_screen_is_left_out() -> None:
    content = f"<div class='text desktop-only'>{p(A, B, C)}</div><div class='text mobile-only'>{p(A, B, C)}</div>"
    assert read(content).body.count(A) == 1


LEFT_OUT = {
    "read-more": "<p>Оқи отырыңыз: <a href=/b/>Ескі көпір құлады</a></p>",
    "note": "<p>Жарнама</p>",
    "invitation": "<p>Біздің <a href=/t>Telegram</a> арнамызға жазылыңыз!</p>",
    "caption": "<figure><img src=/k.jpg><figcaption>Көпір. Сурет: Асан Үсен</figcaption></figure>",
    "class:promotion": "<div class='newsletter-signup'><p>Аптасына бір рет хат аласыз, тек керекті жаңалықтар.</p></div>"
    + p(D),
}


@pytest.mark.parametrize("rule", LEFT_OUT)
def test_what_a_rule_leaves_out_is_in_the_evidence_and_in_the_text_without_the_rule(rule: str) -> None:
    content = p(A, B, C) + LEFT_OUT[rule]
    article = read(content)
    (omission,) = [o for o in article.evidence["omitted"] if o["rule"] == rule]
    assert omission["text"] not in article.body
    assert omission["length"] == len(omission["text"])
    with switched_off(rule):
        assert omission["text"] in read(content).body


def test_a_rule_that_does_not_exist_cannot_be_switched_off() -> None:
    with pytest.raises(KeyError, match="no-such-rule"), switched_off("no-such-rule"):
        pass


def test_the_evidence_is_bounded_and_counts_the_rest() -> None:
    lines = "".join(f"<p>Оқыңыз: <a href=/{n}>Ескі көпір {n} рет жөнделді</a></p>" for n in range(90))
    omitted = read(p(A, B, C) + lines).evidence["omitted"]
    assert sum(o.get("more", 1) for o in omitted) == 90
    assert len(omitted) < 40
    assert all(len(o["text"]) <= 81 for o in omitted)


# pages that are no articles


def refused(markup: str, url: str) -> str:
    with pytest.raises(NotAnArticle) as no:
        extract_article([Page(url=url, body=markup.encode())], url, site=SITE)
    return no.value.reason


@pytest.mark.parametrize(
    ("attributes", "url", "head"),
    [
        ("class='archive hfeed'", URL, "<meta property=article:published_time content=2025-02-03T09:00:00+05:00><meta property=og:type content=article>"),
        ("", "https://gazet.example/", "<meta property=article:published_time content=2025-02-03T09:00:00+05:00><meta property=og:type content=article>"),
        ("", "https://gazet.example/topics/kopir/", '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Жаңа көпір","datePublished":"2025-02-03"}</script>'),
    ],
)  # fmt: skip
def test_one_sign_does_not_refuse_an_article(attributes: str, url: str, head: str) -> None:
    article = read(p(A, B, C), attributes=attributes, url=url, head=head)
    assert A in article.body


def test_a_kept_page_says_which_sign_was_against_it() -> None:
    head = "<meta property=article:published_time content=2025-02-03T09:00:00+05:00><meta property=og:type content=article>"
    assert read(p(A, B, C), attributes="class='archive hfeed'", head=head).evidence["kept_despite"] == "a listing"


def test_a_page_of_headlines_at_a_listings_address_is_refused_though_it_calls_itself_an_article() -> None:
    head = "<meta property=article:published_time content=2025-02-03T09:00:00+05:00><meta property=og:type content=article>"
    teasers = "".join(
        f"<h3><a href=/{n}>Ескі көпір {n} рет жөнделді</a></h3><p>Әкімдік хабарлады.</p>" for n in range(9)
    )
    markup = (
        f"<html><head><title>Көпір</title>{head}</head><body class='archive hfeed'><main>{teasers}</main></body></html>"
    )
    assert refused(markup, "https://gazet.example/qala/") == "a listing"


def test_a_log_in_form_and_an_empty_shell_are_refused() -> None:
    form = "<html><head><title>Кіру</title></head><body><form><p>Сайтқа кіру үшін құпиясөз керек.</p><input type=password></form></body></html>"
    assert refused(form, URL) == "a log-in form"
    shell = "<html><head><title>Дала</title></head><body><div id=root></div><script>1</script></body></html>"
    assert refused(shell, URL) == "an empty shell"


def test_a_page_of_which_the_rules_leave_nothing_takes_what_the_extractor_gives() -> None:
    assert A in read("".join(f"<div class='newsletter-text'>{p(text)}</div>" for text in (A, B, C, D))).body
    article = read("", outside=f"<noscript>{p(A, B, C)}</noscript><div id=app></div>")
    assert (article.evidence["body"], A in article.body) == ("noscript", True)


def test_a_page_that_hides_all_its_text_until_a_script_has_run_is_read() -> None:
    markup = f"<html><head><title>{TITLE}</title></head><body style='visibility:hidden'><div style='display:none'><h1>{TITLE}</h1>{p(A, B, C, D)}</div></body></html>"
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)
    assert all(text in article.body for text in (A, B, C, D))


@pytest.mark.parametrize("tag", ["button", "nav", "div class=menu-button"])
def test_an_article_inside_an_element_that_the_page_does_not_close_is_read(tag: str) -> None:
    head = f"<html><head><title>{TITLE}</title></head><body><header><{tag}>Мәзір"
    markup = f"{head}<main><article><h1>{TITLE}</h1>{p(A, B, C, D)}</article></main></body></html>"
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)
    assert all(text in article.body for text in (A, B, C, D))


# where it shows


def test_show_evidence_and_the_view_omissions_say_what_was_left_out(
    newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    more = LEFT_OUT["read-more"]
    page.write_text(
        f"<html><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1>{p(A, B, C)}{more}</article></body></html>"
    )
    newsarchive("fetch", str(page), "--url", URL)
    shown = newsarchive("show", URL, "--evidence")
    assert "read-more" in shown.stdout
    assert "Ескі көпір құлады" in shown.stdout
    told = json.loads(newsarchive("show", URL, "--evidence", "--json").stdout)
    assert told["omitted"] == [{"rule": "read-more", "text": "Оқи отырыңыз: Ескі көпір құлады", "length": 31}]
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        assert db.execute("select * from omissions").fetchall() == [("gazet.example", "read-more", 1, 1, 31)]


def test_every_rule_says_what_it_leaves_out() -> None:
    assert all(rule == rule.lower() and len(what) > 10 for rule, what in RULES.items())


def test_what_react_streams_into_hidden_elements_is_text() -> None:
    streamed = f"<div hidden id='S:0'><article><h1>{TITLE}</h1>{p(A, B, C, D)}</article></div>"
    markup = f"<html lang=kk><head><title>{TITLE}</title></head><body><div id=B:0></div>{p('Жүктелуде')}{streamed}</body></html>"
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)
    assert [text for text in (A, B, C, D) if text not in article.body] == []


def test_a_menu_that_is_never_closed_does_not_swallow_the_article() -> None:
    text = p(*(f"{number}. {A} {B}" for number in range(9)))
    markup = (
        f"<html lang=kk><head><title>{TITLE}</title></head><body><header><nav><ul><li><a href=/>Басты бет</a></li></ul>"
        f"<div class=page><h1>{TITLE}</h1>{text}</div></header></body></html>"
    )
    article = extract_article([Page(url=URL, body=markup.encode())], URL, site=SITE)
    assert all(f"{number}. {A}" in article.body for number in range(9))


def test_short_items_of_a_list_among_the_paragraphs_are_text() -> None:
    article = read(p(A, B) + "<ul><li>Бес жол</li><li>Екі көпір</li><li>Бір саябақ</li></ul>" + p(C, D))
    assert all(item in article.body for item in ("Бес жол", "Екі көпір", "Бір саябақ"))
