"""Reading JSON-LD: strictly first, then leniently, and finding the article among a page's objects."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Object = dict[str, Any]

_MOST = 2_000_000  # characters of one script; what is longer is no metadata
_ARTICLE_TYPES = (
    "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "reviewnewsarticle",
    "backgroundnewsarticle", "advertisercontentarticle", "askpublicnewsarticle", "liveblogposting", "article",
    "blogposting", "socialmediaposting", "techarticle", "scholarlyarticle", "report", "review",
    "medicalscholarlyarticle",
    "satiricalarticle", "discussionforumposting",
)  # fmt: skip
_PAGE_TYPES = (
    "webpage",
    "itempage",
    "videoobject",
    "creativework",
    "recipe",
    "podcastepisode",
    "event",
    "medicalwebpage",
    "qapage",
)


def read_jsonld(scripts: Sequence[str]) -> list[Object]:
    """All objects of a page's JSON-LD scripts, `@graph` and lists opened, in order. What cannot be read is left out."""
    found: list[Object] = []
    for script in scripts:
        for value in _values(script[:_MOST]):
            found.extend(_opened(value, 0))
    return found


def _opened(value: Any, depth: int) -> Iterator[Object]:
    if depth > 8:
        return
    if isinstance(value, list):
        for part in value:
            yield from _opened(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        if "@graph" in value:
            yield from _opened(value["@graph"], depth + 1)


def _values(text: str) -> list[Any]:
    text = text.strip().lstrip("\ufeff")
    return _parsed(text)


def _parsed(text: str) -> list[Any]:
    try:
        return [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        pass
    try:
        return list(_repaired(text))
    except (ValueError, RecursionError):  # a number of 5,000 digits, nested too deeply
        return []


_WRAPPING = re.compile(
    r"^(?:/\*)?\s*(?://)?\s*<!\[CDATA\[\s*(?:\*/)?|^<!--|(?:/\*|//)?\s*\]\]>\s*(?:\*/)?$|(?://)?\s*-->$"
)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|/\*.*?\*/|//[^\n]*|(?P<trailing>,(?=\s*[}\]]))|[^"/,]+|.', re.S)
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_DECODER = json.JSONDecoder(strict=False)


def _repaired(text: str) -> Iterator[Any]:
    """Objects of a script that is not quite JSON.

    Seen: comments, trailing commas, CDATA, entities, bad escapes, forgotten commas, bare quotation marks in a text,
    several objects one after another.
    """
    text = _WRAPPING.sub("", _WRAPPING.sub("", text[:_MOST_REPAIRED])).strip().rstrip(";").strip()
    if not text.startswith(("{", "[")) and "&" in text[:20]:
        text = html.unescape(text)
    text = "".join(_proper_pieces(text))
    place, repairs = 0, 0
    while (start := _start(text, place)) >= 0:
        try:
            value, place = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            mended = _mended(text, error) if repairs < _MOST_REPAIRS else None
            if mended is None:
                return
            text, place, repairs = mended, start, repairs + 1
            continue
        yield value


_MOST_REPAIRED = 300_000
_MOST_REPAIRS = 25  # each costs a parse


def _start(text: str, place: int) -> int:
    return min((p for p in (text.find("{", place), text.find("[", place)) if p >= 0), default=-1)


def _proper_pieces(text: str) -> Iterator[str]:
    """The script's text without comments and trailing commas, with only the escapes that JSON has."""
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece.startswith('"'):
            yield _BAD_ESCAPE.sub(r"\\\\", piece) if "\\" in piece else piece
        elif not (match["trailing"] or piece.startswith(("/*", "//"))):
            yield piece


def _mended(text: str, error: json.JSONDecodeError) -> str | None:
    """The text with one repair where the parser stopped; None where there is none."""
    place = error.pos
    if not error.msg.startswith("Expecting ',' delimiter") or not 0 < place < len(text):
        return None
    if text[place] in '"{[' and text[place - 1].isspace():
        return f"{text[:place]},{text[place:]}"  # a comma forgotten between two members
    before = text.rfind('"', 0, place)
    return f"{text[:before]}\\{text[before:]}" if before > 0 else None  # a quotation mark inside a text


def resolved(value: Any, objects: Sequence[Object]) -> Any:
    """The object that a bare reference (`{"@id": …}`) means, where the page defines it.

    >>> resolved({"@id": "#a"}, [{"@id": "#a", "name": "Айгүл"}])["name"]
    'Айгүл'
    """
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2 and "name" not in value:
        same = [o for o in objects if o.get("@id") == value["@id"] and len(o) > len(value)]
        if same:
            return max(same, key=len)
    return value


def types_of(value: Mapping[str, Any]) -> list[str]:
    """Lower-case types of an object, without their vocabulary's address."""
    kinds = value.get("@type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return [k.rpartition("/")[2].rpartition(":")[2].lower() for k in listed if isinstance(k, str)]


def find_article(objects: Sequence[Object], addresses: frozenset[str]) -> Object | None:
    """The object that is the page's article; among several the one that names one of `addresses` (see `same_page`)."""
    everything = list(objects)
    for outer in objects:
        for key in ("mainEntity", "mainEntityOfPage", "hasPart", "about"):
            inner = outer.get(key)
            everything.extend(o for o in (inner if isinstance(inner, list) else [inner]) if isinstance(o, dict))
    articles = [o for o in everything if any(t in _ARTICLE_TYPES for t in types_of(o))]
    if len(articles) > 1:
        named = [o for o in articles if addresses & {same_page(a) for a in _addresses(o)}]
        articles = named or articles
        articles.sort(key=lambda o: -sum(bool(o.get(k)) for k in ("headline", "datePublished", "author")))
    if articles:
        return articles[0]
    pages = [o for o in everything if any(t in _PAGE_TYPES for t in types_of(o))]
    dated = [o for o in pages if o.get("datePublished") or o.get("uploadDate")]
    return dated[0] if dated else None


def _addresses(value: Object) -> Iterator[str]:
    for key in ("url", "@id", "mainEntityOfPage"):
        given = value.get(key)
        if isinstance(given, dict):
            given = given.get("@id") or given.get("url")
        if isinstance(given, str):
            yield given


def same_page(url: str) -> str:
    """A URL as comparison needs it: without scheme, www, query, fragment and closing slash.

    >>> same_page("https://www.gazet.kz/a/?x=1#article")
    'gazet.kz/a'
    """
    bare = re.sub(r"^https?://(?:www\.)?", "", url.strip().lower())
    return re.split(r"[?#]", bare)[0].rstrip("/")


def texts_of(value: Any) -> list[str]:
    """The texts in a value: a string, a list of them, or objects with a name.

    >>> texts_of(["а", {"name": "ә"}, None])
    ['а', 'ә']
    """
    if isinstance(value, str):
        text = html.unescape(value).strip()
        return [text] if text else []
    if isinstance(value, list):
        return [t for part in value for t in texts_of(part)]
    if isinstance(value, dict):
        return texts_of(value.get("name") or value.get("@value") or value.get("headline"))
    return []


def addresses_of(value: Any, objects: Sequence[Object]) -> list[str]:
    """The picture addresses in a value: a string, an ImageObject, or lists of them."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [a for part in value for a in addresses_of(part, objects)]
    if isinstance(value, dict):
        whole = resolved(value, objects)
        return addresses_of(whole.get("url") or whole.get("contentUrl") or whole.get("@id"), objects)
    return []
