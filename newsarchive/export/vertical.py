"""Vertical text for Sketch Engine and NoSketch Engine: documents, paragraphs, sentences, and one token per line.

Columns: word, stem. ``<g/>`` marks tokens without a space between them. ``|`` separates lists in attributes
(MULTISEP).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import IO
from xml.sax.saxutils import escape

from newsarchive.export.records import FIELDS, Job, Record
from newsarchive.export.sentences import split_sentences, tokenize
from newsarchive.text.search_text import language_code, stem_of, words_of

_ATTRIBUTES = [field.name for field in FIELDS if field.name not in ("lead", "body")]


def write_vertical(job: Job, file: IO[bytes]) -> None:
    """Write the articles. Headlines are paragraphs of type ``title``, standfirsts of type ``lead``."""
    for record in job.records():
        file.writelines(f"{line}\n".encode() for line in document(record))


def document(record: Record) -> list[str]:
    """Return the lines of one article."""
    attributes = " ".join(f'{name}="{_attribute(record[name])}"' for name in _ATTRIBUTES)
    lines = [f"<doc {attributes}>"]
    code = language_code(record["language"], record["title"] + record["body"])
    body = (record["body"] or "").split("\n\n")
    for kind, text in (("title", record["title"]), ("lead", record["lead"]), *(("text", part) for part in body)):
        if text and text.strip():
            lines.append(f'<p type="{kind}">')
            for sentence in split_sentences(" ".join(text.split())):
                lines += _sentence(sentence, code)
            lines.append("</p>")
    return [*lines, "</doc>"]


def _sentence(sentence: str, code: str) -> list[str]:
    lines = ["<s>"]
    for token, glued in tokenize(sentence):
        if glued:
            lines.append("<g/>")
        lines.append(_line(token, code))
    return [*lines, "</s>"]


@lru_cache(maxsize=100_000)
def _line(token: str, code: str) -> str:
    stem = "-".join(stem_of(word, code) for word in words_of(token, code)) or token
    return f"{escape(token)}\t{escape(stem)}"


def _attribute(value: object) -> str:
    if isinstance(value, list):
        value = "|".join(str(item).replace("|", "/") for item in value)
    return escape(re.sub(r"\s+", " ", "" if value is None else str(value)), {'"': "&quot;"})
