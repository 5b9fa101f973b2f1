"""Full-text expressions as trees: which phrases of a query count for an article's score.

FTS5 adds up the phrases of the parts that match: in ``a OR (b AND c)``, an article with a and b alone scores for a.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_TOKEN = re.compile(r'(?:\{(?P<column>\w+)\} :|(?P<phrase>"(?:[^"]|"")*"(?: \*)?)|(?P<other>AND|OR|NOT|[()]))')


@dataclass(frozen=True)
class Node:
    """A part of an expression: a phrase (by its index in `Expression.phrases`), or parts joined by an operator."""

    operator: str
    """``and``, ``or``, ``not`` (the first part without the second), or ``phrase``."""
    parts: tuple[Node, ...] = ()
    phrase: int = -1

    def matches(self, present: int, active: int) -> tuple[bool, int]:
        """Return whether the part matches an article, and `active` with the bits of the phrases that count.

        `present` has a bit for each phrase that the article has.
        """
        if self.operator == "phrase":
            bit = 1 << self.phrase
            return bool(present & bit), active | (present & bit)
        found = [part.matches(present, 0) for part in self.parts]
        bits = [counting for matching, counting in found if matching]
        if self.operator == "not":
            return (True, active | bits[0]) if found[0][0] and not found[1][0] else (False, active)
        if not bits or (self.operator == "and" and len(bits) < len(found)):
            return False, active
        for more in bits:
            active |= more
        return True, active


@dataclass
class Expression:
    """A full-text expression of `query.match_of`, read."""

    phrases: list[str] = field(default_factory=list)
    """Each phrase as an expression of its own, in order; empty where its columns exclude each other."""
    root: Node = Node("or")

    @classmethod
    def read(cls, text: str) -> Expression:
        """Read an expression; NOT binds tighter than AND, and AND tighter than OR."""
        expression = cls()
        reader = _Reader(list(_TOKEN.finditer(text)), expression.phrases)
        expression.root = reader.either("")
        return expression

    def counting(self, present: int) -> int:
        """Return the bits of the phrases that count for an article with the phrases `present`."""
        return self.root.matches(present, 0)[1]


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[re.Match[str]], phrases: list[str]) -> None:
        self._tokens, self._at, self._phrases = tokens, 0, phrases

    def either(self, column: str | None) -> Node:
        """Read alternatives; `column` limits them, and is None where columns exclude each other."""
        return self._joined("OR", "or", self._all, column)

    def _all(self, column: str | None) -> Node:
        return self._joined("AND", "and", self._without, column)

    def _without(self, column: str | None) -> Node:
        node = self._single(column)
        while self._take("NOT"):
            node = Node("not", (node, self._single(column)))
        return node

    def _joined(self, word: str, operator: str, read: Callable[[str | None], Node], column: str | None) -> Node:
        parts = [read(column)]
        while self._take(word):
            parts.append(read(column))
        return parts[0] if len(parts) == 1 else Node(operator, tuple(parts))

    def _single(self, column: str | None) -> Node:
        token = self._tokens[self._at]
        self._at += 1
        if name := token["column"]:
            return self._single(name if column in ("", name) else None)
        if token["phrase"] is None:  # an opening parenthesis
            node = self.either(column)
            self._take(")")
            return node
        limited = f"{{{column}}} : {token['phrase']}" if column else token["phrase"]
        self._phrases.append("" if column is None else limited)
        return Node("phrase", phrase=len(self._phrases) - 1)

    def _take(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at]["other"] == word
        self._at += found
        return found
