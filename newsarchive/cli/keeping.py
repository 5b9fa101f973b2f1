"""The commands that keep the archive whole: check, backup, restore."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsarchive.backup import make_backup, restore_backup
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.fixity import check_archive
from newsarchive.text.counting import counted


@click.command()
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only N captures, pictures and texts, at random.")
@json_option
@click.pass_obj
def check(archive: Archive, sample: int | None, as_json: bool) -> None:
    """Check that the archive is whole, byte by byte, and name all that is off."""
    with progress_bar(archive) as bar:
        report = check_archive(archive.folder, sites=archive.sites, sample=sample, progress=bar.show)
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


@click.command()
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Read again what the backup has already.")
@click.option("--force", is_flag=True, help="Even where much of the backup before would go.")
@json_option
@click.pass_obj
def backup(archive: Archive, dest: Path, verify: bool, force: bool, as_json: bool) -> None:
    """Copy the archive to the folder DEST, now or while a crawl runs; the next time only what is new or changed."""
    with progress_bar(archive) as bar:
        done = make_backup(archive.folder, dest, verify=verify, force=force, progress=bar.show)
    if as_json:
        print_json(vars(done))
    else:
        size = f"{done.bytes / 1e6:.1f} MB"
        archive.say(f"{dest}: {done.copied} files copied ({size}), {done.kept} unchanged, {done.removed} removed")
    for problem in done.problems:
        archive.warn(problem)
    sys.exit(1 if done.problems else 0)


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="The folder; else that of the archive.")
@click.option("--force", is_flag=True, help="Replace the archive that is there.")
@click.pass_obj
def restore(archive: Archive, source: Path, to: Path | None, force: bool) -> None:
    """Put a backup back, verified; what was taken down since it was made stays down."""
    folder = to or archive.folder
    with progress_bar(archive) as bar:
        done = restore_backup(source, folder, present=[archive.folder], force=force, progress=bar.show)
    again = f"; {counted(done.forgotten, 'article')} taken down again" if done.forgotten else ""
    archive.say(f"{folder}: {counted(done.files, 'file')} as of {done.made}{again}")
    for problem in done.problems:
        archive.warn(problem)
    sys.exit(1 if done.problems else 0)
