"""The commands that preserve the archive: check, backup, restore."""

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
@click.option(
    "--sample", type=click.IntRange(1), metavar="N", help="Check only N captures, images and texts, chosen at random."
)
@json_option
@click.pass_obj
def check(archive: Archive, sample: int | None, as_json: bool) -> None:
    """Verify every byte of the archive and list all problems."""
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
            f"{counted(len(report.problems), 'problem') if report.problems else 'no problems'} in {counts or 'nothing'}"
        )
    if report.problems:
        archive.warn(f"{counted(len(report.problems), 'problem')} found.")
        sys.exit(1)


@click.command()
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Also verify what is already in the backup.")
@click.option("--force", is_flag=True, help="Proceed even if much of the previous backup would be removed.")
@json_option
@click.pass_obj
def backup(archive: Archive, dest: Path, verify: bool, force: bool, as_json: bool) -> None:
    """Copy the archive to the folder DEST, also during a crawl; later runs copy only what is new or changed."""
    with progress_bar(archive) as bar:
        done = make_backup(archive.folder, dest, verify=verify, force=force, progress=bar.show)
    if as_json:
        print_json(vars(done))
    else:
        size = f"{done.bytes / 1e6:.1f} MB"
        archive.say(
            f"{dest}: {counted(done.copied, 'file')} copied ({size}), {done.kept} unchanged, {done.removed} removed"
        )
    for problem in done.problems:
        archive.warn(problem)
    sys.exit(1 if done.problems else 0)


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), help="The target folder; by default the archive's."
)
@click.option("--force", is_flag=True, help="Replace the archive in that folder.")
@click.pass_obj
def restore(archive: Archive, source: Path, to: Path | None, force: bool) -> None:
    """Verify and restore a backup; what was taken down since it was made stays down."""
    folder = to or archive.folder
    with progress_bar(archive) as bar:
        done = restore_backup(source, folder, present=[archive.folder], force=force, progress=bar.show)
    again = f"; {counted(done.forgotten, 'article')} taken down again" if done.forgotten else ""
    archive.say(f"{folder}: {counted(done.files, 'file')} as of {done.made}{again}")
    for problem in done.problems:
        archive.warn(problem)
    sys.exit(1 if done.problems else 0)
