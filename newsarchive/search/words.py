"""Words of the full-text index: those that begin with a prefix, and the forms of a word."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from sqlite_utils import Database

from newsarchive.search.query import Term
from newsarchive.text.search_text import MARK, STEMMED, stem_of

MOST_FORMS = 20_000
"""Maximum number of words of the index that are examined for being a form of a word."""

# Jumps from each word to the next, without reading the positions in between.
_WORDS = """
with recursive words(word) as (
    select (select term from stems_places where term >= :first and term < :last limit 1)
    union all
    select (select term from stems_places where term >= words.word || char(1) and term < :last limit 1)
    from words where words.word is not null limit :most)
select word from words where word is not null
"""


def words_with(db: Database, prefix: str, *, most: int) -> Iterator[str]:
    """Yield the words of the index that begin with a prefix, in order, at most `most`."""
    last = prefix + "\U0010ffff"
    rows = db.conn.execute(_WORDS, {"first": prefix, "last": last, "most": most + 1})
    yield from itertools.islice((word for (word,) in rows), most)


def forms_of(db: Database, term: Term) -> list[list[str]]:
    """Return for each word of a term the words of the index that stand for it: forms, or words with the prefix."""
    stems = term.stems() or [frozenset[str]()] * len(term.words)
    found = []
    for number, (variants, wanted) in enumerate(zip(term.words, stems, strict=True)):
        forms = dict.fromkeys(variants)
        if term.prefix and number == len(term.words) - 1:
            forms |= dict.fromkeys(w for v in variants for w in words_with(db, v, most=MOST_FORMS))
        for stem in wanted:
            forms |= dict.fromkeys(_forms_with(db, stem))
        found.append(list(forms))
    return found


def _forms_with(db: Database, stem: str) -> Iterator[str]:
    plain = stem.removeprefix("ru")
    # Suffixes may change the last two letters of a stem, as in орын – орны and отец – отца.
    start = plain[: max(2, len(plain) - 2)]
    for begin in dict.fromkeys((start, start.replace("е", "ё"))):
        for word in words_with(db, begin, most=MOST_FORMS):
            if not word.startswith(MARK) and (word == stem or any(stem_of(word, code) == stem for code in STEMMED)):
                yield word
