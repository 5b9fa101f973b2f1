"""Reads JSON-LD, strictly first and then leniently, and finds the article among a page's objects."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Object = dict[str, Any]

_MAX_SCRIPT = 2_000_000  # characters; longer scripts are not metadata
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
    """Return all objects of a page's JSON-LD scripts in order, with `@graph` and lists flattened; skips broken ones."""
    found: list[Object] = []
    for script in scripts:
        for value in _values(script[:_MAX_SCRIPT]):
            found.extend(_flattened(value, 0))
    return found


def _flattened(value: Any, depth: int) -> Iterator[Object]:
    if depth > 8:
        return
    if isinstance(value, list):
        for part in value:
            yield from _flattened(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        if "@graph" in value:
            yield from _flattened(value["@graph"], depth + 1)


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
    except (ValueError, RecursionError):  # a number with thousands of digits, or nested too deeply
        return []


_WRAPPING = re.compile(
    r"^(?:/\*)?\s*+(?://)?\s*+<!\[CDATA\[\s*(?:\*/)?|^<!--|(?:(?:/\*|//)|(?<!\s))\s*\]\]>\s*(?:\*/)?$|(?://|(?<!\s))\s*-->$"
)
_NO_STRING = r"/\*.*?(?:\*/|\Z)|//[^\n]*|(?P<trailing>,(?=\s*[}\]]))|[^\"/,]+|."
_PIECE = re.compile(rf'"(?:[^"\\]|\\.)*+(?:"|(?P<endless>\\?\Z))|{_NO_STRING}', re.S)
_LAST_PIECE = re.compile(_NO_STRING, re.S)
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_DECODER = json.JSONDecoder(strict=False)


def _repaired(text: str) -> Iterator[Any]:
    """Yield the objects of a script that is not valid JSON.

    Handles comments, trailing commas, CDATA, entities, bad escapes, missing commas, unescaped quotation marks and
    several objects in a row.
    """
    text = _WRAPPING.sub("", _WRAPPING.sub("", text[:_MAX_REPAIRED])).strip().rstrip(";").strip()
    if not text.startswith(("{", "[")) and "&" in text[:20]:
        text = html.unescape(text)
    text = "".join(_proper_pieces(text))
    place, repairs = 0, 0
    while (start := _start(text, place)) >= 0:
        try:
            value, place = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            repaired = _repair_once(text, error) if repairs < _MAX_REPAIRS else None
            if repaired is None:
                return
            text, place, repairs = repaired, start, repairs + 1
            continue
        yield value


_MAX_REPAIRED = 300_000
_MAX_REPAIRS = 25  # each takes one parse


def _start(text: str, place: int) -> int:
    return min((p for p in (text.find("{", place), text.find("[", place)) if p >= 0), default=-1)


def _proper_pieces(text: str) -> Iterator[str]:
    """Yield the script's text without comments, trailing commas and invalid escapes."""
    for match in _pieces(text):
        piece = match[0]
        if len(piece) > 1 and piece.startswith('"'):
            yield _BAD_ESCAPE.sub(r"\\\\", piece) if "\\" in piece else piece
        elif not (match["trailing"] or piece.startswith(("/*", "//"))):
            yield piece


def _pieces(text: str) -> Iterator[re.Match[str]]:
    for match in _PIECE.finditer(text):
        if match["endless"] is not None:  # and after a quotation mark that nothing closes, nothing closes another
            yield from _LAST_PIECE.finditer(text, match.start())
            return
        yield match


def _repair_once(text: str, error: json.JSONDecodeError) -> str | None:
    """Repair the text where the parser stopped; None if that is impossible."""
    place = error.pos
    if not error.msg.startswith("Expecting ',' delimiter") or not 0 < place < len(text):
        return None
    if text[place] in '"{[' and text[place - 1].isspace():
        return f"{text[:place]},{text[place:]}"  # a missing comma between two members
    before = text.rfind('"', 0, place)
    return f"{text[:before]}\\{text[before:]}" if before > 0 else None  # an unescaped quotation mark


def resolved(value: Any, objects: Sequence[Object]) -> Any:
    """Return the object that a reference (`{"@id": …}`) points to, if the page defines it, else the value itself.

    >>> resolved({"@id": "#a"}, [{"@id": "#a", "name": "Айгүл"}])["name"]
    'Айгүл'
    """
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2 and "name" not in value:
        same = [o for o in objects if o.get("@id") == value["@id"] and len(o) > len(value)]
        if same:
            return max(same, key=len)
    return value


def types_of(value: Mapping[str, Any]) -> list[str]:
    """Return the lower-case types of an object, without the URL of the vocabulary."""
    kinds = value.get("@type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return [k.rpartition("/")[2].rpartition(":")[2].lower() for k in listed if isinstance(k, str)]


def find_article(objects: Sequence[Object], addresses: frozenset[str]) -> Object | None:
    """Return the page's article object; of several, the one with a URL in `addresses` (see `same_page`)."""
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
    """Reduce a URL for comparison: without scheme, ``www.``, query, fragment and trailing slash.

    >>> same_page("https://www.gazet.kz/a/?x=1#article")
    'gazet.kz/a'
    """
    bare = re.sub(r"^https?://(?:www\.)?", "", url.strip().lower())
    return re.split(r"[?#]", bare)[0].rstrip("/")


def texts_of(value: Any) -> list[str]:
    """Return the texts in a value: a string, an object with a name, or a list of these.

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
    """Return the image URLs in a value: a string, an ImageObject, or a list of these."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [a for part in value for a in addresses_of(part, objects)]
    if isinstance(value, dict):
        whole = resolved(value, objects)
        return addresses_of(whole.get("url") or whole.get("contentUrl") or whole.get("@id"), objects)
    return []
