"""Parallel texts as files: TMX 1.4 and JSON Lines, one pair of sentences each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from newsarchive import __version__
from newsarchive.search.several import Reading, databases
from newsarchive.text.encodings import printable
from newsarchive.translations.aligning import align, sentences_of
from newsarchive.translations.pairing import Translation

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
<header creationtool="newsarchive" creationtoolversion={version} segtype="sentence" o-tmf="newsarchive" \
adminlang="en" srclang="kk" datatype="plaintext"/>
<body>
"""


def aligned(reading: Reading, pair: Translation) -> list[tuple[str, str]]:
    """Return the sentences of a pair that surely translate each other; the headlines count as sentences."""
    texts = []
    for version in (pair.kazakh, pair.russian):
        db = databases(reading)[version.part]
        row = db.conn.execute("select title, lead, body from articles where id = ?", (version.article,)).fetchone()
        texts.append(sentences_of(*(text or "" for text in row)))
    return align(*texts)


def pair_as_data(reading: Reading, pair: Translation | None) -> dict[str, Any]:
    """Return a pair with its sentences as plain data; all fields are empty where there is no pair."""
    if pair is None:
        return {"kk": None, "ru": None, "score": None, "evidence": [], "sentences": []}
    return {**pair.as_data(), "sentences": [{"kk": kk, "ru": ru} for kk, ru in aligned(reading, pair)]}


def write_tmx(reading: Reading, pairs: Iterable[Translation], file: IO[bytes]) -> int:
    """Write the sentences of pairs as TMX; return their number."""
    file.write(_HEAD.format(version=quoteattr(__version__)).encode())
    count = 0
    for pair in pairs:
        for kazakh, russian in aligned(reading, pair):
            sides = _side("kk", pair.kazakh.url, kazakh) + _side("ru", pair.russian.url, russian)
            file.write(f"<tu>{sides}</tu>\n".encode())
            count += 1
    file.write(b"</body>\n</tmx>\n")
    return count


def _side(code: str, url: str, text: str) -> str:
    prop = f'<prop type="x-url">{escape(printable(url))}</prop>'
    return f'<tuv xml:lang="{code}">{prop}<seg>{escape(printable(text))}</seg></tuv>'


def write_jsonl(reading: Reading, pairs: Iterable[Translation], file: IO[bytes]) -> int:
    """Write the sentences of pairs as JSON Lines, each with its articles; return their number."""
    count = 0
    for pair in pairs:
        about = {"kk_article": pair.kazakh.article, "ru_article": pair.russian.article, "score": pair.score}
        for kazakh, russian in aligned(reading, pair):
            line = {"kk": kazakh, "ru": russian, **about, "kk_url": pair.kazakh.url, "ru_url": pair.russian.url}
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count
