"""The command that demonstrates newsarchive: demo."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from newsarchive.cli.catching_up import catch_up
from newsarchive.cli.crawling import run_crawl
from newsarchive.cli.reading import print_hits
from newsarchive.cli.terminal import Archive
from newsarchive.crawling.outcomes import Outcome
from newsarchive.database import lock_archive, read_archive
from newsarchive.demo import Newspaper, serve
from newsarchive.run_ends import RunEnd
from newsarchive.search import search
from newsarchive.sites import read_profile

CRAWLS = 2
QUERY = "мамандық"
PROFILE = "saryarqa.toml"


@click.command()
@click.pass_obj
def demo(archive: Archive) -> None:
    """Crawl the bundled sample newspaper on loopback into a new archive in DIR/demo, and show what to do with it."""
    folder = archive.folder / "demo"
    if folder.exists() and not _clear(folder):
        archive.warn(f"{folder} holds something other than the demo: move it, or choose another place with --archive.")
        sys.exit(1)
    with serve() as paper, lock_archive(folder):
        click.echo(f"The sample newspaper is at {paper.url}, the new archive in {folder.absolute()}\n")
        made, began = replace(archive, folder=folder), time.monotonic()
        outcomes = _crawl_twice(made, paper)
        catch_up(made, began)
    for outcome in outcomes:
        for problem in outcome.problems:
            archive.warn(problem)
    if len(outcomes) < CRAWLS or any(outcome.reason is not RunEnd.FINISHED for outcome in outcomes):
        archive.warn(f"The demo was not finished: {outcomes[-1].sentence()}.")
        sys.exit(1)
    click.echo(f"First crawl   {outcomes[0].sentence()}")
    click.echo("Then the newspaper edits a story, takes one away and publishes another.")
    click.echo(f"Second crawl  {outcomes[1].sentence()}\n")
    _show(folder)
    sys.exit(1 if any(outcome.problems for outcome in outcomes) else 0)


def _clear(folder: Path) -> bool:
    """Empty the folder of an earlier demo; return False, and change nothing, if it has anything else."""
    marker = folder / "sites" / PROFILE
    if not marker.is_file() and any(path.is_file() and path.name != "archive.lock" for path in folder.rglob("*")):
        return False
    for path in sorted(folder.iterdir(), key=lambda path: path.name == "sites"):  # last, in case of an interruption
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return True


def _crawl_twice(archive: Archive, paper: Newspaper) -> list[Outcome]:
    path = archive.folder / "sites" / PROFILE
    path.parent.mkdir(parents=True)
    path.write_text(paper.profile(), encoding="utf-8")
    site = read_profile(path)
    lives = iter((lambda: None, lambda: _live_on(paper)))
    settings = {"CONTACT": "demo", "HTTPPROXY_ENABLED": False}  # a proxy cannot reach the loopback of this machine
    return run_crawl(archive, [site] * CRAWLS, settings, begin=lambda: next(lives)())


def _live_on(paper: Newspaper) -> None:
    posts = [story for story in paper.posts() if story.kind == "post"]
    paper.edit(posts[2].slug, append="Редакциядан: мәтінге нақтылау енгізілді.")
    paper.delete(posts[4].slug)
    paper.add("redakciyadan-zhana-zhyl", "Газетіміз оқырманға жақындай түседі", _NEWS, categories=["Қоғам"])


_NEWS = (
    "Келесі аптадан бастап редакция оқырман хаттарына арнап жаңа айдар ашады. Ауыл мен қаладан келген әр сауалға"
    " тілшілер жауап іздейді.\n\nХаттарды редакцияның мекенжайына жолдауға болады.\n\nӨз тілшіміз"
)


def _show(folder: Path) -> None:
    db = read_archive(folder)
    click.echo(f"Search for «{QUERY}», any form of it:")
    hits = search(db, QUERY, limit=3)
    print_hits(hits)
    if hits:
        row = next(db.query("select * from archive where id = ?", [hits[0].id]))
        names = ", ".join(hits[0].authors)
        click.echo(f"\nOne article: {row['title']}\n  by {names}, {row['published']}, {row['words']} words")
        click.echo(f"  {row['body'][:200]}…")
    name = f"newsarchive --archive {_short(folder)}"
    click.echo("\nNext, try:")
    article = hits[0].id if hits else 1
    for command in (f"search {QUERY}", f"show {article}", "status", "browse"):
        click.echo(f"  {name} {command}")
    click.echo(f"  sqlite3 {_short(folder)}/archive.db '{_SELECT}'")


_SELECT = "select title, authors, published from archive order by published desc limit 5"


def _short(folder: Path) -> str:
    try:
        return str(folder.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
