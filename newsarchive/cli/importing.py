"""The command that imports recordings and saved pages: import."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import click

from newsarchive.cli.backfilling import backfill_options, preview_backfill, public_archive, run_backfill
from newsarchive.cli.catching_up import catch_up
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, announce, json_option, print_json
from newsarchive.database import lock_archive, open_archive
from newsarchive.importing.folders import name_others, recordings_in
from newsarchive.importing.pages import import_files
from newsarchive.importing.preview import preview_files
from newsarchive.importing.storing import Imported
from newsarchive.takedown import clean_up
from newsarchive.text.counting import counted

logger = logging.getLogger(__name__)


@click.command("import")
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--any-site", is_flag=True, help="Also import pages of sites without a profile, under the name of their host."
)
@click.option("--site", "only", multiple=True, metavar="NAME", help="Import only pages of this site; may be repeated.")
@click.option("--text-only", is_flag=True, help="Also import extracts of text (WET), which have no markup.")
@click.option("--dry-run", is_flag=True, help="List the pages in the files; store nothing.")
@backfill_options
@json_option
@click.pass_obj
def import_(
    archive: Archive,
    /,
    paths: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Import WARC, ARC and WACZ files, saved HTML pages, and lists of saved pages.

    A folder stands for all such files in it. A list (TSV, CSV, JSON Lines) has the columns url, file and, if known,
    time. Each page and image keeps the time of its record; a page older than the present state becomes an earlier
    revision.

    --from-wayback and --from-common-crawl take the pages of a site from these public archives instead, one at a time;
    what was downloaded is kept, and the same command resumes.
    """
    wanted = {name: options.pop(name) for name in ("any_site", "text_only", "only")}
    public = public_archive(archive, options)
    if bool(paths) is (public is not None):
        raise click.UsageError("Give either files or one public archive (--from-wayback, --from-common-crawl).")
    if public is not None and dry_run:
        preview_backfill(archive, public, as_json=as_json)
        return
    if dry_run:
        preview(archive, paths, wanted, as_json=as_json)
        return
    began = time.monotonic()
    if public is not None:
        result = run_backfill(archive, public)
    else:
        with lock_archive(archive.folder):
            announce(archive)
            result = _import(archive, paths, wanted)
            catch_up(archive, began)
    _report(archive, result, as_json=as_json)
    sys.exit(1 if result.broken or result.counts["failed"] else 0)


def _report(archive: Archive, result: Imported, *, as_json: bool) -> None:
    if result.truncated:
        result.notes.append(_count_truncated(len(result.truncated), archive.folder))
    for sentence in result.broken:
        archive.warn(f"{sentence}.")
    for sentence in result.truncated:
        logger.debug("%s.", sentence)
    for sentence in result.notes:
        archive.say(f"{sentence}.")
    if as_json:
        print_json(
            {
                "counts": result.counts,
                "images": result.images,
                "pictures": result.images,  # its name in 0.1.0
                "broken": result.broken,
                "truncated": result.truncated,
                "notes": result.notes,
            }
        )
    else:
        counts = result.counts
        words = f"{counts['new']} new, {counts['changed']} changed, {counts['same']} the same, {counts['known']} known"
        rest = f"{counts['not_article']} no articles, {counts['other_site']} of other sites, {counts['failed']} failed"
        rest += f", {counts['truncated']} incomplete" if counts["truncated"] else ""
        kept = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.images.items()))
        click.echo(f"{counted(sum(counts.values()), 'page')}: {words}, {rest}{'; images: ' if kept else ''}{kept}")


_TRUNCATED = "select time, url, truncated from captures where truncated is not null"


def _count_truncated(count: int, folder: Path) -> str:
    """Return a sentence on pages that were recorded incompletely, with the command that lists them.

    >>> _count_truncated(1, Path("data")).partition(": ")[0]
    '1 page was recorded incompletely and is kept, but made no article; this lists the reasons'
    """
    were, kept = ("was", "is kept") if count == 1 else ("were", "are kept")
    pages = f"{counted(count, 'page')} {were} recorded incompletely and {kept}, but made no article"
    command = shlex.join(["sqlite3", str(folder / "archive.db"), _TRUNCATED])
    return f"{pages}; this lists the reasons: {command}"


def preview(archive: Archive, paths: tuple[Path, ...], wanted: dict[str, Any], *, as_json: bool) -> NoReturn:
    """Print what files hold, by site, and exit; nothing is stored."""
    files, others = files_in(paths)
    with progress_bar(archive) as bar:
        found = preview_files(files, sites=archive.sites, **wanted, progress=bar.show)
    notes = [*found.notes, *([name_others(others)] if others else [])]
    for sentence in found.broken:
        archive.warn(f"{sentence}.")
    for sentence in notes:
        archive.say(f"{sentence}.")
    if as_json:
        sites = {
            name: {"pages": site.pages, "urls": len(site.urls), "first": site.first, "last": site.last}
            for name, site in sorted(found.sites.items())
        }
        rest = {"other_site": found.other_site, "images": found.images, "broken": found.broken, "notes": notes}
        print_json({"sites": sites, **rest})
    else:
        for name, site in sorted(found.sites.items()):
            click.echo(f"{name}: {site}")
        click.echo(
            f"{counted(found.other_site, 'page')} of other sites, {counted(found.images, 'image')}; nothing stored"
        )
    sys.exit(1 if found.broken else 0)


def files_in(paths: tuple[Path, ...]) -> tuple[list[Path], list[Path]]:
    """Return the files to read, and those of folders that are no recordings."""
    files, others = [], []
    for path in paths:
        found, rest = recordings_in(path)
        if not found:
            raise click.UsageError(f"There is no WARC, WACZ or HTML file in {path}.")
        files += found
        others += rest
    return files, others


def _import(archive: Archive, paths: tuple[Path, ...], wanted: dict[str, Any]) -> Imported:
    files, others = files_in(paths)
    db = open_archive(archive.folder)
    try:
        clean_up(db, archive.folder)
        with progress_bar(archive) as bar:
            result = import_files(
                archive.folder,
                db,
                files,
                sites=archive.sites,
                **wanted,
                workers=os.cpu_count() or 1,
                progress=bar.show,
            )
        if others:
            result.notes.append(name_others(others))
        return result
    except KeyboardInterrupt:
        archive.warn("Interrupted. What was imported is kept; the same import resumes from there.")
        sys.exit(1)
    finally:
        db.close()
