"""The commands that withhold articles: forget for good, embargo for a time."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import click
from sqlite_utils import Database

from newsarchive.backup import delete_left_copies
from newsarchive.cli.locating import find_article
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, is_terminal, json_option, parse_day, print_json
from newsarchive.database import article_of, lock_archive, open_archive, save_site, write_page_checksums
from newsarchive.database.embargoes import embargo_article, lift_embargo, list_embargoes
from newsarchive.notebook import NotebookError
from newsarchive.notebook.withholding import purge_quotations
from newsarchive.sites import host_site, site_of
from newsarchive.takedown import forget as take_down
from newsarchive.text.counting import counted
from newsarchive.text.numbers import whole_number
from newsarchive.urls import is_address


@click.command()
@click.argument("target", metavar="ID|URL")
@click.option("--reason", required=True, help="Why; stored with the URL, and shown.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def forget(archive: Archive, target: str, reason: str, yes: bool, as_json: bool) -> None:
    """Take an article down for good: its text, captures and images.

    Its URL, dates and digests are kept, with the reason. The URL of an image takes down that image only.
    """
    archive.read().close()
    with lock_archive(archive.folder):
        db = open_archive(archive.folder)
        article, site, url = _found(archive, db, target)
        if not yes and is_terminal(sys.stdin):
            click.confirm(f"Remove {url} from the archive for good?", abort=True)
        with progress_bar(archive) as bar:
            done = take_down(
                db, archive.folder, article=article, site=site, url=url, reason=reason.strip(), progress=bar.show
            )
        notes = _quoting_notes(db, archive)
        db.close()
        delete_left_copies(archive.folder)
    if as_json:
        print_json({**vars(done), "pictures": done.images})  # which is its name in 0.1.0
    else:
        gone = ", ".join(
            counted(number, noun)
            for number, noun in ((done.revisions, "revision"), (done.captures, "capture"), (done.images, "image"))
        )
        click.echo(f"{done.url}: taken down with {gone}")
    if done.shared:
        archive.warn(f"{counted(done.shared, 'capture')} kept: other articles were extracted from the same ones.")
    if notes:
        archive.warn(f"{notes} It may still quote the article: mend that, then run forget again.")
    elif not done.clean:
        archive.warn("A reader still holds an old state of the database with the text: end it, then run forget again.")
    sys.exit(0 if done.clean and not done.shared else 1)


def _quoting_notes(db: Database, archive: Archive) -> str:
    """Return why the notebook could not be cleared of quotations; empty if it has none."""
    try:
        purge_quotations(db, archive.folder)
    except NotebookError as error:
        return str(error)
    return ""


def _found(archive: Archive, db: Database, target: str) -> tuple[int | None, str, str]:
    """Return the article, site and URL of a target. Exits with a message if there is no such article."""
    if target.isdigit():
        row = db.conn.execute("select id, site, url from articles where id = ?", (whole_number(target),)).fetchone()
        if row is None:
            archive.warn(f"There is no article {target} in this archive.")
            sys.exit(1)
        return int(row[0]), str(row[1]), str(row[2])
    if not is_address(target):
        raise click.UsageError(f"“{target}” is neither an article's number nor an http(s) URL.")
    article = article_of(db, target)
    if article is not None:
        site, url = db.conn.execute("select site, url from articles where id = ?", (article,)).fetchone()
        return article, str(site), str(url)
    profile = site_of(target, archive.sites.values()) or host_site(target)
    if not db["sites"].count_where("name = ?", [profile.name]):
        save_site(db, profile)
    return None, profile.name, target


@click.command()
@click.argument("target", metavar="[ID|URL]", required=False)
@click.option("--until", metavar="DAY", help="Show it again from this day on (YYYY-MM-DD, in the site's time zone).")
@click.option("--reason", default="", help="Why.")
@click.option("--lift", is_flag=True, help="Show it again now.")
@click.option("--list", "listed", is_flag=True, help="List the hidden articles, and until when.")
@json_option
@click.pass_obj
def embargo(
    archive: Archive, target: str | None, until: str | None, reason: str, lift: bool, listed: bool, as_json: bool
) -> None:
    """Hide an article from search, browse and export for a time; nothing is removed."""
    if listed or (target is None and not until and not lift):
        rows = list_embargoes(archive.read())
        columns = {"article": "Article", "until": "Until", "reason": "Reason", "title": "Title", "url": "URL"}
        print_json(rows) if as_json else print_table(rows, columns, empty="No article is under an embargo.")
        return
    if target is None or bool(until) == lift:
        raise click.UsageError("embargo needs an article and either --until DAY or --lift.")
    number = find_article(archive.read(), target)
    day = date.fromisoformat(parse_day(until, "--until")) if until else None
    if day is not None and day <= datetime.now(UTC).date():
        raise click.UsageError(f"--until must be a future day, not {day}.")
    db = open_archive(archive.folder)
    try:
        if day is not None:
            archive.say(f"Hidden until {embargo_article(db, number, until=day, reason=reason.strip())}")
        elif not lift_embargo(db, number):
            archive.warn(f"Article {number} is not under an embargo.")
            sys.exit(1)
    finally:
        db.close()
        write_page_checksums(archive.folder)
