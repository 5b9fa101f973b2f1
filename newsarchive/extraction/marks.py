"""The text that an extractor returned, as marks on the blocks of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from newsarchive.extraction.blocks import Block
from newsarchive.text.folding import fold

LONG = 25
"""Characters from which a folded line is distinct; shorter ones must match a line exactly."""


class Marking(Protocol):
    """Tells which blocks belong to the article."""

    def __contains__(self, block: Block, /) -> bool: ...


@dataclass(slots=True, eq=False)
class Marks:
    """The text that an extractor returned, for comparison with blocks."""

    whole: str = ""
    lines: frozenset[str] = field(default_factory=frozenset)

    def __contains__(self, block: Block) -> bool:
        key = block.key
        if len(key) < LONG:
            return key in self.lines
        return key in self.whole or (len(key) >= 4 * LONG and self._has_most_of(key))

    def _has_most_of(self, key: str) -> bool:
        """True if most of a long text is there; an extractor may drop or move single words."""
        step = len(key) // 6
        return sum(key[i * step : (i + 1) * step] in self.whole for i in range(6)) >= 4


def marks_of(lines: Sequence[str]) -> Marks:
    """Make Marks from an extractor's lines."""
    keys = [fold(line) for line in lines]
    return Marks("\n".join(keys).replace("\n", ""), frozenset(keys))
