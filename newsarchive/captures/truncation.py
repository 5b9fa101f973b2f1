"""Why a body is incomplete: in the words that people read, and in the fields of a record."""

from __future__ import annotations

from collections.abc import Mapping

FIELD = "WARC-Truncated"
WORDS_FIELD = "WARC-Truncated-Because"
"""Our own field of a truncated record: why, where WARC-Truncated has no word for it."""
WORDS = {
    "length": "its recorder cut it off at a size limit",
    "time": "its recorder cut it off at a time limit",
    "disconnect": "the connection was lost",
    "unspecified": "its recorder says that it is incomplete",
}
"""The reasons that WARC 1.1 knows (section 5.13)."""
_LONGEST = 300


def truncation(fields: Mapping[str, str]) -> str:
    """Return why the body of a record is incomplete, given its fields by lower-case name; empty if it is complete.

    >>> truncation({"warc-truncated": " Length"}), truncation({"warc-truncated": "quota"}), truncation({})
    ('its recorder cut it off at a size limit', 'its recorder cut it off (quota)', '')
    """
    stated = fields.get(FIELD.lower(), "").strip().lower()
    if not stated:
        return ""
    words = fields.get(WORDS_FIELD.lower(), "")
    if words and words.isascii() and words.isprintable() and len(words) <= _LONGEST:
        return words
    return WORDS.get(stated) or f"its recorder cut it off ({stated[:20]})"


def truncation_fields(words: str) -> dict[str, str]:
    """Return the fields by which a record says why its body is incomplete; none if `words` is empty.

    >>> truncation_fields("the connection was lost")
    {'WARC-Truncated': 'disconnect'}
    >>> truncation_fields("its last chunks are missing")
    {'WARC-Truncated': 'unspecified', 'WARC-Truncated-Because': 'its last chunks are missing'}
    """
    if not words:
        return {}
    keyword = next((keyword for keyword, known in WORDS.items() if known == words), "")
    if keyword:
        return {FIELD: keyword}
    return {FIELD: "unspecified", WORDS_FIELD: words}
