"""Full scans of a source: when they are due, what they find, and what a truncated one must not find."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsarchive.crawling.full_scans import full_scan_is_due, next_full_scan
from newsarchive.demo import Newspaper
from newsarchive.demo.answers import Answer

Run = Callable[..., Any]


def profile(paper: Newspaper, source: str) -> str:
    return paper.profile().split("\n[[sources]]")[0] + f"\n[[sources]]\n{source}\n"


FEED = 'kind = "feed"'


def first_crawl(paper: Newspaper, crawl: Run, source: str) -> None:
    crawl(profile=profile(paper, source))
    paper.requests.clear()


def next_week(folder: Path) -> None:
    """As if the last walk had been ten days ago."""
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("update sources set walked = '2024-01-01T00:00:00Z' where walked is not null")
        db.execute("update urls set next_visit = null where state = 'article'")


def sources(newsarchive: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(newsarchive("status", "--json").stdout)["sources"]
    return found


def gone(folder: Path) -> int:
    with sqlite3.connect(folder / "archive.db") as db:
        return int(db.execute("select count(*) from deletions").fetchone()[0])


def listing(paper: Newspaper) -> str:
    return f'kind = "listing"\nurl = "{paper.url}"'


@pytest.mark.parametrize("kind", ["feed", "listing"])
def test_a_deletion_is_found_by_the_weekly_walk_where_no_source_tells_of_it(
    kind: str, paper: Newspaper, folder: Path, crawl: Run, newsarchive: Run
) -> None:
    first_crawl(paper, crawl, FEED if kind == "feed" else listing(paper))
    old = sorted((s for s in paper.posts() if s.kind == "post"), key=lambda s: s.published)[3]
    paper.delete(old.slug)
    newsarchive("crawl", "paper")
    assert len(paper.requests) <= 5
    assert [(s["how"], s["state"]) for s in sources(newsarchive)] == [("newest only", "working")]
    next_week(folder)
    newsarchive("crawl", "paper")
    assert sources(newsarchive)[0]["how"] == "full scan"
    assert gone(folder) == 0
    assert "1 gone" in newsarchive("crawl", "paper").stdout
    assert gone(folder) == 1
    paper.requests.clear()
    newsarchive("crawl", "paper")
    assert len(paper.requests) <= 5


def test_what_fell_out_of_a_short_feed_is_looked_at_after_three_months(
    paper: Newspaper, folder: Path, crawl: Run, newsarchive: Run
) -> None:
    """A feed of one page: the weekly walk alone never comes to what stood in it once."""
    first_crawl(paper, crawl, f'kind = "feed"\nurl = "{paper.url}feed/atom/"')
    with sqlite3.connect(folder / "archive.db") as db:  # as if the site named no other source
        db.execute("update sources set learned = 'nothing' where learned <> ''")
    old = paper.posts()[2]
    for number in range(paper.per_page + 2):
        paper.add(f"zhana-{number}", f"Жаңа хабар, {number}-нөмір", f"{number}. Бүгін жаңа хабар шықты. " * 9)
    assert "add a source of kind listing" in newsarchive("crawl", "paper", code=1).stderr  # said once
    next_week(folder)
    newsarchive("crawl", "paper")  # looked at once more, when it fell out
    paper.delete(old.slug)
    next_week(folder)
    paper.requests.clear()
    newsarchive("crawl", "paper")
    assert len(paper.requests) <= 5
    with sqlite3.connect(folder / "archive.db") as db:
        db.execute("update urls set visited = '2024-01-01T00:00:00Z' where url like ?", (f"%/{old.slug}/",))
    next_week(folder)
    paper.requests.clear()
    newsarchive("crawl", "paper")
    assert len(paper.requests) <= 5
    assert "1 gone" in newsarchive("crawl", "paper").stdout


@pytest.mark.parametrize("how", ["xml", "gzip"])
def test_a_sitemap_that_is_cut_makes_nothing_gone_and_is_said_to_be_cut(
    how: str, paper: Newspaper, folder: Path, crawl: Run, newsarchive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_crawl(paper, crawl, 'kind = "sitemap"')
    assert [s["how"] for s in sources(newsarchive)] == ["full scan"]
    whole = paper.answer
    paper.delete(paper.posts()[20].slug)

    def cut(path: str, headers: dict[str, str]) -> Answer:
        found = whole(path, headers)
        if path == "/post-sitemap.xml.gz" and how == "gzip":
            found.body = found.body[: len(found.body) // 2]
        elif path == "/sitemap_index.xml" and how == "xml":
            found.body = found.body[: found.body.index(b"</sitemap>") + 20]
        return found

    monkeypatch.setattr(paper, "answer", cut)
    next_week(folder)
    assert "was not read to its end" in newsarchive("crawl", "paper").stderr
    (row,) = sources(newsarchive)
    assert (row["state"], row["how"], row["next_walk"]) == ("read in part", "full scan", "next run")
    assert "is cut off" in row["reason"]
    assert "is cut off" in newsarchive("status").stdout.replace("\n", " ")
    newsarchive("crawl", "paper")
    assert gone(folder) == 0
    assert not [path for _, path, _ in paper.requests if path.strip("/") in {s.slug for s in paper.stories}]
    monkeypatch.setattr(paper, "answer", whole)
    newsarchive("crawl", "paper")
    assert "1 gone" in newsarchive("crawl", "paper").stdout
    assert sources(newsarchive)[0]["state"] == "working"


def test_robots_txt_is_asked_for_once_though_it_names_the_sitemap(
    paper: Newspaper, folder: Path, crawl: Run, newsarchive: Run
) -> None:
    first_crawl(paper, crawl, 'kind = "sitemap"')
    newsarchive("crawl", "paper")
    assert [path for _, path, _ in paper.requests].count("/robots.txt") == 1
    assert len(paper.requests) <= 5
    with sqlite3.connect(folder / "archive.db") as db:
        kept = db.execute("select count(*), count(distinct run) from captures where url like '%/robots.txt'").fetchone()
    assert kept == (2, 2)


def test_a_file_of_a_sitemap_that_could_not_be_read_is_read_in_the_next_run(
    paper: Newspaper, folder: Path, crawl: Run, newsarchive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_crawl(paper, crawl, 'kind = "sitemap"')
    whole = paper.answer

    def dated(path: str, headers: dict[str, str], *, broken: bool = False) -> Answer:
        found = whole(path, headers)
        if path == "/sitemap_index.xml":
            for name, day in ((b".gz", b"19"), (b".xml", b"20")):  # only the newest is read though its time is known
                dated_name = name + b"</loc><lastmod>2025-02-" + day + b"T10:00:00+05:00</lastmod>"
                found.body = found.body.replace(name + b"</loc>", dated_name)
        return paper.not_found() if broken and path.endswith(".gz") else found

    paper.add("zhana-habar", "Жаңа хабар", "Бүгін жаңа хабар шықты. " * 20)
    monkeypatch.setattr(paper, "answer", lambda path, headers: dated(path, headers, broken=True))
    newsarchive("crawl", "paper")
    monkeypatch.setattr(paper, "answer", dated)
    paper.requests.clear()
    newsarchive("crawl", "paper")
    assert "/post-sitemap.xml.gz" in [path for _, path, _ in paper.requests]
    paper.requests.clear()
    newsarchive("crawl", "paper")
    assert "/post-sitemap.xml.gz" not in [path for _, path, _ in paper.requests]


@pytest.mark.parametrize(
    ("cut", "due"),
    [(0, "2025-02-25T05:00:00Z"), (1, ""), (2, ""), (3, "2025-02-25T05:00:00Z"), (40, "2025-02-25T05:00:00Z")],
)
def test_a_walk_that_never_sees_the_end_is_tried_three_times_and_then_once_a_week(cut: int, due: str) -> None:
    """Else a site whose last page is broken is walked through in every run, for ever."""
    state = {"kind": "feed", "walked": "2025-02-18T05:00:00Z", "walks_cut": cut}
    assert next_full_scan(state) == due
    assert full_scan_is_due(state, datetime(2025, 2, 20, tzinfo=UTC)) == (due == "")
    assert full_scan_is_due(state, datetime(2025, 2, 26, tzinfo=UTC))
