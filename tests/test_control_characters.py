"""Control characters: cleaned where a text comes in, whatever it comes from."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

from newsarchive.database import finish_run, open_archive, start_run
from newsarchive.discovery import read_listing
from newsarchive.extraction import extract_article
from newsarchive.items import Hints, Page
from newsarchive.sites import Site, Source


def test_control_characters_are_cleaned_out_of_all_fields() -> None:
    """XML allows none of them: a tag that has one broke the plots of the reading room."""
    bad = "\x01\x07\x0b\x1b[0m\x7f\x85\x9f\ufffe"
    numbers = "&#1;&#27;&#x9d;"
    data = {
        "@type": "NewsArticle",
        "headline": f"Мост{bad} открыт",
        "keywords": [f"мо{bad}ст", "\x07"],
        "author": f"А. {bad}Бек",
    }
    page = (
        f'<html><head><script type="application/ld+json">{json.dumps(data)}</script></head><body><article>'
        f"<h1>Мост{bad} открыт{numbers}</h1><figure><img src='/a.jpg' alt='мо{bad}ст' width=800><figcaption>{bad}Новый мост"
        f"</figcaption></figure><p>{('Жители дождались' + bad + ' моста, который строили три года. ') * 9}</p></article></body></html>"
    )
    url = "https://a.kz/2025/most/"
    given = [Page(url=url, body=page.encode(), headers={"content-type": "text/html; charset=utf-8"})]
    hints = Hints(title=f"Мост{bad}", categories=(f"Ау{bad}ыл",), tags=(f"т{bad}ег",))
    article = extract_article(given, url, site=Site(name="a", url="https://a.kz/"), hints=hints)
    text = json.dumps(asdict(article), ensure_ascii=False)
    assert re.findall(r"[\x00-\x1f\x7f-\x9f\ufffe]|\\u00[01]", text) == []
    assert article.title.startswith("Мост")
    assert article.body.count("\n") == 0
    assert "" not in article.tags


def test_hints_hold_no_control_characters() -> None:
    post = {
        "link": "https://a.kz/a/",
        "id": 7,
        "title": {"rendered": "Мост\x07\x9f открыт"},
        "date_gmt": "2025-01-01T00:00:00",
    }
    url = "https://a.kz/wp-json/wp/v2/posts"
    page = Page(url=url, body=json.dumps([post]).encode(), headers={"content-type": "application/json"})
    source = Source(kind="wordpress", url="https://a.kz/")
    (listed,) = read_listing(page, site=Site(name="a", url="https://a.kz/"), source=source).articles
    assert listed.hints.title == "Мост открыт"


def test_the_sentence_of_a_run_holds_no_control_characters(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    run = start_run(db, "crawl", None)
    finish_run(db, run, reason="failed", message="a.kz:\x1b[31m no\r\nanswer\x00", counts={})
    assert db.conn.execute("select message from runs").fetchall() == [("a.kz:[31m no answer",)]
    db.close()
