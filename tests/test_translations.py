"""Kazakh and Russian versions of one article, and their sentences side by side."""

from __future__ import annotations

import datetime
import json
from html import unescape
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from lxml import etree

from benchmarks.translations import measure, store
from newsarchive.cli import cli
from newsarchive.database import open_archive, read_archive
from newsarchive.database.embargoes import embargo_article
from newsarchive.translations.aligning import align
from newsarchive.translations.files import aligned
from newsarchive.translations.pairing import find_translations, read_versions, translation_of
from tests.test_corpus import get


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["--archive", str(folder), *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_pairs_are_found_and_decoys_are_not(tmp_path: Path) -> None:
    db = open_archive(tmp_path)
    precision, recall = measure(db, tmp_path, store(db, 40))
    assert (precision >= 0.95, recall >= 0.90) == (True, True), (precision, recall)


def test_pairs_are_exported_sentence_by_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    db = open_archive(folder)
    true = store(db, 6)
    run(folder, "translations", "--format", "tmx", "-o", str(tmp_path / "pairs.tmx"))
    units = etree.parse(tmp_path / "pairs.tmx", etree.XMLParser(load_dtd=False, no_network=True)).findall(".//tu")
    run(folder, "translations", "--format", "jsonl", "-o", str(tmp_path / "pairs.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(units) == len(lines) > 0
    assert {(line["kk_article"], line["ru_article"]) for line in lines} <= true
    kazakh, russian = sorted(true)[0]
    for number in (kazakh, russian):
        (pair,) = json.loads(run(folder, "translations", str(number), "--json"))
        assert (pair["kk"]["article"], pair["ru"]["article"]) == (kazakh, russian)
        assert "sentences" in pair
    embargo_article(db, russian, until=datetime.date(2099, 1, 1))
    assert translation_of(db, folder, kazakh) is None
    assert all(p.russian.article != russian for p in find_translations(read_versions(db, folder)))
    run(folder, "translations", str(russian), code=1)
    run(folder, "translations", "--since", "бір", code=2)


def test_only_sure_sentences_are_aligned() -> None:
    kazakh = ["Кеше Қасым Тоқаев келді.", "Халық көп жиналды, жиын ұзаққа созылды.", "Оған 120 адам қатысты."]
    russian = ["Вчера приехал Касым Токаев.", "В нём участвовали 120 человек."]
    assert align(kazakh, russian) == [(kazakh[0], russian[0]), (kazakh[2], russian[1])]
    assert align([], russian) == align(kazakh, []) == align([], []) == []
    assert align(["Су."], ["Большая вода разлилась по всей степи и затопила дома."]) == []


PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<link rel="canonical" href="https://tan.example/{path}/">
<link rel="alternate" hreflang="{other}" href="https://tan.example/{other_path}/">
<meta property="og:type" content="article"><meta property="article:published_time" content="{day}T10:00:00+05:00">
</head><body><article><h1>{title}</h1><p>{text}</p><p>{text}</p></article></body></html>"""
KAZAKH = "Ауыл тұрғындары көктемгі егін жұмыстарына дайындалып, тұқымын тазалап, техникасын жөндеп жатыр. "
RUSSIAN = "Жители села готовятся к весенним полевым работам, чистят семена и чинят технику к началу сезона. "


def test_a_link_between_pages_is_enough(newsarchive: Any, folder: Path, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for language, other, path, other_path, text, day in (
        ("kk", "ru", "kk/egin", "ru/posev", KAZAKH, "2025-03-01"),
        ("ru", "kk", "ru/posev", "kk/egin", RUSSIAN, "2025-03-09"),
    ):
        page = PAGE.format(
            language=language, other=other, path=path, other_path=other_path, text=text * 4, day=day, title=text[:40]
        )
        (pages / f"{language}.html").write_text(page, encoding="utf-8")
    newsarchive("import", str(pages), "--any-site", code=None)
    db = read_archive(folder)
    assert db["articles"].count == 2
    (pair,) = find_translations(read_versions(db, folder))
    assert (pair.score, pair.evidence, pair.kazakh.language) == (1.0, ("link",), "kk")
    assert translation_of(db, folder, pair.kazakh.article) == pair
    # The pages are nine days apart, so only the link pairs them.
    assert translation_of(db, folder, pair.russian.article, site=pair.russian.site) == pair


def test_the_page_and_the_interface_show_both_versions(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    db = open_archive(folder)
    store(db, 6)
    pair = next(pair for pair in find_translations(read_versions(db, folder)) if aligned(db, pair))
    kazakh, russian = pair.kazakh.article, pair.russian.article
    page = unescape(get(folder, f"/article/{russian}/translation?lang=en").text)
    data = get(folder, f"/api/articles/{kazakh}/translation").json()
    units = etree.fromstring(get(folder, f"/article/{kazakh}/translation.tmx").content).findall(".//tu")
    assert f'href="/article/{kazakh}"' in page
    assert (data["kk"]["article"], data["ru"]["article"]) == (kazakh, russian)
    assert len(units) == len(data["sentences"]) > 0
    assert all(sentence["ru"] in page for sentence in data["sentences"])
    assert data == get(folder, f"/article/{russian}/translation.json").json()
    assert f'href="/article/{kazakh}/translation"' in get(folder, f"/article/{kazakh}").text
    embargo_article(db, russian, until=datetime.date(2099, 1, 1))
    assert get(folder, f"/article/{russian}/translation").status_code == 404
    assert get(folder, f"/api/articles/{kazakh}/translation").json()["sentences"] == []
    assert "No version" in get(folder, f"/article/{kazakh}/translation?lang=en").text
