"""The content of a revision, its digest, and the fields that differ from another one. Pure functions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from newsarchive.items import Article

DIGEST_VERSION = "1"
FIELDS = ("title", "lead", "body", "language", "published", "authors", "categories", "tags", "images")

_LONGEST_SIZE = 200
"""Characters at the end of a path in which a size is looked for."""
_SIZE = re.compile(r"(?:-\d{2,5}x\d{2,5}|-scaled|-rotated|-e\d{10,})+(?=\.\w+$)")


@lru_cache(maxsize=1024)  # content is looked at before it is stored, and again then
def image_asset(url: str) -> str:
    """Return the identity of the image at a URL, regardless of host, scheme and size.

    >>> image_asset("http://a.kz/wp-content/uploads/2025/02/IMG_6637-1024x720.jpeg")
    '/wp-content/uploads/2025/02/IMG_6637.jpeg'
    """
    path = unquote(urlsplit(url).path)
    size = _SIZE.search(path, max(0, len(path) - _LONGEST_SIZE))
    return path[: size.start()] + path[size.end() :] if size else path


def content_of(article: Article) -> dict[str, Any]:
    """Return the content of an article as plain data, as stored in a revision and digested."""
    return {
        "title": article.title,
        "lead": article.lead,
        "body": article.body,
        "language": article.language,
        "published": article.published,
        "authors": [[author.name, author.role] for author in article.authors],
        "categories": list(article.categories),
        "tags": list(article.tags),
        "images": [[image_asset(i.url), i.alt, i.caption, i.credit] for i in article.images],
    }


def content_digest(content: Mapping[str, Any]) -> str:
    """Return the digest of a content, prefixed with its version.

    Empty fields are ignored, so that a field added later does not look like an edit.

    >>> content_digest({"title": "A", "lead": ""}) == content_digest({"title": "A"})
    True
    """
    kept = {name: value for name, value in content.items() if value}
    data = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{DIGEST_VERSION}:{hashlib.sha256(data.encode()).hexdigest()}"


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the fields that differ, in the order of `FIELDS`; empty equals missing."""
    return tuple(name for name in FIELDS if (old.get(name) or None) != (new.get(name) or None))
