"""The command that crawls, and what other commands share with it: crawl."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import click

from newsarchive.cli import LOCKED
from newsarchive.cli.catching_up import catch_up
from newsarchive.cli.crawl_results import CrawlReport, Joining
from newsarchive.cli.images_option import WithImages, images_option
from newsarchive.cli.notifying import begin_telling, recipients, tell_of_crawl
from newsarchive.cli.progress import site_bars
from newsarchive.cli.terminal import Archive, announce, json_option, parse_day, strict_option, strict_settings
from newsarchive.configuration import MOST_PARALLEL
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.plan import PlanOptions
from newsarchive.crawling.preview import preview, previews_total
from newsarchive.crawling.process import crawl_sites
from newsarchive.crawling.progress import Ended, Join, join_nothing, show_nothing
from newsarchive.crawling.run_settings import make_settings
from newsarchive.database import ArchiveLocked, has_archive, lock_archive, request_sites
from newsarchive.sites import Site, profile_paths


@click.command(cls=WithImages)
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@images_option
@click.option("--since", default="", metavar="DAY", help="Fetch nothing published before this day (YYYY-MM-DD).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Fetch at most N articles.")
@click.option("--full", is_flag=True, help="Scan every source to its end and fetch every page again.")
@click.option("--retry", is_flag=True, help="Try failed pages again now.")
@click.option(
    "--parallel",
    type=click.IntRange(1, MOST_PARALLEL),
    metavar="N",
    help=f"Crawl at most N sites at once; by default as newsarchive.toml says, or {MOST_PARALLEL}.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be requested; request and store nothing.")
@strict_option
@click.option("-s", "--set", "own", multiple=True, metavar="NAME=VALUE", help="Override a Scrapy setting.")
@json_option
@click.pass_obj
def crawl(archive: Archive, /, sites: tuple[str, ...], **options: Any) -> None:
    """Fetch new and changed articles of SITEs; without SITE, of all sites in this archive."""
    asked = _Asked(**options)
    told = recipients(archive)
    settings = asked.settings()
    chosen = [archive.site(name) for name in dict.fromkeys(sites)] or sites_of(archive)
    if asked.dry_run:
        print_previews(archive, chosen, settings, as_json=asked.as_json)
        return
    results = CrawlReport(archive, as_json=asked.as_json)
    began = time.monotonic()
    most = asked.parallel or archive.configuration.parallel or MOST_PARALLEL
    with hold(archive, f"crawl of {named(chosen)}", in_place=chosen if asked.is_plain else None):
        announce(archive)
        begin_telling(archive, told)
        joining = Joining(archive, told, results)
        join = joining if asked.is_plain else join_nothing
        outcomes = run_crawl(archive, chosen, settings, parallel=most, ended=results.add, join=join)
        joining.wait()
        catch_up(archive, began)
    code = results.finish(outcomes)
    tell_of_crawl(archive, told, results.take_untold())
    sys.exit(code)


@dataclass(kw_only=True, frozen=True)
class _Asked:
    """The options of the command."""

    images: str | None
    since: str
    limit: int | None
    full: bool
    retry: bool
    parallel: int | None
    dry_run: bool
    strict: bool
    own: tuple[str, ...]
    as_json: bool

    @property
    def is_plain(self) -> bool:
        """True if another plain crawl does the same with a site."""
        return not (self.images or self.since or self.limit or self.full or self.retry or self.strict or self.own)

    def settings(self) -> dict[str, Any]:
        """Return Scrapy's settings for these options. Raises UsageError."""
        return {
            **strict_settings(strict=self.strict),
            **parse_settings(self.own),
            "ARCHIVE_FULL": self.full,
            "ARCHIVE_RETRY": self.retry,
            "ARCHIVE_LIMIT": self.limit or 0,
            "ARCHIVE_SINCE": parse_day(self.since, "--since"),
            **({"IMAGES": self.images} if self.images else {}),
        }


def print_previews(archive: Archive, chosen: list[Site], settings: dict[str, Any], *, as_json: bool) -> None:
    """Print what a crawl would request."""
    made = make_settings(archive.folder, settings)
    options, keep = PlanOptions.from_settings(made), made.getbool("BACK_OFF_KEEP")
    db = archive.read() if has_archive(archive.folder) else None
    previews = [preview(db, site, options, keep=keep) for site in chosen]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in previews], ensure_ascii=False, indent=2))
        return
    for one in previews:
        click.echo(one.sentence())
    if len(previews) > 1:
        click.echo(previews_total(previews))


def run_crawl(
    archive: Archive,
    chosen: list[Site],
    settings: dict[str, Any],
    *,
    parallel: int = MOST_PARALLEL,
    begin: Callable[[], None] = lambda: None,
    ended: Ended = show_nothing,
    join: Join = join_nothing,
) -> list[Outcome]:
    """Crawl the sites, with a progress bar each on a terminal and plain log lines elsewhere.

    `begin` is called before each crawl, `ended` after it with its outcome; `join` gives more sites.
    """
    contact = settings.get("CONTACT") or os.environ.get("NEWSARCHIVE_CONTACT") or archive.configuration.contact
    without = [] if contact else [site for site in chosen if not site.contact]
    if without:
        logging.getLogger("newsarchive").warning(
            "%s: no contact is set; please tell sites how to reach you: `contact` in the profile or in"
            " newsarchive.toml, or NEWSARCHIVE_CONTACT.",
            named(without),
        )
    with site_bars(archive, len({site.name for site in chosen})) as bars:

        def end(outcome: Outcome) -> None:
            bars.end(outcome.site)
            ended(outcome)

        return crawl_sites(
            archive.folder,
            chosen,
            settings=settings,
            parallel=parallel,
            begin=begin,
            follow=bars.follow,
            ended=end,
            join=join,
        )


@contextmanager
def hold(archive: Archive, what: str, *, in_place: Sequence[Site] | None = None) -> Iterator[None]:
    """Hold the archive for a run; if another one does, exit with 75, without a word if quiet: overlap is usual.

    That one is asked to crawl the sites `in_place` of this run, if it takes requests, and takes them itself if they
    are not None.
    """
    with ExitStack() as held:
        try:
            held.enter_context(lock_archive(archive.folder, what, takes_requests=in_place is not None))
        except ArchiveLocked as error:
            asked = error.takes_requests and in_place
            if asked:
                request_sites(archive.folder, [site.name for site in in_place or ()])
            if archive.quiet:
                sys.exit(LOCKED)
            if asked:
                archive.say("The run that holds the archive was asked to look again at the sites it is done with.")
            raise
        yield


def named(sites: Sequence[Site]) -> str:
    """Return sites by their names, or by their number if they are many.

    >>> named([Site(name=name, url="https://a.kz/") for name in "abcde"])
    '5 sites (a, b, c and 2 more)'
    """
    names = [site.name for site in sites]
    if len(names) <= 3:
        return ", ".join(names)
    return f"{len(names)} sites ({', '.join(names[:3])} and {len(names) - 3} more)"


def sites_of(archive: Archive) -> list[Site]:
    """Return the sites of this archive: those with a profile in it, and those crawled before."""
    names = set(profile_paths(archive.folder / "sites"))
    if has_archive(archive.folder):
        rows = archive.read().query("select distinct site from runs where command = 'crawl'")
        names |= {row["site"] for row in rows}
    sites = archive.sites
    if not names & {*sites, *archive.broken}:
        raise click.UsageError(
            "This archive has no site yet: add one (newsarchive sites add URL) or name one"
            f" (newsarchive crawl {next(iter(sites), 'SITE')})."
        )
    return [site for name, site in sites.items() if name in names]


def parse_settings(own: tuple[str, ...]) -> dict[str, Any]:
    """Return `NAME=VALUE` pairs as settings. Raises UsageError."""
    pairs = [pair.partition("=") for pair in own]
    for name, sign, _ in pairs:
        if not sign or not name.isupper():
            raise click.UsageError(f"-s needs NAME=VALUE, with the name of a setting in capitals, not “{name}”.")
    return {name: value for name, _, value in pairs}
