"""Tolerant reading of third-party JSON."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

import orjson

from newsarchive.discovery.errors import ListingError
from newsarchive.discovery.xml import as_utf8
from newsarchive.items import Page


def read_json(page: Page, body: bytes) -> Any:
    """Parse JSON, also between the notices of PHP and the comments of caches. Raises ListingError if it is broken.

    Values that orjson refuses (a number too large, a lone surrogate, NaN) are accepted.
    """
    text = as_utf8(body.strip()).strip()
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    decoded = text.decode("utf-8", "replace")
    try:
        return _DECODER.decode(decoded)
    except (ValueError, RecursionError) as error:
        found = _embedded(decoded)
        if found is None:
            raise ListingError(page.url, "broken JSON") from error
        return found


def _embedded(text: str) -> Any:
    """Return the first JSON array of objects, or object, that stands in text which is no HTML page; None if none."""
    if _HTML.search(text, 0, _PREAMBLE):
        return None
    for opening in islice(_OPENING.finditer(text, 0, _PREAMBLE), _TRIES):
        try:
            value, _end = _DECODER.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        return value
    return None


def _number(digits: str) -> float | int:
    return int(digits) if len(digits) < 19 else float(digits)


_DECODER = json.JSONDecoder(parse_int=_number, strict=False)
_PREAMBLE = 20_000
_TRIES = 100
_OPENING = re.compile(r'\[\s*\{\s*"|\[\s*\](?=\s*(?:<|$))|\{\s*"')
_HTML = re.compile(r"<html\b|<!doctype html", re.IGNORECASE)
