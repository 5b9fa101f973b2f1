"""The commands that count words: collocations, ngrams, keywords."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TypeVar

import click

from newsarchive.cli.reading import filter_options, read_filters
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.corpus.collocations import ORDERS
from newsarchive.corpus.collocations import collocations as count_collocations
from newsarchive.corpus.frames import FORMS, STEMS, Frame
from newsarchive.corpus.keywords import ORDERS as KEY_ORDERS
from newsarchive.corpus.keywords import keywords as find_keywords
from newsarchive.corpus.ngrams import LONGEST, words_over
from newsarchive.corpus.ngrams import ngrams as count_ngrams
from newsarchive.search import FilterError
from newsarchive.text.counting import counted

F = TypeVar("F", bound=Callable[..., Any])

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")


def by_option(default: str) -> Callable[[F], F]:
    """Return the option that says what counts as one word."""
    return click.option(
        "--by", type=click.Choice((STEMS, FORMS)), default=default, show_default=True, help="What counts as one word."
    )


@click.command()
@click.argument("word")
@click.option("--window", type=click.IntRange(1, 50), default=5, show_default=True, help="Words on each side.")
@by_option(STEMS)
@click.option("--order", type=click.Choice(ORDERS), default=ORDERS[0], show_default=True)
@click.option("--least", type=click.IntRange(1), default=3, show_default=True, help="Found near it at least N times.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most N words.")
@filter_options
@csv_option
@json_option
@click.pass_obj
def collocations(archive: Archive, /, word: str, as_csv: bool, as_json: bool, **options: Any) -> None:
    """Show the words that stand near WORD more often than by chance: log-likelihood, logDice, frequency."""
    with _explained():
        own = {name: options.pop(name) for name in ("window", "by", "order", "least", "limit")}
        found = count_collocations(archive.reading(), word, **own, **read_filters(options))
    rows = [asdict(collocate) for collocate in found.collocates]
    if as_json:
        about = {"word": word, "forms": found.forms, "by": found.by, "window": found.window}
        sizes = {"occurrences": found.occurrences, "words_in_windows": found.in_windows}
        print_json({**about, **sizes, "counted": found.frame.as_data(), "collocates": rows})
        return
    columns = {"word": "Word", "together": "Near it", "frequency": "In all", "expected": "By chance"}
    _print(archive, rows, {**columns, "log_likelihood": "G²", "log_dice": "logDice"}, "log_likelihood", as_csv=as_csv)
    _say_frame(archive, found.frame, f"{counted(found.occurrences, 'occurrence', commas=True)} in ")


@click.command()
@click.argument("word", required=False, default="")
@click.option("-n", "n", type=click.IntRange(1, LONGEST), default=2, show_default=True, help="Words per sequence.")
@click.option("--over", type=click.Choice(("day", "month", "year")), help="Count WORD over time, per million words.")
@by_option(FORMS)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most N sequences.")
@filter_options
@csv_option
@json_option
@click.pass_obj
def ngrams(archive: Archive, /, word: str, over: str | None, as_csv: bool, as_json: bool, **options: Any) -> None:
    """Show the most frequent sequences of words, with WORD only those that contain it; or count WORD over time."""
    own = {name: options.pop(name) for name in ("n", "by", "limit")}
    filters = read_filters(options)
    with _explained():
        if over:
            if not word:
                raise click.UsageError("--over needs a word.")
            rates = [rate._asdict() for rate in words_over(archive.reading(), word, by=over, **filters)]
            columns = {"period": "Period", "occurrences": "Occurrences", "words": "Words", "per_million": "Per million"}
            print_json(rates) if as_json else _print(archive, rates, columns, "per_million", as_csv=as_csv)
            return
        found = count_ngrams(archive.reading(), word, **own, **filters)
    rows = [asdict(ngram) for ngram in found.ngrams]
    if as_json:
        print_json({"word": word, "n": found.n, "by": found.by, "counted": found.frame.as_data(), "ngrams": rows})
        return
    columns = {"words": "Words", "count": "Number", "articles": "Articles", "per_million": "Per million"}
    _print(archive, rows, columns, "count", as_csv=as_csv)
    _say_frame(archive, found.frame)


@click.command(context_settings={"ignore_unknown_options": True})  # a query may start with -word
@click.argument("query")
@click.option("--against", default="", metavar="QUERY", help="Compare with the articles that this query finds.")
@click.option("--against-site", default="", help="Compare with this site.")
@click.option("--against-since", default="", metavar="DAY", help="Compare with articles from this day, month or year.")
@click.option("--against-until", default="", metavar="DAY", help="Compare with articles up to this day, month or year.")
@by_option(STEMS)
@click.option("--order", type=click.Choice(KEY_ORDERS), default=KEY_ORDERS[0], show_default=True)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most N words.")
@filter_options
@csv_option
@json_option
@click.pass_obj
def keywords(archive: Archive, /, query: str, against: str, as_csv: bool, as_json: bool, **options: Any) -> None:
    """Show the words that are more frequent in the articles that QUERY finds than in all others: G² and log ratio.

    If QUERY is empty, filters such as --since choose the articles.
    """
    other = read_filters({name: options.pop(f"against_{name}") for name in ("site", "since", "until")})
    own = {name: options.pop(name) for name in ("by", "order", "limit")}
    filters = read_filters(options)
    if not query.strip() and not filters:
        raise click.UsageError("Give a query or a filter; compared with itself, an archive has no keywords.")
    with _explained():
        found = find_keywords(archive.reading(), query, against=against, against_filters=other, **own, **filters)
    rows = [asdict(keyword) for keyword in found.keywords]
    if as_json:
        sizes = {"counted": found.frame.as_data(), "against": found.against.as_data()}
        print_json({"query": query, "by": found.by, **sizes, "keywords": rows})
        return
    columns = {"word": "Word", "count": "Number", "against": "Others", "per_million": "Per million"}
    rest = {"per_million_against": "Others", "log_likelihood": "G²", "log_ratio": "Log ratio"}
    _print(archive, rows, {**columns, **rest}, "log_likelihood", as_csv=as_csv)
    _say_frame(archive, found.frame)
    _say_frame(archive, found.against, "compared with ")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FilterError as error:
        raise click.UsageError(str(error)) from error


def _print(
    archive: Archive, rows: Sequence[dict[str, Any]], columns: dict[str, str], measure: str, *, as_csv: bool
) -> None:
    """Print rows as CSV, or as a table with a bar for the measure."""
    if as_csv:
        names = list(rows[0] if rows else columns)
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([row[name] for name in names] for row in rows)
        sys.stdout.flush()  # a full disk is an error here, but a traceback at exit
        return
    most = max((row[measure] for row in rows), default=0) or 1
    shown = [{**row, "bar": "█" * round(30 * max(0, row[measure]) / most)} for row in rows]
    print_table(shown, {**columns, "bar": ""}, empty="Nothing found.")


def _say_frame(archive: Archive, frame: Frame, before: str = "") -> None:
    """Say what was counted, above all if that is not the whole selection."""
    sizes = f"{counted(frame.articles, 'article', commas=True)} with {counted(frame.words, 'word', commas=True)}"
    days = f", {frame.first_day} to {frame.last_day}" if frame.articles else ""
    rest = "" if frame.is_whole else f": the newest of {counted(frame.selected, 'article', commas=True)}"
    archive.say(f"{before}{sizes}{days}{rest}")
