"""The command that shows who quoted whom: quotations."""

from __future__ import annotations

from dataclasses import asdict

import click

from newsarchive.cli.locating import locate_part, name_in
from newsarchive.cli.reprints import PENDING
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.reprints import count_pending
from newsarchive.reprints.reused import most_reused, quotations_of
from newsarchive.search.several import databases
from newsarchive.text.counting import counted


@click.command()
@click.argument("article", metavar="[ID|URL]", required=False)
@click.option("--site", default="", help="Only quotations that this site has.")
@click.option("--within", is_flag=True, help="Also quotations that only one site uses.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most N quotations.")
@json_option
@click.pass_obj
def quotations(archive: Archive, article: str | None, site: str, within: bool, limit: int, as_json: bool) -> None:
    """Show quotations that several articles use, first use first; without an article, the most reused ones."""
    reading = archive.reading()
    if pending := sum(map(count_pending, databases(reading))):
        archive.say(PENDING.format(counted(pending, "article", commas=True)))
    if article is None:
        rows = most_reused(reading, site=site, across=not within, limit=limit)
        columns = {
            "articles": "Articles",
            "sites": "Sites",
            "first_day": "First",
            "last_day": "Last",
            "text": "Quotation",
        }
        print_json(rows) if as_json else print_table(rows, columns, empty="No quotation is used twice.")
        return
    part, number = locate_part(reading, article, to_publish=True)
    found = quotations_of(reading, number, part=part)
    if as_json:
        print_json([asdict(reused) for reused in found])
        return
    columns = {"article": "Article", "published": "Published", "site": "Site", "note": "", "title": "Title"}
    for reused in found:
        click.echo(f"«{reused.text}»")
        rows = [
            {
                **asdict(use),
                "article": name_in(reading, use.site, use.article),
                "published": use.published or use.day,
                "note": "reprint" if use.is_reprint else "",
            }
            for use in reused.uses
        ]
        print_table(rows, columns, empty="")
    if not found:
        archive.say("No other article has a quotation of this one.")
