"""The search text that is indexed: folded words, then stems, made the same way for articles and queries.

A search text is the folded words of a text, followed by the marked stems of the words that differ from their stem:
``ол мектепке барды ǂмектеп ǂбар``. One full-text column thus finds exact words, phrases, prefixes and stems without
confusing them, and the n-th word of the text is the n-th word of its search text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from newsarchive.kazakh import stems
from newsarchive.kazakh.scripts import fold_for_search, script_of
from newsarchive.kazakh.transliteration import to_cyrillic

STEMMED = ("kk", "ru")
"""Languages with a stemmer; texts in other languages are found by exact words only."""

SearchText = tuple[str, str, str]
"""The search text of an article's title, authors, and lead with body."""

MARK = "ǂ"  # a letter for the tokenizer, but one that newspapers do not print

_COMBINING = "\u0300-\u036f\u064b-\u065f\u0670"
_FORMAT = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}{_FORMAT}])*")
"""A word as printed, including soft hyphens and combining marks."""
_FOLDED_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}])*")
_KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


def make_search_text(*, title: str, lead: str, body: str, authors: Sequence[str], language: str) -> SearchText:
    """Return the search texts of title, authors, and lead with body, as stored in `stems` (title, authors, body).

    >>> make_search_text(title="Пiкiрлер", lead="", body="", authors=["А. БЕК"], language="kk")
    ('пікірлер ǂпікір', 'а бек', '')
    """
    text = full_text(lead, body)
    code = language_code(language, title + text)
    return search_text_of(title, code), search_text_of("\n".join(authors), code), search_text_of(text, code)


def full_text(lead: str | None, body: str | None) -> str:
    """Join lead and body into the text that the search text of the body is made of."""
    return "\n\n".join(part for part in (lead, body) if part)


def language_code(language: str | None, text: str) -> str:
    """Return the language without script or country; if unknown, Kazakh or Russian by the letters of the text.

    >>> language_code("kk-Latn", ""), language_code("ru_RU", ""), language_code(None, "Қала")
    ('kk', 'ru', 'kk')
    """
    return re.split("[-_]", language.lower())[0] if language else "kk" if _KAZAKH.search(text) else "ru"


def search_text_of(text: str, code: str) -> str:
    """Return the search text of a text: its folded words, then marked stems if its language has a stemmer."""
    words = words_of(text, code)
    if code not in STEMMED:
        return " ".join(words)
    stems_of_words = [stem_of(word, code) for word in words]
    marked = [MARK + stem for word, stem in zip(words, stems_of_words, strict=True) if stem != word]
    return " ".join([*words, *marked])


def words_of(text: str, code: str = "") -> list[str]:
    """Return the folded words of a text; Kazakh in Latin or Arabic script is transliterated to Cyrillic.

    >>> words_of("Маман\\u00adдық — 5-сынып, Əлем!")
    ['мамандық', '5', 'сынып', 'әлем']
    >>> words_of("Qazaqstan halqy", "kk")
    ['қазақстан', 'халқы']
    """
    if code == "kk" and script_of(text) in ("Latn", "Arab"):
        text = to_cyrillic(text)
    return _FOLDED_WORD.findall(fold_for_search(text))


@lru_cache(maxsize=1 << 16)  # about as many distinct words as a newspaper prints in a year; some 20 MB
def stem_of(word: str, code: str) -> str:
    """Return the stem of a folded word, without the mark."""
    return (stems.stem_folded(word, code) if code in STEMMED else "") or word


def query_words(text: str) -> list[tuple[str, ...]]:
    """Return the words of a query, each with its possible forms in the index: as typed, and in Kazakh Cyrillic.

    >>> query_words("Qazaqstan"), query_words("сабақ-тар")
    ([('qazaqstan', 'қазақстан')], [('сабақ',), ('тар',)])
    """
    typed = words_of(text)
    if script_of(text) not in ("Latn", "Arab"):
        return [(word,) for word in typed]
    kazakh = words_of(text, "kk")
    if len(kazakh) != len(typed):
        return [(word,) for word in kazakh]
    return [tuple(dict.fromkeys(pair)) for pair in zip(typed, kazakh, strict=True)]


def stems_version() -> str:
    """Return the version of the rules and lexicon that stems are made with."""
    return stems.stems_version()


def query_stems(word: str) -> tuple[str, ...]:
    """Return the stems that a folded query word may have in the archive, without marks."""
    return tuple(stems.query_stems(word))


def stem_tokens(stem: str) -> tuple[str, str]:
    """Return the two tokens that stand for a stem in a search text: the marked stem, and the stem as a word.

    >>> stem_tokens("мектеп")
    ('ǂмектеп', 'мектеп')
    """
    return MARK + stem, stem
