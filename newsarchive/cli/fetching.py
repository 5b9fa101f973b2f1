"""The command that gets one page, now: fetch."""

from __future__ import annotations

import mimetypes
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from newsarchive import database
from newsarchive.captures.writing import CaptureWriter
from newsarchive.cli.crawling import announce
from newsarchive.cli.formats import FORMATS, render_article
from newsarchive.cli.picture_option import WithImages, images_option
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, strict_option, strict_settings
from newsarchive.crawling.middlewares.back_off import ComeBack
from newsarchive.crawling.process import fetch_pages
from newsarchive.crawling.storing import ToStore, store_fetched
from newsarchive.items import Capture, Extracted, Fetched, Page
from newsarchive.sites import Site, host_site, site_of
from newsarchive.urls import is_address
from newsarchive.workers.extracting import extract_here


@click.command(cls=WithImages)
@click.argument("targets", nargs=-1, required=True, metavar="URL...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--url", "page_url", default="", help="The URL of the one FILE.html given in place of a URL.")
@images_option
@click.option("--no-store", is_flag=True, help="Print only; keep nothing.")
@click.option("--ignore-robots", is_flag=True, help="Fetch even what robots.txt forbids.")
@strict_option
@click.pass_obj
def fetch(
    archive: Archive,
    targets: tuple[str, ...],
    form: str,
    as_json: bool,
    page_url: str,
    images: str | None,
    no_store: bool,
    ignore_robots: bool,
    strict: bool,
) -> None:
    """Get pages one-off, print their articles, and store them as a crawl would."""
    form = "json" if as_json else form
    saved = _saved_page(targets, page_url)
    if not no_store:
        announce(archive)
        _refuse_forgotten(archive, [*targets, page_url])
    recorder, writer = None, None
    if saved is not None:
        problems, later = [], dict[str, ComeBack]()
        sites, results, writer = _read_file(archive, saved, page_url, keep=not no_store)
    else:
        sites = {url: site_of(url, archive.sites.values()) or host_site(url) for url in targets}
        pictures = "none" if no_store else images or ""
        settings = {"ROBOTSTXT_OBEY": not ignore_robots, "PICTURES": pictures, **strict_settings(strict=strict)}
        waiting = _postponed(archive, sites)
        urls = [url for url in targets if url not in waiting]
        with progress_bar(archive) as bar:
            fetching = fetch_pages(
                archive.folder,
                urls,
                sites={url: sites[url] for url in urls},
                settings=settings,
                keep=not no_store,
                progress=partial(bar.show, "pages"),
            )
        found = {**waiting, **fetching.results}
        results = [found[url] for url in targets if url in found]
        recorder, problems, later = fetching.recorder, fetching.problems, fetching.come_back
    failed = _print(archive, targets, results, form, silent="no answer" if not problems else "not fetched")
    for problem in problems:
        if all(problem != result.reason for result in results):  # those are said
            archive.warn(f"{problem}.")
    if not no_store and (any(r.outcome != "postponed" for r in results) or (recorder and recorder.captures)):
        fetched = ToStore(results, sites, writer or (recorder.warc if recorder else None), recorder, later)
        failed |= not _store(archive, fetched)
    sys.exit(1 if failed or problems else 0)


def _postponed(archive: Archive, sites: dict[str, Site]) -> dict[str, Extracted]:
    """Outcomes for the URLs whose site asked an earlier run for no request before a time that is still to come."""
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
    """End with a sentence where an address was taken down, before it is asked for again."""
    db = archive.read()
    for url in urls:
        if url and database.is_forgotten(db, url):
            archive.warn(f"{url} was taken down and is not stored again; --no-store fetches it without keeping it.")
            sys.exit(1)
    db.close()


def _is_url(target: str) -> bool:
    return is_address(target)


def _saved_page(targets: Sequence[str], url: str) -> Path | None:
    """The file that is given in place of addresses, if any. Raises UsageError."""
    if not url and all(_is_url(target) for target in targets):
        return None
    path = Path(targets[0])
    if len(targets) > 1 or not path.exists():
        bad = next((t for t in targets if not _is_url(t) and not Path(t).exists()), targets[0])
        raise click.UsageError(f"“{bad}” is neither an http(s) URL nor a file.")
    if not _is_url(url):
        raise click.UsageError("A file needs --url: the address that the page is of.")
    return path


def _read_file(
    archive: Archive, path: Path, url: str, *, keep: bool
) -> tuple[dict[str, Site], list[Extracted], CaptureWriter | None]:
    """A saved page in place of a fetched one; it becomes a WARC resource record, whose file is still open."""
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
    return {url: site}, [extract_here(item, site)], writer


def _print(archive: Archive, targets: Sequence[str], results: Sequence[Extracted], form: str, *, silent: str) -> bool:
    """Print each article, and for each page without one the reason, `silent` where nothing came; True if any."""
    failed = False
    for number, result in enumerate(results):
        if result.article is None:
            failed = True
            archive.warn(f"{result.fetched.urls[0]}: {_in_words(result)}.")
            continue
        if number and form != "json":
            click.echo()
        click.echo(render_article(result.article, form))
    answered = {result.fetched.urls[0] for result in results}
    for url in targets:
        if _is_url(url) and url not in answered:
            failed = True
            archive.warn(f"{url}: {silent}.")
    return failed


def _store(archive: Archive, fetched: ToStore) -> bool:
    """Store what was fetched, and say what could not be; True where all was stored."""
    stored = store_fetched(archive.folder, fetched)
    if stored.images:
        archive.say("Pictures: " + ", ".join(f"{count} {state}" for state, count in sorted(stored.images.items())))
    for problem in stored.problems:
        archive.warn(f"{problem}.")
    return not stored.problems


def _in_words(result: Extracted) -> str:
    return f"not an article: {result.reason}" if result.outcome == "not_article" else result.reason
