"""The commands that make collections: collection new, collection split, collection merge."""

from __future__ import annotations

import click

from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection


@click.group()
def collection() -> None:
    """Collections: an archive for each newspaper, for several machines (see docs/collections.md)."""


@collection.command(short_help="Make an empty collection.")
@click.argument("address", metavar="FOLDER|ADDRESS")
@click.pass_obj
def new(archive: Archive, address: str) -> None:
    """Make an empty collection in a folder, or in S3 (s3://BUCKET/PREFIX)."""
    created = Collection.create(address)
    archive.say(f"A new collection in {created.address}; next: newsarchive --archive {created.address} sites add URL")
