"""Whole numbers as strangers write them: in headers, records, addresses and on the command line."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]{1,15}")


def whole_number(text: str) -> int | None:
    """A number of ordinary digits; None for all else, and for one larger than any honest one.

    >>> whole_number(" 120 "), whole_number("²²"), whole_number("9" * 5000), whole_number("-1")
    (120, None, None, None)
    """
    return int(text) if _DIGITS.fullmatch(text := text.strip()) else None
