"""Word-by-word differences between two texts or two revisions. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Any

from newsarchive.revisions.content import FIELDS

SAME, REMOVED, ADDED = "same", "removed", "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text: ``same`` in both texts, ``removed`` from the old one, or ``added`` in the new one."""

    kind: str
    text: str


def compare_revisions(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Piece]]:
    """Return the word-by-word changes of each field that differs between two rows of `revisions`.

    Names and images are compared as one line each.
    """
    old, new = _texts(before), _texts(after)
    return {name: compare_words(old[name], new[name]) for name in FIELDS if old[name] != new[name]}


def _texts(revision: Mapping[str, Any]) -> dict[str, str]:
    lines = {
        "authors": [author["name"] for author in json.loads(revision["authors"])],
        "categories": json.loads(revision["categories"]),
        "tags": json.loads(revision["tags"]),
        "images": [
            " · ".join(filter(None, (image["url"], image["caption"] or image["alt"], image["credit"])))
            for image in json.loads(revision["images"])
        ],
    }
    return {name: "\n".join(lines[name]) if name in lines else revision[name] or "" for name in FIELDS}


def compare_words(old: str, new: str) -> list[Piece]:
    """Return the pieces of both texts in reading order; paragraphs are matched first, then their words.

    >>> [(p.kind, p.text) for p in compare_words("екі үй су астында", "бес үй су астында")]
    [('removed', 'екі'), ('added', 'бес'), ('same', ' үй су астында')]
    """
    return _joined(_paragraphs(_split(r"\n\n+", old), _split(r"\n\n+", new)))


def _paragraphs(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(SAME, "".join(old[a:b]))
        elif tag == "replace":
            yield from _words("".join(old[a:b]), "".join(new[c:d]))
        else:
            yield Piece(REMOVED, "".join(old[a:b]))
            yield Piece(ADDED, "".join(new[c:d]))


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _split(r"\s+|[^\w\s]", old), _split(r"\s+|[^\w\s]", new)
    # Without autojunk, matching takes quadratic time, so very long texts use it.
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) + len(after) > 20_000)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(SAME, "".join(before[a:b]))
        else:
            yield from _trimmed("".join(before[a:b]), "".join(after[c:d]))


def _trimmed(removed: str, added: str) -> Iterator[Piece]:
    """Yield a change, with the whitespace that both texts share around it as separate pieces."""
    head = len(commonprefix([_indent(removed), _indent(added)]))  # noqa: RUF071 - compares characters on purpose
    tail = len(commonprefix([_indent(removed[head:][::-1]), _indent(added[head:][::-1])]))  # noqa: RUF071
    yield Piece(SAME, removed[:head])
    yield Piece(REMOVED, removed[head : len(removed) - tail])
    yield Piece(ADDED, added[head : len(added) - tail])
    yield Piece(SAME, removed[len(removed) - tail :] if tail else "")


def _indent(text: str) -> str:
    """Return the leading whitespace of a text."""
    return text[: len(text) - len(text.lstrip())]


def _split(separator: str, text: str) -> list[str]:
    return [part for part in re.split(f"({separator})", text) if part]


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Merge adjacent pieces of the same kind and drop empty ones."""
    merged: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if merged and merged[-1].kind == piece.kind:
            merged[-1] = Piece(piece.kind, merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return merged
