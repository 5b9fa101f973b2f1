"""Sentences and tokens of newspaper text, by plain rules for Cyrillic and Latin."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(r"(?<![.!?…])[.!?…]++[»”\")\]]*+(?=\s++[«“\"(\[—–-]*+\s*+[^\Wa-zа-яёәғқңөұүһі_])")
_INITIAL = re.compile(r"(?:^|[\s.(«])[^\W\d_]\.$")
_SHORT = re.compile(
    r"[«(]?(?:т\.[бдп]|т\.с\.с|б\.з|жж?|ғғ?|гг?|вв?|ул|көш|обл|[ос]|мк|стр|бет|др|см|проф|акад)\.", re.I
)
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*%?|[^\W_]+(?:['’\u2010\u2011-][^\W_]+)*|(?:\.{3}|[^\w\s]|_)")


def split_sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph. Initials and common short forms end none.

    >>> split_sentences("А. Бек келді. «Су көп», — деді ол. 2024 ж. басталды...")
    ['А. Бек келді.', '«Су көп», — деді ол.', '2024 ж. басталды...']
    """
    sentences, begin = [], 0
    for match in _END.finditer(paragraph):
        so_far = paragraph[begin : match.end()]
        last = so_far.rsplit(maxsplit=1)[-1]
        if match[0] == "." and (_INITIAL.search(so_far) or _SHORT.fullmatch(last)):
            continue
        sentences.append(so_far.strip())
        begin = match.end()
    rest = paragraph[begin:].strip()
    return [*sentences, rest] if rest else sentences


def tokenize(sentence: str) -> Iterator[tuple[str, bool]]:
    """The tokens of a sentence, each with whether it follows the one before without a space.

    >>> [token for token, glued in tokenize("3,5 млн. теңге – «QR-код»!")]
    ['3,5', 'млн', '.', 'теңге', '–', '«', 'QR-код', '»', '!']
    """
    end = -1
    for match in _TOKEN.finditer(sentence):
        yield match[0], match.start() == end
        end = match.end()
