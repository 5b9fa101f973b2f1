"""Search aware of Kazakh suffixes: hits, facets, hits over time and keywords in context, with read-only SQL."""

from newsarchive.search.counts import COUNTED, Facet, Line, Period
from newsarchive.search.hits import RANKED, Hit, plain
from newsarchive.search.marks import Part
from newsarchive.search.query import DayError, FilterError
from newsarchive.search.reading import count_hits, facets, hits_over, keyed_kwic, kwic, search, suggest
from newsarchive.search.selection import VISIBLE, Filters, Selection, select_articles
from newsarchive.search.several import Reading
from newsarchive.search.spellings import Spelling, other_spellings
from newsarchive.search.tokens import Notice, query_notices

__all__ = [
    "COUNTED",
    "RANKED",
    "VISIBLE",
    "DayError",
    "Facet",
    "FilterError",
    "Filters",
    "Hit",
    "Line",
    "Notice",
    "Part",
    "Period",
    "Reading",
    "Selection",
    "Spelling",
    "count_hits",
    "facets",
    "hits_over",
    "keyed_kwic",
    "kwic",
    "other_spellings",
    "plain",
    "query_notices",
    "search",
    "select_articles",
    "suggest",
]
