"""Tolerant reading of third-party JSON."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

import orjson

from newsarchive.discovery.errors import ListingError
from newsarchive.items import Page


def read_json(page: Page, body: bytes) -> Any:
    """Parse JSON. Raises ListingError if it is broken.

    Values that orjson refuses (a number too large, a lone surrogate, NaN) are accepted.
    """
    text = body.strip().removeprefix(BOM_UTF8)
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text.decode("utf-8", "replace"), parse_int=_number, strict=False)
    except (ValueError, RecursionError) as error:
        raise ListingError(page.url, "broken JSON") from error


def _number(digits: str) -> float | int:
    return int(digits) if len(digits) < 19 else float(digits)
