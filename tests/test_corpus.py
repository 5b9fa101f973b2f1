"""Collocations, n-grams and keywords, counted once more by an independent script from the vertical export."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import itertools
import json
import re
from collections import Counter
from math import log, log2
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from benchmarks.reprints import Sample, Writer, store
from newsarchive.browse.app import make_datasette
from newsarchive.cli import cli
from newsarchive.corpus.collocations import collocations
from newsarchive.corpus.keywords import keywords
from newsarchive.corpus.ngrams import ngrams, words_over
from newsarchive.database import open_archive
from newsarchive.database.embargoes import embargo_article
from newsarchive.export import export
from newsarchive.reprints import update_reprints
from newsarchive.search import FilterError

WORDS = ("су", "көпір", "мектеп", "ауыл")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus")
    db, writer = open_archive(place), Writer([])
    samples = []
    for number in range(60):
        text = " ".join(writer.paragraphs(3))
        node = WORDS[number % 4]
        text += f"\n\n{node.capitalize()} туралы {node}дың тасқыны жаңа QR-код 3,5 млн. «{node}дағы»."
        samples.append(Sample(group=None, way="", title=f"Тақырып {node}", body=text))
    store(db, samples, sites=4)
    db.close()
    return place


@pytest.fixture
def db(folder: Path) -> Database:
    return open_archive(folder)


def read_vertical(db: Database, place: Path) -> list[tuple[str, list[str], list[str]]]:
    """Read site, words and stems of each article from the vertical export, without the archive's own code."""
    export(db, place / "all.vert", format="vertical")
    documents: list[tuple[str, list[str], list[str]]] = []
    counted = False
    for line in (place / "all.vert").read_text(encoding="utf-8").splitlines():
        if found := re.match(r'<doc .*?site="([^"]*)"', line):
            documents.append((found[1], [], []))
        elif line.startswith("<p "):
            counted = 'type="title"' not in line
        elif counted and "\t" in line:
            token, stem = line.split("\t")
            words = re.findall(r"[^\W_]+", token.lower())
            if words:
                documents[-1][1].extend(words)
                documents[-1][2].extend(stem.split("-"))
    return documents


@pytest.mark.parametrize(("by", "window"), [("forms", 5), ("stems", 2), ("stems", 5)])
def test_collocations_can_be_made_again_from_the_vertical_export(
    by: str, window: int, db: Database, tmp_path: Path
) -> None:
    documents = read_vertical(db, tmp_path)
    units = [words if by == "forms" else stems for _, words, stems in documents]
    node, near, in_windows = 0, Counter[str](), 0
    for words in units:
        places = {place for place, word in enumerate(words) if word == "су"}
        around = {p for place in places for p in range(place - window, place + window + 1)} - places
        around &= set(range(len(words)))
        near.update(words[place] for place in around)
        node, in_windows = node + len(places), in_windows + len(around)
    frequency = Counter(word for words in units for word in words)
    total = frequency.total() - node
    found = collocations(db, "су", window=window, by=by, least=2, limit=10_000)
    assert (found.occurrences, found.in_windows, found.frame.words) == (node, in_windows, frequency.total())
    expected = {}
    for word, together in near.items():
        o = [together, in_windows - together, frequency[word] - together]
        o.append(total - sum(o))
        e = [
            r * c / total for r in (in_windows, total - in_windows) for c in (frequency[word], total - frequency[word])
        ]
        if together >= 2 and together > e[0] and len(word.removeprefix("ru")) > 1 and not word.isdigit():
            g2 = 2 * sum(a * log(a / b) for a, b in zip(o, e, strict=True) if a)
            dice = 14 + log2(2 * together / (node + frequency[word]))
            expected[word] = (together, frequency[word], round(g2, 2), round(dice, 2))
    assert {c.unit: (c.together, c.frequency, c.log_likelihood, c.log_dice) for c in found.collocates} == expected
    assert len(expected) > 3


@pytest.mark.parametrize("by", ["forms", "stems"])
def test_keywords_and_ngrams_can_be_made_again(by: str, db: Database, tmp_path: Path) -> None:
    documents = read_vertical(db, tmp_path)
    units = [(site, words if by == "forms" else stems) for site, words, stems in documents]
    first = Counter(word for site, words in units if site == "p0" for word in words)
    rest = Counter(word for site, words in units if site != "p0" for word in words)
    found = keywords(db, "", by=by, site="p0", limit=10_000)
    assert (found.frame.words, found.against.words) == (first.total(), rest.total())
    expected = {}
    for word, count in first.items():
        rate = (count + rest[word]) / (first.total() + rest.total())
        g2 = 2 * (
            count * log(count / (first.total() * rate))
            + (rest[word] and rest[word] * log(rest[word] / (rest.total() * rate)))
        )
        ratio = log2((count / first.total()) / ((rest[word] or 0.5) / rest.total()))
        if count + rest[word] >= 5 and g2 >= 6.63 and count / first.total() > rest[word] / rest.total():
            expected[word] = (count, rest[word], round(g2, 2), round(ratio, 3))
    assert {k.unit: (k.count, k.against, k.log_likelihood, k.log_ratio) for k in found.keywords if len(k.unit) > 1} == {
        word: values for word, values in expected.items() if len(word.removeprefix("ru")) > 1 and not word.isdigit()
    }
    pairs = Counter(pair for _, words in units for pair in itertools.pairwise(words))
    best = ngrams(db, by=by, limit=5)
    assert [n.count for n in best.ngrams] == sorted(pairs.values(), reverse=True)[:5]
    assert best.ngrams[0].per_million == round(best.ngrams[0].count * 1e6 / best.frame.words, 3)
    with_word = ngrams(db, "су", n=2, by="forms", limit=1000)
    assert all("су" in n.words.split() for n in with_word.ngrams)


@pytest.mark.parametrize("compared", [False, True])
def test_words_over_time_are_per_million_words(compared: bool, db: Database, tmp_path: Path) -> None:
    if compared:
        update_reprints(db)
    words = [words for _, words, _ in read_vertical(db, tmp_path)]
    total = sum(map(len, words))
    count = sum(w == "тасқыны" for text in words for w in text)
    (rate,) = words_over(db, '"тасқыны"', by="year")
    assert rate == ("2025", count, total, round(count * 1e6 / total, 3))
    assert sum(r.occurrences for r in words_over(db, "су", by="day")) == collocations(db, "су").occurrences
    with pytest.raises(FilterError):
        words_over(db, "су", by="week")


def test_a_smaller_frame_is_the_newest_part_and_says_so(db: Database) -> None:
    found = collocations(db, "су", most=10)
    assert (found.frame.articles, found.frame.selected, found.frame.is_whole) == (10, 60, False)
    for word in ("", "су көпір", '"су тасқыны"', "("):
        with pytest.raises(FilterError):
            collocations(db, word)


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["--archive", str(folder), *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def get(folder: Path, path: str) -> Any:
    room = make_datasette(folder)

    async def ask() -> Any:
        return await room.client.get(path)

    return asyncio.run(ask())


def test_commands_print_tables_csv_and_json(folder: Path) -> None:
    data = json.loads(run(folder, "collocations", "су", "--json"))
    assert data["counted"]["articles"] == data["counted"]["selected_articles"] == 60
    rows = list(csv.DictReader(io.StringIO(run(folder, "collocations", "су", "--csv"))))
    assert [row["word"] for row in rows] == [row["word"] for row in data["collocates"]]
    assert "█" in run(folder, "keywords", "су")
    assert run(folder, "ngrams", "су", "--over", "year").count("2025") == 1
    assert json.loads(run(folder, "ngrams", "-n", "3", "--json"))["ngrams"]
    run(folder, "collocations", "су көпір", code=2)
    run(folder, "keywords", "", code=2)
    run(folder, "keywords", "", "--site", "p1")
    assert run(folder, "collocations", "жоқсөз") == ""


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_pages_show_table_plot_and_downloads(language: str, folder: Path) -> None:
    for path in ("/collocations?q=су", "/ngrams?q=су", "/keywords?q=су", "/keywords?site=p1", "/ngrams?n=3"):
        page = get(folder, f"{path}&lang={language}")
        assert page.status_code == 200
        assert '<svg class="bar"' in page.text, path
    assert 'class="plot"' in get(folder, "/ngrams?q=су").text
    for path in ("/collocations", "/ngrams", "/keywords", "/ngrams?q=су+көпір&n=99&by=x", "/keywords?q=%00"):
        assert get(folder, path).status_code in (200, 400), path
    assert get(folder, "/collocations.csv?q=су").text.startswith("word,together")
    assert get(folder, "/keywords.json?q=су").json()["against"]["articles"] == 45
    assert get(folder, "/ngrams.csv?q=су&rates=1").text.startswith("period,")
    assert get(folder, "/collocations?q=су+көпір").status_code == 400


def test_what_is_under_an_embargo_is_not_counted(folder: Path, db: Database) -> None:
    before = collocations(db, "су").frame.words
    embargo_article(db, 1, until=datetime.date(2099, 1, 1))
    try:
        assert collocations(db, "су").frame.articles == 59
        assert words_over(db, "су", by="year")[0].words == collocations(db, "су").frame.words < before
    finally:
        db.conn.execute("delete from embargoes")
        db.conn.commit()
