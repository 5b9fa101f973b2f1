"""Other spellings of names: Russian ones of Kazakh names, and Kazakh ones of names spelled as in Russian.

Токаев is Тоқаев in Kazakh. Folding қ to к and ү, ұ to у would also join everyday words (тұз, түз, туз), so a spelling
counts only if the archive prints it as names are printed, with a capital within a sentence. Nothing counts by it:
a person is told of it and chooses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Unpack

from sqlite_utils import Database

from newsarchive.search.marks import Text, terms_to_mark
from newsarchive.search.query import Group, Term
from newsarchive.search.reading import count_hits
from newsarchive.search.selection import Filters, Selection, select_articles
from newsarchive.search.several import Reading, databases
from newsarchive.search.tokens import read_tokens
from newsarchive.search.words import words_with
from newsarchive.text.search_text import WORD, full_text, query_stems, query_words

SHORTEST = 3
"""Least number of letters of a name that is looked for in other spellings."""
EXAMINED, OCCURRENCES = 8, 40
"""Number of newest articles, and of occurrences in them, by which a word is judged to be a name."""
MOST_SPELLINGS = 4
_MOST_STARTS = 300
"""Maximum number of beginnings that are followed at once in the index."""

_UNITS = (
    ("а", "а ә я"), ("и", "і и ы иі ій ый"), ("у", "у ұ ү ю"), ("о", "о ө"), ("е", "е э ё"), ("к", "к қ кк ққ"),
    ("г", "г ғ"), ("н", "н ң нн"), ("х", "х һ хх"), ("л", "л ль лл"), ("ж", "ж дж"), ("м", "м мм"), ("с", "с сс"),
    ("т", "т тт"), ("д", "д дд"), ("р", "р рр"), ("б", "б бб"), ("з", "з"), ("й", "й"),
)  # fmt: skip
_SPELLINGS = {unit: tuple(spellings.split()) for unit, spellings in _UNITS}
_DIGRAPHS = (("дж", "ж"), ("ья", "ия"), ("ье", "ие"), ("ью", "ию"), ("ь", ""), ("ъ", ""))
_FOLDED = str.maketrans("әяіыұүюөэёқғңһ", "ааииуууоеекгнх")
_SENTENCE_ENDS, _OPENERS = ".!?…:;", '\n«“"(–—-'


class Spelling(NamedTuple):
    """A query with names in their other spelling, and the number of articles that it finds."""

    query: str
    articles: int


def name_key(word: str) -> str:
    """Return what all spellings of a name have in common.

    >>> name_key("тоқаев") == name_key("токаев"), name_key("гульнара") == name_key("гүлнара")
    (True, True)
    >>> name_key("ильяс") == name_key("ілияс"), name_key("омаров") == name_key("умаров")
    (True, False)
    """
    for letters, kept in _DIGRAPHS:
        word = word.replace(letters, kept)
    folded = word.translate(_FOLDED)
    return re.sub(r"(\w)\1+", r"\1", folded.replace("ий", "и"))


def other_spellings(db: Reading, query: str, **filters: Unpack[Filters]) -> list[Spelling]:
    """Return the query with its names as the archive also spells them, the one with the most articles first.

    Empty if the query has no such names. The query itself is not among them. Raises FilterError.
    """
    pieces = _words_of(query)
    rewritten = query
    for start, end, alternatives in reversed(pieces):
        word = query[start:end]
        found = _names_like(databases(db), word)[:alternatives]
        if found:
            choice = " OR ".join(_as_typed(word, name) for name in found)
            rewritten = rewritten[:start] + (f"({choice})" if len(found) > 1 else choice) + rewritten[end:]
    if rewritten == query:
        return []
    articles = count_hits(db, rewritten, **filters)
    return [Spelling(rewritten, articles)] if articles else []


def _words_of(query: str) -> list[tuple[int, int, int]]:
    """Return the Cyrillic words of a query that may be names: start, end, and the number of alternatives allowed there.

    Left out are prefixes and what is excluded.
    """
    places: list[tuple[int, int, int]] = []
    excluded = False
    for token in read_tokens(query):
        kind = "phrase" if token["phrase"] is not None else "word"
        text = token[kind] or ""
        if not excluded and not text.endswith("*") and not token["star"]:
            found = [match.span() for match in WORD.finditer(text) if _NAME_LIKE.fullmatch(match[0].casefold())]
            most = 1 if kind == "phrase" or len(WORD.findall(text)) > 1 else MOST_SPELLINGS
            places += [(token.start(kind) + start, token.start(kind) + end, most) for start, end in found]
        excluded = bool(token["minus"]) or token["word"] == "NOT"
    return places if "NEAR(" not in query else []  # such a query is read in another form


_NAME_LIKE = re.compile(f"[а-яёәғқңөұүһі]{{{SHORTEST},}}")


def _as_typed(word: str, name: str) -> str:
    return name.upper() if word.isupper() and len(word) > 1 else name.capitalize() if word[:1].isupper() else name


def _names_like(dbs: Iterable[Database], word: str) -> list[str]:
    """Return the other spellings of a word that archives print as names, the most frequent first."""
    found: Counter[str] = Counter()
    for db in dbs:
        names = _names_in(db, word)
        if names is None:
            return []
        found.update(names)
    return sorted(found, key=lambda name: (-found[name], name))[:MOST_SPELLINGS]


def _names_in(db: Database, word: str) -> dict[str, int] | None:
    """Return the other spellings of a word in one archive, with their articles; None if it is an everyday word."""
    ((typed, *_),) = query_words(word)
    selection = select_articles(db, typed)
    if next(selection.rows(db, "$key", limit=1), None) is not None and not _is_name(db, selection, typed):
        return None
    stems = {stem.removeprefix("ru") for stem in query_stems(typed)} | {typed}
    keys = {name_key(stem) for stem in stems if len(stem) >= SHORTEST}
    found: dict[str, int] = {}
    for stem in sorted(stems, key=len, reverse=True):
        if len(stem) < SHORTEST:
            continue
        for spelling in _spelled(db, name_key(stem)):
            if spelling not in stems and not _has_stem(spelling, stems) and name_key(spelling) in keys:
                articles = _articles_naming(db, spelling)
                if articles and not any(_has_stem(spelling, {other}) for other in found):
                    found[spelling] = articles
        if found:
            break
    return found


def _has_stem(word: str, stems: set[str]) -> bool:
    return bool({stem.removeprefix("ru") for stem in query_stems(word)} & stems)


def _spelled(db: Database, key: str) -> Iterator[str]:
    """Yield the beginnings of words in the index whose key is `key`, followed letter by letter through the index."""
    starts = {""}
    for letter in key:
        longer = {start + spelling for start in starts for spelling in _SPELLINGS.get(letter, (letter,))}
        starts = {start for start in longer if next(words_with(db, start, most=1), None) is not None}
        if not starts or len(starts) > _MOST_STARTS:
            return
    yield from sorted(starts)


def _articles_naming(db: Database, word: str) -> int:
    """Return the number of articles with a word in any form if the archive prints it as a name, else 0."""
    selection = select_articles(db, word)
    if not _is_name(db, selection, word):
        return 0
    return int(next(selection.rows(db, "count(*)"))[0])


def _is_name(db: Database, selection: Selection, word: str) -> bool:
    ((typed, *_),) = query_words(word)
    terms = terms_to_mark(Group("and", (Term(((typed,),)),)), field="body")
    capital = within = places = 0
    rows = list(selection.rows(db, "o.article", order="$key desc", limit=EXAMINED))
    for (article,) in rows:
        row = db.conn.execute(_TEXT, (article,)).fetchone()
        text = Text(full_text(row[0], row[1]), row[2], row[3])
        for start, _ in text.hits(terms):
            begin, end = text.spans[start]
            printed = text.text[begin:end]
            places += 1
            capital += printed[:1].isupper()
            within += printed[:1].isupper() and not _begins_sentence(text.text[max(0, begin - 6) : begin])
            if places >= OCCURRENCES:
                break
    if not places:  # only in titles or among authors, who are names
        return bool(rows) and next(select_articles(db, f"author:{word}").rows(db, "$key", limit=1), None) is not None
    return capital >= 0.9 * places and within > 0


_TEXT = "select a.lead, a.body, s.body, a.language from articles a join stems s on s.id = a.id where a.id = ?"


def _begins_sentence(before: str) -> bool:
    """Return whether a word with this in front of it begins a sentence, a line, a quotation or an insertion.

    >>> [_begins_sentence(before) for before in ("", "бар. ", "деді: «", "бар ", "– ")]
    [True, True, True, False, True]
    """
    text = before.rstrip()
    opened = text.rstrip(_OPENERS + " \t")
    return not opened or opened[-1] in _SENTENCE_ENDS or opened != text or "\n" in before[len(text) :]
