"""The command that fetches single pages now: fetch."""

from __future__ import annotations

import mimetypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.cli.formats import FORMATS, render_article
from newsarchive.cli.images_option import WithImages, images_option
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, announce, strict_option, strict_settings
from newsarchive.crawling.fetching import fetch_pages
from newsarchive.crawling.middlewares.back_off import ComeBack
from newsarchive.crawling.recorders import PageRecorder
from newsarchive.crawling.storing import ToStore, store_fetched
from newsarchive.items import Capture, Extracted, Fetched, Page
from newsarchive.sites import Site, host_site, site_of
from newsarchive.urls import is_address
from newsarchive.workers.extracting import extract_now


@click.command(cls=WithImages)
@click.argument("targets", nargs=-1, required=True, metavar="URL...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--url", "page_url", default="", help="The page's URL, if the argument is a saved FILE.html.")
@images_option
@click.option("--no-store", is_flag=True, help="Only print; store nothing.")
@click.option("--ignore-robots", is_flag=True, help="Fetch even what robots.txt forbids.")
@strict_option
@click.pass_obj
def fetch(archive: Archive, /, targets: tuple[str, ...], **options: Any) -> None:
    """Fetch single pages now, print their articles, and store them as a crawl would."""
    asked = _Asked(**options)
    saved = _saved_page(targets, asked.page_url)
    if asked.keep:
        announce(archive)
        _refuse_forgotten(archive, [*targets, asked.page_url])
    if saved is not None:
        got = _read_file(archive, saved, asked.page_url, keep=asked.keep)
    else:
        got = _fetch(archive, targets, asked.settings(), keep=asked.keep)
    failed, unread = False, False
    try:
        failed = _print(archive, targets, got, "json" if asked.as_json else asked.form)
    except BrokenPipeError:  # the reader has what it wanted: what was fetched is stored all the same
        unread = True
    if asked.keep and got.is_to_store:
        failed |= not _store(archive, got.to_store)
    if unread:
        raise BrokenPipeError
    sys.exit(1 if failed else 0)


@dataclass(kw_only=True, frozen=True)
class _Asked:
    """The options of the command."""

    form: str
    as_json: bool
    page_url: str
    images: str | None
    no_store: bool
    ignore_robots: bool
    strict: bool

    @property
    def keep(self) -> bool:
        """True if what is fetched is to be stored."""
        return not self.no_store

    def settings(self) -> dict[str, Any]:
        """Return Scrapy's settings for these options."""
        images = self.images or "" if self.keep else "none"
        return {"ROBOTSTXT_OBEY": not self.ignore_robots, "IMAGES": images, **strict_settings(strict=self.strict)}


@dataclass(kw_only=True)
class _Got:
    """The pages that a fetch got, the site of each URL, and what else it kept and met."""

    results: list[Extracted]
    sites: dict[str, Site]
    writer: CaptureWriter | None
    recorder: PageRecorder | None = None
    problems: list[str] = field(default_factory=list)
    later: dict[str, ComeBack] = field(default_factory=dict)

    @property
    def is_to_store(self) -> bool:
        """True if anything came: a page, or captures of redirects and robots.txt."""
        came = any(result.outcome != "postponed" for result in self.results)
        return came or (self.recorder is not None and bool(self.recorder.captures))

    @property
    def to_store(self) -> ToStore:
        """What is stored of it."""
        return ToStore(self.results, self.sites, self.writer, self.recorder, self.later)


def _fetch(archive: Archive, targets: Sequence[str], settings: dict[str, Any], *, keep: bool) -> _Got:
    """Fetch all targets except those whose site asked for no requests yet."""
    sites = {url: site_of(url, archive.sites.values()) or host_site(url) for url in targets}
    waiting = _postponed(archive, sites)
    urls = [url for url in targets if url not in waiting]
    with progress_bar(archive) as bar:
        fetching = fetch_pages(
            archive.folder,
            urls,
            sites={url: sites[url] for url in urls},
            settings=settings,
            keep=keep,
            progress=partial(bar.show, "pages"),
        )
    found = {**waiting, **fetching.results}
    return _Got(
        results=[found[url] for url in targets if url in found],
        sites=sites,
        writer=fetching.recorder.warc if fetching.recorder else None,
        recorder=fetching.recorder,
        problems=fetching.problems,
        later=fetching.come_back,
    )


def _postponed(archive: Archive, sites: dict[str, Site]) -> dict[str, Extracted]:
    """Return outcomes for the URLs whose site asked an earlier run for no requests before a time still to come."""
    if not (archive.folder / "archive.db").exists():
        return {}
    db = archive.read()
    found = {}
    for url, site in sites.items():
        if until := database.retry_after_of(db, site.name):
            nothing = Fetched(site=site.name, urls=(url,), pages=(), captures=())
            reason = f"{site.name} asked to come back at {until}, and nothing is requested from it before"
            found[url] = Extracted(fetched=nothing, outcome="postponed", reason=reason)
    db.close()
    return found


def _refuse_forgotten(archive: Archive, urls: Sequence[str]) -> None:
    """Exit with a message if a URL was taken down, before it is requested again."""
    db = archive.read()
    for url in urls:
        if url and database.is_forgotten(db, url):
            archive.warn(f"{url} was taken down and is not stored again; --no-store fetches it without keeping it.")
            sys.exit(1)
    db.close()


def _saved_page(targets: Sequence[str], url: str) -> Path | None:
    """Return the file given in place of URLs, if any. Raises UsageError."""
    if not url and all(is_address(target) for target in targets):
        return None
    path = Path(targets[0])
    if len(targets) > 1 or not path.exists():
        bad = next((t for t in targets if not is_address(t) and not Path(t).exists()), targets[0])
        raise click.UsageError(f"“{bad}” is neither an http(s) URL nor a file.")
    if not is_address(url):
        raise click.UsageError("A file needs --url: the URL of the saved page.")
    return path


def _read_file(archive: Archive, path: Path, url: str, *, keep: bool) -> _Got:
    """Read a saved page in place of a fetched one; it becomes a WARC resource record, whose file stays open."""
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "text/html"
    captures: tuple[Capture, ...] = ()
    writer = None
    if keep:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        writer = CaptureWriter(archive.folder / "warc", f"file-{stamp}-{os.getpid()}")
        captures = (writer.write_resource(url=url, body=body, content_type=kind),)
    site = site_of(url, archive.sites.values()) or host_site(url)
    page = Page(url=url, body=body, headers={"content-type": kind})
    item = Fetched(site=site.name, urls=(url,), pages=(page,), captures=captures)
    return _Got(results=extract_now([(item, site)]), sites={url: site}, writer=writer)


def _print(archive: Archive, targets: Sequence[str], got: _Got, form: str) -> bool:
    """Print each article, and on stderr the reason for each page without one; return True if anything went wrong."""
    failed = bool(got.problems)
    for number, result in enumerate(got.results):
        if result.article is None:
            failed = True
            archive.warn(f"{result.fetched.urls[0]}: {_in_words(result)}.")
            continue
        if number and form != "json":
            click.echo()
        click.echo(render_article(result.article, form))
    answered = {result.fetched.urls[0] for result in got.results}
    for url in targets:
        if is_address(url) and url not in answered:
            failed = True
            archive.warn(f"{url}: {'not fetched' if got.problems else 'no answer'}.")
    for problem in got.problems:
        if all(problem != result.reason for result in got.results):  # those are printed already
            archive.warn(f"{problem}.")
    return failed


def _store(archive: Archive, fetched: ToStore) -> bool:
    """Store what was fetched, and report what could not be stored; return True if everything was."""
    stored = store_fetched(archive.folder, fetched)
    if stored.images:
        archive.say("Images: " + ", ".join(f"{count} {state}" for state, count in sorted(stored.images.items())))
    for problem in stored.problems:
        archive.warn(f"{problem}.")
    return not stored.problems


def _in_words(result: Extracted) -> str:
    return f"not an article: {result.reason}" if result.outcome == "not_article" else result.reason
