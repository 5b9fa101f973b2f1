"""The command that extracts all kept pages again: reextract."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from newsarchive.cli.catching_up import catch_up
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, parse_day, print_json
from newsarchive.database import lock_archive, open_archive
from newsarchive.reextraction.runs import Reextraction, sites_kept
from newsarchive.reextraction.runs import reextract as extract_again
from newsarchive.sites import Site
from newsarchive.takedown import clean_up
from newsarchive.text.counting import counted

_LONGEST = 60


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@click.option("--since", default="", metavar="DAY", help="Only articles published on or after this day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Report what would change; write nothing.")
@json_option
@click.pass_obj
def reextract(archive: Archive, sites: tuple[str, ...], since: str, dry_run: bool, as_json: bool) -> None:
    """Extract all kept pages again with this version and the current profiles; uses no network.

    A different result is stored as a new revision of kind “reextracted”.
    """
    since = parse_day(since, "--since")
    archive.read().close()  # exits if there is no archive
    began = time.monotonic()
    with nullcontext() if dry_run else lock_archive(archive.folder):
        results = _reextract(archive, sites, since, dry_run=dry_run)
        if not dry_run:
            catch_up(archive, began)
    if as_json:
        print_json([_as_data(result) for result in results])
    else:
        _report(archive, results, dry_run=dry_run)
    sys.exit(1 if any(result.refused for result in results) else 0)


def _reextract(archive: Archive, names: Sequence[str], since: str, *, dry_run: bool) -> list[Reextraction]:
    db = archive.read() if dry_run else open_archive(archive.folder)
    try:
        if not dry_run:
            clean_up(db, archive.folder)
        chosen = _chosen(list(sites_kept(db, archive.sites)), names)
        with progress_bar(archive) as bar:
            return [
                extract_again(
                    archive.folder, db, site, since=since, dry_run=dry_run, progress=partial(bar.show, site.name)
                )
                for site in chosen
            ]
    except KeyboardInterrupt:
        archive.warn("Interrupted. What was done is kept; the next reextract resumes from there.")
        sys.exit(1)
    finally:
        db.close()


def _chosen(kept: list[Site], names: Sequence[str]) -> list[Site]:
    known = {site.name: site for site in kept}
    for name in names:
        if name not in known:
            raise click.UsageError(f"Nothing of “{name}” is kept; sites of this archive: {', '.join(known) or 'none'}.")
    return [known[name] for name in names] or kept


def _report(archive: Archive, results: list[Reextraction], *, dry_run: bool) -> None:
    rows = [
        {
            "site": result.site,
            "field": name,
            "changed": count,
            "example": _example(result, name),
        }
        for result in results
        for name, count in result.fields.items()
    ]
    if rows:
        headings = {"site": "Site", "field": "Field", "changed": "Changed", "example": "Example"}
        print_table(rows, headings, empty="")
    for result in results:
        for article, reason in result.refused:
            archive.warn(f"{result.site}: article {article}: {reason}; it stays unchanged.")
        counts = result.counts
        done = f"{counted(sum(counts.values()), 'revision')} {'read' if dry_run else 're-extracted'}"
        words = f"{counts['changed']} changed, {counts['not_article']} no longer an article, {counts['failed']} failed"
        click.echo(f"{result.site}: {done}, {words}")


def _example(result: Reextraction, name: str) -> str:
    shown = result.examples[name][0]
    return f"article {shown.article}: {_short(shown.old, shown.new)} → {_short(shown.new, shown.old)}"


def _short(value: Any, other: Any) -> str:
    """Return the part of a value around its first difference from the other."""
    text, beside = ("" if v is None else v if isinstance(v, str) else str(v) for v in (value, other))
    text, beside = " ".join(text.split()), " ".join(beside.split())
    first = next((i for i, (a, b) in enumerate(zip(text, beside, strict=False)) if a != b), min(len(text), len(beside)))
    start = max(0, first - 20)
    cut = text[start : start + _LONGEST]
    return f"“{'…' * (start > 0)}{cut}{'…' * (start + _LONGEST < len(text))}”"


def _as_data(result: Reextraction) -> dict[str, Any]:
    fields = {
        name: {"count": count, "examples": [asdict(example) for example in result.examples[name]]}
        for name, count in result.fields.items()
    }
    refused = [{"article": article, "reason": reason} for article, reason in result.refused]
    return {"site": result.site, "counts": result.counts, "fields": fields, "refused": refused}
