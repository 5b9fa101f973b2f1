"""Lexicon of stems: learned without labels from any text, kept in a small file, read when first needed."""

import gzip
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import exp, log, sqrt
from os import PathLike
from pathlib import Path

from .scripts import fold
from .suffixes import Parse, legal_readings, parses

LEXICON_VERSION = 2
"""Of the suffix rules and of the file's form; with a lexicon's digest it tells which stems an index holds."""

_KAZAKH_WORD = re.compile("[а-яёәғқңөұүһі]+")
_HEADER = f"# newsarchive stems {LEXICON_VERSION}"
_LONGEST = 40  # letters; what is longer is no word
_MOST_WORDS = 300_000  # distinct words to learn from, the most frequent: some 5 readings each are held in memory
_ROUNDS = 5

# How a reading is judged; found by trying some hundred settings on halves of the evaluation queries.
_STEM_SHARE = 5.0
_SUFFIX_SHARE = 0.7
_PER_LETTER = 1.25  # each letter taken off
_SHORT = {1: 40.0, 2: 6.0, 3: 2.0}
_TEMPERATURE = 2.0
_LEAST_SUPPORT = 0.6
_UNSEEN = round(-100 * _SUFFIX_SHARE * 9)  # a suffix never seen in its place
_RAREST = 2 * _UNSEEN


@dataclass(frozen=True)
class Lexicon:
    """Hundredths of merit of each ``stem n`` (noun) or ``stem v`` (verb), and of each suffix in its place."""

    stems: dict[str, int]
    suffixes: dict[str, int]
    source: str = ""

    @cached_property
    def digest(self) -> str:
        """Short name of the content: the same stems and suffixes give the same one."""
        return hashlib.sha256("\n".join([_HEADER, *_lines(self)]).encode()).hexdigest()[:16]


def learn_lexicon(texts: Iterable[str], *, source: str = "") -> Lexicon:
    """Learn stems and habits of suffixes from running text alone; the same texts in any order give the same lexicon.

    At first every legal reading of a word speaks for its stem. Then, in rounds, a reading speaks the louder the
    better its stem and its suffixes did in the round before. `source` is kept in the lexicon's file to say where
    the texts are from.
    """
    counts = Counter(word for text in texts for word in _KAZAKH_WORD.findall(fold(text)) if len(word) <= _LONGEST)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS]
    readings = {word: tuple(parses(word)) for word in sorted(words)}
    lexicon = _first_lexicon(readings.values())
    for _ in range(_ROUNDS - 1):
        lexicon = _next_lexicon(readings, lexicon)
    return Lexicon(
        dict(sorted(lexicon.stems.items())), dict(sorted(lexicon.suffixes.items())), " ".join(source.split())
    )


def _first_lexicon(readings: Iterable[tuple[Parse, ...]]) -> Lexicon:
    support: Counter[str] = Counter()
    for options in readings:
        support.update({_key(parse) for parse in options})
    return Lexicon(_merits(support), {})


def _next_lexicon(readings: dict[str, tuple[Parse, ...]], lexicon: Lexicon) -> Lexicon:
    support: defaultdict[str, float] = defaultdict(float)
    steps: defaultdict[str, float] = defaultdict(float)
    for word, options in readings.items():
        shares: defaultdict[str, float] = defaultdict(float)
        for parse, share in zip(options, _shares(lexicon, word, options), strict=True):
            shares[_key(parse)] += share
            for step in parse.steps:
                steps[step] += share
        for key, share in shares.items():
            # The root lets a stem live on second readings too, where plain sums would starve it.
            support[key] += sqrt(share)
    return Lexicon(_merits(support), _suffix_merits(steps))


def _shares(lexicon: Lexicon, word: str, options: tuple[Parse, ...]) -> list[float]:
    """Say how likely each reading is; together 1."""
    merits = [_merit(lexicon, word, *parse) / _TEMPERATURE for parse in options]
    best = max(merits)
    odds = [exp(merit - best) for merit in merits]
    total = sum(odds)
    return [odd / total for odd in odds]


def _merits(support: Mapping[str, float]) -> dict[str, int]:
    return {key: round(100 * _STEM_SHARE * log(1 + n)) for key, n in support.items() if n >= _LEAST_SUPPORT}


def _suffix_merits(steps: Mapping[str, float]) -> dict[str, int]:
    """Merit of each suffix by its share of all that was seen in the same place."""
    places: defaultdict[str, float] = defaultdict(float)
    for step, share in steps.items():
        places[_place(step)] += share
    return {
        step: max(_RAREST, round(100 * _SUFFIX_SHARE * log(share / places[_place(step)])))
        for step, share in steps.items()
        if share > 0
    }


def _key(parse: Parse) -> str:
    return f"{parse.stem} {parse.kind}"


def _place(step: str) -> str:
    return step.partition(":")[0]


def choose_parse(lexicon: Lexicon, word: str) -> Parse:
    """Choose among the legal readings of a folded Cyrillic word the likeliest one; ties go by the alphabet."""
    return Parse(*max((_merit(lexicon, word, *reading), reading) for reading in legal_readings(word))[1])


def _merit(lexicon: Lexicon, word: str, stem: str, kind: str, steps: tuple[str, ...], cost: float) -> float:
    known = lexicon.stems.get(f"{stem} {kind}", 0)
    if suffixes := lexicon.suffixes:
        for step in steps:
            known += suffixes.get(step, _UNSEEN)
    return known / 100 + _PER_LETTER * (len(word) - len(stem)) - _SHORT.get(len(stem), 0.0) - cost


def _lines(lexicon: Lexicon) -> Iterator[str]:
    for table in (lexicon.suffixes, lexicon.stems):
        yield from (f"{key}\t{merit}" for key, merit in sorted(table.items()))
        yield ""


def write_lexicon(path: str | PathLike[str], lexicon: Lexicon) -> None:
    """Write a lexicon as gzipped text; the same lexicon gives the same bytes."""
    text = "\n".join([_HEADER, f"# {lexicon.source}", *_lines(lexicon), ""])
    Path(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_lexicon(path: str | PathLike[str]) -> Lexicon:
    """Read a lexicon that `write_lexicon` wrote; raise ValueError where the file is of another version."""
    return _parsed(Path(path).read_bytes(), str(path))


def _parsed(data: bytes, name: str) -> Lexicon:
    header, source, text = gzip.decompress(data).decode().split("\n", 2)
    if header != _HEADER:
        raise ValueError(f"{name} is not a lexicon of this version ({_HEADER!r}): it begins with {header!r}")
    suffixes, _, stems = text.partition("\n\n")
    return Lexicon(_table(stems), _table(suffixes), source.removeprefix("# "))


def _table(text: str) -> dict[str, int]:
    rows = (line.split("\t") for line in text.splitlines() if line)
    return {key: int(merit) for key, merit in rows}


@cache
def shipped_lexicon() -> Lexicon:
    """Give the lexicon that comes with the program; it is read when first asked for."""
    resource = files(__package__) / "lexicon.gz"
    return _parsed(resource.read_bytes(), resource.name)
