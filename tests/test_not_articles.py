"""Pages that are no articles are refused, and articles that stand beside the same lists are not."""

from __future__ import annotations

from itertools import cycle

import pytest

from newsarchive import NotAnArticle
from newsarchive.extraction import extract_article
from newsarchive.extraction.rules import switched_off
from newsarchive.items import Article, Page
from newsarchive.sites import Site, Source
from tests.not_articles import SYSTEMS, WORDS, System, no_articles

SITE = Site(name="paper", url="https://paper.example/", sources=(Source(kind="listing"),))
PARAGRAPHS = {
    "kk": ["Ауылдағы жаңа кітапхана дүйсенбіде есігін ашты.", "Онда екі мың кітап пен оқу залы бар, дейді қызметкерлер."],
    "ru": ["Новая библиотека в ауле открылась в понедельник.", "В ней две тысячи книг и читальный зал, говорят сотрудники."],
    "en": ["The new library in the village opened on Monday.", "It has two thousand books and a reading room, staff say."],
}  # fmt: skip


def read(html: str, url: str) -> Article | None:
    try:
        return extract_article([Page(url=url, body=html.encode())], url, site=SITE)
    except NotAnArticle:
        return None


def test_pages_that_are_no_articles_are_refused() -> None:
    pages = list(no_articles())
    assert len(pages) >= 200
    taken = [page.name for page in pages if read(page.html, page.url) is not None]
    assert len(taken) <= 0.05 * len(pages), taken


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@pytest.mark.parametrize("language", WORDS)
def test_a_short_article_above_the_same_teasers_is_read(system: System, language: str) -> None:
    words = WORDS[language]
    heads = cycle(words["heads"])
    teasers = "".join(
        system.teaser.format(url=f"/x/{n}/", head=next(heads), teaser=words["teaser"], more=words["more"], n=n + 10)
        for n in range(6)
    )
    menu = "".join(f'<li><a href="/m/{n}/">{entry}</a></li>' for n, entry in enumerate(words["menu"]))
    content = "".join(f"<p>{text}</p>" for text in PARAGRAPHS[language])
    around = system.around.format(
        menu=menu, recent="", title=words["heads"][0], content=f"<div class='text'>{content}</div><div>{teasers}</div>"
    )
    html = f"<html lang={language}><head><title>{words['heads'][0]}</title></head><body>{around}</body></html>"
    article = read(html, "https://paper.example/2025/03/15/kitaphana/")
    assert article is not None
    assert all(text in article.body or text in article.lead for text in PARAGRAPHS[language])
    left_out = [one["text"] for one in article.evidence.get("omitted", []) if one["rule"] == "teasers"]
    assert not any(text[:60] in said for text in PARAGRAPHS[language] for said in left_out)


def test_teasers_left_out_are_evidence_and_the_rule_has_a_switch() -> None:
    head, *_ = heads = WORDS["en"]["heads"]
    teaser = "The press office of the district reported this, read the details in the story of our reporter."
    cards = "".join(
        f"<div class=card><h3><a href=/x/{n}/>{title}</a></h3><p>{teaser}</p></div>" for n, title in enumerate(heads)
    )
    text = "".join(f"<p>{one}</p>" for one in PARAGRAPHS["en"])
    html = f"<html><head><title>{head}</title></head><body><main><h1>{head}</h1><div>{cards}</div><div>{text}</div></main></body></html>"
    article = read(html, "https://paper.example/2025/03/15/library/")
    assert article is not None
    assert "reading room" in article.body
    assert teaser[:40] not in article.body
    assert "teasers" in {one["rule"] for one in article.evidence["omitted"]}
    with switched_off("teasers"):
        assert read(html, "https://paper.example/2025/03/15/library/") is None
