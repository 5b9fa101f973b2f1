"""The commands that make collections: collection new, collection split, collection merge."""

from __future__ import annotations

from pathlib import Path

import click

from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection, NoCollection, is_collection
from newsarchive.collection.parting import merge_collection, split_archive
from newsarchive.database import read_archive
from newsarchive.text.counting import counted


@click.group()
def collection() -> None:
    """Work with collections: one archive per newspaper, shared by several machines (see docs/collections.md)."""


@collection.command(short_help="Create an empty collection.")
@click.argument("address", metavar="FOLDER|ADDRESS")
@click.pass_obj
def new(archive: Archive, address: str) -> None:
    """Create an empty collection in a folder, or in S3 (s3://BUCKET/PREFIX)."""
    created = Collection.create(address)
    archive.say(f"A new collection in {created.address}; next: newsarchive --archive {created.address} sites add URL")


@collection.command(short_help="Split an archive into a collection.")
@click.argument("source", metavar="ARCHIVE", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("address", metavar="FOLDER|ADDRESS")
@click.pass_obj
def split(archive: Archive, source: Path, address: str) -> None:
    """Split ARCHIVE into a collection, one shard per newspaper. ARCHIVE itself is not changed."""
    target = Collection.open(address) if is_collection(address) and _exists(address) else Collection.create(address)
    read_archive(source).close()
    with progress_bar(archive) as bar:
        names = split_archive(source, target, progress=bar.show)
    archive.say(f"{counted(len(names), 'shard')} in {target.address}; {source} is unchanged.")


def _exists(address: str) -> bool:
    try:
        Collection.open(address)
    except NoCollection:
        return False
    return True


@collection.command(short_help="Merge a collection into one archive.")
@click.argument("address", metavar="COLLECTION")
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def merge(archive: Archive, address: str, folder: Path) -> None:
    """Merge all shards of COLLECTION into one archive in FOLDER, which must be new. COLLECTION is not changed."""
    source = Collection.open(address)
    with progress_bar(archive) as bar:
        done = merge_collection(source, folder, progress=bar.show)
    archive.say(f"{counted(done.articles, 'article')} of {counted(done.shards, 'shard')} in {folder}")
