"""Options of `import` that take the pages of a site from public archives: the Wayback Machine, Common Crawl."""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlite_utils import Database

from newsarchive.cli.progress import ProgressBar, progress_bar
from newsarchive.cli.terminal import Archive, announce, print_json
from newsarchive.database import lock_archive, open_archive, read_archive
from newsarchive.database.errors import ArchiveError, ArchiveLocked
from newsarchive.importing.backfill import Backfill, CommonCrawl, Wayback, download, left_over, to_download
from newsarchive.importing.cdx import Listed
from newsarchive.importing.pages import import_files
from newsarchive.importing.storing import Imported
from newsarchive.importing.web import Unreachable, Web
from newsarchive.takedown import clean_up
from newsarchive.text.counting import counted

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = ".backfill"


def backfill_options(command: F) -> F:
    """Add the options of a backfill to a command."""
    options = (
        click.option("--from-wayback", metavar="SITE", help="Take the pages of a site from the Wayback Machine."),
        click.option("--from-common-crawl", metavar="SITE", help="Take the pages of a site from Common Crawl."),
        click.option("--since", default="", metavar="DAY", help="Captured on this day, month or year, or later."),
        click.option("--until", default="", metavar="DAY", help="Captured on this day, month or year, or earlier."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="Take at most N pages."),
        click.option(
            "--delay", type=click.FloatRange(0), default=1.5, show_default=True, help="Seconds between requests."
        ),
        click.option("--crawl", multiple=True, metavar="ID", help="Only this crawl of Common Crawl; may be repeated."),
        click.option("--index-url", default="", metavar="URL", help="Another CDX server, or list of crawls."),
        click.option("--pages-url", default="", metavar="URL", help="Where the pages or files of that archive are."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class PublicArchive:
    """A public archive, and what is to be taken from it."""

    source: Wayback | CommonCrawl
    site: str
    since: str
    until: str
    limit: int | None

    def listed(self, archive: Archive, db: Database) -> list[Listed]:
        """Return what is to be downloaded. Raises Unreachable."""
        known = "select 1 from captures where url = ? and time = ?"
        wanted = Backfill(
            site=archive.site(self.site),
            since=self.since,
            until=self.until,
            has=lambda url, time: db.conn.execute(known, (url, time)).fetchone() is not None,
        )
        return to_download(self.source, wanted)[: self.limit]


def public_archive(archive: Archive, options: Mapping[str, Any]) -> PublicArchive | None:
    """Return the public archive that the options name; None if they name none. Raises UsageError."""
    named = [(name, options[name]) for name in ("from_wayback", "from_common_crawl") if options[name]]
    if len(named) > 1:
        raise click.UsageError("Give one public archive, --from-wayback or --from-common-crawl.")
    if not named:
        return None
    ((name, site),) = named
    from newsarchive.crawling.run_settings import make_settings, user_agent  # Scrapy, which no file import needs

    contact = archive.site(site).contact or make_settings(archive.folder, {})["CONTACT"]
    web = Web(user_agent=user_agent(contact), delay=options["delay"])
    bases = (options["index_url"], options["pages_url"])
    return PublicArchive(
        source=Wayback(web, index=bases[0], pages=bases[1])
        if name == "from_wayback"
        else CommonCrawl(web, index=bases[0], files=bases[1], crawls=options["crawl"]),
        site=site,
        since=_digits(options["since"], "--since"),
        until=_digits(options["until"], "--until"),
        limit=options["limit"],
    )


def _digits(day: str, option: str) -> str:
    if day and not re.fullmatch(r"[0-9]{4}(?:-[0-9]{2}){0,2}", day):
        raise click.UsageError(f"{option} takes a day (2025-02-18), a month or a year, not “{day}”.")
    return day.replace("-", "")


def preview_backfill(archive: Archive, public: PublicArchive, *, as_json: bool) -> None:
    """Print what would be downloaded; nothing is stored."""
    try:
        db = read_archive(archive.folder)
    except ArchiveError:  # there is none yet
        db = Database(memory=True)
        db.conn.execute("create table captures (url, time)")
    try:
        listed = public.listed(archive, db)
    except Unreachable as error:
        archive.warn(f"{error}.")
        sys.exit(1)
    urls, days = {one.url for one in listed}, [one.moment[:10] for one in listed]
    if as_json:
        first, last = (days[0], days[-1]) if days else ("", "")
        print_json({"site": public.site, "pages": len(listed), "urls": len(urls), "first": first, "last": last})
    else:
        period = f", {days[0]} to {days[-1]}" if days else ""
        click.echo(
            f"{public.site}: {counted(len(listed), 'page')} of {counted(len(urls), 'URL')}{period}; nothing stored"
        )


def run_backfill(archive: Archive, public: PublicArchive) -> Imported:
    """Download and import; what was downloaded by an earlier run is imported first."""
    result = Imported()
    announce(archive)
    with lock_archive(archive.folder):
        open_archive(archive.folder).close()  # created and migrated
    try:
        with _folder(archive.folder) as folder, progress_bar(archive) as bar:
            _import_left_over(archive, folder, result, bar)
            _download(archive, public, folder, result, bar)
            _import_left_over(archive, folder, result, bar, must=True)
    except Unreachable as error:
        result.broken.append(f"{error}. What was downloaded is kept; the same command resumes")
    except KeyboardInterrupt:
        archive.warn("Interrupted. What was downloaded is kept; the same command resumes.")
        sys.exit(1)
    return result


def _download(archive: Archive, public: PublicArchive, folder: Path, result: Imported, bar: ProgressBar) -> None:
    bar.show("index", 0, None)
    db = read_archive(archive.folder)
    try:
        listed = public.listed(archive, db)
    finally:
        db.close()
    lost = 0
    for _, missing in download(public.source, listed, folder, bar.show):
        lost += len(missing)
        _import_left_over(archive, folder, result, bar)
    if lost:
        result.notes.append(
            f"{counted(lost, 'page')} of the index could not be fetched and will be requested again next time"
        )


def _import_left_over(
    archive: Archive, folder: Path, result: Imported, bar: ProgressBar, *, must: bool = False
) -> None:
    """Import what was downloaded; not now if another run holds the archive, unless it `must` be now."""
    try:
        with lock_archive(archive.folder):
            for path in left_over(folder):
                _import(archive, path, result, bar)
                path.unlink()
    except ArchiveLocked:
        if must and left_over(folder):
            raise


def _import(archive: Archive, path: Path, result: Imported, bar: ProgressBar) -> None:
    db = open_archive(archive.folder)
    try:
        clean_up(db, archive.folder)
        done = import_files(
            archive.folder, db, [path], sites=archive.sites, workers=os.cpu_count() or 1, progress=bar.show
        )
        result.add(done)
    finally:
        db.close()


@contextmanager
def _folder(archive: Path) -> Iterator[Path]:
    """The folder of what was downloaded, held by one backfill at a time. Raises UsageError if another holds it."""
    folder = archive / _FOLDER
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArchiveLocked("Another import takes pages from a public archive; try again later.") from error
        yield folder
