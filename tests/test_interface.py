"""The Python interface: what a notebook or another program uses."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import newsarchive as na
from newsarchive.database import lock_archive
from newsarchive.demo import Newspaper

Run = Callable[..., subprocess.CompletedProcess[str]]
WORDS = "The old mill at the edge of the village is turning again after forty years of silence. " * 3
PAGE = f'<html lang="en"><body><article><h1>The mill turns</h1><p>{WORDS}</p></article></body></html>'


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = (
        "import sys, newsarchive; print([m for m in sys.modules if m.startswith(('newsarchive.', 'lxml', 'scrapy'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_an_unknown_one_is_an_attribute_error() -> None:
    assert all(getattr(na, name) is not None for name in na.__all__)
    with pytest.raises(AttributeError):
        _ = na.no_such_name


@pytest.mark.parametrize("html", [PAGE, PAGE.encode(), PAGE.encode("utf-16")])
def test_extract_reads_text_and_bytes_alike(html: str | bytes) -> None:
    article = na.extract(html, url="https://herald.example/2025/mill.html")
    assert (article.title, article.language) == ("The mill turns", "en")
    assert article.body.startswith("The old mill")


def test_extract_raises_what_a_page_without_an_article_is() -> None:
    with pytest.raises(na.NotAnArticle) as error:
        na.extract("<html><body></body></html>", url="https://herald.example/x")
    assert error.value.reason
    assert isinstance(error.value, na.NewsArchiveError)


def test_an_archive_is_read_with_its_revisions_changes_and_deletions(
    paper: Newspaper, crawl: Callable[..., str], folder: Path
) -> None:
    crawl()
    edited, deleted = [story for story in paper.posts() if story.kind == "post"][:2]
    url = paper.address(edited)
    paper.edit(edited.slug, title="Мектеп ауласындағы жаңа тақырып")
    paper.delete(deleted.slug, how="410")
    crawl("--full")
    crawl("--full")
    with na.open(folder) as archive:
        article = archive.article(url)
        assert article == archive.article(article.id)
        assert [r.kind for r in article.revisions] == ["first", "substantive"]
        assert article.revisions[0].content.title == edited.title
        assert article.revisions[1].content.title == article.title == "Мектеп ауласындағы жаңа тақырып"
        assert [
            (c.field, c.before, c.after) for c in archive.changes() if c.article == article.id and c.field == "title"
        ] == [("title", edited.title, article.title)]
        assert [d.url for d in archive.deletions()] == [paper.address(deleted)]
        hits = archive.search("мектептердің", limit=5)
        assert 0 < len(hits) <= 5
        assert archive.count() == len(list(archive.articles())) == archive.db["articles"].count
        assert [a.id for a in archive.articles(since="2999")] == []
        with pytest.raises(na.ArticleNotFound):
            archive.article("https://nowhere.example/")
        with pytest.raises(na.FilterError):
            archive.search("x", since="sometime")


def test_what_is_under_an_embargo_is_not_read(crawl: Callable[..., str], newsarchive: Run, folder: Path) -> None:
    crawl()
    with na.open(folder) as archive:
        before = archive.count()
    newsarchive("embargo", "1", "--until", "2999-01-01")
    with na.open(folder) as archive:
        assert archive.count() == before - 1
        assert 1 not in {article.id for article in archive.articles()}
        with pytest.raises(na.ArticleNotFound):
            archive.article(1)


def test_opening_what_is_no_archive_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(na.ArchiveError, match="no archive"):
        na.open(tmp_path / "nothing")


def test_fetch_gives_the_article_any_number_of_times_also_beside_a_running_event_loop(
    paper: Newspaper, folder: Path
) -> None:
    story = next(story for story in paper.posts() if story.kind == "post")

    async def beside_a_loop() -> na.Article:
        return na.fetch(paper.address(story))

    assert na.fetch(paper.address(story)) == asyncio.run(beside_a_loop())
    assert na.fetch(paper.address(story), archive=folder).title == story.title
    with na.open(folder) as archive:
        assert archive.article(paper.address(story)).title == story.title


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nothing-here/", "NotFetched"),
        ("jabyq/", "NotFetched"),
        ("page/2/", "NotAnArticle"),
        ("jabyq-esep/", "NotAnArticle"),
    ],
)
def test_fetch_raises_why_there_is_no_article(paper: Newspaper, path: str, error: str) -> None:
    with pytest.raises(na.NewsArchiveError) as raised:
        na.fetch(f"{paper.url}{path}")
    assert type(raised.value) is getattr(na, error)
    assert raised.value.reason  # type: ignore[attr-defined]


def test_fetch_refuses_what_is_no_address_and_what_was_taken_down(
    paper: Newspaper, crawl: Callable[..., str], newsarchive: Run, folder: Path
) -> None:
    with pytest.raises(na.NotFetched, match="not an http"):
        na.fetch("ftp://herald.example/")
    crawl()
    url = paper.address(next(story for story in paper.posts() if story.kind == "post"))
    newsarchive("forget", url, "--reason", "asked")
    with pytest.raises(na.Forgotten):
        na.fetch(url, archive=folder)


def test_crawl_gives_counts_and_problems_and_raises_what_keeps_it_from_running(paper: Newspaper, folder: Path) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
    result = na.crawl("paper", archive=folder, limit=3)
    assert (result.counts["new"], result.problems, result.finished) == (3, [], True)
    with pytest.raises(na.ProfileError, match="nosuch"):
        na.crawl("nosuch", archive=folder)
    with lock_archive(folder), pytest.raises(na.ArchiveLocked):
        na.crawl("paper", archive=folder)
