"""A trial of kills over crawls, an embargo and takedowns of a collection on a cluster.

    python -m tests.collection_crawl_trial [--papers 3] [--rounds 3] [--seed 1]

Newspapers on loopback publish, edit and delete. A collection is crawled by two local workers, and workers and commands
are killed meanwhile; commands that end with 1 for it are given again. An archive crawls the same newspapers beside it
and is left in peace. At the end both have the same articles with the same revisions, what is under an embargo is in no
search, and no file of the collection, its generations and its workers' folders has a word of what was taken down.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from newsarchive.collection import Collection
from newsarchive.collection.scratch import scratch_folder
from newsarchive.database import read_archive
from newsarchive.demo import Newspaper, serve
from newsarchive.urls import url_key
from tests.collection_trial import ROUNDS, Killer, run, until_done
from tests.kill_trial import TEXT, _plain

FAST = ["-s", "DOWNLOAD_DELAY=0", "-s", "EXTRACTION_WORKERS=0", "-s", "ARCHIVE_BATCH_ARTICLES=2"]
Version = tuple[str, str, str]
"""Kind, title and text of a revision."""


class Trial:
    """The newspapers, the collection that is disturbed, and the archive that is not."""

    def __init__(self, folder: Path, papers: dict[str, Newspaper], seed: int) -> None:
        self.papers = papers
        self.one, self.several = folder / "one", folder / "several"
        self.killer = Killer(0, seed)
        self.turns = 0
        self.secrets: list[str] = []

    def prepare(self) -> None:
        """Make the archive and the collection, and tell them the newspapers."""
        assert run(self.several, "collection", "new", str(self.several)).returncode == 0
        for name, paper in self.papers.items():
            for place in (self.one, self.several):
                assert run(place, "sites", "add", paper.url, "--name", name).returncode == 0

    def disturbed(self, kills: int, *arguments: str, cluster: bool = True) -> None:
        """Give a command to the archive, and to the collection until it is done."""
        done = run(self.one, *arguments)
        assert done.returncode == 0, done.stderr
        self.killer.left += kills
        if cluster:
            self.turns += until_done(self.killer, self.several, *arguments)
            return
        for _ in range(ROUNDS):
            self.turns += 1
            with self.killer.at_work():
                done = run(self.several, *arguments)
            if done.returncode == 0:
                return
        raise AssertionError(f"{arguments[0]} did not end with 0: {done.stderr}")

    def live(self, number: int) -> None:
        """Each newspaper publishes an article and edits another; the first one deletes one, too."""
        for name, paper in self.papers.items():
            paper.add(f"zhana-{number}", f"Жаңа хабар, {number}-нөмір", f"{name}, {number}. {TEXT * 4}")
            stories = [story for story in paper.posts() if story.kind == "post" and story.slug[0] != "z"]
            paper.edit(stories[number % len(stories)].slug, append=f"Редакция толықтыруы, {number}-рет.")
        first = next(iter(self.papers.values()))
        if number > 1:
            first.delete(f"zhana-{number - 1}")

    def take_down(self, number: int) -> None:
        """One newspaper publishes what a court forbids afterwards; it is archived, then taken down."""
        name, paper = list(self.papers.items())[number % len(self.papers)]
        secret = f"Құпиясөз{number}жұмбақ"
        story = paper.add(f"qupiya-{number}", "Ауыл хабары", f"{secret} туралы айтылды. {TEXT * 4}")
        self.disturbed(1, "crawl", name, *FAST)
        paper.delete(story.slug)
        self.secrets.append(secret)
        self.disturbed(1, "forget", paper.address(story), "--reason", "сот", "--yes", cluster=False)

    def go(self, rounds: int) -> None:
        """Run the trial. Raises AssertionError."""
        self.prepare()
        self.disturbed(3, "crawl", *FAST)
        for number in range(1, rounds + 1):
            self.live(number)
            self.disturbed(2, "crawl", *self.papers, *FAST)
            self.take_down(number)
        hidden = next(iter(self.papers.values()))
        address = hidden.address(next(story for story in hidden.posts() if story.kind == "post"))
        self.disturbed(1, "embargo", address, "--until", "2099-01-01", cluster=False)
        for _ in range(2):  # a page must be missing twice before its article counts as deleted
            self.disturbed(1, "crawl", *self.papers, "--full", *FAST)
        self.compare(address)

    def compare(self, embargoed: str) -> None:
        """The collection has what the archive has, and nothing of what it must not have."""
        collection = Collection.open(self.several)
        found = dict(item for shard in collection.shards() for item in _articles(shard.open_latest()))
        expected = dict(_articles(self.one))
        assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
        for key, versions in expected.items():
            assert found[key] == versions, (key, found[key], versions)
        assert run(self.several, "check").returncode == 0
        assert url_key(embargoed) in expected
        assert embargoed not in run(self.several, "search", "--json", "--limit", "1000", "").stdout
        places = (self.several, scratch_folder(str(self.several)))
        for path in (path for place in places for path in place.rglob("*") if path.is_file()):
            data = _plain(path)
            assert not [secret for secret in self.secrets if secret.encode() in data], path


def _articles(folder: Path | None) -> Iterator[tuple[str, tuple[bool, list[Version]]]]:
    """Yield each article's key, whether it is gone, and the newspaper's versions of it, oldest first."""
    if folder is None:
        return
    with closing(read_archive(folder).conn) as db:
        for number, key, gone in db.execute("select id, key, gone is not null from articles").fetchall():
            sql = "select kind, title, body from revisions where article = ? and kind <> 'reextracted' order by number"
            yield key, (bool(gone), db.execute(sql, (number,)).fetchall())


def main() -> None:
    """Run the trial; an AssertionError tells what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--papers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="collection-") as place, ExitStack() as served:
        os.environ.update(NEWSARCHIVE_SCRATCH=f"{place}/scratch", NEWSARCHIVE_CONTACT="trial@example.org")
        papers = {f"tan-{n}": served.enter_context(serve()) for n in range(asked.papers)}
        trial = Trial(Path(place), papers, asked.seed)
        trial.go(asked.rounds)
    killed = trial.killer.killed
    kinds = {kind: killed.count(kind) for kind in sorted(set(killed))}
    print(f"{len(killed)} kills ({kinds}), {trial.turns} commands, {time.monotonic() - start:.0f} s: nothing differs")


if __name__ == "__main__":
    main()
