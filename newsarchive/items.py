"""Records that are passed between the parts of the program, from listings to articles.

Times are text, as stored in the archive: UTC ISO 8601 with ``Z`` (``2025-02-18T09:35:00Z``), or a bare date
(``2025-02-18``, a day in the site's time zone) if only the day is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from newsarchive.errors import NewsArchiveError

MOST_PAGES = 60
"""Maximum number of pages of one article."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Page:
    """One HTTP response. Header names are lower-case; `body` is still encoded as its Content-Encoding says."""

    url: str
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    """Why the response is truncated; empty if it is complete."""
    tls: str = ""
    """The result of the TLS certificate check, if a recording states it."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Author:
    """A name in a byline: `role` is ``author``, ``desk`` (the newsroom) or ``photo``."""

    name: str
    """In normal capitalization: Аида Рахымқұлова."""
    as_written: str
    """As printed on the page: Аида РАХЫМҚҰЛОВА."""
    role: str = "author"


@dataclass(kw_only=True, frozen=True, slots=True)
class Image:
    """An image of an article: `url` is the largest version on offer, `shown` the URL that the page displays."""

    url: str
    shown: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    lead: bool = False


@dataclass(kw_only=True, frozen=True, slots=True)
class Hints:
    """What a listing states about one article; empty fields are not stated."""

    title: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: Image | None = None
    language: str = ""
    kind: str = ""
    """The source's own type, such as WordPress' ``post`` or ``page``; empty if not stated."""
    words: int = 0
    """Number of words in the text, on all pages; 0 if not stated."""
    fingerprints: tuple[str, ...] = ()
    """Fingerprints of the paragraphs of that text (newsarchive.text.fingerprints)."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Listed:
    """One URL on a listing."""

    url: str
    lastmod: str = ""
    """When it last changed, according to the source; empty if not stated."""
    hints: Hints = field(default_factory=Hints)
    native_id: str = ""
    """The source's stable ID, such as a WordPress post ID or a guid."""


@dataclass(kw_only=True, frozen=True, slots=True)
class InvalidEntry:
    """An article or listing that a listing names by an invalid URL."""

    url: str
    reason: str
    listing: bool = False


@dataclass(kw_only=True, frozen=True, slots=True)
class Listing:
    """The content of one listing page: articles, and further listings to read (next pages, nested sitemaps)."""

    articles: tuple[Listed, ...] = ()
    listings: tuple[str, ...] = ()
    lastmods: tuple[str, ...] = ()
    """When each of `listings` last changed, in the same order, if an index states it."""
    total: int | None = None
    """Total number of articles of the source (X-WP-Total), if stated."""
    cut: str = ""
    """Why the listing is truncated; empty if it is complete."""
    lost: tuple[InvalidEntry, ...] = ()
    alternatives: tuple[str, ...] = ()
    """Other URLs that may be the next page, to be tried if that in `listings` brings nothing new."""
    shapes: frozenset[str] = frozenset()
    """How the URLs of a listing page's articles are built: those on its last page may be too few to be recognized."""
    unfollowed: str = ""
    """What leads on from a listing page that is not followed: ``script``, ``days`` or ``issues``; empty if nothing."""
    elsewhere: frozenset[str] = frozenset()
    """Those of `listings` that may be read though they are on another host, since robots.txt names them."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Article:
    """An article extracted from its page and its listing; missing fields are empty."""

    url: str
    """The page's rel=canonical URL if it is on the site, else the URL it was fetched from."""
    site: str
    title: str
    lead: str = ""
    """The standfirst, if the page shows one above the body."""
    body: str = ""
    """Paragraphs separated by a blank line."""
    markdown: str = ""
    """The whole article as Markdown, beginning with `# title`."""
    language: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[Author, ...] = ()
    images: tuple[Image, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    """The source of each field: ``{"title": "json-ld", "authors": "by-line", "body": "trafilatura:names"}``; `omitted`
    lists what was left out of the text's element: ``{"rule": "read-more", "text": "Оқыңыз: …", "length": 52}``."""
    more_pages: tuple[str, ...] = ()
    """Further pages of this article, in order, that were not among the given pages."""


class NotKept(NewsArchiveError):
    """A response could not be stored, so it must not be used; the message says why."""


class NotAnArticle(NewsArchiveError):
    """The page is not an article; `reason` is a short phrase that is stored with the URL."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: not an article: {reason}")
        self.url = url
        self.reason = reason

    def __reduce__(self) -> tuple[type[NotAnArticle], tuple[str, str]]:
        return type(self), (self.url, self.reason)


class BlockPage(NotAnArticle):
    """In place of the article there is a page that keeps visitors out, such as a captcha."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Capture:
    """One HTTP response in a WARC file, with the offset and length of its response record."""

    url: str
    time: str
    status: int
    sha256: str
    """SHA-256 of the payload as WARC defines it: the body as received, before content decoding."""
    warc: str
    """File name in the archive's `warc/` folder."""
    offset: int
    length: int
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    refers_to: int | None = None
    """For a revisit record, the number of the capture with the payload; None if this record has it."""
    tls: str | None = None
    """``valid``, or why the TLS certificate was invalid; None without TLS or if it was not checked."""
    truncated: str | None = None
    """Why the body is incomplete; None if it is complete."""
    source: str | None = None
    """The URL of the copy in a public archive that it was taken from; None if it came from the site itself."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Original:
    """The capture that holds a repeated payload: its number and location."""

    capture: int
    url: str
    warc: str
    offset: int


@dataclass(kw_only=True, frozen=True, slots=True)
class ImageToDownload:
    """An image to download, the page that shows it, and the hosts (with port) of that page's images.

    `shown` marks the smaller version that the page displays; it is stored as a capture for replay, not as a file.
    """

    url: str
    page: str
    hosts: frozenset[str]
    etag: str = ""
    last_modified: str = ""
    """Validators of the file that is already stored."""
    shown: bool = False


@dataclass(kw_only=True, slots=True)
class FetchedImage:
    """The result of a request for an image.

    `state` is ``fetched`` (with a body), ``same`` (304 Not Modified), ``failed`` (to be retried) or ``refused``; the
    last two have a `reason`.
    """

    wanted: ImageToDownload
    state: str
    reason: str = ""
    body: bytes = b""
    capture: Capture | None = None


@dataclass(kw_only=True, frozen=True, slots=True)
class ListingRequest:
    """A listing to read: the kind of its source, and the task of the plan that needs it."""

    kind: str
    url: str
    task: str = "walk"
    source: str = ""
    """The URL at which its source starts."""
    headers: tuple[tuple[str, str], ...] = ()
    depth: int = 0
    """The number of listings read before it."""
    elsewhere: bool = False
    """True if it may be on a host that is not the site's, since robots.txt names it."""


@dataclass(kw_only=True, slots=True)
class Fetched:
    """A page fetched as an article: `urls` are its URLs, the requested one first."""

    site: str
    urls: tuple[str, ...]
    pages: tuple[Page, ...]
    captures: tuple[Capture, ...]
    hints: Hints = field(default_factory=Hints)


@dataclass(kw_only=True, frozen=True, slots=True)
class Reading:
    """What the current extractor makes of the captures of a stored revision.

    `outcome` is ``same`` (as stored), ``changed`` (with `article`), ``not_article`` or ``failed``.
    """

    outcome: str
    article: Article | None = None
    reason: str = ""
    """Why there is no article."""


@dataclass(kw_only=True, slots=True)
class Extracted:
    """The outcome for a fetched page: an article with its search text, or why there is none.

    `outcome` is ``article``, ``not_article``, ``missing`` (the page seems to be gone), ``forbidden`` (by robots.txt) or
    ``failed``.
    """

    fetched: Fetched
    outcome: str
    article: Article | None = None
    reason: str = ""
    kept_out: bool = False
    """True if the site keeps us out: a block page, or the status 401 or 403."""
    search_text: tuple[str, str, str] = ("", "", "")
    extractor: str = ""
    """Name and version of the extractor."""
    options_digest: str = ""
    readings: dict[int, Reading] = field(default_factory=dict)
    """Readings of the stored revisions to compare with that another extractor made, by revision number."""
