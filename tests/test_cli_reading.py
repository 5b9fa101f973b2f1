"""Search at the terminal: concordance as CSV, hits over time, limits; whatever way the output is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="tan", title="Таң", url="https://tan.example/", language="kk", timezone="Asia/Almaty")


@pytest.fixture
def archive(folder: Path) -> Path:
    """Twenty-four articles, one a month; every second one tells of a river, twice."""
    db = open_archive(folder)
    save_site(db, SITE)
    for n in range(24):
        body = 'Ауылда "өзен" тасыды.\n\nЖұрт өзенге қарады.' if n % 2 else "Мектепте сабақ басталды."
        published = f"{2023 + n // 12}-{n % 12 + 1:02}-10"
        article = Article(
            url=f"https://tan.example/{n}/",
            site="tan",
            title=f"{n}-хабар, жаңа",
            body=body,
            language="kk",
            published=published,
        )
        search_text = make_search_text(title=article.title, lead="", body=body, authors=[], language="kk")
        provenance = Provenance(time="2025-03-01T00:00:00Z")
        save_article(db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text)
    db.close()
    return folder


def test_a_concordance_is_csv_of_every_place(archive: Path, newsarchive: Callable) -> None:
    rows = list(csv.DictReader(io.StringIO(newsarchive("search", "өзеннің", "--kwic", "--words", "2").stdout)))
    assert len(rows) == 24
    assert list(rows[0]) == ["left", "keyword", "right", "article", "site", "day", "title", "url", "paragraph"]
    assert [(row["left"], row["keyword"]) for row in rows[:2]] == [('Ауылда "', "өзен"), ("тасыды. Жұрт", "өзенге")]
    assert [row["day"] for row in rows[::2]] == sorted((row["day"] for row in rows[::2]), reverse=True)
    few = newsarchive("search", "өзеннің", "--kwic", "--limit", "3", "--order", "oldest", "--json").stdout
    assert [line["day"] for line in json.loads(few)] == ["2023-02-10", "2023-02-10", "2023-04-10"]


def test_hits_over_time_stand_beside_all_articles(archive: Path, newsarchive: Callable) -> None:
    years = json.loads(newsarchive("search", "өзен", "--over", "year", "--json").stdout)
    assert years == [
        {"period": "2023", "hits": 6, "articles": 12, "share": 0.5},
        {"period": "2024", "hits": 6, "articles": 12, "share": 0.5},
    ]
    months = newsarchive("search", "өзен", "--over", "month", "--since", "2024-01-01").stdout.splitlines()
    assert len(months) == 13
    assert months[2].split()[:4] == ["2024-02", "1", "1", "100.0%"]


def test_days_may_be_whole_months_and_years(archive: Path, newsarchive: Callable) -> None:
    found = json.loads(newsarchive("search", "хабар", "--since", "2023-11", "--until", "2023", "--json").stdout)
    assert sorted(hit["day"] for hit in found) == ["2023-11-10", "2023-12-10"]
    assert "Invalid day “soon”" in newsarchive("search", "хабар", "--since", "soon", code=2).stderr


def test_twenty_hits_are_given_unless_told_otherwise(archive: Path, newsarchive: Callable) -> None:
    assert len(json.loads(newsarchive("search", "хабар", "--json").stdout)) == 20
    assert len(json.loads(newsarchive("search", "хабар", "--json", "--limit", "24").stdout)) == 24
    nothing = newsarchive("search", "жолбарыс")
    assert (nothing.stdout, nothing.stderr) == ("", "Nothing found.\n")
