"""The commands of the notebook: list, export, import, and the articles of its collections."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlite_utils import Database

from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.export import FORMATS, export_chosen
from newsarchive.export.files import atomic_write, refuse_archive_path
from newsarchive.notebook import NotebookError, open_notebook
from newsarchive.notebook.exchange import Content, import_content, read_content, to_publish
from newsarchive.notebook.files import NotebookFileError, read_file, write_file
from newsarchive.notebook.standing import follow, standing_of
from newsarchive.notebook.storing import find_collection, list_collections, list_notes
from newsarchive.text.counting import counted


@click.group()
def notes() -> None:
    """Work with the notes that you took in the reading room.

    They are in notes.db next to the archive; no export of the archive has them.
    """


@contextmanager
def _told(archive: Archive) -> Iterator[None]:
    """Exit with 1 and a sentence if the notebook cannot be used."""
    try:
        yield
    except NotebookError as error:
        archive.warn(str(error))
        sys.exit(1)


@notes.command(name="list")
@click.option("--tag", default="", help="Only notes with this tag.")
@json_option
@click.pass_obj
def list_(archive: Archive, tag: str, as_json: bool) -> None:
    """List the notes, latest first, with what became of their passages."""
    db = archive.read()
    with _told(archive), open_notebook(archive.folder) as book:
        found = list_notes(book, tag=tag)
    rows = []
    for note in to_publish(db, Content(notes=found)).notes:
        standing, article = standing_of(db, note.url)
        fate = follow(db, note, article).fate if article and not standing.withheld else standing
        tags = list(note.tags) if as_json else ", ".join(note.tags)
        row = {"modified": note.modified, "article": article, "url": note.url, "passage": note.passage.quotation}
        rows.append({**row, "note": note.words, "tags": tags, "state": str(fate)})
    columns = {"modified": "Modified", "url": "Article", "passage": "Passage", "note": "Note", "tags": "Tags",
               "state": "State"}  # fmt: skip
    print_json(rows) if as_json else print_table(rows, columns, empty="No notes.")


@notes.command(name="export")
@click.option("--format", "form", type=click.Choice(("json", "csv")), default="json", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; by default, standard output.")
@click.pass_obj
def export_(archive: Archive, form: str, output: Path | None) -> None:
    """Write the whole notebook: as JSON (W3C Web Annotation) or CSV.

    What is under an embargo or was taken down is not quoted.
    """
    db = archive.read()
    with _told(archive), open_notebook(archive.folder) as book:
        content = to_publish(db, read_content(book))
    text = write_file(content, form)
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    refuse_archive_path(output, archive.folder)
    with atomic_write(output) as draft:
        draft.write_text(text, encoding="utf-8", newline="")
    archive.say(f"{counted(len(content.notes), 'note')} in {output}")


@notes.command()
@click.argument("collection")
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="jsonl", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The file or folder.")
@click.pass_obj
def articles(archive: Archive, collection: str, form: str, output: Path) -> None:
    """Export the articles of one of your collections, by its name."""
    db = archive.read()
    with _told(archive), open_notebook(archive.folder) as book:
        group = find_collection(book, collection)
        known = ", ".join(f"“{other.name}”" for other in list_collections(book))
    if group is None:
        raise click.UsageError(
            f"Unknown collection “{collection}”; {f'known are {known}' if known else 'there is none'}."
        )
    seen = {url: number for url in group.articles if (number := standing_of(db, url)[1])}
    count = export_chosen(db, output, seen.values(), format=form)
    archive.say(f"{counted(count, 'article')} in {output}")
    if missing := len(group.articles) - count:
        archive.warn(
            f"{counted(missing, 'article')} of the collection left out: under an embargo, taken down, or elsewhere."
        )
        sys.exit(1)


@notes.command(name="import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.pass_obj
def import_(archive: Archive, path: Path) -> None:
    """Add notes from a file that `notes export` or another program wrote: JSON (W3C Web Annotation) or CSV.

    Of two versions of a note, the one changed last stays. Nothing is deleted.
    """
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        content, skipped = read_file(data)
    except NotebookFileError as error:
        raise click.UsageError(f"{path}: {error}") from error
    db: Database = archive.read()
    with _told(archive), open_notebook(archive.folder, write=True) as book:
        done = import_content(db, book, content)
    archive.say(f"{counted(done.new, 'new record')}, {done.changed} changed, {done.same} already there")
    if skipped:
        archive.warn(f"{counted(skipped, 'record')} could not be read.")
        sys.exit(1)
