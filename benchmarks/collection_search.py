"""Measures search over many archives against one archive that holds all their articles, in the same run.

    python -m benchmarks.collection_search --shards 50 --articles 10000 --folder FOLDER

The words are those of `benchmarks.search`. Archives that are in the folder already are reused. A round asks each query
of both; the table has the median and the 95th percentile of each, their ratio, and how many of the queries have the
same first twenty hits in the same order.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from sqlite_utils import Database

from benchmarks.search import CHUNK, Row, make_articles, queries
from newsarchive.database import open_archive, read_archive
from newsarchive.search import Hit, Reading, search
from newsarchive.search.several import Archives, Part

QUERIES = 12
"""Number of queries of each class."""


def build(folder: Path, shards: int, articles: int) -> None:
    """Fill the archives `one` and `shard-000`, ... in a folder."""
    names = [f"shard-{number:03}" for number in range(shards)]
    tasks = [(number, "") for number in range(shards * articles // CHUNK)]
    one = open_archive(folder / "one")
    if one.table("articles").count == shards * articles:
        return
    dbs = {name: open_archive(folder / name) for name in names}
    for name, db in dbs.items():
        for each in (db, one):
            with each.atomic():
                each.execute(
                    "insert into sites (name, url, added) values (?, ?, '')", [name, f"https://{name}.example/"]
                )
    number = 0
    with get_context("spawn").Pool(1) as pool:
        for rows, _ in pool.imap(make_articles, tasks):
            for start in range(0, len(rows), CHUNK // 10):
                name = names[(number // (CHUNK // 10)) % shards]
                number = _insert(rows[start : start + CHUNK // 10], number, name, (one, dbs[name]))
    for db in (one, *dbs.values()):
        db.close()


def _insert(rows: list[Row], number: int, site: str, dbs: tuple[Database, ...]) -> int:
    for db in dbs:
        with db.atomic():
            for at, (title, body, moment, text) in enumerate(rows, number + 1):
                url = f"https://{site}.example/{at}/"
                db.conn.execute(
                    "insert into articles (id, site, url, key, title, body, language, published, day, first_seen,"
                    " last_seen) values (?, ?, ?, ?, ?, ?, 'kk', ?, ?, ?, ?)",
                    (at, site, url, url, title, body, moment, moment[:10], moment, moment),
                )
                db.conn.execute("insert into stems (id, title, authors, body) values (?, ?, ?, ?)", (at, *text))
    return number + len(rows)


def several_of(folder: Path) -> Archives:
    """Open all shards in a folder."""
    folders = sorted(folder.glob("shard-*"))
    return Archives(Part(path.name, path, read_archive(path, any_thread=True)) for path in folders)


def compare(one: Database, several: Archives, texts: list[str], rounds: int, order: str) -> str:
    """Return a row of the table: the times in milliseconds, their ratio, and the queries with the same hits."""
    times: list[list[float]] = [[], []]
    same = 0
    for turn in range(rounds):
        for text in texts:
            expected, found = _timed(one, text, order, times[0]), _timed(several, text, order, times[1])
            same += turn == 0 and [hit.url for hit in expected] == [hit.url for hit in found]
    figures = [statistics.quantiles(spent, n=20, method="inclusive") for spent in times]
    (p50, p95), (many50, many95) = ((figure[9], figure[18]) for figure in figures)
    return f"{p50:.1f} | {p95:.1f} | {many50:.1f} | {many95:.1f} | {many95 / p95:.1f} | {same} of {len(texts)} |"


def _timed(reading: Reading, text: str, order: str, spent: list[float]) -> list[Hit]:
    start = time.perf_counter()
    hits = search(reading, text, order=order)
    spent.append((time.perf_counter() - start) * 1000)
    return hits


def main(say: Callable[[str], None] = print) -> None:
    """Build the archives if necessary, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=50)
    parser.add_argument("--articles", type=int, default=10_000, help="of each shard")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    build(asked.folder, asked.shards, asked.articles)
    one = read_archive(asked.folder / "one")
    with several_of(asked.folder) as several:
        say("| queries | order | one p50 | p95 | many p50 | p95 | p95 ratio | same first 20 |")
        say("|---|---|---|---|---|---|---|---|")
        for name, texts in queries(one, QUERIES).items():
            for order in ("rank", "newest"):
                say(f"| {name} | {order} | {compare(one, several, texts, asked.rounds, order)}")


if __name__ == "__main__":
    main()
