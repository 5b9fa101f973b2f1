"""Parser for search queries. Whatever a user types becomes a full-text query that SQLite accepts.

Words are joined by AND; ``a OR b`` binds tighter, as in web search; ``-word`` excludes a word; ``"exact phrase"``,
``prefix*``, ``title:word``, ``author:word`` and parentheses have their usual meaning. Anything else is punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsarchive.errors import NewsArchiveError
from newsarchive.text.search_text import query_stems, query_words, stem_tokens

FIELDS = {"title": "title", "author": "authors"}
OPERATORS = ("AND", "&", "OR", "|", "NOT")

MOST_NESTED, MOST_WORDS = 10, 300
"""Maximum levels of parentheses and number of words in a query. The full-text index rejects much deeper nesting, and
queries with more words are not useful."""

Expand = Callable[[str], list[str] | None]
"""Returns the indexed words that start with a prefix, or None if searching for the prefix itself is faster."""


class FilterError(NewsArchiveError, ValueError):
    """A query or filter is invalid; the message is written for the user."""


@dataclass(frozen=True)
class Term:
    """One word, hyphenated word or phrase: `words` holds the possible forms of each word."""

    words: tuple[tuple[str, ...], ...]
    field: str = ""
    exact: bool = False
    prefix: bool = False

    def variants(self) -> list[tuple[str, ...]]:
        """Return the word sequences to search for: as typed, and in the other script."""
        return list(dict.fromkeys((tuple(w[0] for w in self.words), tuple(w[-1] for w in self.words))))

    def stems(self) -> list[frozenset[str]]:
        """Return the possible stems of each word; none for exact terms and prefixes."""
        if self.exact or self.prefix:
            return []
        return [frozenset(stem for form in forms for stem in query_stems(form)) for forms in self.words]


@dataclass(frozen=True)
class Group:
    """Parts that must all match (``and``) or of which one must match (``or``), and excluded parts (`without`)."""

    kind: str
    parts: tuple[Term | Group, ...] = ()
    without: tuple[Term | Group, ...] = ()

    def terms(self) -> Iterator[Term]:
        """Yield the terms to search for, without excluded ones."""
        for part in self.parts:
            if isinstance(part, Term):
                yield part
            else:
                yield from part.terms()


_TOKEN = re.compile(
    r"""\s*(?:(?P<minus>-(?=[^\s-]))|(?P<open>\()|(?P<close>\))
    |(?P<field>(?:title|author)):(?=\S)
    |["“”„«](?P<phrase>[^"“”«»]*)["“”»]?(?P<star>\*?)
    |(?P<word>[^\s()"“”„«»]+)|(?P<other>.))""",
    re.VERBOSE,
)


def parse_query(text: str) -> Group:
    """Parse a query. Any text is valid, but the result may have no parts.

    Raises FilterError on more than `MOST_NESTED` levels of parentheses or `MOST_WORDS` words.

    >>> [term.variants() for term in parse_query('су "Нұра өзені" -тасқын').terms()]
    [[('су',)], [('нұра', 'өзені')]]
    """
    tokens = [match for match in _TOKEN.finditer(text) if match["other"] is None]
    _check_size(tokens)
    group, rest = _read_group(tokens, 0)
    while rest < len(tokens):  # an unmatched closing parenthesis
        more, rest = _read_group(tokens, rest + 1)
        group = Group("and", group.parts + more.parts, group.without + more.without)
    return group


def _check_size(tokens: list[re.Match[str]]) -> None:
    depth = deepest = words = 0
    for token in tokens:
        depth = max(0, depth + (token["open"] is not None) - (token["close"] is not None))
        deepest = max(deepest, depth)
        if token["word"] not in OPERATORS:
            words += len(query_words(token["phrase"] or token["word"] or ""))
    if deepest > MOST_NESTED:
        raise FilterError(f"The query has {deepest} levels of parentheses; at most {MOST_NESTED} are allowed.")
    if words > MOST_WORDS:
        raise FilterError(f"The query has {words:,} words; at most {MOST_WORDS} are allowed.")


def _read_group(tokens: list[re.Match[str]], at: int) -> tuple[Group, int]:
    """Read tokens from index `at` to the closing parenthesis or the end; return the group and the index there."""
    group = _OpenGroup()
    while at < len(tokens) and not tokens[at]["close"]:
        token, at = tokens[at], at + 1
        if token["open"]:
            inner, at = _read_group(tokens, at)
            group.add_group(inner)
            at += 1
        elif not group.note_operator(token):
            group.add(_read_term(token, group.field))
    return group.close(), at


class _OpenGroup:
    """A group being read: the parts so far, and the operators that apply to the next part."""

    def __init__(self) -> None:
        self._alternatives: list[list[Term | Group]] = []
        """The parts to be joined by AND, each with those joined to it by OR."""
        self._without: list[Term | Group] = []
        self._start_part()

    def _start_part(self) -> None:
        self._minus = self._joined = False
        self.field = ""
        """The field to which the next part is limited; empty for all."""

    def note_operator(self, token: re.Match[str]) -> bool:
        """Note an operator for the next part; return False if the token is none."""
        if token["minus"] or token["word"] == "NOT":
            self._minus = True
        elif token["field"]:
            self.field = FIELDS[token["field"]]
        elif token["word"] in ("OR", "|"):
            self._joined = bool(self._alternatives)
        else:
            return token["word"] in ("AND", "&")
        return True

    def add_group(self, inner: Group) -> None:
        """Add a group in parentheses; one with nothing but excluded parts excludes them here."""
        part = _with_field(inner, self.field)
        if not part.parts:
            self._without += () if self._minus or self._joined else part.without
        self.add(part if part.parts else None)

    def add(self, part: Term | Group | None) -> None:
        """Add a part as the operators before it say; None stands for a part without words."""
        if part is not None and self._minus:
            self._without.append(part)
        elif part is not None and self._joined:
            self._alternatives[-1].append(part)
        elif part is not None:
            self._alternatives.append([part])
        self._start_part()

    def close(self) -> Group:
        """Return the group with all its parts."""
        parts = tuple(p[0] if len(p) == 1 else Group("or", tuple(p)) for p in self._alternatives)
        return Group("and", parts, tuple(self._without))


def _with_field(part: Group, field: str) -> Group:
    def put(one: Term | Group) -> Term | Group:
        if isinstance(one, Term):
            return one if one.field else Term(one.words, field, one.exact, one.prefix)
        return Group(one.kind, tuple(map(put, one.parts)), tuple(map(put, one.without)))

    put_in = put(part) if field else part
    assert isinstance(put_in, Group)
    return put_in


def _read_term(token: re.Match[str], field: str) -> Term | None:
    phrase = token["phrase"]
    text = phrase if phrase is not None else token["word"]
    prefix = bool(token["star"]) if phrase is not None else text.endswith("*")
    words = tuple(query_words(text))
    return Term(words, field, exact=phrase is not None, prefix=prefix) if words else None


@dataclass(frozen=True)
class Match:
    """A query as full-text expressions: `forms` matches its exact words, `full` also their stems.

    `without` is set only for a query that has nothing but excluded parts. All are empty for an empty query.
    """

    forms: str = ""
    full: str = ""
    without: str = ""


def match_of(group: Group, *, expand: Expand) -> Match:
    """Return a parsed query as full-text expressions over the search text."""
    if group.parts:
        return Match(forms=_expression(group, expand, stems=False), full=_expression(group, expand))
    excluded = " OR ".join(filter(None, (_expression(part, expand) for part in group.without)))
    return Match(without=excluded)


def _expression(part: Term | Group, expand: Expand, *, stems: bool = True) -> str:
    if isinstance(part, Term):
        return _term(part, expand, stems=stems)
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
