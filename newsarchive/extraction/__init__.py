"""Extracts an Article from its pages. A pure function: the same input gives the same output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsarchive.extraction.article import extract_article
else:

    def __getattr__(name: str) -> object:
        """Load the extraction on first use: it takes 50 MB, and many modules need only its identity."""
        if name != "extract_article":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from newsarchive.extraction.article import extract_article

        return extract_article


__all__ = ["extract_article"]
