"""The routes of the JSON interface in the reading room, and how an endpoint's answer is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newsarchive.browse.api.catalog import ENDPOINTS
from newsarchive.browse.api.document import make_document
from newsarchive.browse.api.endpoints import Answer, Endpoint, Listing
from newsarchive.browse.api.parameters import read_parameters
from newsarchive.browse.api.problems import ParameterError, problem
from newsarchive.browse.archives import NAMED
from newsarchive.browse.conditional import entity_tag
from newsarchive.browse.visits import Download, MissingError, View, Visit, as_csv, as_json


def owns(path: str) -> bool:
    """Return True if an address belongs to the JSON interface.

    >>> owns("/api/sites"), owns("/apiary")
    (True, False)
    """
    return path == "/api" or path.startswith("/api/")


def _document(visit: Visit) -> Download:
    return _tagged(as_json(make_document(ENDPOINTS, visit.origin)))


def _index(visit: Visit) -> Download:
    links = {"openapi": f"{visit.origin}/api/openapi.json"}
    return _tagged(as_json(links | {e.name: visit.origin + e.path for e in ENDPOINTS if "{" not in e.path}))


def _missing(visit: Visit) -> Download:
    raise MissingError(visit.path)


def _answering(endpoint: Endpoint) -> View:
    def view(visit: Visit) -> Download:
        if endpoint.path.removeprefix("/api/") in NAMED:
            visit = replace(visit, named={"table": endpoint.path.removeprefix("/api/")})
        try:
            values = read_parameters(endpoint.parameters, visit.form)
            return _answer(visit, endpoint, endpoint.view(visit, values), values)
        except ParameterError as error:
            return problem(400, str(error), instance=visit.path, parameter=error.parameter)

    return view


def _answer(visit: Visit, endpoint: Endpoint, answer: Answer, values: Mapping[str, Any]) -> Download:
    if not isinstance(answer, Listing):
        return _tagged(as_json(answer))
    following = visit.origin + visit.link(cursor=answer.cursor) if answer.cursor else None
    headers = {"link": f'<{following}>; rel="next"'} if following else {}
    if values["format"] == "csv":
        columns = list(answer.items[0]) if answer.items else []
        table = as_csv(visit, answer.items, columns, f"{endpoint.path.rpartition('/')[2]}.csv")
        return _tagged(table, headers)
    return _tagged(as_json({"items": answer.items, "next": following, **answer.more}), headers)


def _tagged(answer: Download, headers: Mapping[str, str] | None = None) -> Download:
    more = {"etag": entity_tag(answer.body), "cache-control": "no-cache"}
    return replace(answer, headers={**(headers or {}), **more})


def _reading_only(view: View) -> View:
    def guarded(visit: Visit) -> Any:
        if visit.method not in ("GET", "HEAD"):
            return problem(405, f"{visit.method} is not possible: the interface is read-only.", instance=visit.path)
        return view(visit)

    return guarded


ROUTES: dict[str, View] = {
    **{re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", e.path): _reading_only(_answering(e)) for e in ENDPOINTS},
    "/api/?": _reading_only(_index),
    r"/api/openapi\.json": _reading_only(_document),
    "/api/.*": _reading_only(_missing),
}
