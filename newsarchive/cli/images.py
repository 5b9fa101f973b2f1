"""The command that downloads missing images: images fetch."""

from __future__ import annotations

import sys

import click

from newsarchive.cli.crawl_results import CrawlReport
from newsarchive.cli.crawling import hold, named, parse_settings, run_crawl, sites_of
from newsarchive.cli.terminal import Archive, json_option, strict_option, strict_settings
from newsarchive.database import open_archive
from newsarchive.fixity.repair import restore_images


@click.group()
def images() -> None:
    """Images of kept articles."""


@images.command(short_help="Download images that are still missing.")
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@click.option(
    "--images", "mode", type=click.Choice(("lead", "all")), help="Which images; by default as in the profile, or all."
)
@click.option("--again", is_flag=True, help="Also request images that are kept or were refused.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Request at most N images.")
@strict_option
@click.option("-s", "--set", "own", multiple=True, metavar="NAME=VALUE", help="Override a Scrapy setting.")
@json_option
@click.pass_obj
def fetch(
    archive: Archive,
    sites: tuple[str, ...],
    mode: str | None,
    again: bool,
    limit: int | None,
    strict: bool,
    own: tuple[str, ...],
    as_json: bool,
) -> None:
    """Download the images that articles of SITEs still lack; without SITE, of all sites in this archive.

    Files missing from images/ are first restored from their captures.
    """
    archive.read().close()  # exits if there is no archive
    chosen = [archive.site(name) for name in dict.fromkeys(sites)] or sites_of(archive)
    settings = {
        **strict_settings(strict=strict),
        **parse_settings(own),
        "ARCHIVE_COMMAND": "images",
        "ARCHIVE_FULL": again,
        "ARCHIVE_LIMIT": limit or 0,
        "EXTRACTION_WORKERS": 0,
        **({"IMAGES": mode} if mode else {}),
    }
    results = CrawlReport(archive, as_json=as_json)
    with hold(archive, f"images fetch of {named(chosen)}"):
        db = open_archive(archive.folder)
        with db.atomic():
            found, lost = restore_images(db, archive.folder)
        db.close()
        if found or lost:
            archive.say(f"Missing image files: {found} restored from their captures, {lost} lost")
        outcomes = run_crawl(archive, chosen, settings, ended=results.add)
    sys.exit(results.finish(outcomes))
