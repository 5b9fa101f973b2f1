"""Measures of association and of keyness. Pure functions."""

from __future__ import annotations

from math import log, log2


def association(together: int, in_windows: int, frequency: int, total: int) -> tuple[float, float]:
    """Return the log-likelihood (G²) of a collocate and its expected number (Evert 2008, surface co-occurrence).

    `together` of the `in_windows` words in the windows are the collocate, and `frequency` of all `total` words outside
    the occurrences of the node.

    >>> [round(value, 2) for value in association(10, 100, 20, 10_000)]
    [65.58, 0.2]
    """
    observed = (together, in_windows - together, frequency - together, total - in_windows - frequency + together)
    rows, columns = (in_windows, total - in_windows), (frequency, total - frequency)
    expected = [row * column / total for row in rows for column in columns]
    return 2 * sum(o * log(o / e) for o, e in zip(observed, expected, strict=True) if o > 0), expected[0]


def log_dice(together: int, node: int, collocate: int) -> float:
    """Return the logDice of two words (Rychlý 2008), which does not depend on the size of the corpus.

    >>> log_dice(10, 10, 10), round(log_dice(1, 100, 1000), 2)
    (14.0, 4.9)
    """
    return 14 + log2(2 * together / (node + collocate))


def keyness(first: int, second: int, first_size: int, second_size: int) -> float:
    """Return the log-likelihood (G²) of two frequencies (Rayson and Garside 2000).

    >>> round(keyness(10, 2, 1000, 1000), 2), keyness(5, 5, 100, 100)
    (5.82, 0.0)
    """
    together = (first + second) / (first_size + second_size)
    parts = ((first, first_size * together), (second, second_size * together))
    return 2 * sum(seen * log(seen / expected) for seen, expected in parts if seen)


def log_ratio(first: int, second: int, first_size: int, second_size: int) -> float:
    """Return the binary logarithm of the ratio of two relative frequencies (Hardie 2014); 0 counts as a half.

    >>> log_ratio(40, 10, 1000, 1000), round(log_ratio(4, 0, 1000, 1000), 2)
    (2.0, 3.0)
    """
    return log2((first or 0.5) / first_size) - log2((second or 0.5) / second_size)
