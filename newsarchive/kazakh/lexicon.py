"""The stem lexicon: learned from unlabelled text, stored in a small file, loaded on first use."""

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

from .scripts import fold_for_search
from .suffixes import Parse, legal_readings, parses

LEXICON_VERSION = 2
"""Version of the suffix rules and the file format; with the lexicon's digest it identifies the stems of an index."""

_KAZAKH_WORD = re.compile("[а-яёәғқңөұүһі]+")
_HEADER = f"# newsarchive stems {LEXICON_VERSION}"
_MAX_WORD_LENGTH = 40  # letters; longer strings are not words
_MAX_WORDS = 300_000  # most frequent distinct words to learn from; each has some 5 readings in memory
_ROUNDS = 5

# Weights of a reading's score, tuned by trying some hundred settings on halves of the evaluation queries.
_STEM_SHARE = 5.0
_SUFFIX_SHARE = 0.7
_PER_LETTER = 1.25  # for each letter stripped
_SHORT = {1: 40.0, 2: 6.0, 3: 2.0}
_TEMPERATURE = 2.0
_MIN_SUPPORT = 0.6
_UNSEEN = round(-100 * _SUFFIX_SHARE * 9)  # a suffix never seen in this position
_RAREST = 2 * _UNSEEN


@dataclass(frozen=True)
class Lexicon:
    """Scores, in hundredths, of each ``stem n`` (noun) or ``stem v`` (verb), and of each suffix in its position."""

    stems: dict[str, int]
    suffixes: dict[str, int]
    source: str = ""

    @cached_property
    def digest(self) -> str:
        """A short hash of the stems and suffixes."""
        return hashlib.sha256("\n".join([_HEADER, *_lines(self)]).encode()).hexdigest()[:16]


def learn_lexicon(texts: Iterable[str], *, source: str = "") -> Lexicon:
    """Learn stems and suffix frequencies from plain text; the result does not depend on the order of the texts.

    In the first round, every legal reading of a word counts for its stem. In later rounds, readings are weighted by
    the scores of their stem and suffixes in the round before. `source` says where the texts are from; it is stored in
    the lexicon file.
    """
    found = (word for text in texts for word in _KAZAKH_WORD.findall(fold_for_search(text)))
    counts = Counter(word for word in found if len(word) <= _MAX_WORD_LENGTH)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:_MAX_WORDS]
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
    return Lexicon(_stem_scores(support), {})


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
            # The square root keeps stems alive that are only second readings; plain sums would drop them.
            support[key] += sqrt(share)
    return Lexicon(_stem_scores(support), _suffix_scores(steps))


def _shares(lexicon: Lexicon, word: str, options: tuple[Parse, ...]) -> list[float]:
    """Return the probability of each reading; they add up to 1."""
    scores = [_score(lexicon, word, *parse) / _TEMPERATURE for parse in options]
    best = max(scores)
    odds = [exp(score - best) for score in scores]
    total = sum(odds)
    return [odd / total for odd in odds]


def _stem_scores(support: Mapping[str, float]) -> dict[str, int]:
    return {key: round(100 * _STEM_SHARE * log(1 + n)) for key, n in support.items() if n >= _MIN_SUPPORT}


def _suffix_scores(steps: Mapping[str, float]) -> dict[str, int]:
    """Score each suffix by its share of all suffixes seen in the same position."""
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
    """Return the most likely legal reading of a folded Cyrillic word; ties are broken alphabetically."""
    return Parse(*max((_score(lexicon, word, *reading), reading) for reading in legal_readings(word))[1])


def _score(lexicon: Lexicon, word: str, stem: str, kind: str, steps: tuple[str, ...], cost: float) -> float:
    hundredths = lexicon.stems.get(f"{stem} {kind}", 0)
    if suffixes := lexicon.suffixes:
        for step in steps:
            hundredths += suffixes.get(step, _UNSEEN)
    return hundredths / 100 + _PER_LETTER * (len(word) - len(stem)) - _SHORT.get(len(stem), 0.0) - cost


def _lines(lexicon: Lexicon) -> Iterator[str]:
    for table in (lexicon.suffixes, lexicon.stems):
        yield from (f"{key}\t{score}" for key, score in sorted(table.items()))
        yield ""


def write_lexicon(path: str | PathLike[str], lexicon: Lexicon) -> None:
    """Write a lexicon as gzipped text; the output is reproducible."""
    text = "\n".join([_HEADER, f"# {lexicon.source}", *_lines(lexicon), ""])
    Path(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_lexicon(path: str | PathLike[str]) -> Lexicon:
    """Read a file written by `write_lexicon`. Raises ValueError if it is of another version."""
    return _parsed(Path(path).read_bytes(), str(path))


def _parsed(data: bytes, name: str) -> Lexicon:
    header, source, text = gzip.decompress(data).decode().split("\n", 2)
    if header != _HEADER:
        raise ValueError(f"{name} is not a lexicon of this version: it begins with {header!r}, not {_HEADER!r}")
    suffixes, _, stems = text.partition("\n\n")
    return Lexicon(_table(stems), _table(suffixes), source.removeprefix("# "))


def _table(text: str) -> dict[str, int]:
    rows = (line.split("\t") for line in text.splitlines() if line)
    return {key: int(score) for key, score in rows}


@cache
def shipped_lexicon() -> Lexicon:
    """Return the packaged lexicon, loaded on first use."""
    resource = files(__package__) / "lexicon.gz"
    return _parsed(resource.read_bytes(), resource.name)
