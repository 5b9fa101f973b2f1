"""Records that flow through the archive, from what a listing says to what a page gives.

Times are text as the archive stores them: UTC ISO 8601 with ``Z`` (``2025-02-18T09:35:00Z``), or a bare
date (``2025-02-18``, a day in the site's own zone) where only the day is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from newsarchive.errors import NewsArchiveError


@dataclass(kw_only=True, frozen=True, slots=True)
class Page:
    """One HTTP response as bytes: `headers` have lower-case names, `body` is still content-encoded if they say so."""

    url: str
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    """Why it did not come whole, in words; empty where it did."""
    tls: str = ""
    """What the TLS certificate was worth, where a recording says so."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Author:
    """Who signs: `role` is ``author``, ``desk`` (the newsroom's account) or ``photo``."""

    name: str
    """In normal capitals: Аида Рахымқұлова."""
    as_written: str
    """As the page has it: Аида РАХЫМҚҰЛОВА."""
    role: str = "author"


@dataclass(kw_only=True, frozen=True, slots=True)
class Image:
    """A picture of the article: `url` is the largest version the page offers, `shown` the address it shows."""

    url: str
    shown: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    lead: bool = False


@dataclass(kw_only=True, frozen=True, slots=True)
class Hints:
    """What a listing said of one article; empty where it said nothing."""

    title: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: Image | None = None
    language: str = ""
    kind: str = ""
    """What the source calls it, such as WordPress' ``post`` or ``page``; empty where it does not say."""
    words: int = 0
    """Words of its text on all its pages; 0 where the listing does not say."""
    fingerprints: tuple[str, ...] = ()
    """Of that text's paragraphs (newsarchive.fingerprints)."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Listed:
    """One URL on a listing."""

    url: str
    lastmod: str = ""
    """When the source says that it last changed; empty where it does not say."""
    hints: Hints = field(default_factory=Hints)
    native_id: str = ""
    """The source's own stable number or guid for it, such as WordPress' post ID."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Lost:
    """What a listing names by an address that is none: an article, or a further listing."""

    url: str
    reason: str
    listing: bool = False


@dataclass(kw_only=True, frozen=True, slots=True)
class Listing:
    """What one listing page gave: articles, and further listings to read (next pages, nested sitemaps)."""

    articles: tuple[Listed, ...] = ()
    listings: tuple[str, ...] = ()
    lastmods: tuple[str, ...] = ()
    """When each of `listings` last changed, in the same order, where an index says it."""
    total: int | None = None
    """How many articles the source says it has in all (X-WP-Total), if it says so."""
    cut: str = ""
    """Why this is not all that the page has, in words; empty where it is."""
    lost: tuple[Lost, ...] = ()


@dataclass(kw_only=True, frozen=True, slots=True)
class Article:
    """An article as its page and its listing give it; empty text and empty tuples where they do not say."""

    url: str
    """The canonical URL by the page itself (rel=canonical on the site), else the one it was fetched from."""
    site: str
    title: str
    lead: str = ""
    """The standfirst where the page shows one apart from the body."""
    body: str = ""
    """Paragraphs separated by a blank line."""
    markdown: str = ""
    """The whole article as Markdown, from its `# title` on."""
    language: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[Author, ...] = ()
    images: tuple[Image, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    evidence: dict[str, str] = field(default_factory=dict)
    """Where each field came from: ``{"title": "json-ld", "authors": "by-line", "body": "trafilatura:fast"}``."""
    more_pages: tuple[str, ...] = ()
    """Further pages of this article that were not among those given, in order."""


class NotKept(NewsArchiveError):
    """An answer could not be stored, so nothing may be concluded from it; the message says why."""


class NotAnArticle(NewsArchiveError):
    """The page holds no article; `reason` is a short phrase that the archive keeps beside the URL."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: not an article: {reason}")
        self.url = url
        self.reason = reason

    def __reduce__(self) -> tuple[type[NotAnArticle], tuple[str, str]]:
        return type(self), (self.url, self.reason)


@dataclass(kw_only=True, frozen=True, slots=True)
class Capture:
    """One HTTP response kept in a WARC file: where its response record begins and how long it is."""

    url: str
    time: str
    status: int
    sha256: str
    """Of the payload as WARC means it: the body as it came, before any content decoding."""
    warc: str
    """File name inside the archive's `warc/` folder."""
    offset: int
    length: int
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    refers_to: int | None = None
    """For a revisit: the number of the capture that holds the payload; None: its own record does."""
    tls: str | None = None
    """`valid`, or why the TLS certificate was not; None: it came without TLS, or nobody looked."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Original:
    """The capture (its number, and where it is kept) that holds a payload which came again."""

    capture: int
    url: str
    warc: str
    offset: int


@dataclass(kw_only=True, frozen=True, slots=True)
class WantedPicture:
    """A picture to be had: the page that shows it, and the hosts (with port) that the page shows pictures from.

    `shown`: a version smaller than the largest, as the page shows it; kept as a capture, for replay, not as a file.
    """

    url: str
    page: str
    hosts: frozenset[str]
    etag: str = ""
    last_modified: str = ""
    """Validators of the file that is kept already."""
    shown: bool = False


@dataclass(kw_only=True, slots=True)
class FetchedPicture:
    """What a request for a picture brought.

    `state` is ``fetched`` (bytes to be read), ``same`` (the host says that it has not changed), ``failed`` (may be had
    another time) or ``refused``, with a `reason`.
    """

    wanted: WantedPicture
    state: str
    reason: str = ""
    body: bytes = b""
    capture: Capture | None = None


@dataclass(kw_only=True, frozen=True, slots=True)
class ListingRequest:
    """A listing to be read: of which kind of source, and for which task of the plan."""

    kind: str
    url: str
    task: str = "walk"
    source: str = ""
    """Where its source begins: the source's own address."""
    headers: tuple[tuple[str, str], ...] = ()
    depth: int = 0
    """How many listings led to it."""


@dataclass(kw_only=True, slots=True)
class Fetched:
    """A page that was fetched to become an article: `urls` are its addresses, the requested one first."""

    site: str
    urls: tuple[str, ...]
    pages: tuple[Page, ...]
    captures: tuple[Capture, ...]
    hints: Hints = field(default_factory=Hints)


@dataclass(kw_only=True, frozen=True, slots=True)
class Reading:
    """What today's extractor makes of the captures of a stored revision.

    `outcome` is ``same`` (what is stored), ``changed`` (then `article` is there), ``not_article`` or ``failed``.
    """

    outcome: str
    article: Article | None = None
    reason: str = ""
    """Why it makes none."""


@dataclass(kw_only=True, slots=True)
class Extracted:
    """What came of a fetched page: an article with its search text, or why there is none.

    `outcome` is ``article``, ``not_article``, ``missing`` (a sign that it is gone) or ``failed``.
    """

    fetched: Fetched
    outcome: str
    article: Article | None = None
    reason: str = ""
    shadow: tuple[str, str, str] = ("", "", "")
    extractor: str = ""
    """Name and version of what extracted it."""
    options_digest: str = ""
    readings: dict[int, Reading] = field(default_factory=dict)
    """Of the stored revisions that the article is compared with and that another extractor made, by their numbers."""
