"""The answers of the JSON interface: articles, search, changes, deletions, counts over time, sites, coverage, names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from newsarchive.browse.api.cursors import read_cursor, write_cursor
from newsarchive.browse.api.endpoints import Listing, Values, cut
from newsarchive.browse.api.problems import ParameterError
from newsarchive.browse.api.reading import (
    ORDERS,
    Places,
    read_article,
    read_changes,
    read_deletions,
    read_names,
    read_revision,
    read_revisions,
    read_summaries,
    select_places,
)
from newsarchive.browse.archives import Row, count_sites, list_sites, read_coverage, rows, visible
from newsarchive.browse.searching import FILTERS, hit_row
from newsarchive.browse.visits import MissingError, Visit
from newsarchive.revisions.differences import compare_revisions
from newsarchive.search import Filters, Selection, count_hits, facets, hits_over, search, select_articles
from newsarchive.search.hits import read_hits
from newsarchive.search.selection import first_day, last_day


def list_articles(visit: Visit, values: Values) -> Listing:
    """Return articles in a stable order, with their texts if requested. Raises ParameterError, FilterError."""
    selection = select_articles(visit.db, values["q"] or "", **chosen_filters(visit, values))
    places, cursor = _page(visit, selection, "articles", values)
    more = ["a.body", "a.markdown"] if values["text"] else []
    items = [_linked(visit, row) for row in read_summaries(visit.db, [article for *_, article in places], more)]
    return Listing(items=items, cursor=cursor)


def _page(visit: Visit, selection: Selection, name: str, values: Values) -> tuple[Places, str]:
    """Return the places of the articles of a page, and the cursor of the next. Raises ParameterError."""
    order, limit = values["order"], values["limit"]
    after = read_cursor(values["cursor"], f"{name}/{order}", (int,))
    places = select_places(visit.db, selection, ORDERS[order], after[0] if after else None, limit + 1)
    cursor = write_cursor(f"{name}/{order}", [places[limit - 1][0]]) if len(places) > limit else ""
    return places[:limit], cursor


def search_articles(visit: Visit, values: Values) -> Listing:
    """Return hits with snippets, their total, and facets if requested. Raises ParameterError, FilterError."""
    query, filters, cursor = values["q"] or "", chosen_filters(visit, values), ""
    if values["order"] == "relevance":
        read_cursor(values["cursor"], "none", ())
        hits = search(visit.db, query, limit=values["limit"], order="rank", **filters)
    else:
        selection = select_articles(visit.db, query, **filters)
        places, cursor = _page(visit, selection, "search", values)
        hits = read_hits(visit.db, [(key, 0.0, "") for _, key, _ in places], selection.group)
    more: dict[str, Any] = {"total": count_hits(visit.db, query, **filters)}
    if values["facets"]:
        found = facets(visit.db, query, **filters)
        more["facets"] = {name: [facet._asdict() for facet in counts] for name, counts in found.items()}
    return Listing(items=[_linked(visit, hit_row(hit)) for hit in hits], cursor=cursor, more=more)


def show_article(visit: Visit, _values: Values) -> Row:
    """Return one article as it is now. Raises MissingError."""
    article = read_article(visit.db, visit.number("id"))
    if article is None:
        raise MissingError(visit.named["id"])
    path = f"{visit.origin}/api/articles/{article['id']}"
    images = [_with_file(visit, image) for image in article["images"]]
    links = {"links": {"revisions": f"{path}/revisions", "differences": f"{path}/differences"}}
    return {**_linked(visit, article), "images": images, **links}


def _with_file(visit: Visit, image: Row) -> Row:
    kept = f"{visit.origin}/picture/{image['sha256']}" if image["sha256"] else None
    return {**image, "kept": kept}


def list_revisions(visit: Visit, values: Values) -> Listing:
    """Return the revisions of an article, oldest first. Raises MissingError, ParameterError."""
    article = visible_article(visit)
    after = read_cursor(values["cursor"], f"revisions/{article}", (int,)) or (0,)
    found = read_revisions(visit.db, article, after[0], values["limit"] + 1)
    return cut(found, values["limit"], f"revisions/{article}", lambda row: [row["number"]])


def show_revision(visit: Visit, _values: Values) -> Row:
    """Return one revision with its content. Raises MissingError."""
    return _revision(visit, visible_article(visit), visit.number("number"))


def show_differences(visit: Visit, values: Values) -> Row:
    """Return the words that differ between two revisions; by default, the newspaper's last two. Raises MissingError."""
    article = visible_article(visit)
    sql = "select number from revisions where article = ? and kind <> 'reextracted' order by number"
    own = [row["number"] for row in rows(visit.db, sql, [article])] or [1]
    new = values["to"] or own[-1]
    old = values["from"] or max([number for number in own if number < new], default=own[0])
    before, after = (_content(visit, article, number) for number in (old, new))
    fields = {name: [asdict(piece) for piece in pieces] for name, pieces in compare_revisions(before, after).items()}
    return {"article": article, "from": old, "to": new, "fields": fields}


def _content(visit: Visit, article: int, number: int) -> Row:
    found = rows(visit.db, "select * from revisions where article = ? and number = ?", [article, number])
    if not found:
        raise MissingError(str(number))
    return found[0]


def _revision(visit: Visit, article: int, number: int) -> Row:
    revision = read_revision(visit.db, article, number)
    if revision is None:
        raise MissingError(str(number))
    return {"article": article, **revision}


def list_changes(visit: Visit, values: Values) -> Listing:
    """Return the newspapers' edits, latest first. Raises ParameterError, FilterError."""
    _known_site(visit, values["site"])
    conditions = [
        ("a.site = ?", values["site"]),
        ("r.kind = ?", values["kind"]),
        ("exists (select 1 from json_each(r.changed) where value = ?)", values["field"]),
        ("r.article = ?", values["article"]),
        *_span("r.time", values),
    ]
    after = read_cursor(values["cursor"], "changes", (str, int))
    chosen = [(condition, value) for condition, value in conditions if value]
    found = read_changes(visit.db, after=after, limit=values["limit"] + 1, conditions=chosen)
    page = cut(found, values["limit"], "changes", lambda row: [row["time"], row["id"]])
    items = [{name: value for name, value in row.items() if name != "id"} for row in page.items]
    return Listing(items=items, cursor=page.cursor)


def list_deletions(visit: Visit, values: Values) -> Listing:
    """Return the articles that are gone from their sites, latest first. Raises ParameterError, FilterError."""
    _known_site(visit, values["site"])
    conditions = [("a.site = ?", values["site"]), *_span("a.gone", values)]
    after = read_cursor(values["cursor"], "deletions", (str, int))
    chosen = [(condition, value) for condition, value in conditions if value]
    found = read_deletions(visit.db, after=after, limit=values["limit"] + 1, conditions=chosen)
    return cut(found, values["limit"], "deletions", lambda row: [row["gone"], row["article"]])


def _span(column: str, values: Values) -> list[tuple[str, object]]:
    """Return the conditions that a time (UTC) lies in the span requested. Raises FilterError."""
    since, until = values["since"], values["until"]
    return [
        (f"{column} >= ?", since and first_day(since).isoformat()),
        (f"{column} <= ?", until and f"{last_day(until).isoformat()}~"),
    ]


def count_over_time(visit: Visit, values: Values) -> Listing:
    """Return the hits of each query per day, month or year, and their share of all articles. Raises FilterError."""
    filters = chosen_filters(visit, values)
    items = [
        {"query": query, **period._asdict()}
        for query in values["q"] or [""]
        for period in hits_over(visit.db, query, by=values["by"], **filters)
    ]
    return Listing(items=items)


def list_all_sites(visit: Visit, _values: Values) -> Listing:
    """Return the sites with their numbers of articles."""
    about = {row["name"]: row for row in list_sites(visit.db)}
    return Listing(items=[{**about[row["name"]], **row} for row in count_sites(visit.db)])


def list_coverage(visit: Visit, values: Values) -> Listing:
    """Return how much of each day of a site is archived. Raises ParameterError, FilterError."""
    site, limit = values["site"], values["limit"]
    _known_site(visit, site)
    (after,) = read_cursor(values["cursor"], f"coverage/{site}", (str,)) or ("",)
    since, until = values["since"], values["until"]
    first = first_day(since).isoformat() if since else ""
    last = last_day(until).isoformat() if until else "~"
    found = [{"site": site, **row} for row in read_coverage(visit.db, site) if max(first, after) <= row["day"] <= last]
    return cut([row for row in found if row["day"] > after], limit, f"coverage/{site}", lambda row: [row["day"]])


def list_names(visit: Visit, values: Values) -> Listing:
    """Return authors, categories or tags with their numbers of articles. Raises ParameterError."""
    table, limit = visit.named["table"], values["limit"]
    (after,) = read_cursor(values["cursor"], table, (int,)) or (0,)
    found = read_names(visit.db, table, values["q"] or "", after, limit + 1)
    return cut(found, limit, table, lambda row: [row["id"]])


def _linked(visit: Visit, row: Row) -> Row:
    """Return an article with its addresses in the interface and in the reading room."""
    number = row["id"]
    return {**row, "self": f"{visit.origin}/api/articles/{number}", "page": f"{visit.origin}/article/{number}"}


def chosen_filters(visit: Visit, values: Values) -> Filters:
    """Return the filters of a request. Raises ParameterError on an unknown site."""
    _known_site(visit, values["site"])
    return cast("Filters", {name: values[name] for name in FILTERS if values[name]})


def _known_site(visit: Visit, site: str | None) -> None:
    """Raise ParameterError if the archive has no site of this name."""
    known = [row["name"] for row in list_sites(visit.db)] if site else []
    if site and site not in known:
        raise ParameterError("site", f"Unknown site “{site}”; known sites: {', '.join(known) or 'none'}.")


def visible_article(visit: Visit) -> int:
    """Return the number of the article named in the path. Raises MissingError if readers may not see it."""
    number = visit.number("id")
    if not rows(visit.db, f"select 1 from articles a where a.id = ? and {visible()}", [number]):  # noqa: S608
        raise MissingError(str(number))
    return number
