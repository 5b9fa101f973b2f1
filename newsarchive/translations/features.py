"""What two versions of an article in different languages have in common: names, numbers and Latin words. Pure."""

from __future__ import annotations

import re

from newsarchive.export.sentences import split_sentences
from newsarchive.reprints.sketches import skeletons

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[^\W\d_]+")
_START = 5
"""Letters of a name that its forms in both languages begin with."""


def features_of(text: str) -> frozenset[str]:
    """Return the numbers of a text, and the beginnings of the words with a capital inside a sentence.

    >>> sorted(features_of("Кеше Қасым Тоқаев 120 млн бөлді.") & features_of("Вчера Касым Токаев выделил 120 млн."))
    ['120', 'касим', 'токае']
    """
    found = {number.replace(",", ".") for number in _NUMBER.findall(text) if len(number) > 1}
    for line in text.split("\n"):
        for sentence in split_sentences(line):
            words = _WORD.findall(sentence)[1:]
            names = [word.lower() for word in words if word[0].isupper() and len(word) > 3]
            found.update(name[:_START] for name in skeletons(names))
    return frozenset(found)
