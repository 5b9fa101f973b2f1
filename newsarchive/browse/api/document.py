"""The OpenAPI 3.1 document, made from the declarations of the endpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from newsarchive import __version__
from newsarchive.browse.api.endpoints import Endpoint
from newsarchive.browse.api.parameters import PAGE, Parameter
from newsarchive.browse.api.schemas import SCHEMAS, Schema, array, record, ref

_ABOUT = (
    "Read-only. Nothing that is under an embargo or was taken down is in any answer. Lists come in pages: follow `next`"
    " until it is null. New articles do not move the items of pages that you have read. Errors are problem details"
    " (RFC 9457). Every answer has an ETag."
)
_PROBLEM = {"content": {"application/problem+json": {"schema": ref("Problem")}}}


def make_document(endpoints: Sequence[Endpoint], origin: str) -> dict[str, Any]:
    """Return the document for a server at `origin`."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "newsarchive", "version": __version__, "description": _ABOUT},
        "servers": [{"url": origin}],
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in endpoints},
        "components": {"schemas": SCHEMAS},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    content = {"application/json": {"schema": answer_schema(endpoint)}}
    if endpoint.listed:
        content["text/csv"] = {"schema": {"type": "string"}}
    headers: dict[str, Any] = {"ETag": {"schema": {"type": "string"}}}
    if _is_paged(endpoint):
        headers["Link"] = {"description": 'The next page: `<…>; rel="next"`.', "schema": {"type": "string"}}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [*_in_path(endpoint.path), *map(_in_query, endpoint.parameters)],
        "responses": {
            "200": {"description": "Done.", "headers": headers, "content": content},
            "304": {"description": "Unchanged since the ETag in If-None-Match."},
            "400": {"description": "A parameter is unknown or invalid.", **_PROBLEM},
            "404": {"description": "There is no such thing, or readers may not see it.", **_PROBLEM},
            "503": {"description": "The archive cannot be read now, or the request took too long.", **_PROBLEM},
        },
    }


def answer_schema(endpoint: Endpoint) -> Schema:
    """Return the schema of an endpoint's JSON."""
    if not endpoint.listed:
        return ref(endpoint.item)
    following = {"type": ["string", "null"], "format": "uri", "description": "The next page; null on the last"}
    always = {name: schema for name, schema in endpoint.more.items() if name in endpoint.required}
    optional = {name: schema for name, schema in endpoint.more.items() if name not in endpoint.required}
    return record({"items": array(ref(endpoint.item)), "next": following, **always}, optional=optional)


def _is_paged(endpoint: Endpoint) -> bool:
    return PAGE[1] in endpoint.parameters


def _in_path(path: str) -> list[dict[str, Any]]:
    schema = {"type": "integer", "minimum": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in re.findall(r"\{(\w+)\}", path)]


def _in_query(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "required": parameter.required,
        "schema": dict(parameter.schema),
    }
