"""The command that finds what newspapers no longer say, or say only since an edit: edits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from newsarchive.cli.reading import filter_options, read_filters
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.search import FilterError
from newsarchive.search.edited import ADDED, REMOVED, count_unread
from newsarchive.search.passages import edited_passages
from newsarchive.search.several import databases
from newsarchive.text.counting import counted


@click.command()
@click.argument("query")
@click.option("--added", is_flag=True, help="Find what edits added instead.")
@filter_options
@click.option("--words", type=click.IntRange(1, 50), default=8, show_default=True, help="Words on each side.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most N passages.")
@json_option
@click.pass_obj
def edits(archive: Archive, /, query: str, added: bool, words: int, limit: int, as_json: bool, **f: Any) -> None:
    """Find words that newspapers took out of their articles after publication, each with its context.

    Words that were only moved or came back later are left out, and so is what only the archive reads differently.
    """
    field = ADDED if added else REMOVED
    reading = archive.reading()
    if left := sum(map(count_unread, databases(reading))):
        archive.warn(
            f"The edits of {counted(left, 'article', commas=True)} are not read yet and were not searched: run"
            " newsarchive reprints --update."
        )
    try:
        found = edited_passages(reading, query, field=field, words=words, limit=limit, **read_filters(f))
        rows = [asdict(passage) for passage in found]
    except FilterError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(rows)
        return
    sign = "+" if added else "-"
    shown = [{**row, "passage": f"{row['left']} [{sign}{row['keyword']}{sign}] {row['right']}"} for row in rows]
    columns = {"article": "Article", "time": "Edited", "site": "Site", "passage": "Passage", "title": "Title"}
    print_table(shown, columns, empty="Nothing found.")
