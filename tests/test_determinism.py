"""The same page gives the same article in every process, in any order, whatever was read before."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from random import Random

from newsarchive.items import Hints, Page
from newsarchive.sites import Site
from newsarchive.workers.extracting import ExtractionPool, extract_one

SITE = Site(name="a", url="https://a.example/")
WORDS = [
    "қала",
    "өзен",
    "су",
    "жол",
    "көпір",
    "мектеп",
    "бала",
    "тұрғын",
    "жаңбыр",
    "күн",
    "әкім",
    "жоба",
    "орман",
    "дала",
    "көше",
    "үй",
    "ағаш",
    "жұмыс",
    "жыл",
    "сабақ",
]
CLASSES = ("entry-content", "post", "related-posts", "sidebar", "text", "comment-list", "td-post-content", "")


def made(number: int) -> bytes:
    """A page of one of many makings: text in paragraphs, divisions or lines, lists of others, data in scripts."""
    random = Random(number)

    def sentence(length: int) -> str:
        return " ".join(random.choice(WORDS) for _ in range(length)).capitalize() + "."

    def text(most: int) -> list[str]:
        return [sentence(random.randint(2, 40)) for _ in range(random.randint(1, most))]

    def wrap(lines: list[str]) -> str:
        kind = random.choice(("p", "div", "li", "br"))
        return "<br><br>".join(lines) if kind == "br" else "".join(f"<{kind}>{line}</{kind}>" for line in lines)

    blocks = [f"<div class='{random.choice(CLASSES)}'>{wrap(text(9))}</div>" for _ in range(random.randint(1, 5))]
    links = "".join(f"<li><a href='/{i}/'>{sentence(6)}</a></li>" for i in range(random.randint(0, 12)))
    data = {"@type": "NewsArticle", "headline": sentence(5), "articleBody": " ".join(text(9))}
    nested = "[" * (depth := random.choice((0, 10, 1500, 3000))) + "]" * depth or "0"
    script = f'<script type="application/ld+json">{json.dumps(data)[:-1]},"x":{nested}}}</script>' * random.randint(
        0, 1
    )
    deep = random.choice((0, 0, 30, 150))
    body = f"{'<div>' * deep}<h1>{sentence(5)}</h1>{''.join(blocks)}<ul>{links}</ul>{'</div>' * deep}"
    return f"<html lang=kk><head><title>{sentence(5)}</title>{script}</head><body>{body}</body></html>".encode()


def digest(result: object) -> str:
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()[:16]


def outcome(number: int) -> str:
    url = f"https://a.example/{number}/"
    try:
        article, search_text = extract_one((Page(url=url, body=made(number)),), url, SITE, Hints(kind="post"))
    except Exception as error:  # noqa: BLE001  it is what came of the page
        return repr(error)
    return digest([asdict(article), search_text])


async def outcomes(numbers: list[int], workers: int) -> dict[int, str]:
    pool = ExtractionPool(workers)
    try:
        found = await asyncio.gather(*(pool.run(outcome, number) for number in numbers))
    finally:
        pool.close()
    return dict(zip(numbers, found, strict=True))


def test_two_hundred_pages_come_out_the_same_in_any_process_and_order() -> None:
    here = asyncio.run(outcomes(list(range(200)), 0))
    assert len(set(here.values())) > 150
    program = (
        "import asyncio, json, tests.test_determinism as t\n"
        "if __name__ == '__main__':\n"
        "    numbers = list(range(200)); t.Random(3).shuffle(numbers)\n"
        "    print(json.dumps(asyncio.run(t.outcomes(numbers, 2))))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "42", "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    there = {int(number): found for number, found in json.loads(done.stdout).items()}
    assert {number for number in here if here[number] != there[number]} == set()
