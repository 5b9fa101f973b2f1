"""The commands for the stems in the search index: stems rebuild, stems learn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive
from newsarchive.database import lock_archive, open_archive, rebuild_index
from newsarchive.export.targets import target_file
from newsarchive.kazakh.lexicon import learn_lexicon, write_lexicon
from newsarchive.takedown import clean_up
from newsarchive.text.counting import counted


@click.group()
def stems() -> None:
    """Rebuild the search index; learn a lexicon of stems from texts."""


@stems.command(short_help="Learn a lexicon of Kazakh stems.")
@click.pass_obj
def rebuild(archive: Archive) -> None:
    """Rebuild the search index with the rules and lexicon of this version."""
    archive.read().close()
    with lock_archive(archive.folder), progress_bar(archive) as bar:
        db = open_archive(archive.folder)
        clean_up(db, archive.folder)
        count = rebuild_index(db, partial(bar.show, "articles"))
        db.close()
    archive.say(f"Rebuilt the search index of {counted(count, 'article')}.")


@stems.command(short_help="Rebuild the search index.")
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The lexicon to write.")
@click.option("--source", default="", help="Origin and licence of the texts; stored in the file.")
@click.pass_obj
def learn(archive: Archive, texts: tuple[Path, ...], output: Path, source: str) -> None:
    """Learn a lexicon of Kazakh stems from plain TEXTS (UTF-8), without labels."""
    with target_file(output) as file, tempfile.TemporaryDirectory() as scratch:
        lexicon = learn_lexicon(_lines(texts), source=source)
        write_lexicon(Path(scratch) / "lexicon.gz", lexicon)
        file.write((Path(scratch) / "lexicon.gz").read_bytes())
    archive.say(f"{len(lexicon.stems)} stems, {len(lexicon.suffixes)} suffixes in {output} (digest {lexicon.digest})")


def _lines(texts: tuple[Path, ...]) -> Iterator[str]:
    for path in texts:
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from file
