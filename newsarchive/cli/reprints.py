"""The command that shows who reprinted whom: reprints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from newsarchive.cli.locating import locate_part, name_in
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.corpus.edits import update_edits
from newsarchive.database import lock_archive, open_archive
from newsarchive.database.row_checksums import write_row_checksums
from newsarchive.reprints import Group, count_pending, group_of, list_groups, update_reprints
from newsarchive.reprints.sentences import Row
from newsarchive.reprints.texts import compare_group, group_as_data
from newsarchive.search import Reading
from newsarchive.text.counting import counted

PENDING = "{} not compared yet: run newsarchive reprints --update."
SIGNS = {"same": "=", "changed": "≠", "lacks": "–"}


@click.command()
@click.argument("article", metavar="[ID|URL]", required=False)
@click.option("--site", default="", help="Only groups with an article of this site.")
@click.option("--within", is_flag=True, help="Also groups within one site.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most N groups.")
@click.option("--sentences", is_flag=True, help="Show which article has, lacks or changed each sentence.")
@click.option("--update", is_flag=True, help="Compare the articles that are still to be compared.")
@json_option
@click.pass_obj
def reprints(
    archive: Archive,
    article: str | None,
    site: str,
    within: bool,
    limit: int,
    sentences: bool,
    update: bool,
    as_json: bool,
) -> None:
    """Show articles with the same text, over all sites: who was first, and what each changed.

    Without an article, lists the groups, newest first.
    """
    if update:
        _update(archive)
        if article is None:
            return
    reading = archive.reading()
    if article is not None:
        place = locate_part(reading, article, to_publish=True)
        _show_group(archive, reading, *place, sentences=sentences, as_json=as_json)
        return
    groups = list_groups(reading, site=site, across=not within, limit=limit)
    print_json(groups) if as_json else _print_groups(reading, groups)
    if pending := count_pending(reading):
        archive.say(PENDING.format(counted(pending, "article", commas=True)))


def _update(archive: Archive) -> None:
    archive.read().close()
    with lock_archive(archive.folder, "comparing articles"), progress_bar(archive) as bar:
        db = open_archive(archive.folder)
        update_edits(db, progress=lambda done, total: bar.show("edits", done, total))
        done = update_reprints(db, progress=lambda done, total: bar.show("articles", done, total))
        write_row_checksums(db)
        db.close()
    archive.say(f"{counted(done.done, 'article', commas=True)} compared with all others.")


def _print_groups(reading: Reading, groups: list[list[dict[str, Any]]]) -> None:
    rows = [
        {
            **row,
            "article": name_in(reading, row["site"], row["article"]),
            "of": f"{row['place']}/{len(group)}",
            "share": f"{row['share'] or 0:.0%}",
        }
        for group in groups
        for row in group
    ]
    columns = {"of": "Place", "article": "Article", "day": "Day", "site": "Site", "share": "Shared", "title": "Title"}
    print_table(rows, columns, empty="No reprints are known.")


def _show_group(archive: Archive, reading: Reading, part: int, number: int, *, sentences: bool, as_json: bool) -> None:
    group = group_of(reading, number, part=part)
    rows = compare_group(reading, group) if group and (sentences or as_json) else []
    if as_json:
        print_json(group_as_data(number, group, rows))
        return
    if group is None:
        archive.say(f"Article {number} has no reprints in this archive.")
        return
    members = [
        {
            **asdict(m),
            "article": name_in(reading, m.site, m.article),
            "published": m.published or m.day,
            "share": f"{m.share:.0%}",
            "kept": f"{m.kept:.0%}",
        }
        for m in group.members
    ]
    columns = {"place": "Place", "article": "Article", "published": "Published", "site": "Site"}
    shares = {"share": "From the first", "kept": "Of the first", "title": "Title"}
    print_table(members, {**columns, **shares}, empty="")
    if not group.is_order_known:
        archive.say("Only the day of publication is known, so articles of the first day may be in any order.")
    if sentences:
        click.echo()
        _print_sentences(reading, group, rows)


def _print_sentences(reading: Reading, group: Group, rows: list[Row]) -> None:
    places = range(len(group.members))
    shown = [
        {**{str(p): SIGNS[row.state(p)] for p in places}, "text": " → ".join(dict.fromkeys(_versions(row)))}
        for row in rows
    ]
    columns = {str(p): name_in(reading, group.members[p].site, group.members[p].article) for p in places}
    print_table(shown, {**columns, "text": "Sentence"}, empty="")
    click.echo(f"{SIGNS['same']} has it, {SIGNS['changed']} changed it, {SIGNS['lacks']} lacks it", err=True)


def _versions(row: Row) -> list[str]:
    return [
        row.text(place) for place in sorted(row.versions) if place == min(row.versions) or row.state(place) != "same"
    ]
