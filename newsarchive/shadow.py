"""The shadow text that search looks in: each word folded, then each word's stem, the same at index and query time.

A shadow is the folded words of a text followed by the marked stems of those that are not their own stem: ``ол мектепке
барды ǂмектеп ǂбар``. So one full-text column answers exact words, phrases, prefixes and stems, none of which can be
taken for another, and the n-th word of the text is the n-th word of its shadow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from newsarchive.kazakh import stems
from newsarchive.kazakh.scripts import fold, script_of
from newsarchive.kazakh.transliteration import to_cyrillic

STEMMED = ("kk", "ru")
"""Languages whose words get stems; texts in others are found by their words as they are."""

Shadow = tuple[str, str, str]
"""The search text of an article's title, authors, and lead with body."""

MARK = "ǂ"  # a letter to the tokenizer, but one that no newspaper prints

_COMBINING = "\u0300-\u036f\u064b-\u065f\u0670"
_FORMAT = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}{_FORMAT}])*")
"""A word in a text as it was printed, soft hyphens and combining marks and all."""
_FOLDED_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}])*")
_KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


def shadow_text(*, title: str, lead: str, body: str, authors: Sequence[str], language: str) -> tuple[str, str, str]:
    """The shadows of title, authors, and lead with body: what the archive keeps in `stems` (title, authors, body).

    >>> shadow_text(title="Пiкiрлер", lead="", body="", authors=["А. БЕК"], language="kk")
    ('пікірлер ǂпікір', 'а бек', '')
    """
    text = full_text(lead, body)
    code = language_code(language, title + text)
    return shadow_of(title, code), shadow_of("\n".join(authors), code), shadow_of(text, code)


def full_text(lead: str | None, body: str | None) -> str:
    """Lead and body as one text: the one whose words the body's shadow follows."""
    return "\n\n".join(part for part in (lead, body) if part)


def language_code(language: str | None, text: str) -> str:
    """The language without its script or country; where it is unknown, Kazakh or Russian by the letters of a text.

    >>> language_code("kk-Latn", ""), language_code("ru_RU", ""), language_code(None, "Қала")
    ('kk', 'ru', 'kk')
    """
    return re.split("[-_]", language.lower())[0] if language else "kk" if _KAZAKH.search(text) else "ru"


def shadow_of(text: str, code: str) -> str:
    """The folded words of a text, then the marked stems where its language has a stemmer."""
    words = words_of(text, code)
    if code not in STEMMED:
        return " ".join(words)
    found = [stem_of(word, code) for word in words]
    marked = [MARK + stem for word, stem in zip(words, found, strict=True) if stem != word]
    return " ".join([*words, *marked])


def words_of(text: str, code: str = "") -> list[str]:
    """The words of a text, folded; Kazakh in Latin or Arabic letters comes out in Cyrillic.

    >>> words_of("Маман\\u00adдық — 5-сынып, Əлем!")
    ['мамандық', '5', 'сынып', 'әлем']
    >>> words_of("Qazaqstan halqy", "kk")
    ['қазақстан', 'халқы']
    """
    if code == "kk" and script_of(text) in ("Latn", "Arab"):
        text = to_cyrillic(text)
    return _FOLDED_WORD.findall(fold(text))


@lru_cache(maxsize=1 << 16)  # a year of a newspaper has about as many words; some 20 MB
def stem_of(word: str, code: str) -> str:
    """The stem of one folded word, without a mark."""
    return (stems.stem_folded(word, code) if code in STEMMED else "") or word


def query_words(text: str) -> list[tuple[str, ...]]:
    """The words of a query, each with the forms it may have in the index: as typed, and as Kazakh Cyrillic.

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
    """Name the rules and the lexicon that stems come from."""
    return stems.stems_version()


def query_stems(word: str) -> tuple[str, ...]:
    """The stems that a query's folded word may have in the archive, without marks."""
    return tuple(stems.query_stems(word))


def stem_tokens(stem: str) -> tuple[str, str]:
    """The two tokens of the shadow that stand for a stem: the mark of its forms, and the stem as a word.

    >>> stem_tokens("мектеп")
    ('ǂмектеп', 'мектеп')
    """
    return MARK + stem, stem
