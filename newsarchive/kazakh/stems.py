"""Stems for search: every form of a word by one short form, the same when an article is stored and when it is sought.

A word's stem depends on the word and the language of its text: Kazakh rules, or Snowball's for Russian, whose stems
are marked so that they do not meet Kazakh ones by accident. A query does not know the language of what it looks
for: `query_stems` gives the stems its word has in any language.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from .lexicon import LEXICON_VERSION, choose_parse, shipped_lexicon
from .scripts import fold
from .transliteration import to_cyrillic

_WORD = re.compile(r"[^\W_]+")
_KAZAKH = re.compile("[әғқңөұүһі]")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]+")
_RUSSIAN_MARK = "ru"
_LONGEST = 40
_SEEN = 1 << 16  # words kept, some 20 MB; a year of a newspaper has about as many


def stem(word: str) -> str:
    """Stem of one Kazakh word, Cyrillic; other words come back folded.

    >>> stem("қалаларымыздағы"), stem("Мамандығы")
    ('қала', 'мамандық')
    """
    return _kazakh_stem(fold(word))


@lru_cache(maxsize=_SEEN)
def _kazakh_stem(word: str) -> str:
    if len(word) > _LONGEST or not _CYRILLIC.fullmatch(word):
        return word
    return choose_parse(shipped_lexicon(), word).stem


@lru_cache(maxsize=_SEEN)
def _russian_stem(word: str) -> str:
    if _KAZAKH.search(word):
        return _kazakh_stem(word)
    if not _CYRILLIC.fullmatch(word):
        return word
    import snowballstemmer  # loads every language it knows

    # A new stemmer each time: it holds the word it works on, and two threads would share it.
    return _RUSSIAN_MARK + str(snowballstemmer.stemmer("russian").stemWord(word.replace("ё", "е")))


def stems_of(text: str, language: str = "") -> str:
    """Stems of all words of a text in order, with a space between.

    `language` is that of the text (``kk``, ``kk-Latn``, ``kk-Arab``, ``ru``, ...). Where it is unknown, Cyrillic
    text with a Kazakh letter is Kazakh, other Cyrillic text Russian. Words with a Kazakh letter are Kazakh in any
    text.

    >>> stems_of("Қалалардың мамандары", "kk")
    'қала маман'
    """
    return " ".join(_stems(text, language))


def stem_folded(word: str, language: str) -> str:
    """Stem of one folded word of a text in this language, as `stems_of` gives it; empty where no letter is left.

    >>> stem_folded("қалалардың", "kk"), stem_folded("новости", "ru")
    ('қала', 'ruновост')
    """
    if _CYRILLIC.fullmatch(word):  # nearly every word: nothing is left to fold
        return _kazakh_stem(word) if language.startswith("kk") else _russian_stem(word)
    return stems_of(word, language).replace(" ", "")


def _stems(text: str, language: str) -> Iterator[str]:
    if language.startswith("kk-"):
        text = to_cyrillic(text)
    folded = fold(text)
    kazakh = language.startswith("kk") or (not language and bool(_KAZAKH.search(folded)))
    return map(_kazakh_stem if kazakh else _russian_stem, _WORD.findall(folded))


def query_stems(word: str) -> tuple[str, ...]:
    """Give the stems a sought word may have in the archive, the likeliest first, each once.

    >>> query_stems("қалалардың"), query_stems("jańalyqtar")
    (('қала',), ('жаңалық', 'jańalyqtar'))
    """
    folded = fold(word)
    cyrillic = fold(to_cyrillic(word))
    return tuple(dict.fromkeys((_kazakh_stem(cyrillic), _russian_stem(folded))))


def stems_version() -> str:
    """Name the rules and the lexicon that stems come from; an index with another name is to be made anew."""
    return f"{LEXICON_VERSION}-{shipped_lexicon().digest}"
