"""Lexicon of stems: learned without labels from any text, kept in a small file, read when first needed."""

import gzip
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log
from os import PathLike
from pathlib import Path

from .scripts import fold
from .suffixes import Parse, parses

_KAZAKH_WORD = re.compile("[а-яёәғқңөұүһі]+")
_HEADER = "# newsarchive stems 1"
_LONGEST = 40  # letters; what is longer is no word


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Weights of stems, in hundredths, apart for nouns (``n``) and verbs (``v``), and what they were learned from."""

    weights: dict[tuple[str, str], int]
    source: str
    digest: str


def learn_lexicon(texts: Iterable[str], *, source: str = "") -> Lexicon:
    """Learn which stems a language has from running text alone; the same texts in any order give the same lexicon.

    A stem weighs more the more distinct words can be read as forms of it; `source` is kept in the lexicon's file
    to say where the texts are from.
    """
    counts = Counter(word for text in texts for word in _KAZAKH_WORD.findall(fold(text)) if len(word) <= _LONGEST)
    support: Counter[tuple[str, str]] = Counter()
    for word in counts:
        support.update({(parse.stem, parse.kind) for parse in parses(word)})
    weights = {
        (stem, kind): round(100 * (log(1 + words) + 0.125 * log(1 + counts[stem])))
        for (stem, kind), words in support.items()
        if words > 1 and len(stem) > 1
    }
    return _lexicon(weights, source)


def _lexicon(weights: dict[tuple[str, str], int], source: str) -> Lexicon:
    ordered = dict(sorted(weights.items()))
    return Lexicon(ordered, source, hashlib.sha256("\n".join(_lines(ordered)).encode()).hexdigest()[:16])


def _lines(weights: dict[tuple[str, str], int]) -> list[str]:
    return [f"{stem}\t{kind}\t{weight}" for (stem, kind), weight in weights.items()]


def write_lexicon(path: str | PathLike[str], lexicon: Lexicon) -> None:
    """Write a lexicon as gzipped text; the same lexicon gives the same bytes."""
    text = "\n".join([_HEADER, f"# {lexicon.source}", *_lines(lexicon.weights), ""])
    Path(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_lexicon(path: str | PathLike[str]) -> Lexicon:
    """Read a lexicon that `write_lexicon` wrote; raise ValueError where the file is something else."""
    return _parse_lexicon(Path(path).read_bytes(), str(path))


def _parse_lexicon(data: bytes, name: str) -> Lexicon:
    header, source, *lines = gzip.decompress(data).decode().splitlines()
    if header != _HEADER:
        raise ValueError(f"{name} is not a lexicon of stems of this version: it begins with {header!r}")
    weights = {(stem, kind): int(weight) for stem, kind, weight in (line.split("\t") for line in lines)}
    return _lexicon(weights, source.removeprefix("# "))


@cache
def shipped_lexicon() -> Lexicon:
    """Give the lexicon that comes with the program."""
    resource = files(__package__) / "lexicon.gz"
    return _parse_lexicon(resource.read_bytes(), resource.name)


def choose_parse(lexicon: Lexicon, word: str) -> Parse:
    """Choose among the legal readings of a folded Cyrillic word the one whose stem the lexicon knows best."""
    weights = lexicon.weights

    def merit(parse: Parse) -> tuple[float, str, str]:
        short = _SHORT.get(len(parse.stem), 0)
        known = 0.08 * weights.get((parse.stem, parse.kind), 0)
        return known + len(word) - len(parse.stem) - short - 10 * parse.voices, parse.stem, parse.kind

    return max(parses(word), key=merit)


_SHORT = {1: 40, 2: 10, 3: 3}
