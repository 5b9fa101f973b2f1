"""Search over several archives as over one that holds all their articles."""

from newsarchive.search.several.archives import Archives, Part, Reading, databases
from newsarchive.search.several.ordering import BY_ADDRESS, BY_TIME, in_order, newest_first, selections_of

__all__ = [
    "BY_ADDRESS",
    "BY_TIME",
    "Archives",
    "Part",
    "Reading",
    "databases",
    "in_order",
    "newest_first",
    "selections_of",
]
