"""Finding a passage again by its words, the words around it and its place. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from os.path import commonprefix
from typing import Any

from newsarchive.notebook.records import Passage

AROUND = 32
"""Characters kept on each side of a passage."""
ALIKE = 0.6
"""Share of common words from which a sentence counts as the changed passage."""
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
_LETTERS = str.maketrans({**dict.fromkeys("«»“”„‟", '"'), **dict.fromkeys("’‘‚‛", "'"), **dict.fromkeys("–—‑−", "-")})
_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+[»”\"')]*|\n|$)")


def text_of(article: Mapping[str, Any]) -> str:
    """Return the text of an article or revision in which passages have their places: headline, lead and body."""
    return "\n\n".join(filter(None, (article["title"], article["lead"], article["body"])))


def passage_at(text: str, start: int, end: int) -> Passage:
    """Return the passage between two places of a text."""
    return Passage(
        quotation=text[start:end],
        before=text[max(0, start - AROUND) : start],
        after=text[end : end + AROUND],
        start=start,
    )


def find_passage(text: str, passage: Passage) -> tuple[int, int] | None:
    """Return where a passage is in a text, unchanged but for spaces and typography; None if it is not.

    Among several places, the one with the same words around it is taken, then the one nearest to its old place.

    >>> find_passage("Су тасыды. Су келді.", Passage(quotation="Су", after=" келді"))
    (11, 13)
    >>> find_passage("Ол «су\\u00a0 келді» деді", Passage(quotation='"су келді"'))
    (3, 14)
    """
    if not passage.quotation.strip():
        return None
    plain, places = _plain(text)
    wanted = _plain(passage.quotation)[0].strip()
    found = [match.start() for match in re.finditer(f"(?={re.escape(wanted)})", plain)] if wanted else []
    if not found:
        return None
    before, after = _plain(passage.before)[0], _plain(passage.after)[0]

    def fit(start: int) -> tuple[int, int]:
        end = start + len(wanted)
        in_front = commonprefix([plain[max(0, start - AROUND) : start][::-1], before[::-1]])  # noqa: RUF071
        behind = commonprefix([plain[end : end + AROUND], after])  # noqa: RUF071 - compares characters on purpose
        return len(in_front) + len(behind), -abs(places[start] - (passage.start or 0))

    start = max(found, key=fit)
    return places[start], places[start + len(wanted) - 1] + 1


def _plain(text: str) -> tuple[str, list[int]]:
    """Return a text with plain spaces, quotation marks and dashes, and the place of each of its characters."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text.translate(_LETTERS)):
        if character.isspace():
            if characters and characters[-1] == " ":
                continue
            character = " "
        elif _INVISIBLE.match(character):
            continue
        characters.append(character)
        places.append(place)
    return "".join(characters), places


def find_changed(text: str, passage: Passage) -> tuple[int, int] | None:
    """Return where a changed passage is: between the same words as before, or in the most similar sentences."""
    return _between(text, passage) or _most_similar(text, passage.quotation)


def _between(text: str, passage: Passage) -> tuple[int, int] | None:
    """Return what is between the words that were around a passage, if only one place has both."""
    plain, places = _plain(text)
    before, after = _plain(passage.before)[0].strip(), _plain(passage.after)[0].strip()
    most = 2 * len(passage.quotation) + 200
    for size in (AROUND, AROUND // 2, AROUND // 4):
        front, behind = re.escape(before[-size:].strip()), re.escape(after[:size].strip())
        if min(len(before), len(after)) < AROUND // 4:
            return None
        found = re.findall(f"(?=({front})(.{{1,{most}}}?){behind})", plain)
        if len(found) == 1:
            start = plain.index("".join(found[0])) + len(found[0][0])
            inner = found[0][1]
            first, last = start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip()) - 1
            return (places[first], places[last] + 1) if inner.strip() else None
    return None


def _most_similar(text: str, quotation: str) -> tuple[int, int] | None:
    wanted = quotation.split()
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(wanted)
    best, place = ALIKE, None
    for start, end in _windows(text, len(_SENTENCE.findall(quotation)) or 1):
        matcher.set_seq1(text[start:end].split())
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, place = ratio, (start, end)
    return place


def _windows(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Yield the places of all runs of `size` sentences."""
    sentences = [match for match in _SENTENCE.finditer(text) if match[0].strip()]
    for first, last in zip(sentences, sentences[size - 1 :], strict=False):
        start = first.start() + len(first[0]) - len(first[0].lstrip())
        yield start, last.end() - (len(last[0]) - len(last[0].rstrip()))
