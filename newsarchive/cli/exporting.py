"""The commands that publish the archive: export, cite, timemap, browse."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from newsarchive.browse import RoomError, serve
from newsarchive.cli.locating import locate
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.reading import filter_options, read_filters, warn_of_old_index
from newsarchive.cli.terminal import Archive, is_terminal
from newsarchive.export import FORMATS, PACKAGED, ExportError, Request, export_package, release
from newsarchive.export import export as export_articles
from newsarchive.export.citations import CitationError
from newsarchive.export.citations import cite as cite_article
from newsarchive.export.citations import timemap as captures_as_timemap
from newsarchive.export.partitioned import export_partitioned
from newsarchive.export.targets import STDOUT, is_on_disk
from newsarchive.search import FilterError, Filters
from newsarchive.text.counting import counted

STYLES = ("text", "bibtex", "csl-json", "ris")


@click.command()
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="jsonl", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file or folder; - is standard output.")
@click.option(
    "--release",
    "directory",
    type=click.Path(path_type=Path),
    help="Write a dataset ready for publication into a folder.",
)
@click.option("--query", default="", help="Only articles that this search finds.")
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="MB",
    help="Maximum size of each WARC file, also inside a WACZ; by default 1024.",
)
@click.option("--spreadsheet", is_flag=True, help="CSV that is safe to open in a spreadsheet program.")
@click.option(
    "--canonical", is_flag=True, help="JSON Lines that are identical, byte for byte, for the same recordings."
)
@click.option(
    "--partitioned", is_flag=True, help="Parquet files by site and year in a folder; only what changed is written."
)
@click.option(
    "--package",
    is_flag=True,
    help="One ZIP with the texts, their query, date, versions and digests: csv, jsonl, parquet, markdown; or a WACZ.",
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only a random sample of N articles.")
@click.option("--seed", default="1", show_default=True, help="The same seed draws the same sample.")
@filter_options
@click.pass_obj
def export(archive: Archive, /, **options: Any) -> None:
    """Write the archive, or part of it, in common formats."""
    asked = _Asked(**{name: options.pop(name) for name in _Asked.__dataclass_fields__})
    target = asked.target()
    chosen = read_filters(options)
    with progress_bar(archive, hidden=is_terminal(sys.stdout) and not is_on_disk(target)) as bar:
        try:
            count = asked.write(archive, target, chosen, bar.show)
        except FilterError as error:
            raise click.UsageError(str(error)) from error
        except ExportError as error:
            archive.warn(str(error))
            sys.exit(1)
    archive.say(f"{counted(count, 'article')} {'written' if str(target) == STDOUT else f'in {target}'}")


@dataclass(kw_only=True, frozen=True)
class _Asked:
    """The options of `export`, but for the filters."""

    form: str
    output: Path | None
    directory: Path | None
    query: str
    size: int | None
    spreadsheet: bool
    canonical: bool
    partitioned: bool
    package: bool
    sample: int | None
    seed: str

    def target(self) -> Path:
        """Return the file or folder to write. Raises UsageError if the options contradict each other."""
        self._check()
        target = self.directory or self.output
        if target is None:
            raise click.UsageError("No output: name a file or folder with -o PATH, or --release DIR.")
        if self.output and self.directory:
            raise click.UsageError("-o and --release cannot be combined: choose one.")
        if self.spreadsheet and (self.directory or self.form != "csv"):
            raise click.UsageError("--spreadsheet works only with --format csv.")
        if str(target) == STDOUT and (self.directory or (FORMATS[self.form].folder and not self.package)):
            what = "--release" if self.directory else f"--format {self.form}"
            raise click.UsageError(f"{what} writes a folder of files, not standard output: name a folder.")
        return target

    def _check(self) -> None:
        """Raise UsageError for a kind of export that other options rule out."""
        released = self.directory is not None
        if self.canonical and (released or self.form != "jsonl"):
            raise click.UsageError("--canonical works only with --format jsonl.")
        if self.partitioned and (released or self.form != "parquet" or str(self.output) == STDOUT):
            raise click.UsageError("--partitioned works only with --format parquet and -o FOLDER.")
        if self.package and (
            released or self.canonical or self.partitioned or self.spreadsheet or self.form not in PACKAGED
        ):
            raise click.UsageError(f"--package works only with -o and --format {', '.join(PACKAGED)}.")
        if self.sample and (released or self.canonical or self.partitioned):
            raise click.UsageError("--sample works only with -o and without --canonical and --partitioned.")

    def write(self, archive: Archive, target: Path, filters: Filters, show: Callable[..., None]) -> int:
        """Write what was asked for; return the number of articles. Raises FilterError, ExportError."""
        progress = partial(show, "articles")
        if self.directory is not None:
            return release(archive.reading(), self.directory, query=self.query, progress=progress, **filters)
        if self.package:
            request = Request(
                format=self.form, query=self.query, filters=filters, sample=self.sample or 0, seed=self.seed
            )
            return export_package(archive.reading(), target, request, progress=progress)
        if self.partitioned:
            shards = partial(show, "shards")
            made = export_partitioned(archive.reading(), target, query=self.query, filters=filters, progress=shards)
            return made.articles
        return export_articles(
            archive.reading(),
            target,
            format=self.form,
            query=self.query,
            progress=progress,
            largest=(self.size or 0) << 20,
            spreadsheet=self.spreadsheet,
            canonical=self.canonical,
            sample=self.sample or 0,
            seed=self.seed,
            **filters,
        )


@click.command()
@click.argument("article", metavar="ID|URL")
@click.option("--revision", type=int, help="An earlier revision, by its number.")
@click.option("--format", "style", type=click.Choice(STYLES), default="text", show_default=True)
@click.pass_obj
def cite(archive: Archive, article: str, revision: int | None, style: str) -> None:
    """Cite the archived version of an article."""
    db, number = locate(archive.reading(), article, to_publish=True)
    try:
        click.echo(cite_article(db, number, revision=revision, style=style))
    except CitationError as error:
        raise click.UsageError(str(error)) from error


@click.command()
@click.argument("article", metavar="ID|URL")
@click.pass_obj
def timemap(archive: Archive, article: str) -> None:
    """List the captures of an article as a TimeMap (Memento, RFC 7089)."""
    db, number = locate(archive.reading(), article, to_publish=True)
    found = captures_as_timemap(db, number)
    if not found:
        archive.warn(f"No capture of {article} is kept.")
        sys.exit(1)
    click.echo(found)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--no-notes", is_flag=True, help="Without your notebook: for a room that others read.")
@click.pass_obj
def browse(archive: Archive, port: int, host: str, no_notes: bool) -> None:
    """Read the archive in a browser."""
    reading = archive.reading()
    warn_of_old_index(archive, reading)
    reading.close()
    try:
        serve(
            archive.address or archive.folder,
            port=port,
            host=host,
            notes=not no_notes,
            ready=lambda url: archive.say(f"Reading room: {url}  (Ctrl-C ends it)"),
        )
    except RoomError as error:
        archive.warn(str(error))
        sys.exit(1)
