"""JSON Schemas of what the interface returns; each lists exactly the fields of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}
FLOAT: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "integer", "minimum": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "description": "UTC"}
MAYBE_TIME: Schema = {"type": ["string", "null"], "pattern": TIME["pattern"], "description": "UTC"}
MAYBE_DATE: Schema = {
    "type": ["string", "null"],
    "description": "UTC, or a bare date where the page gives no time",
}
DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "description": "In the site's time zone"}
MAYBE_DAY: Schema = {**DAY, "type": ["string", "null"]}
ADDRESS: Schema = {"type": "string", "format": "uri"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
KIND: Schema = {"enum": ["first", "substantive", "cosmetic", "metadata", "reextracted"]}


def ref(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def record(fields: Mapping[str, Schema], *, optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with exactly these fields; those in `optional` may be missing."""
    return {
        "type": "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
        "additionalProperties": False,
    }


_SUMMARY: dict[str, Schema] = {
    "id": NUMBER,
    "site": TEXT,
    "url": TEXT,
    "title": TEXT,
    "lead": MAYBE,
    "authors": TEXTS,
    "categories": TEXTS,
    "tags": TEXTS,
    "language": MAYBE,
    "published": MAYBE_DATE,
    "modified": MAYBE_DATE,
    "day": MAYBE_DAY,
    "first_seen": TIME,
    "last_seen": TIME,
    "gone": {**MAYBE_TIME, "description": "Since when its site no longer has it (UTC); null while it has"},
    "revisions": {**COUNT, "description": "The newspaper's own, without re-extractions"},
    "words": COUNT,
    "lead_image": MAYBE,
    "self": ADDRESS,
    "page": ADDRESS,
}
_TEXT_FIELDS: dict[str, Schema] = {"body": TEXT, "markdown": TEXT}
_PERSON = record({"name": TEXT, "role": TEXT, "as_written": TEXT})
_REVISION: dict[str, Schema] = {
    "number": NUMBER,
    "time": TIME,
    "kind": KIND,
    "changed": {**TEXTS, "description": "Fields that differ from the revision before"},
    "digest": TEXT,
    "title": TEXT,
    "extractor": TEXT,
}
MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
_CAPTURE = record(
    {
        "url": TEXT,
        "time": TIME,
        "status": COUNT,
        "sha256": SHA256,
        "warc": MAYBE,
        "offset": MAYBE_COUNT,
        "length": MAYBE_COUNT,
    }
)

SCHEMAS: dict[str, Schema] = {
    "ArticleSummary": record(_SUMMARY, optional=_TEXT_FIELDS),
    "Article": record(
        {
            **_SUMMARY,
            **_TEXT_FIELDS,
            "gone_reason": MAYBE,
            "signed": {**array(_PERSON), "description": "All who are named, photographers too, with their roles"},
            "images": array(
                record(
                    {
                        "url": TEXT,
                        "alt": TEXT,
                        "caption": TEXT,
                        "credit": TEXT,
                        "lead": {"type": "boolean"},
                        "sha256": {**SHA256, "type": ["string", "null"]},
                        "type": MAYBE,
                        "kept": {"type": ["string", "null"], "format": "uri"},
                    }
                )
            ),
            "captures": array(_CAPTURE),
            "revision": {"type": ["integer", "null"]},
            "digest": MAYBE,
            "addresses": TEXTS,
            "links": record({"revisions": ADDRESS, "differences": ADDRESS}),
        }
    ),
    "Hit": record(
        {
            **dict.fromkeys(("site", "day", "published", "title", "url", "language", "gone"), TEXT),
            "id": NUMBER,
            "authors": TEXTS,
            "matched": {"enum": ["word", "stem", ""], "description": "By relevance: exact words, or other forms"},
            "snippet": {**TEXT, "description": "Matches are between « and »"},
            "self": ADDRESS,
            "page": ADDRESS,
        }
    ),
    "Facet": record({"value": TEXT, "hits": COUNT}),
    "RevisionSummary": record(_REVISION),
    "Revision": record(
        {
            "article": NUMBER,
            **_REVISION,
            "lead": MAYBE,
            **_TEXT_FIELDS,
            "language": MAYBE,
            "published": MAYBE_DATE,
            "modified": MAYBE_DATE,
            "authors": array({"type": "object"}),
            "categories": TEXTS,
            "tags": TEXTS,
            "images": array({"type": "object"}),
        }
    ),
    "Piece": record({"kind": {"enum": ["same", "removed", "added"]}, "text": TEXT}),
    "Differences": record(
        {
            "article": NUMBER,
            "from": NUMBER,
            "to": NUMBER,
            "fields": {"type": "object", "additionalProperties": array(ref("Piece"))},
        }
    ),
    "Line": record(
        {
            **dict.fromkeys(("left", "keyword", "right"), TEXT),
            "article": NUMBER,
            **dict.fromkeys(("site", "day", "title", "url"), TEXT),
            "paragraph": {**COUNT, "description": "Its place: /article/ID#pN"},
        }
    ),
    "Collocate": record(
        {
            "word": TEXT,
            "unit": {**TEXT, "description": "The stem or form that was counted"},
            "together": COUNT,
            "frequency": COUNT,
            **dict.fromkeys(("expected", "log_likelihood", "log_dice"), FLOAT),
        }
    ),
    "Counted": record(
        {
            **dict.fromkeys(("articles", "words", "selected_articles"), COUNT),
            **dict.fromkeys(("first_day", "last_day", "text"), TEXT),
        }
    ),
    "ReprintGroup": record({"articles": array({"type": "object"})}),
    "Reprints": record(
        {
            "article": NUMBER,
            "first": {**NUMBER, "type": ["integer", "null"], "description": "Who was first; null without reprints"},
            "order_known": {"type": ["boolean", "null"]},
            "articles": array({"type": "object"}),
            "sentences": array(
                record(
                    {
                        "sentence": TEXT,
                        "articles": array(
                            record(
                                {
                                    "article": NUMBER,
                                    "state": {"enum": ["same", "changed", "lacks"]},
                                    "text": TEXT,
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
    "Translation": record(
        {
            "kk": {"type": ["object", "null"], "description": "Null without a known pair"},
            "ru": {"type": ["object", "null"]},
            "score": {"type": ["number", "null"], "description": "Likeness up to 1; 1 if a page links to the other"},
            "evidence": array({"type": "string"}),
            "sentences": array(record({"kk": TEXT, "ru": TEXT})),
        }
    ),
    "Change": record(
        {
            "time": TIME,
            "site": TEXT,
            "article": NUMBER,
            "url": TEXT,
            "language": MAYBE,
            "title": TEXT,
            "old_title": TEXT,
            "revision": NUMBER,
            "previous": NUMBER,
            "kind": {"enum": ["substantive", "cosmetic", "metadata"]},
            "fields": TEXTS,
        }
    ),
    "Deletion": record(
        {
            "gone": TIME,
            "reason": MAYBE,
            "site": TEXT,
            "article": NUMBER,
            "url": TEXT,
            "title": TEXT,
            "language": MAYBE,
            "published": MAYBE_DATE,
            "first_seen": TIME,
            "last_seen": TIME,
        }
    ),
    "Count": record(
        {
            "query": TEXT,
            "period": TEXT,
            "hits": COUNT,
            "articles": COUNT,
            "share": {"type": "number", "minimum": 0, "maximum": 1},
        }
    ),
    "Site": record(
        {
            "name": TEXT,
            "title": TEXT,
            "url": TEXT,
            "language": MAYBE,
            "timezone": TEXT,
            "articles": COUNT,
            "first": MAYBE_DAY,
            "last": MAYBE_DAY,
            "gone": COUNT,
        }
    ),
    "Day": record(
        {"site": TEXT, "day": DAY, **dict.fromkeys(("listed", "archived", "failed", "not_article", "due"), COUNT)}
    ),
    "Name": record({"id": NUMBER, "name": TEXT, "articles": COUNT, "first": MAYBE_DAY, "last": MAYBE_DAY}),
    "Problem": record(
        {"type": {"type": "string", "format": "uri"}, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
        optional={"instance": {"type": "string", "format": "uri-reference"}, "parameter": TEXT},
    ),
}
