"""The command line as a person meets it: fetching, reading, errors of one sentence, exit codes."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from newsarchive.cli import COMMANDS
from newsarchive.demo import Newspaper
from newsarchive.demo.stories import FOLDER

Run = Callable[..., object]
SEED = "prezident-zhumysshy-mamandyqtarynyn-qalasy-festivaline-bardy"


def seed_lines() -> list[str]:
    text = (FOLDER / f"{SEED}.md").read_text(encoding="utf-8")
    title = re.search(r'title = "(.+)"', text)
    assert title is not None
    return [f"# {title.group(1)}", *filter(None, text.split("+++")[2].strip().splitlines())]


@pytest.mark.parametrize("theme", ["classic", "block"])
def test_fetch_prints_the_article_as_its_lines(theme: str, paper: Newspaper, newsarchive: Run) -> None:
    paper.theme = theme
    printed = newsarchive("fetch", f"{paper.url}{SEED}/").stdout  # type: ignore[attr-defined]
    lines = [line for line in printed.splitlines() if line.strip()]
    wanted = seed_lines()
    assert len(lines) == len(wanted)
    for line, expected in zip(lines, wanted, strict=True):
        if expected.startswith("!["):
            assert re.fullmatch(r"!\[\]\(http\S+/IMG_6637\S*\.jpg\)", line)
        else:
            assert line == expected


def test_fetch_stores_what_it_prints_as_a_crawl_would(paper: Newspaper, newsarchive: Run, folder: Path) -> None:
    done = newsarchive("fetch", f"{paper.url}{SEED}/", "--json")
    article = json.loads(done.stdout)  # type: ignore[attr-defined]
    assert article["authors"][0]["name"] == "Аида Рахымқұлова"
    assert article["language"] == "kk"
    db = sqlite3.connect(folder / "archive.db")
    stored = db.execute("select url, title, authors, language from archive").fetchall()
    assert stored == [(article["url"], article["title"], '["Аида Рахымқұлова"]', "kk")]
    assert db.execute("select count(*) from captures where warc like 'fetch-%'").fetchone()[0] >= 2
    assert db.execute("select command, reason from runs").fetchall() == [("fetch", "finished")]


def test_fetch_without_storing_leaves_nothing(paper: Newspaper, newsarchive: Run, folder: Path) -> None:
    newsarchive("fetch", f"{paper.url}{SEED}/", "--no-store", "--format", "text")
    assert not (folder / "archive.db").exists()
    assert not list(folder.glob("warc/*"))


def test_a_saved_page_becomes_the_article_of_its_url(
    paper: Newspaper, newsarchive: Run, folder: Path, tmp_path: Path
) -> None:
    url = f"{paper.url}{SEED}/"
    page = tmp_path / "page.html"
    page.write_bytes(paper.answer(f"/{SEED}/", {}).body)
    newsarchive("fetch", str(page), "--url", url)
    db = sqlite3.connect(folder / "archive.db")
    assert db.execute("select url from articles").fetchone() == (url,)


def test_fetch_obeys_robots_unless_told_otherwise(paper: Newspaper, newsarchive: Run) -> None:
    paper.robots = "User-agent: *\nDisallow: /\n"
    done = newsarchive("fetch", f"{paper.url}{SEED}/", code=1)
    assert "robots.txt" in done.stderr  # type: ignore[attr-defined]
    newsarchive("fetch", f"{paper.url}{SEED}/", "--ignore-robots")


@pytest.fixture
def odd_server() -> Iterator[str]:
    """Answers what is no article."""
    answers = {
        "/pdf": (200, "application/pdf", b"%PDF-1.7"),
        "/empty": (200, "text/html", b""),
        "/gone": (410, "text/html", b"gone"),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answers.get(self.path, (404, "text/html", b"no"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/none", "404 Not Found"), ("/gone", "410 Gone"), ("/pdf", "not HTML"), ("/empty", "not an article")],
)
def test_a_page_without_an_article_gives_one_sentence_and_exit_1(
    path: str, words: str, odd_server: str, newsarchive: Run
) -> None:
    done = newsarchive("fetch", odd_server + path, code=1)
    assert words in done.stderr  # type: ignore[attr-defined]
    assert len(done.stderr.strip().splitlines()) <= 2  # type: ignore[attr-defined]


def test_a_host_that_is_not_there_gives_one_sentence_and_exit_1(newsarchive: Run) -> None:
    done = newsarchive("fetch", "http://127.0.0.1:9/x", code=1)
    assert "refused the connection" in done.stderr  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("crawl", "nosuch"), "Unknown site “nosuch”"),
        (("crawl",), "no site yet"),
        (("crawl", "ortalyq", "--since", "yesterday"), "needs a day"),
        (("crawl", "ortalyq", "-s", "delay=0"), "NAME=VALUE"),
        (("fetch", "nofile.html"), "neither an http(s) URL nor a file"),
        (("sites", "add", "ortalyq"), "not an http(s) URL"),
        (("export",), "-o PATH"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(arguments: tuple[str, ...], words: str, newsarchive: Run) -> None:
    assert words in newsarchive(*arguments, code=2).stderr  # type: ignore[attr-defined]


def test_a_broken_profile_exits_2_naming_file_and_key(newsarchive: Run, folder: Path) -> None:
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "bad.toml").write_text('url = "https://a.kz/"\ncolour = "red"\n')
    done = newsarchive("crawl", "bad", code=2)
    assert "bad.toml" in done.stderr  # type: ignore[attr-defined]
    assert "colour" in done.stderr  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", ["search", "show", "status", "history", "diff", "cite"])
def test_reading_where_there_is_no_archive_says_so(command: str, newsarchive: Run) -> None:
    words = [command] if command == "status" else [command, "1"]
    assert "no archive" in newsarchive(*words, code=1).stderr  # type: ignore[attr-defined]


def test_an_edit_is_read_back_in_history_diff_and_search(
    paper: Newspaper, crawl: Callable[..., str], newsarchive: Run
) -> None:
    crawl()
    story = next(s for s in paper.posts() if s.kind == "post" and s.slug != SEED)
    paper.edit(story.slug, append="Соңында мүлде ерекше құбылыс байқалды.")
    crawl()
    url = paper.address(story)
    history = json.loads(newsarchive("history", url, "--json").stdout)  # type: ignore[attr-defined]
    assert [(r["number"], r["kind"]) for r in history] == [(1, "first"), (2, "substantive")]
    diff = json.loads(newsarchive("diff", url, "--json").stdout)  # type: ignore[attr-defined]
    added = "".join(part["text"] for part in diff["fields"]["body"] if part["kind"] == "added")
    assert "құбылыс байқалды." in added
    assert "{+" in newsarchive("diff", url).stdout  # type: ignore[attr-defined]
    assert "same content" in newsarchive("diff", url, "2", "2").stderr  # type: ignore[attr-defined]
    others = json.loads(newsarchive("search", "-құбылыс", "--json").stdout)  # type: ignore[attr-defined]
    assert url not in [hit["url"] for hit in others]
    assert others
    newsarchive("search", "құбылыс", "--limt", "5", code=2)
    absurd = newsarchive("search", "(" * 5000, code=2)
    assert "levels of parentheses" in absurd.stderr  # type: ignore[attr-defined]
    assert "Traceback" not in absurd.stderr  # type: ignore[attr-defined]
    hits = json.loads(newsarchive("search", "құбылыстар", "--json").stdout)  # type: ignore[attr-defined]
    assert [hit["url"] for hit in hits] == [url]
    assert "**құбылыс**" in hits[0]["snippet"]
    assert "құбылыс" not in newsarchive("show", url, "--revision", "1").stdout  # type: ignore[attr-defined]


def test_status_names_every_missing_url(paper: Newspaper, crawl: Callable[..., str], newsarchive: Run) -> None:
    crawl()
    missing = json.loads(newsarchive("status", "--missing", "--json").stdout)  # type: ignore[attr-defined]
    protected = [paper.address(s) for s in paper.stories if s.kind == "protected"]
    assert [row["url"] for row in missing if row["state"] == "not_article"] == protected
    stand = json.loads(newsarchive("status", "--json").stdout)  # type: ignore[attr-defined]
    assert stand["sites"][0]["articles"] == len([s for s in paper.posts() if s.kind == "post"])


def test_the_demo_ends_with_what_to_type_next(newsarchive: Run, folder: Path) -> None:
    said = newsarchive("demo").stdout  # type: ignore[attr-defined]
    assert "First crawl   saryarqa: 45 new" in said
    assert "Second crawl  saryarqa: 1 new, 1 changed" in said
    assert "Next, try:" in said
    newsarchive("demo")  # made anew


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = (
        "import sys\nfrom newsarchive.cli import cli\ncli(['--help'], standalone_mode=False)\n"
        "print([m for m in sys.modules if m.startswith('newsarchive.') and m != 'newsarchive.cli'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert lines[-1] == "[]"
    assert [line.split()[0] for line in lines[lines.index("Commands:") + 1 : -1]] == [*COMMANDS]
    assert max(map(len, lines)) <= 80
