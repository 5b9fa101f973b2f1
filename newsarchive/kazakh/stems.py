"""Stemming for search, with the same rules for articles and queries.

The stem depends on the word and the language of its text: own rules for Kazakh, Snowball for Russian. Russian stems
are marked so that they do not collide with Kazakh ones. The language of what a query looks for is unknown, so
`query_stems` returns the stems of a word in each language.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from .lexicon import LEXICON_VERSION, choose_parse, shipped_lexicon
from .scripts import fold_for_search
from .transliteration import to_cyrillic

_WORD = re.compile(r"[^\W_]+")
_KAZAKH = re.compile("[әғқңөұүһі]")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]+")
_RUSSIAN_MARK = "ru"
_MAX_LENGTH = 40
_CACHE_SIZE = 1 << 16  # words; some 20 MB, about as many as a newspaper prints in a year


def stem(word: str) -> str:
    """Return the stem of a Kazakh word in Cyrillic; other words are returned folded.

    >>> stem("қалаларымыздағы"), stem("Мамандығы")
    ('қала', 'мамандық')
    """
    return _kazakh_stem(fold_for_search(word))


@lru_cache(maxsize=_CACHE_SIZE)
def _kazakh_stem(word: str) -> str:
    if len(word) > _MAX_LENGTH or not _CYRILLIC.fullmatch(word):
        return word
    return choose_parse(shipped_lexicon(), word).stem


@lru_cache(maxsize=_CACHE_SIZE)
def _russian_stem(word: str) -> str:
    if _KAZAKH.search(word):
        return _kazakh_stem(word)
    if not _CYRILLIC.fullmatch(word):
        return word
    import snowballstemmer  # slow: loads every language

    # A new stemmer for each word: it stores the current word, so threads must not share it.
    return _RUSSIAN_MARK + str(snowballstemmer.stemmer("russian").stemWord(word.replace("ё", "е")))


def stems_of(text: str, language: str = "") -> str:
    """Return the stems of all words of a text in order, separated by spaces.

    `language` is the text's language (``kk``, ``kk-Latn``, ``kk-Arab``, ``ru``, ...). If it is empty, Cyrillic text
    with Kazakh letters is taken for Kazakh, other Cyrillic text for Russian. Words with Kazakh letters are always
    stemmed as Kazakh.

    >>> stems_of("Қалалардың мамандары", "kk")
    'қала маман'
    """
    return " ".join(_stems(text, language))


def stem_folded(word: str, language: str) -> str:
    """Return the stem of a folded word of a text in `language`, as in `stems_of`; empty if no letters are left.

    >>> stem_folded("қалалардың", "kk"), stem_folded("новости", "ru")
    ('қала', 'ruновост')
    """
    if _CYRILLIC.fullmatch(word):  # nearly every word; already folded
        return _kazakh_stem(word) if language.startswith("kk") else _russian_stem(word)
    return stems_of(word, language).replace(" ", "")


def _stems(text: str, language: str) -> Iterator[str]:
    if language.startswith("kk-"):
        text = to_cyrillic(text)
    folded = fold_for_search(text)
    kazakh = language.startswith("kk") or (not language and bool(_KAZAKH.search(folded)))
    return map(_kazakh_stem if kazakh else _russian_stem, _WORD.findall(folded))


def query_stems(word: str) -> tuple[str, ...]:
    """Return the stems that a query word may have in the archive, the most likely first, without duplicates.

    >>> query_stems("қалалардың"), query_stems("jańalyqtar")
    (('қала',), ('жаңалық', 'jańalyqtar'))
    """
    folded = fold_for_search(word)
    cyrillic = fold_for_search(to_cyrillic(word))
    return tuple(dict.fromkeys((_kazakh_stem(cyrillic), _russian_stem(folded))))


def stems_version() -> str:
    """Return the version of the rules and the lexicon; an index with another version must be rebuilt."""
    return f"{LEXICON_VERSION}-{shipped_lexicon().digest}"
