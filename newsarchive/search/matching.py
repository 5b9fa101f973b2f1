"""Queries as full-text expressions: what the index decides of a query, and what must be checked besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsarchive.search.query import Group, Near, Part, Term
from newsarchive.text.search_text import stem_tokens

Expand = Callable[[str], list[str] | None]
"""Returns the indexed words that start with a prefix, or None if searching for the prefix itself is faster."""


@dataclass(frozen=True)
class Match:
    """A query as full-text expressions: `forms` matches its exact words, `full` also their stems.

    `without` is set only for a query that has nothing but excluded parts. All are empty for an empty query.
    """

    forms: str = ""
    full: str = ""
    without: str = ""


def is_plain(part: Part) -> bool:
    """Return True if the full-text index alone can decide a part."""
    if isinstance(part, Group):
        return all(map(is_plain, (*part.parts, *part.without)))
    return isinstance(part, Term)


def split(group: Group) -> tuple[Group, tuple[Part, ...]]:
    """Return what the full-text index decides of a query, and what must be checked besides.

    Words that must be near each other are in both: the index finds the articles that have them.
    """
    plain = [part for part in group.parts if is_plain(part)]
    rest = [part for part in group.parts if not is_plain(part)]
    for part in rest:
        nears = (part,) if isinstance(part, Near) else part.parts if isinstance(part, Group) else ()
        if nears and all(isinstance(near, Near) for near in nears) and getattr(part, "kind", "and") == "and":
            plain += [Group("or", side) for near in nears if isinstance(near, Near) for side in (near.left, near.right)]
    excluded = [Group("and", (), (part,)) for part in group.without if not is_plain(part)]
    kept = tuple(part for part in group.without if is_plain(part))
    return Group("and", tuple(plain), kept), (*rest, *excluded)


def match_of(group: Group, *, expand: Expand) -> Match:
    """Return what the full-text index decides of a query as expressions over the search text."""
    group, _ = split(group)
    if group.parts:
        return Match(forms=_expression(group, expand, stems=False), full=_expression(group, expand))
    excluded = " OR ".join(filter(None, (_expression(part, expand) for part in group.without)))
    return Match(without=excluded)


def _expression(part: Part, expand: Expand, *, stems: bool = True) -> str:
    if isinstance(part, Term):
        return _term(part, expand, stems=stems)
    assert isinstance(part, Group)
    inner = [_expression(p, expand, stems=stems) for p in part.parts]
    joint = " AND " if part.kind == "and" else " OR "
    positive = joint.join(f"({e})" for e in inner if e)
    # Excluded words are always excluded with their stems.
    negative = " OR ".join(f"({e})" for e in (_expression(p, expand) for p in part.without) if e)
    return f"({positive}) NOT ({negative})" if positive and negative else positive


def _term(term: Term, expand: Expand, *, stems: bool) -> str:
    variants = term.variants()
    if term.prefix:
        choices = [choice for sequence in variants for choice in _prefixed(sequence, expand)]
    else:
        choices = [_quoted(sequence) for sequence in variants]
    if stems and (found := term.stems()):
        words = [sorted({token for stem in word for token in stem_tokens(stem)}) for word in found]
        choices.append(" AND ".join("(" + " OR ".join(_quoted((token,)) for token in word) + ")" for word in words))
    expression = " OR ".join(dict.fromkeys(choices))
    return f"{{{term.field}}} : ({expression})" if term.field else expression


def _prefixed(sequence: tuple[str, ...], expand: Expand) -> list[str]:
    words = expand(sequence[0]) if len(sequence) == 1 else None
    return [f"{_quoted(sequence)} *"] if not words else [_quoted((word,)) for word in words]


def _quoted(sequence: tuple[str, ...]) -> str:
    return '"' + " ".join(sequence) + '"'
