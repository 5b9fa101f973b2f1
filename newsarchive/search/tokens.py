"""Tokens of a search query, and notices on what in it is probably not meant as typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

COLUMNS = {"title": "title", "author": "authors", "body": "body"}
"""Fields whose words are in the full-text index, with their columns."""
LABELS = ("category", "tag", "site", "language", "removed", "added")
"""Fields that an article has or has not; the last two are words that an edit took away or added."""
_OTHER_NAMES = {
    "title": "headline тақырып заголовок",
    "author": "автор",
    "body": "text мәтін текст",
    "category": "айдар рубрика",
    "tag": "тег метка",
    "site": "сайт",
    "language": "lang тіл язык",
    "removed": "алынған убрано",
    "added": "қосылған добавлено",
}
FIELDS = {name: field for field in (*COLUMNS, *LABELS) for name in (field, *_OTHER_NAMES[field].split())}
"""Every name of a field, in English, Kazakh and Russian."""

MOST_APART = 1000
"""Largest distance of NEAR; a larger one is reduced to it."""
DEFAULT_APART = 10

_NAMES = "|".join(FIELDS)
TOKEN = re.compile(
    rf"""\s*(?:(?P<minus>-(?=[^\s-]))|(?P<open>\()|(?P<close>\))
    |(?P<near>NEAR(?=[\s()"“„«]|$)|(?i:NEAR)/(?P<apart>\d+)(?=[\s()"“„«]|$))
    |(?P<field>(?i:{_NAMES})):(?=\S)
    |(?P<spaced>(?i:{"|".join(name for name in FIELDS if name.isascii())})):\s+(?=[^\s:])
    |(?P<unknown>[^\W\d_A-ZА-ЯӘҒҚҢӨҰҮІҺЁ]{{2,}}):(?=["“„«(]|[^\W_])
    |["“”„«](?P<phrase>[^"“”«»]*)(?P<end>["“”»]?)(?P<star>\*?)
    |(?P<word>[^\s()"“”„«»]+)|(?P<other>.))""",
    re.VERBOSE,
)
_FUNCTION = re.compile(r"(?<![^\W_])NEAR\(([^()]*?)(?:,\s*(\d+)\s*)?\)")
_UNIT = re.compile(r'["“„«][^"“”«»]*["“”»]?\*?|[^\s,]+')

Token = re.Match[str]


@dataclass(frozen=True)
class Notice:
    """Something to tell the person who typed a query: ``field``, ``quote`` or ``star``, and the words concerned."""

    kind: str
    text: str

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(text=self.text)


_SENTENCES = {
    "field": f"There is no field “{{text}}:”, so its words were searched for everywhere."
    f" Fields: {', '.join(f'{name}:' for name in (*COLUMNS, *LABELS))}.",
    "quote": "A quotation mark was not closed; the phrase searched for is “{text}”.",
    "star": "The asterisk in “{text}” has no effect; it stands for any ending only at the end of a word.",
}


def read_tokens(text: str) -> list[Token]:
    """Return the tokens of a query; ``NEAR(a b, 5)``, the form of other programs, is read as ``a NEAR/5 b``."""
    return [match for match in TOKEN.finditer(_FUNCTION.sub(_infix, text)) if match["other"] is None]


def _infix(match: re.Match[str]) -> str:
    operator = f" NEAR/{match[2] or DEFAULT_APART} "
    return f"({operator.join(_UNIT.findall(match[1]))})"


def apart(token: Token) -> int:
    """Return the distance of a NEAR token, from 1 to `MOST_APART`."""
    digits = token["apart"]
    return DEFAULT_APART if digits is None else MOST_APART if len(digits) > 4 else max(1, min(int(digits), MOST_APART))


def field_of(token: Token) -> str:
    """Return the field that a token names, else an empty string.

    >>> [field_of(token) for token in read_tokens("Тег:су title: өзен foo:бар")]
    ['tag', '', 'title', '', '', '']
    """
    name = token["field"] or token["spaced"]
    return FIELDS[name.lower()] if name else ""


def query_notices(text: str) -> list[Notice]:
    """Return what to tell the person who typed a query.

    >>> [str(notice) for notice in query_notices('"су жол')]
    ['A quotation mark was not closed; the phrase searched for is “су жол”.']
    """
    found = []
    for token in read_tokens(text):
        if token["unknown"]:
            found.append(Notice("field", token["unknown"]))
        elif token["phrase"] and token["phrase"].strip() and not token["end"]:
            found.append(Notice("quote", token["phrase"].strip()))
        elif token["word"] and re.search(r"\*[^\W_]", token["word"]):
            found.append(Notice("star", token["word"]))
    return list(dict.fromkeys(found))
