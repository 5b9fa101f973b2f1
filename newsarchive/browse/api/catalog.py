"""The addresses of the JSON interface: what each takes, what it gives, and the view that answers."""

from __future__ import annotations

from dataclasses import replace

from newsarchive.browse.api import counting, views
from newsarchive.browse.api.endpoints import Endpoint
from newsarchive.browse.api.parameters import (
    FILTERS,
    FORMAT,
    PAGE,
    QUERY,
    SINCE,
    SITE,
    UNTIL,
    Parameter,
)
from newsarchive.browse.api.reading import ORDERS
from newsarchive.browse.api.schemas import COUNT, array, ref
from newsarchive.browse.archives import NAMED, PERIODS
from newsarchive.corpus.collocations import ORDERS as MEASURES
from newsarchive.corpus.frames import FORMS, STEMS
from newsarchive.revisions.content import FIELDS

QUERIES = 6
"""Maximum number of queries that are counted in one request."""


def _choice(name: str, description: str, choices: tuple[str, ...], default: str | None = None) -> Parameter:
    schema = {"type": "string", "enum": list(choices), **({"default": default} if default else {})}
    return Parameter(name=name, description=description, schema=schema)


def _flag(name: str, description: str) -> Parameter:
    return Parameter(name=name, description=description, schema={"type": "boolean", "default": False})


def _number(name: str, description: str, **bounds: int) -> Parameter:
    return Parameter(name=name, description=description, schema={"type": "integer", "minimum": 1, **bounds})


_QUERIES = Parameter(
    name="q",
    description="A query; several are counted one by one. Without any, all articles.",
    schema={"type": "array", "items": {"type": "string"}, "maxItems": QUERIES},
)
_LIST = (*PAGE, FORMAT)

ENDPOINTS = (
    Endpoint(
        path="/api/articles",
        name="listArticles",
        summary="Articles, by day of publication or in the order in which they were archived.",
        view=views.list_articles,
        item="ArticleSummary",
        parameters=(
            QUERY,
            *FILTERS,
            _choice("order", "Order of the articles; “archived” is safe for harvesting.", tuple(ORDERS), "newest"),
            _flag("text", "Also give `body` and `markdown`."),
            *_LIST,
        ),
    ),
    Endpoint(
        path="/api/articles/{id}",
        name="getArticle",
        summary="One article with its text, images, captures and addresses.",
        view=views.show_article,
        item="Article",
        listed=False,
    ),
    Endpoint(
        path="/api/articles/{id}/revisions",
        name="listRevisions",
        summary="The revisions of an article, oldest first.",
        view=views.list_revisions,
        item="RevisionSummary",
        parameters=_LIST,
    ),
    Endpoint(
        path="/api/articles/{id}/revisions/{number}",
        name="getRevision",
        summary="One revision with its content.",
        view=views.show_revision,
        item="Revision",
        listed=False,
    ),
    Endpoint(
        path="/api/articles/{id}/differences",
        name="getDifferences",
        summary="What differs between two revisions, word by word; by default, the newspaper's last two.",
        view=views.show_differences,
        item="Differences",
        listed=False,
        parameters=(_number("from", "Number of the older revision."), _number("to", "Number of the newer revision.")),
    ),
    Endpoint(
        path="/api/search",
        name="search",
        summary="Hits with snippets. By relevance there is one page; by date there are as many as needed.",
        view=views.search_articles,
        item="Hit",
        parameters=(
            QUERY,
            *FILTERS,
            _choice("order", "Order of the hits.", ("newest", "oldest", "relevance"), "newest"),
            _flag("facets", "Also count the hits by site, year, category, author and language."),
            *_LIST,
        ),
        more={"total": COUNT, "facets": {"type": "object", "additionalProperties": array(ref("Facet"))}},
        required=("total",),
    ),
    Endpoint(
        path="/api/trends",
        name="getTrends",
        summary="Hits of queries per day, month or year, and their share of all articles.",
        view=views.count_over_time,
        item="Count",
        parameters=(_QUERIES, _choice("by", "The period.", tuple(PERIODS), "month"), *FILTERS, FORMAT),
    ),
    Endpoint(
        path="/api/concordance",
        name="listLines",
        summary="Every occurrence of a query with the words around it.",
        view=counting.list_lines,
        item="Line",
        parameters=(
            replace(QUERY, required=True),
            _number("words", "Number of words on each side.", maximum=50, default=7),
            *FILTERS,
            _choice("order", "Order by day.", ("newest", "oldest"), "newest"),
            *_LIST,
        ),
    ),
    Endpoint(
        path="/api/collocations",
        name="listCollocates",
        summary="The words near a word; `counted` states what they were counted over.",
        view=counting.list_collocates,
        item="Collocate",
        parameters=(
            replace(QUERY, required=True, description="One word."),
            _number("window", "Number of words on each side.", maximum=50, default=5),
            _choice("by", "All forms of a word together, or each alone.", (STEMS, FORMS), STEMS),
            _choice("order", "The measure to sort by.", tuple(MEASURES), MEASURES[0]),
            *FILTERS,
            PAGE[0],
            FORMAT,
        ),
        more={"occurrences": COUNT, "counted": ref("Counted")},
        required=("occurrences", "counted"),
    ),
    Endpoint(
        path="/api/reprints",
        name="listReprints",
        summary="Groups of articles with the same text, each in order of publication.",
        view=counting.list_reprints,
        item="ReprintGroup",
        parameters=(SITE, _flag("within", "Also groups of a single site."), *_LIST),
    ),
    Endpoint(
        path="/api/articles/{id}/reprints",
        name="getReprints",
        summary="Who else has an article's text, who was first, and what each changed, sentence by sentence.",
        view=counting.show_reprints,
        item="Reprints",
        listed=False,
    ),
    Endpoint(
        path="/api/articles/{id}/translation",
        name="getTranslation",
        summary="An article's Kazakh and Russian versions, and the sentences that surely translate each other.",
        view=counting.show_translation,
        item="Translation",
        listed=False,
    ),
    Endpoint(
        path="/api/changes",
        name="listChanges",
        summary="What newspapers edited after publication, latest first.",
        view=views.list_changes,
        item="Change",
        parameters=(
            SITE,
            _choice("kind", "Kind of the edit.", ("substantive", "cosmetic", "metadata")),
            _choice("field", "Field that was edited.", FIELDS),
            _number("article", "Number of the article."),
            SINCE,
            UNTIL,
            *_LIST,
        ),
    ),
    Endpoint(
        path="/api/deletions",
        name="listDeletions",
        summary="Articles that are gone from their sites, latest first.",
        view=views.list_deletions,
        item="Deletion",
        parameters=(SITE, SINCE, UNTIL, *_LIST),
    ),
    Endpoint(
        path="/api/sites",
        name="listSites",
        summary="The sites, with their numbers of articles.",
        view=views.list_all_sites,
        item="Site",
        parameters=(FORMAT,),
    ),
    Endpoint(
        path="/api/coverage",
        name="listCoverage",
        summary="How much of each day of a site is archived.",
        view=views.list_coverage,
        item="Day",
        parameters=(replace(SITE, required=True), SINCE, UNTIL, *_LIST),
    ),
    *(
        Endpoint(
            path=f"/api/{table}",
            name=f"list{table.title()}",
            summary=f"The {table}, with their numbers of articles.",
            view=views.list_names,
            item="Name",
            parameters=(replace(QUERY, description="A part of the name."), *_LIST),
        )
        for table in NAMED
    ),
)
