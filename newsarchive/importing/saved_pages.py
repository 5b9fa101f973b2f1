"""Pages that people saved: HTML, MHTML, HAR and webarchive files and lists of them, written as resource records.

The saving program may state URL and time in the page, a collection beside it; otherwise the page states its own URL, or
the folders of a mirror do, and the time is that of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from newsarchive.extraction.pages import parse
from newsarchive.importing.collections import Collection
from newsarchive.importing.containers import CONTAINERS, contained_in
from newsarchive.importing.media_types import media_type
from newsarchive.importing.mirrors import host_of_mirror, is_beside, relinked, url_in_mirror
from newsarchive.importing.page_lists import LISTS, Row, rows_of
from newsarchive.importing.savers import packed_page, read_moment, read_saved
from newsarchive.importing.walking import files_below
from newsarchive.text.compression import why_incomplete
from newsarchive.text.counting import counted
from newsarchive.text.encodings import CAP, decode, inflate
from newsarchive.urls import is_address

PAGES = (".html", ".htm", ".xhtml", *CONTAINERS)
_MOST = 32 * 1024 * 1024
_NEVER_PAGES = re.compile(
    r"\.(?:css|m?js|json|xml|rss|svg|txt|md|py|png|jpe?g|gif|webp|avif|ico|woff2?|ttf|otf|eot|mp[34]|webm|pdf|zip)$",
    re.I,
)
_IMAGES = re.compile(r"\.(?:png|jpe?g|gif|webp|avif)$", re.I)
_FEED = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<\?xml|<rss|<feed|<urlset|<sitemapindex|\{)")
_START = 4096


@dataclass(frozen=True, kw_only=True)
class SavedPage:
    """A saved page or image, its URL, and when it was saved (UTC); `told` is False if that is only the file's time."""

    file: Path
    url: str
    time: datetime
    told: bool
    body: bytes | None = None
    """The page, if it is not the whole file as it stands."""
    media: str = "text/html"
    cut: str = ""
    """Why the page is known to be incomplete; empty if it is not."""


def saved_in(path: Path, broken: list[str]) -> Iterator[SavedPage]:
    """Yield the pages of a file, a folder or a list, and the images of a mirror; name in `broken` what is of no use.

    Raises RecordingError if a list cannot be read.
    """
    if path.is_dir():
        collection = Collection(path)
        schemes: dict[str, str] = {}
        for file in html_files(path):
            for page in _pages_of(file, path, collection, broken):
                schemes.setdefault(urlsplit(page.url).netloc, urlsplit(page.url).scheme)
                yield page
        yield from _images_in(path, schemes)
    elif path.suffix.lower() in LISTS:
        yield from _listed_in(path, broken)
    else:
        yield from _pages_of(path, path.parent, Collection(path.parent), broken)


def html_files(folder: Path) -> list[Path]:
    """Return the saved pages in a folder and those below, by their names or their first bytes.

    What browsers put beside a page (`Page_files/`) and worse copies of a collection are left out.
    """
    collection = Collection(folder)
    return [
        file
        for file in files_below(folder)
        if is_page_file(file)
        and not any(is_beside(f) for f in file.relative_to(folder).parents)
        and not collection.passes_over(file)
    ]


def is_page_file(file: Path) -> bool:
    """Whether a file is a saved page: by its name, else, as for `kopir.php` or `index.html?p=7`, by its first bytes.

    Mirrors have feeds under the name index.html, which are none.
    """
    suffix = file.suffix.lower()
    if suffix in CONTAINERS:
        return True
    if _NEVER_PAGES.search(file.name) or suffix in LISTS:
        return False
    try:
        with open(file, "rb") as opened:
            start = opened.read(_START)
    except OSError:
        return suffix in PAGES  # it is named when it is read
    is_html = media_type(["text/plain"], "", start) == "text/html"
    return is_html or (suffix in PAGES and not _FEED.match(start))


def _pages_of(file: Path, root: Path, collection: Collection, broken: list[str]) -> Iterator[SavedPage]:
    """Yield the pages in a file: one of HTML, any number of a container."""
    try:
        if file.stat().st_size > _MOST:
            broken.append(f"{file} is larger than {_MOST >> 20} MB; skipped")
            return
        body = file.read_bytes()
    except OSError as error:
        broken.append(f"{file} cannot be read: {error.strerror}; skipped")
        return
    if file.suffix.lower() in CONTAINERS:
        yield from _contained_in(file, body, broken)
        return
    try:
        page = _page_of(file, root, body, collection)
    except ValueError as error:
        broken.append(f"{file} cannot be read: {error}; skipped")
        return
    if page is None:
        broken.append(f"{file} does not state its URL (a list with `url` and `file` can); skipped")
    else:
        yield page


def _page_of(file: Path, root: Path, body: bytes, collection: Collection) -> SavedPage | None:
    """Return the page of a file; None if its URL is unknown. Raises ValueError if it cannot be read."""
    cut = why_incomplete(body, "", CAP)  # wget leaves the gzip of the server
    body = inflate(body)
    original = decode(body, "")
    told = read_saved(original)
    if (packed := packed_page(body)) is not None:
        told = replace(told, markup=decode(packed, ""))
    stated = collection.about(file)
    url = next((url for url in (told.url, stated.url) if is_address(url)), "")
    host = host_of_mirror(file, root)
    url = url or _address_said(told.markup, host) or url_in_mirror(file, root)
    if not url:
        return None
    time = told.time or read_moment(stated.time)
    markup = relinked(told.markup, file, root, url)
    is_changed = markup != original
    return SavedPage(
        file=file,
        url=url,
        time=time or _changed(file),
        told=time is not None,
        body=markup.encode("utf-8", "replace") if is_changed else body,
        media="text/html; charset=utf-8" if is_changed else "text/html",
        cut=cut,
    )


def is_image_of_mirror(file: Path, root: Path) -> bool:
    """Whether a file is an image whose URL the folders of a mirror show."""
    return _IMAGES.search(file.name.partition("?")[0]) is not None and url_in_mirror(file, root) != ""


def _images_in(folder: Path, schemes: Mapping[str, str]) -> Iterator[SavedPage]:
    """Yield the images of a mirror, by the URLs that its folders show, with the scheme of the pages of their host."""
    for file in files_below(folder):
        if is_image_of_mirror(file, folder):
            parts = urlsplit(url_in_mirror(file, folder))
            url = parts._replace(scheme=schemes.get(parts.netloc, parts.scheme)).geturl()
            with open(file, "rb") as opened:
                kind = media_type([], "", opened.read(_START))
            if kind.startswith("image/"):
                yield SavedPage(file=file, url=url, time=_changed(file), told=True, media=kind)


def _contained_in(file: Path, data: bytes, broken: list[str]) -> Iterator[SavedPage]:
    try:
        found = list(contained_in(file.suffix.lower(), data))
    except ValueError as error:
        broken.append(f"{file} cannot be read: {error}; skipped")
        return
    if not found:
        broken.append(f"{file} holds no page; skipped")
    for reason, count in Counter(one.lost for one in found if one.lost).items():
        first = next(one.url for one in found if one.lost == reason)
        broken.append(f"{file}: {counted(count, 'page')} {reason} (the first: {first[:200]}); skipped")
    for one in found:
        if one.lost:
            continue
        if is_address(one.url):
            time = read_moment(one.time) if one.time else None
            yield SavedPage(
                file=file,
                url=one.url,
                time=time or _changed(file),
                told=time is not None,
                body=one.body,
                media=one.media,
                cut=one.cut,
            )
        else:
            broken.append(f"{file}: “{one.url[:80]}” is not a valid URL; skipped")


def _changed(file: Path) -> datetime:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (ValueError, OverflowError):  # a file system can say the year 60,000
        return datetime.now(UTC)


def _address_said(markup: str, host: str) -> str:
    """Return the canonical URL of a page, else its og:url; only one on `host` if the folder of a mirror states that."""
    tree = parse(markup)
    if tree is None:
        return ""
    said = [
        *tree.xpath("//link[translate(@rel, 'CANOIL', 'canoil')='canonical']/@href"),
        *tree.xpath("//meta[@property='og:url']/@content"),
    ]
    for address in map(str.strip, said):
        if is_address(address) and (not host or urlsplit(address).netloc.lower() == host):
            return str(address)
    return ""


def _listed_in(path: Path, broken: list[str]) -> Iterator[SavedPage]:
    for row in rows_of(path, broken):
        file = path.parent / row.file
        time = read_moment(row.time) if row.time else None
        if not is_address(row.url):
            broken.append(f"{row.where}: “{row.url[:80]}” is no http(s) URL; skipped")
        elif not row.page and not _is_file(file):
            what = f"there is no file “{row.file[:80]}”" if row.file else "it has neither a file nor a page"
            broken.append(f"{row.where}: {what}; skipped")
        elif row.time and time is None:
            broken.append(f"{row.where}: “{row.time[:40]}” is no time; skipped")
        else:
            yield _of_row(row, path if row.page else file, time)


def _of_row(row: Row, file: Path, time: datetime | None) -> SavedPage:
    return SavedPage(
        file=file,
        url=row.url,
        time=time or _changed(file),
        told=time is not None,
        body=row.page.encode("utf-8", "replace") if row.page else None,
        media="text/html; charset=utf-8" if row.page else "text/html",
    )


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # the name is too long
        return False
