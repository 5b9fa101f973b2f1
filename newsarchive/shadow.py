"""The shadow text that search looks in: each word folded, then each word's stem, the same at index and query time.

A shadow is the folded words of a text followed by as many stems, marked with their language: ``мектепке бардым
kkǂмектеп kkǂбар``. So one full-text column answers exact words, phrases, prefixes and stems, none of which can be
taken for another, and the n-th word of the text is the n-th word and the n-th stem of its shadow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from newsarchive.kazakh.scripts import fold, script_of, to_cyrillic

try:
    from newsarchive.kazakh.stems import stems_of
except ModuleNotFoundError:  # until the stemmer lands

    def stems_of(text: str, language: str) -> str:
        """The text itself."""
        return text


STEMMED = ("kk", "ru", "en")
"""Languages whose words get stems; texts in others are found by their words as they are."""

MARK = "ǂ"  # a letter to the tokenizer, but one that no newspaper prints

_COMBINING = "\u0300-\u036f\u064b-\u065f\u0670"
_FORMAT = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}{_FORMAT}])*")
"""A word in a text as it was printed, soft hyphens and combining marks and all."""
_FOLDED_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}])*")


def shadow_text(*, title: str, lead: str, body: str, authors: Sequence[str], language: str) -> tuple[str, str, str]:
    """The shadows of title, authors, and lead with body: what the archive keeps in `stems` (title, authors, body).

    >>> shadow_text(title="Пiкiр", lead="", body="", authors=["А. БЕК"], language="tr")
    ('пікір', 'а бек', '')
    """
    return (
        shadow_of(title, language),
        shadow_of("\n".join(authors), language),
        shadow_of(full_text(lead, body), language),
    )


def full_text(lead: str | None, body: str | None) -> str:
    """Lead and body as one text: the one whose words the body's shadow follows."""
    return "\n\n".join(part for part in (lead, body) if part)


def shadow_of(text: str, language: str | None) -> str:
    """The folded words of a text, then their marked stems where its language has a stemmer."""
    code = language_code(language)
    words = words_of(text, language)
    if code not in STEMMED:
        return " ".join(words)
    return " ".join([*words, *(stem_of(word, code) for word in words)])


def words_of(text: str, language: str | None = "") -> list[str]:
    """The words of a text, folded; Kazakh in Latin or Arabic letters comes out in Cyrillic.

    >>> words_of("Маман\\u00adдық — 5-сынып, Əлем!")
    ['мамандық', '5', 'сынып', 'әлем']
    >>> words_of("Qazaqstan halqy", "kk")
    ['қазақстан', 'халқы']
    """
    if language_code(language) == "kk" and script_of(text) in ("Latn", "Arab"):
        text = to_cyrillic(text)
    return _FOLDED_WORD.findall(fold(text))


def language_code(language: str | None) -> str:
    """The language without its script or country; a text of unknown language is taken for Kazakh.

    >>> language_code("kk-Latn"), language_code("ru_RU"), language_code(None)
    ('kk', 'ru', 'kk')
    """
    return re.split("[-_]", language.lower())[0] if language else "kk"


@lru_cache(maxsize=200_000)
def stem_of(word: str, code: str) -> str:
    """The marked stem of one folded word: the token that stands for it in a shadow."""
    return f"{code}{MARK}{''.join(stems_of(word, code).split()) or word}"


def query_words(text: str) -> list[tuple[str, ...]]:
    """The words of a query, each with the forms it may have in the index: as typed, and as Kazakh Cyrillic.

    >>> query_words("Qazaqstan"), query_words("сабақ-тар")
    ([('qazaqstan', 'қазақстан')], [('сабақ',), ('тар',)])
    """
    typed = words_of(text, "ru")
    if script_of(text) not in ("Latn", "Arab"):
        return [(word,) for word in typed]
    kazakh = words_of(text, "kk")
    if len(kazakh) != len(typed):
        return [(word,) for word in kazakh]
    return [tuple(dict.fromkeys(pair)) for pair in zip(typed, kazakh, strict=True)]


def query_stems(forms: Sequence[str], language: str = "") -> list[str]:
    """The stems that a query's word may have: in every language with a stemmer, or in the one that is asked for."""
    codes = [code for code in STEMMED if not language or code == language_code(language)]
    return list(dict.fromkeys(stem_of(form, code) for form in forms for code in codes))
