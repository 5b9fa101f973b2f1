"""The commands that take something from the readers: forget for good, embargo for a time."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click
from sqlite_utils import Database

from newsarchive.cli.keeping import progress_bar
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.database import article_of, lock_archive, open_archive, save_site, sum_pages
from newsarchive.sites import host_site, site_of
from newsarchive.takedown import forget as take_down


@click.command()
@click.argument("target", metavar="ID|URL")
@click.option("--reason", required=True, help="Why: it is kept with the address, and shown.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def forget(archive: Archive, target: str, reason: str, yes: bool, as_json: bool) -> None:
    """Take an article down for good: its text, captures and pictures; address, dates, digests and the reason stay."""
    archive.read().close()
    with lock_archive(archive.folder):
        db = open_archive(archive.folder)
        article, site, url = _found(archive, db, target)
        if not yes and sys.stdin.isatty():
            click.confirm(f"Remove {url} from the archive for good?", abort=True)
        with progress_bar(archive) as progress:
            done = take_down(
                db, archive.folder, article=article, site=site, url=url, reason=reason.strip(), progress=progress
            )
        db.close()
        sum_pages(archive.folder)
    if as_json:
        print_json(vars(done))
    else:
        gone = f"{done.revisions} revisions, {done.captures} captures, {done.pictures} pictures"
        click.echo(f"{done.url}: taken down with {gone}")
    if done.shared:
        archive.warn(f"{done.shared} captures stay, for other articles were made of them too.")
    if not done.clean:
        archive.warn("A reader holds an old state of the database, with the text: end it and forget again.")
    sys.exit(0 if done.clean and not done.shared else 1)


def _found(archive: Archive, db: Database, target: str) -> tuple[int | None, str, str]:
    """Article, site and address that are meant. Ends with a sentence where there is no such article."""
    if target.isdigit():
        row = db.conn.execute("select id, site, url from articles where id = ?", (int(target),)).fetchone()
        if row is None:
            archive.warn(f"There is no article {target} in this archive.")
            sys.exit(1)
        return int(row[0]), str(row[1]), str(row[2])
    if urlsplit(target).scheme not in ("http", "https"):
        raise click.UsageError(f"“{target}” is neither an article's number nor an http(s) URL.")
    article = article_of(db, target)
    if article is not None:
        site, url = db.conn.execute("select site, url from articles where id = ?", (article,)).fetchone()
        return article, str(site), str(url)
    profile = site_of(target, archive.sites.values()) or host_site(target)
    if not db["sites"].count_where("name = ?", [profile.name]):
        save_site(db, profile)
    return None, profile.name, target
