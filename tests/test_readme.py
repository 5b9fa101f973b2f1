"""What the README shows is run as it stands, on the archive of the sample newspaper."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsarchive.browse.metadata import QUERIES
from newsarchive.demo import serve
from tests.programs import program

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


STATEMENTS = [statement.strip() for block in blocks("sql") for statement in block.split(";") if statement.strip()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archive of the sample newspaper in `data`, and its exports."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data" / "sites").mkdir(parents=True)

    def newsarchive(*arguments: str) -> None:
        environment = {**os.environ, "NEWSARCHIVE_CONTACT": "tests@example.org"}
        command = [sys.executable, "-m", "newsarchive", "--archive", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=120, env=environment)

    with serve() as paper:
        (folder / "data" / "sites" / "paper.toml").write_text(paper.profile(), encoding="utf-8")
        newsarchive("crawl", "paper")
        story = next(story for story in paper.posts() if story.kind == "post")
        paper.edit(story.slug, title="Тақырыбы кейін өзгертілген хабар")
        newsarchive("crawl", "paper")
    for form in ("csv", "jsonl", "parquet"):
        newsarchive("export", "--format", form, "-o", str(folder / f"articles.{form}"))
    return folder


@pytest.fixture(scope="module")
def db(desk: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(desk / "data" / "archive.db")
    yield connection
    connection.close()


def test_the_ten_queries_of_the_reading_room_are_in_the_readme() -> None:
    assert len(QUERIES) == 10
    for query in QUERIES.values():
        assert query["sql"].strip() in STATEMENTS, query["title"]
        assert f"**{query['title']}.** {query['description']}" in README


@pytest.mark.parametrize("statement", STATEMENTS, ids=[" ".join(s.split())[:40] for s in STATEMENTS])
def test_every_query_of_the_readme_runs_and_finds_something(db: sqlite3.Connection, statement: str) -> None:
    found = db.execute(statement, {"term": "ауыл"} if ":term" in statement else {}).fetchall()
    assert found or "deletions" in statement, statement


def test_the_python_of_the_readme_runs(desk: Path) -> None:
    for block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=desk, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "mean" in done.stdout


def test_the_r_of_the_readme_runs_and_counts_every_article(desk: Path, db: sqlite3.Connection) -> None:
    (articles,) = db.execute("select count(*) from articles").fetchone()
    for block in blocks("r"):
        script = f"{block}\nstopifnot(nrow(articles) == {articles}, !anyNA(articles$words))"
        done = subprocess.run(
            [program("Rscript", called="R"), "-e", script],
            cwd=desk,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "site" in done.stdout
