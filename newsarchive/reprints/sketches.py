"""Sketches of texts (scaled MinHash), and how much of two texts is the same. Pure functions.

A sketch keeps every run of `RUN` words whose hash falls into a fixed part of all hashes (FracMinHash; Irber et al.
2022). Unlike a MinHash signature of fixed length, it estimates how much of the shorter text is in the longer one, so
an article cut to a third is found as well as a whole one, and it is indexed as it is.

Words are compared by their skeleton, which is the same in each alphabet that Kazakh is written in; only what is found
is then compared by its exact words.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

from newsarchive.kazakh.scripts import script_of
from newsarchive.text.search_text import MARK, words_of

RUN = 4
"""Words of a run: shorter ones are common phrases, longer ones seldom survive editing."""
KEPT = ((150, 4), (600, 8), (1 << 30, 16))
"""One of so many hashes is kept of a text with fewer words; each part contains the next."""
LEAST_WORDS = 20
"""Shorter texts are not compared, and texts with fewer words in common are no reprints."""

_SKELETON = str.maketrans(
    dict(zip("әғқңөұүіыйһэ", "агкноууииихе", strict=True))
    | {"ё": "ио", "я": "иа", "ю": "иу", "щ": "ш", "ч": "ш", "ц": "тс", "ь": "", "ъ": ""}
)
_DOUBLED = re.compile(r"([^\W\d])\1+")


def words_of_search_text(search_text: str) -> list[str]:
    """Return the words of an article's search text in Cyrillic, without its stems.

    >>> words_of_search_text("су тасыды ǂтас"), words_of_search_text("sý tasydy")
    (['су', 'тасыды'], ['су', 'тасыды'])
    """
    words = search_text.partition(f" {MARK}")[0]
    if script_of(words) in ("Latn", "Arab"):  # of an article whose language is unknown
        return words_of(words, "kk")
    return words.split()


def skeletons(words: Sequence[str]) -> list[str]:
    """Return words without what differs between the alphabets of Kazakh.

    >>> skeletons(["қазақстан", "халқы"]) == skeletons(words_of("Qazaqstan halqy", "kk"))
    True
    """
    return [*map(_skeleton, words)]


@lru_cache(maxsize=1 << 16)
def _skeleton(word: str) -> str:
    return _DOUBLED.sub(r"\1", word.translate(_SKELETON)).replace("иу", "у").replace("уи", "у")


def sketch_of(words: Sequence[str]) -> list[str]:
    """Return the kept hashes of a text; none if it is too short to be compared."""
    if len(words) < LEAST_WORDS:
        return []
    bare = " ".join(skeletons(words)).encode().split(b" ")
    runs = map(b" ".join, zip(*(bare[start:] for start in range(RUN)), strict=False))
    hashes = set(map(zlib.crc32, runs))
    kept = next(part for most, part in KEPT if len(words) < most)
    return [f"{value:x}" for value in sorted(hashes) if not value % kept]


def shares(first: Sequence[str], second: Sequence[str]) -> tuple[float, float]:
    """Return the share of each text's words that stand in a run of `RUN` words which the other has too.

    >>> shares("бір екі үш төрт бес алты".split(), "екі үш төрт бес".split())
    (0.6666666666666666, 1.0)
    """
    runs = [list(zip(*(words[start:] for start in range(RUN)), strict=False)) for words in (first, second)]
    common = set(runs[0]) & set(runs[1])
    if not common:
        return 0.0, 0.0
    found = []
    for words, own in zip((first, second), runs, strict=True):
        covered, end = 0, 0
        for start, run in enumerate(own):
            if run in common:
                covered += start + RUN - max(end, start)
                end = start + RUN
        found.append(covered / len(words) if words else 0.0)
    return found[0], found[1]
