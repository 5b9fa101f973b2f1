"""Search aware of Kazakh suffixes: hits, facets, hits over time and keywords in context, with read-only SQL."""

from newsarchive.search.counts import COUNTED, Facet, Line, Period
from newsarchive.search.hits import RANKED, Hit, plain
from newsarchive.search.marks import Part
from newsarchive.search.query import FilterError
from newsarchive.search.reading import Reading, count_hits, facets, hits_over, kwic, search, suggest
from newsarchive.search.selection import VISIBLE, Filters, Selection, select_articles

__all__ = [
    "COUNTED",
    "RANKED",
    "VISIBLE",
    "Facet",
    "FilterError",
    "Filters",
    "Hit",
    "Line",
    "Part",
    "Period",
    "Reading",
    "Selection",
    "count_hits",
    "facets",
    "hits_over",
    "kwic",
    "plain",
    "search",
    "select_articles",
    "suggest",
]
