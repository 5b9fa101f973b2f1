"""What README and docs show is run as it stands: console blocks, Python, R and SQL, on archives of sample newspapers."""

from __future__ import annotations

import copy
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from newsarchive.browse.metadata import QUERIES
from newsarchive.cli import COMMANDS
from newsarchive.demo import serve
from newsarchive.search.functions import add_functions
from tests.forking import Forks
from tests.programs import program
from tests.stand_in import standing_in

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
FEW = 6
"""Articles of the newspaper that stands in for a site of the web: crawled at the usual pace."""


def blocks(text: str, language: str) -> list[str]:
    """A page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def pages_with(language: str) -> list[str]:
    return [name for name, text in PAGES.items() if blocks(text, language)]


STATEMENTS = [
    statement.strip()
    for text in PAGES.values()
    for block in blocks(text, "sql")
    for statement in block.split(";")
    if statement.strip()
]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """A folder with the archive of the sample newspaper in `data`, an edited headline in it, and its exports."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "data" / "sites").mkdir(parents=True)

    def newsarchive(*arguments: str) -> None:
        environment = {**os.environ, "NEWSARCHIVE_CONTACT": "tests@example.org"}
        done = forks.run(["--archive", str(folder / "data"), *arguments], environment, timeout=120)
        assert done.returncode == 0, done.stderr

    with serve() as paper:
        (folder / "data" / "sites" / "saryarqa.toml").write_text(paper.profile(), encoding="utf-8")
        newsarchive("crawl", "saryarqa")
        story = next(story for story in paper.posts() if story.kind == "post")
        paper.edit(story.slug, title="Тақырыбы кейін өзгертілген хабар")
        newsarchive("crawl", "saryarqa")
    for form in ("csv", "jsonl", "parquet"):
        newsarchive("export", "--format", form, "-o", str(folder / f"articles.{form}"))
    return folder


@pytest.fixture
def desk(crawled: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one page."""
    return Path(shutil.copytree(crawled, tmp_path / "desk"))


@pytest.fixture(scope="module")
def db(crawled: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{crawled}/data/archive.db?mode=ro", uri=True)) as connection:
        yield connection


@pytest.mark.parametrize("page", pages_with("console"))
def test_every_console_block_runs_as_it_stands(page: str, desk: Path, tmp_path: Path, forks: Forks) -> None:
    lines = [line for block in blocks(PAGES[page], "console") for line in block.splitlines()]
    if any(line.startswith("$ sqlite3 ") for line in lines):
        program("sqlite3", called="sqlite3")
    assert all(line.startswith("$ ") for line in lines), "only commands, so that nothing is shown that is not run"
    with standing_in("ortalyq.kz", tmp_path) as (paper, reached):
        paper.stories = [story for story in paper.stories if story.kind == "post"][:FEW]
        assert any(story.slug == "zhana-mektep-esigin-ashty" for story in paper.stories)
        forks.install(tmp_path)  # `make demo` and the reading room start the program as it is installed
        path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, **reached, "PATH": path, "NEWSARCHIVE_CONTACT": "tests@example.org"}
        with served(PAGES[page], desk, environment) as there:
            for line in lines:
                _run(there(line.removeprefix("$ ")), desk, environment)


ROOM = "http://127.0.0.1:8001"
"""Where the reading room is in the docs; the tests open it on a free port."""


@contextmanager
def served(text: str, desk: Path, environment: dict[str, str] | None = None) -> Iterator[Callable[[str], str]]:
    """Serve the reading room if a page asks it; yields what puts its address in place of the one in the docs."""
    if f"{ROOM}/api" not in text:
        yield lambda code: code
        return
    with browsing(desk, environment or dict(os.environ)) as address:
        yield lambda code: code.replace(ROOM, address.rstrip("/"))


def _run(command: str, desk: Path, environment: dict[str, str]) -> None:
    if command == "newsarchive browse":
        _browse(desk, environment)
        return
    if command.startswith("make "):
        environment, desk = {**environment, "NEWSARCHIVE_DATA": str(desk / "made")}, ROOT
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=desk,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    said = done.stdout + done.stderr
    assert said, f"$ {command} says nothing"
    assert "Nothing found" not in said, f"$ {command} finds nothing"


def _browse(desk: Path, environment: dict[str, str]) -> None:
    """Start the reading room, read its front page, and end it."""
    with browsing(desk, environment) as address, urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200


@contextmanager
def browsing(desk: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a reading room of the archive in `desk`, which ends afterwards."""
    command = [sys.executable, "-m", "newsarchive", "browse", "--port", "0"]
    with subprocess.Popen(
        command, cwd=desk, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    ) as room:
        try:
            assert room.stdout is not None
            yield next(found.group() for line in room.stdout if (found := re.search(r"http://127[\d.:]+/?", line)))
        finally:
            room.terminate()


@pytest.mark.parametrize("page", pages_with("python"))
def test_every_python_block_runs(page: str, desk: Path, tmp_path: Path) -> None:
    with standing_in("ortalyq.kz", tmp_path) as (paper, reached):
        paper.stories = [story for story in paper.stories if story.kind == "post"][:FEW]
        environment = {**os.environ, **reached, "NEWSARCHIVE_CONTACT": "tests@example.org"}
        with served(PAGES[page], desk, environment) as there:
            for block in blocks(PAGES[page], "python"):
                command = [sys.executable, "-c", there(block)]
                done = subprocess.run(
                    command, cwd=desk, env=environment, capture_output=True, text=True, timeout=120, check=False
                )
                assert done.returncode == 0, done.stderr
                assert done.stdout


@pytest.mark.filterwarnings("ignore")  # Jupyter's own: its sockets, its event loop
def test_the_notebook_runs_and_draws_what_it_shows(crawled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = nbformat.read(ROOT / "docs" / "first-look.ipynb", as_version=4)
    run = copy.deepcopy(shown)
    for cell in run.cells:
        cell["outputs"] = [] if cell.cell_type == "code" else cell.get("outputs")
    monkeypatch.setenv("NEWSARCHIVE_DATA", str(crawled / "data"))
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(ROOT / "docs")}}).execute()
    assert [kinds_of_output(cell) for cell in run.cells] == [kinds_of_output(cell) for cell in shown.cells]
    assert "image/png" in {kind for cell in run.cells for kind in kinds_of_output(cell)}


def kinds_of_output(cell: nbformat.NotebookNode) -> set[str]:
    """What a cell of a notebook puts out: streams by name, and the media types of what it displays."""
    outputs = cell.get("outputs") or []
    return {kind for output in outputs for kind in output.get("data", {output.get("name", "error"): ""})}


@pytest.mark.parametrize("page", pages_with("r"))
def test_every_r_block_runs_and_counts_every_article(page: str, desk: Path, db: sqlite3.Connection) -> None:
    (articles,) = db.execute("select count(*) from articles").fetchone()
    with served(PAGES[page], desk) as there:
        for block in blocks(PAGES[page], "r"):
            script = f"{there(block)}\nstopifnot(nrow(articles) == {articles}, !anyNA(articles$words))"
            command = [program("Rscript", called="R"), "-e", script]
            done = subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, done.stderr
            assert re.search("site|saryarqa", done.stdout)


@pytest.mark.parametrize("statement", STATEMENTS, ids=[" ".join(s.split())[:40] for s in STATEMENTS])
def test_every_query_runs_and_finds_something(db: sqlite3.Connection, statement: str) -> None:
    add_functions(db)
    found = db.execute(statement, {"term": "ауыл"} if ":term" in statement else {}).fetchall()
    assert found or "deletions" in statement, statement


def test_the_ten_queries_of_the_reading_room_are_in_the_docs() -> None:
    assert len(QUERIES) == 10
    for query in QUERIES.values():
        assert query["sql"].strip() in STATEMENTS, query["title"]
        assert f"**{query['title']}.** {query['description']}" in PAGES["docs/searching.md"]


def test_the_page_of_tables_is_made_from_their_descriptions() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from make_tables import page; print(page(), end='')"],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == PAGES["docs/tables.md"], "run python docs/make_tables.py"


def test_every_command_and_key_of_a_profile_is_documented() -> None:
    assert all(f"`{command}`" in PAGES["README.md"] for command in COMMANDS)
    keys = "title url language timezone delay contact images aliases include exclude articles_per_week fields drop links next pages"
    assert [key for key in keys.split() if f"`{key}`" not in PAGES["docs/profiles.md"]] == []


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for name, text in PAGES.items():
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_too_long_to_be_one_answer(page: str) -> None:
    most = {"README.md": 6_500, "docs/tables.md": 30_000}.get(page, 16_000)
    assert len(PAGES[page].encode()) <= most
