"""The answers of the JSON interface that compare articles: concordance, collocations, reprints, translations."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Any

from newsarchive.browse.api.cursors import read_cursor, write_cursor
from newsarchive.browse.api.endpoints import Listing, Values
from newsarchive.browse.api.views import chosen_filters, visible_article
from newsarchive.browse.archives import Row
from newsarchive.browse.finding import find_article
from newsarchive.browse.visits import Visit
from newsarchive.corpus.collocations import collocations
from newsarchive.reprints import group_of, list_groups
from newsarchive.reprints.texts import compare_group, group_as_data
from newsarchive.search import keyed_kwic
from newsarchive.translations.files import pair_as_data
from newsarchive.translations.pairing import translation_of


def list_lines(visit: Visit, values: Values) -> Listing:
    """Return every occurrence of a query with the words around it. Raises ParameterError, FilterError."""
    order, limit = values["order"], values["limit"]
    key, seen = read_cursor(values["cursor"], f"concordance/{order}", (int, int)) or (None, 0)
    filters = chosen_filters(visit, values)
    found = keyed_kwic(visit.db, values["q"], words=values["words"], order=order, start=key, **filters)
    # Lines of the first article that the page before has.
    rest = (line for number, line in enumerate(found) if number >= seen or line[0] != key)
    taken = list(islice(rest, limit + 1))
    items = [line._asdict() for _, line in taken[:limit]]
    if len(taken) <= limit:
        return Listing(items=items)
    last = taken[limit - 1][0]
    already = sum(number == last for number, _ in taken[:limit]) + (seen if last == key else 0)
    return Listing(items=items, cursor=write_cursor(f"concordance/{order}", [last, already]))


def list_collocates(visit: Visit, values: Values) -> Listing:
    """Return the words near a word, the most strongly associated first. Raises ParameterError, FilterError."""
    sizes = {name: values[name] for name in ("window", "by", "order", "limit")}
    found = collocations(visit.db, values["q"], **sizes, **chosen_filters(visit, values))
    items: list[Row] = [asdict(collocate) for collocate in found.collocates]
    more: dict[str, Any] = {"occurrences": found.occurrences, "counted": found.frame.as_data()}
    return Listing(items=items, more=more)


def list_reprints(visit: Visit, values: Values) -> Listing:
    """Return groups of articles with the same text, those with the newest articles first. Raises ParameterError."""
    limit = values["limit"]
    (start,) = read_cursor(values["cursor"], "reprints", (int,)) or (0,)
    across = not values["within"]
    groups = list_groups(visit.db, site=values["site"] or "", across=across, limit=limit + 1, offset=start)
    cursor = write_cursor("reprints", [start + limit]) if len(groups) > limit else ""
    return Listing(items=[{"articles": group} for group in groups[:limit]], cursor=cursor)


def show_reprints(visit: Visit, _values: Values) -> Row:
    """Return the group of an article, sentence by sentence. Raises MissingError."""
    article = visible_article(visit)
    group = group_of(visit.db, article)
    return group_as_data(article, group, compare_group(visit.db, group) if group else [])


def show_translation(visit: Visit, _values: Values) -> Row:
    """Return an article's Kazakh and Russian versions with the sentences that match. Raises MissingError."""
    article = find_article(visit.db, visit.number("id"))
    pair = translation_of(visit.reading, visit.folder, article["id"], site=article["site"])
    return pair_as_data(visit.reading, pair)
