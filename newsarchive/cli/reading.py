"""The commands that read articles of the archive: search, show."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar, cast

import click
from rich.text import Text
from sqlite_utils import Database

from newsarchive.cli.formats import FORMATS, render_article
from newsarchive.cli.locating import locate
from newsarchive.cli.tables import OutputConsole, print_table
from newsarchive.cli.terminal import Archive, is_terminal, json_option, print_json
from newsarchive.database import index_is_current
from newsarchive.database.revisions import article_of_revision
from newsarchive.search import (
    FilterError,
    Filters,
    Hit,
    Line,
    Period,
    Reading,
    hits_over,
    other_spellings,
    query_notices,
)
from newsarchive.search import kwic as keyword_lines
from newsarchive.search import search as search_archive
from newsarchive.search.several import Archives, databases
from newsarchive.text.counting import counted

F = TypeVar("F", bound=Callable[..., Any])


def filter_options(command: F) -> F:
    """Add the filters that search and export share."""
    options = (
        click.option("--site", default="", help="Only this site."),
        click.option("--author", default="", help="Only by this author."),
        click.option("--category", default="", help="Only in this category."),
        click.option(
            "--since", default="", metavar="DAY", help="Published on this day (2025-02-18), month or year, or later."
        ),
        click.option("--until", default="", metavar="DAY", help="Published on this day, month or year, or earlier."),
        click.option("--language", default="", help="Only in this language: kk, ru, ..."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_filters(values: Mapping[str, str]) -> Filters:
    """Return the filters that were given."""
    return cast("Filters", {name: value for name, value in values.items() if value})


@click.command(context_settings={"ignore_unknown_options": True})  # a query may start with -word
@click.argument("query")
@filter_options
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most N results.  [default: 20 hits, all lines of --kwic]"
)
@click.option("--order", type=click.Choice(("rank", "newest", "oldest")), default="rank", show_default=True)
@click.option("--over", type=click.Choice(("day", "month", "year")), help="Count hits over time instead.")
@click.option("--kwic", is_flag=True, help="Keyword in context: every occurrence, as CSV.")
@click.option(
    "--words", type=click.IntRange(1, 50), default=5, show_default=True, help="Words on each side with --kwic."
)
@click.option("--spellings", is_flag=True, help="Find names in their Russian or Kazakh spelling too.")
@json_option
@click.pass_obj
def search(
    archive: Archive,
    /,
    query: str,
    limit: int | None,
    order: str,
    over: str,
    kwic: bool,
    words: int,
    spellings: bool,
    as_json: bool,
    **f: str,
) -> None:
    """Find articles: words in any form, "exact phrase", -word, prefix*, a NEAR/5 b, title:word, tag:name."""
    db, filters = archive.reading(), read_filters(f)
    warn_of_old_index(archive, db)
    for notice in query_notices(query):
        archive.warn(str(notice))
    try:
        if over:
            _print_periods(hits_over(db, query, by=over, **filters), as_json=as_json)
        elif kwic:
            dated = "oldest" if order == "oldest" else "newest"
            _print_lines(keyword_lines(db, query, words=words, order=dated, limit=limit, **filters), as_json=as_json)
        else:
            hits = search_archive(db, query, limit=limit or 20, order=order, **filters)
            several = isinstance(db, Archives)
            print_json([hit_as_dict(hit) for hit in hits]) if as_json else print_hits(hits, several=several)
            if not hits:
                archive.say("Nothing found.")
            if spellings or not hits:
                _print_spellings(archive, db, query, filters, limit=limit or 20, order=order, hits=not as_json)
    except FilterError as error:
        raise click.UsageError(str(error)) from error


def _print_spellings(
    archive: Archive, db: Reading, query: str, filters: Filters, *, limit: int, order: str, hits: bool
) -> None:
    """Tell in which other spelling the archive has the names of a query, and print those `hits`."""
    for spelled in other_spellings(db, query, **filters):
        archive.warn(f"Other spelling of names, {counted(spelled.articles, 'article')}: {spelled.query}")
        if hits:
            found = search_archive(db, spelled.query, limit=limit, order=order, **filters)
            print_hits(found, several=isinstance(db, Archives))


def warn_of_old_index(archive: Archive, reading: Reading) -> None:
    """Warn that forms of a word may be missed if an index has the stems of another version."""
    if not all(map(index_is_current, databases(reading))):
        archive.warn(
            "The search index is of another version and may miss forms of words: run newsarchive stems rebuild."
        )


def _print_periods(periods: list[Period], *, as_json: bool) -> None:
    rows = [period._asdict() for period in periods]
    if as_json:
        print_json(rows)
        return
    most = max((period.hits for period in periods), default=0) or 1
    for row in rows:
        row["bar"], row["share"] = "█" * round(40 * row["hits"] / most), f"{row['share']:.1%}"
    columns = {"period": "Period", "hits": "Hits", "articles": "Articles", "share": "Share", "bar": ""}
    print_table(rows, columns, empty="Nothing found.")


def _print_lines(lines: Iterable[Line], *, as_json: bool) -> None:
    if as_json:
        print_json([line._asdict() for line in lines])
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(Line._fields)
    writer.writerows(lines)
    sys.stdout.flush()  # a full disk is an error here, but a traceback at exit


def print_hits(hits: Sequence[Hit], *, several: bool = False) -> None:
    """Print hits, each with its snippet; those of `several` archives with their sites before their numbers."""
    console = OutputConsole(highlight=False, soft_wrap=not is_terminal(sys.stdout))
    for hit in hits:
        _print_hit(console, hit, f"{hit.site}/{hit.id}" if several else f"{hit.id:>6}", "" if several else hit.site)


def _print_hit(console: OutputConsole, hit: Hit, name: str, site: str) -> None:
    line = Text(f"{name}  {hit.day or ''}  ")
    line.append(hit.title, style="bold")
    line.append(f"  {site}{' (gone)' if hit.gone else ''}".rstrip(), style="dim")
    console.print(line)
    snippet = Text("        ")
    for part in hit.snippet:
        snippet.append(part.text, style="bold reverse" if part.marked else "")
    console.print(snippet)


def hit_as_dict(hit: Hit) -> dict[str, Any]:
    """Return a hit as plain data, its snippet as text with **marks**."""
    values = asdict(hit)
    del values["title_parts"]
    values["snippet"] = "".join(f"**{part.text}**" if part.marked else part.text for part in hit.snippet)
    return values


@click.command()
@click.argument("article", metavar="ID|URL")
@click.option("--revision", type=int, help="An earlier revision, by its number.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--evidence", is_flag=True, help="Show where each field came from, and what was left out of the text.")
@json_option
@click.pass_obj
def show(archive: Archive, article: str, revision: int | None, form: str, evidence: bool, as_json: bool) -> None:
    """Print an article as it is, or as it was."""
    db, number = locate(archive.reading(), article)
    row = revision_row(db, number, revision)
    if evidence:
        found = json.loads(row["evidence"])
        print_json(found) if as_json else _print_evidence(found)
        return
    url, site = db.conn.execute("select url, site from articles where id = ?", (row["article"],)).fetchone()
    click.echo(render_article(article_of_revision(row, url=url, site=site), "json" if as_json else form))


def _print_evidence(evidence: dict[str, Any]) -> None:
    """Print the source of each field, and what was left out of the element with the text."""
    omitted = evidence.pop("omitted", [])
    rows = [{"field": name, "source": source} for name, source in evidence.items()]
    print_table(rows, {"field": "Field", "source": "From"}, empty="None is kept.")
    if omitted:
        click.echo()
        shown = [{**o, "text": o["text"] or f"({o['more']} more)"} for o in omitted]
        print_table(shown, {"rule": "Left out by", "length": "Characters", "text": "Beginning with"}, empty="")


def revision_row(db: Database, article: int, number: int | None) -> dict[str, Any]:
    """Return a row of `revisions`, by default the current one. Raises UsageError if there is none."""
    where = "r.number = ?" if number is not None else "r.id = a.current_revision and ? is null"
    row = next(
        db.query(
            f"select r.* from revisions r join articles a on a.id = r.article where a.id = ? and {where}",  # noqa: S608
            [article, number],
        ),
        None,
    )
    if row is None:
        raise click.UsageError(f"The article has no revision {number}.")
    return row
