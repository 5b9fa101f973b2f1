"""Records of the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage of an article, by its words, the words around it, and its place in the article's text.

    The text is that of `anchoring.text_of`. An empty quotation stands for the whole article.
    """

    quotation: str = ""
    before: str = ""
    after: str = ""
    start: int | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """A mark, a note or tags on an article or a passage of it. Times are UTC."""

    uuid: str
    url: str
    """The article's canonical URL, or the name that stands for it in an export (`exchange.veiled`)."""
    site: str = ""
    passage: Passage = field(default_factory=Passage)
    seen: str = ""
    """When the archive first saw the revision that the note was written on."""
    words: str = ""
    """What the person wrote."""
    tags: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Articles that the person put together: URLs, with the times at which they were added."""

    uuid: str
    name: str
    about: str = ""
    articles: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    modified: str = ""


@dataclass(frozen=True, kw_only=True)
class SavedSearch:
    """A search to repeat: `query` is the query string of the search page."""

    uuid: str
    name: str
    query: str
    created: str = ""
