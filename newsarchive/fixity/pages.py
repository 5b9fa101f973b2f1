"""The unused space of the database's pages, where no reader ever looks: a single stray bit in it is a flipped one.

Of the file format (https://www.sqlite.org/fileformat2.html): a b-tree page begins with its kind, the number of its
cells at byte 3 and the start of their content at byte 5. Between the list of cells and that start nothing is kept, nor
in the blocks of the list of free ones that begins at byte 1. An overflow or free page begins with a four-byte page
number and may end in space that holds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}
"""Kinds of b-tree pages and the lengths of their headers."""

_LONELY = re.compile(rb"\0{32}([^\0])(?=\0{32}|\0*\Z)")


def stray_bits(path: Path) -> Iterator[tuple[int, int]]:
    """Page and offset in the file of each single bit that is set in space that is otherwise all zeros."""
    with open(path, "rb") as file:
        first = file.read(100)
        size = int.from_bytes(first[16:18], "big")
        size = 65536 if size == 1 else size
        if size < 512:
            return
        trunks = set(_trunks(path, int.from_bytes(first[32:36], "big"), size))
        file.seek(0)
        number = 0
        while page := file.read(size):
            number += 1
            if number not in trunks and (place := _stray_bit(page, 100 if number == 1 else 0)) is not None:
                yield number, (number - 1) * size + place


def _trunks(path: Path, number: int, size: int) -> Iterator[int]:
    """The pages that list free ones: they hold numbers among zeros."""
    seen = set()
    with open(path, "rb") as file:
        while number and number not in seen:
            seen.add(number)
            yield number
            file.seek((number - 1) * size)
            number = int.from_bytes(file.read(4), "big")


def _stray_bit(page: bytes, start: int) -> int | None:
    """Where a page has a single bit in unused space; None where it has none, or space that was used before."""
    if page[start] in HEADERS:
        for begin, end in _unused(page, start):
            space = page[begin:end]
            rest = space.lstrip(b"\0")
            if len(space) > 4 and rest and _is_single_bit(rest[0]) and not rest[1:].strip(b"\0"):
                return end - len(rest)
            for found in _LONELY.finditer(space):  # at the begin of the space the places of former cells may stay
                if _is_single_bit(found[1][0]):
                    return begin + found.start(1)
    elif page[start] == 0:
        for found in _LONELY.finditer(page, 4):
            if _is_single_bit(found[1][0]) and not page[found.end() :].strip(b"\0"):
                return found.start(1)
    return None


def _unused(page: bytes, start: int) -> Iterator[tuple[int, int]]:
    """The unused spaces of a b-tree page: before the content of its cells, and in the list of free blocks."""
    block, cells, content = (int.from_bytes(page[start + at : start + at + 2], "big") for at in (1, 3, 5))
    yield start + HEADERS[page[start]] + 2 * cells, min(content or 65536, len(page))
    while 0 < block < len(page) - 4:
        size = int.from_bytes(page[block + 2 : block + 4], "big")
        yield block + 4, block + size
        following = int.from_bytes(page[block : block + 2], "big")
        block = following if following > block else 0


def _is_single_bit(byte: int) -> bool:
    return byte & (byte - 1) == 0
