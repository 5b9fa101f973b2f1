"""What a person at a terminal sees of every command that takes long: the bar, the last sentence, the exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsarchive.demo import Newspaper
from tests.forking import Forks
from tests.terminals import Seen, on_terminal

Show = Callable[..., Seen]
TIME_LEFT = re.compile(r"\d:\d\d:\d\d left")
BROKEN_BAR = """
import sys
from rich.progress import BarColumn
def render(self, task):
    raise ValueError("no such colour")
BarColumn.render = render
from newsarchive.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "NEWSARCHIVE_DATA": str(folder), "NEWSARCHIVE_CONTACT": "tests@example.org"}


@pytest.fixture
def show(environment: dict[str, str], forks: Forks) -> Show:
    """Run a command line on a terminal: `show("crawl", "paper")`; with a `program`, by that one."""

    def run(*arguments: str, code: int = 0, program: tuple[str, ...] = ()) -> Seen:
        if program:
            seen = on_terminal([sys.executable, *program, *arguments], environment)
        else:
            seen = on_terminal(arguments, environment, by=forks)
        assert "Traceback" not in seen.shown, seen.shown
        assert seen.code == code, seen.shown
        return seen

    return run


def names(bars: list[str]) -> set[str]:
    """What the bars are of."""
    return {re.split(r"\s*[━╸╺]", bar)[0].lstrip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ") for bar in bars}


COMPARED = ("edits", "articles compared")
"""What is done with the new articles after a crawl, too quickly at times for a bar."""


def test_the_demo_shows_a_bar_and_what_to_do_next(folder: Path, show: Show) -> None:
    seen = show("demo", program=("-m", "newsarchive"))
    assert {"saryarqa"} <= names(seen.bars) <= {"saryarqa", *COMPARED}
    assert any(TIME_LEFT.search(bar) for bar in seen.bars)
    crawls = [line for line in seen.lines if line.startswith(("First crawl", "Second crawl"))]
    assert [re.search(r"\d+ new, \d+ changed, \d+ gone, \d+ failed", line) is not None for line in crawls] == [True] * 2
    assert seen.last.startswith(f"  sqlite3 {folder}/demo/archive.db")


def test_a_crawl_shows_how_far_it_is_and_log_lines_above_its_bar(
    paper: Newspaper, folder: Path, crawl: Callable[..., str], show: Show, db: Callable[[], Database]
) -> None:
    crawl()
    paper.edit(paper.posts()[0].slug, append="Тағы бір сөйлем қосылды.")
    paper.delete(paper.posts()[3].slug)
    seen = show("crawl", "paper")
    assert {"paper"} <= names(seen.bars) <= {"paper", *COMPARED}
    assert any(re.search(r"\d+/\d+ 0:00:\d\d .*left \d+ new, \d+ changed, \d+ failed", bar) for bar in seen.bars)
    assert any(TIME_LEFT.search(bar) for bar in seen.bars)
    assert "paper: no longer listed: 1 article; checking the pages" in seen.lines  # a line of its own
    ended = [
        line
        for line in seen.lines
        if re.fullmatch(r"paper: 0 new, 1 changed, 0 gone, 0 failed, \d+ requests, \d+ s", line)
    ]
    assert len(ended) == 1, "beside the bars, which vanish"
    assert next(db().query("select reason from runs order by id desc limit 1"))["reason"] == "finished"


def test_a_crawl_that_needs_a_person_says_so_on_a_terminal(
    paper: Newspaper, crawl: Callable[..., str], show: Show
) -> None:
    crawl()
    paper.rest, paper.sitemap, paper.feed = "404", False, False
    seen = show("crawl", "paper", code=1)
    assert any(line.startswith("newsarchive: paper: the wordpress source no longer works") for line in seen.lines)
    assert seen.last.startswith("paper: 0 new, 0 changed, 0 gone, 0 failed")


def test_a_fetch_of_several_pages_counts_them(paper: Newspaper, show: Show) -> None:
    pages = [f"{paper.url}{story.slug}/" for story in paper.posts()[:2]]
    seen = show("fetch", *pages, f"{paper.url}nothing-is-here/", "--format", "text", code=1)
    assert names(seen.bars) == {"pages"}
    assert any("3/3" in bar and TIME_LEFT.search(bar) for bar in seen.bars)
    assert seen.last == f"newsarchive: {paper.url}nothing-is-here/: 404 Not Found."


def test_commands_on_what_is_kept_show_a_bar_and_end_with_a_sentence(
    paper: Newspaper, folder: Path, tmp_path: Path, crawl: Callable[..., str], show: Show
) -> None:
    crawl()
    count = sum(story.kind == "post" for story in paper.posts())
    other, backup, restored = (str(tmp_path / name) for name in ("other", "backup", "restored"))
    with open(folder / "sites" / "paper.toml", "a") as profile:
        profile.write('\n[extraction]\ndrop = ["div.advert"]\n')  # so that all is due to be extracted again
    for arguments, bars, last in (
        (("check",), {"database", "WARC files", "captures"}, r"no problems in .*"),
        (("export", "-o", str(tmp_path / "all.jsonl")), {"articles"}, rf"{count} articles in .*"),
        (("reextract", "paper"), {"paper"}, r"paper: \d+ revisions re-extracted, 0 changed, .*"),
        (("images", "fetch", "paper"), {"paper"}, r"paper: images: \d+ new, .*"),
        (("backup", backup), {"database", "files"}, r".*: \d+ files copied .*"),
        (("restore", backup, "--to", restored), {"verified", "files"}, r".*: \d+ files as of .*"),
        (("--archive", other, "import", "--any-site", str(folder / "warc")), {"pages"}, r"\d+ pages: \d+ new, .*"),
        (("stems", "rebuild"), {"articles"}, rf"Rebuilt the search index of {count} articles.*"),
    ):
        seen = show(*arguments)
        assert names(seen.bars) & bars, (arguments, seen.lines)
        assert any("left" in bar for bar in seen.bars), (arguments, seen.bars)
        assert re.fullmatch(last, seen.last), (arguments, seen.last)


def test_adding_a_site_shows_how_many_answers_came(paper: Newspaper, show: Show) -> None:
    seen = show("sites", "add", paper.url, "--name", "sample")
    assert names(seen.bars) == {"probing"}
    assert seen.last == "Next: newsarchive sites check sample; newsarchive crawl sample"


def test_quiet_shows_no_bar(paper: Newspaper, crawl: Callable[..., str], show: Show, tmp_path: Path) -> None:
    crawl()
    for arguments in (("crawl", "paper"), ("export", "-o", str(tmp_path / "all.jsonl"))):
        seen = show("--quiet", *arguments)
        assert (seen.bars, seen.lines) == ([], []), seen.shown


@pytest.mark.parametrize("arguments", [("crawl", "paper"), ("export", "-o", "all.jsonl")], ids=["crawl", "export"])
def test_a_bar_that_fails_is_switched_off_and_told_and_the_work_is_done(
    arguments: tuple[str, ...],
    paper: Newspaper,
    crawl: Callable[..., str],
    show: Show,
    db: Callable[[], Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crawl()
    monkeypatch.chdir(tmp_path)
    paper.edit(paper.posts()[0].slug, append="Тағы бір сөйлем қосылды.")
    seen = show(*arguments, code=1, program=("-c", BROKEN_BAR))
    told = [line for line in seen.lines if "progress bar" in line]
    assert told == [
        "newsarchive: The progress bar failed (ValueError: no such colour) and was switched off; the work continues."
    ]
    assert re.match(r"paper: 0 new, 1 changed, 0 gone, 0 failed|\d+ articles in all.jsonl", seen.last)
    assert next(db().query("select reason from runs order by id desc limit 1"))["reason"] == "finished"
