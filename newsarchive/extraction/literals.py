"""Reads data of scripts that is no JSON: JavaScript's object literals (Nuxt 2), and flattened data (Nuxt 3)."""

from __future__ import annotations

import json
import re
from typing import Any

_FUNCTION = re.compile(r"\(?function\s?\(([\w$,\s]*)\)\s?\{\s*(?:return\s?)?")
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<string>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')
    |(?P<key>[A-Za-z_$][\w$]*)\s*(?=:)|(?P<void>void\ 0|!0|!1)
    |(?P<name>[A-Za-z_$][\w$]*)|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<mark>[{}\[\],:])""",
    re.X,
)
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PLAIN = {
    "true": "true",
    "false": "false",
    "null": "null",
    "undefined": "null",
    "void 0": "null",
    "!0": "true",
    "!1": "false",
}
_LONGEST = 400_000
"""Characters of a literal that is read."""


def read_literal(text: str, start: int) -> Any:
    """Read a JavaScript object literal, or what a function returns that is called at once; None if it is neither.

    >>> read_literal("x={a:'su',b:!0,c:[1,.5,void 0]}", 2)
    {'a': 'su', 'b': True, 'c': [1, 0.5, None]}
    >>> read_literal('(function(a,b){return {title:a,list:[b,a]}}("su","jer"))', 0)
    {'title': 'su', 'list': ['jer', 'su']}
    """
    called = _FUNCTION.match(text, start)
    known: dict[str, str] = {}
    if called is not None:
        start = called.end()
        ending = text.rfind("}(", start)
        given = _as_json(f"[{text[ending + 2 :].rstrip('; ').rstrip(')')}]", 0, {}) if ending > 0 else None
        values = _parsed(given) or []
        known = {n.strip(): json.dumps(v) for n, v in zip(called[1].split(","), values, strict=False)}
    return _parsed(_as_json(text, start, known))


def _parsed(written: str | None) -> Any:
    try:
        return json.loads(written, strict=False) if written else None
    except (ValueError, RecursionError):
        return None


def _as_json(text: str, start: int, known: dict[str, str]) -> str | None:
    """Return the literal that begins here as JSON, with names replaced by the values `known`; None if it has no end."""
    parts: list[str] = []
    depth, place = 0, start
    while place < min(len(text), start + _LONGEST):
        token = _TOKEN.match(text, place)
        if token is None:
            return None
        place, kind, word = token.end(), token.lastgroup, token[0]
        if kind == "space":
            continue
        parts.append(_part(kind or "", token, known))
        depth += (word in ("{", "[")) - (word in ("}", "]"))
        if depth == 0:
            return re.sub(r",(?=[}\]])", "", "".join(parts)) if len(parts) > 1 else None
    return None


def _part(kind: str, token: re.Match[str], known: dict[str, str]) -> str:
    word = token[0]
    if kind == "string":
        return _quoted(word)
    if kind == "key":
        return json.dumps(token["key"])
    if kind in ("void", "name"):
        return _PLAIN.get(word) or known.get(word, "null")
    if kind == "number":
        return word if _JSON_NUMBER.fullmatch(word) else json.dumps(float(word))
    return word


def _quoted(word: str) -> str:
    r"""Return a string literal as JSON.

    >>> _quoted(r"'it\'s \x3cp\x3e'")
    '"it\'s \\u003cp\\u003e"'
    """
    inner = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", word[1:-1])
    if word[0] == "'":
        inner = re.sub(r'(?<!\\)"', r"\"", inner)
    return '"' + re.sub(r'\\(?!["\\/bfnrtu])', "", inner) + '"'


def unflattened(data: list[Any]) -> Any:
    """Return data that Nuxt 3 flattened: a list of values in which each number inside a value is a place in the list.

    >>> unflattened([{"post": 1}, {"title": 2, "views": 3}, "su", 7])
    {'post': {'title': 'su', 'views': 7}}
    """
    made: dict[int, Any] = {}

    def value_at(place: int, depth: int) -> Any:
        if depth > _DEEPEST or not 0 <= place < len(data):
            return None
        if place in made:
            return made[place]
        value = data[place]
        if isinstance(value, dict):
            made[place] = whole = {}
            whole.update({k: value_at(v, depth + 1) for k, v in value.items() if isinstance(v, int)})
            return whole
        if isinstance(value, list):
            wraps = value and isinstance(value[0], str)  # ["Reactive", 5]: a value in a wrapper of that name
            if wraps:
                return value_at(value[1], depth + 1) if len(value) == 2 and isinstance(value[1], int) else None
            made[place] = listed = []
            listed += [value_at(v, depth + 1) for v in value if isinstance(v, int)]
            return listed
        return value

    return value_at(0, 0)


_DEEPEST = 60
