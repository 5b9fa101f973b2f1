"""Takes the pages of one site from public archives: the Wayback Machine, and Common Crawl.

What was downloaded is kept in `backfill/` until it is imported, so that nothing is asked for twice.
"""

from __future__ import annotations

import json
import re
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin, urlsplit

from newsarchive.captures.http_messages import read_message
from newsarchive.captures.records import Damage, Member, read_members
from newsarchive.captures.writing import CaptureWriter, RecordedResponse, http_head
from newsarchive.importing.cdx import Listed, read_index
from newsarchive.importing.framing import Framed, read_warc_at
from newsarchive.importing.payloads import read_time
from newsarchive.importing.wayback import original_place
from newsarchive.importing.web import Answer, Unreachable, Web
from newsarchive.sites import Site
from newsarchive.text.compression import gunzip_stream
from newsarchive.times import stamp

BATCH = 100
"""Pages that are downloaded before they are imported."""
PAGE = 5_000
"""Lines of an index that are asked for at once."""
WAYBACK_INDEX = "https://web.archive.org/cdx/search/cdx"
WAYBACK_PAGES = "https://web.archive.org/web/"
_AS_IT_IS = "%/:?&=+,;~@!$'()*[]#"
COMMON_CRAWL_INDEX = "https://index.commoncrawl.org/collinfo.json"
COMMON_CRAWL_FILES = "https://data.commoncrawl.org/"
_AS_CAPTURED = {"Accept-Encoding": "gzip, deflate, br"}
"""So that a replay sends the bytes that it has, not what it decodes of them."""
_ORIGINAL = "x-archive-orig-"
_OWN = re.compile(
    r"memento-datetime|link|server|transfer-encoding|connection|x-|via|cache-control|set-cookie|content-location", re.I
)
"""Headers that a replay adds or replaces."""


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """What is to be taken: the pages of a site in a period, whose bounds are days, months or years of 8, 6 or 4 digits.

    Both may be empty.
    """

    site: Site
    since: str
    until: str
    has: Callable[[str, str], bool]
    """Whether the archive has a capture, by URL and time."""

    def wants(self, listed: Listed) -> bool:
        """Whether a listed capture is to be downloaded."""
        in_time = self.since.ljust(14, "0") <= listed.time <= self.until.ljust(14, "9")
        return in_time and listed.may_be_page and self.site.covers(listed.url) and self.site.wants(listed.url)


class Wayback:
    """The Wayback Machine, or another replay with a CDX server, such as pywb."""

    def __init__(self, web: Web, *, index: str = "", pages: str = "") -> None:
        self._web, self._index = web, index or WAYBACK_INDEX
        self._pages = (pages or WAYBACK_PAGES).rstrip("/") + "/"

    def listed(self, backfill: Backfill) -> Iterator[Listed]:
        """Yield the captures of a site's pages. Raises Unreachable."""
        for host in _hosts(backfill.site):
            query = _query(host, backfill)
            resume = ""
            while True:
                more = {"limit": PAGE, "showResumeKey": "true", **({"resumeKey": resume} if resume else {})}
                found, resume = _index_of(self._web, self._index, query | more)
                yield from found
                if not resume:
                    break

    def download(self, listed: Listed) -> RecordedResponse | None:
        """Return a capture as it came to the archive; None if it has no page there. Raises Unreachable."""
        url = f"{self._pages}{listed.time}id_/{quote(listed.url, safe=_AS_IT_IS)}"
        answer = self._web.get(url, _AS_CAPTURED)
        for _ in range(3):
            if answer.status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, answer.header("Location"))
            if not url.startswith(self._pages):
                return None
            answer = self._web.get(url, _AS_CAPTURED)
        if answer.status not in (200, 203) or answer.is_cut:
            return None
        return _replayed(listed, answer)


class CommonCrawl:
    """Common Crawl: an index for each of its crawls, and the records in its files."""

    def __init__(self, web: Web, *, index: str = "", files: str = "", crawls: tuple[str, ...] = ()) -> None:
        self._web, self._index, self._crawls = web, index or COMMON_CRAWL_INDEX, crawls
        self._files = (files or COMMON_CRAWL_FILES).rstrip("/") + "/"

    def listed(self, backfill: Backfill) -> Iterator[Listed]:
        """Yield the captures of a site's pages in all crawls, or those that were named. Raises Unreachable."""
        answer = self._web.get(self._index)
        try:
            known = json.loads(answer.body)
            apis = {str(one["id"]): str(one["cdx-api"]) for one in known}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreachable(f"{self._index} is no list of crawls (HTTP status {answer.status})") from error
        if unknown := [crawl for crawl in self._crawls if crawl not in apis]:
            raise Unreachable(f"{self._index} does not list {', '.join(unknown)}")
        for crawl, api in sorted(apis.items()):
            if self._crawls and crawl not in self._crawls:
                continue
            for host in _hosts(backfill.site):
                yield from _index_of(self._web, api, _query(host, backfill))[0]

    def download(self, listed: Listed) -> RecordedResponse | None:
        """Return a capture by its record; None if it is no page. Raises Unreachable."""
        if not listed.file or not listed.length:
            return None
        last = listed.offset + listed.length - 1
        answer = self._web.get(self._files + listed.file, {"Range": f"bytes={listed.offset}-{last}"})
        if answer.status != 206:
            return None
        return _recorded(listed, answer)


def _hosts(site: Site) -> list[str]:
    hosts = (urlsplit(address).netloc if "//" in address else address for address in (site.url, *site.aliases))
    return list(dict.fromkeys(host.removeprefix("www.") for host in hosts))


def _query(host: str, backfill: Backfill) -> dict[str, object]:
    bounds = {"from": backfill.since, "to": backfill.until}
    query: dict[str, object] = {"url": host, "matchType": "domain", "output": "json"}
    return query | {name: bound for name, bound in bounds.items() if bound}


def _index_of(web: Web, url: str, query: dict[str, object]) -> tuple[list[Listed], str]:
    answer = web.get(f"{url}{'&' if '?' in url else '?'}{urlencode(query)}")
    if answer.status == 404:  # Common Crawl says so if it has nothing
        return [], ""
    if answer.status != 200:
        raise Unreachable(f"{urlsplit(url).netloc} refuses its index: HTTP status {answer.status}")
    return read_index(answer.body.decode("utf-8", "replace"))


def _replayed(listed: Listed, answer: Answer) -> RecordedResponse:
    """Return a page of a replay with the headers that it came with to the archive."""
    orig = [(name[len(_ORIGINAL) :], value) for name, value in answer.headers if name.lower().startswith(_ORIGINAL)]
    kept = [(name, value) for name, value in answer.headers if not _OWN.match(name)]
    headers = [pair for pair in orig or kept if pair[0].lower() not in ("transfer-encoding", "content-length")]
    if orig:  # these are those of the bytes that were sent now
        headers = [pair for pair in headers if pair[0].lower() not in ("content-encoding", "content-type")]
        headers += [(n, v) for n, v in kept if n.lower() in ("content-encoding", "content-type")]
    headers.append(("Content-Length", str(len(answer.body))))
    _, moment = original_place(re.sub(r"^.*?/(?=\d{14}id_/)", "https://web.archive.org/web/", answer.url))
    return RecordedResponse(
        url=listed.url,
        status=200,
        headers=headers,
        head=http_head(200, headers),
        body=answer.body,
        time=moment or datetime.fromisoformat(listed.moment),
        source=answer.url,
    )


def _recorded(listed: Listed, answer: Answer) -> RecordedResponse | None:
    """Return the page in a record that was downloaded alone."""
    try:
        found = read_warc_at(BytesIO(gunzip_stream().decompress(answer.body)), 0)
    except zlib.error:
        return None
    if not isinstance(found, Framed) or found.is_cut or found.record.kind != "response":
        return None
    message = read_message(found.record.block)
    return RecordedResponse(
        url=found.record.url,
        status=message.status,
        headers=message.headers,
        head=message.head,
        body=message.body,
        time=datetime.fromisoformat(read_time(found.record.fields.get("warc-date", ""))),
        source=f"{answer.url}#bytes={listed.offset}-{listed.offset + listed.length - 1}",
    )


def to_download(archive: Wayback | CommonCrawl, backfill: Backfill) -> list[Listed]:
    """Return the captures to download, in order of time: none that is there, no payload twice in a row of its URL."""
    last: dict[str, str] = {}
    chosen = []
    for listed in sorted(filter(backfill.wants, archive.listed(backfill)), key=lambda one: (one.time, one.url)):
        same = listed.digest and last.get(listed.url) == listed.digest
        last[listed.url] = listed.digest
        if not same and not backfill.has(listed.url, listed.moment):
            chosen.append(listed)
    return chosen


def download(
    archive: Wayback | CommonCrawl, listed: list[Listed], folder: Path, progress: Callable[[str, int, int], None]
) -> Iterator[tuple[Path, list[Listed]]]:
    """Download captures into files of `folder`, a batch each; yield each file with what the archive did not have."""
    for start in range(0, len(listed), BATCH):
        writer = CaptureWriter(folder, f"{stamp(datetime.now(UTC)):.10}-{uuid.uuid4().hex[:8]}")
        missing = []
        try:
            for number, one in enumerate(listed[start : start + BATCH], start):
                progress("pages", number, len(listed))
                response = archive.download(one)
                if response is None:
                    missing.append(one)
                else:
                    writer.write(response)
        finally:
            writer.close()
        yield writer.path, missing


def left_over(folder: Path) -> list[Path]:
    """Return the files that an earlier run downloaded and did not import, without a record that it did not finish."""
    files = sorted(folder.glob("*.warc.gz"))
    for path in files:
        whole = 0
        for found in read_members(path):
            if isinstance(found, Member):
                whole = found.offset + found.length
            elif isinstance(found, Damage) and found.ends:
                with open(path, "r+b") as file:
                    file.truncate(whole)
    return [path for path in files if path.stat().st_size]
