"""Pages that people saved: HTML, MHTML and HAR files and lists of them, written as resource records of a WARC file.

The saving program may state URL and time in the page; otherwise the page states its own URL, or the folders of a mirror
do, and the time is that of the file.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import StringIO
from pathlib import Path
from urllib.parse import quote, urlsplit

from newsarchive.captures.writing import CaptureWriter
from newsarchive.extraction.pages import parse
from newsarchive.importing.containers import HAR, MHTML, in_har, in_mhtml
from newsarchive.importing.payloads import FIRST_YEAR
from newsarchive.importing.unpacking import RecordingError
from newsarchive.importing.wayback import archived_at, is_replayed, original_place, replayed_url, unwrapped
from newsarchive.text.encodings import decode
from newsarchive.urls import is_address

PAGES = (".html", ".htm", ".xhtml", *MHTML, *HAR)
LISTS = (".tsv", ".csv", ".jsonl")
_TIMES = ("time", "captured_at", "date", "timestamp")
_MOST = 32 * 1024 * 1024
_HEAD = 16_384
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|localhost(?::\d+)?", re.I)
# Internet Explorer introduced this, Chrome and Firefox write it too; the number is the length of the URL
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->", re.I)
_SINGLE_FILE = re.compile(
    r"<!--\s*Page saved with SingleFile\s+url:\s*(https?://\S+)\s+saved date:\s*([^(\r\n]+)", re.I
)
_HTTRACK = re.compile(r"<!-- Mirrored from (\S+) by HTTrack [^,>]{0,200},([^>]{0,200})-->", re.I)


@dataclass(frozen=True, kw_only=True)
class SavedPage:
    """A saved page, its URL, and when it was saved (UTC). `told` is False if that is only the time of its file."""

    file: Path
    url: str
    time: datetime
    told: bool
    body: bytes | None = None
    """The page, if it is not the whole file as it stands."""
    media: str = "text/html"


def saved_in(path: Path, broken: list[str]) -> Iterator[SavedPage]:
    """Yield the pages of a file, a folder or a list (TSV, CSV, JSON Lines); name in `broken` what cannot be used.

    A list has the columns `url` and `file` (relative to the list) and, if known, `time`. Raises RecordingError if a
    list cannot be read.
    """
    if path.is_dir():
        for file in html_files(path):
            yield from _pages_of(file, path, broken)
    elif path.suffix.lower() in LISTS:
        yield from _listed_in(path, broken)
    else:
        yield from _pages_of(path, path.parent, broken)


def html_files(folder: Path) -> list[Path]:
    """Return the saved pages in a folder and those below, without what browsers put beside a page (`Page_files/`)."""
    found = (file for file in folder.rglob("*") if file.suffix.lower() in PAGES and file.is_file())
    return sorted(file for file in found if not any(is_beside(f) for f in file.relative_to(folder).parents))


def is_beside(folder: Path) -> bool:
    """Whether a folder holds what browsers save beside a page (`Page_files/`)."""
    return folder.name.endswith(("_files", ".files", "-Dateien", "_файлы"))


def write_saved(pages: Sequence[SavedPage], target: Path, broken: list[str]) -> Path:
    """Write the pages as resource records, in order of time, to the WARC file `target` (`….warc.gz`); return it."""
    writer = CaptureWriter(target.parent, target.name.removesuffix(".warc.gz"))
    for page in sorted(pages, key=lambda page: (page.time, page.url)):
        try:
            body = page.file.read_bytes() if page.body is None else page.body
        except OSError as error:
            broken.append(f"{page.file} cannot be read: {error.strerror}; skipped")
            continue
        writer.write_resource(url=page.url, body=body, content_type=page.media, time=page.time)
    writer.close()
    return target


def _pages_of(file: Path, root: Path, broken: list[str]) -> Iterator[SavedPage]:
    """Yield the pages in a file: one of HTML and MHTML, any number of HAR."""
    try:
        if file.stat().st_size > _MOST:
            broken.append(f"{file} is larger than {_MOST >> 20} MB; skipped")
            return
        body = file.read_bytes()
    except OSError as error:
        broken.append(f"{file} cannot be read: {error.strerror}; skipped")
        return
    if file.suffix.lower() in (*MHTML, *HAR):
        yield from _contained_in(file, body, broken)
        return
    page = _page_of(file, root, decode(body, ""))
    if page is None:
        broken.append(f"{file} does not state its URL (a list with `url` and `file` can); skipped")
    else:
        yield page


def _page_of(file: Path, root: Path, markup: str) -> SavedPage | None:
    url, time = told_by(markup)
    body = None
    if is_replayed(markup):
        url, moment = original_place(url) if url else replayed_url(markup)
        time = moment or archived_at(markup) or time
        markup = unwrapped(markup)
        body = markup.encode()
    url = url if is_address(url) else ""
    url = url or _address_said(markup, _host_of_mirror(file, root)) or _address_of_mirror(file, root)
    if not url:
        return None
    media = "text/html" if body is None else "text/html; charset=utf-8"
    return SavedPage(file=file, url=url, time=time or _changed(file), told=time is not None, body=body, media=media)


def _contained_in(file: Path, data: bytes, broken: list[str]) -> Iterator[SavedPage]:
    try:
        if file.suffix.lower() in HAR:
            found = list(in_har(data))
        else:
            page = in_mhtml(data)
            found = [page] if page else []
    except ValueError as error:
        broken.append(f"{file} cannot be read: {error}; skipped")
        return
    if not found:
        broken.append(f"{file} holds no page; skipped")
    for one in found:
        if is_address(one.url):
            time = _moment(one.time) if one.time else None
            yield SavedPage(
                file=file,
                url=one.url,
                time=time or _changed(file),
                told=time is not None,
                body=one.body,
                media=one.media,
            )
        else:
            broken.append(f"{file}: “{one.url[:80]}” is not a valid URL; skipped")


def told_by(markup: str) -> tuple[str, datetime | None]:
    """Return the URL and time that the saving program wrote into a page; empty and None if it wrote none.

    >>> told_by("<!-- saved from url=(0026)https://tan.example/kopir/ --><html>")
    ('https://tan.example/kopir/', None)
    >>> told_by("<!-- Mirrored from tan.example/k/ by HTTrack Website Copier/3.x, Tue, 18 Feb 2025 09:35:00 GMT -->")
    ('http://tan.example/k/', datetime.datetime(2025, 2, 18, 9, 35, tzinfo=datetime.timezone.utc))
    """
    head = markup[:_HEAD]
    if found := _SINGLE_FILE.search(head):
        return found[1], _moment(found[2])
    if found := _HTTRACK.search(head):
        return f"http://{found[1]}", _moment(found[2].strip())
    found = _SAVED_FROM.search(head)
    return (found[1], None) if found else ("", None)


def _moment(text: str) -> datetime | None:
    """Read a time as browsers and mail write it, or ISO 8601; None if it is neither or before the web. Returns UTC."""
    text = text.strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        try:  # `Tue Feb 18 2025 14:35:00 GMT+0500` is JavaScript's
            time = datetime.strptime(text, "%a %b %d %Y %H:%M:%S GMT%z")
        except ValueError:
            try:
                time = parsedate_to_datetime(text)
            except (ValueError, TypeError, IndexError, OverflowError):
                return None
    if not FIRST_YEAR <= time.year <= datetime.now(UTC).year + 1:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


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
    said = [*tree.xpath("//link[@rel='canonical']/@href"), *tree.xpath("//meta[@property='og:url']/@content")]
    for address in map(str.strip, said):
        if is_address(address) and (not host or urlsplit(address).netloc.lower() == host):
            return str(address)
    return ""


def _host_of_mirror(file: Path, root: Path) -> str:
    """Return the host that the first folder of a mirror (wget, HTTrack) is named after; empty if there is none."""
    first, *rest = file.relative_to(root).parts
    return first.lower() if rest and _HOST.fullmatch(first) else ""


def _address_of_mirror(file: Path, root: Path) -> str:
    host = _host_of_mirror(file, root)
    if not host:
        return ""
    path = "/".join(file.relative_to(root).parts[1:])
    if path.rpartition("/")[2].lower() in ("index.html", "index.htm"):
        path = path.rpartition("/")[0] + "/" if "/" in path else ""
    return f"https://{host}/{quote(path, safe='/%@?=&+,;~')}"


def _listed_in(path: Path, broken: list[str]) -> Iterator[SavedPage]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error
    for number, row in _rows(path, text, broken):
        file = path.parent / str(row.get("file") or "")
        url = str(row.get("url") or "").strip()
        said = next((str(row[name]) for name in _TIMES if row.get(name)), "")
        time = _moment(said) if said else None
        if not is_address(url):
            broken.append(f"{path}, line {number}: “{url[:80]}” is no http(s) URL; skipped")
        elif not _is_file(file):
            broken.append(f"{path}, line {number}: there is no file “{str(row.get('file') or '')[:80]}”; skipped")
        elif said and time is None:
            broken.append(f"{path}, line {number}: “{said[:40]}” is no time; skipped")
        else:
            yield SavedPage(file=file, url=url, time=time or _changed(file), told=bool(said))


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # the name is too long
        return False


def _rows(path: Path, text: str, broken: list[str]) -> Iterator[tuple[int, dict[str, object]]]:
    if path.suffix.lower() == ".jsonl":
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield number, row
            else:
                broken.append(f"{path}, line {number} is no JSON object; skipped")
        return
    first = text.partition("\n")[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(StringIO(text), delimiter=max("\t,;", key=first.count))
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if not {"url", "file"} <= set(names):
        raise RecordingError(f"{path} has no columns named url and file in its first line")
    reader.fieldnames = names
    for row in reader:
        yield reader.line_num, dict(row)
