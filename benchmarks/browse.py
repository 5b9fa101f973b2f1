"""Measures the reading room: seconds per page of an archive, for the first and a repeated request.

    python -m benchmarks.browse FOLDER [--word WORD]

FOLDER has an archive, such as one made by `benchmarks.search`. WORD is the search term, by default the most common
word of the archive.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import httpx

from newsarchive.browse import make_app
from newsarchive.browse.metadata import QUERIES
from newsarchive.database import read_archive

PAGES = [
    "/", "/search", "/search?q=WORD", "/trends?q=WORD&by=month", "/trends?q=WORD&by=day", "/compare?a_q=WORD",
    "/concordance?q=WORD", "/article/1", "/changes", "/deletions", "/coverage", "/authors",
    "/categories", "/archive", "/archive/archive", "/archive/articles?_search=WORD",
    *(f"/archive/{name}?term=WORD" for name in QUERIES),
]  # fmt: skip


def most_common_word(folder: Path) -> str:
    """Return the word that occurs in most articles."""
    db = read_archive(folder)
    sql = "select term from stems_words where term not like 'ǂ%' order by doc desc limit 1"
    (word,) = db.conn.execute(sql).fetchone()
    db.close()
    return str(word)


async def measure(folder: Path, word: str) -> None:
    """Request each page twice and print a table row for it."""
    transport = httpx.ASGITransport(app=make_app(folder))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=120) as client:
        print("| page | status | KB | first s | repeated s |\n|---|---|---|---|---|")
        for page in PAGES:
            seconds = []
            for _ in range(2):
                began = time.perf_counter()
                answer = await client.get(page.replace("WORD", quote(word)))
                seconds.append(time.perf_counter() - began)
            size = len(answer.content) // 1024
            print(f"| {page} | {answer.status_code} | {size} | {seconds[0]:.2f} | {seconds[1]:.2f} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the pages of the archive in a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browse", description="Time the reading room's pages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--word", default="")
    options = parser.parse_args(arguments)
    asyncio.run(measure(options.folder, options.word or most_common_word(options.folder)))


if __name__ == "__main__":
    main()
