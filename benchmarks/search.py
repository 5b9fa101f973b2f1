"""Measures search on an archive of synthetic articles, compared with plain FTS5 on the same data in the same run.

    python -m benchmarks.search --articles 1000000 --folder FOLDER

The words are synthetic, or taken with their frequencies from a text (`--text FILE`), and the same in every run. An
existing archive in the folder is reused, and completed if it has fewer articles.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database

from newsarchive.database import open_archive
from newsarchive.search import RANKED, count_hits, facets, hits_over, kwic, search
from newsarchive.text.search_text import make_search_text

CHUNK = 500
STEMS, FORMS = 25_000, 10
ENDINGS = {
    True: ["", "лар", "дың", "ға", "ды", "да", "дан", "мен", "лардың", "сы"],
    False: ["", "лер", "дің", "ге", "ді", "де", "ден", "мен", "лердің", "сі"],
}
VOWELS = {True: "аоұы", False: "әөүіе"}
CONSONANTS = "бдғжзйклмнңпрстхшқг"
SITES = ("birinshi", "ekinshi", "ushinshi")


class Words(NamedTuple):
    """Words with the cumulative sum of their weights."""

    words: list[str]
    weights: list[float]


@cache
def vocabulary(text: str) -> Words:
    """Return synthetic words with Zipfian frequencies, or the words of a text file with their frequencies."""
    if text:
        counts = Counter(re.findall(r"\w+", Path(text).read_text(encoding="utf-8").lower())).most_common()
        return Words([w for w, _ in counts], list(itertools.accumulate(float(n) for _, n in counts)))
    chance = random.Random(7)
    words: list[str] = []
    weights: list[float] = []
    for rank in range(STEMS):
        back = chance.random() < 0.6
        syllables = 1 if rank < 100 else 2 if rank < 8000 else 3
        stem = "".join(
            chance.choice(CONSONANTS) + chance.choice(VOWELS[back]) + chance.choice(["", *CONSONANTS])
            for _ in range(syllables)
        )
        for form, ending in enumerate(ENDINGS[back]):
            words.append(stem + ending)
            weights.append(1 / (rank + 2.7) / (form + 1))
    return Words(words, list(itertools.accumulate(weights)))


Row = tuple[str, str, str, tuple[str, str, str]]


def make_articles(task: tuple[int, str]) -> tuple[list[Row], float]:
    """Return a chunk of articles (title, body, time, search text) and the CPU seconds for their search texts."""
    number, text = task
    chance = random.Random(number)
    words, weights = vocabulary(text)
    drafts = []
    for _ in range(CHUNK):
        picked = chance.choices(words, cum_weights=weights, k=8 + max(40, int(chance.gauss(185, 60))))
        title, body = " ".join(picked[:8]).capitalize(), _paragraphs(picked[8:], chance)
        second = chance.randrange(20 * 365 * 86400)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_100_000_000 + second))
        drafts.append((title, body, moment))
    start = time.process_time()
    rows = [(*d, make_search_text(title=d[0], lead="", body=d[1], authors=[], language="kk")) for d in drafts]
    return rows, time.process_time() - start


def _paragraphs(words: list[str], chance: random.Random) -> str:
    sentences: list[str] = []
    while words:
        length = chance.randrange(6, 18)
        sentences.append(" ".join(words[:length]).capitalize() + ".")
        words = words[length:]
    return "\n\n".join(" ".join(sentences[i : i + 4]) for i in range(0, len(sentences), 4))


def build(db: Database, articles: int, text: str) -> None:
    """Fill an archive row by row, so that its full-text triggers run as in a crawl."""
    started, search_texts = time.perf_counter(), 0.0
    (number,) = db.conn.execute("select coalesce(max(id), 0) from articles").fetchone()
    first = number
    with db.atomic():
        for name in SITES:
            url = f"https://{name}.example/"
            db.conn.execute("insert or ignore into sites (name, url, added) values (?, ?, '')", (name, url))
    tasks = [(i, text) for i in range(number // CHUNK, articles // CHUNK)]
    with get_context("spawn").Pool(1) as pool:
        for rows, seconds in pool.imap(make_articles, tasks):
            search_texts += seconds
            with db.atomic():
                for row in rows:
                    number += 1
                    insert(db, number, *row)
            if number % 100_000 == 0:
                print(f"  {number:,} articles, {time.perf_counter() - started:.0f} s", flush=True)
    db.conn.execute("pragma wal_checkpoint(truncate)")
    seconds = time.perf_counter() - started
    rate = (number - first) / seconds
    built = f"{first:,} to {number:,} built in {seconds:.0f} s, {rate:.0f} per second"
    print(f"{built}; search texts {search_texts:.0f} s in a worker")


def insert(db: Database, number: int, title: str, body: str, moment: str, search_text: tuple[str, str, str]) -> None:
    """Insert an article without revisions and links, which search does not read."""
    url = f"https://{SITES[number % 3]}.example/{number}/"
    db.conn.execute(
        "insert into articles (id, site, url, key, title, body, language, published, day, first_seen, last_seen)"
        " values (?, ?, ?, ?, ?, ?, 'kk', ?, ?, ?, ?)",
        (number, SITES[number % 3], url, url, title, body, moment, moment[:10], moment, moment),
    )
    db.conn.execute("insert into stems (id, title, authors, body) values (?, ?, ?, ?)", (number, *search_text))


def sizes(db: Database) -> dict[str, float]:
    """Return the size of the text and of each index in megabytes."""
    found: Counter[str] = Counter()
    # Sum here, since dbstat's own sums overflow at two gigabytes.
    for name, size in db.conn.execute("select name, sum(pgsize) from dbstat group by name"):
        found[re.sub(r"_(data|idx|docsize|content|config)$", "", name)] += size
    return {name: size / 1e6 for name, size in found.most_common(8)}


def queries(db: Database, per_class: int) -> dict[str, list[str]]:
    """Return queries of each class, made from words of the archive."""
    chance = random.Random(3)
    words = [(t, n) for t, n in db.conn.execute("select term, doc from stems_words where doc > 1") if t[0] != "ǂ"]
    words.sort(key=lambda word: (-word[1], word[0]))
    total = db.conn.execute("select count(*) from search_order").fetchone()[0]
    middling = [t for t, n in words if total / 1000 < n < total / 50]
    rare = [t for t, n in words if n < 20]
    long = [t for t, n in words if len(t) >= 6]
    texts = [
        row[0].split()
        for row in db.conn.execute(
            "select body from articles where id in (select value from json_each(?))",
            [str([chance.randrange(1, total) for _ in range(per_class)])],
        )
    ]
    return {
        "rare": chance.sample(rare, min(per_class, len(rare))),
        "middling": chance.sample(middling, min(per_class, len(middling))),
        "commonest": [t for t, _ in words[:5]],
        "phrase": ['"' + " ".join(w.strip(".").lower() for w in t[10:12]) + '"' for t in texts],
        "AND": [" ".join(chance.sample(middling, 2)) for _ in range(per_class)],
        "AND common": [f"{words[i % 5][0]} {chance.choice(middling)}" for i in range(per_class)],
        "prefix 4, commonest": [f"{p}*" for p in dict.fromkeys(t[:4] for t in long[:40])][:5],
        "prefix 4": [f"{chance.choice(middling)[:4]}*" for _ in range(per_class)],
        "prefix 3, commonest": [f"{p}*" for p in dict.fromkeys(t[:3] for t, _ in words[:100] if len(t) > 3)][:3],
    }


def plain_fts5(db: Database, query: str) -> int:
    """Query the plain full-text table: the top 20 by bm25 with snippets. Returns the number of rows."""
    parts = re.findall(r'"[^"]+"|[^\s"]+', query)
    match = " AND ".join(p if p[0] == '"' else f'"{p[:-1]}" *' if p[-1] == "*" else f'"{p}"' for p in parts)
    rows = db.conn.execute(
        "select rowid, title, snippet(articles_fts, 2, '[', ']', '…', 30) from articles_fts"
        " where articles_fts match ? order by rank limit 20",
        (match,),
    ).fetchall()
    return len(rows)


def measure(run: Callable[[str], object], texts: Sequence[str], rounds: int) -> list[float]:
    """Return the milliseconds of each run."""
    times = []
    for _ in range(rounds):
        for text in texts:
            start = time.perf_counter()
            run(text)
            times.append((time.perf_counter() - start) * 1000)
    return times


def table(db: Database, classes: dict[str, list[str]], rounds: int) -> Iterator[str]:
    """Yield the figures as a Markdown table."""
    yield "| queries | ranked p50 | p95 | newest p50 | p95 | plain bm25 p50 | p95 | ranked / plain | newest / plain |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, texts in classes.items():
        ways = (lambda q: search(db, q), lambda q: search(db, q, order="newest"), lambda q: plain_fts5(db, q))
        for text in texts:  # the first run of each loads its pages into memory
            for way in ways:
                way(text)
        points = [percentiles(measure(way, texts, rounds)) for way in ways]
        cells = " | ".join(f"{p50:.1f} | {p95:.1f}" for p50, p95 in points)
        ranked, newest, plain = (p50 for p50, _ in points)
        yield f"| {name} | {cells} | {ranked / plain:.2f} | {newest / plain:.3f} |"


def counting(db: Database, classes: dict[str, list[str]]) -> Iterator[str]:
    """Yield the milliseconds for counts and facets of a result, as a Markdown table."""
    ways: dict[str, Callable[[str], object]] = {
        "count": lambda q: count_hits(db, q),
        "facets": lambda q: facets(db, q),
        "hits over months": lambda q: hits_over(db, q),
        "100 lines in context": lambda q: list(kwic(db, q, limit=100)),
        "of one site, newest": lambda q: search(db, q, site=SITES[0], order="newest"),
        "of one month, ranked": lambda q: search(db, q, since="2010-03", until="2010-03"),
    }
    yield f"| p50 of | {' | '.join(ways)} |"
    yield "|---|" + "---|" * len(ways)
    for name in ("rare", "middling", "commonest"):
        cells = [f"{percentiles(measure(way, classes[name][:5], 2))[0]:.1f}" for way in ways.values()]
        yield f"| {name} | {' | '.join(cells)} |"


def percentiles(times: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    return statistics.median(times), sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def main() -> None:
    """Build the archive if needed, then measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--text", default="")
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    db = open_archive(options.folder)
    if db.conn.execute("select count(*) from search_order").fetchone()[0] < options.articles:
        build(db, options.articles, options.text)
    total, size = db.conn.execute("select count(*), avg(length(cast(body as blob))) from articles").fetchone()
    print(f"{total:,} articles of {size:,.0f} bytes; at most {RANKED:,} hits are ranked together")
    print("MB: " + ", ".join(f"{name} {size:,.0f}" for name, size in sizes(db).items()))
    classes = queries(db, options.queries)
    for line in (*table(db, classes, options.rounds), "", *counting(db, classes)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
