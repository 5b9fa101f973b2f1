"""The command that crawls, and what other commands share with it: crawl."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from newsarchive.cli.images_option import WithImages, images_option
from newsarchive.cli.notifying import begin_telling, recipients, tell_of_crawl
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, announce, json_option, parse_day, strict_option, strict_settings
from newsarchive.crawling.outcomes import Outcome
from newsarchive.crawling.process import crawl_sites
from newsarchive.database import has_archive, lock_archive
from newsarchive.run_ends import RunEnd
from newsarchive.sites import Site, profile_paths


@click.command(cls=WithImages)
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@images_option
@click.option("--since", default="", metavar="DAY", help="Fetch nothing published before this day (YYYY-MM-DD).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Fetch at most N articles.")
@click.option("--full", is_flag=True, help="Scan every source to its end and fetch every page again.")
@click.option("--retry", is_flag=True, help="Try failed pages again now.")
@strict_option
@click.option("-s", "--set", "own", multiple=True, metavar="NAME=VALUE", help="Override a Scrapy setting.")
@json_option
@click.pass_obj
def crawl(
    archive: Archive,
    sites: tuple[str, ...],
    images: str | None,
    since: str,
    limit: int | None,
    full: bool,
    retry: bool,
    strict: bool,
    own: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fetch new and changed articles of SITEs; without SITE, of all sites of this archive."""
    told = recipients(archive)
    settings = {
        **strict_settings(strict=strict),
        **parse_settings(own),
        "ARCHIVE_FULL": full,
        "ARCHIVE_RETRY": retry,
        "ARCHIVE_LIMIT": limit or 0,
        "ARCHIVE_SINCE": parse_day(since, "--since"),
        **({"IMAGES": images} if images else {}),
    }
    chosen = [archive.site(name) for name in sites] or sites_of(archive)
    with lock_archive(archive.folder):
        announce(archive)
        begin_telling(archive, told)
        outcomes = run_crawl(archive, chosen, settings)
    report(archive, outcomes, as_json=as_json)
    tell_of_crawl(archive, told, outcomes)
    sys.exit(1 if any(outcome.problems or outcome.reason is not RunEnd.FINISHED for outcome in outcomes) else 0)


def run_crawl(
    archive: Archive, chosen: list[Site], settings: dict[str, Any], *, begin: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Crawl the sites, with a progress bar on a terminal and plain log lines elsewhere.

    `begin` is called before each crawl.
    """
    configured = archive.configuration.contact
    contact = settings.get("CONTACT") or os.environ.get("NEWSARCHIVE_CONTACT") or configured
    for site in chosen:
        if not site.contact and not contact:
            logging.getLogger("newsarchive").warning(
                "%s: no contact is set; please tell sites how to reach you: `contact` in the profile or in"
                " newsarchive.toml, or NEWSARCHIVE_CONTACT.",
                site.name,
            )
    with progress_bar(archive) as bar:
        return crawl_sites(archive.folder, chosen, settings=settings, begin=begin, follow=bar.follow)


def report(archive: Archive, outcomes: list[Outcome], *, as_json: bool) -> None:
    """Print how each crawl ended, in one sentence each, and its alerts."""
    if as_json:
        click.echo(json.dumps([vars(outcome) for outcome in outcomes], ensure_ascii=False, indent=2))
    for outcome in outcomes:
        for note in outcome.notes:
            archive.say(f"{outcome.site}: {note}")
        for problem in outcome.problems:
            archive.warn(f"{outcome.site}: {problem}")
        if not as_json and (not archive.quiet or outcome.problems):
            click.echo(outcome.sentence())


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
