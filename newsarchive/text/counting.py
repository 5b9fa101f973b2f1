"""Numbers with their noun, for the sentences that people read."""

from __future__ import annotations


def counted(number: int, noun: str, *, commas: bool = False) -> str:
    """Return a number with an English noun in the right form; `commas` sets the thousands apart.

    >>> counted(1, "article"), counted(0, "article"), counted(12000, "article", commas=True)
    ('1 article', '0 articles', '12,000 articles')
    """
    digits = f"{number:,}" if commas else str(number)
    return f"{digits} {noun if number == 1 else f'{noun}s'}"
