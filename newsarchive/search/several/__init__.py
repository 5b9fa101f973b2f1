"""Search over several archives as over one that holds all their articles."""

from newsarchive.search.several.archives import Archives, Part

__all__ = ["Archives", "Part"]
