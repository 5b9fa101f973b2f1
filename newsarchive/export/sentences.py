"""Rule-based sentence splitting and tokenization of newspaper text in Cyrillic and Latin script."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(r"(?<![.!?…])[.!?…]++[»”\")\]]*+(?=\s++[«“\"(\[—–-]*+\s*+[^\Wa-zа-яёәғқңөұүһі_])")
_INITIAL = re.compile(r"(?:^|[\s.(«])[^\W\d_]\.$")
_ABBREVIATION = re.compile(
    r"[«(]?(?:т\.[бдп]|т\.с\.с|б\.з|жж?|ғғ?|гг?|вв?|ул|көш|обл|[ос]|мк|стр|бет|др|см|проф|акад)\.", re.I
)
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*%?|[^\W_]+(?:['’\u2010\u2011-][^\W_]+)*|(?:\.{3}|[^\w\s]|_)")


def split_sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph. Initials and common abbreviations do not end a sentence.

    >>> split_sentences("А. Бек келді. «Су көп», — деді ол. 2024 ж. басталды...")
    ['А. Бек келді.', '«Су көп», — деді ол.', '2024 ж. басталды...']
    """
    sentences, begin = [], 0
    for match in _END.finditer(paragraph):
        so_far = paragraph[begin : match.end()]
        last = so_far.rsplit(maxsplit=1)[-1]
        if match[0] == "." and (_INITIAL.search(so_far) or _ABBREVIATION.fullmatch(last)):
            continue
        sentences.append(so_far.strip())
        begin = match.end()
    rest = paragraph[begin:].strip()
    return [*sentences, rest] if rest else sentences


def tokenize(sentence: str) -> Iterator[tuple[str, bool]]:
    """Yield the tokens of a sentence, each with True if no space separates it from the previous one.

    >>> [token for token, glued in tokenize("3,5 млн. теңге – «QR-код»!")]
    ['3,5', 'млн', '.', 'теңге', '–', '«', 'QR-код', '»', '!']
    """
    end = -1
    for match in _TOKEN.finditer(sentence):
        yield match[0], match.start() == end
        end = match.end()
