"""From the pages of an article to the Article: a pure function, the same bytes out for the same bytes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsarchive.extraction.article import extract_article
else:

    def __getattr__(name: str) -> object:
        """Load the extraction when it is asked for: it takes 50 MB, and many need only its identity."""
        if name != "extract_article":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from newsarchive.extraction.article import extract_article

        return extract_article


__all__ = ["extract_article"]
