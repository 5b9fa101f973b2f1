"""Parser for search queries. Whatever a user types becomes a full-text query that SQLite accepts.

Words are joined by AND; ``a OR b`` binds tighter, as in web search; ``a NEAR/5 b`` binds tighter still; ``-word``
excludes a word; ``"exact phrase"``, ``prefix*``, ``title:word``, ``tag:word`` and parentheses have their usual meaning.
Anything else is punctuation. What the full-text index cannot decide, tags and nearness, is left to `conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsarchive.errors import NewsArchiveError
from newsarchive.search.tokens import COLUMNS, Token, apart, field_of, read_tokens
from newsarchive.text.search_text import query_stems, query_words

OPERATORS = ("AND", "&", "OR", "|", "NOT")

MOST_NESTED, MOST_WORDS = 10, 300
"""Maximum levels of parentheses and number of words in a query. The full-text index rejects much deeper nesting, and
queries with more words are not useful."""
MOST_NEAR, MOST_LABELS = 5, 20
"""Maximum number of NEAR operators, and of categories, tags, sites and languages; each takes a lookup of its own."""


class FilterError(NewsArchiveError, ValueError):
    """A query or filter is invalid; the message is written for the user."""


class DayError(FilterError):
    """A day, month or year is invalid; `written` is what was given."""

    def __init__(self, message: str, *, written: str) -> None:
        super().__init__(message)
        self.written = written


@dataclass(frozen=True)
class Term:
    """One word, hyphenated word or phrase: `words` holds the possible forms of each word."""

    words: tuple[tuple[str, ...], ...]
    field: str = ""
    """The column of the full-text index, or empty for all."""
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
class Label:
    """A category, tag, site or language: articles that have one whose name contains the term, or is `text`."""

    field: str
    term: Term
    text: str


@dataclass(frozen=True)
class Near:
    """Two alternatives of terms that must be at most `apart` words from each other, in either order."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    apart: int


@dataclass(frozen=True)
class Group:
    """Parts that must all match (``and``) or of which one must match (``or``), and excluded parts (`without`)."""

    kind: str
    parts: tuple[Part, ...] = ()
    without: tuple[Part, ...] = ()

    def terms(self) -> Iterator[Term]:
        """Yield the terms to search for, without excluded ones and those of NEAR."""
        yield from (part for part in _flat(self) if isinstance(part, Term))

    def nears(self) -> Iterator[Near]:
        """Yield the nearnesses to search for, without excluded ones."""
        yield from (part for part in _flat(self) if isinstance(part, Near))


Part = Term | Label | Near | Group


def _flat(group: Group) -> Iterator[Term | Label | Near]:
    for part in group.parts:
        if isinstance(part, Group):
            yield from _flat(part)
        else:
            yield part


def parse_query(text: str) -> Group:
    """Parse a query. Any text is valid, but the result may have no parts.

    Raises FilterError on more than `MOST_NESTED` levels of parentheses, `MOST_WORDS` words, `MOST_NEAR` NEAR operators
    or `MOST_LABELS` categories, tags, sites and languages.

    >>> [term.variants() for term in parse_query('су "Нұра өзені" -тасқын').terms()]
    [[('су',)], [('нұра', 'өзені')]]
    """
    tokens = read_tokens(text)
    _check_size(tokens)
    group, rest = _read_group(tokens, 0)
    while rest < len(tokens):  # an unmatched closing parenthesis
        more, rest = _read_group(tokens, rest + 1)
        group = Group("and", group.parts + more.parts, group.without + more.without)
    _check_labels(group)
    return group


def _check_labels(group: Group) -> None:
    number = sum(isinstance(part, Label) for part in _every(group))
    if number > MOST_LABELS:
        raise FilterError(
            f"The query names {number} categories, tags, sites and languages; at most {MOST_LABELS} are allowed."
        )


def _every(group: Group) -> Iterator[Part]:
    for part in (*group.parts, *group.without):
        yield part
        if isinstance(part, Group):
            yield from _every(part)


def _check_size(tokens: list[Token]) -> None:
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
    nears = sum(token["near"] is not None for token in tokens)
    if nears > MOST_NEAR:
        raise FilterError(f"The query has {nears} NEAR operators; at most {MOST_NEAR} are allowed.")


def _read_group(tokens: list[Token], at: int) -> tuple[Group, int]:
    """Read tokens from index `at` to the closing parenthesis or the end; return the group and the index there."""
    group = _OpenGroup()
    while at < len(tokens) and not tokens[at]["close"]:
        token, at = tokens[at], at + 1
        if token["open"]:
            inner, at = _read_group(tokens, at)
            group.add_group(inner)
            at += 1
        elif not group.note_operator(token):
            group.add(_read_part(token, group.field))
    return group.close(), at


class _OpenGroup:
    """A group being read: the parts so far, and the operators that apply to the next part."""

    def __init__(self) -> None:
        self._alternatives: list[list[Part]] = []
        """The parts to be joined by AND, each with those joined to it by OR."""
        self._without: list[Part] = []
        self._start_part()

    def _start_part(self) -> None:
        self._minus = self._joined = False
        self._apart = 0
        """Distance of the next part from the one before; 0 if it may be anywhere."""
        self.field = ""
        """The field to which the next part is limited; empty for all."""

    def note_operator(self, token: Token) -> bool:
        """Note an operator for the next part; return False if the token is none."""
        if token["minus"] or token["word"] == "NOT":
            self._minus = True
        elif token["near"]:
            self._apart = apart(token) if self._alternatives else 0
        elif field := field_of(token):
            self.field = field
        elif token["unknown"]:
            self.field = ""
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

    def add(self, part: Part | None) -> None:
        """Add a part as the operators before it say; None stands for a part without words."""
        if part is not None and self._minus:
            self._without.append(part)
        elif part is not None and self._apart and (near := _near(self._alternatives[-1][-1], part, self._apart)):
            self._alternatives[-1][-1] = near
        elif part is not None and self._joined:
            self._alternatives[-1].append(part)
        elif part is not None:
            self._alternatives.append([part])
        self._start_part()

    def close(self) -> Group:
        """Return the group with all its parts."""
        parts = tuple(p[0] if len(p) == 1 else Group("or", tuple(p)) for p in self._alternatives)
        return Group("and", parts, tuple(self._without))


def _near(before: Part, part: Part, distance: int) -> Part | None:
    """Return the nearness of two parts; None if one of them has no words. A chain is a group of nearnesses."""
    chain = before.parts if isinstance(before, Group) and isinstance(before.parts[-1], Near) else (before,)
    last = chain[-1]
    left = last.right if isinstance(last, Near) else _terms(last)
    right = _terms(part)
    if not left or not right:
        return None
    near = Near(left, right, distance)
    return Group("and", (*chain, near)) if isinstance(last, Near) else near


def _terms(part: Part) -> tuple[Term, ...]:
    return (part,) if isinstance(part, Term) else tuple(part.terms()) if isinstance(part, Group) else ()


def _with_field(part: Group, field: str) -> Group:
    def put(one: Part) -> Part:
        if isinstance(one, Term):
            return _limited(one, field)
        if isinstance(one, Group):
            return Group(one.kind, tuple(map(put, one.parts)), tuple(map(put, one.without)))
        if isinstance(one, Near) and field in COLUMNS:
            column = COLUMNS[field]
            left, right = (tuple(replace(t, field=t.field or column) for t in side) for side in (one.left, one.right))
            return Near(left, right, one.apart)
        return one

    put_in = put(part) if field else part
    assert isinstance(put_in, Group)
    return put_in


def _limited(term: Term, field: str, text: str = "") -> Term | Label:
    """Return a term limited to a field; one that has a field keeps it."""
    if not field or term.field:
        return term
    if field in COLUMNS:
        return replace(term, field=COLUMNS[field])
    return Label(field, term, text or " ".join(word[0] for word in term.words))


def _read_part(token: Token, field: str) -> Term | Label | None:
    phrase = token["phrase"]
    text = phrase if phrase is not None else token["word"]
    prefix = bool(token["star"]) if phrase is not None else text.endswith("*")
    words = tuple(query_words(text))
    return _limited(Term(words, exact=phrase is not None, prefix=prefix), field, text.strip()) if words else None
