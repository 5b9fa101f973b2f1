"""The commands that keep the archive whole: check, backup, restore."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from newsarchive.cli.terminal import Archive, json_option, print_json, stderr
from newsarchive.fixity import Progress as Told
from newsarchive.fixity import check_archive


@contextmanager
def progress_bar(archive: Archive) -> Iterator[Told]:
    """A bar for work that has several parts; nothing where there is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=archive.quiet or not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


@click.command()
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only N captures, pictures and texts, at random.")
@json_option
@click.pass_obj
def check(archive: Archive, sample: int | None, as_json: bool) -> None:
    """Check that the archive is whole, byte by byte, and name all that is off."""
    with progress_bar(archive) as progress:
        report = check_archive(archive.folder, sites=archive.sites, sample=sample, progress=progress)
    if as_json:
        print_json(report.as_data())
    else:
        for problem in report.problems:
            click.echo(problem.sentence())
        for note in report.notes:
            archive.say(note)
        counts = ", ".join(f"{number} {what}" for what, number in report.checked.items())
        archive.say(
            f"{len(report.problems) or 'no'} problem{'s' * (len(report.problems) != 1)} in {counts or 'nothing'}"
        )
    if report.problems:
        archive.warn(f"{len(report.problems)} problem{'s' * (len(report.problems) > 1)} found.")
        sys.exit(1)
