"""A list of papers is added side by side, whatever is wrong with some; and all are shown with their health."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from newsarchive.demo import Newspaper, serve

Run = Callable[..., subprocess.CompletedProcess[str]]
Crawl = Callable[..., str]


def test_a_list_goes_on_after_what_is_wrong_and_names_each_outcome(
    paper: Newspaper, newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    papers = tmp_path / "papers.txt"
    with serve() as second:
        papers.write_text(
            f"\ufeff# our papers\r\n\r\n{paper.url} first  # the first\r\nortalyq.kz\n"
            f"http://127.0.0.1:9/ dead\nhttps://a.kz/ first\n{second.url} second\n{second.url} UPPER\na b c\n",
            encoding="utf-8",
        )
        paper.stories = second.stories = paper.stories[:4]
        done = newsarchive("sites", "add", "--list", str(papers), code=1)
    assert sorted(path.stem for path in (folder / "sites").glob("*.toml")) == ["first", "second"]
    for line in ("first: added", "second: added", "2 of 7 papers added; 5 failed"):
        assert line in done.stdout.splitlines()
    for sentence in (
        "line 4: “ortalyq.kz” is not an http(s) URL.",
        "dead: http://127.0.0.1:9/ cannot be probed",
        "line 6: The name first of https://a.kz/ is taken by",
        "line 8: A site's name must be lower-case letters",
        "line 9: “a b c” has more than a URL and a name.",
    ):
        assert sentence in done.stderr
    assert done.stderr.count("Wrote ") == 2


def test_a_paper_that_has_a_profile_is_left_as_it_is(
    paper: Newspaper, newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "sites").mkdir(parents=True)
    profile = paper.profile() + "# my own words\n"
    (folder / "sites" / "paper.toml").write_text(profile, encoding="utf-8")
    (tmp_path / "papers").write_text(f"{paper.url} paper\n", encoding="utf-8")
    said = newsarchive("sites", "add", "--list", str(tmp_path / "papers")).stdout
    assert said == "paper: has a profile already\n0 of 1 paper added; 1 had a profile already\n"
    assert (folder / "sites" / "paper.toml").read_text(encoding="utf-8") == profile
    assert paper.requests == []


@pytest.mark.parametrize(
    "arguments",
    [(), ("https://a.kz/", "--list", "x"), ("--list", "x", "--name", "y"), ("--list", "nosuch"), ("--list", "empty")],
)
def test_a_list_is_named_alone(
    arguments: tuple[str, ...], newsarchive: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("https://a.kz/\n")
    (tmp_path / "empty").write_text("# nothing\n")
    places = [str(tmp_path / word) if word in ("x", "empty", "nosuch") else word for word in arguments]
    newsarchive("sites", "add", *places, code=2)


def test_sites_are_shown_with_their_health_in_80_columns(
    paper: Newspaper, crawl: Crawl, newsarchive: Run, folder: Path
) -> None:
    crawl()
    for name, text in (("new", paper.profile()), ("bad", "contcat = 1")):
        (folder / "sites" / f"{name}.toml").write_text(text, encoding="utf-8")
    rows = {row["name"]: row for row in json.loads(newsarchive("sites", "--json", code=1).stdout)}
    assert {name: row["health"] for name, row in rows.items()} == {
        "paper": "ok", "new": "not crawled", "ortalyq": "template", "bad": "broken profile",
    }  # fmt: skip
    assert rows["paper"]["last_news"] == "2025-03-10"
    assert rows["paper"]["failed"] == 0
    table = newsarchive("sites", code=1).stdout
    assert max(map(len, table.splitlines())) <= 80
    assert "min ago" in table
    paper.captcha = True
    crawl(code=1)
    (row,) = [row for row in json.loads(newsarchive("sites", "--json", code=1).stdout) if row["name"] == "paper"]
    assert row["health"].endswith("alerts")
    assert row["alerts"] > 1
